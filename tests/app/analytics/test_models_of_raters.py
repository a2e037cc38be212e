"""MACE and GLAD: who guesses, who is able, what is hard."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.aggregation import Aggregate, vote
from app.analytics.glad import Glad, glad
from app.analytics.mace import Mace, mace

DATA = Path(__file__).parents[4] / "shared" / "data"
MODELS: list[Callable[..., Mace | Glad]] = [mace, glad]


def frame(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "rater", "value"])


def said(answers: dict[str, str]) -> pd.DataFrame:
    """Rater -> their answers, one letter an item; a dot is no rating."""
    return frame(
        *(
            (str(item), rater, value)
            for rater, values in answers.items()
            for item, value in enumerate(values)
            if value != "."
        )
    )


def test_maces_first_belief_by_hand() -> None:
    # Half of the time known, else a fair guess of two labels: right .5 + .5*.5 = .75, wrong .25. Of a, a, b:
    # a: .5*.75*.75*.25 = 9/128, b: .5*.25*.25*.75 = 3/128. The second item is unanimous: a .5*27/64, b .5*1/64.
    found = mace(said({"x": "aa", "y": "aa", "z": "ba"}), restarts=1, rounds=0)
    assert found.items[0].shares == pytest.approx({"a": 0.75, "b": 0.25})
    assert found.items[1].shares == pytest.approx({"a": 27 / 28, "b": 1 / 28})
    assert found.items[0].entropy == pytest.approx(0.8113, abs=1e-4)
    assert found.log_likelihood == pytest.approx(np.log(12 / 128) + np.log(14 / 64))
    assert found.note is not None and "3 of 3 raters" in found.note


def test_glads_first_belief_by_hand() -> None:
    # Ability 1 and log(1 / difficulty) 1: right with 1 / (1 + exp(-e)), odds e**e. Of a, a, b with two labels the
    # odds of a against b are e**e; with a third label that one is wrong for all three, and each wrong one has half:
    # a: p*p*q/2, b: p*q/2*q/2, c: q/2*q/2*q/2, with p/q = e**e that is 4*o*o : 2*o : 1.
    odds = np.e**np.e
    two = glad(said({"x": "a", "y": "a", "z": "b"}), rounds=0).items[0]
    assert two.shares == pytest.approx({"a": odds / (1 + odds), "b": 1 / (1 + odds)})
    three = glad(said({"x": "ac", "y": "ac", "z": "bc"}), rounds=0).items[0]
    total = 4 * odds**2 + 2 * odds + 1
    assert three.shares == pytest.approx({"a": 4 * odds**2 / total, "b": 2 * odds / total, "c": 1 / total})


@pytest.mark.parametrize("model", MODELS)
def test_raters_who_all_agree_are_believed(model: Any) -> None:
    found = model(said(dict.fromkeys("vwxyz", "ababbaabab")))
    assert [one.label for one in found.items] == list("ababbaabab")
    assert min(one.confidence for one in found.items) > 0.999
    assert max(one.entropy for one in found.items) < 0.01
    if isinstance(found, Mace):
        # Ten ratings that are all known, smoothed by .01 on either side: 10.01 / 10.02
        assert list(found.competence.values()) == pytest.approx([10.01 / 10.02] * 5, abs=1e-3)
    else:
        assert min(found.ability.values()) > 1 and max(found.difficulty.values()) < np.exp(-1)


def test_who_always_says_the_same_guesses() -> None:
    # A rater who says a throughout where ten of twenty are b: with guesses all a, the ten a's are certain and the
    # ten b's have (1 - competence)**10, largest at competence 0.
    truth = "ab" * 10
    found = mace(said({"x": truth, "y": truth, "z": truth, "lazy": "a" * 20}))
    assert found.competence["lazy"] < 0.01 and min(found.competence[name] for name in "xyz") > 0.99
    assert found.guesses["lazy"] == pytest.approx([1.0, 0.0], abs=0.01)
    assert "".join(str(one.label) for one in found.items) == truth and found.note is None


def test_two_who_look_outweigh_three_who_always_say_the_same() -> None:
    truth = "ab" * 20
    lazy = dict.fromkeys(("p", "q", "r"), "a" * 40)
    rows = said({"x": truth, "y": truth[:-1] + "a", **lazy})
    assert [one.label for one in vote(rows)] == ["a"] * 40
    found = mace(rows)
    assert "".join(str(one.label) for one in found.items)[:-1] == truth[:-1]
    assert max(found.competence[name] for name in lazy) < 0.1 < 0.9 < found.competence["x"]


def test_who_is_wrong_most_of_the_time_has_an_ability_below_zero_and_split_items_are_hard() -> None:
    truth = "aabbabab" * 5
    other = truth.translate(str.maketrans("ab", "ba"))
    # The first item splits four good raters.
    found = glad(said({"v": truth, "w": truth, "x": "b" + truth[1:], "y": "b" + truth[1:], "against": other}))
    assert found.ability["against"] < -0.5 and min(found.ability[name] for name in "vwxy") > 1.0
    assert found.difficulty["0"] == max(found.difficulty.values())
    assert "".join(str(one.label) for one in found.items)[1:] == truth[1:]


@pytest.mark.parametrize("model", MODELS)
def test_gold_is_kept_and_teaches_who_is_right(model: Any) -> None:
    # Two against two on every item: only what is known tells which two are right.
    rows = said({"w": "abab", "x": "abab", "y": "baba", "z": "baba"})
    found = model(rows, gold={"0": "b", "1": "a", "elsewhere": "a", "2": "no such label"})
    assert [one.label for one in found.items] == ["b", "a", "b", "a"]
    assert [found.items[0].confidence, found.items[1].entropy] == [1.0, 0.0]
    with pytest.raises(ValueError, match="no rating"):
        model(frame())


@pytest.mark.parametrize("model", MODELS)
def test_one_label_is_certain(model: Any) -> None:
    found = model(frame(("a", "x", "1"), ("b", "x", "1"), ("b", "y", "1")))
    assert [(one.label, one.confidence, one.entropy, one.n) for one in found.items] == [
        ("1", 1.0, 0.0, 1), ("1", 1.0, 0.0, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_the_prevalence_of_labels_is_learned_where_wanted(model: Any) -> None:
    truth = "a" * 36 + "bbbb"
    rows = said(dict.fromkeys("xyz", truth))
    assert model(rows).prevalence == (0.5, 0.5)
    assert model(rows, estimate_prevalence=True).prevalence == pytest.approx((0.9, 0.1), abs=0.01)


def crowd(seed: int) -> pd.DataFrame:
    """40 items of three labels, seven raters right in .4 to .95, a quarter of the ratings missing."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, 40)
    return frame(
        *(
            (str(item), f"r{rater}", "abc"[right if rng.random() < skill else rng.integers(0, 3)])
            for rater, skill in enumerate(np.linspace(0.4, 0.95, 7))
            for item, right in enumerate(truth)
            if rng.random() < 0.75
        )
    )


