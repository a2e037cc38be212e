"""Who gets which help on which item: plans in which help is tied to neither the person, the item nor the order.

The same seed gives the same plan, on any machine and in any version: orders come from sha256 and from
`random.Random.random`, the one sequence that Python promises to keep.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from typing import Literal, TypeVar, assert_never

import pandas as pd

from app.analytics.spread import BLOCK

__all__ = ["Design", "lay_out", "next_arm"]

Design = Literal["per item", "crossover"]
"""Arms by chance for each item of a person; or whole blocks of items with one arm, in turn."""


def lay_out(
    annotators: Sequence[str | int],
    items: Sequence[str | int],
    arms: Sequence[str],
    design: Design,
    seed: int | str,
    *,
    block: int = BLOCK,
) -> pd.DataFrame:
    """The whole plan of a study in which every annotator labels every item, laid out before it starts.

    One row per annotator and item: annotator, item, arm, position (from 0, the order in which that annotator gets the
    items); sorted by annotator, as given, and position. An arm named twice in `arms` gets twice its share.

    "per item": positions 0 to k-1, k to 2k-1 and so on hold each of the k arms once, in random order; what is left
    over at the end holds some. Over annotators, an item is shown in each arm equally often, but for one. Orders of items
    are each annotator's own, in groups of k items that belong together.

    "crossover": blocks of `block` items with one arm each (the last may be shorter), the arms of an annotator in the order
    of a row of a Williams square, over and over; the rows are dealt to the annotators in turn. So each arm comes in each
    place, and after each other arm, equally often, as far as the number of annotators goes; and since the blocks of
    items come in one order for all, each item is shown in each arm equally often, but for one. Within a block,
    orders of items are each annotator's own. A person's own arms are balanced when the number of blocks is a
    multiple of the number of arms. Source: Williams, Aust. J. Sci. Res. A 2(2), 1949.

    Raises ValueError where a name comes twice, where there are not two arms, or too few items for a block of each.
    """
    for what, names in (("annotator", annotators), ("item", items)):
        if len(set(map(str, names))) < len(names):
            raise ValueError(f"the same {what} comes twice")
    _check(arms, block)
    if design == "crossover" and len(items) < len(arms) * block:
        raise ValueError(f"{len(items)} items are no {len(arms)} blocks of {block}")
    size = block if design == "crossover" else len(arms)
    mixed = _shuffled(items, _random(seed, "items"))
    groups = [mixed[start : start + size] for start in range(0, len(mixed), size)]
    if design == "per item":
        own = _per_item(annotators, groups, arms, seed)
    elif design == "crossover":
        own = _crossover(annotators, groups, arms, seed)
    else:
        assert_never(design)
    rows = [
        (annotator, item, arm, position)
        for annotator, pairs in zip(annotators, own, strict=True)
        for position, (item, arm) in enumerate(pairs)
    ]
    return pd.DataFrame(rows, columns=["annotator", "item", "arm", "position"])


def next_arm(
    seed: int | str,
    annotator: str | int,
    position: int,
    arms: Sequence[str],
    design: Design,
    *,
    block: int = BLOCK,
    place: int | None = None,
) -> str:
    """The arm of the item that `annotator` opens as number `position` (from 0) of the study; needs no stored plan.

    "per item" permutes the arms within each run of len(arms) positions, as `lay_out` does, so an annotator's
    counts never differ by more than one; over annotators, an item's arms balance by chance only. "crossover" takes a
    row of the Williams square: with `place`, the annotator's number among those of the study (0, 1, ... as they joined),
    the rows are dealt in turn and the orders of arms balance; without it, the row is drawn and they balance by
    chance. The same inputs give the same arm. An arm named twice in `arms` gets twice its share.

    Raises ValueError for a negative position, or without two arms. Source: Matts & Lachin, Controlled Clinical
    Trials 9(4), 1988, for permuted blocks.
    """
    _check(arms, block)
    if position < 0:
        raise ValueError(f"positions count from 0, not {position}")
    k = len(arms)
    if design == "per item":
        return _shuffled(arms, _random(seed, "run", annotator, position // k))[position % k]
    if design == "crossover":
        rows = _square(k)
        number = int(_random(seed, "row", annotator).random() * len(rows)) if place is None else place
        return _shuffled(arms, _random(seed, "arms"))[rows[number % len(rows)][position // block % k]]
    assert_never(design)


def _check(arms: Sequence[str], block: int) -> None:
    if len(set(arms)) < 2:
        raise ValueError("a comparison needs two arms")
    if block < 1:
        raise ValueError(f"a block holds items, not {block}")


_T = TypeVar("_T")
_Name = str | int
_Pairs = list[tuple[_Name, str]]
"""Items with their arms, in the order of one annotator."""


def _per_item(
    annotators: Sequence[_Name], groups: list[list[_Name]], arms: Sequence[str], seed: int | str
) -> list[_Pairs]:
    """Each group of k items goes through the k rotations of one random order of arms, dealt to the annotators in turn."""
    k = len(arms)
    dealing = _random(seed, "deal")
    dealt: list[list[_Pairs]] = [[] for _ in annotators]
    for group in groups:
        turned = _shuffled(arms, dealing)
        for turn, index in enumerate(_shuffled(range(len(annotators)), dealing)):
            dealt[index].append([(item, turned[(turn + place) % k]) for place, item in enumerate(group)])
    own = []
    for annotator, runs in zip(annotators, dealt, strict=True):
        ordering = _random(seed, "order", annotator)
        whole = [
            run for run in runs if len(run) == k
        ]  # what is left over comes last, or the runs would be shifted
        ordered = _shuffled(whole, ordering) + runs[len(whole) :]
        own.append([pair for run in ordered for pair in _shuffled(run, ordering)])
    return own


def _crossover(
    annotators: Sequence[_Name], groups: list[list[_Name]], arms: Sequence[str], seed: int | str
) -> list[_Pairs]:
    rows, names = _square(len(arms)), _shuffled(arms, _random(seed, "arms"))
    own: list[_Pairs] = [[] for _ in annotators]
    for turn, index in enumerate(_shuffled(range(len(annotators)), _random(seed, "deal"))):
        ordering, row = _random(seed, "order", annotators[index]), rows[turn % len(rows)]
        for number, group in enumerate(groups):
            arm = names[row[number % len(row)]]
            own[index] += [(item, arm) for item in _shuffled(group, ordering)]
    return own


def _square(k: int) -> list[list[int]]:
    """Williams' square of 0 to k-1, and for odd k its mirror image below it: any number follows any other equally often.

    The first row is 0, 1, k-1, 2, k-2, ...; the others add 1, 2, ... to it, modulo k.
    """
    first = [(place + 1) // 2 if place % 2 else (k - place // 2) % k for place in range(k)]
    rows = [[(number + step) % k for number in first] for step in range(k)]
    return rows if k % 2 == 0 else rows + [row[::-1] for row in rows]


def _random(seed: int | str, *parts: object) -> random.Random:
    key = json.dumps([str(part) for part in (seed, *parts)])
    return random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest()))


def _shuffled(values: Sequence[_T], random_: random.Random) -> list[_T]:
    draw = random_.random
    return [value for _, value in sorted([(draw(), value) for value in values], key=lambda pair: pair[0])]
