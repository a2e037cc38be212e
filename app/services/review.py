"""Review: a second pair of eyes on submitted answers, chosen by rules, with reasons that reach their author."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.schema import LabelSchema, validate_answers
from app.schema.workplace import REQUEUES, Requeue, ReviewRules
from app.services import arms, policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.final_labels import decided_questions, standing_decisions
from app.services.judging import with_rubric_words
from app.services.projects import schema_of
from app.services.review_levels import GivenLevel, LevelField, checked_levels, level_fields
from app.services.review_rules import doubts_of, reasons
from app.services.standing import Part, parts_of
from app.services.subsets import items_for
from db.engine import Session, reading, transaction
from db.records import AnnotationRecord, AnswerRecord, ItemRecord, ProjectRecord
from db.store import annotations, items, leases, people, projects, reviews, verdicts

__all__ = ["Outcome", "ReviewCase", "ReviewRules", "review", "review_queue"]

Outcome = Literal["accepted", "fixed", "rejected"]
OUTCOMES: tuple[Outcome, ...] = ("accepted", "fixed", "rejected")

_AT_ONCE = 500
"""Unreviewed annotations that the rules are applied to at once, oldest first, until enough are found."""
_LONGEST = 2_000
_GIVEN = "you were given it"


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """One annotation in the queue, with why it is there."""

    annotation: AnnotationRecord
    item: ItemRecord
    login: str
    answers: list[AnswerRecord]
    others: list[tuple[str, Mapping[str, Any]]]
    """(login, answers) of other people on the same item."""
    verdicts: list[dict[str, Any]]
    levels: list[LevelField]
    """What the reviewer may say on the rubric, pre-filled where the judge is proven."""
    why: list[str]


def review_queue(
    ctx: Context, actor: Actor, project_id: int, *, rules: ReviewRules | None = None, limit: int = 20
) -> list[ReviewCase]:
    """Answers to look at by the project's rules or by these: what one was given first, then what was revised after a
    review, then those with most reasons. One's own are never among them.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        version = projects.latest_schema(session, project_id)
        if version is None:
            raise NotFound(f"project {project.name!r} has no label schema; it holds ratings only")
        given = frozenset().union(*items_for(session, project_id, actor.user_id or 0, "review"))
        chosen = rules or arms.workplace_of(project).review
        found: dict[int, tuple[AnnotationRecord, Part, list[Part], list[str]]] = {}
        for wanted in _unreviewed(session, project_id, actor.user_id or 0, sorted(given)):
            if len(found) >= limit:
                break
            for entry in _drawn(session, project, schema_of(version), chosen, wanted, given):
                found.setdefault(entry[0].id, entry)
        ordered = sorted(
            found.values(),
            key=lambda entry: (entry[3][0] != _GIVEN, not entry[1].reviews, -len(entry[3])),
        )
        return _cases(ctx, session, project, ordered[:limit])


def _unreviewed(
    session: Session, project_id: int, user_id: int, given: Sequence[int]
) -> Iterator[list[AnnotationRecord]]:
    """What nobody has reviewed, in portions: what the reviewer was given, then everything, oldest first."""
    for start in range(0, len(given), _AT_ONCE):
        part = given[start : start + _AT_ONCE]
        yield reviews.waiting(session, project_id, not_by=user_id, limit=_AT_ONCE, among=part)
    after = 0
    while portion := reviews.waiting(session, project_id, not_by=user_id, limit=_AT_ONCE, after=after):
        yield portion
        after = portion[-1].id


def _drawn(
    session: Session,
    project: ProjectRecord,
    schema: LabelSchema,
    rules: ReviewRules,
    wanted: Sequence[AnnotationRecord],
    given: frozenset[int],
) -> Iterator[tuple[AnnotationRecord, Part, list[Part], list[str]]]:
    """(annotation, its author's part, the others' parts, why) of those that the rules choose."""
    parts = parts_of(session, project.id, list({annotation.item_id for annotation in wanted}))
    doubts = doubts_of(session, [annotation.id for annotation in wanted])
    decided = decided_questions(standing_decisions(session, project.id, list(parts)))
    for annotation in wanted:
        of_item = parts[annotation.item_id]
        mine = next(part for part in of_item if part.user_id == annotation.user_id)
        others = [part for part in of_item if part is not mine]
        why = reasons(project, schema, rules, mine, others, doubts, decided.get(annotation.item_id, ()))
        if annotation.item_id in given:
            why.insert(0, _GIVEN)
        if why:
            yield annotation, mine, others, why


