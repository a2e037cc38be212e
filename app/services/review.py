"""Review: a second pair of eyes on submitted answers, chosen by rules, with reasons that reach their author."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.schema import LabelSchema, validate_answers
from app.services import arms, policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.judging import with_rubric_words
from app.services.projects import schema_of
from app.services.subsets import items_for
from db.engine import Session, reading, transaction
from db.records import AnnotationRecord, AnswerRecord, ItemRecord, ProjectRecord
from db.store import annotations, items, leases, people, projects, reviews, verdicts

__all__ = ["Outcome", "ReviewCase", "ReviewRules", "review", "review_queue", "reviewer_figures"]

Outcome = Literal["accepted", "fixed", "rejected"]
OUTCOMES: tuple[Outcome, ...] = ("accepted", "fixed", "rejected")

_LOOKED_AT = 500
"""Unreviewed annotations that the rules are applied to at once, oldest first."""
_NEW_PERSON = 10
"""Somebody's first answers in a project, which are all looked at."""
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """Which answers are looked at. A share of 1 means all that meet the condition."""

    disagreement: float = 1.0
    """Of those that differ from another person's answer to the same item."""
    judge_doubt: float = 1.0
    """Of those whose newest verdict did not pass or has no total."""
    new_person: float = 1.0
    """Of each person's first ten."""
    floor: float = 0.05
    """Of all others, by chance: what no rule suspects is wrong too."""


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """One annotation in the queue, with why it is there."""

    annotation: AnnotationRecord
    item: ItemRecord
    login: str
    answers: list[AnswerRecord]
    others: list[tuple[str, dict[str, Any]]]
    """(login, answers) of other people on the same item."""
    verdicts: list[dict[str, Any]]
    why: list[str]


def review_queue(
    ctx: Context, actor: Actor, project_id: int, *, rules: ReviewRules = ReviewRules(), limit: int = 20
) -> list[ReviewCase]:
    """Answers to look at, those with most reasons first. One's own are never among them."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        found = reviews.waiting(session, project_id, not_by=actor.user_id or 0, limit=_LOOKED_AT)
        known = _Known.of(session, [annotation for annotation, _, _ in found])
        given = items_for(session, project_id, actor.user_id or 0, "review")
    cases = [
        case
        for annotation, _, login in found
        if (case := _case(known, project, annotation, login, rules, given)) is not None
    ]
    cases.sort(key=lambda case: (case.why[0] != _GIVEN, -len(case.why)))
    return cases[:limit]


_GIVEN = "you were given it"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rules look at, for many annotations at once."""

    items: Mapping[int, ItemRecord]
    answers: Mapping[int, list[AnswerRecord]]
    """Annotation -> answers."""
    newest: Mapping[int, list[AnnotationRecord]]
    """Item -> everybody's newest submitted annotation."""
    logins: Mapping[int, str]
    verdicts: Mapping[int, list[dict[str, Any]]]
    """Answer -> verdicts, oldest first."""

    @classmethod
    def of(cls, session: Session, wanted: list[AnnotationRecord]) -> "_Known":
        item_ids = list({annotation.item_id for annotation in wanted})
        newest: dict[int, dict[int, AnnotationRecord]] = {}
        for record in annotations.annotations_of_items(session, item_ids):
            if record.state == "submitted":
                newest.setdefault(record.item_id, {})[record.user_id] = record
        records = [record for by_person in newest.values() for record in by_person.values()]
        answers = annotations.answers_of(
            session, list({record.id for record in records} | {record.id for record in wanted})
        )
        judged = [answer.id for annotation in wanted for answer in answers[annotation.id]]
        return cls(
            items=items.items_by_ids(session, item_ids),
            answers=answers,
            newest={item_id: list(by_person.values()) for item_id, by_person in newest.items()},
            logins={user.id: user.login for user in people.list_users(session)},
            verdicts=verdicts.verdicts_of_answers(session, judged),
        )


