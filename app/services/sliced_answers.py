"""Answers by slice: how many the judge passes, and how many reviewers accept."""

from collections.abc import Mapping

import pandas as pd

from app.errors import Invalid
from app.services.context import Context
from app.services.projects import rubric_of
from app.services.slice_figures import Figure, share_figure
from app.services.slice_groups import SliceGroups
from app.services.slices import Subject, Tables
from db import slice_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import rubric_versions

__all__ = ["answer_tables", "has_answers"]

_JUDGED, _REVIEWED = "judged answers", "reviewed answers"


def has_answers(session: Session, project: ProjectRecord) -> bool:
    """Whether any was judged or reviewed."""
    return slice_frames.has_decisions(session, project.id)


def answer_tables(
    _ctx: Context, session: Session, project: ProjectRecord, _subject: Subject, groups: SliceGroups
) -> Tables:
    """Of rubrics with a pass mark, passed of the scored answers by the newest verdict on each; accepted of the reviewed
    ones by the review that stands. By cohort: of who wrote. Raises Invalid where there is neither.
    """
    judged = slice_frames.passed_answers(session, project.id)
    reviewed = slice_frames.reviewed_answers(session, project.id)
    ids = [int(id_) for id_ in judged["rubric_version_id"].unique()]
    records = rubric_versions.versions(session, ids)
    rubrics = {record.id: rubric_of(record) for record in records}
    marked = {
        id_: rubric for id_, rubric in sorted(rubrics.items(), reverse=True) if rubric.pass_mark is not None
    }
    judged = judged[judged["rubric_version_id"].isin(list(marked))]
    if judged.empty and reviewed.empty:
        raise Invalid("no answer was reviewed, or judged by a rubric with a pass mark")

    def figures(rows: Mapping[str, pd.DataFrame]) -> list[Figure]:
        made = []
        for id_, rubric in marked.items():
            own = rows[_JUDGED][rows[_JUDGED]["rubric_version_id"] == id_]
            scored = own[own["passed"].notna()]
            made.append(
                share_figure(
                    f"passed, {rubric.name}@{rubric.version}",
                    scored["rater"],
                    scored["passed"].astype(bool),
                    "scored answers",
                    {"unscored": len(own) - len(scored)},
                )
            )
        of_review = rows[_REVIEWED]
        apart = {name: int((of_review["outcome"] == name).sum()) for name in ("fixed", "rejected")}
        made.append(
            share_figure(
                "accepted in review",
                of_review["rater"],
                of_review["outcome"] == "accepted",
                "reviewed answers",
                apart,
            )
        )
        return made

    return Tables(
        {
            _JUDGED: judged.assign(slice=groups.of(judged)),
            _REVIEWED: reviewed.assign(slice=groups.of(reviewed)),
        },
        figures,
    )
