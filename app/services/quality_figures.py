"""Everything that is known of a project's quality, with n, intervals, versions and hashes."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from app.clock import utc_now
from app.services import policy
from app.services.adjudication_figures import AdjudicationFigures, adjudication_figures
from app.services.agreement_report import AgreementReport, agreement
from app.services.context import Actor, Context
from app.services.contributions import Contributions, contributions
from app.services.differences import Difference, PartDifference, differences, part_differences
from app.services.judge_quality import CriterionQuality, RubricPassRate, judge_pass_rates, judge_quality
from app.services.label_distribution import QuestionLabels, label_distribution
from app.services.lead_figures import LeadFigures, lead_figures
from app.services.parts_agreement import PartsAgreement, parts_agreement
from app.services.progress import OverlapProgress, overlap_progress
from app.services.rater_signals import QuestionSigns, rater_signals
from app.services.reports import CriterionReport, rubric_scores
from app.services.review_figures import (
    AnnotatorReviews,
    DecisionTime,
    Reviewer,
    annotators_in_review,
    decision_time,
    reviewer_figures,
)
from app.services.review_levels import Prefilling, prefilling
from app.services.version_changes import UsedVersion, VersionChange, used_version, version_changes
from db import judge_frames, suggestion_frames
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import projects, rubric_versions

__all__ = ["QualityFigures", "Suggester", "UsedJudge", "Versions", "quality_figures"]


@dataclass(frozen=True, slots=True)
class Suggester:
    agent: str | None
    """None for a model that no stored agent called."""
    hash: str | None
    """Of the agent's configuration."""
    model: str
    model_version: str
    suggestions: int


@dataclass(frozen=True, slots=True)
class UsedJudge:
    rubric: str
    rubric_version: int
    model: str
    prompt_version: str
    verdicts: int


@dataclass(frozen=True, slots=True)
class Versions:
    """What the answers were made and judged with."""

    schema: UsedVersion | None
    """In force; None where only ratings were imported."""
    guidelines: UsedVersion | None
    rubrics: list[UsedVersion]
    """Every version that judged an answer, oldest first, and the one in force."""
    judges: list[UsedJudge]
    suggesters: list[Suggester]


@dataclass(frozen=True, slots=True)
class QualityFigures:
    project: str
    problem: str
    kind: str
    simulated: bool
    made_at: datetime
    milo: str
    """The version of this program."""
    versions: Versions
    agreement: AgreementReport
    parts: PartsAgreement
    """Agreement on sets of labels and on spans."""
    changes: list[VersionChange]
    labels: list[QuestionLabels]
    progress: OverlapProgress | None
    """None where only ratings were imported."""
    contributions: Contributions
    rater_signals: list[QuestionSigns]
    """Signs of careless work, which are reasons to look."""
    criteria: list[CriterionReport]
    judge: list[CriterionQuality]
    pass_rates: list[RubricPassRate]
    reviewers: list[Reviewer]
    reviewed: list[AnnotatorReviews]
    """Acceptance of each person's answers."""
    decisions: DecisionTime
    adjudication: AdjudicationFigures
    differences: list[Difference]
    """Where raters differ, for each question and criterion of `agreement`."""
    part_differences: list[PartDifference]
    """The same for sets and spans."""
    prefilling: list[Prefilling]
    leads: LeadFigures | None
    """Review queue, cases, board and map; None for a reader who has no such pages, and for imported ratings."""


def quality_figures(ctx: Context, actor: Actor, project_id: int) -> QualityFigures:
    """The figures of the quality pages at this moment. For QA leads and managers."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        versions = _versions(session, project)
    agreed = agreement(ctx, actor, project_id)
    parts = parts_agreement(ctx, actor, project_id)
    return QualityFigures(
        project=project.name,
        problem=project.problem,
        kind=project.kind,
        simulated=project.simulated,
        made_at=utc_now(),
        milo=version("milo"),
        versions=versions,
        agreement=agreed,
        parts=parts,
        changes=version_changes(ctx, actor, project_id),
        labels=label_distribution(ctx, actor, project_id),
        progress=overlap_progress(ctx, actor, project_id) if project.kind == "work" else None,
        contributions=contributions(ctx, actor, project_id),
        rater_signals=rater_signals(ctx, actor, project_id),
        criteria=rubric_scores(ctx, actor, project_id),
        judge=judge_quality(ctx, actor, project_id),
        pass_rates=judge_pass_rates(ctx, actor, project_id),
        reviewers=reviewer_figures(ctx, actor, project_id),
        reviewed=annotators_in_review(ctx, actor, project_id),
        decisions=decision_time(ctx, actor, project_id),
        adjudication=adjudication_figures(ctx, actor, project_id),
        differences=differences(ctx, actor, project_id, agreed),
        part_differences=part_differences(ctx, actor, project_id, parts),
        prefilling=prefilling(ctx, actor, project_id),
        leads=lead_figures(ctx, actor, project_id),
    )


def _versions(session: Session, project: ProjectRecord) -> Versions:
    schema = projects.latest_schema(session, project.id)
    guidelines = projects.latest_guidelines(session, project.id)
    judges = judge_frames.judges_used(session, project.id)
    ids = {rubric for rubric, *_ in judges} | {project.rubric_version_id}
    rubrics = {
        record.id: record
        for record in rubric_versions.versions(session, [id_ for id_ in ids if id_ is not None])
    }
    return Versions(
        schema=used_version(schema.number, schema.source, schema.created_at, schema.created_by)
        if schema
        else None,
        guidelines=used_version(
            guidelines.number, guidelines.text, guidelines.created_at, guidelines.created_by
        )
        if guidelines
        else None,
        rubrics=[UsedVersion(r.name, r.version, r.created_at, "", r.hash) for r in rubrics.values()],
        judges=[
            UsedJudge(rubrics[rubric].name, rubrics[rubric].version, model, prompt, count)
            for rubric, model, prompt, count in judges
        ],
        suggesters=[Suggester(*row) for row in suggestion_frames.suggesters(session, project.id)],
    )
