"""What may be concluded from a study, in sentences: never more than its plan, its control and its interval carry."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "concluded"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the sentence is made of."""

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
    quality: tuple[float, float, float] | None
    """Difference of the share right with its interval, where it is known; beside a claim about time."""


def concluded(found: Finding) -> str:
    """One to three sentences. A comparison without control concludes nothing about help, whatever its numbers."""
    if found.design == "before/after":
        return (
            "Nothing can be concluded about help: this is a before/after comparison without a control group, and practice, other "
            "items and the calendar cannot be told apart from it."
        )
    if found.state == "draft":
        return "Nothing can be concluded: the study has not started."
    if found.value is None or found.low is None or found.high is None:
        return f"Nothing can be concluded: {found.reason}."
    sentences = [_about_help(found)]
    if found.figure == "time":
        sentences.append(_about_quality(found.quality))
    if found.state == "running":
        sentences.insert(0, "Interim, and no ground for a decision: the study is still running.")
    elif not found.by_rule:
        sentences.append(
            "The study was stopped before its rule was met; when to stop may have been chosen by what was seen, so the interval promises more than it holds."
        )
    return " ".join(sentences)


def _about_help(found: Finding) -> str:
    assert found.value is not None and found.low is not None and found.high is not None
    shown = f"{found.value:+.1%} [{found.low:+.1%}, {found.high:+.1%}]"
    what = "handling time" if found.figure == "time" else "the share of right answers"
    size = abs(found.smallest)
    if found.low <= 0 <= found.high:
        if -size < found.low and found.high < size:
            return f"Help changes {what} by less than the {size:.0%} that would matter, if at all: {shown}."
        return (
            f"It is open whether help changes {what}: {shown}. The interval holds no change as well as changes that would matter "
            f"({found.smallest:+.0%})."
        )
    direction = "lowers" if found.value < 0 else "raises"
    near = min(abs(found.low), abs(found.high))
    wanted = (found.value < 0) == (found.smallest < 0)
    if not wanted:
        return f"Help {direction} {what}: {shown}. What was hoped for was a change of {found.smallest:+.0%}."
    if near >= size:
        return f"Help {direction} {what} by at least the {size:.0%} that would matter: {shown}."
    if max(abs(found.low), abs(found.high)) < size:
        return f"Help {direction} {what}, but by less than the {size:.0%} that would matter: {shown}."
    return f"Help {direction} {what}: {shown}. Whether by the {size:.0%} that would matter is open."


def _about_quality(quality: tuple[float, float, float] | None) -> str:
    if quality is None:
        return "Whether quality changed is not known, so the time alone decides nothing."
    value, low, high = quality
    shown = f"{100 * value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}] in the share right"
    if high < 0:
        return f"Quality fell beside it: {shown}."
    if low > 0:
        return f"Quality rose beside it: {shown}."
    return f"No change of quality was shown, which does not prove that there is none: {shown}."
