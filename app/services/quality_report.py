"""The quality report: every figure of the quality pages, and what cannot be said."""

from dataclasses import dataclass, fields

from app.services.context import Actor, Context
from app.services.quality_figures import QualityFigures, Suggester, UsedJudge, Versions, quality_figures
from app.services.unknowns import unknowns

__all__ = ["QualityReport", "Suggester", "UsedJudge", "Versions", "quality_report"]


@dataclass(frozen=True, slots=True)
class QualityReport(QualityFigures):
    unknown: list[str]
    """What cannot be said, and what would be needed, in sentences."""


def quality_report(ctx: Context, actor: Actor, project_id: int) -> QualityReport:
    """The figures of the quality pages at this moment. For QA leads and managers."""
    found = quality_figures(ctx, actor, project_id)
    return QualityReport(
        **{field.name: getattr(found, field.name) for field in fields(found)}, unknown=unknowns(found)
    )
