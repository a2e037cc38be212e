"""The order in which suggestions are checked."""

from app.agents.similarity import novelty
from app.analytics.priority import FLOOR, priority_order


def test_doubt_comes_first_then_disagreement_then_novelty() -> None:
    # 0.5 * doubt + 0.3 * disagreement + 0.2 * novelty: a .05, b .45, c .35, d .25 (unknown is half in doubt)
    order = priority_order(
        [1, 2, 3, 4],
        {1: 0.9, 2: 0.1, 3: 0.9, 4: None},
        {3: 1.0},
        {},
    )
    assert order == [2, 3, 4, 1]
    assert priority_order([1, 2], {1: 0.5, 2: 0.5}, {}, {2: 0.4}) == [2, 1]


def test_every_tenth_is_drawn_by_lot_and_nothing_is_lost() -> None:
    ids = list(range(200))
    order = priority_order(ids, {id_: id_ / 200 for id_ in ids}, {}, {})
    assert sorted(order) == ids and order == priority_order(ids, {id_: id_ / 200 for id_ in ids}, {}, {})
    by_lot = order[FLOOR - 1 : 100 : FLOOR]
    others = [id_ for place, id_ in enumerate(order[:100]) if place % FLOOR != FLOOR - 1]
    assert others == sorted(others) and max(by_lot) > max(others)


def test_novelty_is_low_beside_what_is_known() -> None:
    texts = ["late parcel again", "late parcel", "lovely weather at sea", "parcel and weather"]
    found = novelty(texts, [1])
    assert found[1] < 1e-9 and found[0] < found[3] < found[2] == 1.0


def test_what_the_judge_finds_poor_comes_earlier_and_what_it_finds_good_later() -> None:
    # All doubts are .25 (half of .5). Judged: .7 * .25 + .3 * (1 - total) is .475 at 0, .175 at 1.
    confidence: dict[int, float | None] = {1: 0.5, 2: 0.5, 3: 0.5}
    assert priority_order([1, 2, 3], confidence, {}, {}, {1: 1.0, 3: 0.0}) == [3, 2, 1]
    assert priority_order([1, 2, 3], confidence, {}, {}, {}) == [1, 2, 3]