def test_mace_ends_at_a_maximum_of_the_likelihood() -> None:
    rows = crowd(1)
    found = mace(rows, smoothing=0.0, tolerance=1e-13, rounds=5000)

    def likelihood(competence: dict[str, float], guesses: dict[str, list[float]]) -> float:
        """The definition, rating by rating."""
        total = 0.0
        for _, ratings in rows.groupby("item"):
            of_label = np.zeros(3)
            for true, label in enumerate("abc"):
                chances = [
                    competence[r] * (v == label) + (1 - competence[r]) * guesses[r]["abc".index(v)]
                    for r, v in zip(ratings["rater"], ratings["value"], strict=True)
                ]
                of_label[true] = np.prod(chances) / 3
            total += np.log(of_label.sum())
        return total

    assert likelihood(found.competence, found.guesses) == pytest.approx(found.log_likelihood, abs=1e-9)
    for rater in found.competence:
        for shift in (-0.02, 0.02):
            moved = found.competence | {rater: float(np.clip(found.competence[rater] + shift, 0, 1))}
            assert likelihood(moved, found.guesses) <= found.log_likelihood + 1e-9
            tilted = np.clip(np.array(found.guesses[rater]) + np.array([shift, -shift, 0]), 0, 1)
            other = found.guesses | {rater: (tilted / tilted.sum()).tolist()}
            assert likelihood(found.competence, other) <= found.log_likelihood + 1e-9


