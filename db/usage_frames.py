"""What models were asked and how much of it: one row per answer of a language model, with model, tokens and day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import exists, false, select
from sqlalchemy.orm import Session

from db.models import (
    Annotation,
    Answer,
    Contradiction,
    Conversation,
    DraftCheck,
    Item,
    Lease,
    Suggestion,
    Turn,
    Verdict,
)

__all__ = ["JudgeUsage", "ModelUsage", "Part", "What", "judge_usage", "model_usage"]

Part = Literal["before", "beside"]
What = Literal["answers", "suggestions", "pairs", "drafts"]


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """One call about suggestions, however many questions it answered, or one message of the assistant."""

    part: Part
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    """As it was priced then."""


@dataclass(frozen=True, slots=True)
class JudgeUsage:
    """One verdict in which a language model had a part, or one comparison of two answers."""

    what: What
    about: int
    """Id of the answer, suggestion, comparison or check."""
    rubric_version_id: int | None
    model: str
    at: datetime
    prompt_tokens: int | None
    completion_tokens: int | None
    requests: int | None
    """That were really sent; None where that was not recorded."""
    together: str
    """`all`: one request for all criteria that fit, `one`: one for each."""
    samples: int


def _given(study_id: int | None, person: Any, item: Any) -> list[Any]:
    """Whether this person was given this item in the study; no condition without a study."""
    if study_id is None:
        return []
    return [exists().where(Lease.study_id == study_id, Lease.item_id == item, Lease.user_id == person)]


def _in_study(study_id: int | None) -> list[Any]:
    """Whether anybody was given the item in the study; no condition without a study."""
    if study_id is None:
        return []
    return [Item.id.in_(select(Lease.item_id).where(Lease.study_id == study_id))]


def model_usage(session: Session, project_id: int, *, study_id: int | None = None) -> Iterator[ModelUsage]:
    """Suggestions and chat. Of a study: the suggestions on all items that it gave out, withheld ones too, and what was
    said to people about those items.
    """
    calls = session.execute(
        select(Suggestion.call_id, Suggestion.details)
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Item.project_id == project_id,
            Suggestion.details.is_not(None),
            Suggestion.builtin.is_(False),
            *_in_study(study_id),
        )
    )
    # Every question of one call carries the usage of the whole call.
    by_call: dict[str | None, dict[str, Any]] = {call_id: details for call_id, details in calls if details}
    for details in by_call.values():
        yield ModelUsage(
            "before",
            details.get("prompt_tokens"),
            details.get("completion_tokens"),
            details.get("cost_usd"),
        )
    turns = session.execute(
        select(Turn.prompt_tokens, Turn.completion_tokens, Turn.cost_usd)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .join(Item, Item.id == Conversation.item_id)
        .where(
            Item.project_id == project_id,
            Turn.role == "assistant",
            Turn.builtin.is_(False),
            *_given(study_id, Conversation.user_id, Conversation.item_id),
        )
    )
    for prompt, completion, cost in turns:
        yield ModelUsage("beside", prompt, completion, cost)


def judge_usage(
    session: Session, project_id: int, *, without: str, study_id: int | None = None
) -> Iterator[JudgeUsage]:
    """Verdicts and comparisons of a project, those of the model called `without` (no model at all) and simulated ones
    left out. It does not rest on raw replies, which are deleted after their time.

    Of a study: what was said about the items that it gave out; comparisons of two people's answers are no part of it.
    """
    of_verdict = (
        Verdict.rubric_version_id,
        Verdict.model,
        Verdict.created_at,
        Verdict.usage,
        Verdict.parameters,
    )
    asked = (Verdict.model != without, Verdict.simulated.is_(False))
    answers = session.execute(
        select(Answer.id, *of_verdict)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(
            Annotation.project_id == project_id,
            *asked,
            *_given(study_id, Annotation.user_id, Annotation.item_id),
        )
    )
    for row in answers:
        yield _judged("answers", *row)
    suggestions = session.execute(
        select(Suggestion.id, *of_verdict)
        .join(Suggestion, Suggestion.id == Verdict.suggestion_id)
        .join(Item, Item.id == Suggestion.item_id)
        .where(Item.project_id == project_id, *asked, *_in_study(study_id))
    )
    for row in suggestions:
        yield _judged("suggestions", *row)
    pairs = session.execute(
        select(Contradiction.id, Contradiction.model, Contradiction.created_at, Contradiction.usage).where(
            Contradiction.project_id == project_id, *([] if study_id is None else [false()])
        )
    )
    for id_, model, at, usage in pairs:
        yield _judged("pairs", id_, None, model, at, usage, {})
    checks = session.execute(
        select(DraftCheck.id, DraftCheck.rubric_version_id, DraftCheck.created_at, DraftCheck.verdict)
        .join(Item, Item.id == DraftCheck.item_id)
        .where(Item.project_id == project_id, *_given(study_id, DraftCheck.user_id, DraftCheck.item_id))
    )
    for id_, rubric_version_id, at, verdict in checks:
        if verdict["model"] != without:
            yield _judged(
                "drafts", id_, rubric_version_id, verdict["model"], at, verdict.get("usage") or {}, {}
            )


def _judged(
    what: What,
    about: int,
    rubric_version_id: int | None,
    model: str,
    at: datetime,
    usage: Mapping[str, Any],
    parameters: Mapping[str, Any],
) -> JudgeUsage:
    return JudgeUsage(
        what,
        about,
        rubric_version_id,
        model,
        at,
        usage.get("prompt_tokens"),
        usage.get("completion_tokens"),
        usage.get("requests"),
        str(parameters.get("together", "all")),
        int(parameters.get("samples", 1)),
    )
