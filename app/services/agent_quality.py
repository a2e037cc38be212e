"""How good an agent is where the answer is known, stored with its version; and two jobs beside each other."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.analytics.calibration import measure, reliability
from app.analytics.confidence_maps import fit_maps
from app.analytics.intervals import wilson
from app.analytics.roc import Threshold, area, label_scores, thresholds
from app.clock import utc_now
from app.errors import NotFound
from app.services import policy
from app.services.agents import BUILT_IN, DEFAULT
from app.services.context import Actor, Context
from db import suggestion_frames
from db.engine import reading, transaction
from db.records import SkillRecord
from db.store import calls, job_figures, skills
from db.suggestion_frames import GoldSuggestion

__all__ = ["JobComparison", "agent_skills", "compare_jobs", "measure_skills"]

_LONGEST_LABEL = 80
_CHANGED_SHOWN = 200
_CURVE_POINTS = 100


def measure_skills(ctx: Context, actor: Actor, project_id: int) -> list[SkillRecord]:
    """Measure every agent that has suggested something on gold, and keep what is new; all kept ones are returned.

    Figures are of the test split; where it holds fewer than ten answers, of all gold, and they say so. The map
    for confidences is fitted on the other splits.
    """
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        rows = suggestion_frames.gold_suggestions(session, project_id)
        known = {
            (row.agent, row.model_version, row.question, row.split): row.figures
            for row in reversed(skills.skills_of(session, project_id))
        }
        groups: dict[tuple[str, str, str, str], list[GoldSuggestion]] = defaultdict(list)
        for row in rows:
            agent = BUILT_IN if row.builtin else row.agent or (DEFAULT if row.called else row.model)
            groups[agent, row.model, row.model_version, row.question].append(row)
        for (agent, model, version, question), found in groups.items():
            split, figures = _figures(found)
            if known.get((agent, version, question, split)) == figures:
                continue
            skills.add_skill(
                session,
                project_id=project_id,
                agent=agent,
                model=model,
                model_version=version,
                question=question,
                split=split,
                n=figures["n"],
                figures=figures,
                created_at=utc_now(),
            )
        session.flush()
        return skills.skills_of(session, project_id)


def agent_skills(ctx: Context, actor: Actor, project_id: int) -> list[SkillRecord]:
    """The newest figures of each agent, version and question."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        newest: dict[tuple[str, str, str], SkillRecord] = {}
        for row in skills.skills_of(session, project_id):
            newest.setdefault((row.agent, row.model_version, row.question), row)
        return list(newest.values())


_FEWEST_IN_TEST = 10


def _figures(rows: Sequence[GoldSuggestion]) -> tuple[str, dict[str, Any]]:
    test = [row for row in rows if row.split == "test"]
    split = "test" if len(test) >= _FEWEST_IN_TEST else "all"
    shown = test if split == "test" else list(rows)
    right = [row.value == row.gold for row in shown]
    sure = [(row.confidence, row.value == row.gold) for row in shown if row.confidence is not None]
    points = thresholds([confidence for confidence, _ in sure], [hit for _, hit in sure])
    calibration = measure([confidence for confidence, _ in sure], [hit for _, hit in sure])
    fitting = [row for row in rows if row.split != "test" and row.confidence is not None]
    fitted = fit_maps(
        [row.confidence for row in fitting if row.confidence is not None],
        [row.value == row.gold for row in fitting],
    )
    figures: dict[str, Any] = {
        "n": len(shown),
        "right": sum(right),
        "interval": wilson(sum(right), len(shown)),
        "all_gold": {"n": len(rows), "right": sum(row.value == row.gold for row in rows)},
        "area": area(points),
        "calibration_error": calibration.error if calibration else None,
        "calibration_error_by_chance": calibration.chance if calibration else None,
        "brier": calibration.brier if calibration else None,
        "calibration": fitted.to_json() if fitted else None,
        "reliability": [
            [one.n, one.confidence, one.right, *one.interval]
            for one in reliability([confidence for confidence, _ in sure], [hit for _, hit in sure])
        ],
        "labels": _by_label(shown),
        "confusion": _confusion(shown),
    }
    # As it will come back from the database, so that the same figures are recognised.
    return split, json.loads(json.dumps(figures))


def _short(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int | bool) and len(str(value)) <= _LONGEST_LABEL else None


