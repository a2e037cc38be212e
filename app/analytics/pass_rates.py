"""How many answers people would pass, from how many a judge passes and how often it errs both ways."""

from dataclasses import dataclass

import numpy as np

from app.analytics.intervals import wilson

__all__ = ["PassRate", "pass_rate"]

_FEWEST = 10
"""Scored answers of each kind, passed and not passed by people, below which the judge's errors are not known."""
_REPLICATES = 4_000


@dataclass(frozen=True, slots=True)
class PassRate:
    judged: int
    passed: int
    interval: tuple[float, float] | None
    """Of the share that the judge passed (Wilson)."""
    sensitivity: float | None
    """Share passed by the judge of those that people pass."""
    specificity: float | None
    """Share not passed by the judge of those that people do not pass."""
    corrected: float | None
    """Share that people would pass; None where the judge's errors are not known or it tells nothing apart."""
    low: float | None
    high: float | None
    reason: str | None


def pass_rate(judged: int, passed: int, both: tuple[int, int, int, int], *, seed: int = 7) -> PassRate:
    """`both`: answers that people and judge decided: (both pass, people only, judge only, neither).

    The estimator of Rogan and Gladen (Am. J. Epidemiol. 107, 1978); the interval redraws all three shares from
    their posteriors under a flat prior, so that it carries what is not known of the errors too.
    """
    hit, missed, wrong, right = both
    share = wilson(passed, judged)
    if judged == 0:
        return PassRate(0, 0, None, None, None, None, None, None, "nothing was judged")
    if hit + missed < _FEWEST or wrong + right < _FEWEST:
        reason = f"needs {_FEWEST} answers that people pass and {_FEWEST} that they do not"
        return PassRate(judged, passed, share, None, None, None, None, None, reason)
    sensitivity, specificity = hit / (hit + missed), right / (wrong + right)
    if sensitivity + specificity <= 1:
        reason = "the judge passes what people do not at least as often as what they do"
        return PassRate(judged, passed, share, sensitivity, specificity, None, None, None, reason)
    draw = np.random.default_rng(seed)
    p = draw.beta(passed + 1, judged - passed + 1, _REPLICATES)
    one = draw.beta(hit + 1, missed + 1, _REPLICATES)
    zero = draw.beta(right + 1, wrong + 1, _REPLICATES)
    usable = one + zero > 1
    corrected = np.clip((p + zero - 1)[usable] / (one + zero - 1)[usable], 0, 1)
    low, high = np.percentile(corrected, [2.5, 97.5])
    value = (passed / judged + specificity - 1) / (sensitivity + specificity - 1)
    return PassRate(
        judged,
        passed,
        share,
        sensitivity,
        specificity,
        min(1.0, max(0.0, value)),
        float(low),
        float(high),
        None,
    )
