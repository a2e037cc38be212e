"""One line of an audit: what was changed or looked at, and the figure that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, assert_never

from judge.probes.estimates import Estimate

__all__ = ["Finding", "Measure", "ProbeName"]

ProbeName = Literal[
    "order", "verbosity", "authority", "length", "halo", "retest", "self_preference", "injection"
]
Measure = Literal[
    "change",
    "flips",
    "same_levels",
    "absolute_change",
    "length",
    "length_beyond_people",
    "halo",
    "own_family",
    "none",
]
"""What the figure of a finding is.

change: mean of the total with the change minus the total without it, totals being 0 to 1. flips: share of levels that
are other ones. same_levels: its opposite, on asking again. absolute_change: mean distance of the totals. length: rank
correlation of total and number of words. length_beyond_people: the same with people's scores held fixed. halo: mean
correlation between criteria. own_family: mean total of answers by the judge's own family of models minus that of others.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of an audit."""

    probe: ProbeName
    key: str
    """Names the line for machines; no two lines of a report share it."""
    about: str
    """What was changed or looked at."""
    measure: Measure
    """none: not measured."""
    estimate: Estimate
    beside: Mapping[str, Estimate] = field(default_factory=dict)
    """What the figure is to be read beside. again: share of other levels when merely asked again. beyond_again: the
    figure minus that. plain: without people's scores held fixed. people: the same figure of people's scores.
    beyond_people: the figure minus that, on the answers that people scored.
    """
    criteria: Mapping[str, Estimate] = field(default_factory=dict)
    """The same per criterion; changes in levels of its scale."""
    unscored: int = 0
    """Comparisons without a total on one of the two sides; they are in no figure."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why, and how many."""
    flagged: int | None = None
    """Answers that carried a sign of speaking to the judge; None where signs are not the point."""
    flaggable: int = 0
    """Answers that were looked through for signs."""
    not_measured: str = ""
    """What is missing, for a probe that could not be run."""
    note: str = ""

    @classmethod
    def unmeasured(cls, probe: ProbeName, key: str, about: str, why: str) -> "Finding":
        """What is missing stands in the place of the figure; it is never a zero."""
        return cls(probe, key, about, "none", Estimate(0, None, reason=why), not_measured=why)

    @property
    def rests_on(self) -> Estimate | None:
        """The figure that would be zero if nothing were wrong; None where there is none to be had."""
        match self.measure:
            case "change" | "length" | "length_beyond_people":
                return self.estimate
            case "flips":
                return self.beside["beyond_again"]
            case "halo":
                return self.beside.get("beyond_people")
            case "own_family":
                return self.beside.get("beyond_people", self.estimate)
            case "same_levels" | "absolute_change" | "none":
                return None
            case _:
                assert_never(self.measure)

    @property
    def moved(self) -> bool | None:
        """Whether the interval of what it rests on leaves zero out, above for what cannot be wrong below; None
        without an interval.
        """
        figure = self.rests_on
        if figure is None or figure.low is None or figure.high is None:
            return None
        one_sided = self.measure in ("flips", "halo")
        return figure.low > 0 or (figure.high < 0 and not one_sided)
