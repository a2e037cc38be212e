"""What goes over HTTP, as programs find it described in openapi.json. A verdict has the shape of every other door."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = [
    "JobAccepted",
    "JobReply",
    "JudgeReply",
    "JudgeRequest",
    "Problem",
    "RubricLine",
]

_MOST_SAMPLES = 20


class JudgeRequest(BaseModel):
    """One rubric and the answers to judge on it."""

    model_config = ConfigDict(extra="forbid")

    rubric: str | dict[str, JsonValue] = Field(
        description="A rubric's name, or a rubric itself: ours, or a Prometheus one."
    )
    submissions: list[dict[str, JsonValue]] = Field(
        min_length=1, description="Each {id, prompt, response, reference?, context?, images?}."
    )
    samples: int | None = Field(
        None,
        ge=1,
        le=_MOST_SAMPLES,
        description="Replies about each submission, whose mean counts; by default 1 while the caller waits, 3 in a job.",
    )
    together: Literal["all", "one"] = Field(
        "all", description="Criteria in one request to the model: all that fit, or one at a time."
    )
    idempotency_key: str | None = Field(
        None,
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Your name for this request; a job that was started under it is not started again.",
    )


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EvidenceLine(_Reply):
    quote: str
    start: int | None = Field(description="In code points of the text that `source` names.")
    end: int | None
    source: Literal["response", "prompt", "reference", "context", "none"]
    verified: bool = Field(description="Whether the words stand in the response itself.")


class CriterionLine(_Reply):
    id: str
    level: int | None = Field(description="Null where the criterion is unscored.")
    reason: str = Field("", description="Why it is unscored; only there when it is.")
    score: float = Field(0, description="What counts in the total; only there when it is scored.")
    score_method: Literal["rule", "single", "mean_of_samples", "token_probabilities", "panel"] = "rule"
    samples: list[int | None] = Field([], description="The level of each reply, where there were several.")
    rationale: str
    evidence: list[EvidenceLine]
    suggestion: str


class RubricName(_Reply):
    name: str
    version: int
    hash: str


class Tokens(_Reply):
    prompt_tokens: int
    completion_tokens: int


class VerdictLine(_Reply):
    """The result on one submission; unscored is a result too."""

    id: str
    status: Literal["scored", "unscored"]
    reason: str = Field("", description="Why there is no total; only there when there is none.")
    criteria: list[CriterionLine]
    total: float | None = Field(description="From 0 to 1.")
    passed: bool | None
    rubric: RubricName
    model: str
    usage: Tokens | None
    flags: list[str] = Field(description="Why a person should look.")


class WaitingLine(_Reply):
    """A submission that has no verdict yet."""

    id: str
    status: Literal["waiting"]


Line = Annotated[VerdictLine | WaitingLine, Field(discriminator="status")]


class JudgeReply(_Reply):
    """One verdict per submission, in the same order."""

    verdicts: list[VerdictLine]


class JobAccepted(_Reply):
    """The answers are judged in the background."""

    id: int
    address: str = Field(description="Where the job is asked after; also in the header Location.")
    submissions: int


class Counts(_Reply):
    queued: int = 0
    running: int = 0
    paused: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0


class JobReply(_Reply):
    """How a job stands, and the verdicts that were asked for."""

    id: int
    address: str
    status: Literal["queued", "running", "paused", "finished"]
    paused: str | None = Field(description="Why nothing is judged at present; null while it is.")
    submissions: int
    counts: Counts
    prompt_tokens: int | None = Field(description="So far; null where the endpoint reports none.")
    completion_tokens: int | None
    cost_usd: float | None = Field(description="So far; null where the price is not known.")
    calls_without_price: int
    rubric: RubricName
    samples: int
    together: Literal["all", "one"]
    model: str
    created_at: datetime
    verdicts: list[Line] = Field(description="From place `from` on, in the order of the submissions.")
    next: int | None = Field(description="The `from` that goes on where these end; null after the last one.")


class RubricLine(_Reply):
    name: str
    title: str
    version: int
    hash: str
    criteria: int


class Problem(BaseModel):
    """What was wrong with the request."""

    detail: str
