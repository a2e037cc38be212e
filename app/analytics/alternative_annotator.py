"""Whether a judge may stand in for one of the people: the alternative annotator test.

Source: Calderon, Reichart, Dror: The Alternative Annotator Test for LLM-as-a-Judge, ACL 2025. For each person in
turn, is the judge at least as near to the remaining people as that person is?
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["FEWEST_ITEMS", "FEWEST_PEOPLE", "AnnotatorTest", "alternative_annotator"]

FEWEST_PEOPLE = 3
FEWEST_ITEMS = 30
"""Answers of one person below which the test says nothing about them."""
_FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True, slots=True)
class AnnotatorTest:
    tested: int
    """People with enough answers."""
    won: int
    """People whom the judge can stand in for, false discoveries held at 5 % (Benjamini and Yekutieli)."""
    advantage: float | None
    """Mean share of answers on which the judge is at least as near to the others as the person is."""
    margin: float
    """What the judge is granted for costing less: .2 against experts, .1 against a crowd, .15 between."""
    reason: str | None
    """Why there is no result."""

    @property
    def passed(self) -> bool | None:
        """Whether it can stand in for half of the people or more; None without a result."""
        return None if self.reason else self.won >= 0.5 * self.tested


def alternative_annotator(people: pd.DataFrame, judge: pd.Series, *, margin: float = 0.15) -> AnnotatorTest:
    """`people`: item, rater, number, one row per score; `judge`: its score by item.

    Distance of a score to several others is the root mean square of the differences.
    """
    from scipy.stats import ttest_1samp

    wide = people.pivot_table(index="item", columns="rater", values="number")
    wide = wide.loc[wide.index.isin(judge.index)]
    own = judge.reindex(wide.index)
    if wide.shape[1] < FEWEST_PEOPLE:
        return AnnotatorTest(0, 0, None, margin, f"needs {FEWEST_PEOPLE} people, there are {wide.shape[1]}")
    chances, shares = [], []
    for rater in wide.columns:
        others = wide.drop(columns=rater)
        usable = wide[rater].notna() & others.notna().any(axis=1)
        if usable.sum() < FEWEST_ITEMS:
            continue
        rest = others[usable]
        with_judge = np.sqrt(rest.sub(own[usable], axis=0).pow(2).mean(axis=1))
        with_person = np.sqrt(rest.sub(wide.loc[usable, rater], axis=0).pow(2).mean(axis=1))
        judge_wins = (with_judge <= with_person + 1e-12).astype(float)
        person_wins = (with_person <= with_judge + 1e-12).astype(float)
        difference = (person_wins - judge_wins).to_numpy()
        if np.ptp(difference) == 0:
            chances.append(0.0 if difference[0] < margin else 1.0)
        else:
            chances.append(float(ttest_1samp(difference, margin, alternative="less").pvalue))
        shares.append(float(judge_wins.mean()))
    if not chances:
        return AnnotatorTest(
            0, 0, None, margin, f"nobody has {FEWEST_ITEMS} answers that others and the judge scored"
        )
    return AnnotatorTest(len(chances), _rejected(chances), float(np.mean(shares)), margin, None)


def _rejected(chances: list[float]) -> int:
    """How many hypotheses the step-up procedure of Benjamini and Yekutieli (Ann. Stat. 29, 2001) rejects."""
    m = len(chances)
    harmonic = sum(1 / k for k in range(1, m + 1))
    ordered = sorted(chances)
    passed = [k for k, chance in enumerate(ordered, 1) if chance <= k * _FALSE_DISCOVERIES / (m * harmonic)]
    return max(passed, default=0)
