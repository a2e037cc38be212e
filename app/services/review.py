"""Review: a second pair of eyes on a submitted answer, decided with reasons that reach its author."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

from app.clock import known_seconds, utc_now
from app.errors import Conflict, Invalid, NotFound
from app.schema import LabelSchema, validate_answers
from app.schema.values import changed_questions
from app.schema.workplace import REQUEUES, Requeue
from app.services import arms, policy
from app.services.adjudication import decided_items, schema_in_force
from app.services.appeals import check_fresh
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.final_labels import standing_decisions
from app.services.review_levels import GivenLevel, checked_levels
from app.services.standing import apart, left_by
from db.engine import Session, transaction
from db.records import AnnotationRecord, AnswerRecord, ItemRecord
from db.review_records import ReviewRecord
from db.store import annotations, items, leases, people, reviews

__all__ = ["LONGEST_COMMENT", "OUTCOMES", "OUTCOME_WORDS", "Outcome", "review"]

Outcome = Literal["accepted", "fixed", "rejected"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
OUTCOME_WORDS: Final[Mapping[str, str]] = {
    "accepted": "accepted",
    "fixed": "fixed and accepted",
    "rejected": "rejected",
}
"""How people read an outcome."""

LONGEST_COMMENT: Final = 2_000
"""Characters."""


def review(
    ctx: Context,
    actor: Actor,
    project_id: int,
    annotation_id: int,
    *,
    outcome: Outcome,
    form_token: str,
    comment: str = "",
    question_comments: Mapping[str, str] | None = None,
    answers: Mapping[str, Any] | None = None,
    levels: Sequence[GivenLevel] = (),
    requeue: Requeue | None = None,
    replaces: int | None = None,
    blind: bool = False,
    own_too: bool = False,
    seconds: float | None = None,
) -> bool:
    """Store a decision; False when this form was sent before.

    `question_comments` are on single answers, by question; `answers` are what stands in the reviewer's form: with
    `fixed` they are the answers from now on, with the other outcomes they must be the author's own; `levels` are on
    the rubric of a judged answer, each with whether the form began with the judge's; `requeue` says who gets a
    rejected item again, the project's policy where it is left out; `replaces` is the review that stood when the
    form was drawn, None where there was none; `blind` says that the reviewer did not see that one; `own_too` says that
    the reviewer knows that they answered the item themselves.

    A blind review that comes out otherwise than the one before it overrules nobody: the item goes to nobody, and
    whoever adjudicates decides. So does a rejection where every question that needs a label was adjudicated: it is
    kept, and hands nothing on.

    Raises Invalid for a rejection without words, a fix that does not fit the schema or changes nothing, changed
    answers that are accepted or rejected, a comment that is too long or on what is no question, a level that the
    rubric does not have, an author who cannot get the item back, a review of one's own answer, of an item of one's
    own without saying so, and of a contested rejection by who has looked at it while somebody else could; NotFound
    for an annotation of another project; Conflict where its author has answered anew, or another reviewer was faster.
    """
    comment, on_questions = _checked_words(outcome, comment, question_comments or {})
    if requeue is not None and requeue not in REQUEUES:
        raise Invalid(f"requeue {requeue!r}; there are {', '.join(REQUEUES)}")
    if not form_token:
        raise Invalid("the form has no token, so that a repeated click cannot be told; reload the page")
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        if actor.user_id is None:
            raise Invalid("a review needs a person as its author; log in")
        if _sent_before(session, actor, annotation_id, form_token):
            return False
        annotation = _newest(session, actor, project_id, annotation_id)
        if not own_too and leases.answered_by(session, annotation.item_id, actor.user_id):
            raise Invalid(
                "you answered this item yourself; let somebody else review it, or say that you know"
            )
        schema = schema_in_force(session, project)
        unknown = sorted(on_questions.keys() - {question.id for question in schema.questions})
        if unknown:
            raise Invalid([f"{question}: is no question of this project" for question in unknown])
        standing = reviews.latest_review(session, annotation_id)
        if (standing.id if standing else None) != replaces:
            raise _meanwhile(session, standing)
        if standing is not None:
            check_fresh(session, actor, annotation, standing)
        fixed = _checked_answers(session, schema, annotation, outcome, answers)
        given = annotations.answers_of(session, [annotation.id])[annotation.id]
        decided = annotation.item_id in decided_items(
            schema, standing_decisions(session, project_id, [annotation.item_id])
        )
        again: Requeue | None = None
        others = standing is not None and standing.reviewer_id != actor.user_id
        unseen = standing if blind and others else None
        if unseen is not None and _contradicts(unseen, outcome, fixed, given):
            again = "nobody"
        elif outcome == "rejected":
            again = "nobody" if decided else requeue or arms.workplace_of(project).requeue
            _check_author(session, annotation, again, actor.user_id)
        if standing is not None and standing.reviewer_id == actor.user_id:
            said = (outcome, comment, on_questions, fixed)
            same = said == (standing.outcome, standing.comment, standing.question_comments, standing.answers)
            if same and (outcome != "rejected" or again == standing.requeue):
                raise Invalid("that is your decision as it stands; nothing is changed")
        stored = reviews.add_review(
            session,
            annotation_id=annotation_id,
            reviewer_id=actor.user_id,
            outcome=outcome,
            comment=comment,
            question_comments=on_questions,
            requeue=again,
            answers=fixed,
            levels=checked_levels(session, [answer.id for answer in given], levels),
            replaces=replaces,
            blind=unseen is not None,
            form_token=form_token,
            seconds=known_seconds(seconds),
            created_at=utc_now(),
        )
        if stored is None:
            # Another transaction committed between our look and our insert, or the token is somebody else's.
            if _sent_before(session, actor, annotation_id, form_token):
                return False
            raise _meanwhile(session, reviews.latest_review(session, annotation_id))
        _hand_on(session, annotation, standing, again, decided=decided)
        record_action(
            session,
            actor,
            "review",
            project_id,
            annotation=annotation_id,
            outcome=outcome,
            requeue=again,
            replaces=replaces,
        )
    return True


def _checked_words(
    outcome: Outcome, comment: str, question_comments: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    if outcome not in OUTCOMES:
        raise Invalid(f"outcome {outcome!r}; there are {', '.join(OUTCOMES)}")
    comment = comment.strip()
    on_questions = {question: words.strip() for question, words in question_comments.items() if words.strip()}
    too_long = [
        f"{where}: has {len(words)} characters; at most {LONGEST_COMMENT} are kept"
        for where, words in {"comment": comment, **on_questions}.items()
        if len(words) > LONGEST_COMMENT
    ]
    if too_long:
        raise Invalid(too_long)
    if outcome == "rejected" and not (comment or on_questions):
        raise Invalid("say why you reject it; the annotator reads it")
    return comment, on_questions


def _sent_before(session: Session, actor: Actor, annotation_id: int, form_token: str) -> bool:
    known = reviews.review_by_token(session, form_token)
    return known is not None and (known.reviewer_id, known.annotation_id) == (actor.user_id, annotation_id)


def _newest(session: Session, actor: Actor, project_id: int, annotation_id: int) -> AnnotationRecord:
    """The annotation, where it is somebody else's and its author has not answered anew; its item is locked."""
    annotation = annotations.annotation_by_id(session, annotation_id)
    if annotation is None or annotation.project_id != project_id or annotation.state != "submitted":
        raise NotFound(f"no answer {annotation_id} in this project")
    leases.lock_item(session, annotation.item_id)
    if annotation.user_id == actor.user_id:
        raise Invalid("an answer is reviewed by somebody else than its author")
    latest = annotations.latest_annotation(session, annotation.item_id, annotation.user_id)
    if latest is None or latest.id != annotation.id:
        raise Conflict("its author has answered anew meanwhile; reload the page and look at that")
    return annotation


