from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.analytics.effort import help_effect
from app.analytics.power import Design, Study, annotators_needed, smallest_effect
from app.analytics.spread import TYPICAL, Spread

ROUND = Spread(residual=0.3, effect=0.1, people=0.2, drift=0.1, n=0, n_raters=0, assumed=())


@pytest.mark.parametrize(
    ("study", "error", "log_ratio"),
    [
        # Ten people; t.975(9) + t.80(9) = 2.2622 + .8834 = 3.1456; everybody on each item: 1 - 1/k = .9.
        # .3^2 / (36 * .25 * .9) = .011111; (.01 + .011111) / 10 = .0021111; its root .045947
        (Study("per item", 36), 0.045947, 0.14453),
        # three on each item: .3^2 / (36 * .25 * 2/3) = .015; (.01 + .015) / 10 = .0025
        (Study("per item", 36, per_item=3), 0.05, 0.15728),
        # a fifth helped: .3^2 / (36 * .16 * .9) = .017361; .0027361
        (Study("per item", 36, share=0.2), 0.052308, 0.16454),
        # .3^2 + 9 * .1^2 = .18; .18 / (40 * .25 * .9) = .02; (.01 + .02) / 10 = .003
        (Study("crossover", 40, block=10), 0.054772, 0.17229),
        # .3^2 / (40 * .9) = .0025; (.04 + .0025) * (1/5 + 1/5) + .01 / 5 = .019; t(8): 2.3060 + .8889 = 3.1949
        (Study("between", 40), 0.137840, 0.44039),
    ],
)
def test_the_smallest_effect_is_what_the_formula_says(study: Study, error: float, log_ratio: float) -> None:
    found = smallest_effect(10, study, ROUND)
    assert found.error == pytest.approx(error, abs=2e-6)
    assert found.log_ratio == pytest.approx(log_ratio, abs=2e-5)
    assert found.change == pytest.approx(np.exp(-log_ratio) - 1, abs=2e-5)
    assert (found.answers, found.reason, found.note) == (10 * study.items, None, None)


def test_annotators_needed_are_the_fewest_that_suffice() -> None:
    for study in (Study("per item", 40), Study("crossover", 40), Study("between", 40)):
        found = annotators_needed(-0.1, study)
        assert found.annotators is not None and found.answers == 40 * found.annotators
        enough, too_few = (smallest_effect(found.annotators - less, study).change or 0 for less in (0, 1))
        assert enough >= -0.1 > too_few
    # 10 % less and 11.1 % more are the same distance
    assert annotators_needed(1 / 0.9 - 1, Study("per item", 40)) == annotators_needed(
        -0.1, Study("per item", 40)
    )


def test_between_people_takes_many_more() -> None:
    needed = {
        design: annotators_needed(-0.1, Study(design, 100)).annotators
        for design in ("per item", "crossover", "between")
    }
    assert needed["between"] is not None and needed["per item"] is not None
    assert needed["between"] > 10 * needed["per item"]


def test_more_of_anything_finds_less() -> None:
    found = [smallest_effect(people, Study("per item", 40)).log_ratio or 0 for people in range(2, 40)]
    assert found == sorted(found, reverse=True)
    items = [smallest_effect(8, Study("per item", n)).log_ratio or 0 for n in (10, 20, 40, 10_000)]
    assert items == sorted(items, reverse=True)
    # However many items, people differ in what help does for them: .13 / sqrt(8) times 2.3646 + .8960.
    assert items[-1] == pytest.approx(3.2606 * 0.13 / 8**0.5, rel=0.01)


@pytest.mark.parametrize(
    ("annotators", "study", "reason"),
    [
        (1, Study("per item", 40), "one annotator only"),
        (3, Study("between", 40), "two annotators in each arm"),
        (8, Study("per item", 1), "one item each"),
        (8, Study("crossover", 19), "two blocks of 10"),
        (8, Study("per item", 40, per_item=1), "labelled once"),
        (8, Study("per item", 40, share=1.0), "between 0 and 1"),
        (8, Study("per item", 0), "needs items"),
    ],
)
def test_a_study_that_can_show_nothing_is_told_so(annotators: int, study: Study, reason: str) -> None:
    found = smallest_effect(annotators, study)
    assert found.change is None and found.reason is not None and reason in found.reason


