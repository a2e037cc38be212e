"""One label out of several raters'."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analytics.aggregation import Aggregate, dawid_skene, vote

DATA = Path(__file__).parents[4] / "shared" / "data"


def frame(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "rater", "value"])


def test_the_vote_shows_its_ties() -> None:
    first, second = vote(
        frame(("a", "x", "1"), ("a", "y", "1"), ("a", "z", "2"), ("b", "x", "1"), ("b", "y", "2"))
    )
    assert (first.label, round(first.confidence, 4), first.n) == ("1", 0.6667, 3)
    assert first.entropy == pytest.approx(0.9183, abs=1e-4)
    assert (second.label, second.confidence, second.entropy, second.shares) == (
        None,
        0.5,
        1.0,
        {"1": 0.5, "2": 0.5},
    )
    weighted = frame(("b", "x", "1"), ("b", "y", "2")).assign(weight=[2.0, 1.0])
    assert vote(weighted)[0].label == "1"
    assert vote(frame()) == []


def test_two_reliable_raters_outweigh_three_that_guess() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 400)
    rows = []
    for number, right in enumerate(truth):
        rows += [
            (str(number), name, str(right if rng.random() < 0.95 else 1 - right)) for name in ("sage", "seer")
        ]
        rows += [(str(number), name, str(rng.integers(0, 2))) for name in ("coin", "dice", "card")]
    found = dawid_skene(frame(*rows))
    assert min(found.accuracy["sage"], found.accuracy["seer"]) > 0.9
    assert max(found.accuracy[name] for name in ("coin", "dice", "card")) < 0.65
    right = np.mean([one.label == str(truth[int(one.item)]) for one in found.items])
    votes = np.mean([one.label == str(truth[int(one.item)]) for one in vote(frame(*rows))])
    assert right > 0.92 > votes + 0.03 and found.note is None


def test_gold_is_kept_and_few_ratings_are_said() -> None:
    rows = [("a", "x", "1"), ("a", "y", "1"), ("b", "x", "1"), ("b", "y", "2")]
    found = dawid_skene(frame(*rows), gold={"a": "2"})
    assert found.items[0].label == "2" and found.items[0].confidence == 1.0
    assert found.note is not None and "2 of 2 raters" in found.note
    with pytest.raises(ValueError, match="no rating"):
        dawid_skene(frame())


@pytest.mark.skipif(not (DATA / "dawid_skene1979").exists(), reason="the data are not here (shared/data)")
def test_the_patients_of_the_paper() -> None:
    data = pd.read_csv(DATA / "dawid_skene1979" / "anesthetists.csv", dtype=str)
    found = dawid_skene(data.rename(columns={"label": "value"}), smoothing=0.0, rounds=1000, tolerance=1e-10)
    assert [round(share, 2) for share in found.prevalence] == [0.40, 0.42, 0.11, 0.07]
    published = [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]]
    assert np.abs(np.asarray(found.confusion["1"]) - np.asarray(published)).max() < 0.006
    assert found.log_likelihood == pytest.approx(-192.8909, abs=1e-3)


@pytest.mark.skipif(
    not (DATA / "active_crowd_toolkit").exists(), reason="the data are not here (shared/data)"
)
@pytest.mark.parametrize(
    ("name", "by_vote", "by_model"),
    [
        ("CF_amt", 0.853, 0.840),
        ("SP_amt", 0.943, 0.944),
        ("ZenCrowd_us", 0.861, 0.823),
        ("ZenCrowd_in", 0.741, 0.757),
    ],
)
def test_crowds_with_a_known_truth(name: str, by_vote: float, by_model: float) -> None:
    data = pd.read_csv(DATA / "active_crowd_toolkit" / f"{name}.csv", dtype=str)
    data = data.rename(columns={"task": "item", "worker": "rater", "label": "value"})
    truth = data.dropna(subset=["gold"]).groupby("item")["gold"].first()
    known = data[data["item"].isin(truth.index)]

    def split(one: Aggregate) -> float:
        """The published figures give half a point for one of two that share the first place."""
        shares = one.shares
        best = [label for label, share in shares.items() if share >= max(shares.values()) - 1e-9]
        return float(truth[one.item] in best) / len(best)

    assert np.mean([split(one) for one in vote(known)]) == pytest.approx(by_vote, abs=0.0016)
    assert np.mean([split(one) for one in dawid_skene(known).items]) == pytest.approx(by_model, abs=0.006)
