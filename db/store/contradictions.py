"""Whether two people's answers contradict each other: which pairs there are, and what the judge said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from db.models import Annotation, Answer, Contradiction, Item, User

__all__ = [
    "ComparedPair",
    "GivenText",
    "add_contradiction",
    "compared_pairs",
    "contradicted",
    "forget_replies",
    "given_texts",
]


@dataclass(frozen=True, slots=True)
class GivenText:
    """One person's answer to one question, in their newest submitted revision."""

    answer_id: int
    item_id: int
    question: str
    text: str


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """The newest comparison of two answers that both are their authors' newest."""

    id: int
    item_id: int
    external_id: str
    question: str
    first_answer_id: int
    second_answer_id: int
    first_login: str
    second_login: str
    first_text: str
    second_text: str
    outcome: str
    reason: str | None
    why: str
    quotes: Mapping[str, Any]
    model: str
    created_at: datetime


def _standing(annotation: Any) -> Any:
    """Whether it is its author's newest revision, submitted, on a current item."""
    later = aliased(Annotation)
    return (annotation.state == "submitted") & ~exists().where(
        later.item_id == annotation.item_id,
        later.user_id == annotation.user_id,
        later.revision > annotation.revision,
    )


def given_texts(session: Session, project_id: int, questions: Sequence[str]) -> list[GivenText]:
    """Everybody's standing answers to these questions on current items, in order of import and of submitting."""
    rows = session.execute(
        select(Answer.id, Annotation.item_id, Answer.question, Answer.value)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .where(
            Annotation.project_id == project_id,
            Item.is_current,
            Answer.question.in_(questions),
            _standing(Annotation),
        )
        .order_by(Item.position, Answer.question, Answer.id)
    )
    return [
        GivenText(answer_id, item_id, question, str(value[0] or ""))
        for answer_id, item_id, question, value in rows
    ]


def add_contradiction(session: Session, **values: Any) -> int:
    """Insert what was said of one pair; `values` by the names of the columns."""
    row = Contradiction(**values)
    session.add(row)
    session.flush()
    return row.id


def compared_pairs(session: Session, project_id: int) -> list[ComparedPair]:
    """What the judge says of the answers as they stand, the newest comparison of each pair, in order of import."""
    first, second = aliased(Answer), aliased(Answer)
    one, other = aliased(Annotation), aliased(Annotation)
    author, other_author = aliased(User), aliased(User)
    newest = (
        select(func.max(Contradiction.id))
        .where(Contradiction.project_id == project_id)
        .group_by(Contradiction.first_answer_id, Contradiction.second_answer_id)
    )
    rows = session.execute(
        select(
            Contradiction.id,
            Contradiction.item_id,
            Item.external_id,
            Contradiction.question,
            first.id,
            second.id,
            author.login,
            other_author.login,
            first.value,
            second.value,
            Contradiction.outcome,
            Contradiction.reason,
            Contradiction.why,
            Contradiction.quotes,
            Contradiction.model,
            Contradiction.created_at,
        )
        .join(Item, Item.id == Contradiction.item_id)
        .join(first, first.id == Contradiction.first_answer_id)
        .join(second, second.id == Contradiction.second_answer_id)
        .join(one, one.id == first.annotation_id)
        .join(other, other.id == second.annotation_id)
        .join(author, author.id == one.user_id)
        .join(other_author, other_author.id == other.user_id)
        .where(Contradiction.id.in_(newest), Item.is_current, _standing(one), _standing(other))
        .order_by(Item.position, Contradiction.id)
    )
    return [
        ComparedPair(*row[:8], str(row[8][0]), str(row[9][0]), *row[10:])  # type: ignore[call-arg]
        for row in map(tuple, rows)
    ]


def contradicted(session: Session, project_id: int) -> dict[tuple[int, str], int]:
    """(item, question) -> pairs of standing answers that contradict each other."""
    found: dict[tuple[int, str], int] = {}
    for pair in compared_pairs(session, project_id):
        if pair.outcome == "contradict":
            found[pair.item_id, pair.question] = found.get((pair.item_id, pair.question), 0) + 1
    return found


def forget_replies(session: Session, *, before: datetime) -> int:
    """Delete raw replies of older comparisons; what they came to stays. Returns how many there were."""
    old = update(Contradiction).where(Contradiction.created_at < before, Contradiction.raw.is_not(None))
    return len(session.execute(old.values(raw=None).returning(Contradiction.id)).all())
