"""How much handling times scatter, and between what: what a study of help has to see through.

log(seconds) = person + item + practice + (help + a person's own part of it) + what neighbouring answers share + rest.
All figures are standard deviations in log seconds: 0.1 is about 10 %.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.effort import CONTROL

__all__ = ["BLOCK", "TYPICAL", "Spread", "spread_of"]

BLOCK = 10
"""Answers in a block, where nothing else is said. By judgement: a quarter of an hour to an hour of work."""
_FEWEST_ANSWERS = 30
"""Degrees of freedom, or pairs of blocks, below which a spread is assumed rather than estimated."""
_FEWEST_PEOPLE = 10
"""People below which a spread between people is assumed: of fewer, it comes out as zero by chance too often, and a
study planned with zero is too small. By judgement."""
_ALIKE = 0.25
"""Difference in the share of helped answers up to which two blocks are taken to have had the same help."""


@dataclass(frozen=True, slots=True)
class Spread:
    residual: float
    """Within one person and item, over and above practice."""
    effect: float
    """Between people, of the effect of help."""
    people: float
    """Between people, of how fast they are."""
    drift: float
    """Between blocks of one person's neighbouring answers: a good hour, a tired one."""
    n: int
    """Answers that it rests on: with a positive time, on items that others answered too."""
    n_raters: int
    assumed: tuple[str, ...]
    """Names of the figures above that are `TYPICAL`'s, because there was too little to estimate them from."""


TYPICAL = Spread(0.34, 0.13, 0.25, 0.06, 0, 0, ("residual", "effect", "people", "drift"))
"""What a project without a past is taken to have. Measured with `spread_of` on the one public study with times per item
with and without help: R. P. Greinacher, bachelor thesis, 2017 (github.com/RGreinacher/bachelor-thesis), 66
people, 4,816 paragraphs. Effect: .00, .03 and .11 among those whose suggestions were right in 10, 50 and 90 %, .15
over all; a figure between the last two is taken. Drift: .06 over blocks of five or six. Simple choices may scatter
less, and long texts more."""


