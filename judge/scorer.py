"""One rubric, one submission, one verdict; totals are computed here and never asked of a model."""

import asyncio
import secrets
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel

from judge.checks import run_check
from judge.evidence import locate
from judge.flags import flags_of
from judge.llm import Answered, Failed, Gateway, Message, Parameters
from judge.merging import merge
from judge.prompting import (
    ONE_BY_ONE,
    PROMPT_VERSION,
    ConditionalReply,
    CriterionReply,
    build_messages,
    field_name,
    replies,
    reply_model,
    salvage,
)
from judge.token_levels import expected_levels
from judge.types import CriterionResult, Scored, Submission, Unscored, Verdict
from rubrics.schema import Criterion, Rubric, rubric_hash

__all__ = ["BUILT_IN", "Judge", "Scoring", "Together", "dealt_order", "score_many", "total_of"]

BUILT_IN = "built-in checks"
"""The model's name in a verdict that no language model had a part in."""
Scoring = Literal["level", "probabilities"]
"""What counts: the level that the reply names, or the mean over the probabilities of its token."""
Together = Literal["all", "one"]
"""Criteria in a request: all that fit, or one at a time."""

_PER_CALL = 10
"""Criteria in one request; beyond that replies grow long and the later ones suffer."""
_ORDERS = 4
"""Orders of criteria and levels that answers are dealt to: enough to take most of the order's bias out of an
average, few enough that a provider's cache keeps their prompts."""
_AHEAD = 8
"""Times `in_flight` that verdicts may be ahead of the one that is next in order: a slow reply holds nobody up."""

_NO_MODEL = (
    "This criterion needs a language model and none is set up. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a "
    "local server, and MILO_MODEL; then start again."
)


@dataclass(frozen=True, slots=True)
class _Reply:
    """What one request brought, and the mark that its submission stood in."""

    outcome: Answered[BaseModel] | Failed
    nonce: str


class Judge:
    """Judges submissions on one rubric.

    Without a gateway the deterministic criteria are scored and the others are unscored with that reason: a
    level is never guessed.
    """

    def __init__(
        self,
        rubric: Rubric,
        gateway: Gateway | None,
        *,
        parameters: Parameters | None = None,
        samples: int = 1,
        scoring: Scoring = "level",
        together: Together = "all",
        order: int | None = None,
        guarded: bool = True,
    ) -> None:
        """`samples`: replies about each submission, in other orders of criteria and levels, whose mean counts.

        `order` puts one order in the place of the one that each answer is dealt; `guarded` is explained in
        `build_messages`. Both are for measuring the judge itself.
        """
        if samples < 1:
            raise ValueError(f"samples: at least one, not {samples}")
        self.rubric = rubric
        self.gateway = gateway
        self.samples = samples
        self.scoring = scoring
        self.together = together
        self.order = order
        self.guarded = guarded
        self.parameters = replace(parameters or Parameters(), token_probabilities=scoring == "probabilities")
        self._hash = rubric_hash(rubric)
        asked = tuple(criterion for criterion in rubric.criteria if criterion.check is None)
        size = 1 if together == "one" else _PER_CALL
        self._parts = [asked[start : start + size] for start in range(0, len(asked), size)]

    @property
    def requests_each(self) -> int:
        """Requests about one answer that is not empty."""
        return len(self._parts) * self.samples if self.gateway else 0

    async def score(self, submission: Submission) -> Verdict:
        """The verdict on one submission. Never raises for what a model did or did not say."""
        results: dict[str, CriterionResult] = {
            criterion.id: _by_rule(criterion, submission)
            for criterion in self.rubric.criteria
            if criterion.check is not None
        }
        outcomes: list[Answered[BaseModel] | Failed] = []
        for part in self._parts:
            if not submission.response.strip():
                results |= {
                    c.id: Unscored(c.id, "empty_response", "There is no answer to judge.") for c in part
                }
            elif self.gateway is None:
                results |= {c.id: Unscored(c.id, "needs_language_model", _NO_MODEL) for c in part}
            else:
                found = await self._ask_each(self.gateway, part, submission)
                outcomes += [reply.outcome for reply in found]
                read = [self._read(part, reply, submission) for reply in found]
                results |= {c.id: merge(c, [one[c.id] for one in read], "mean_of_samples") for c in part}
        return self._verdict(
            submission, [results[criterion.id] for criterion in self.rubric.criteria], outcomes
        )

    def requests(self, submission: Submission) -> list[list[Message]]:
        """The messages of every request about a submission for its first replies, word for word but for the mark
        around the submission, which is drawn anew for each request. None for a rubric that is all rules.
        """
        return [self._messages(part, submission, 0, secrets.token_hex(8)) for part in self._parts]

    def _messages(
        self, part: tuple[Criterion, ...], submission: Submission, number: int, nonce: str
    ) -> list[Message]:
        order = self.order
        seed = dealt_order(self._hash, submission.response, number) if order is None else order + number
        return build_messages(self.rubric, part, submission, seed=seed, nonce=nonce, guarded=self.guarded)

    async def _ask_each(
        self, gateway: Gateway, part: tuple[Criterion, ...], submission: Submission
    ) -> Sequence[_Reply]:
        if self.samples == 1:  # a task of its own would cost more than the prompt
            return [await self._ask(gateway, part, submission, 0)]
        numbers = range(self.samples)
        return await asyncio.gather(*(self._ask(gateway, part, submission, number) for number in numbers))

    async def _ask(
        self, gateway: Gateway, part: tuple[Criterion, ...], submission: Submission, number: int
    ) -> _Reply:
        nonce = secrets.token_hex(8)
        messages = self._messages(part, submission, number, nonce)
        outcome = await gateway.structured(messages, reply_model(part), parameters=self.parameters)
        return _Reply(outcome, nonce)

    def _read(
        self, part: tuple[Criterion, ...], reply: _Reply, submission: Submission
    ) -> dict[str, CriterionResult]:
        outcome = reply.outcome
        if isinstance(outcome, Failed):
            said = f"The judge model gave no verdict ({outcome.kind}): {outcome.detail}"
            kept = salvage(part, outcome.raw) if outcome.kind == "invalid" and outcome.raw else {}
            return {
                criterion.id: _criterion(criterion, kept[criterion.id], submission, reply.nonce, None)
                if criterion.id in kept
                else Unscored(criterion.id, outcome.kind, said)
                for criterion in part
            }
        said_about = replies(part, outcome.value)
        expected: dict[str, float] = {}
        if self.scoring == "probabilities" and outcome.tokens:
            scales = {
                field_name(c): [level.value for level in c.levels] for c in part if c.scale != "nominal"
            }
            expected = expected_levels(outcome.raw, outcome.tokens, scales)
        return {
            criterion.id: _criterion(
                criterion,
                said_about[criterion.id],
                submission,
                reply.nonce,
                expected.get(field_name(criterion)),
            )
            for criterion in part
        }

    def _verdict(
        self,
        submission: Submission,
        results: Sequence[CriterionResult],
        outcomes: Sequence[Answered[BaseModel] | Failed],
    ) -> Verdict:
        total = total_of(self.rubric, results)
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
            prompt_version=PROMPT_VERSION if self.together == "all" else ONE_BY_ONE,
            parameters={
                "temperature": self.parameters.temperature,
                "max_tokens": self.parameters.max_tokens,
                "seed": self.parameters.seed,
                **({"samples": self.samples} if self.samples > 1 else {}),
                **({"scoring": self.scoring} if self.scoring != "level" else {}),
                **({"together": self.together} if self.together != "all" else {}),
                **({} if self.guarded else {"guarded": False}),
            },
            raw="\n".join(raws) or None,
            flags=flags_of(self.rubric, submission, results),
            requests=sum(len(outcome.attempts) for outcome in outcomes),
            failures=tuple(outcome for outcome in outcomes if isinstance(outcome, Failed)),
        )