def _confusion(rows: Sequence[GoldSuggestion]) -> list[list[Any]]:
    """[known, suggested, how many] of values that are single labels."""
    counts = Counter((_short(row.gold), _short(row.value)) for row in rows)
    return [[gold, value, count] for (gold, value), count in counts.most_common(400) if gold and value]


def _by_label(rows: Sequence[GoldSuggestion]) -> dict[str, dict[str, Any]]:
    """Label -> n, precision and recall, None where nothing was suggested or known; and the ROC curve of the label
    against the rest as [wrong, right, score] with its area, None without confidences.
    """
    given, known, hits = Counter[str](), Counter[str](), Counter[str]()
    sure: list[GoldSuggestion] = []
    for row in rows:
        value, gold = _short(row.value), _short(row.gold)
        if value is None or gold is None:
            continue
        given[value] += 1
        known[gold] += 1
        hits[gold] += value == gold
        if row.confidence is not None:
            sure.append(row)
    labels = sorted(set(given) | set(known))
    figures: dict[str, dict[str, Any]] = {}
    for label in labels:
        points = _curve(label, len(labels), sure)
        figures[label] = {
            "n": known[label],
            "precision": hits[label] / given[label] if given[label] else None,
            "recall": hits[label] / known[label] if known[label] else None,
            "area": area(points),
            "curve": [[point.false_rate, point.true_rate, point.confidence] for point in _thinned(points)],
        }
    return figures


def _curve(label: str, labels: int, rows: Sequence[GoldSuggestion]) -> list[Threshold]:
    scores = label_scores(
        label,
        labels,
        [_short(row.value) for row in rows],
        [row.confidence or 0.0 for row in rows],
        [row.probabilities for row in rows],
    )
    return thresholds(scores, [_short(row.gold) == label for row in rows])


def _thinned(points: Sequence[Threshold]) -> Sequence[Threshold]:
    """So few points that they can be kept with the agent's version; the last stays, so the curve is whole."""
    step = -(-len(points) // _CURVE_POINTS)
    return [*points[: -1 : step or 1], points[-1]] if points else []


@dataclass(frozen=True, slots=True)
class JobComparison:
    """Two jobs on the items that both have a suggestion for, question by question."""

    question: str
    n: int
    same: int
    interval: tuple[float, float]
    """95 % interval of the share that is the same (Wilson)."""
    right: tuple[int, int] | None
    """How many of each are right on gold for tuning (the dev split); None without any."""
    on_gold: int
    cost_usd: tuple[float | None, float | None]
    """Of each job as a whole; None without prices."""
    mean_seconds: tuple[float | None, float | None]
    """Of a call of each."""
    changed: list[tuple[str, Any, Any]]
    """(external id, suggestion of the first, of the second), up to 200."""


def compare_jobs(ctx: Context, actor: Actor, first: int, second: int) -> list[JobComparison]:
    """What changed between two jobs: another agent, prompt, order of options, or the same a month later."""
    with reading(ctx.engine) as session:
        jobs = [calls.job_by_id(session, job_id) for job_id in (first, second)]
        projects_ = {job.project_id if job else None for job in jobs}
        project_id = projects_.pop()
        if projects_ or project_id is None:
            raise NotFound(f"no two jobs {first} and {second} of one project")
        policy.require(session, actor, project_id, "run_jobs")
        one, other = (
            {(row.question, row.item): row for row in job_figures.suggestions_of(session, job_id)}
            for job_id in (first, second)
        )
        totals = [job_figures.job_totals(session, job_id) for job_id in (first, second)]
        dev = job_figures.gold_values(session, project_id, "dev")
    out = []
    for question in sorted({asked for asked, _ in one} & {asked for asked, _ in other}):
        shared = [key for key in one if key[0] == question and key in other]
        same = sum(one[key].value == other[key].value for key in shared)
        checked = [key for key in shared if (one[key].item_id, question) in dev]
        right = [
            sum(side[key].value == dev[one[key].item_id, question] for key in checked)
            for side in (one, other)
        ]
        changed = [
            (key[1], one[key].value, other[key].value) for key in shared if one[key].value != other[key].value
        ]
        out.append(
            JobComparison(
                question=question,
                n=len(shared),
                same=same,
                interval=wilson(same, len(shared)) or (0.0, 1.0),
                right=(right[0], right[1]) if checked else None,
                on_gold=len(checked),
                cost_usd=(totals[0].cost_usd, totals[1].cost_usd),
                mean_seconds=(totals[0].mean_seconds, totals[1].mean_seconds),
                changed=changed[:_CHANGED_SHOWN],
            )
        )
    return out
