"""Answers that are judged in the background: what the HTTP service needs of whoever keeps them.

The service knows no database and no queue. It hands over an order and asks how a job stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from judge.scorer import BUILT_IN, Together
from judge.types import Unscored, Verdict
from rubrics import Rubric, rubric_hash

__all__ = ["JobStatus", "Limits", "Order", "RemoteJob", "RemoteJobs", "unjudged"]

JobStatus = Literal["queued", "running", "paused", "finished"]
"""queued: nothing has begun. paused: nothing can be judged until somebody mends something. finished: nothing waits,
whether it was judged, failed or was cancelled."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold; judgement, and as large as keeps the pages quick."""

    at_once: int = 50
    """Submissions that are judged while the caller waits."""
    in_a_job: int = 10_000
    body_megabytes: int = 16


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants judged."""

    rubric: Rubric
    submissions: Sequence[Mapping[str, Any]]
    """As they were sent; each can be read by `Submission.from_json`."""
    samples: int
    together: Together
    key: str | None
    """What the caller calls the request, so that sending it again starts nothing new."""


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """How a job stands."""

    id: int
    status: JobStatus
    paused: str | None
    """Why it is paused, in words for people; None while it is not."""
    submissions: int
    counts: Mapping[str, int]
    """Status -> submissions."""
    prompt_tokens: int | None
    completion_tokens: int | None
    """So far, in all; None where calls have ended and the endpoint reports no tokens."""
    cost_usd: float | None
    """So far; None where calls have ended and no price is known."""
    calls_without_price: int
    """Calls that have ended and are not in the cost."""
    rubric: Rubric
    samples: int
    together: Together
    model: str
    """That is asked for; `built-in checks` where none is configured."""
    created_at: datetime
    lines: Sequence[Mapping[str, Any]]
    """Of the submissions that were asked for, in their order: verdicts, and {id, status: waiting}."""


class RemoteJobs(Protocol):
    """Whoever keeps jobs. `caller` is whose the token is; a job that is not theirs does not exist for them."""

    def start(self, caller: str, order: Order) -> int:
        """Keep the order and begin; the same key gives the same job. Returns its id.

        Raises KeyTaken, TooManyWaiting.
        """

    def state(self, caller: str, job_id: int, *, first: int, count: int) -> RemoteJob | None:
        """How the job stands, with what became of `count` submissions from place `first` on."""

    def cancel(self, caller: str, job_id: int) -> bool:
        """Judge none of it any more; verdicts that exist stay. False where there is no such job."""


def unjudged(rubric: Rubric, submission_id: str, reason: str, said: str, model: str = BUILT_IN) -> Verdict:
    """The verdict on a submission that never was judged: every criterion is unscored for the same reason.

    `reason` is one word for machines, `said` the sentence for people.
    """
    return Verdict(
        id=submission_id,
        criteria=tuple(Unscored(criterion.id, reason, said) for criterion in rubric.criteria),
        total=None,
        passed=None,
        rubric_name=rubric.name,
        rubric_version=rubric.version,
        rubric_hash=rubric_hash(rubric),
        model=model,
        usage=None,
        prompt_version="",
    )
