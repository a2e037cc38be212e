"""How a judge follows people: against scipy, by hand, and against the published figures of real studies."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.analytics.alternative_annotator import alternative_annotator
from app.analytics.judge_alignment import ceiling, follow
from app.analytics.judge_calibration import confidence, fit_calibration
from app.analytics.pass_rates import pass_rate
from app.analytics.severity import severities
from benchmarks.long_tables import hanna

SHARED = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (SHARED / "hanna").exists(), reason="the public data sets are not beside this checkout"
)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), min_size=4, max_size=60))
def test_the_coefficients_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    judge, people = np.asarray(pairs, float).T
    found = follow(judge, people)
    assert found.mae.value == pytest.approx(np.abs(judge - people).mean())
    assert found.rmse.value == pytest.approx(np.sqrt(((judge - people) ** 2).mean()))
    if np.ptp(judge) and np.ptp(people):
        assert found.pearson.value == pytest.approx(stats.pearsonr(judge, people)[0])
        assert found.spearman.value == pytest.approx(stats.spearmanr(judge, people)[0])
        assert found.kendall.value == pytest.approx(stats.kendalltau(judge, people)[0])
    else:
        assert found.pearson.value is found.spearman.value is found.kendall.value is None


def test_the_interval_is_that_of_a_plain_bootstrap() -> None:
    draw = np.random.default_rng(3)
    judge = draw.integers(1, 6, 200).astype(float)
    people = np.clip(judge + draw.integers(-2, 3, 200), 1, 5).astype(float)
    found = follow(judge, people)
    plain = []
    for _ in range(1000):
        rows = draw.integers(0, 200, 200)
        plain.append(stats.kendalltau(judge[rows], people[rows])[0])
    assert found.kendall.low == pytest.approx(np.percentile(plain, 2.5), abs=0.02)
    assert found.kendall.high == pytest.approx(np.percentile(plain, 97.5), abs=0.02)


def test_within_one_level_and_bias_by_hand() -> None:
    # Differences 0, 1, 2, -1: three of four within one level; their mean is 0.5.
    found = follow(np.array([3.0, 4, 5, 1]), np.array([3.0, 3, 3, 2]))
    assert (found.within_one.value, found.bias.value, found.n) == (0.75, 0.5, 4)
    assert follow(np.array([]), np.array([])).mae.value is None


def scores(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "rater", "number"])


def test_the_ceiling_is_each_person_against_the_mean_of_the_others() -> None:
    rows = [(str(item), rater, float(value)) for item, values in enumerate([(1, 1, 2), (3, 3, 2), (5, 4, 5)]) for rater, value in zip("abc", values, strict=True)]  # fmt: skip
    n, found = ceiling(scores(rows))
    # a against the mean of b and c: 1|1.5, 3|2.5, 5|4.5: distance .5; b: 1|1.5, 3|2.5, 4|5: 2/3; c: 2|1, 2|3, 5|4.5: 5/6
    assert n == 3
    assert found["mae"] == pytest.approx((0.5 + 2 / 3 + 5 / 6) / 3)
    assert ceiling(scores([("1", "a", 1.0), ("2", "b", 2.0)])) == (0, {})


def crowd(judge_noise: float, seed: int = 1, n: int = 120) -> tuple[pd.DataFrame, pd.Series]:
    draw = np.random.default_rng(seed)
    truth = draw.uniform(1, 5, n)
    rows = [(str(i), rater, truth[i] + draw.normal(0, 1)) for i in range(n) for rater in "abcd"]
    return scores(rows), pd.Series(truth + draw.normal(0, judge_noise, n), index=[str(i) for i in range(n)])


def test_a_judge_as_good_as_a_person_may_stand_in_and_a_poor_one_may_not() -> None:
    good = alternative_annotator(*crowd(0.3))
    poor = alternative_annotator(*crowd(4.0))
    assert (good.tested, good.won, good.passed) == (4, 4, True)
    assert (poor.tested, poor.won, poor.passed) == (4, 0, False)
    assert good.advantage is not None and poor.advantage is not None and good.advantage > 0.5 > poor.advantage


def test_the_test_says_why_it_says_nothing() -> None:
    people, judge = crowd(1.0, n=20)
    assert "nobody has 30 answers" in (alternative_annotator(people, judge).reason or "")
    two = people[people["rater"].isin(["a", "b"])]
    found = alternative_annotator(two, judge)
    assert "needs 3 people" in (found.reason or "") and found.passed is None


def test_calibration_mends_a_strict_judge_and_leaves_a_right_one() -> None:
    draw = np.random.default_rng(5)
    people = draw.integers(1, 6, 60).astype(float)
    strict = np.clip(people - 2, 1, 5)[:, None]
    found = fit_calibration(strict, people, 0, lowest=1, highest=5)
    assert found.kind == "map" and found.mae is not None and found.mae_raw is not None
    assert found.mae < 0.5 * found.mae_raw
    right = fit_calibration(people[:, None], people, 0, lowest=1, highest=5)
    assert right.kind == "none" and "nearer" in right.reason
    assert right.apply(people[:, None], 0) == pytest.approx(people)
    few = fit_calibration(strict[:9], people[:9], 0, lowest=1, highest=5)
    assert (few.kind, few.reason) == ("none", "needs 10 answers that people scored, there are 9")


def test_the_map_is_monotone_shrunken_and_inside_the_scale() -> None:
    # Ten scores of 1, 2 (five each); people gave 3 and 5. Mid-ranks .25 and .75 are the quantiles 3 and 5; shrunken
    # by 10 / (10 + 5): 1 + 2/3 * (3 - 1) = 7/3 and 2 + 2/3 * (5 - 2) = 4.
    judge = np.array([1.0] * 5 + [2.0] * 5)[:, None]
    people = np.array([3.0] * 5 + [5.0] * 5)
    found = fit_calibration(judge, people, 0, lowest=1, highest=5)
    assert np.asarray(found.knots) == pytest.approx(np.array([[1.0, 7 / 3], [2.0, 4.0]]))


def test_confidence_is_the_share_within_one_level_from_twenty_on() -> None:
    judge, people = np.full(20, 3.0), np.array([3.0] * 15 + [5.0] * 5)
    assert confidence(judge, people, range(20)).share == 0.75
    assert confidence(judge[:19], people[:19], range(19)).share is None


def test_confidence_of_five_people_each_on_four_answers_has_no_interval() -> None:
    judge, people = np.full(20, 3.0), np.array([3.0] * 15 + [5.0] * 5)
    found = confidence(judge, people, np.arange(20).repeat(5)[:20].tolist())
    assert (found.share, found.interval) == (0.75, None)


def test_the_pass_rate_by_rogan_and_gladen() -> None:
    # Judge passes 60 of 100. Of 40 that people pass it passes 36 (.9), of 20 they do not it fails 16 (.8):
    # (.6 + .8 - 1) / (.9 + .8 - 1) = .4 / .7
    found = pass_rate(100, 60, (36, 4, 4, 16))
    assert found.corrected == pytest.approx(0.4 / 0.7)
    assert found.low is not None and found.high is not None
    assert found.low < 0.4 / 0.7 < found.high
    assert "needs 10" in (pass_rate(100, 60, (36, 4, 4, 5)).reason or "")
    assert "at least as often" in (pass_rate(100, 60, (10, 10, 10, 10)).reason or "")
    assert pass_rate(0, 0, (0, 0, 0, 0)).interval is None


def test_severity_is_against_others_on_the_same_answers_and_shrunken() -> None:
    rows = [
        ("q", str(i), rater, value) for i in range(10) for rater, value in (("mild", 4.0), ("strict", 2.0))
    ]
    found = severities(pd.DataFrame(rows, columns=["question", "item", "rater", "number"]))
    # Two levels apart on ten answers: 2 * 10 / (10 + 10) = 1
    assert [(one.rater, one.offset, one.compared) for one in found] == [
        ("mild", 1.0, True),
        ("strict", -1.0, True),
    ]


@needs_data
def test_the_judges_of_hanna_as_its_note_names_them() -> None:
    table = hanna(SHARED / "hanna")
    table = table[table["system"] != "Human"]
    expected = {
        "Relevance": 15.2,
        "Coherence": 21.7,
        "Empathy": 20.1,
        "Surprise": 4.8,
        "Engagement": 18.9,
        "Complexity": 26.9,
    }
    for question, tau in expected.items():
        rows = table[table["question"] == question]
        people = rows[rows["rater_kind"] == "human"].groupby("item")["value"].mean()
        judge = rows[rows["rater"] == "ChatGPT"].set_index("item")["value"].reindex(people.index)
        found = follow(judge.to_numpy(float), people.to_numpy(float))
        assert found.kendall.value is not None
        assert round(100 * found.kendall.value, 1) == tau


@needs_data
def test_the_baselines_of_llm_rubric_to_all_their_digits() -> None:
    folder = SHARED / "llm-rubric" / "data" / "real_data"
    model = pd.read_csv(folder / "gpt-3.5-turbo-16k_real_evaluations_FIXED.tsv", sep="\t")
    people = pd.read_csv(folder / "human_judges_real_convs_FIXED_ANON.tsv", sep="\t")
    answers = [f"answer{level}_prob" for level in (1, 2, 3, 4)]
    model = model[model["criterion"] == "Q0"].set_index("text_id")[answers]
    model = model.div(model.sum(axis=1).clip(upper=1), axis=0)
    people = people[people["Q0"].isin([1, 2, 3, 4])]
    given = model.loc[people["text_id"]].to_numpy()
    human = people["Q0"].to_numpy(float)
    published = {
        "argmax": (given.argmax(axis=1) + 1.0, (1.201643, 0.140091, 0.086990, 0.081134)),
        "expected": (given @ np.array([1.0, 2, 3, 4]), (0.918676, 0.177301, 0.086675, 0.065928)),
    }
    for judge, figures in published.values():
        found = follow(judge, human)
        assert found.n == 223
        assert (found.rmse.value, found.pearson.value, found.spearman.value, found.kendall.value) == pytest.approx(figures, abs=1e-6)  # fmt: skip


@needs_data
def test_calibration_buys_on_hanna_what_the_study_measured() -> None:
    # The study: mean distance 1.213 raw, .606 with 20 labels, .597 with 100 (map), .548 (all criteria); rank unchanged.
    table = hanna(SHARED / "hanna")
    judge = table[table["rater"] == "ChatGPT"].pivot_table(index="item", columns="question", values="value")
    people = table[table["rater_kind"] == "human"].pivot_table(
        index="item", columns="question", values="value"
    )
    x, y = judge.to_numpy(float), people.loc[judge.index, judge.columns].to_numpy(float)
    assert np.abs(x - y).mean() == pytest.approx(1.213, abs=0.005)
    found: dict[int, list[float]] = {20: [], 100: []}
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(x))
        for n in found:
            train, test = order[:n], order[n:]
            for column in range(x.shape[1]):
                fitted = fit_calibration(x[train], y[train, column], column, lowest=1, highest=5, seed=seed)
                found[n].append(float(np.abs(fitted.apply(x[test], column) - y[test, column]).mean()))
    few, many = np.mean(found[20]), np.mean(found[100])
    assert few == pytest.approx(0.63, abs=0.05)
    assert many == pytest.approx(0.55, abs=0.03)
