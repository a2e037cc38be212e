"""Judging answers again: under another version of the rubric, by another model, or by several replies.

Earlier verdicts stay as they are; a new one stands beside them, and both are compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analytics.alignment import Alignment, align
from app.analytics.intervals import wilson
from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.jobs import BATCH, call_key
from app.services.judged_calls import model_in_use, require_price
from app.services.judging import KIND
from app.services.projects import rubric_of
from db import judge_frames
from db.engine import Session, reading, transaction
from db.records import JobRecord
from db.store import calls, human_scores, projects
from judge.scorer import Together
from rubrics import Rubric

__all__ = ["SAMPLES", "Comparison", "compare_versions", "start_rejudging"]

SAMPLES = 3
"""Replies per answer in a batch: from one to three agreement with people rises, beyond it hardly. Source: the
repeated ratings of Chiang and Lee, A Closer Look into Automatic Evaluation Using LLMs, 2023."""


def start_rejudging(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    samples: int = SAMPLES,
    together: Together = "all",
    limit: int | None = None,
    budget_usd: float | None = None,
) -> JobRecord:
    """Judge every newest submitted answer to a judged question on the rubric in force, once more; `limit` takes the
    first so many, `together` all criteria in a request or one at a time.

    What was judged on it by the same model with as many replies is not judged again. Raises Invalid for a project
    without a rubric, and for a budget without a price.
    """
    if not 1 <= samples <= 20:
        raise Invalid("from 1 to 20 replies per answer")
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "run_jobs")
        if project.rubric_version_id is None:
            raise Invalid(f"project {project.name!r} has no rubric")
        if budget_usd is not None:
            require_price(ctx, session)
        answers = judge_frames.judged_answer_ids(session, project_id)[:limit]
    model = model_in_use(ctx)
    rubric_id = project.rubric_version_id
    way = [] if together == "all" else [together]
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        job = calls.add_job(
            session,
            project_id=project_id,
            kind="judge",
            agent_id=None,
            spec={
                "rubric_version_id": rubric_id,
                "samples": samples,
                "items": len(answers),
                "model": model,
                **({} if together == "all" else {"together": together}),
            },
            started_by=actor.login,
            now=utc_now(),
            budget_usd=budget_usd,
        )
        specs = {
            call_key(KIND, "again", answer_id, rubric_id, model, samples, *way): {
                "answer_id": answer_id,
                "rubric_version_id": rubric_id,
                "samples": samples,
                "together": together,
                "batch": True,
            }
            for answer_id in answers
        }
        ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job.id, priority=BATCH)
        record_action(session, actor, "job.judge", project_id, answers=len(answers), samples=samples)
    return job


@dataclass(frozen=True, slots=True)
class Comparison:
    """One criterion before and after, on the answers that were judged both ways."""

    criterion: str
    n: int
    same: int
    interval: tuple[float, float] | None
    """95 % of the share that kept its level (Wilson)."""
    change: float | None
    """Mean of after minus before, in levels; None where the criterion is in one of the rubrics only."""
    people_before: Alignment
    people_after: Alignment
    """Beside people who scored on the rubric before: whether agreement with them rose."""


def compare_versions(
    ctx: Context, actor: Actor, project_id: int, before: int, after: int
) -> list[Comparison]:
    """`before` and `after`: rubric version ids; the newest verdict of each answer on each counts. Answers that either
    version shows as an example are left out: a judge that has seen an answer's level proves nothing by giving it.

    Raises NotFound for a version that judged nothing here.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        scores = judge_frames.newest_scores(session, project_id)
        people = pd.DataFrame(human_scores.scores_of_people(session, project_id))
        rubrics = {}
        for id_ in (before, after):
            record = projects.rubric_by_id(session, id_)
            if record is None or not (scores["rubric_version_id"] == id_).any():
                raise NotFound(f"rubric version {id_} has judged nothing in this project")
            rubrics[id_] = rubric_of(record)
        shown = _shown_as_examples(session, project_id, rubrics.values())
    sides = {
        id_: scores[scores["rubric_version_id"] == id_].set_index(["answer_id", "criterion"])["level"]
        for id_ in (before, after)
    }
    both = pd.concat(sides, axis=1, join="inner").dropna()
    both = both[~both.index.get_level_values("answer_id").isin(shown)]
    human = _people(people, before)
    out = []
    for criterion in rubrics[before].criteria:
        if criterion.id not in {other.id for other in rubrics[after].criteria}:
            continue
        rows = both[both.index.get_level_values("criterion") == criterion.id]
        old, new = rows[before].to_numpy(float), rows[after].to_numpy(float)
        scale = [level.value for level in criterion.levels]
        same = int((old == new).sum())
        out.append(
            Comparison(
                criterion=criterion.id,
                n=len(rows),
                same=same,
                interval=wilson(same, len(rows)),
                change=float(np.mean(new - old)) if len(rows) else None,
                people_before=_beside(rows[before], human, scale),
                people_after=_beside(rows[after], human, scale),
            )
        )
    return out


def _shown_as_examples(session: Session, project_id: int, rubrics: Iterable[Rubric]) -> set[int]:
    examples = {
        example.strip()
        for rubric in rubrics
        for criterion in rubric.criteria
        for level in criterion.levels
        for example in level.examples
    }
    if not examples:
        return set()
    texts = judge_frames.answer_texts(session, project_id)
    return {answer_id for answer_id, text in texts if text.strip() in examples}


def _people(people: pd.DataFrame, rubric_version_id: int) -> Mapping[tuple[int, str], list[int]]:
    """(answer id, criterion) -> levels of people."""
    if people.empty:
        return {}
    known = people[(people["rubric_version_id"] == rubric_version_id) & (people["drawn"] == "lot")]
    found: dict[tuple[int, str], list[int]] = {}
    for row in known.dropna(subset="level").itertuples():
        found.setdefault((int(row.answer_id), str(row.criterion)), []).append(int(row.level))  # type: ignore[arg-type]
    return found


def _beside(judge: Any, people: Mapping[tuple[int, str], list[int]], scale: list[int]) -> Alignment:
    pairs = [
        (key, int(level), given)
        for key, level in judge.items() if level in scale for given in people.get(key, ())
    ]  # fmt: skip
    return align(
        [one for _, one, _ in pairs],
        [other for *_, other in pairs],
        scale,
        answers=[key for key, *_ in pairs],
    )
