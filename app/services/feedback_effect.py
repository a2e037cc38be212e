"""Whether feedback helps: answers that were changed after their verdict was seen, judged again, and by blind people."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.services import policy
from app.services.context import Actor, Context
from db import judge_frames
from db.engine import reading
from db.store import human_scores, projects

__all__ = ["Change", "FeedbackEffect", "feedback_effect"]

_REPLICATES = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """Mean change of a score from before to after, in levels."""

    n: int
    mean: float | None
    low: float | None
    high: float | None
    """95 % percentile bootstrap over answers; None below five."""


@dataclass(frozen=True, slots=True)
class FeedbackEffect:
    rubric: str
    rubric_version: int
    criterion: str
    by_judge: Change
    by_people: Change
    """Of people who scored both versions blind, their mean; n is small until somebody scores revisions."""
    only_judge: bool
    """The judge sees an improvement that people do not: its interval lies above zero, theirs does not. The feedback
    may teach what pleases the judge."""


def feedback_effect(ctx: Context, actor: Actor, project_id: int) -> list[FeedbackEffect]:
    """One row per criterion of the answers that were changed after their author had seen the verdict."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        revised = judge_frames.revised_scores(session, project_id)
        scored = pd.DataFrame(human_scores.paired_levels(session, project_id))
        records = {
            id_: projects.rubric_by_id(session, int(id_)) for id_ in revised["rubric_version_id"].unique()
        }
    people: dict[tuple[int, int, str], float] = {}
    if not scored.empty:
        means = (
            scored.dropna(subset="human")
            .groupby(["answer_id", "rubric_version_id", "criterion"])["human"]
            .mean()
        )
        people = {key: float(value) for key, value in means.items()}  # type: ignore[misc]
    out = []
    for (rubric_id, criterion), rows in revised.groupby(["rubric_version_id", "criterion"], sort=False):
        record = records.get(rubric_id)
        if record is None:
            continue
        pairs = [
            (
                people.get((before, int(str(rubric_id)), str(criterion))),
                people.get((after, int(str(rubric_id)), str(criterion))),
            )
            for before, after in zip(rows["answer_before"], rows["answer_after"], strict=True)
        ]
        by_people = [after - before for before, after in pairs if before is not None and after is not None]
        judge = _change((rows["after"] - rows["before"]).dropna().to_numpy(float))
        blind = _change(np.asarray(by_people, float))
        out.append(
            FeedbackEffect(
                rubric=record.name,
                rubric_version=record.version,
                criterion=str(criterion),
                by_judge=judge,
                by_people=blind,
                only_judge=bool(
                    judge.low is not None and judge.low > 0 and blind.low is not None and blind.low <= 0
                ),
            )
        )
    return out


def _change(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Change:
    n = len(values)
    if n == 0:
        return Change(0, None, None, None)
    if n < 5:
        return Change(n, float(values.mean()), None, None)
    drawn = np.random.default_rng(7).choice(values, size=(_REPLICATES, n)).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Change(n, float(values.mean()), float(low), float(high))
