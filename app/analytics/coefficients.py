"""Every coefficient of agreement of some ratings of one question, over the labels that it declares."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from app.analytics.agreement import Alpha, Counts, alpha, count_ratings, percent_agreement
from app.analytics.chance_corrected import Coefficient, chance_corrected
from app.analytics.coding import Floats, Ratings, code_ratings
from app.analytics.count_rows import Rows, widened
from app.analytics.icc import Icc, icc
from app.analytics.kappa_intervals import with_intervals
from app.analytics.kappas import PairKappa, pairwise_kappas

__all__ = ["Alphas", "Coefficients", "Declared", "alphas_of", "coefficients_of", "fields_of"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What may be answered, whether or not anybody did."""

    labels: tuple[str, ...] | None = None
    """None where nothing is declared, as of an imported question that is in no schema."""
    scale: Sequence[float] = ()
    """The numbers in order, where the labels are numbers."""


@dataclass(frozen=True, slots=True)
class Alphas:
    """Krippendorff's alpha by every metric that the values allow."""

    nominal: Alpha
    ordinal: Alpha | None
    """Where all values are numbers."""
    interval: Alpha | None
    ratio: Alpha | None
    """Where all values are numbers and none is below 0."""


@dataclass(frozen=True, slots=True)
class Coefficients(Alphas):
    percent: float | None
    """Share of equal pairs, not corrected for chance."""
    others: dict[str, Coefficient]
    """percent, AC (Gwet), fleiss, brennan_prediger: equal or not."""
    others_quadratic: dict[str, Coefficient] | None
    """The same with squared distances as weights, where all values are numbers; AC is Gwet's AC2 then."""
    labels: int
    """How many labels these were computed with: those that are declared, and those seen besides."""
    declared: tuple[str, ...] | None
    """The labels of the newest schema or of the rubric; None where nothing declares them: then only those seen count."""
    unused: tuple[str, ...]
    """Declared labels that nobody gave."""
    icc: Icc | None
    """Where all values are numbers."""
    pairs: list[PairKappa]
    """Cohen's kappa of every two raters."""


def fields_of(measured: Alphas) -> dict[str, Any]:
    """The coefficients by name, as parts of a figure that has more."""
    return {one.name: getattr(measured, one.name) for one in fields(measured)}


def alphas_of(counts: Counts) -> Alphas:
    return Alphas(
        nominal=alpha(counts, "nominal"),
        ordinal=alpha(counts, "ordinal") if counts.numeric else None,
        interval=alpha(counts, "interval") if counts.numeric else None,
        ratio=alpha(counts, "ratio") if counts.has_true_zero else None,
    )


def coefficients_of(
    ratings: Ratings, declared: Declared, *, counts: Counts | None = None, alphas: Alphas | None = None
) -> Coefficients:
    """Of ratings by whomever: kinds of raters are kept apart by whoever calls. `counts` and `alphas` where they are
    there already.

    Gwet's AC and Brennan-Prediger depend on the labels that nobody used too, weighted or not.
    """
    coded = code_ratings(ratings)
    counts = counts or count_ratings(coded)
    weighted = None
    if counts.numeric:
        table, scale = _on_scale(counts, declared.scale)
        weighted = chance_corrected(
            table, labels=len(scale), weighting="quadratic", scale=scale, reason=counts.reason
        )
    unused = _unused(counts, declared)
    labels = len(counts.values) + len(unused)
    alphas = alphas or alphas_of(counts)
    return Coefficients(
        nominal=alphas.nominal,
        ordinal=alphas.ordinal,
        interval=alphas.interval,
        ratio=alphas.ratio,
        percent=percent_agreement(counts),
        others=chance_corrected(counts.table, labels=labels, reason=counts.reason),
        others_quadratic=weighted,
        labels=labels,
        declared=declared.labels,
        unused=unused,
        icc=icc(coded) if counts.numeric else None,
        pairs=with_intervals(coded, pairwise_kappas(coded)),
    )


def _unused(counts: Counts, declared: Declared) -> tuple[str, ...]:
    """Declared labels that nobody gave; 3 and 3.0 are one where all are numbers."""
    if counts.numeric and len(declared.scale):
        seen = {float(str(value)) for value in counts.values}
        numbers = zip(declared.labels or (), declared.scale, strict=True)
        return tuple(label for label, number in numbers if float(number) not in seen)
    given = set(counts.labels)
    return tuple(label for label in declared.labels or () if label not in given)


def _on_scale(counts: Counts, declared: Sequence[float]) -> tuple[Rows, Floats]:
    """(items x numbers of the scale, those numbers): the declared ones and those seen besides, ascending."""
    seen = np.asarray(counts.values, float)
    scale = np.union1d(seen, np.asarray(declared, float))
    if counts.reason is not None or len(scale) == len(seen):
        return counts.table, seen
    return widened(counts.table, np.searchsorted(scale, seen), len(scale)), scale
