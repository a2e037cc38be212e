"""Probes that look for a pattern in the plain verdicts, beside people's scores where they are given."""

import re
from itertools import combinations
from typing import Final

import numpy as np

from judge.probes.estimates import (
    Estimate,
    Floats,
    correlations,
    group_difference,
    partial_rank_correlation,
    rank_correlation,
    resampled,
)
from judge.probes.findings import Finding
from judge.probes.rows import Audited, Row, Verdicts
from judge.scorer import total_of
from judge.types import Scored, Verdict
from rubrics.schema import Rubric

__all__ = ["family_of", "measure_halo", "measure_length", "measure_self_preference"]

_SAME = "one side is the same throughout, or there are too few answers"
_FAMILIES: Final = {
    "openai": ("gpt", "chatgpt", "o1", "o3", "o4", "davinci", "text-davinci"),
    "anthropic": ("claude",),
    "google": ("gemini", "gemma", "palm", "bard"),
    "meta": ("llama", "meta-llama", "codellama"),
    "mistral": ("mistral", "mixtral", "ministral", "magistral", "codestral"),
    "alibaba": ("qwen", "qwq"),
    "deepseek": ("deepseek",),
    "microsoft": ("phi",),
    "xai": ("grok",),
    "cohere": ("command", "aya"),
    "amazon": ("nova", "titan"),
}
"""Maker -> how its models' names begin. A model of none of them is a family by the letters it begins with."""


def family_of(model: str) -> str:
    """The family of a model by its name; `openai/gpt-5-mini` and `chat_gpt` are one."""
    name = model.strip().casefold().rsplit("/", 1)[-1].replace("_", "-").replace("chat-gpt", "chatgpt")
    for family, beginnings in _FAMILIES.items():
        # A digit or a dash after it: `o1-mini` is one of them, `o1x` and `phil` are not.
        if any(re.match(rf"{re.escape(one)}(?![a-z])", name) for one in beginnings):
            return family
    letters = re.match(r"[^\W\d_]+", name)
    return letters.group() if letters else name


def _beside_people(rubric: Rubric, row: Row, verdict: Verdict) -> tuple[float, float] | None:
    """(judge's total, people's total) over the criteria that both scored; None where there is none."""
    given = {
        result.id: result
        for result in verdict.criteria
        if isinstance(result, Scored) and result.id in row.people
    }
    part = rubric.model_copy(update={"criteria": tuple(c for c in rubric.criteria if c.id in given)})
    judge = total_of(part, [given[criterion.id] for criterion in part.criteria])
    people = total_of(part, [_by_people(criterion.id, row) for criterion in part.criteria])
    return None if judge is None or people is None else (judge, people)


def _by_people(criterion: str, row: Row) -> Scored:
    level = row.people[criterion]
    return Scored(criterion, round(level), "", score=float(level))


def _words(row: Row) -> float:
    return float(len(row.submission.response.split()))


# ------------------------------------------------------------------ length


