"""In which state an item is on its way to a final label, and what it waits for. One item, one state.

A rejected answer whose next one can never come is no state of waiting: somebody has to decide.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.services import policy
from app.services.final_labels import Source
from db.engine import Session
from db.store import leases, people

__all__ = [
    "ITEM_STATES",
    "NO_LABEL",
    "UNREVIEWED",
    "ItemState",
    "Rejection",
    "Staff",
    "Standing",
    "staff_of",
    "state_of",
]

ItemState = Literal["not_started", "in_work", "in_review", "rejected", "undecided", "adjudicated", "final"]
ITEM_STATES: Final[tuple[ItemState, ...]] = get_args(ItemState)

UNREVIEWED: Final = "the rules want an answer looked at"
CONTESTED: Final = "its author disagrees"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejection that stands: nothing was submitted since."""

    requeue: str | None
    """Who gets the item again."""
    author_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the answers to one item come to, whoever holds it and whatever is wanted."""

    sources: tuple[Source | None, ...]
    """Of the needed questions' final labels; None for one without a label."""
    notes: tuple[str, ...]
    """Why there is none, of those without a label."""
    submitted: int
    """People whose newest revision is submitted."""
    rejected: tuple[Rejection, ...]
    in_review: bool
    """Whether the project's rules want an unreviewed answer looked at."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who could still answer."""

    working: frozenset[int]
    """People who may work on items of the project."""
    annotators: frozenset[int]
    """Those of them whose role it is; a QA lead could, and is not waited for."""
    had: Mapping[int, Collection[int]]
    """Item -> people who hold it, have had it or reviewed it; of items with a rejection that asks somebody else."""

    def left(self, item_id: int) -> bool:
        """Whether an annotator is left who has not seen the item."""
        return bool(self.annotators - set(self.had.get(item_id, ())))


def staff_of(session: Session, project_id: int, item_ids: Sequence[int]) -> Staff:
    """`item_ids`: those of which it is asked who is left."""
    roles: dict[int, set[str]] = {}
    for user, role in people.members(session, project_id):
        if user.disabled_at is None:
            roles.setdefault(user.id, set()).add(role)
    return Staff(
        working=frozenset(
            id_ for id_, held in roles.items() if policy.allowed("annotate", frozenset(held), is_admin=False)
        ),
        annotators=frozenset(id_ for id_, held in roles.items() if "annotator" in held),
        had=leases.people_on(session, item_ids),
    )


NO_LABEL: Final[Mapping[str, str]] = {
    "tie": "the answers tie",
    "differ": "the answers differ",
    "reviews_differ": "reviews contradict each other",
    "none_counts": "no answer counts",
}
"""Why a question has no label, by the note of its final label."""


def state_of(
    item_id: int, standing: Standing | None, staff: Staff, *, wanted: int, held: bool, contested: bool
) -> tuple[ItemState, str]:
    """The state and what it waits for, or what it came to, in a few words.

    `standing` is None for an item that nobody has answered or skipped; `wanted` is how many more answers are asked
    for, `held` whether somebody holds it, `contested` whether a reviewer is to decide about a rejection that its author
    disagrees with.
    """
    if standing is None:
        return ("in_work", "somebody holds it") if held else ("not_started", "nobody has it")
    labelled = None not in standing.sources
    if labelled and "adjudicated" in standing.sources:
        return "adjudicated", "decided over several answers"
    if not standing.submitted and not held:
        return "not_started", "skipped so far"
    if contested:
        return "in_review", CONTESTED
    asked = {rejection.requeue for rejection in standing.rejected}
    if any(one.requeue == "same" and one.author_id in staff.working for one in standing.rejected):
        return "rejected", "back at its author"
    if held:
        return "in_work", "somebody holds it"
    stuck = bool(wanted) and "other" in asked and not staff.left(item_id)
    if wanted and not stuck:
        more = f"{wanted} more {'answer' if wanted == 1 else 'answers'} wanted"
        return ("rejected", "waits for somebody else") if "other" in asked else ("in_work", more)
    if standing.in_review:
        return "in_review", UNREVIEWED
    if labelled:
        return "final", "reviewed" if "review" in standing.sources else "out of the answers"
    if len(standing.rejected) == standing.submitted > 0:
        return "undecided", _stopped(asked, stuck=stuck)
    return "undecided", NO_LABEL.get(next(iter(standing.notes), ""), "nobody answered the question")


def _stopped(asked: Collection[str | None], *, stuck: bool) -> str:
    if stuck:
        return "rejected, and nobody else is left"
    if "same" in asked:
        return "rejected, and its author has left"
    return "rejected, and goes to nobody"
