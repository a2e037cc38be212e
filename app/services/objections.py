"""Objections: a person contests a figure of their own time record; it stands beside the figure."""

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import reading, transaction
from db.records import TimeObjectionRecord
from db.store import objections, visits

__all__ = ["answer_objection", "list_objections", "object_to_visit", "own_objections"]

_LONGEST = 1_000


def object_to_visit(ctx: Context, actor: Actor, visit_id: int, reason: str) -> None:
    """Say that the figure of one's own visit is wrong; once per visit. Raises Invalid without a reason."""
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST:
        raise Invalid(f"say in up to {_LONGEST:,} characters what is wrong with the figure")
    with transaction(ctx.engine) as session:
        visit = visits.visit_by_id(session, visit_id)
        if visit is None or visit.user_id != actor.user_id:
            raise NotFound(f"no visit {visit_id} of yours")
        policy.require(session, actor, visit.project_id, "annotate")
        if not objections.add_objection(session, visit_id=visit_id, reason=reason, now=utc_now()):
            raise Conflict("you have contested this visit already")


def own_objections(ctx: Context, actor: Actor, project_id: int) -> dict[int, TimeObjectionRecord]:
    """Visit id -> the actor's own objection."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        rows = objections.objections_of_project(session, project_id)
        return {row.visit_id: row for row, login, _ in rows if login == actor.login}


def list_objections(
    ctx: Context, actor: Actor, project_id: int
) -> list[tuple[TimeObjectionRecord, str, float]]:
    """(objection, login, handling seconds of the visit), open ones first."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_time")
        return objections.objections_of_project(session, project_id)


def answer_objection(
    ctx: Context, actor: Actor, project_id: int, objection_id: int, *, answer: str, leave_out: bool
) -> None:
    """Answer an objection; `leave_out` takes the visit's item out of the reports on time. Never one's own."""
    if not answer.strip():
        raise Invalid("say something to it; the annotator reads it")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_time")
        found = next(
            (
                (row, login)
                for row, login, _ in objections.objections_of_project(session, project_id)
                if row.id == objection_id
            ),
            None,
        )
        if found is None:
            raise NotFound(f"no objection {objection_id} in this project")
        if found[1] == actor.login:
            raise Invalid("an objection is answered by somebody else than its author")
        objections.answer(
            session,
            objection_id,
            answer=answer.strip()[:_LONGEST],
            left_out=leave_out,
            answered_by=actor.login,
            now=utc_now(),
        )
        record_action(
            session, actor, "time.objection", project_id, objection=objection_id, left_out=leave_out
        )