def spread_of(frame: pd.DataFrame, *, block: int = BLOCK) -> Spread:
    """The spread of past visits: columns rater, item, arm, position, seconds; one row per answered item.

    Any arm but the control is help; rows without an arm count as without help. Non-positive seconds are left out.
    Person, item, help and practice (one slope in position for all) are fitted by least squares; a variance is
    what is left beyond the noise of the fit, and never below 0. An item that one person answered says nothing and is
    left out. What cannot be estimated is `TYPICAL`'s: everything below 30 degrees of freedom, effect and people below
    ten people, drift below 30 pairs of neighbouring blocks with about the same help. Source: moment estimators, as
    in Hedges & Olkin, Statistical Methods for Meta-Analysis, 1985, ch. 9; exact only for balanced data.
    """
    usable = frame[frame["seconds"] > 0]
    usable = usable[usable.groupby("item")["rater"].transform("size") > 1]
    found: dict[str, float] = {}
    fit = _fit(usable) if len(usable) else None
    if fit is not None:
        found = {"residual": fit.variance**0.5} | _between_people(fit) | _between_blocks(fit, block)
    return Spread(
        **{name: found.get(name, getattr(TYPICAL, name)) for name in TYPICAL.assumed},
        n=len(usable),
        n_raters=usable["rater"].nunique(),
        assumed=tuple(name for name in TYPICAL.assumed if name not in found),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    rater: NDArray[np.intp]
    helped: NDArray[np.bool_]
    position: NDArray[np.float64]
    residual: NDArray[np.float64]
    """Of the fit with one effect of help for all; as the three above, one per answer."""
    speed: NDArray[np.float64]
    """Log seconds of each person on one and the same item; nan outside the largest part that items connect."""
    variance: float
    """Of the residual where each person has their own effect of help."""
    left: float
    """Share of an answer's information that is left when its item is held fixed: 1 - items / answers."""


def _fit(usable: pd.DataFrame) -> _Fit | None:
    rater, item = pd.factorize(usable["rater"])[0], pd.factorize(usable["item"])[0]
    helped = (usable["arm"].notna() & (usable["arm"] != CONTROL)).to_numpy()
    position = usable["position"].to_numpy(dtype=float)
    together = _least_squares(usable["seconds"], rater, item, [position, helped.astype(float)])
    apart = _least_squares(usable["seconds"], pd.factorize(2 * rater + helped)[0], item, [position])
    if apart.degrees < _FEWEST_ANSWERS:
        return None
    part = together.part[: rater.max() + 1]
    largest = np.bincount(part[rater]).argmax()
    return _Fit(
        rater=rater,
        helped=helped,
        position=position,
        residual=together.residual,
        speed=np.where(part == largest, together.beta[: rater.max() + 1], np.nan),
        variance=float(apart.residual @ apart.residual) / apart.degrees,
        left=1 - float(item.max() + 1) / len(item),
    )


@dataclass(frozen=True, slots=True)
class _LeastSquares:
    beta: NDArray[np.float64]
    """Coefficients of the groups, then of the items, then of the covariates."""
    residual: NDArray[np.float64]
    degrees: int
    part: NDArray[np.intp]
    """Of each group, then of each item: the part that answers connect it to."""


def _least_squares(
    seconds: pd.Series, group: NDArray[np.intp], item: NDArray[np.intp], covariates: list[NDArray[np.float64]]
) -> _LeastSquares:
    """log(seconds) on group, item and those covariates that vary and are known throughout."""
    from scipy import sparse  # slow to import, and most pages do not need it
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import lsmr

    y, ones, rows = np.log(seconds.to_numpy(dtype=float)), np.ones(len(item)), np.arange(len(item))
    groups, items = group.max() + 1, item.max() + 1
    varying = [x for x in covariates if np.isfinite(x).all() and np.ptp(x) > 0]
    columns = [sparse.csr_matrix((ones, (rows, places))) for places in (group, item)]
    columns += [sparse.csr_matrix(((x - x.mean()) / x.std())[:, None]) for x in varying]
    design = sparse.hstack(columns).tocsr()
    links = sparse.coo_matrix((ones, (group, groups + item)), shape=(groups + items,) * 2)
    parts, part = connected_components(links, directed=False)
    beta = lsmr(design, y, atol=1e-8, btol=1e-8, maxiter=10_000)[0]
    degrees = int(len(y) - (groups + items - parts) - len(varying))
    return _LeastSquares(beta, y - design @ beta, degrees, part)


def _between_people(fit: _Fit) -> dict[str, float]:
    """`effect` and `people`, where there are enough people."""
    found = {}
    count = [np.bincount(fit.rater, side) for side in (fit.helped, ~fit.helped)]
    total = [np.bincount(fit.rater, side * fit.residual) for side in (fit.helped, ~fit.helped)]
    both = (count[0] > 0) & (count[1] > 0)
    if both.sum() >= _FEWEST_PEOPLE:
        # The item takes 1 - left of a person's own effect, and so much of the noise's variance.
        own = total[0][both] / count[0][both] - total[1][both] / count[1][both]
        chance = fit.left * fit.variance * (1 / count[0][both] + 1 / count[1][both]).mean()
        found["effect"] = max(float(own.var(ddof=1) - chance), 0.0) ** 0.5 / fit.left
    known = np.isfinite(fit.speed)
    if known.sum() >= _FEWEST_PEOPLE:
        size = count[0][known] + count[1][known]
        chance = fit.variance / fit.left * (1 / size).mean()
        helped = ((count[0][known] / size) ** 2).mean() * found.get("effect", TYPICAL.effect) ** 2
        found["people"] = max(float(fit.speed[known].var(ddof=1) - chance - helped), 0.0) ** 0.5
    return found


def _between_blocks(fit: _Fit, block: int) -> dict[str, float]:
    """`drift`, from neighbouring blocks, so that slow change over a project is left out; and from those with about the
    same help, so that a person's own effect of help is left out.
    """
    if np.isnan(fit.position).any() or block < 2:
        return {}
    scale = fit.variance**0.5 / fit.residual.std()  # what the fit has taken from the residuals is given back
    rows = pd.DataFrame({"rater": fit.rater, "helped": fit.helped, "residual": scale * fit.residual})
    rows = rows.iloc[np.argsort(fit.position, kind="stable")]
    place = rows.groupby("rater").cumcount() // block
    blocks = rows.groupby([rows["rater"], place.rename("block")])
    whole = blocks.mean()[blocks.size() == block].reset_index()
    step = whole.diff().iloc[1:]
    alike = step.loc[(step["rater"] == 0) & (step["helped"].abs() <= _ALIKE), "residual"]
    if len(alike) < _FEWEST_ANSWERS:
        return {}
    # Half the mean squared step is left * drift^2 + (residual^2 - left * drift^2) / block.
    beyond = (float((alike**2).mean()) / 2 - fit.variance / block) / (1 - 1 / block) / fit.left
    return {"drift": max(beyond, 0.0) ** 0.5}
