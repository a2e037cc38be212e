"""The language model before the person: one item in, suggestions out.

One call answers every question. Where an agent wants to know how stable an answer is, the item is asked about
several times, with the options and the sides of a pair in other orders or the prompt in other words, and the share
that agrees is the confidence. An answer that is no answer of the schema is not stored; it is counted.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
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
from app.agents.prompt_words import WORDINGS
from app.schema import PairwiseQuestion, TextQuestion
from judge.llm import Answered, Attempt, Failed, Gateway, Parameters, Usage

__all__ = [
    "Confidence",
    "ConfidenceFunction",
    "ConfidenceSource",
    "FunctionFailedError",
    "Labelled",
    "SamplesDiffer",
    "label_item",
]

Confidence = Literal["stated", "label_tokens", "samples", "function"]
"""Where an agent wants its confidences from."""
ConfidenceSource = Literal["stated", "label_tokens", "samples", "function", "none"]
SamplesDiffer = Literal["options", "wording"]
ConfidenceFunction = Callable[[str, Mapping[str, Any]], Mapping[str, float]]
"""(the model's reply as it came, question -> the value read from it) -> question -> confidence from 0 to 1; a
question that is left out has none."""


class FunctionFailedError(Exception):
    """An own confidence function raised, or gave what is no confidence."""


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
    source: Confidence = "stated",
    samples: int = 1,
    differ: SamplesDiffer = "options",
    both_orders: bool = False,
    function: ConfidenceFunction | None = None,
) -> Labelled | Failed:
    """Ask the model about one item; every failure of the call is a value.

    With `samples` above one, or `both_orders` and a pair among the questions, the item is asked about repeatedly
    and the majority stands; the first that fails for good ends it. `function` is for `source="function"`, and is
    asked about every reply by itself; raises FunctionFailedError when it fails.
    """
    parameters = replace(parameters, token_probabilities=source == "label_tokens")
    found: list[Labelled] = []
    for variant in _variants(request, samples, differ, both_orders):
        one = await _ask(variant, gateway, parameters, source, function)
        if isinstance(one, Failed):
            return one if not found else replace(one, usage=_sum([*(row.usage for row in found), one.usage]))
        found.append(one)
    return found[0] if len(found) == 1 else _merged(request, found)


def _variants(
    request: LabelRequest, samples: int, differ: SamplesDiffer, both_orders: bool
) -> list[LabelRequest]:
    """The first is the prompt as it stands; by wording, the order of options changes too once every wording was used."""
    pair = any(isinstance(question, PairwiseQuestion) for question in request.schema.questions)
    variants = []
    for number in range(samples):
        wording, order = (number % WORDINGS, number // WORDINGS) if differ == "wording" else (0, number)
        one = replace(
            request,
            style=replace(request.style, wording=(request.style.wording + wording) % WORDINGS),
            option_seed=request.option_seed if order == 0 else (request.option_seed or 0) + order,
        )
        variants.append(one)
        if both_orders and pair:
            variants.append(replace(one, sides=tuple(reversed(request.sides))))
    return variants


async def _ask(
    request: LabelRequest,
    gateway: Gateway,
    parameters: Parameters,
    source: Confidence,
    function: ConfidenceFunction | None,
) -> Labelled | Failed:
    messages = build_messages(request, nonce=secrets.token_hex(8))
    shape = reply_model(request.schema, near=request.near)
    outcome = await gateway.structured(messages, shape, parameters=parameters)
    if isinstance(outcome, Failed):
        if outcome.kind != "invalid" or not outcome.raw:
            return outcome
        suggestions, invalid = salvage(request, outcome.raw)
        stated: ConfidenceSource = "stated"
        if source == "function":
            suggestions, stated = _by_function(suggestions, outcome.raw, function)
    else:
        suggestions, invalid = read_reply(request, outcome.value)
        suggestions, stated = _with_confidence(request, suggestions, outcome, source, function)
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
    source: Confidence,
    function: ConfidenceFunction | None,
) -> tuple[list[Suggested], ConfidenceSource]:
    if source == "function":
        return _by_function(suggestions, outcome.raw, function)
    if source != "label_tokens":
        return suggestions, "stated"
    known = token_confidences(request.schema, outcome.raw, outcome.tokens or ())
    return [replace(row, confidence=known.get(row.question)) for row in suggestions], (
        "label_tokens" if known else "none"
    )


def _by_function(
    suggestions: list[Suggested], raw: str, function: ConfidenceFunction | None
) -> tuple[list[Suggested], ConfidenceSource]:
    if function is None:
        raise FunctionFailedError("the agent names no confidence function")
    try:
        found = function(raw, {row.question: row.value for row in suggestions})
        known = {question: float(value) for question, value in found.items()}
    except Exception as error:  # it is somebody else's code
        raise FunctionFailedError(f"{type(error).__name__}: {error}") from error
    outside = {question: value for question, value in known.items() if not 0 <= value <= 1}
    if outside:
        raise FunctionFailedError(f"no confidences from 0 to 1: {outside}")
    return [replace(row, confidence=known.get(row.question)) for row in suggestions], "function"


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