def _meanwhile(session: Session, standing: ReviewRecord | None) -> Conflict:
    if standing is None:
        return Conflict("the form is not up to date; reload the page")
    by = people.user_by_id(session, standing.reviewer_id)
    return Conflict(
        f"{by.login if by else 'somebody'} reviewed this answer meanwhile ({OUTCOME_WORDS[standing.outcome]}); "
        "yours is not stored. It stands under “Reviewed”, where it can be decided again",
        {"review": standing.id, "outcome": standing.outcome},
    )


def _checked_answers(
    session: Session,
    schema: LabelSchema,
    annotation: AnnotationRecord,
    outcome: Outcome,
    answers: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """The answers as a fix makes them; None where nothing is fixed."""
    item = items.item_by_id(session, annotation.item_id)
    if item is None:
        raise NotFound(f"no item {annotation.item_id} in this project")
    if outcome == "fixed":
        if answers is None:
            raise Invalid("a fix needs the answers as they should be")
        problems = validate_answers(schema, answers, item.content)
        if problems:
            raise Invalid(problems)
    changed = [] if answers is None else _changed(session, schema, annotation, item, answers)
    if outcome == "fixed":
        if not changed:
            raise Invalid("nothing is changed; accept it instead")
        return dict(answers or {})
    if changed:
        names = ", ".join(f"“{name}”" for name in changed)
        raise Invalid(f"you changed {names}: choose “Fix and accept”, or undo the change; nothing is stored")
    return None


def _changed(
    session: Session,
    schema: LabelSchema,
    annotation: AnnotationRecord,
    item: ItemRecord,
    answers: Mapping[str, Any],
) -> list[str]:
    """Titles of the questions that the reviewer answered otherwise than the author."""
    given = annotations.answers_of(session, [annotation.id])[annotation.id]
    stored = {answer.question: answer.value[0] for answer in given}
    return [question.title for question in changed_questions(schema, item.content, stored, answers)]


def _check_author(session: Session, annotation: AnnotationRecord, requeue: Requeue, reviewer_id: int) -> None:
    found = people.person_in_project(session, annotation.user_id, annotation.project_id)
    works_here = (
        found is not None
        and found[0].disabled_at is None
        and policy.allowed("annotate", found[1], is_admin=False)
    )
    if requeue == "same" and not works_here:
        raise Invalid(
            "its author does not work in this project any more; give the item to somebody else, or to nobody"
        )
    if requeue == "other":
        had = leases.people_on(session, [annotation.item_id]).get(annotation.item_id, set()) | {reviewer_id}
        if not any(
            role == "annotator" and user.disabled_at is None and user.id not in had
            for user, role in people.members(session, annotation.project_id)
        ):
            raise Invalid(
                "every annotator of this project has had this item; give it to its author again, or to nobody and "
                "decide on the Adjudicate page"
            )


def _contradicts(
    before: ReviewRecord,
    outcome: Outcome,
    fixed: Mapping[str, Any] | None,
    given: Sequence[AnswerRecord],
) -> bool:
    """Whether the review before left these answers otherwise."""
    values = {answer.question: answer.value[0] for answer in given}
    theirs, mine = left_by(before.outcome, before.answers, values), left_by(outcome, fixed, values)
    return bool(apart(theirs, mine))


def _hand_on(
    session: Session,
    annotation: AnnotationRecord,
    before: ReviewRecord | None,
    requeue: Requeue | None,
    *,
    decided: bool,
) -> None:
    """Give a rejected item to whom the reviewer said, and take back what the review before gave out; what that asked
    of somebody else was taken back by whoever `decided` the item.
    """
    form = secrets.token_urlsafe(16) if requeue == "same" else None
    leases.return_item(session, annotation.item_id, annotation.user_id, form_token=form)
    opened = before is not None and before.requeue == "other" and not decided
    if requeue == "other" and not opened:
        leases.open_slot(session, annotation.item_id)
    elif opened and requeue != "other":
        leases.close_slot(session, annotation.item_id)