def _case(
    known: _Known,
    project: ProjectRecord,
    annotation: AnnotationRecord,
    login: str,
    rules: ReviewRules,
    given_subsets: list[frozenset[int]],
) -> ReviewCase | None:
    item = known.items.get(annotation.item_id)
    if item is None:
        return None
    answers = known.answers[annotation.id]
    mine = {answer.question: answer.value[0] for answer in answers}
    others = [
        (
            known.logins.get(other.user_id, "?"),
            {answer.question: answer.value[0] for answer in known.answers[other.id]},
        )
        for other in known.newest.get(annotation.item_id, [])
        if other.user_id != annotation.user_id
    ]
    judged = [with_rubric_words(row) for answer in answers for row in known.verdicts.get(answer.id, [])]
    why = []
    if any(item.id in subset for subset in given_subsets):
        why.append(_GIVEN)

    def drawn(rule: str, share: float) -> bool:
        return arms.chance(project, "review", rule, annotation.id) < share

    comparable = {
        question for question, value in mine.items() if not isinstance(value, str) or len(value) <= 200
    }
    differs = any(
        question in given and given[question] != mine[question]
        for _, given in others
        for question in comparable
    )
    if differs and drawn("disagreement", rules.disagreement):
        why.append("differs from another answer")
    if judged and judged[-1]["passed"] is not True and drawn("judge", rules.judge_doubt):
        why.append("the judge has doubts" if judged[-1]["passed"] is False else "the judge gave no total")
    if annotation.position < _NEW_PERSON and drawn("new", rules.new_person):
        why.append(f"among the first {_NEW_PERSON} of this person")
    if not why and drawn("floor", rules.floor):
        why.append("drawn at random")
    if not why:
        return None
    return ReviewCase(annotation, item, login, answers, others, judged, why)


def review(
    ctx: Context,
    actor: Actor,
    project_id: int,
    annotation_id: int,
    *,
    outcome: Outcome,
    form_token: str,
    comment: str = "",
    answers: Mapping[str, Any] | None = None,
    requeue: bool = False,
    seconds: float | None = None,
) -> bool:
    """Store a decision; False when this form was sent before.

    `answers` are the reviewer's own with `fixed`; `requeue` gives the item to somebody else with `rejected`.
    Raises Invalid for a rejection without words, a fix that does not fit the schema or changes nothing, and a
    review of one's own answer; NotFound for an annotation of another project.
    """
    comment = comment.strip()[:_LONGEST]
    if outcome not in OUTCOMES:
        raise Invalid(f"outcome {outcome!r}; there are {', '.join(OUTCOMES)}")
    if outcome == "rejected" and not comment:
        raise Invalid("say why you reject it; the annotator reads it")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "decide")
        annotation = annotations.annotation_by_id(session, annotation_id)
        if annotation is None or annotation.project_id != project_id or annotation.state != "submitted":
            raise NotFound(f"no answer {annotation_id} in this project")
        if actor.user_id is None or annotation.user_id == actor.user_id:
            raise Invalid("an answer is reviewed by somebody else than its author")
        fixed = _fixed(session, annotation, answers) if outcome == "fixed" else None
        stored = reviews.add_review(
            session,
            annotation_id=annotation_id,
            reviewer_id=actor.user_id,
            outcome=outcome,
            comment=comment,
            answers=fixed,
            form_token=form_token,
            seconds=seconds,
            created_at=utc_now(),
        )
        if stored:
            if outcome == "rejected" and requeue:
                leases.open_slot(session, annotation.item_id)
            record_action(
                session,
                actor,
                "review",
                project_id,
                annotation=annotation_id,
                outcome=outcome,
                requeue=requeue,
            )
        return stored


def _fixed(
    session: Session, annotation: AnnotationRecord, answers: Mapping[str, Any] | None
) -> dict[str, Any]:
    version = projects.latest_schema(session, annotation.project_id)
    item = items.item_by_id(session, annotation.item_id)
    if version is None or item is None or answers is None:
        raise Invalid("a fix needs the answers as they should be")
    schema: LabelSchema = schema_of(version)
    problems = validate_answers(schema, answers, item.content)
    if problems:
        raise Invalid(problems)
    before = {a.question: a.value[0] for a in annotations.answers_of(session, [annotation.id])[annotation.id]}
    if dict(answers) == before:
        raise Invalid("nothing is changed; accept it instead")
    return dict(answers)


def reviewer_figures(ctx: Context, actor: Actor, project_id: int) -> list[dict[str, Any]]:
    """One row per reviewer: reviews, and the share that was accepted, fixed and rejected."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        rows = reviews.reviewer_counts(session, project_id)
    totals: dict[str, dict[str, int]] = {}
    for login, outcome, count in rows:
        totals.setdefault(login, dict.fromkeys(OUTCOMES, 0))[outcome] = count
    return [
        {"reviewer": login, "reviews": sum(counts.values()), **counts} for login, counts in totals.items()
    ]
