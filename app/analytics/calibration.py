"""Whether a confidence means what it says (Guo et al. 2017; Kumar, Liang and Ma 2019)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.analytics.intervals import wilson

__all__ = ["Bin", "Calibration", "calibration_error", "measure", "reliability"]

_BINS = 15
_SHOWN_BINS = 10
_DRAWS = 500


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidences are from how often they are right."""

    n: int
    error: float
    """Expected calibration error over 15 bins of equal width."""
    chance: float
    """What that error reaches in 95 % of draws with perfectly calibrated confidences: it is never 0 by itself."""
    brier: float
    """Mean squared distance of confidence and outcome, 0 to 1, the lower the better; p (1 - p) for saying the share of
    right ones p each time."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers with about the same confidence."""

    n: int
    confidence: float
    """Mean."""
    right: float
    """Share, 0 to 1."""
    interval: tuple[float, float]
    """95 % interval of that share (Wilson)."""


def _places(confidences: NDArray[np.float64], bins: int) -> NDArray[np.intp]:
    """Bin of each: ((b-1)/bins, b/bins], and 0 in the first."""
    places: NDArray[np.intp] = np.clip(np.ceil(confidences * bins).astype(int) - 1, 0, bins - 1)
    return places


def calibration_error(confidences: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Sum over bins of (share of the bin) * |share right - mean confidence|, bins ((b-1)/15, b/15]."""
    places = _places(confidences, _BINS)
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


def reliability(confidences: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """What a reliability diagram draws: ten bins of equal width, empty ones left out, the least sure first."""
    known, hits = np.asarray(confidences, float), np.asarray(right, float)
    places = _places(known, _SHOWN_BINS)
    found = []
    for place in np.unique(places):
        inside = places == place
        n, correct = int(inside.sum()), float(hits[inside].sum())
        found.append(Bin(n, float(known[inside].mean()), correct / n, wilson(correct, n) or (0.0, 1.0)))
    return found
