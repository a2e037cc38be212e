"""In which order suggestions are best checked: where a person's look is likely to change something, first."""

import random
from collections.abc import Mapping, Sequence

__all__ = ["DEFINITION", "FLOOR", "priority_order"]

_DOUBT, _DISAGREEMENT, _NOVELTY = 0.5, 0.3, 0.2
_JUDGE = 0.3
"""Share of the whole that the judge's word has where it looked at the suggestion. By judgement."""
FLOOR = 10
"""Every tenth place is drawn by lot, so that what no figure suspects is looked at too."""

DEFINITION = (
    "Most in doubt first: half the weight is 1 - confidence (calibrated where it is; 0.5 when unknown), three tenths "
    "the share of other agents that say something else, two tenths how unlike the checked texts it is. Where the judge "
    "scored the suggestion, three tenths of the whole are 1 - its total: badly judged ones come earlier, well judged "
    "ones later; without a verdict nothing changes. Every tenth row is drawn by lot."
)


def priority_order(
    ids: Sequence[int],
    confidence: Mapping[int, float | None],
    disagreement: Mapping[int, float],
    novelty: Mapping[int, float],
    judged: Mapping[int, float] | None = None,
    *,
    seed: int = 0,
) -> list[int]:
    """`ids` in the order in which to check them; each figure is from 0 to 1, and 0 where it is not known.

    `judged`: the judge's total on the suggestion, where it has one.
    """
    totals = judged or {}

    def score(id_: int) -> float:
        sure = confidence.get(id_)
        doubt = 0.5 if sure is None else 1 - sure
        own = _DOUBT * doubt + _DISAGREEMENT * disagreement.get(id_, 0.0) + _NOVELTY * novelty.get(id_, 0.0)
        return own if id_ not in totals else (1 - _JUDGE) * own + _JUDGE * (1 - totals[id_])

    ranked = sorted(ids, key=score, reverse=True)
    drawn = list(ids)
    random.Random(seed).shuffle(drawn)
    out: dict[int, None] = {}
    lots, best = iter(drawn), iter(ranked)
    while len(out) < len(ids):
        source = lots if len(out) % FLOOR == FLOOR - 1 else best
        for id_ in source:
            if id_ not in out:
                out[id_] = None
                break
    return list(out)