def dealt_order(identity: str, response: str, number: int = 0) -> int:
    """Seed of the order in which criteria and levels stand in request `number` about this answer.

    `identity` is the rubric's hash. It follows from what is judged, so that the same answer is asked about the same way each time.
    """
    dealt = (zlib.crc32(response.encode()) + number) % _ORDERS
    return zlib.crc32(f"{identity}:{dealt if number < _ORDERS else number}".encode())


def total_of(rubric: Rubric, results: Sequence[CriterionResult]) -> float | None:
    """The total by the rubric's aggregation, 0 to 1; the results stand in the order of its criteria.

    None while a required criterion is unscored, and when nothing counts. Criteria that do not apply, optional ones
    that are unscored, and kinds without an order are left out, never counted as 0.
    """
    shares: list[tuple[Criterion, float]] = []
    for criterion, result in zip(rubric.criteria, results, strict=True):
        if criterion.scale == "nominal" or result.id != criterion.id:
            continue
        if isinstance(result, Unscored):
            if criterion.required and result.reason != "not_applicable":
                return None
            continue
        worst, best = criterion.levels[0].value, criterion.levels[-1].value
        shares.append((criterion, (result.value - worst) / (best - worst)))
    if not shares:
        return None
    if rubric.aggregation == "worst":
        return min(share for _, share in shares)
    if rubric.aggregation == "points":
        gained = sum((criterion.points or 0) * share for criterion, share in shares)
        to_gain = sum(max(criterion.points or 0, 0) for criterion, _ in shares)
        return min(1.0, max(0.0, gained / to_gain)) if to_gain else None
    return sum(c.weight * share for c, share in shares) / sum(c.weight for c, _ in shares)


def _by_rule(criterion: Criterion, submission: Submission) -> CriterionResult:
    result = run_check(criterion, submission)
    return replace(result, method="rule") if isinstance(result, Scored) else result


def _criterion(
    criterion: Criterion,
    reply: CriterionReply | ConditionalReply,
    submission: Submission,
    nonce: str,
    expected: float | None,
) -> CriterionResult:
    if isinstance(reply, ConditionalReply) and not reply.applicable:
        return Unscored(criterion.id, "not_applicable", reply.rationale)
    if any(nonce in words for words in (reply.rationale, reply.suggestion, *reply.evidence)):
        # A reply that repeats the frame it was given follows the answer's instructions, not ours.
        return Unscored(criterion.id, "repeats_instructions", "The judge model repeated its instructions.")
    evidence = tuple(locate(quote, submission) for quote in reply.evidence if quote.strip())
    if reply.level not in {level.value for level in criterion.levels}:
        return Unscored(criterion.id, "off_scale", f"The judge model gave level {reply.level!r}.", evidence)
    return Scored(
        criterion.id,
        reply.level,
        reply.rationale,
        evidence,
        reply.suggestion,
        score=expected,
        method="single" if expected is None else "token_probabilities",
    )


async def score_many(
    judge: Judge, submissions: Iterable[Submission], *, in_flight: int = 64
) -> AsyncIterator[Verdict]:
    """Verdicts in the order of the submissions, with at most `in_flight` under way."""
    room = asyncio.Semaphore(in_flight)

    async def one(submission: Submission) -> Verdict:
        async with room:
            return await judge.score(submission)

    waiting: deque[asyncio.Task[Verdict]] = deque()
    try:
        for submission in submissions:
            waiting.append(asyncio.ensure_future(one(submission)))
            if len(waiting) >= in_flight * _AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
