"""A measure with and without help, person by person: the paired t-test, as a check that anybody can follow.

Each person is their own control, so differences between people cancel. Practice and differences between items do
not: they must be balanced by the plan, or held fixed as `effort.help_effect` does.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analytics.effort import CONTROL

__all__ = ["Paired", "paired_comparison"]

_NO_SPREAD = 1e-12
"""Spread of the differences, relative to the largest value, below which it is rounding."""


@dataclass(frozen=True, slots=True)
class Paired:
    """With help minus without, in the unit of the measure; positive is more with help."""

    difference: float | None
    """Mean of the people's own differences; None below two pairs."""
    low: float | None
    high: float | None
    """95 % interval of the difference; None, as t, degrees and p_value, where `reason` says why."""
    t: float | None
    degrees: int | None
    p_value: float | None
    """Two-sided."""
    with_help: float | None
    without_help: float | None
    """Means over the same people."""
    n: int
    """Pairs: people with the measure both with and without help."""
    unpaired: int
    """People left out because they have it on one side only."""
    reason: str | None


def paired_comparison(frame: pd.DataFrame, measure: str) -> Paired:
    """The paired comparison of the column `measure` over people, for a frame with columns rater, arm and `measure`.

    One row is one answer, or one block of answers already summed up; a person's rows are averaged within each
    side first, so that everybody counts once. Any arm but the control is help. Rows without an arm, or with a
    missing or infinite measure, are left out. Source: Student, Biometrika 6(1), 1908.
    """
    values = frame[measure].to_numpy(dtype=float)
    rows = pd.DataFrame({"rater": frame["rater"], "helped": frame["arm"] != CONTROL, "value": values})
    usable = rows[np.isfinite(values) & frame["arm"].notna().to_numpy()]
    sides = usable.groupby(["rater", "helped"])["value"].mean().unstack().reindex(columns=[True, False])
    both = sides.dropna()
    helped, control = both[True].to_numpy(dtype=float), both[False].to_numpy(dtype=float)
    n, unpaired = len(both), len(sides) - len(both)
    if n < 2:
        reason = f"{n} {'person has' if n == 1 else 'people have'} the measure both with and without help; two are needed"
        return Paired(None, None, None, None, None, None, None, None, n, unpaired, reason)
    differences = helped - control
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    means = float(helped.mean()), float(control.mean())
    if spread <= _NO_SPREAD * max(np.abs(helped).max(), np.abs(control).max()):
        reason = "the difference is the same for everybody, so its spread is unknown"
        return Paired(mean, None, None, None, None, None, *means, n, unpaired, reason)
    from scipy.stats import t as student  # slow to import, and most pages do not need it

    error = spread / n**0.5
    half = float(student.ppf(0.975, n - 1)) * error
    return Paired(
        difference=mean,
        low=mean - half,
        high=mean + half,
        t=mean / error,
        degrees=n - 1,
        p_value=float(2 * student.sf(abs(mean) / error, n - 1)),
        with_help=means[0],
        without_help=means[1],
        n=n,
        unpaired=unpaired,
        reason=None,
    )
