"""The numbers of the QA and manager pages, also for `milo report … --json`. Pages only draw them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from app.analytics.intervals import mean_interval
from app.services import policy
from app.services.agreement_alphas import AgreementAlphas, agreement_alphas
from app.services.agreement_report import AgreementReport, QuestionAgreement, agreement
from app.services.context import Actor, Context
from app.services.handling_time import time_report
from app.services.projects import rubric_of
from db import frames
from db.engine import reading
from db.store import projects

__all__ = [
    "AgreementAlphas",
    "AgreementReport",
    "CriterionReport",
    "QuestionAgreement",
    "agreement",
    "agreement_alphas",
    "as_json",
    "rubric_scores",
    "time_report",
]


@dataclass(frozen=True, slots=True)
class CriterionReport:
    rubric: str
    rubric_version: int
    criterion: str
    title: str
    deterministic: bool
    levels: list[tuple[int, str, int]]
    """(level, its label, how many answers have it), worst first."""
    unscored: dict[str, int]
    """Reason -> answers."""
    n: int
    mean: float | None
    """Mean level of the scored answers; None without any, and for kinds without an order."""
    mean_low: float | None
    mean_high: float | None
    """95 % bootstrap interval over answers."""
    simulated: int
    """How many of the n answers are of simulated people."""


def rubric_scores(ctx: Context, actor: Actor, project_id: int) -> list[CriterionReport]:
    """How many answers reached which level of each criterion, by the newest verdict; unscored ones apart."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        frame = frames.criterion_levels(session, project_id)
        reports = []
        for rubric_id, group in frame.groupby("rubric_version_id"):
            record = projects.rubric_by_id(session, int(str(rubric_id)))
            if record is None:
                continue
            rubric = rubric_of(record)
            for criterion in rubric.criteria:
                rows = group[group["criterion"] == criterion.id]
                counts = rows["level"].value_counts()
                scored = rows["level"].dropna().to_numpy(float)
                ordered = len(scored) > 0 and criterion.scale != "nominal"
                bounds = mean_interval(scored) if ordered else None
                reasons = rows.loc[rows["level"].isna(), "reason"].value_counts()
                reports.append(
                    CriterionReport(
                        rubric=rubric.title,
                        rubric_version=rubric.version,
                        criterion=criterion.id,
                        title=criterion.question,
                        deterministic=criterion.check is not None,
                        levels=[
                            (level.value, level.label, int(counts.get(level.value, 0)))
                            for level in criterion.levels
                        ],
                        unscored={str(reason): int(count) for reason, count in reasons.items()},
                        n=len(rows),
                        mean=float(scored.mean()) if ordered else None,
                        mean_low=bounds[0] if bounds else None,
                        mean_high=bounds[1] if bounds else None,
                        simulated=int(rows["simulated"].sum()),
                    )
                )
    return reports


def as_json(report: Any) -> Any:
    """A report as plain data, numbers unrounded.

    As `dataclasses.asdict`, without its copy of every value: a project of many raters has 124,750 pairs.
    """
    if is_dataclass(report) and not isinstance(report, type):
        return {name: as_json(getattr(report, name)) for name in _names_of(type(report))}
    if isinstance(report, Mapping):
        return {key: as_json(value) for key, value in report.items()}
    if isinstance(report, list | tuple):
        return [as_json(part) for part in report]
    return report


@cache
def _names_of(kind: type[Any]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))
