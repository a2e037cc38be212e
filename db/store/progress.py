"""How far a project is: counts that no page needs at every click."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from db.models import Annotation, Item, Lease, Review, User

__all__ = ["ProjectCounts", "answers_by_person", "items_by_answers", "project_counts", "submitted_since"]


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    items: int
    answered_items: int
    """Items with at least one submitted answer."""
    answers: int
    """People's first submissions of items."""
    skipped: int
    expired: int
    """Holds that ran out."""
    wanted: int
    """Answers that items still want, those that somebody holds not counted."""
    returned: int
    """Answers that a review gave back to their authors, who have not answered anew."""


def project_counts(session: Session, project_id: int) -> ProjectCounts:
    def number(statement: object) -> int:
        return int(session.scalar(statement) or 0)  # type: ignore[call-overload]

    first = (
        select(func.count(), func.count(func.distinct(Annotation.item_id)))
        .join(Item, Item.id == Annotation.item_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.state == "submitted",
            Annotation.revision == 1,
            Item.is_current,
        )
    )
    answers, answered = session.execute(first).one()
    current = (Item.project_id == project_id, Item.is_current)
    return ProjectCounts(
        items=number(select(func.count()).select_from(Item).where(*current)),
        answered_items=answered,
        answers=answers,
        skipped=number(
            select(func.count()).where(Annotation.project_id == project_id, Annotation.state == "skipped")
        ),
        expired=number(select(func.count()).where(Lease.project_id == project_id, Lease.state == "expired")),
        wanted=number(select(func.sum(Item.open_slots)).where(*current)),
        returned=number(
            select(func.count())
            .select_from(Lease)
            .join(Item, Item.id == Lease.item_id)
            .where(Lease.project_id == project_id, text("leases.returned"), Item.is_current)
        ),
    )


def submitted_since(session: Session, project_id: int, moment: datetime) -> int:
    """First submissions since a moment."""
    statement = select(func.count()).where(
        Annotation.project_id == project_id,
        Annotation.state == "submitted",
        Annotation.revision == 1,
        Annotation.submitted_at >= moment,
    )
    return session.scalar(statement) or 0


def items_by_answers(session: Session, project_id: int) -> list[tuple[int, bool, int]]:
    """(answers that count, whether the item wants no more, how many current items), fewest answers first.

    An answer counts while its author's newest revision is submitted and the newest review of that has not rejected it.
    """
    newest = (
        select(func.max(Annotation.id))
        .where(Annotation.project_id == project_id)
        .group_by(Annotation.item_id, Annotation.user_id)
    )
    last_reviews = (
        select(func.max(Review.id))
        .join(Annotation, Annotation.id == Review.annotation_id)
        .where(Annotation.project_id == project_id)
        .group_by(Review.annotation_id)
    )
    rejected = select(Review.annotation_id).where(
        Review.id.in_(last_reviews), Review.outcome == "rejected"
    )  # fmt: skip
    given = (
        select(Annotation.item_id, func.count().label("answers"))
        .where(
            Annotation.id.in_(newest), Annotation.state == "submitted", Annotation.id.not_in(rejected)
        )
        .group_by(Annotation.item_id)
        .subquery()
    )  # fmt: skip
    waiting = select(Lease.item_id).where(
        Lease.project_id == project_id, (Lease.state == "held") | Lease.returned
    )  # fmt: skip
    answers = func.coalesce(given.c.answers, 0).label("answers")
    through = case(((Item.open_slots == 0) & Item.id.not_in(waiting), 1), else_=0).label("through")
    rows = session.execute(
        select(answers, through, func.count())
        .select_from(Item)
        .outerjoin(given, given.c.item_id == Item.id)
        .where(Item.project_id == project_id, Item.is_current)
        .group_by(answers, through)
        .order_by(answers, through)
    )
    return [(count, bool(done), items) for count, done, items in rows]


def answers_by_person(session: Session, project_id: int) -> list[tuple[str, bool, int, int, int]]:
    """(login, simulated, items answered, items skipped, answers revised later), most answers first."""
    first = (Annotation.revision == 1) & (Annotation.state == "submitted")
    answered = func.sum(case((first, 1), else_=0))
    rows = session.execute(
        select(
            User.login,
            User.simulated,
            answered,
            func.sum(case((Annotation.state == "skipped", 1), else_=0)),
            func.sum(case(((Annotation.revision > 1) & (Annotation.state == "submitted"), 1), else_=0)),
        )
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.project_id == project_id)
        .group_by(User.id, User.login, User.simulated)
        .order_by(answered.desc(), User.login)
    )
    return [(login, simulated, int(a), int(s), int(r)) for login, simulated, a, s, r in rows]
