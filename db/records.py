"""What the stores hand out: frozen copies of rows, safe to use after the session is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from db.base import Base

__all__ = [
    "AgentRecord",
    "AnnotationRecord",
    "AnswerRecord",
    "DisputeRecord",
    "DraftCheckRecord",
    "DraftRecord",
    "GuidelineRecord",
    "ItemRecord",
    "JobRecord",
    "LeaseRecord",
    "ProjectRecord",
    "RubricRecord",
    "SchemaRecord",
    "SkillRecord",
    "SubsetRecord",
    "SuggestionRecord",
    "TimeObjectionRecord",
    "TokenRecord",
    "TurnRecord",
    "UserRecord",
    "VisitRecord",
    "record_of",
]


R = TypeVar("R")


def record_of(kind: type[R], row: Base) -> R:
    """A frozen `kind` with the columns of `row` that share its field names."""
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A person; `simulated` ones are made up and cannot log in."""

    id: int
    login: str
    name: str
    is_admin: bool
    simulated: bool
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenRecord:
    id: int
    user_id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    id: int
    name: str
    kind: str
    problem: str
    aggregation: str
    overlap: int
    agreement_target: float | None
    baseline: str
    preannotation_on: bool
    assistant_on: bool
    judge_on: bool
    control_share: float
    idle_seconds: int
    lease_seconds: int
    rubric_version_id: int | None
    workplace: Mapping[str, Any]
    simulated: bool
    sample_key: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SchemaRecord:
    id: int
    project_id: int
    number: int
    source: str
    document: Mapping[str, Any]
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GuidelineRecord:
    id: int
    project_id: int
    number: int
    text: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AgentRecord:
    id: int
    name: str
    kind: str
    configuration: Mapping[str, Any]
    hash: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One version of one thing to label."""

    id: int
    project_id: int
    external_id: str
    version: int
    is_current: bool
    content: Mapping[str, Any]
    meta: Mapping[str, Any]
    content_hash: str
    rubric_version_id: int | None
    open_slots: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SuggestionRecord:
    """What a model says about one question; `value` is a one-element list."""

    id: int
    item_id: int
    question: str
    value: list[Any]
    confidence: float | None
    confidence_source: str
    probabilities: Mapping[str, float] | None
    calibrated: bool
    calibrated_confidence: float | None
    near_match: str | None
    rationale: str
    examples: list[Any]
    model: str
    model_version: str
    builtin: bool
    simulated: bool
    planted: bool
    probe: bool
    details: Mapping[str, Any] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    id: int
    project_id: int
    item_id: int
    user_id: int
    slot: int
    state: str
    arm: str | None
    study_id: int | None
    study_position: int | None
    help: Mapping[str, bool] | None
    shown: Mapping[str, int]
    shown_at: datetime | None
    first_answers: Mapping[str, Any] | None
    orders: Mapping[str, list[Any]]
    visit_key: str
    form_token: str
    granted_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DraftRecord:
    item_id: int
    version: int
    answers: Mapping[str, Any]
    provenance: Mapping[str, Any]
    tab: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class AnnotationRecord:
    id: int
    project_id: int
    item_id: int
    user_id: int
    revision: int
    state: str
    skip_reason: str
    arm: str | None
    study_id: int | None
    late: bool
    form_token: str
    position: int
    simulated: bool
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """The answer to one question; `value` is a one-element list."""

    id: int
    annotation_id: int
    question: str
    value: list[Any]
    suggestion_id: int | None
    shown_at: datetime | None
    first_value: list[Any] | None
    shown_order: list[Any] | None
    provenance: Mapping[str, Any] | None
    draft_survival: float | None


@dataclass(frozen=True, slots=True)
class RubricRecord:
    id: int
    name: str
    version: int
    hash: str
    document: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TurnRecord:
    id: int
    conversation_id: int
    number: int
    request_id: str
    role: str
    text: str
    status: str
    model: str
    builtin: bool
    first_token_seconds: float | None
    total_seconds: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    action: str
    help_level: str
    section: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """One stay on one item; the parts of its ledger are seconds."""

    id: int
    project_id: int
    item_id: int
    user_id: int
    opened_at: datetime
    last_event_at: datetime
    idle_rule_seconds: int
    reading: float
    working: float
    chatting: float
    waiting_model: float
    waiting_judge: float
    idle: float
    hidden: float
    tabs: int
    stage: str
    outcome: str | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class JobRecord:
    id: int
    project_id: int | None
    """None for what a program asked for over HTTP."""
    kind: str
    agent_id: int | None
    spec: Mapping[str, Any]
    started_by: str
    paused: str | None
    budget_usd: float | None
    spent_usd: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SubsetRecord:
    """Items chosen by `query` at one moment."""

    id: int
    project_id: int
    name: str
    query: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SkillRecord:
    """How good an agent was on gold, for one question."""

    id: int
    agent: str
    model: str
    model_version: str
    question: str
    split: str
    n: int
    figures: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DraftCheckRecord:
    """A verdict on a draft, in the judge's outward shape."""

    id: int
    item_id: int
    user_id: int
    question: str
    text: str
    text_hash: str
    rubric_version_id: int
    verdict: Mapping[str, Any]
    seconds: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    id: int
    project_id: int
    verdict_id: int
    criterion: str
    user_id: int
    reason: str
    state: str
    level: int | None
    decision: str
    decided_by: int | None
    decided_at: datetime | None
    seen_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TimeObjectionRecord:
    id: int
    visit_id: int
    reason: str
    answer: str
    left_out: bool
    answered_by: str
    answered_at: datetime | None
    created_at: datetime
