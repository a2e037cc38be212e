"""One answer as its reviewer sees it: what its author saw and did, what others say, what earlier reviews said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import Conflict, NotFound
from app.services import policy
from app.services.context import Actor, Context
from app.services.judging import with_rubric_words
from app.services.review_levels import LevelField, level_fields
from app.services.standing import Part, parts_of
from db.engine import Session, reading
from db.records import AnnotationRecord, AnswerRecord, ItemRecord, ProjectRecord, TurnRecord
from db.review_records import ReviewRecord
from db.store import annotations, appeals, chat, items, leases, people, reviews, verdicts, visits

__all__ = ["EarlierReview", "OtherAnswer", "ReviewCase", "case_again", "case_of"]


@dataclass(frozen=True, slots=True)
class EarlierReview:
    """A review of this person's answer to the item, of this revision or of one before."""

    revision: int
    reviewer: str
    review: ReviewRecord
    appeal: str
    """Why the author disagrees with it; empty where they did not say so."""


@dataclass(frozen=True, slots=True)
class OtherAnswer:
    """What somebody else answered last."""

    login: str
    values: Mapping[str, Any]
    review: str
    """What became of it in review; empty without one."""


@dataclass(frozen=True, slots=True)
class ReviewCase:
    annotation: AnnotationRecord
    item: ItemRecord
    login: str
    answers: list[AnswerRecord]
    suggestions: Mapping[str, Any]
    """Question -> the value of the suggestion that was on the author's screen."""
    seconds: float | None
    """Handling time of the author over all revisions; None where none was recorded."""
    turns: list[TurnRecord]
    """The author's chat with the assistant about the item."""
    others: list[OtherAnswer]
    verdicts: list[dict[str, Any]]
    levels: list[LevelField]
    """What the reviewer may say on the rubric, pre-filled where the judge is proven."""
    earlier: list[EarlierReview]
    """Oldest first. Those of this revision are missing while a second reviewer is to decide without seeing them."""
    before: Mapping[str, Any] | None
    """The answers of the revision that was reviewed last before this one, as that review left them; None where none
    was."""
    standing: int | None
    """The review of this revision that stands: the next one replaces it."""
    blind: bool
    """Whether that review is kept from the reviewer."""
    own: bool
    """Whether the reviewer has answered the item too."""
    why: list[str]


def case_again(ctx: Context, actor: Actor, project_id: int, annotation_id: int) -> ReviewCase:
    """A reviewed answer with its review, to be decided again.

    Raises NotFound for one of elsewhere, Conflict where its author has answered anew.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        annotation = annotations.annotation_by_id(session, annotation_id)
        if annotation is None or annotation.project_id != project_id:
            raise NotFound(f"no answer {annotation_id} in this project")
        latest = annotations.latest_annotation(session, annotation.item_id, annotation.user_id)
        if latest is None or latest.id != annotation.id:
            raise Conflict(
                "its author has answered anew; that answer is in the queue, and this one is history"
            )
        return case_of(ctx, session, actor, project, annotation, why=[], blind=False)


def case_of(
    ctx: Context,
    session: Session,
    actor: Actor,
    project: ProjectRecord,
    annotation: AnnotationRecord,
    *,
    why: list[str],
    blind: bool,
) -> ReviewCase:
    """The newest annotation of a person with everything around it, inside the caller's transaction."""
    item = items.item_by_id(session, annotation.item_id)
    if item is None:
        raise NotFound(f"no item {annotation.item_id} in this project")
    parts = parts_of(session, project.id, [item.id])[item.id]
    mine = next(part for part in parts if part.user_id == annotation.user_id)
    logins = {user.id: user.login for user in people.list_users(session)}
    answers = annotations.answers_of(session, [annotation.id])[annotation.id]
    judged = verdicts.verdicts_of_answers(session, [answer.id for answer in answers])
    shown = items.suggestions_by_ids(session, [a.suggestion_id for a in answers if a.suggestion_id])
    conversation = chat.conversation_of(session, item.id, annotation.user_id)
    standing = reviews.latest_review(session, annotation.id)
    # Before the verdicts are put into words, which takes their rubrics away.
    levels = level_fields(ctx, session, project, answers, judged)
    return ReviewCase(
        annotation=annotation,
        item=item,
        login=logins[annotation.user_id],
        answers=answers,
        suggestions={a.question: shown[a.suggestion_id].value[0] for a in answers if a.suggestion_id},
        seconds=_handling_seconds(session, annotation),
        turns=chat.turns_of(session, conversation) if conversation else [],
        others=[
            OtherAnswer(logins[part.user_id], part.newest.values, part.review.outcome if part.review else "")
            for part in parts
            if part is not mine and part.newest.state == "submitted"
        ],
        verdicts=[with_rubric_words(row) for answer in answers for row in judged[answer.id]],
        levels=levels,
        earlier=_earlier(session, mine, logins, without=annotation.id if blind else None),
        before=_before(mine),
        standing=standing.id if standing else None,
        blind=blind and standing is not None,
        own=actor.user_id is not None and leases.answered_by(session, item.id, actor.user_id),
        why=why,
    )


def _handling_seconds(session: Session, annotation: AnnotationRecord) -> float | None:
    spent = [
        visit.reading + visit.working + visit.chatting
        for visit in visits.visits_of_item(session, annotation.item_id)
        if visit.user_id == annotation.user_id and visit.stage in ("annotate", "rework")
    ]
    return sum(spent) if spent else None


def _earlier(
    session: Session, part: Part, logins: Mapping[int, str], *, without: int | None
) -> list[EarlierReview]:
    revisions = {row.annotation_id: row.revision for row in part.revisions if row.annotation_id != without}
    found = reviews.reviews_of(session, list(revisions))
    contested = appeals.appeals_of(session, [review.id for of_one in found.values() for review, _ in of_one])
    earlier = [
        EarlierReview(
            revisions[annotation_id],
            logins.get(review.reviewer_id, "?"),
            review,
            contested[review.id].reason if review.id in contested else "",
        )
        for annotation_id, of_one in found.items()
        for review, _ in of_one
    ]
    return sorted(earlier, key=lambda entry: entry.review.id)


def _before(part: Part) -> Mapping[str, Any] | None:
    reviewed = [review for review in part.reviews if review.revision < part.newest.revision]
    if not reviewed:
        return None
    last = reviewed[-1]
    if last.outcome == "fixed":
        return last.answers or {}
    return next(row.values for row in part.revisions if row.annotation_id == last.annotation_id)
