"""From a coefficient to the answers behind it: the items on which raters differ, and the labels they confuse."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.analytics.coding import Coded, of_raters
from app.analytics.split_items import confusions, entropies, most_split
from app.services import policy
from app.services.all_ratings import ratings_of
from app.services.context import Actor, Context
from app.services.submissions import plain_text
from db.engine import reading
from db.store import items

__all__ = ["Confusion", "Disagreement", "disagreement"]

_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Disputed:
    """One item that raters answered differently."""

    item: str
    """External id."""
    values: list[tuple[str, Any]]
    """(rater, value) of everybody who rated it."""
    entropy: float
    """Of the values, in bits: 0 when all are equal, highest when they are most evenly split."""
    text: str
    """The words of the item; empty where only ratings are known."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often two values stand against each other on one item."""

    one: str
    other: str
    pairs: int
    """Pairs of ratings of one item."""
    items: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    disputed: list[Disputed]
    """Most evenly split first."""
    n_disputed: int
    n_items: int
    """Items with two ratings or more."""
    confusions: list[Confusion]


def disagreement(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    question: str,
    rater_kind: str,
    pair: tuple[str, str] | None = None,
    limit: int = 25,
) -> Disagreement:
    """Where raters of one kind differ on a question, worst first; with `pair`, where these two do.

    For those who may read everybody's answers: a manager sees the figures, not the answers.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        ratings = ratings_of(ctx, session, project)
        found = ctx.figures.of(
            ("disagreement", project_id, question, rater_kind, pair, limit),
            ratings.version,
            lambda: _figures(ratings.groups.get((question, rater_kind)), pair, limit),
        )
        texts = _texts(session, project_id, [one.item for one in found.disputed])
    return replace(found, disputed=[replace(one, text=texts.get(one.item, "")) for one in found.disputed])


def _figures(ratings: Coded | None, pair: tuple[str, str] | None, limit: int) -> Disagreement:
    """All but the words of the items."""
    if ratings is None:
        return Disagreement([], 0, 0, [])
    if pair is not None:
        ratings = of_raters(ratings, pair)
    bits = entropies(ratings)
    shown = most_split(bits, ratings.items, limit)
    given: dict[int, list[tuple[str, Any]]] = {place: [] for place in shown}
    for row in np.flatnonzero(np.isin(ratings.item, shown)):
        value = ratings.written[ratings.value[row]]
        given[int(ratings.item[row])].append((str(ratings.raters[ratings.rater[row]]), value))
    return Disagreement(
        disputed=[
            Disputed(item=str(ratings.items[place]), values=given[place], entropy=float(bits[place]), text="")
            for place in shown
        ],
        n_disputed=int((bits > 0).sum()),
        n_items=int((np.bincount(ratings.item) >= 2).sum()),
        confusions=[
            Confusion(str(row["one"]), str(row["other"]), int(row["pairs"]), int(row["items"]))
            for row in confusions(ratings).to_dict("records")
        ],
    )


def _texts(session: Any, project_id: int, external_ids: list[str]) -> dict[str, str]:
    found = {}
    for external_id in external_ids:
        item = items.item_by_external_id(session, project_id, str(external_id))
        if item is not None:
            found[str(external_id)] = plain_text(item.content)[:_LONGEST]
    return found
