"""What may be concluded about help, in sentences: never more than plan, control and interval carry.

The first sentence is the one that a manager reads; it says time and quality together, on how many people, and at what cost.
"""

from dataclasses import dataclass
from typing import Literal

from app.analytics.effort import Effect
from app.analytics.paired import Paired
from app.services.costs import CostReport

__all__ = [
    "EQUAL_QUALITY",
    "FEWEST",
    "Finding",
    "Quality",
    "concluded",
    "cost_words",
    "in_short",
    "quality_of",
    "quality_unknown",
]

EQUAL_QUALITY = 0.05
"""Difference of the share right within which quality counts as equal where nobody wrote another down. By judgement."""

FEWEST = 6
"""People below whom nothing is concluded: if all of `k` people are faster, signs by chance give that, or the contrary, with
probability 2 / 2**k, which five leave above 5 %."""

Quality = tuple[float, float, float]
"""Difference of the share right, with help minus without, and its 95 % interval."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the sentences are made of."""

    design: str
    state: Literal["draft", "running", "stopped"]
    by_rule: bool
    """Whether it ended as its rule said."""
    figure: Literal["time", "quality"]
    value: float | None
    """Change of time as a share, or difference of shares right."""
    low: float | None
    high: float | None
    reason: str | None
    """Why there is no value, or no interval."""
    smallest: float
    """What would matter, as it was written down."""
    quality: Quality | None
    """Where it is known; beside a claim about time."""
    by_counts: tuple[float, float] | None
    """Interval of that difference from the numbers of answers alone (`effort.counted_difference`): where nearly every
    answer is right, people hardly differ, and the interval over them is too short to call quality equal.
    """
    quality_reason: str
    """Why it is not."""
    equal: float
    """Difference of the share right within which quality counts as equal."""
    people: int
    """Who have the measure both with and without help."""
    answers: int
    cost: str
    """What the models cost, in words."""


def concluded(found: Finding) -> tuple[str, str]:
    """The sentence to read first, and those that stand behind it. A comparison without control concludes nothing about
    help, whatever its numbers.
    """
    if found.design == "before/after":
        return (
            "Nothing can be concluded about help.",
            "This is a before/after comparison without a control group, and practice, other items and the calendar cannot be told "
            "apart from it.",
        )
    if found.state == "draft":
        return "Nothing can be concluded: the study has not started.", ""
    yet = " yet" if found.state == "running" else ""
    if found.value is None or found.low is None or found.high is None:
        return f"Nothing can be concluded{yet}: {found.reason}.", ""
    if found.people < FEWEST:
        return f"Nothing can be concluded{yet}: {_too_few(found.people)}.", ""
    first = _first(found, found.value, found.low, found.high)
    sentences = [_matters(found, found.low, found.high)]
    if found.figure == "time":
        sentences.append(_quality(found.quality, found.by_counts, found.equal, found.quality_reason))
    if found.state == "running":
        first = f"Interim, and no ground for a decision. {first}"
    elif not found.by_rule:
        sentences.append(
            "The study was stopped before its rule was met; when to stop may have been chosen by what was seen, so the interval "
            "promises more than it holds."
        )
    return first, " ".join(sentences)


def _too_few(people: int) -> str:
    return f"{people} people are too few; even if help changed the same for all of them, chance alone would do so too often (from {FEWEST} on not)"


def quality_of(difference: Paired) -> Quality | None:
    """The difference of the share right with its interval, where both are known."""
    if difference.difference is None or difference.low is None or difference.high is None:
        return None
    return difference.difference, difference.low, difference.high


def quality_unknown(difference: Paired) -> str:
    """Why there is no interval of the difference of quality."""
    if difference.n + difference.unpaired == 0:
        return "no answer could be compared with a known one"
    return difference.reason or ""


def in_short(
    effect: Effect, difference: Paired, by_counts: tuple[float, float] | None, cost: CostReport | None
) -> str:
    """What help changes in times that no plan was written down for, or why that cannot be said. `by_counts` as in `Finding`;
    `cost` is None where it is not known what models did.
    """
    if effect.change is None or effect.low is None or effect.high is None:
        return f"What help changes cannot be said: {effect.reason or effect.note}."
    if effect.n_both < FEWEST:
        return f"What help changes cannot be said yet: {_too_few(effect.n_both)}."
    quality = quality_of(difference)
    return (
        f"{_time(effect.change, effect.low, effect.high)}{_beside(quality, by_counts, EQUAL_QUALITY, open_=effect.low <= 0 <= effect.high)} on {effect.n_both} people and {effect.n:,} answers; "
        f"{cost_words(cost) if cost else 'what the models cost is not known'}. {_quality(quality, by_counts, EQUAL_QUALITY, quality_unknown(difference))}"
    )


