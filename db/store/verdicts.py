"""Verdicts of the judge with the score of each criterion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from db.models import Annotation, Answer, CriterionScore, Item, RubricVersion, User, Verdict

__all__ = [
    "JudgedHead",
    "doubts_of_annotations",
    "forget_replies",
    "mark_seen",
    "newest_of_project",
    "store_verdict",
    "verdicts_of_answers",
    "verdicts_of_person",
    "verdicts_of_suggestions",
]


def store_verdict(
    session: Session,
    verdict: Mapping[str, Any],
    *,
    answer_id: int | None = None,
    suggestion_id: int | None = None,
    rubric_version_id: int,
    call_id: str | None,
    prompt_version: str,
    parameters: dict[str, Any],
    raw: str | None,
    requests: int | None = None,
    seconds: float,
    simulated: bool,
    now: datetime,
) -> int:
    """Insert a verdict on an answer or a suggestion, given in the judge's outward JSON shape, with its criteria;
    returns its id. `requests` are those that were really sent, None where that is not known.
    """
    row = Verdict(
        call_id=call_id,
        answer_id=answer_id,
        suggestion_id=suggestion_id,
        rubric_version_id=rubric_version_id,
        status=verdict["status"],
        reason=verdict.get("reason"),
        total=verdict["total"],
        passed=verdict["passed"],
        model=verdict["model"],
        prompt_version=prompt_version,
        parameters=parameters,
        usage=(verdict["usage"] or {}) | ({} if requests is None else {"requests": requests}),
        raw=raw,
        flags=list(verdict.get("flags", ())),
        seconds=seconds,
        simulated=simulated,
        seen_at=None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    scores = [
        {
            "verdict_id": row.id,
            "criterion": criterion["id"],
            "level": criterion["level"],
            "reason": criterion.get("reason"),
            "rationale": criterion["rationale"],
            "evidence": criterion["evidence"],
            "suggestion": criterion["suggestion"],
            "score": criterion.get("score", criterion["level"]),
            "method": criterion.get("score_method"),
            "samples": criterion.get("samples", []),
        }
        for criterion in verdict["criteria"]
    ]
    session.execute(insert(CriterionScore), scores)
    return row.id


def verdicts_of_answers(session: Session, answer_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Answer id -> its verdicts, oldest first, with rubric and criteria."""
    return _verdicts_about(session, Verdict.answer_id, answer_ids)


