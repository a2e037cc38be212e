"""One rubric, one submission, one verdict; totals are computed here and never asked of a model."""

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence

from pydantic import BaseModel

from judge.checks import run_check
from judge.evidence import locate
from judge.llm import Answered, Failed, Gateway, Parameters
from judge.prompting import PROMPT_VERSION, CriterionReply, build_messages, replies, reply_model
from judge.types import CriterionResult, Scored, Submission, Unscored, Verdict
from rubrics.schema import Criterion, Rubric, rubric_hash

__all__ = ["BUILT_IN", "Judge", "score_many"]

BUILT_IN = "built-in checks"
"""The model's name in a verdict that no language model had a part in."""

_PER_CALL = 10
"""Criteria in one request; beyond that replies grow long and the later ones suffer."""

_NO_MODEL = (
    "This criterion needs a language model and none is set up. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a "
    "local server, and MILO_MODEL; then start again."
)


class Judge:
    """Judges submissions on one rubric.

    Without a gateway the deterministic criteria are scored and the others are unscored with that reason: a
    level is never guessed.
    """

    def __init__(
        self, rubric: Rubric, gateway: Gateway | None, *, parameters: Parameters | None = None
    ) -> None:
        self.rubric = rubric
        self.gateway = gateway
        self.parameters = parameters or Parameters()
        self._hash = rubric_hash(rubric)
        asked = tuple(criterion for criterion in rubric.criteria if criterion.check is None)
        self._parts = [asked[start : start + _PER_CALL] for start in range(0, len(asked), _PER_CALL)]

    async def score(self, submission: Submission) -> Verdict:
        """The verdict on one submission. Never raises for what a model did or did not say."""
        results: dict[str, CriterionResult] = {
            criterion.id: run_check(criterion, submission)
            for criterion in self.rubric.criteria
            if criterion.check is not None
        }
        outcomes = []
        for part in self._parts:
            if not submission.response.strip():
                results |= {
                    c.id: Unscored(c.id, "empty_response", "There is no answer to judge.") for c in part
                }
            elif self.gateway is None:
                results |= {c.id: Unscored(c.id, "needs_language_model", _NO_MODEL) for c in part}
            else:
                outcome = await self._ask(self.gateway, part, submission)
                outcomes.append(outcome)
                results |= _read(part, outcome, submission)
        return self._verdict(
            submission, [results[criterion.id] for criterion in self.rubric.criteria], outcomes
        )

    async def _ask(
        self, gateway: Gateway, part: tuple[Criterion, ...], submission: Submission
    ) -> Answered[BaseModel] | Failed:
        # The seed follows from what is judged: the same submission is asked the same way each time.
        seed = zlib.crc32(f"{self._hash}:{submission.response}".encode())
        messages = build_messages(self.rubric, part, submission, seed=seed)
        return await gateway.structured(messages, reply_model(part), parameters=self.parameters)

    def _verdict(
        self,
        submission: Submission,
        results: Sequence[CriterionResult],
        outcomes: Sequence[Answered[BaseModel] | Failed],
    ) -> Verdict:
        total = self._total(results)
        pass_mark = self.rubric.pass_mark
        usages = [outcome.usage for outcome in outcomes if outcome.usage]
        raws = [outcome.raw for outcome in outcomes if outcome.raw]
        return Verdict(
            id=submission.id,
            criteria=tuple(results),
            total=total,
            passed=None if total is None or pass_mark is None else total >= pass_mark,
            rubric_name=self.rubric.name,
            rubric_version=self.rubric.version,
            rubric_hash=self._hash,
            model=outcomes[0].model if outcomes else BUILT_IN,
            usage=sum(usages[1:], usages[0]) if usages else None,
            prompt_version=PROMPT_VERSION,
            parameters={
                "temperature": self.parameters.temperature,
                "max_tokens": self.parameters.max_tokens,
                "seed": self.parameters.seed,
            },
            raw="\n".join(raws) or None,
        )

    def _total(self, results: Sequence[CriterionResult]) -> float | None:
        """Weighted mean of the scored levels, each scaled to 0..1 between its worst and best.

        None while a required criterion is unscored, and when nothing is scored. Optional criteria that are
        unscored are left out of the mean, never counted as 0.
        """
        weighted = weights = 0.0
        for criterion, result in zip(self.rubric.criteria, results, strict=True):
            if isinstance(result, Unscored):
                if criterion.required:
                    return None
                continue
            worst, best = criterion.levels[0].value, criterion.levels[-1].value
            weighted += criterion.weight * (result.level - worst) / (best - worst)
            weights += criterion.weight
        return weighted / weights if weights else None


def _read(
    part: tuple[Criterion, ...], outcome: Answered[BaseModel] | Failed, submission: Submission
) -> dict[str, CriterionResult]:
    if isinstance(outcome, Failed):
        said = f"The judge model gave no verdict ({outcome.kind}): {outcome.detail}"
        return {criterion.id: Unscored(criterion.id, outcome.kind, said) for criterion in part}
    said_about = replies(part, outcome.value)
    return {criterion.id: _criterion(criterion, said_about[criterion.id], submission) for criterion in part}


def _criterion(criterion: Criterion, reply: CriterionReply, submission: Submission) -> CriterionResult:
    evidence = tuple(locate(quote, submission) for quote in reply.evidence if quote.strip())
    if reply.level not in {level.value for level in criterion.levels}:
        return Unscored(criterion.id, "off_scale", f"The judge model gave level {reply.level!r}.", evidence)
    return Scored(criterion.id, reply.level, reply.rationale, evidence, reply.suggestion)


async def score_many(
    judge: Judge, submissions: Iterable[Submission], *, in_flight: int = 64
) -> AsyncIterator[Verdict]:
    """Verdicts in the order of the submissions, with at most `in_flight` under way."""
    waiting: deque[asyncio.Task[Verdict]] = deque()
    try:
        for submission in submissions:
            waiting.append(asyncio.ensure_future(judge.score(submission)))
            if len(waiting) >= in_flight:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
