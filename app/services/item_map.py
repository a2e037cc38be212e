"""A map of items: near to each other where they share telling words, coloured by what people say of them."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.agents.similarity import Plane, plane
from app.analytics.coding import Coded
from app.analytics.label_counts import TIE, labels_of_items
from app.errors import Invalid
from app.services import policy
from app.services.all_ratings import ratings_of
from app.services.context import Actor, Context
from app.services.submissions import plain_text
from db.engine import Session, reading
from db.store import items

__all__ = ["MOST_ITEMS", "NO_LABEL", "TIED", "ItemMap", "MapPoint", "item_map"]

MOST_ITEMS: Final = 3_000
"""Items on the map; of more, as many by lot. A browser draws them without delay."""
TIED: Final = "tie: no label"
NO_LABEL: Final = "not labelled"
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class MapPoint:
    item_id: int
    item: str
    """External id."""
    x: float
    y: float
    label: str
    """What most people say of it, TIED or NO_LABEL."""
    text: str
    """The beginning of its words."""


@dataclass(frozen=True, slots=True)
class ItemMap:
    points: list[MapPoint]
    total: int
    """Current items; more than there are points where they were drawn by lot."""
    kept: float | None
    """Share of the variance of the words that the two dimensions keep; None where all texts are alike."""
    labels: list[str]
    """Labels that occur, most frequent first; TIED and NO_LABEL last."""
    questions: dict[str, str]
    """Questions that may colour it: id -> title."""
    question: str | None


@dataclass(frozen=True, slots=True)
class _Placed:
    ids: list[int]
    names: list[str]
    """As ratings name them."""
    shown: list[str]
    texts: list[str]
    plane: Plane


def item_map(ctx: Context, actor: Actor, project_id: int, *, question: str | None = None) -> ItemMap:
    """The current items of a project by their words, at most MOST_ITEMS of them by a fixed lot.

    Places are computed anew only when the items change, labels when answers do. For those who may read everybody's
    answers. Raises Invalid for a question without labels.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        ids = items.current_ids(session, project_id)
        version = (len(ids), hash(tuple(ids)))
        placed = ctx.figures.of(
            ("map", project_id), version, lambda: _placed(session, _drawn(project_id, ids))
        )
        ratings = ratings_of(ctx, session, project)
    asked = [name for name, kind in ratings.groups if kind == "human"]
    if question is not None and question not in asked:
        raise Invalid(f"question {question!r}; people's labels are of {', '.join(asked) or 'none'}")
    chosen = question or (asked[0] if asked else None)
    labels = _labels(ratings.groups[chosen, "human"]) if chosen else {}
    points = [
        MapPoint(item_id, shown, x, y, labels.get(name, NO_LABEL), text)
        for item_id, name, shown, text, (x, y) in zip(
            placed.ids, placed.names, placed.shown, placed.texts, placed.plane.points, strict=True
        )
    ]
    counts = Counter(point.label for point in points)
    known = [label for label, _ in counts.most_common() if label not in (TIED, NO_LABEL)]
    return ItemMap(
        points=points,
        total=len(ids),
        kept=placed.plane.kept,
        labels=known + [label for label in (TIED, NO_LABEL) if label in counts],
        questions={name: ratings.titles.get(name, name) for name in asked},
        question=chosen,
    )


def _drawn(project_id: int, ids: Sequence[int]) -> list[int]:
    if len(ids) <= MOST_ITEMS:
        return list(ids)
    return sorted(random.Random(f"map:{project_id}").sample(list(ids), MOST_ITEMS))


def _placed(session: Session, ids: Sequence[int]) -> _Placed:
    known = items.items_by_ids(session, ids)
    records = [known[item_id] for item_id in ids]
    texts = [plain_text(record.content) for record in records]
    return _Placed(
        ids=[record.id for record in records],
        names=[
            record.external_id if record.version == 1 else f"{record.external_id} (version {record.version})"
            for record in records
        ],
        shown=[record.external_id for record in records],
        texts=[" ".join(text.split())[:_LONGEST] for text in texts],
        plane=plane(texts),
    )


def _labels(coded: Coded) -> dict[str, str]:
    """Item as ratings name it -> what most people say."""
    return {
        str(name): TIED if label == TIE else str(coded.written[label])
        for name, label in zip(coded.items, labels_of_items(coded), strict=True)
    }