def measure_length(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    """Rank correlation of score and words; with people's scores held fixed where three answers or more have them."""
    judged = [(row, verdicts[audited.plain(row)]) for row in audited.rows]
    pairs = [
        (_words(row), both)
        for row, verdict in judged
        if (both := _beside_people(audited.judged, row, verdict)) is not None
    ]
    totals = [(_words(row), verdict.total) for row, verdict in judged if verdict.total is not None]
    unscored = len(judged) - len(totals)
    if len(pairs) < 3:
        words, scores = (
            np.array(side, float) for side in (zip(*totals, strict=True) if totals else ([], []))
        )
        plain = resampled(len(words), rank_correlation(scores, words), seed=audited.seed, undefined=_SAME)
        note = "nothing held fixed: fewer than three answers have people's scores"
        return [Finding("length", "length", _LENGTH, "length", plain, unscored=unscored, note=note)]
    words = np.array([one for one, _ in pairs], float)
    scores, people = (np.array([both[side] for _, both in pairs], float) for side in (0, 1))

    def estimate(a: Floats, b: Floats) -> Estimate:
        return resampled(len(a), rank_correlation(a, b), seed=audited.seed, undefined=_SAME)

    partial = resampled(
        len(words),
        partial_rank_correlation(scores, words, people),
        seed=audited.seed,
        undefined="one side is the same throughout, or people's scores leave nothing to explain",
    )
    return [
        Finding(
            "length",
            "length",
            f"{_LENGTH}, people's scores held fixed",
            "length_beyond_people",
            partial,
            beside={"plain": estimate(scores, words), "people": estimate(people, words)},
            unscored=unscored,
            note="totals over the criteria that people scored",
        )
    ]


_LENGTH = "score and length (rank correlation)"


# ------------------------------------------------------------------ halo


def _mean_correlation(draws: Floats, levels: Floats) -> Floats:
    """Mean over pairs of columns of Pearson's r on the answers that have both; nan where no pair has one."""
    found = []
    for left, right in combinations(range(levels.shape[1]), 2):
        both = ~np.isnan(levels[:, left]) & ~np.isnan(levels[:, right])
        found.append(correlations(draws[:, both], levels[both, left], levels[both, right]))
    each = np.array(found)
    known = ~np.isnan(each)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = np.where(known, each, 0).sum(axis=0) / known.sum(axis=0)
    return mean


def measure_halo(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    """How alike the judge's criteria are over answers: a general impression lends its level to all of them."""
    names = [criterion.id for criterion in audited.by_model if criterion.scale != "nominal"]
    judge, people, unscored = [], [], 0
    for row in audited.rows:
        given = {r.id: r.value for r in verdicts[audited.plain(row)].criteria if isinstance(r, Scored)}
        if not any(name in given for name in names):
            unscored += 1
            continue
        judge.append([given.get(name, np.nan) for name in names])
        people.append([float(row.people.get(name, np.nan)) for name in names])
    own = np.array(judge, float).reshape(-1, len(names))
    theirs = np.array(people, float).reshape(-1, len(names))
    beside: dict[str, Estimate] = {}
    scored = ~np.isnan(theirs).all(axis=1)
    if scored.any():
        # The judge beside people on the same answers and criteria.
        shared, matched = theirs[scored], np.where(np.isnan(theirs), np.nan, own)[scored]
        undefined = "people scored no two criteria that vary"
        beside["people"] = resampled(
            len(shared),
            lambda draws: _mean_correlation(draws, shared),
            seed=audited.seed,
            undefined=undefined,
        )
        beside["beyond_people"] = resampled(
            len(shared),
            lambda draws: _mean_correlation(draws, matched) - _mean_correlation(draws, shared),
            seed=audited.seed,
            undefined=undefined,
        )
    estimate = resampled(
        len(own),
        lambda draws: _mean_correlation(draws, own),
        seed=audited.seed,
        undefined="no two criteria vary",
    )
    about = f"criteria among themselves (mean r of {_pairs(len(names))})"
    return [Finding("halo", "halo", about, "halo", estimate, beside, unscored=unscored)]


def _pairs(criteria: int) -> str:
    count = criteria * (criteria - 1) // 2
    return "one pair" if count == 1 else f"{count} pairs"


# ------------------------------------------------------------------ self-preference


def measure_self_preference(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    """Answers by the judge's own family of models against the others, in the judge's totals and in people's."""
    judged = [(row, verdicts[audited.plain(row)]) for row in audited.rows if row.writer]
    families = {family_of(name) for _, verdict in judged for name in verdict.model.split(", ")}
    family = next(iter(families)) if len(families) == 1 else ", ".join(sorted(families))
    scored = [(row, verdict, verdict.total) for row, verdict in judged if verdict.total is not None]
    own = [family_of(row.writer) in families for row, _, _ in scored]
    about = f"answers by {family}, its own family, against others"
    if not any(own) or all(own):
        which = "no" if not any(own) else "every"
        why = f"{which} scored answer is by {family}, the judge's own family"
        return [Finding.unmeasured("self_preference", "self_preference", about, why)]
    beside: dict[str, Estimate] = {}
    both = [_beside_people(audited.judged, row, verdict) for row, verdict, _ in scored]
    shared = [(inside, pair) for inside, pair in zip(own, both, strict=True) if pair is not None]
    if {inside for inside, _ in shared} == {True, False}:
        inside = [one for one, _ in shared]
        beside = {
            "people": group_difference([people for _, (_, people) in shared], inside, seed=audited.seed),
            "beyond_people": group_difference(
                [judge - people for _, (judge, people) in shared], inside, seed=audited.seed
            ),
        }
    estimate = group_difference([total for *_, total in scored], own, seed=audited.seed)
    note = f"{sum(own)} by {family}, {len(own) - sum(own)} by others"
    return [
        Finding(
            "self_preference",
            "self_preference",
            about,
            "own_family",
            estimate,
            beside,
            unscored=len(judged) - len(scored),
            note=note,
        )
    ]
