"""The final label of each question of each item: adjudicated, else review, else aggregate; with who made it so."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.analytics.answer_distance import answer_key
from app.services import policy
from app.services.context import Actor, Context
from app.services.standing import Part, parts_of
from db.engine import Session, reading
from db.records import ProjectRecord
from db.review_records import AdjudicationRecord
from db.store import adjudications, items, people

__all__ = [
    "FinalLabel",
    "ItemLabel",
    "Source",
    "decided_questions",
    "final_labels",
    "labels_of",
    "list_final_labels",
    "standing_decisions",
]

Source = Literal["adjudicated", "review", "aggregate"]


@dataclass(frozen=True, slots=True)
class FinalLabel:
    """The label of one question of one item, or why there is none."""

    item_id: int
    question: str
    value: Any
    """None where there is no label."""
    source: Source | None
    """None where there is no label."""
    by: str
    """Login of the adjudicator or reviewer; for an aggregate the project's rule. Empty where there is no label."""
    n: int
    """People whose answer counts: not skipped, not rejected."""
    equal: int
    """How many of them say what the label says; where there is none, how many say what most say."""
    note: str
    """The adjudicator's reason code, or why there is no label: tie, differ, reviews_differ, none_counts."""
    votes: tuple[tuple[Any, int], ...] = ()
    """(value, people who say it) of the answers that count, most frequent first: whatever made the label, and where there
    is none."""


@dataclass(frozen=True, slots=True)
class ItemLabel:
    """A final label with the item's name, for a list."""

    item: str
    """External id."""
    question: str
    label: Any
    source: Source | None
    by: str
    n: int
    equal: int
    note: str


def final_labels(
    session: Session, project: ProjectRecord, item_ids: Sequence[int] | None = None
) -> dict[tuple[int, str], FinalLabel]:
    """(item id, question) -> its final label, for every question that somebody has answered or decided; of all
    current items when none are named.

    Adjudicated: the decision that nothing replaces. Review: what reviewers accepted or fixed, where that is one
    value; two values are no label, nor is what a second review of the same answer, blind to the first, contradicts. Aggregate: of the answers that count, by the project's rule: `majority` takes
    the one that most people gave (a shared first place is no label), `first` the one that came first, and
    `adjudicated` only what all say, since the rest is left to adjudication.
    """
    parts = parts_of(session, project.id, item_ids)
    return labels_of(session, project, parts, standing_decisions(session, project.id, item_ids))


def labels_of(
    session: Session,
    project: ProjectRecord,
    parts: Mapping[int, Sequence[Part]],
    decided: Mapping[tuple[int, str], AdjudicationRecord],
) -> dict[tuple[int, str], FinalLabel]:
    """The same of items whose parts and decisions are at hand."""
    logins = {user.id: user.login for user in people.list_users(session)}
    answered = (
        (item_id, name)
        for item_id, of_item in parts.items()
        for part in of_item
        for row in part.revisions
        for name in row.values
    )
    wanted = dict.fromkeys([*answered, *(key for key in decided if key[0] in parts)])
    return {
        (item_id, question): _label(
            project, item_id, question, parts[item_id], decided.get((item_id, question)), logins
        )
        for item_id, question in wanted
    }


def standing_decisions(
    session: Session, project_id: int, item_ids: Sequence[int] | None = None
) -> dict[tuple[int, str], AdjudicationRecord]:
    """(item id, question) -> the adjudication that nothing replaces."""
    rows = (
        adjudications.adjudications_of_project(session, project_id)
        if item_ids is None
        else adjudications.adjudications_of_items(session, item_ids)
    )
    return {(row.item_id, row.question): row for row in rows}


def decided_questions(decided: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    """Item id -> its questions that were adjudicated, out of (item id, question) pairs."""
    found: dict[int, set[str]] = {}
    for item_id, question in decided:
        found.setdefault(item_id, set()).add(question)
    return found


def _label(
    project: ProjectRecord,
    item_id: int,
    question: str,
    parts: Sequence[Part],
    decision: AdjudicationRecord | None,
    logins: dict[int, str],
) -> FinalLabel:
    counted = [part.counted_values[question] for part in parts if question in part.counted_values]
    votes = Counter(map(answer_key, counted))
    written = {answer_key(value): value for value in reversed(counted)}
    given = tuple((written[key], people) for key, people in votes.most_common())

    def made(value: Any, source: Source, by: str, note: str = "") -> FinalLabel:
        equal = votes[answer_key(value)]
        return FinalLabel(item_id, question, value, source, by, len(counted), equal, note, given)

    def none(note: str) -> FinalLabel:
        most = max(votes.values(), default=0)
        return FinalLabel(item_id, question, None, None, "", len(counted), most, note, given)

    if decision is not None:
        return made(decision.value[0], "adjudicated", logins.get(decision.author_id, "?"), decision.reason)
    if any(question in part.disputed for part in parts):
        return none("reviews_differ")
    reviewed = [
        (part.reviewed_values[question], part.review)
        for part in parts
        if part.reviewed_values is not None and question in part.reviewed_values
    ]
    if reviewed:
        if len({answer_key(value) for value, _ in reviewed}) > 1:
            return none("reviews_differ")
        value, review = max(reviewed, key=lambda pair: pair[1].id if pair[1] else 0)
        return made(value, "review", logins.get(review.reviewer_id, "?") if review else "?")
    if not counted:
        return none("none_counts")
    if project.aggregation == "first":
        return made(counted[0], "aggregate", "first")
    first_place = votes.most_common(2)
    if project.aggregation == "adjudicated":
        return made(counted[0], "aggregate", "unanimous") if len(votes) == 1 else none("differ")
    if len(first_place) > 1 and first_place[0][1] == first_place[1][1]:
        return none("tie")
    best = next(value for value in counted if answer_key(value) == first_place[0][0])
    return made(best, "aggregate", "majority")


def list_final_labels(
    ctx: Context, actor: Actor, project_id: int, *, question: str | None = None
) -> list[ItemLabel]:
    """The final labels of the current items in order, of one question or of all."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        labels = final_labels(session, project)
        known = items.items_by_ids(session, list({item_id for item_id, _ in labels}))
    return [
        ItemLabel(
            known[item_id].external_id,
            name,
            label.value,
            label.source,
            label.by,
            label.n,
            label.equal,
            label.note,
        )
        for (item_id, name), label in sorted(labels.items(), key=lambda pair: pair[0][0])
        if question is None or name == question
    ]
