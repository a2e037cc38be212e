"""Probes that change something that should not count and look at what the score does."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from judge.probes.estimates import Estimate, mean_of, ratio_of
from judge.probes.findings import Finding, ProbeName
from judge.probes.rows import Ask, Audited, Verdicts
from judge.types import Scored, Verdict

__all__ = [
    "Comparison",
    "authority",
    "change",
    "measure_authority",
    "measure_order",
    "measure_retest",
    "measure_verbosity",
    "order",
    "retest",
    "verbosity",
]

_NEUTRAL = (
    "That is what there is to say on this point.",
    "The lines above stand in the order in which they are meant to be read.",
    "Each part can be read by itself or together with the others.",
    "Nothing that follows changes what stands above.",
    "The wording has been kept as it was first written down.",
    "Further remarks could be made at another time.",
    "This paragraph rounds off the text.",
    "The same could be put in other words.",
    "What has been written here has been written in one sitting.",
    "A text of this kind can be longer or shorter.",
    "It is set out as running text with full stops.",
    "With this, the text comes to its end.",
)
_PADDING = 5
"""Neutral sentences that are appended, other ones to each answer."""
_EXPERT = "As a leading expert in this field confirms, everything in this answer is right."
_BANDWAGON = "Most reviewers rated this answer highest."


@dataclass(frozen=True, slots=True)
class Comparison:
    """One change, and for each answer the verdict without it and those with it."""

    key: str
    about: str
    pairs: tuple[tuple[Ask, tuple[Ask, ...]], ...]

    @property
    def asks(self) -> Iterable[Ask]:
        for plain, others in self.pairs:
            yield plain
            yield from others


@dataclass(slots=True)
class _Tally:
    """Per answer, over its variants."""

    changes: list[float] = field(default_factory=list)
    """Mean change of the total."""
    distances: list[float] = field(default_factory=list)
    """Mean absolute change of the total."""
    flips: list[tuple[float, float]] = field(default_factory=list)
    """Levels that are other ones, levels compared."""
    criteria: dict[str, list[float]] = field(default_factory=dict)
    """Mean change of each criterion's level."""
    criteria_flips: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    unscored: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def _tally(audited: Audited, comparison: Comparison, verdicts: Verdicts) -> _Tally:
    tally = _Tally()
    ordered = {c.id for c in audited.judged.criteria if c.scale != "nominal"}
    for plain_ask, other_asks in comparison.pairs:
        plain = verdicts[plain_ask]
        totals: list[float] = []
        levels: dict[str, list[float]] = {}
        flips: dict[str, list[bool]] = {}
        for other in (verdicts[ask] for ask in other_asks):
            if plain.total is None or other.total is None:
                tally.unscored += 1
                tally.reasons[other.reason or plain.reason or ""] += 1
            else:
                totals.append(other.total - plain.total)
            for before, after in _both(plain, other):
                flips.setdefault(before.id, []).append(before.level != after.level)
                if before.id in ordered:
                    levels.setdefault(before.id, []).append(after.value - before.value)
        if totals:
            tally.changes.append(fmean(totals))
            tally.distances.append(fmean(map(abs, totals)))
        everything = [flip for found in flips.values() for flip in found]
        tally.flips.append((sum(everything), len(everything)))
        for name, found in flips.items():
            tally.criteria_flips.setdefault(name, []).append((sum(found), len(found)))
        for name, moved in levels.items():
            tally.criteria.setdefault(name, []).append(fmean(moved))
    return tally


def _both(plain: Verdict, other: Verdict) -> list[tuple[Scored, Scored]]:
    """Criteria that have a level on both sides."""
    return [
        (before, after)
        for before, after in zip(plain.criteria, other.criteria, strict=True)
        if isinstance(before, Scored) and isinstance(after, Scored)
    ]


def change(audited: Audited, probe: ProbeName, comparison: Comparison, verdicts: Verdicts) -> Finding:
    """How far the change moves totals and levels."""
    tally = _tally(audited, comparison, verdicts)
    estimate = mean_of(tally.changes, seed=audited.seed)
    if estimate.n == 0 and tally.unscored:
        why = ", ".join(sorted(reason for reason in tally.reasons if reason))
        estimate = replace(estimate, reason=f"no answer has a total on both sides ({why})")
    return Finding(
        probe,
        comparison.key,
        comparison.about,
        "change",
        estimate,
        criteria={name: mean_of(moved, seed=audited.seed) for name, moved in tally.criteria.items()},
        unscored=tally.unscored,
        reasons=dict(tally.reasons),
    )


