"""A draft of a rubric tried on answers that there are, without storing anything: what the judge would be asked, and
what it says beside what it said by the version in force.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import Invalid, NotFound
from app.services import policy
from app.services.context import Actor, Context
from app.services.judging import rubric_words, with_rubric_words
from app.services.privacy import private_gateway, private_messages
from app.services.projects import schema_of
from app.services.submissions import plain_text, submission_of
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import projects, rubric_versions, verdicts
from judge import Judge, Submission
from judge.llm import Gateway, Parameters
from rubrics import Rubric, RubricError, parse_rubric

__all__ = ["MOST", "AnswerToTry", "Asked", "Trial", "answers_to_try", "drawn", "prompt_for", "try_draft"]

MOST = 5
"""Answers in one trial: enough to see how a criterion reads, few enough to wait for."""
_LISTED = 500
"""Newest answers that can be chosen from."""


@dataclass(frozen=True, slots=True)
class AnswerToTry:
    """A submitted answer that the judge reads."""

    answer_id: int
    external_id: str
    question: str
    item_text: str
    text: str
    login: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One message of a request to the judge's model."""

    request: int
    """Counted from 1; many criteria are asked for in several."""
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What the draft says about one answer, and what the version in force said."""

    answer: AnswerToTry
    draft: dict[str, Any]
    """A verdict with the words of the draft's levels; kept nowhere."""
    stored: dict[str, Any] | None
    """The newest stored verdict by the version in force; None when the answer was not judged by it."""


def answers_to_try(ctx: Context, actor: Actor, project_id: int) -> list[AnswerToTry]:
    """The project's newest submitted answers to judged questions, each person's last one to an item."""
    with reading(ctx.engine) as session:
        _allowed(session, actor, project_id)
        return [_answer(row) for row in _rows(session, project_id)]


def drawn(answers: Sequence[AnswerToTry], count: int, seed: int) -> list[AnswerToTry]:
    """Some by lot; the same `seed` draws the same ones."""
    return random.Random(seed).sample(list(answers), min(count, len(answers)))


def prompt_for(ctx: Context, actor: Actor, project_id: int, text: str, answer_id: int) -> list[Asked]:
    """What the judge's model would be sent about an answer on a draft, personal data hidden as the project wants it.

    Word for word but for the mark around the answer, which is drawn anew each time. Empty for a draft that is all
    rules: no model is asked then. Raises Invalid for a text that is no rubric.
    """
    rubric = _parsed(text)
    with reading(ctx.engine) as session:
        project = _allowed(session, actor, project_id)
        (row,) = _chosen(session, project_id, [answer_id])
    requests = Judge(rubric, None).requests(_submission(row))
    return [
        Asked(number, message.role, message.text)
        for number, messages in enumerate(requests, 1)
        for message in private_messages(project, messages)
    ]


async def try_draft(
    ctx: Context, actor: Actor, project_id: int, text: str, answer_ids: Sequence[int]
) -> list[Trial]:
    """Judge up to five answers on a draft, in the order given, and store nothing.

    Without an endpoint the criteria by rule are scored and the others unscored. Raises Invalid for a text that is no
    rubric, no answers or too many, NotFound for an answer that is not among those of the project.
    """
    rubric = _parsed(text)
    if not 1 <= len(set(answer_ids)) <= MOST:
        raise Invalid(f"choose 1 to {MOST} answers, not {len(set(answer_ids))}")
    project, rows, stored = await asyncio.to_thread(_load, ctx, actor, project_id, answer_ids)
    gateways = [private_gateway(ctx, project) for _ in rows]
    verdicts_found = await asyncio.gather(
        *(
            ctx.loop.run(_judge(ctx, rubric, gateway).score(_submission(row)))
            for gateway, row in zip(gateways, rows, strict=True)
        )
    )
    return [
        Trial(
            answer=_answer(row),
            draft=rubric_words(verdict.to_json() | {"simulated": False}, rubric),
            stored=stored.get(row["answer_id"]),
        )
        for row, verdict in zip(rows, verdicts_found, strict=True)
    ]


def _judge(ctx: Context, rubric: Rubric, gateway: Gateway | None) -> Judge:
    return Judge(rubric, gateway, parameters=Parameters(timeout_seconds=ctx.settings.model_timeout_seconds))


def _load(
    ctx: Context, actor: Actor, project_id: int, answer_ids: Sequence[int]
) -> tuple[ProjectRecord, list[dict[str, Any]], dict[int, dict[str, Any]]]:
    with reading(ctx.engine) as session:
        project = _allowed(session, actor, project_id)
        rows = _chosen(session, project_id, answer_ids)
        found = verdicts.verdicts_of_answers(session, [row["answer_id"] for row in rows])
        hashes = {
            row["answer_id"]: record.hash
            for row in rows
            if (id_ := row["rubric_version_id"] or project.rubric_version_id) is not None
            and (record := projects.rubric_by_id(session, id_)) is not None
        }
    stored = {
        answer_id: with_rubric_words(mine[-1])
        for answer_id, given in found.items()
        if (mine := [row for row in given if row["rubric"]["hash"] == hashes.get(answer_id)])
    }
    return project, rows, stored


def _allowed(session: Session, actor: Actor, project_id: int) -> ProjectRecord:
    policy.require(session, actor, project_id, "read_all")
    return policy.require(session, actor, project_id, "edit_rubrics")


def _parsed(text: str) -> Rubric:
    try:
        return parse_rubric(text)
    except RubricError as error:
        raise Invalid(error.problems) from error


def _rows(session: Session, project_id: int, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    version = projects.latest_schema(session, project_id)
    judged = [
        question.id
        for question in (schema_of(version).questions if version else ())
        if question.type == "text" and question.judged
    ]
    return rubric_versions.text_answers(session, project_id, judged, ids=ids, limit=_LISTED) if judged else []


def _chosen(session: Session, project_id: int, answer_ids: Sequence[int]) -> list[dict[str, Any]]:
    found = {row["answer_id"]: row for row in _rows(session, project_id, answer_ids)}
    wanted = list(dict.fromkeys(answer_ids))
    if missing := [str(id_) for id_ in wanted if id_ not in found]:
        raise NotFound(
            f"no judged answer {', '.join(missing)} in this project, or a newer one took its place"
        )
    return [found[id_] for id_ in wanted]


def _submission(row: dict[str, Any]) -> Submission:
    return submission_of(str(row["answer_id"]), row["text"], row["content"])


def _answer(row: dict[str, Any]) -> AnswerToTry:
    return AnswerToTry(
        answer_id=row["answer_id"],
        external_id=row["external_id"],
        question=row["question"],
        item_text=plain_text(row["content"]),
        text=row["text"],
        login=row["login"],
    )