def test_what_no_number_of_annotators_can_show_is_said() -> None:
    for change in (0.0, -1.0, -2.0):
        assert "other than 0" in (annotators_needed(change, Study("per item", 40)).reason or "")
    assert "more than 10,000" in (annotators_needed(-0.001, Study("per item", 40)).reason or "")
    assert "labelled once" in (annotators_needed(-0.1, Study("per item", 40, per_item=1)).reason or "")
    assert "with care" in (smallest_effect(5, Study("per item", 40)).note or "")


RUNS, RATERS, ITEMS = 400, 24, 40


def study_of(rng: np.random.Generator, design: Design, per_item: int | None, effect: float) -> pd.DataFrame:
    """Visits of one study with the spreads of TYPICAL and `effect` in log seconds."""
    if per_item is None:
        order = np.array([rng.permutation(ITEMS) for _ in range(RATERS)])
    else:
        pool = RATERS * ITEMS // per_item
        order = np.concatenate([rng.permutation(pool) for _ in range(per_item)]).reshape(RATERS, ITEMS)
    position = np.tile(np.arange(ITEMS), (RATERS, 1))
    if design == "per item":
        helped = np.array([[rng.permutation(2) for _ in range(ITEMS // 2)] for _ in range(RATERS)])
    else:
        helped = (position // 10 + rng.permutation(RATERS)[:, None]) % 2
    helped = helped.reshape(RATERS, ITEMS)
    log_seconds = (
        rng.normal(0, TYPICAL.people, (RATERS, 1))
        + rng.normal(0, 0.5, order.max() + 1)[order]
        + rng.normal(effect, TYPICAL.effect, (RATERS, 1)) * helped
        - 0.005 * position
        + np.repeat(rng.normal(0, TYPICAL.drift, (RATERS, ITEMS // 10)), 10, axis=1)
        + rng.normal(0, (TYPICAL.residual**2 - TYPICAL.drift**2) ** 0.5, (RATERS, ITEMS))
    )
    return pd.DataFrame(
        {
            "rater": np.repeat(np.arange(RATERS), ITEMS),
            "item": order.ravel(),
            "arm": np.where(helped.ravel(), "suggestion", "none"),
            "position": position.ravel(),
            "seconds": np.exp(log_seconds).ravel(),
        }
    )


@pytest.mark.parametrize(
    ("design", "per_item"), [("per item", None), ("crossover", None), ("per item", 3), ("crossover", 3)]
)
def test_the_promised_power_is_reached(design: Design, per_item: int | None) -> None:
    promised = smallest_effect(RATERS, Study(design, ITEMS, per_item=per_item))
    assert promised.log_ratio is not None and promised.error is not None
    rng = np.random.default_rng(11)
    found, seen = [], 0
    for _ in range(RUNS):
        effect = help_effect(study_of(rng, design, per_item, -promised.log_ratio), flips=False)
        assert effect.change is not None and effect.high is not None and effect.low is not None
        found.append(np.log1p(effect.change))
        seen += effect.high < 0 or effect.low > 0
    # The standard deviation of 400 estimates has a standard error of 3.5 %, the power of .80 one of .02.
    assert np.std(found) == pytest.approx(promised.error, rel=0.1)
    assert np.mean(found) == pytest.approx(-promised.log_ratio, abs=4 * promised.error / RUNS**0.5)
    if per_item is None:  # with few answers an item the interval of `help_effect` is too short
        assert 0.76 <= seen / RUNS <= 0.88


def test_the_promised_power_is_reached_between_people() -> None:
    # Everybody labels all items, so the effect is the difference of two means of people.
    from scipy.stats import ttest_ind

    promised = smallest_effect(40, Study("between", ITEMS))
    assert promised.log_ratio is not None
    rng, seen = np.random.default_rng(12), 0
    for _ in range(2_000):
        means = rng.normal(0, TYPICAL.people, 40) + rng.normal(0, TYPICAL.residual / ITEMS**0.5, 40)
        means[:20] += rng.normal(-promised.log_ratio, TYPICAL.effect, 20)
        seen += ttest_ind(means[:20], means[20:]).pvalue < 0.05
    assert 0.77 <= seen / 2_000 <= 0.83


def test_another_power_or_error_rate_moves_the_quantiles() -> None:
    study = Study("per item", 40)
    usual = smallest_effect(20, study).log_ratio or 0
    assert (smallest_effect(20, replace(study, power=0.9)).log_ratio or 0) > usual
    assert (smallest_effect(20, replace(study, alpha=0.1)).log_ratio or 0) < usual