def verdicts_of_suggestions(
    session: Session, suggestion_ids: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    """The same of suggestions."""
    return _verdicts_about(session, Verdict.suggestion_id, suggestion_ids)


def _verdicts_about(
    session: Session, about: InstrumentedAttribute[int | None], ids: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {id_: [] for id_ in ids}
    rows = session.execute(
        select(about, Verdict, RubricVersion)
        .join(RubricVersion, RubricVersion.id == Verdict.rubric_version_id)
        .where(about.in_(ids))
        .order_by(Verdict.id)
    ).all()
    criteria = _criteria(session, [verdict.id for _, verdict, _ in rows])
    for id_, verdict, rubric in rows:
        found[id_ or 0].append(_verdict(verdict, rubric, criteria[verdict.id]))
    return found


def doubts_of_annotations(
    session: Session, annotation_ids: Sequence[int]
) -> dict[int, list[tuple[bool | None, list[str]]]]:
    """Annotation id -> (passed, flags) of the newest verdict of each of its answers; those without one are left out."""
    newest: dict[int, tuple[int, bool | None, list[str]]] = {}
    rows = session.execute(
        select(Answer.annotation_id, Answer.id, Verdict.passed, Verdict.flags)
        .join(Answer, Answer.id == Verdict.answer_id)
        .where(Answer.annotation_id.in_(annotation_ids))
        .order_by(Verdict.id)
    )
    for annotation_id, answer_id, passed, flags in rows:
        newest[answer_id] = (annotation_id, passed, list(flags))
    found: dict[int, list[tuple[bool | None, list[str]]]] = {}
    for annotation_id, passed, flags in newest.values():
        found.setdefault(annotation_id, []).append((passed, flags))
    return found


def verdicts_of_person(
    session: Session, project_id: int, user_id: int, *, limit: int
) -> list[dict[str, Any]]:
    """The newest verdicts on this person's answers, each with item, question and the judged text."""
    rows = session.execute(
        select(
            Verdict, RubricVersion, Answer.question, Answer.value, Annotation.id, Item.id, Item.external_id
        )
        .join(RubricVersion, RubricVersion.id == Verdict.rubric_version_id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .where(Annotation.project_id == project_id, Annotation.user_id == user_id)
        .order_by(Verdict.id.desc())
        .limit(limit)
    ).all()
    criteria = _criteria(session, [row[0].id for row in rows])
    return [
        _verdict(verdict, rubric, criteria[verdict.id])
        | {
            "question": question,
            "response": value[0],
            "annotation_id": annotation_id,
            "item_id": item_id,
            "external_id": external_id,
        }
        for verdict, rubric, question, value, annotation_id, item_id, external_id in rows
    ]


@dataclass(frozen=True, slots=True)
class JudgedHead:
    item_id: int
    external_id: str
    login: str
    """Of the author."""


def newest_of_project(session: Session, project_id: int) -> Iterator[tuple[JudgedHead, dict[str, Any]]]:
    """The newest verdict of each answer in its author's newest revision, without the criteria; oldest first."""
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id)
    later = aliased(Annotation)
    rows = session.execute(
        select(Verdict, RubricVersion, Item.id, Item.external_id, User.login)
        .join(RubricVersion, RubricVersion.id == Verdict.rubric_version_id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(
            Annotation.project_id == project_id,
            Verdict.id.in_(newest),
            ~exists().where(
                later.item_id == Annotation.item_id,
                later.user_id == Annotation.user_id,
                later.revision > Annotation.revision,
            ),
        )
        .order_by(Verdict.id)
    )
    for verdict, rubric, item_id, external_id, login in rows:
        yield JudgedHead(item_id, external_id, login), _verdict(verdict, rubric, [])


def _criteria(session: Session, verdict_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {verdict_id: [] for verdict_id in verdict_ids}
    rows = session.scalars(
        select(CriterionScore).where(CriterionScore.verdict_id.in_(verdict_ids)).order_by(CriterionScore.id)
    )
    for row in rows:
        found[row.verdict_id].append(
            {
                "id": row.criterion,
                "level": row.level,
                "reason": row.reason,
                "rationale": row.rationale,
                "evidence": row.evidence,
                "suggestion": row.suggestion,
                "score": row.score,
                "score_method": row.method,
                "samples": row.samples,
            }
        )
    return found


def _verdict(verdict: Verdict, rubric: RubricVersion, criteria: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "verdict_id": verdict.id,
        "answer_id": verdict.answer_id,
        "suggestion_id": verdict.suggestion_id,
        "rubric_version_id": verdict.rubric_version_id,
        "status": verdict.status,
        "reason": verdict.reason,
        "total": verdict.total,
        "passed": verdict.passed,
        "model": verdict.model,
        "prompt_version": verdict.prompt_version,
        "usage": verdict.usage,
        "flags": verdict.flags,
        "seconds": verdict.seconds,
        "simulated": verdict.simulated,
        "seen": verdict.seen_at is not None,
        "created_at": verdict.created_at,
        "rubric": {"name": rubric.name, "version": rubric.version, "hash": rubric.hash},
        "rubric_document": rubric.document,
        "criteria": criteria,
    }


def forget_replies(session: Session, *, before: datetime) -> int:
    """Delete raw replies of older verdicts; the verdicts stay. Returns how many there were."""
    old = update(Verdict).where(Verdict.created_at < before, Verdict.raw.is_not(None)).values(raw=None)
    return len(session.execute(old.returning(Verdict.id)).all())


def mark_seen(session: Session, verdict_ids: Sequence[int], user_id: int, *, now: datetime) -> None:
    """Note when the judged person first saw their verdicts; those of others are left alone."""
    own = (
        select(Answer.id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.user_id == user_id)
    )
    session.execute(
        update(Verdict)
        .where(Verdict.id.in_(verdict_ids), Verdict.seen_at.is_(None), Verdict.answer_id.in_(own))
        .values(seen_at=now)
    )
