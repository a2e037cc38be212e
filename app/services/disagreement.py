"""From a coefficient to the answers behind it: the items on which raters differ, and the labels they confuse."""

from dataclasses import dataclass
from typing import Any

from app.analytics.agreement import confusions, entropy_of
from app.services import policy
from app.services.context import Actor, Context
from app.services.reports import ratings_of
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
        frame, _ = ratings_of(session, project)
        frame = frame[(frame["question"] == question) & (frame["rater_kind"] == rater_kind)]
        if pair is not None:
            frame = frame[frame["rater"].isin(pair)]
        frame = frame.drop_duplicates(["item", "rater"])
        several = frame[frame.groupby("item")["rater"].transform("count") >= 2]
        spread = entropy_of(several)
        disputed = spread[spread > 0].sort_values(ascending=False, kind="stable")
        texts = _texts(session, project_id, list(disputed.index[:limit]))
        by_item = {str(item): group for item, group in several.groupby("item")}
    return Disagreement(
        disputed=[
            Disputed(
                item=str(item),
                values=list(
                    zip(by_item[str(item)]["rater"].map(str), by_item[str(item)]["value"], strict=True)
                ),
                entropy=float(bits),
                text=texts.get(str(item), ""),
            )
            for item, bits in disputed.head(limit).items()
        ],
        n_disputed=len(disputed),
        n_items=len(spread),
        confusions=[
            Confusion(str(row["one"]), str(row["other"]), int(row["pairs"]), int(row["items"]))
            for row in confusions(several).to_dict("records")
        ],
    )


def _texts(session: Any, project_id: int, external_ids: list[str]) -> dict[str, str]:
    found = {}
    for external_id in external_ids:
        item = items.item_by_external_id(session, project_id, str(external_id))
        if item is not None:
            found[str(external_id)] = plain_text(item.content)[:_LONGEST]
    return found
