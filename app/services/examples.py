"""Items with known answers that are shown in prompts: of gold only the part for training, and what people verified."""

import random
from typing import Literal

from app.agents.label_prompt import Example
from app.agents.similarity import nearest
from app.services.submissions import plain_text
from db.engine import Session
from db.store import items, teaching

__all__ = ["Pick", "examples_for"]

Pick = Literal["random", "similar", "diverse"]

_POOL = 500
_LONGEST = 2_000
"""Characters of an example's text."""


def examples_for(
    session: Session, project_id: int, item_id: int, *, count: int, pick: Pick, seed: str
) -> tuple[Example, ...]:
    """Up to `count` examples for the prompt about an item: never the item itself, nor one of the same content,
    nor gold that is kept for tuning and figures.
    """
    own = items.item_by_id(session, item_id) if count else None
    if own is None:
        return ()
    pool = [
        (plain_text(content), answers)
        for other, content, content_hash, answers in teaching.teaching_items(session, project_id, limit=_POOL)
        if other != item_id and content_hash != own.content_hash
    ]
    if not pool:
        return ()
    texts = [text for text, _ in pool]
    match pick:
        case "random":
            chosen = random.Random(seed).sample(range(len(pool)), min(count, len(pool)))
        case "similar":
            found = nearest([*texts, plain_text(own.content)], [len(texts)], count=count)
            chosen = [place for place in found if place < len(texts)]
        case "diverse":
            chosen = _apart(texts, count, seed)
    return tuple(Example(texts[place][:_LONGEST], pool[place][1]) for place in chosen)


def _apart(texts: list[str], count: int, seed: str) -> list[int]:
    """Texts far from each other: the first by lot, then always the one whose nearest chosen text is farthest."""
    import numpy as np

    from app.agents.similarity import embed

    vectors = np.asarray(embed(texts))
    chosen = [random.Random(seed).randrange(len(texts))]
    closeness = vectors @ vectors[chosen[0]]
    while len(chosen) < min(count, len(texts)):
        closeness[chosen] = np.inf
        chosen.append(int(closeness.argmin()))
        closeness = np.maximum(closeness, vectors @ vectors[chosen[-1]])
    return chosen
