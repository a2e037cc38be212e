"""Where a judged answer stands: passed by a judge that may be relied on, or why a person should look first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.services import policy
from app.services.context import Actor, Context
from app.services.judge_gate import gates_of_project, rubric_open
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import disputes, verdicts
from rubrics import Rubric

__all__ = ["STANDINGS", "Judged", "JudgedQueue", "Standing", "Standings", "judged_queue"]

Standing = Literal["passed", "below", "unscored", "disputed", "doubtful", "unproven", "no_pass_mark"]
"""passed: total at the pass mark, and nothing below. below: total under it. unscored: a required criterion is.
disputed: its author contests it, or did and was right. doubtful: the verdict carries a flag. unproven: the judge's
agreement with people does not carry a required criterion. no_pass_mark: the rubric describes only.
"""
STANDINGS: tuple[Standing, ...] = get_args(Standing)


class Standings:
    """What is needed to say where the answers of one project stand, read once."""

    def __init__(self, ctx: Context, session: Session, project: ProjectRecord) -> None:
        self._gates = gates_of_project(ctx.engine, session, project)
        self._disputed = {
            row["dispute"].verdict_id
            for row in disputes.disputes_of_project(session, project.id)
            if row["dispute"].state in ("open", "upheld")
        }
        self._rubrics: dict[int, Rubric] = {}

    def of(self, verdict: Mapping[str, Any]) -> Standing:
        """`verdict`: the newest of an answer, as the store gives it."""
        if verdict["total"] is None:
            return "unscored"
        if verdict["passed"] is None:
            return "no_pass_mark"
        if not verdict["passed"]:
            return "below"
        if verdict["verdict_id"] in self._disputed:
            return "disputed"
        if verdict["flags"]:
            return "doubtful"
        id_ = verdict["rubric_version_id"]
        if id_ not in self._rubrics:
            self._rubrics[id_] = Rubric.model_validate(verdict["rubric_document"])
        return "passed" if rubric_open(self._rubrics[id_], verdict, self._gates) else "unproven"


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer that a person should look at."""

    item_id: int
    external_id: str
    annotator: str
    standing: Standing
    total: float | None
    flags: list[str]


@dataclass(frozen=True, slots=True)
class JudgedQueue:
    counts: dict[Standing, int]
    """Every judged answer by where it stands."""
    rows: list[Judged]
    """Those that are not passed: disputed and doubtful ones first."""


_ORDER: tuple[Standing, ...] = ("disputed", "doubtful", "unscored", "below", "unproven", "no_pass_mark")


def judged_queue(ctx: Context, actor: Actor, project_id: int, *, limit: int = 500) -> JudgedQueue:
    """The newest submissions of everybody that the judge did not pass by itself, and how many stand where."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        known = Standings(ctx, session, project)
        counts: Counter[Standing] = Counter()
        rows = []
        for head, verdict in verdicts.newest_of_project(session, project_id):
            standing = known.of(verdict)
            counts[standing] += 1
            if standing != "passed":
                rows.append(
                    Judged(
                        head.item_id,
                        head.external_id,
                        head.login,
                        standing,
                        verdict["total"],
                        list(verdict["flags"]),
                    )
                )
    rows.sort(key=lambda row: _ORDER.index(row.standing))
    return JudgedQueue({name: counts[name] for name in STANDINGS if counts[name]}, rows[:limit])
