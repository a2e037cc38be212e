from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest

from app.analytics.arms_plan import Design, lay_out, next_arm

PEOPLE = [f"p{n}" for n in range(8)]
ITEMS = list(range(48))
ARMS = ["none", "suggestion", "chat"]
DESIGNS: tuple[Design, ...] = ("per item", "crossover")


def spans(counts: pd.DataFrame) -> int:
    """The largest difference between the arms within one row."""
    return int((counts.max(axis=1) - counts.min(axis=1)).max())


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("arms", [ARMS[:2], ARMS])
def test_everybody_gets_every_item_once(design: Design, arms: list[str]) -> None:
    plan = lay_out(PEOPLE, ITEMS, arms, design, 1, block=8)
    assert list(plan.columns) == ["annotator", "item", "arm", "position"]
    assert list(plan["annotator"].unique()) == PEOPLE
    for _, own in plan.groupby("annotator"):
        assert sorted(own["item"]) == ITEMS and list(own["position"]) == ITEMS
    assert set(plan["arm"]) == set(arms)


def test_per_item_every_run_of_positions_holds_every_arm() -> None:
    plan = lay_out(PEOPLE, ITEMS, ARMS, "per item", 1)
    runs = plan.assign(run=plan["position"] // 3).groupby(["annotator", "run"])["arm"].nunique()
    assert set(runs) == {3}
    orders = plan.assign(run=plan["position"] // 3).groupby(["annotator", "run"])["arm"].agg(tuple)
    # 128 runs over the 6 orders of three arms: 21.3 expected of each, standard deviation 4.2.
    assert len(set(orders)) == 6 and min(Counter(orders).values()) >= 8


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("people", [2, 3, 6, 7, 8])
def test_an_item_is_shown_in_each_arm_equally_often(design: Design, people: int) -> None:
    for arms in (ARMS[:2], ARMS, [*ARMS, "judge"]):
        plan = lay_out(PEOPLE[:people], ITEMS, arms, design, 5, block=6)
        per_item = pd.crosstab(plan["item"], plan["arm"])
        assert spans(per_item) == (0 if people % len(arms) == 0 else 1)
        assert spans(pd.crosstab(plan["annotator"], plan["arm"])) == 0 or design == "crossover"


def test_what_does_not_divide_is_spread() -> None:
    plan = lay_out(PEOPLE, range(50), ARMS, "per item", 3)  # 50 = 16 * 3 + 2
    assert spans(pd.crosstab(plan["annotator"], plan["arm"])) == 1
    assert spans(pd.crosstab(plan["item"], plan["arm"])) == 1
    assert set(plan[plan["position"] >= 48].groupby("annotator")["arm"].nunique()) == {2}


def test_orders_of_items_are_each_persons_own() -> None:
    plan = lay_out(PEOPLE, ITEMS, ARMS, "per item", 1)
    assert plan.groupby("annotator")["item"].agg(tuple).nunique() == 8
    # Nothing stays early or late: the mean positions of an item over 8 people have a deviation of 13.9 / sqrt(8).
    assert 3 < plan.groupby("item")["position"].mean().std() < 7


def test_crossover_has_blocks_and_each_arm_in_each_place() -> None:
    plan = lay_out(PEOPLE[:6], ITEMS, ARMS, "crossover", 1, block=8)
    blocks = plan.assign(block=plan["position"] // 8)
    assert set(blocks.groupby(["annotator", "block"])["arm"].nunique()) == {1}
    arms = blocks.groupby(["annotator", "block"])["arm"].first().unstack()
    # Six people and three arms: two of them have each arm in each place, and each arm follows each other arm twice
    # among the first three blocks.
    for place in range(6):
        assert set(Counter(arms[place]).values()) == {2}
    follows = Counter(pair for row in arms[[0, 1, 2]].to_numpy().tolist() for pair in pairwise(row))
    assert len(follows) == 6 and set(follows.values()) == {2}
    # The items of a block are the same for all, their order is not.
    assert blocks.groupby("block")["item"].nunique().eq(8).all()
    assert blocks.groupby("annotator")["item"].agg(tuple).nunique() == 6


def test_two_arms_are_counterbalanced() -> None:
    plan = lay_out(PEOPLE, ITEMS, ["none", "suggestion"], "crossover", 9, block=12)
    first = plan[plan["position"] == 0]["arm"]
    assert Counter(first) == {"none": 4, "suggestion": 4}
    orders = Counter(plan[plan["position"] % 12 == 0].groupby("annotator")["arm"].agg(tuple))
    assert orders == {("none", "suggestion") * 2: 4, ("suggestion", "none") * 2: 4}


@pytest.mark.parametrize("design", DESIGNS)
def test_the_same_seed_is_the_same_plan_and_another_is_another(design: Design) -> None:
    plan = lay_out(PEOPLE, ITEMS, ARMS, design, "study", block=4)
    assert plan.equals(lay_out(PEOPLE, ITEMS, ARMS, design, "study", block=4))
    assert not plan.equals(lay_out(PEOPLE, ITEMS, ARMS, design, "another", block=4))


def test_a_plan_stays_the_same_in_later_versions() -> None:
    # Written down once: a plan that was announced before a study must not change under it.
    plan = lay_out(["a", "b"], ["x", "y", "z"], ["none", "chat"], "per item", 2026)
    assert [
        "".join(row) for row in zip(plan["annotator"], plan["item"], plan["arm"].str[0], strict=True)
    ] == [
        *("azn", "axc", "ayc"),
        *("bzc", "bxn", "byn"),
    ]
    found = [next_arm(2026, "a", position, ["none", "chat"], "per item") for position in range(6)]
    assert found == ["none", "chat", "none", "chat", "chat", "none"]


def test_an_arm_named_twice_has_twice_its_share() -> None:
    plan = lay_out(PEOPLE[:6], ITEMS, ["none", "suggestion", "suggestion"], "per item", 1)
    assert set(map(tuple, pd.crosstab(plan["annotator"], plan["arm"]).to_numpy())) == {(16, 32)}
    assert set(map(tuple, pd.crosstab(plan["item"], plan["arm"]).to_numpy())) == {(2, 4)}


def test_the_next_arm_needs_no_plan_and_balances_within_a_person() -> None:
    for person in PEOPLE:
        arms = [next_arm(7, person, position, ARMS, "per item") for position in range(60)]
        assert arms == [next_arm(7, person, position, ARMS, "per item") for position in range(60)]
        for start in range(0, 60, 3):
            assert set(arms[start : start + 3]) == set(ARMS)
    firsts = Counter(next_arm(7, person, 0, ARMS, "per item") for person in range(3_000))
    assert all(900 <= count <= 1_100 for count in firsts.values())  # 1,000 expected, standard deviation 26
    assert (
        len({tuple(next_arm(seed, "p", n, ARMS, "per item") for n in range(30)) for seed in range(20)}) == 20
    )


def test_the_next_arm_of_a_crossover_comes_in_blocks_and_is_dealt_in_turn() -> None:
    def order(place: int | None, person: str = "p") -> tuple[str, ...]:
        return tuple(next_arm(7, person, n, ARMS, "crossover", block=5, place=place) for n in range(30))

    for place in range(12):
        arms = order(place)
        assert all(len(set(arms[start : start + 5])) == 1 for start in range(0, 30, 5))
        assert arms[:15] == arms[15:]
    assert Counter(order(place)[::5][:3] for place in range(12)) == {
        key: 2 for key in {order(place)[::5][:3] for place in range(6)}
    }
    for start in range(0, 12, 3):  # any three who join one after the other form a Latin square
        columns = zip(*(order(start + n)[::5][:3] for n in range(3)), strict=True)
        assert all(set(column) == set(ARMS) for column in columns)
    drawn = Counter(order(None, f"p{n}") for n in range(600))
    assert len(drawn) == 6 and min(drawn.values()) >= 60  # 100 expected, standard deviation 9


def test_what_is_no_study_is_refused() -> None:
    with pytest.raises(ValueError, match="two arms"):
        lay_out(PEOPLE, ITEMS, ["none", "none"], "per item", 1)
    with pytest.raises(ValueError, match="annotator comes twice"):
        lay_out(["a", "a"], ITEMS, ARMS, "per item", 1)
    with pytest.raises(ValueError, match="item comes twice"):
        lay_out(PEOPLE, [1, "1"], ARMS, "per item", 1)
    with pytest.raises(ValueError, match="48 items are no 3 blocks of 20"):
        lay_out(PEOPLE, ITEMS, ARMS, "crossover", 1, block=20)
    with pytest.raises(ValueError, match="a block holds items"):
        next_arm(1, "a", 0, ARMS, "crossover", block=0)
    with pytest.raises(ValueError, match="count from 0"):
        next_arm(1, "a", -1, ARMS, "per item")
