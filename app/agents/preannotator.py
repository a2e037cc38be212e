"""The language model before the person: one item in, suggestions out.

One call answers every question. Where an agent wants to know how stable an answer is, the item is asked about
several times, with the options and the sides of a pair in other orders, and the share that agrees is the
confidence. An answer that is no answer of the schema is not stored; it is counted.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from app.agents.label_prompt import LabelRequest, build_messages, prompt_hash
from app.agents.label_reply import (
    Invalid,
    Suggested,
    read_reply,
    reply_model,
    salvage,
    token_confidences,
)
from app.schema import PairwiseQuestion, TextQuestion
from judge.llm import Answered, Attempt, Failed, Gateway, Parameters, Usage

__all__ = ["ConfidenceSource", "Labelled", "label_item"]

ConfidenceSource = Literal["stated", "label_tokens", "samples", "none"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What became of one item."""

    suggestions: list[Suggested]
    invalid: list[Invalid]
    source: ConfidenceSource
    """Where the confidences come from; `none` when the endpoint gave none of the wanted kind."""
    model: str
    usage: Usage | None
    attempts: tuple[Attempt, ...]
    raw: str
    prompt_hash: str
    fingerprint: str
    """What the provider says of its own configuration; empty where it says nothing."""


async def label_item(
    request: LabelRequest,
    gateway: Gateway,
    *,
    parameters: Parameters,
    source: Literal["stated", "label_tokens", "samples"] = "stated",
    samples: int = 1,
    both_orders: bool = False,
) -> Labelled | Failed:
    """Ask the model about one item; every failure of the call is a value.

    With `samples` above one, or `both_orders` and a pair among the questions, the item is asked about repeatedly
    and the majority stands; the first that fails for good ends it.
    """
    parameters = replace(parameters, token_probabilities=source == "label_tokens")
    found: list[Labelled] = []
    for variant in _variants(request, samples, both_orders):
        one = await _ask(variant, gateway, parameters, source)
        if isinstance(one, Failed):
            return one if not found else replace(one, usage=_sum([*(row.usage for row in found), one.usage]))
        found.append(one)
    return found[0] if len(found) == 1 else _merged(request, found)


def _variants(request: LabelRequest, samples: int, both_orders: bool) -> list[LabelRequest]:
    pair = any(isinstance(question, PairwiseQuestion) for question in request.schema.questions)
    variants = []
    for number in range(samples):
        # The first is the prompt as it stands; the others differ in order alone.
        seed = request.option_seed if number == 0 else (request.option_seed or 0) + number
        one = replace(request, option_seed=seed)
        variants.append(one)
        if both_orders and pair:
            variants.append(replace(one, sides=tuple(reversed(request.sides))))
    return variants


async def _ask(
    request: LabelRequest,
    gateway: Gateway,
    parameters: Parameters,
    source: Literal["stated", "label_tokens", "samples"],
) -> Labelled | Failed:
    messages = build_messages(request, nonce=secrets.token_hex(8))
    shape = reply_model(request.schema, near=request.near)
    outcome = await gateway.structured(messages, shape, parameters=parameters)
    if isinstance(outcome, Failed):
        if outcome.kind != "invalid" or not outcome.raw:
            return outcome
        suggestions, invalid = salvage(request, outcome.raw)
        stated: ConfidenceSource = "stated"
    else:
        suggestions, invalid = read_reply(request, outcome.value)
        suggestions, stated = _with_confidence(request, suggestions, outcome, source)
    return Labelled(
        suggestions,
        invalid,
        stated,
        outcome.model,
        outcome.usage,
        outcome.attempts,
        outcome.raw or "",
        prompt_hash(request),
        outcome.fingerprint if isinstance(outcome, Answered) else "",
    )


def _with_confidence(
    request: LabelRequest,
    suggestions: list[Suggested],
    outcome: Answered[Any],
    source: Literal["stated", "label_tokens", "samples"],
) -> tuple[list[Suggested], ConfidenceSource]:
    if source != "label_tokens":
        return suggestions, "stated"
    known = token_confidences(request.schema, outcome.raw, outcome.tokens or ())
    return [replace(row, confidence=known.get(row.question)) for row in suggestions], (
        "label_tokens" if known else "none"
    )


def _merged(request: LabelRequest, found: Sequence[Labelled]) -> Labelled:
    """The majority of several answers to each question; the share that agrees is the confidence."""
    kinds = {question.id: question for question in request.schema.questions}
    suggestions = []
    for question in kinds:
        given = [row for one in found for row in one.suggestions if row.question == question]
        if not given:
            continue
        if isinstance(kinds[question], TextQuestion):  # no two texts are alike: nothing agrees or disagrees
            suggestions.append(replace(given[0], confidence=None))
            continue
        suggestions.append(_majority(kinds[question], given, of=len(found)))
    usages = [one.usage for one in found]
    return replace(
        found[0],
        suggestions=suggestions,
        invalid=[problem for one in found for problem in one.invalid],
        source="samples",
        usage=_sum(usages),
        attempts=tuple(attempt for one in found for attempt in one.attempts),
    )


def _majority(question: Any, given: Sequence[Suggested], *, of: int) -> Suggested:
    counts: dict[str, int] = {}
    for row in given:
        key = json.dumps(row.value, sort_keys=True)
        counts[key] = counts.get(key, 0) + 1
    most = max(counts.values())
    leaders = [key for key, count in counts.items() if count == most]
    if len(leaders) > 1 and isinstance(question, PairwiseQuestion) and question.tie:
        # The orders contradict each other: neither side is better as far as this model can tell.
        return Suggested(question.id, "tie", "The answer changed with the order of the two.", most / of)
    best = next(row for row in given if json.dumps(row.value, sort_keys=True) == leaders[0])
    return replace(best, confidence=most / of)


def _sum(usages: Sequence[Usage | None]) -> Usage | None:
    known = [usage for usage in usages if usage is not None]
    return sum(known[1:], known[0]) if known else None
