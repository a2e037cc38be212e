"""A verdict before submitting: the judge reads the draft as it stands, for its writer alone.

What was said about a draft is kept beside the revisions: whether people use it, and whether it helps, can be seen
later. It never decides anything.
"""

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import Any

from app.clock import utc_now
from app.errors import Invalid, NotAllowed, NotFound
from app.services import policy
from app.services.context import Actor, Context
from app.services.judging import rubric_words
from app.services.media import images_of
from app.services.privacy import private_gateway
from app.services.projects import rubric_of, schema_of
from app.services.study_arms import withheld
from app.services.submissions import submission_of
from db.engine import reading, transaction
from db.records import RubricRecord
from db.store import checks, items, projects
from judge import Judge, Submission
from judge.llm import Gateway, Parameters
from rubrics import Rubric

__all__ = ["check_draft"]


@dataclass(frozen=True, slots=True)
class _Asked:
    user_id: int
    record: RubricRecord
    rubric: Rubric
    submission: Submission
    gateway: Gateway | None
    known: dict[str, Any] | None
    """The verdict that this request has had already."""


async def check_draft(
    ctx: Context, actor: Actor, item_id: int, *, request_id: str, question: str, text: str
) -> dict[str, Any]:
    """The judge's verdict on the draft of one text question, with the words of the rubric beside each level.

    A repeated request is answered with the first one's verdict. Raises NotFound for an item that is not the
    actor's, NotAllowed where a study withholds feedback on it, Invalid for an empty text, a question that is not judged, or a project without a judge.
    """
    asked = await asyncio.to_thread(_load, ctx, actor, item_id, request_id, question, text)
    if asked.known is None:
        started = time.monotonic()
        judge = Judge(
            asked.rubric,
            asked.gateway,
            parameters=Parameters(timeout_seconds=ctx.settings.model_timeout_seconds),
        )
        verdict = await ctx.loop.run(judge.score(asked.submission))
        document = verdict.to_json()
        await asyncio.to_thread(
            _store,
            ctx,
            asked,
            item_id,
            request_id,
            question,
            text,
            document,
            verdict.raw,
            time.monotonic() - started,
        )
    else:
        document = asked.known
    return rubric_words({**document, "response": text}, asked.rubric)


def _load(ctx: Context, actor: Actor, item_id: int, request_id: str, question: str, text: str) -> _Asked:
    if actor.user_id is None:
        raise NotFound("the command line holds no items; use `milo judge`")
    with reading(ctx.engine) as session:
        project, lease = policy.require_own_item(session, actor, item_id)
        if "feedback" in withheld(lease):
            raise NotAllowed("this item is answered without feedback, to measure what it changes")
        item = items.item_by_id(session, item_id)
        assert item is not None, "a hold names an item"
        version = projects.latest_schema(session, project.id)
        asked = {
            entry.id: entry
            for entry in (schema_of(version).questions if version else ())
            if entry.type == "text"
        }
        if question not in asked or not asked[question].judged:
            raise Invalid(f"question {question!r} is not judged")
        if not text.strip():
            raise Invalid("there is nothing to check yet")
        rubric_id = item.rubric_version_id or project.rubric_version_id
        record = projects.rubric_by_id(session, rubric_id) if rubric_id and project.judge_on else None
        if record is None:
            raise Invalid(f"the judge is switched off in {project.name!r}")
        known = checks.check_by_request(session, request_id, actor.user_id)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return _Asked(
            user_id=actor.user_id,
            record=record,
            rubric=rubric_of(record),
            submission=submission_of(
                digest, text, item.content, images_of(ctx, item.content) if ctx.gateway else ()
            ),
            gateway=private_gateway(ctx, project),
            known=dict(known.verdict) if known and known.text_hash == digest else None,
        )


def _store(
    ctx: Context,
    asked: _Asked,
    item_id: int,
    request_id: str,
    question: str,
    text: str,
    document: dict[str, Any],
    raw: str | None,
    seconds: float,
) -> None:
    with transaction(ctx.engine) as session:
        checks.add_check(
            session,
            request_id=request_id,
            item_id=item_id,
            user_id=asked.user_id,
            question=question,
            text=text,
            text_hash=hashlib.sha256(text.encode()).hexdigest(),
            rubric_version_id=asked.record.id,
            verdict=document,
            raw=raw,
            seconds=seconds,
            created_at=utc_now(),
        )
