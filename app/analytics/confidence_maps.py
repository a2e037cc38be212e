"""Maps from a raw confidence to the chance of being right, fitted where the answer is known.

Platt (1999) moves and stretches the log odds; temperature (Guo et al. 2017) only stretches them; isotonic regression
(Zadrozny and Elkan 2002) keeps their order alone and needs many answers for it. Which one is used is decided by the
log loss on answers that were left out of the fit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST", "FEWEST_ISOTONIC", "ConfidenceMap", "Fitted", "fit_maps", "map_of"]

FEWEST: Final = 30
"""Answers with a known truth below which no map is fitted."""
FEWEST_ISOTONIC: Final = 1_000
"""A step function follows chance with fewer."""
_FOLDS = 5
_EDGE = 1e-3
_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool]


class ConfidenceMap(Protocol):
    def of(self, confidence: float) -> float:
        """The chance that an answer of this confidence is right, 0 to 1."""
        ...

    def to_json(self) -> dict[str, Any]: ...


_Fit = Callable[[_Floats, _Bools], ConfidenceMap]


def _logit(confidence: Any) -> Any:
    clipped = np.clip(confidence, _EDGE, 1 - _EDGE)
    return np.log(clipped / (1 - clipped))


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The confidence itself, where no map predicts better."""

    def of(self, confidence: float) -> float:
        return confidence

    def to_json(self) -> dict[str, Any]:
        return {"method": "raw"}


@dataclass(frozen=True, slots=True)
class Platt:
    """p = 1 / (1 + exp(-(slope * logit(confidence) + intercept)))."""

    slope: float
    intercept: float

    def of(self, confidence: float) -> float:
        return float(1 / (1 + np.exp(-(self.slope * _logit(confidence) + self.intercept))))

    def to_json(self) -> dict[str, Any]:
        return {"method": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class Temperature:
    """p = 1 / (1 + exp(-logit(confidence) / temperature)); a half stays a half."""

    temperature: float

    def of(self, confidence: float) -> float:
        return float(1 / (1 + np.exp(-_logit(confidence) / self.temperature)))

    def to_json(self) -> dict[str, Any]:
        return {"method": "temperature", "temperature": self.temperature}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Straight between knots, level beyond them."""

    confidences: tuple[float, ...]
    chances: tuple[float, ...]

    def of(self, confidence: float) -> float:
        return float(np.interp(confidence, self.confidences, self.chances))

    def to_json(self) -> dict[str, Any]:
        return {"method": "isotonic", "confidences": self.confidences, "chances": self.chances}


def map_of(document: Mapping[str, Any]) -> ConfidenceMap:
    """The map that `to_json` wrote."""
    match document["method"]:
        case "raw":
            return Unchanged()
        case "temperature":
            return Temperature(document["temperature"])
        case "isotonic":
            return Isotonic(tuple(document["confidences"]), tuple(document["chances"]))
        case _:
            return Platt(document["slope"], document["intercept"])


@dataclass(frozen=True, slots=True)
class Fitted:
    """The map that predicts best, and what each was worth."""

    map: ConfidenceMap
    n: int
    losses: dict[str, float]
    """Log loss (nats) on answers left out of the fit, by method; `raw` is the confidence itself."""

    def to_json(self) -> dict[str, Any]:
        return {**self.map.to_json(), "n": self.n, "losses": self.losses}


def fit_maps(confidences: Sequence[float], right: Sequence[bool]) -> Fitted | None:
    """The best map for these confidences; None below FEWEST, or when all or none are right.

    Answers are dealt into five parts in turn; each part is predicted by maps of the other four.
    """
    known, hits = np.asarray(confidences, float), np.asarray(right, bool)
    if len(known) < FEWEST or hits.all() or not hits.any():
        return None
    fits: dict[str, _Fit] = {
        "raw": lambda _known, _hits: Unchanged(),
        "platt": _platt,
        "temperature": _temperature,
    }
    if len(known) >= FEWEST_ISOTONIC:
        fits["isotonic"] = _isotonic
    losses = {name: _left_out(known, hits, fit) for name, fit in fits.items()}
    best = min(fits, key=lambda name: losses[name])
    return Fitted(fits[best](known, hits), len(known), losses)


def _left_out(known: _Floats, hits: _Bools, fit: _Fit) -> float:
    # In the order of confidence, so that every part has sure and unsure answers; by lot among equals, since to deal by who is
    # right gives every part the same share of them, and the part that is left out looks easier than new answers are.
    lot = np.random.default_rng(0).permutation(len(known))
    part = np.empty(len(known), int)
    part[np.lexsort((lot, known))] = np.arange(len(known)) % _FOLDS
    predicted = np.empty(len(known))
    for number in range(_FOLDS):
        inside = part == number
        one = fit(known[~inside], hits[~inside])
        predicted[inside] = [one.of(value) for value in known[inside]]
    return _loss(predicted, hits)


def _loss(chances: _Floats, hits: _Bools) -> float:
    clipped = np.clip(chances, _EDGE, 1 - _EDGE)
    return float(-np.mean(np.where(hits, np.log(clipped), np.log(1 - clipped))))


def _platt(known: _Floats, hits: _Bools) -> Platt:
    """Targets are shrunk toward each other by one success and one failure (Platt's), and a slope below 0, which would
    turn sure into unsure, is taken as 0.
    """
    from scipy.optimize import minimize

    x, n, successes = _logit(known), len(hits), int(hits.sum())
    target = np.where(hits, (successes + 1) / (successes + 2), 1 / (n - successes + 2))

    def loss(theta: _Floats) -> float:
        score = theta[0] * x + theta[1]
        return float(np.sum(np.logaddexp(0, score) - target * score))

    found = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0, None), (None, None)])
    return Platt(float(found.x[0]), float(found.x[1]))


def _temperature(known: _Floats, hits: _Bools) -> Temperature:
    from scipy.optimize import minimize_scalar

    x = _logit(known)

    def loss(log_temperature: float) -> float:
        score = x / np.exp(log_temperature)
        return float(np.sum(np.logaddexp(0, score) - hits * score))

    found = minimize_scalar(loss, bounds=(-3, 5), method="bounded")
    return Temperature(float(np.exp(found.x)))


def _isotonic(known: _Floats, hits: _Bools) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    found = IsotonicRegression(out_of_bounds="clip").fit(known, hits.astype(float))
    return Isotonic(tuple(map(float, found.X_thresholds_)), tuple(map(float, found.y_thresholds_)))