def test_glad_ends_where_the_log_posterior_is_level() -> None:
    rows = crowd(2)
    found = glad(rows, tolerance=1e-14, rounds=5000)
    names = [*found.ability, *found.difficulty]
    at = np.array([*found.ability.values(), *(-np.log(list(found.difficulty.values())))])

    def log_posterior(point: Any) -> tuple[float, float]:
        """(log-likelihood, with the priors), by the definition."""
        value = dict(zip(names, point, strict=True))
        likelihood = 0.0
        for item, ratings in rows.groupby("item"):
            of_label = []
            for true in "abc":
                right = [1 / (1 + np.exp(-value[r] * np.exp(value[str(item)]))) for r in ratings["rater"]]
                same = ratings["value"] == true
                of_label.append(
                    np.prod([p if s else (1 - p) / 2 for p, s in zip(right, same, strict=True)]) / 3
                )
            likelihood += np.log(sum(of_label))
        return float(likelihood), float(likelihood - ((point - 1) ** 2).sum() / 2)

    assert log_posterior(at)[0] == pytest.approx(found.log_likelihood, abs=1e-9)
    for place in (0, 3, 6, 7, 20, 46):
        nudge = np.zeros(len(at))
        nudge[place] = 1e-4
        slope = (log_posterior(at + nudge)[1] - log_posterior(at - nudge)[1]) / 2e-4
        assert slope == pytest.approx(0, abs=2e-3), names[place]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(MODELS))
def test_neither_order_nor_doubled_rows_instead_of_weights_matter(seed: int, model: Any) -> None:
    rows = crowd(seed).head(120)
    twice = np.random.default_rng(seed).random(len(rows)) < 0.3
    weighted = rows.assign(weight=np.where(twice, 2.0, 1.0))
    doubled = pd.concat([rows, rows[twice]])
    options = {"restarts": 1} if model is mace else {}
    first = model(weighted, **options)
    assert first == model(weighted, **options)
    for other in (doubled, doubled.sample(frac=1, random_state=seed)):
        again = {one.item: one for one in model(other, **options).items}
        for one in first.items:
            for label in "abc":
                assert again[one.item].shares.get(label, 0.0) == pytest.approx(
                    one.shares.get(label, 0.0), abs=1e-6
                )
    for one in first.items:
        assert sum(one.shares.values()) == pytest.approx(1) and 0 <= one.entropy <= np.log2(3) + 1e-9


@pytest.mark.skipif(
    not (DATA / "active_crowd_toolkit").exists(), reason="the data are not here (shared/data)"
)
@pytest.mark.parametrize(
    ("name", "by_vote", "by_mace", "by_glad"),
    [
        ("CF_amt", 0.853, 0.863, 0.853),
        ("SP_amt", 0.943, 0.944, 0.946),
        ("ZenCrowd_us", 0.861, 0.794, 0.877),
        ("ZenCrowd_in", 0.741, 0.714, 0.772),
    ],
)
def test_crowds_with_a_known_truth(name: str, by_vote: float, by_mace: float, by_glad: float) -> None:
    """GLAD is never below the vote here; MACE is where one label is rare and all are taken as equally frequent.

    crowd-kit 1.4.2 gives MACE .863, .946, .794, .714 (on rows renamed in order of appearance: it mixes up raters
    otherwise) and GLAD .853, .946, .879, .772.
    """
    data = pd.read_csv(DATA / "active_crowd_toolkit" / f"{name}.csv", dtype=str)
    data = data.rename(columns={"task": "item", "worker": "rater", "label": "value"})
    truth = data.dropna(subset=["gold"]).groupby("item")["gold"].first()
    known = data[data["item"].isin(truth.index)]

    def accuracy(items: Sequence[Aggregate]) -> float:
        """Half a point for one of two that share the first place."""
        points = []
        for one in items:
            best = [label for label, share in one.shares.items() if share >= max(one.shares.values()) - 1e-9]
            points.append(float(truth[one.item] in best) / len(best))
        return float(np.mean(points))

    guessing, able = mace(known), glad(known)
    assert accuracy(vote(known)) == pytest.approx(by_vote, abs=0.0016)
    assert accuracy(guessing.items) == pytest.approx(by_mace, abs=0.002)
    assert accuracy(able.items) == pytest.approx(by_glad, abs=0.002)
    if name.startswith("ZenCrowd"):
        assert accuracy(mace(known, estimate_prevalence=True).items) > by_mace + 0.02
    right = (known["value"] == known["gold"]).groupby(known["rater"]).agg(["mean", "size"])
    often = right[right["size"] >= 20].index
    ranks = pd.Series(able.ability)[often].rank().corr(right.loc[often, "mean"].rank())
    assert ranks > 0.7
