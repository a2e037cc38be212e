"""Whether a confidence means what it says, and a map that makes it mean it (Platt 1999; Guo et al. 2017; Kumar,
Liang and Ma 2019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["FEWEST", "Calibration", "Platt", "calibration_error", "fit_platt", "measure"]

FEWEST = 30
"""Items with a known answer below which no map is fitted."""
_BINS = 15
_DRAWS = 500
_EDGE = 1e-3
_PRIOR = 1.0


@dataclass(frozen=True, slots=True)
class Platt:
    """p = 1 / (1 + exp(-(slope * logit(confidence) + intercept)))."""

    slope: float
    intercept: float
    n: int

    def of(self, confidence: float) -> float:
        score = self.slope * _logit(confidence) + self.intercept
        return float(1 / (1 + np.exp(-score)))

    def to_json(self) -> dict[str, Any]:
        return {"method": "platt", "slope": self.slope, "intercept": self.intercept, "n": self.n}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Platt":
        return cls(float(document["slope"]), float(document["intercept"]), int(document["n"]))


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidences are from how often they are right."""

    n: int
    error: float
    """Expected calibration error over 15 bins of equal width."""
    chance: float
    """What that error reaches in 95 % of draws with perfectly calibrated confidences: it is never 0 by itself."""
    brier: float


def _logit(confidence: float | np.ndarray) -> Any:
    clipped = np.clip(confidence, _EDGE, 1 - _EDGE)
    return np.log(clipped / (1 - clipped))


def fit_platt(confidences: Sequence[float], right: Sequence[bool]) -> Platt | None:
    """The map for these confidences; None below FEWEST, or when all or none are right.

    The two outcomes are shrunk toward each other by one success and one failure (Platt's targets), and a slope
    below 0, which would turn sure into unsure, is taken as 0.
    """
    n, hits = len(right), sum(right)
    if n < FEWEST or hits in (0, n):
        return None
    from scipy.optimize import minimize

    x = _logit(np.asarray(confidences, float))
    high, low = (hits + _PRIOR) / (hits + 2 * _PRIOR), _PRIOR / (n - hits + 2 * _PRIOR)
    target = np.where(np.asarray(right, bool), high, low)

    def loss(theta: np.ndarray) -> float:
        score = theta[0] * x + theta[1]
        return float(np.sum(np.logaddexp(0, score) - target * score))

    start = np.array([1.0, 0.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0, None), (None, None)])
    return Platt(float(found.x[0]), float(found.x[1]), n)


def calibration_error(confidences: np.ndarray, right: np.ndarray) -> float:
    """Sum over bins of (share of the bin) * |share right - mean confidence|, bins ((b-1)/15, b/15]."""
    places = np.clip(np.ceil(confidences * _BINS).astype(int) - 1, 0, _BINS - 1)
    counts = np.bincount(places, minlength=_BINS)
    gaps = np.abs(
        np.bincount(places, right, minlength=_BINS) - np.bincount(places, confidences, minlength=_BINS)
    )
    return float(gaps[counts > 0].sum() / len(confidences))


def measure(confidences: Sequence[float], right: Sequence[bool], *, seed: int = 0) -> Calibration | None:
    """None without any confidence."""
    if not confidences:
        return None
    known, hits = np.asarray(confidences, float), np.asarray(right, float)
    draws = np.random.default_rng(seed).random((_DRAWS, len(known))) < known
    null = [calibration_error(known, draw.astype(float)) for draw in draws]
    return Calibration(
        len(known),
        calibration_error(known, hits),
        float(np.quantile(null, 0.95)),
        float(np.mean((known - hits) ** 2)),
    )