def _cases(
    ctx: Context,
    session: Session,
    project: ProjectRecord,
    found: Sequence[tuple[AnnotationRecord, Part, list[Part], list[str]]],
) -> list[ReviewCase]:
    known = items.items_by_ids(session, [annotation.item_id for annotation, *_ in found])
    answers = annotations.answers_of(session, [annotation.id for annotation, *_ in found])
    judged = verdicts.verdicts_of_answers(
        session, [answer.id for of_one in answers.values() for answer in of_one]
    )
    logins = {user.id: user.login for user in people.list_users(session)}
    fields = {id_: level_fields(ctx, session, project, of_one, judged) for id_, of_one in answers.items()}
    return [
        ReviewCase(
            annotation=annotation,
            item=known[annotation.item_id],
            login=logins[annotation.user_id],
            answers=answers[annotation.id],
            others=[
                (logins[other.user_id], other.newest.values)
                for other in others
                if other.newest.state == "submitted"
            ],
            verdicts=[
                with_rubric_words(row) for answer in answers[annotation.id] for row in judged[answer.id]
            ],
            levels=fields[annotation.id],
            why=why,
        )
        for annotation, _, others, why in found
    ]


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
    seconds: float | None = None,
) -> bool:
    """Store a decision; False when this form was sent before.

    `question_comments` are on single answers, by question; `answers` are the reviewer's own with `fixed`;
    `levels` are on the rubric of a judged answer, each with whether the form began with the judge's; `requeue` says
    who gets a rejected item again, the project's policy where it is left out. Raises Invalid for a rejection
    without words, a fix that does not fit the schema or changes nothing, a comment on what is no question, a level
    that the rubric does not have, an author who cannot get the item back, and a review of one's own answer; NotFound for an annotation of another
    project; Conflict where its author has answered anew.
    """
    comment = comment.strip()[:_LONGEST]
    on_questions = {
        question: words.strip()[:_LONGEST]
        for question, words in (question_comments or {}).items()
        if words.strip()
    }
    if outcome not in OUTCOMES:
        raise Invalid(f"outcome {outcome!r}; there are {', '.join(OUTCOMES)}")
    if requeue is not None and requeue not in REQUEUES:
        raise Invalid(f"requeue {requeue!r}; there are {', '.join(REQUEUES)}")
    if outcome == "rejected" and not (comment or on_questions):
        raise Invalid("say why you reject it; the annotator reads it")
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        annotation = annotations.annotation_by_id(session, annotation_id)
        if annotation is None or annotation.project_id != project_id or annotation.state != "submitted":
            raise NotFound(f"no answer {annotation_id} in this project")
        if actor.user_id is None or annotation.user_id == actor.user_id:
            raise Invalid("an answer is reviewed by somebody else than its author")
        schema = _schema(session, project)
        unknown = sorted(on_questions.keys() - {question.id for question in schema.questions})
        if unknown:
            raise Invalid([f"{question}: is no question of this project" for question in unknown])
        latest = annotations.latest_annotation(session, annotation.item_id, annotation.user_id)
        if latest is None or latest.id != annotation.id:
            raise Conflict("its author has answered anew meanwhile; reload the page and look at that")
        given = annotations.answers_of(session, [annotation.id])[annotation.id]
        fixed = _fixed(session, schema, annotation, answers) if outcome == "fixed" else None
        before = reviews.reviews_of(session, [annotation_id])[annotation_id]
        again = None
        if outcome == "rejected":
            again = requeue or arms.workplace_of(project).requeue
            _check_author(session, annotation, again, actor.user_id)
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
            form_token=form_token,
            seconds=seconds,
            created_at=utc_now(),
        )
        if stored:
            form = secrets.token_urlsafe(16) if again == "same" else None
            leases.return_item(session, annotation.item_id, annotation.user_id, form_token=form)
            if again == "other" and not (before and before[-1][0].requeue == "other"):
                leases.open_slot(session, annotation.item_id)
            record_action(
                session,
                actor,
                "review",
                project_id,
                annotation=annotation_id,
                outcome=outcome,
                requeue=again,
            )
        return stored


def _schema(session: Session, project: ProjectRecord) -> LabelSchema:
    version = projects.latest_schema(session, project.id)
    if version is None:
        raise NotFound(f"project {project.name!r} has no label schema; it holds ratings only")
    return schema_of(version)


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


def _fixed(
    session: Session, schema: LabelSchema, annotation: AnnotationRecord, answers: Mapping[str, Any] | None
) -> dict[str, Any]:
    item = items.item_by_id(session, annotation.item_id)
    if item is None or answers is None:
        raise Invalid("a fix needs the answers as they should be")
    problems = validate_answers(schema, answers, item.content)
    if problems:
        raise Invalid(problems)
    before = {a.question: a.value[0] for a in annotations.answers_of(session, [annotation.id])[annotation.id]}
    if dict(answers) == before:
        raise Invalid("nothing is changed; accept it instead")
    return dict(answers)
