"""Disputes: the judged person contests a criterion, a QA lead decides, and the judge is corrected by it."""

from dataclasses import dataclass
from typing import Any

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.projects import rubric_of
from db.engine import reading, transaction
from db.records import DisputeRecord
from db.store import disputes, projects
from rubrics import Criterion

__all__ = ["DisputeCase", "decide_dispute", "list_disputes", "open_dispute"]

_LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class DisputeCase:
    """A dispute with what is needed to decide it."""

    dispute: DisputeRecord
    criterion: Criterion
    external_id: str
    item_id: int
    login: str
    question: str
    text: str
    judge: str
    judge_level: int | None
    rationale: str
    evidence: list[dict[str, Any]]


def open_dispute(ctx: Context, actor: Actor, verdict_id: int, *, criterion: str, reason: str) -> None:
    """Contest one criterion of a verdict on one's own answer; doing it twice is one dispute.

    Raises NotFound for a verdict on somebody else's answer, Invalid without a reason.
    """
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise Invalid(f"say in up to {_LONGEST_REASON:,} characters why the score is wrong")
    with transaction(ctx.engine) as session:
        found = disputes.verdict_owner(session, verdict_id, criterion)
        if found is None or found[1] != actor.user_id:
            raise NotFound(f"no verdict {verdict_id} with a criterion {criterion!r} on an answer of yours")
        policy.require(session, actor, found[0], "annotate")
        disputes.add_dispute(
            session,
            project_id=found[0],
            verdict_id=verdict_id,
            criterion=criterion,
            user_id=found[1],
            reason=reason,
            now=utc_now(),
        )


def list_disputes(ctx: Context, actor: Actor, project_id: int) -> list[DisputeCase]:
    """The project's disputes, open ones first; for those who decide them."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "decide")
        rows = disputes.disputes_of_project(session, project_id)
        rubrics = {
            id_: rubric_of(record)
            for id_ in {row["rubric_version_id"] for row in rows}
            if (record := projects.rubric_by_id(session, id_)) is not None
        }
    return [
        DisputeCase(
            dispute=row["dispute"],
            criterion=next(
                criterion
                for criterion in rubrics[row["rubric_version_id"]].criteria
                if criterion.id == row["dispute"].criterion
            ),
            external_id=row["external_id"],
            item_id=row["item_id"],
            login=row["login"],
            question=row["question"],
            text=str(row["text"]),
            judge=row["model"],
            judge_level=row["judge_level"],
            rationale=row["rationale"],
            evidence=row["evidence"],
        )
        for row in rows
    ]


def decide_dispute(
    ctx: Context, actor: Actor, project_id: int, dispute_id: int, *, level: int | None, decision: str
) -> None:
    """Decide an open dispute: `level` is the right one and upholds it, None lets the judge's score stand.

    Raises Invalid without words for the annotator or for a level that the criterion does not have, Conflict when
    it is decided already, NotAllowed when one would decide one's own.
    """
    decision = decision.strip()
    if not decision:
        raise Invalid("say why; the annotator reads it")
    case = next(
        (case for case in list_disputes(ctx, actor, project_id) if case.dispute.id == dispute_id), None
    )
    if case is None:
        raise NotFound(f"no dispute {dispute_id} in this project")
    if level is not None and level not in {known.value for known in case.criterion.levels}:
        allowed = ", ".join(str(known.value) for known in case.criterion.levels)
        raise Invalid(f"level {level} is none of {allowed}")
    if level is not None and level == case.judge_level:
        raise Invalid("that is the judge's own level; choose another one, or let it stand")
    if actor.user_id is None or case.dispute.user_id == actor.user_id:
        raise Invalid("a dispute is decided by somebody else than its author")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "decide")
        state = "rejected" if level is None else "upheld"
        done = disputes.decide(
            session,
            dispute_id,
            state=state,
            level=level,
            decision=decision[:_LONGEST_REASON],
            decided_by=actor.user_id,
            now=utc_now(),
        )
        if not done:
            raise Conflict(f"dispute {dispute_id} is decided already; reload the page")
        record_action(
            session, actor, "dispute.decide", project_id, dispute=dispute_id, state=state, level=level
        )