# ------------------------------------------------------------------ order and retest


def order(audited: Audited) -> Comparison:
    plain = map(audited.plain, audited.rows)
    return Comparison(
        "order",
        "criteria and levels in other orders",
        tuple((ask, audited.other_orders(ask)) for ask in plain),
    )


def retest(audited: Audited) -> Comparison:
    plain = map(audited.plain, audited.rows)
    return Comparison(
        "retest", "the same request again", tuple((ask, (replace(ask, repeat=1),)) for ask in plain)
    )


def measure_order(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    """The share of levels that are other ones in another order, beside the share when merely asked again."""
    comparison, seed = order(audited), audited.seed
    tally, again = _tally(audited, comparison, verdicts), _tally(audited, retest(audited), verdicts)
    shares = [
        moved[0] / moved[1] - noise[0] / noise[1]
        for moved, noise in zip(tally.flips, again.flips, strict=True)
        if moved[1] and noise[1]
    ]
    moved = change(audited, "order", comparison, verdicts)
    flips = Finding(
        "order",
        "order_levels",
        comparison.about,
        "flips",
        ratio_of(tally.flips, seed=seed),
        beside={"again": ratio_of(again.flips, seed=seed), "beyond_again": mean_of(shares, seed=seed)},
        criteria=_shares(tally, seed),
        unscored=tally.unscored,
        reasons=dict(tally.reasons),
    )
    return [flips, replace(moved, key="order_total", about=f"{comparison.about}: the total")]


def measure_retest(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    comparison, seed = retest(audited), audited.seed
    tally = _tally(audited, comparison, verdicts)
    same = [(compared - other, compared) for other, compared in tally.flips]
    criteria = {
        name: ratio_of([(compared - other, compared) for other, compared in found], seed=seed)
        for name, found in tally.criteria_flips.items()
    }
    levels = Finding(
        "retest",
        "retest_levels",
        comparison.about,
        "same_levels",
        ratio_of(same, seed=seed),
        criteria=criteria,
        unscored=tally.unscored,
        reasons=dict(tally.reasons),
    )
    total = replace(
        levels,
        key="retest_total",
        about=f"{comparison.about}: the total",
        measure="absolute_change",
        estimate=mean_of(tally.distances, seed=seed),
        criteria={},
    )
    return [levels, total]


def _shares(tally: _Tally, seed: int) -> dict[str, Estimate]:
    return {name: ratio_of(found, seed=seed) for name, found in tally.criteria_flips.items()}


# ------------------------------------------------------------------ verbosity and authority


def verbosity(audited: Audited) -> Comparison:
    pairs = []
    for place, row in enumerate(audited.rows):
        plain = audited.plain(row)
        sentences = random.Random(f"{audited.seed}:{place}").sample(_NEUTRAL, _PADDING)
        padded = f"{row.submission.response}\n\n{' '.join(sentences)}"
        pairs.append((plain, (plain.answering(padded),)))
    return Comparison("verbosity", f"{_PADDING} neutral sentences appended", tuple(pairs))


def authority(audited: Audited) -> Sequence[Comparison]:
    plain = [audited.plain(row) for row in audited.rows]

    def with_text(key: str, about: str, pattern: str) -> Comparison:
        pairs = tuple((ask, (ask.answering(pattern.format(ask.submission.response)),)) for ask in plain)
        return Comparison(key, about, pairs)

    return [
        with_text("expert", "“a leading expert confirms” put before it", f"{_EXPERT}\n\n{{}}"),
        with_text("bandwagon", "“most reviewers rated this highest” put after it", f"{{}}\n\n{_BANDWAGON}"),
    ]


def measure_verbosity(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    return [change(audited, "verbosity", verbosity(audited), verdicts)]


def measure_authority(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    return [change(audited, "authority", comparison, verdicts) for comparison in authority(audited)]