def _first(found: Finding, value: float, low: float, high: float) -> str:
    on = f"on {found.people} people and {found.answers:,} answers; {found.cost}."
    if found.figure == "time":
        return f"{_time(value, low, high)}{_beside(found.quality, found.by_counts, found.equal, open_=low <= 0 <= high)} {on}"
    shown = f"{100 * value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
    if low <= 0 <= high:
        return f"It is open whether help changes the share of right answers: {shown} {on}"
    return f"Help {'raised' if value > 0 else 'lowered'} the share of right answers: {shown} {on}"


def _time(value: float, low: float, high: float) -> str:
    """What help does to time, without the full stop: `Help saved 8.8% [5.2%, 12.4%] of the handling time`."""
    if low <= 0 <= high:
        return (
            f"It is open whether help saves time: {value:+.1%} [{low:+.1%}, {high:+.1%}] of the handling time"
        )
    if value < 0:
        return f"Help saved {-value:.1%} [{-high:.1%}, {-low:.1%}] of the handling time"
    return f"Help cost {value:.1%} [{low:.1%}, {high:.1%}] more handling time"


def _within(low: float, high: float, equal: float) -> bool:
    return -equal < low and high < equal


def _beside(
    quality: Quality | None, by_counts: tuple[float, float] | None, equal: float, *, open_: bool
) -> str:
    """Quality as part of the first sentence, unless the change of time itself is open; what is not known is said in one of
    its own.
    """
    if quality is None or open_:
        return ""
    _, low, high = quality
    if _within(low, high, equal) and by_counts is not None and _within(*by_counts, equal):
        return " at equal quality"
    if high < 0:
        return ", and quality fell,"
    return ", and quality rose," if low > 0 else ", at a quality that may have changed,"


def _quality(
    quality: Quality | None, by_counts: tuple[float, float] | None, equal: float, reason: str
) -> str:
    """What stands behind the quality in the first sentence."""
    if quality is None:
        return f"Whether quality changed is not known ({reason}), so the time alone decides nothing."
    value, low, high = quality
    shown = f"{100 * value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}] in the share of right answers"
    if _within(low, high, equal):
        if by_counts is None or not _within(*by_counts, equal):
            wide = f" [{100 * by_counts[0]:+.1f}, {100 * by_counts[1]:+.1f}]" if by_counts else ""
            return f"Quality: {shown}; so few answers are known that a change of {100 * equal:g} points is not ruled out{wide}."
        return f"Quality: {shown}; equal means that the interval lies within {100 * equal:g} points."
    if high < 0:
        return f"Quality fell: {shown}."
    if low > 0:
        return f"Quality rose: {shown}."
    return f"Quality: {shown}; no change was shown, but one of more than {100 * equal:g} points is not ruled out."


def _matters(found: Finding, low: float, high: float) -> str:
    size = abs(found.smallest)
    wanted = f"{size:.0%}" if found.figure == "time" else f"{100 * size:g} points"
    if low <= 0 <= high:
        if -size < low and high < size:
            return f"If it changes anything, it is by less than the {wanted} that would matter."
        return f"The interval holds no change as well as one of the {wanted} that would matter."
    if (low < 0) != (found.smallest < 0):
        return (
            f"What was hoped for was {found.smallest:+.0%}."
            if found.figure == "time"
            else "That was not hoped for."
        )
    near, far = sorted((abs(low), abs(high)))
    if near >= size:
        return f"That is at least the {wanted} that would matter."
    if far < size:
        return f"That is less than the {wanted} that would matter."
    return f"Whether it is the {wanted} that would matter is open."


def cost_words(cost: CostReport) -> str:
    """What the models cost, as the end of a sentence."""
    calls = sum(role.calls for role in cost.roles)
    if not calls:
        return "no language model was paid for"
    if cost.usd is None:
        return f"what {calls:,} calls of language models cost is not known"
    return f"the models cost {cost.usd:.2f} USD"
