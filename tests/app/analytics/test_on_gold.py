import pandas as pd
import pytest

from app.analytics.aggregation import vote
from app.analytics.on_gold import on_gold
from app.analytics.weighted_vote import held_out_vote, skills_on_gold, weighted_vote


def long(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "rater", "value"])


def test_ties_are_counted_as_their_own_and_split() -> None:
    # 1: x x, right. 2: x y, a tie with the known y in it. 3: x y, a tie without the known z. 4: x x, known y, wrong.
    # 5 is not known. Right 1 of 4; ties split (1 + .5 + 0 + 0) / 4.
    items = vote(
        long(
            ("1", "a", "x"), ("1", "b", "x"), ("2", "a", "x"), ("2", "b", "y"), ("3", "a", "x"), ("3", "b", "y"),
            ("4", "a", "x"), ("4", "b", "x"), ("5", "a", "x"),
        )
    )  # fmt: skip
    found = on_gold(items, {"1": "x", "2": "y", "3": "z", "4": "y", "9": "x"})
    assert (found.n, found.right, found.ties, found.value, found.split) == (4, 1, 2, 0.25, 0.375)
    assert found.low is not None and found.split_low is not None and found.low < found.split_low < 0.375


def test_nothing_known_is_undefined() -> None:
    found = on_gold(vote(long(("1", "a", "x"))), {})
    assert (found.n, found.value, found.split, found.low) == (0, None, None, None)


def test_a_known_item_has_no_part_in_its_own_label() -> None:
    # a is right on 1 only, b on 2 and 3. With all items a's skill is (.5 + 1) / (1 + 3) = .375, b's .625: item 1, where
    # they differ, goes to b. Left out, a has (.5 + 0) / 3 = 1/6 and b (.5 + 2) / 3 = 5/6.
    ratings = long(
        ("1", "a", "x"), ("1", "b", "y"), ("2", "a", "y"), ("2", "b", "x"), ("3", "a", "y"), ("3", "b", "x"),
    )  # fmt: skip
    gold = {"1": "x", "2": "x", "3": "x"}
    skills = {name: one.skill for name, one in skills_on_gold(ratings, gold).items()}
    assert skills == {"a": pytest.approx(0.375), "b": pytest.approx(0.625)}
    assert weighted_vote(ratings, skills)[0].shares["y"] == pytest.approx(0.625**2 / (0.625**2 + 0.375**2))
    held = held_out_vote(ratings, gold)
    # y has a against it (5/6 of a wrong word is right) and b for it: (5/6)^2 against (1/6)^2.
    assert held[0].shares["y"] == pytest.approx(25 / 26)
    # On item 2 a has (.5 + 1) / 3 and b (.5 + 1) / 3: a coin each.
    assert held[1].label is None


def test_who_rated_only_the_item_itself_counts_as_a_coin_there() -> None:
    held = held_out_vote(long(("1", "a", "x"), ("1", "b", "y")), {"1": "x"})
    assert (held[0].label, held[0].shares) == (None, {"x": 0.5, "y": 0.5})


def test_a_model_is_weighed_by_what_it_has_not_learned_from() -> None:
    ratings = long(*[(str(n), "m", "x") for n in range(4)], ("0", "a", "y"))
    gold = {str(n): "x" for n in range(4)}
    # By all four it would have (.5 + 3) / 4 on item 0; by the test part, item 1 alone, (.5 + 1) / 2.
    held = held_out_vote(ratings, gold, models=["m"], test_gold={"1": "x"})
    assert held[0].shares["x"] == pytest.approx(0.75)
