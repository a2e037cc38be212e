"""What a judge and people gave the same answers, in one shape, whether it happened here or was imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from app.analytics.judge_labels import judge_names
from app.services.projects import rubric_of
from db import rating_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import human_scores, projects
from judge.prompting import ONE_BY_ONE
from rubrics import Criterion, Rubric

__all__ = ["BY_RULE", "NotNumbers", "ScoredCriterion", "judge_of", "scored_criteria"]

BY_RULE: Final = "rule"
"""The judge's name where a deterministic check scored: no model had a part in it, whatever else it judged."""


def judge_of(verdict: Mapping[str, Any]) -> str:
    """The version of the judge that gave a verdict: its model as reported, and its prompt."""
    return f"{verdict['model']} {verdict['prompt_version']}"


_COLUMNS = (
    "answer", "answer_id", "external_id", "rater", "author", "human", "drawn", "scored_at", "level", "score", "flags",
    "judged_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotNumbers:
    """Imported values that are no number where numbers are compared."""

    n: int = 0
    examples: Mapping[str, int] = field(default_factory=dict)
    """The five most frequent texts, cut at sixty characters -> how often."""

    @classmethod
    def of(cls, values: "pd.Series[Any]") -> "NotNumbers":
        often = values.astype(str).str.slice(0, 60).value_counts().head(5)
        return cls(len(values), {str(text): int(n) for text, n in often.items()})

    @property
    def words(self) -> str:
        """The number and the texts: 25 ('garbage' 25 times)."""
        texts = ", ".join(f"{text!r} {n} times" for text, n in self.examples.items())
        return f"{self.n} ({texts})" if texts else str(self.n)


@dataclass(frozen=True, slots=True)
class ScoredCriterion:
    """One criterion, one version of the judge, and every score of people beside it."""

    rubric: Rubric | None
    """None for imported ratings."""
    rubric_version_id: int | None
    criterion: str
    title: str
    judge: str
    """Model and version of the prompt; BY_RULE; or the imported rater's name."""
    deterministic: bool
    scale: tuple[int, ...]
    """The levels in order; those seen where ratings were imported; empty where people's are no whole numbers."""
    rows: pd.DataFrame
    """A row per person's score: answer (key), answer_id (None if imported), external_id, rater, author, human (number
    or missing: could not say), drawn, scored_at, level, score (missing: unscored), flags, judged_at. Oldest first.
    """
    newest: bool
    """Whether it is the version of the judge that judged last."""
    no_number: NotNumbers = NotNumbers()
    """What an imported judge said that is no number: these answers are unscored."""
    people_no_number: NotNumbers = NotNumbers()
    """What imported people said that is no number: these ratings are left out."""


def scored_criteria(session: Session, project: ProjectRecord) -> list[ScoredCriterion]:
    """In the order of rubric versions, criteria and judges; criteria that nobody scored are not in it."""
    return _imported(session, project) if project.kind == "ratings" else _given(session, project)


def _given(session: Session, project: ProjectRecord) -> list[ScoredCriterion]:
    rows = human_scores.paired_levels(session, project.id)
    if not rows:
        return []
    frame = pd.DataFrame(rows)
    frame["answer"] = frame["answer_id"].astype(str)
    frame["judge"] = frame["model"] + " " + frame["prompt_version"]
    for name in ("human", "level", "score"):
        frame[name] = pd.to_numeric(frame[name])
    frame["score"] = frame["score"].fillna(frame["level"])
    found = []
    for rubric_version_id, of_rubric in frame.groupby("rubric_version_id"):
        record = projects.rubric_by_id(session, int(str(rubric_version_id)))
        if record is None:
            continue
        rubric = rubric_of(record)
        # Judging some answers one criterion at a time, to compare, does not make that the judge in use.
        usual = of_rubric[of_rubric["prompt_version"] != ONE_BY_ONE]
        in_use = of_rubric if usual.empty else usual
        last = in_use.sort_values("judged_at")["judge"].iloc[-1]
        for criterion in rubric.criteria:
            of_criterion = of_rubric[of_rubric["criterion"] == criterion.id]
            if criterion.check is not None:
                # The same rule under several judges is one judge; the newest verdict of an answer speaks for it.
                of_criterion = (
                    of_criterion.sort_values("verdict_id").drop_duplicates(["answer", "rater"], keep="last").assign(judge=BY_RULE)
                )  # fmt: skip
            for judge, group in of_criterion.groupby("judge", sort=False):
                found.append(_criterion(rubric, record.id, criterion, str(judge), last, group))
    return found


def _criterion(
    rubric: Rubric, version_id: int, criterion: Criterion, judge: str, last: str, rows: pd.DataFrame
) -> ScoredCriterion:
    return ScoredCriterion(
        rubric=rubric,
        rubric_version_id=version_id,
        criterion=criterion.id,
        title=criterion.question,
        judge=judge,
        deterministic=criterion.check is not None,
        scale=tuple(level.value for level in criterion.levels),
        rows=rows.sort_values("scored_at", kind="stable")[list(_COLUMNS)].reset_index(drop=True),
        newest=judge in (BY_RULE, last),
    )


def _imported(session: Session, project: ProjectRecord) -> list[ScoredCriterion]:
    """Every rater of kind judge or model beside the people, question by question, where the values are numbers.

    What a judge said that is no number leaves the answer unscored; what a person said so is left out and counted.
    """
    frame = rating_frames.imported_ratings(session, project.id)
    read = pd.to_numeric(frame["value"], errors="coerce")
    frame["read"] = read.where(np.isfinite(read))
    of_people = frame[frame["rater_kind"] == "human"]
    judges = frame[frame["rater_kind"] != "human"]
    found = []
    for (question, judge), own in judges.groupby(["question", judge_names(judges)], sort=False):
        scores = own.drop_duplicates("item").set_index("item")["read"]
        beside = of_people[(of_people["question"] == question) & of_people["item"].isin(scores.index)]
        rows = beside.dropna(subset="read")
        if rows.empty or scores.isna().all():  # labels: `label_judges` compares these
            continue
        given, known = rows["read"], scores.dropna()
        whole = bool((given == given.round()).all())
        table = pd.DataFrame(
            {
                "answer": rows["item"].to_numpy(),
                "answer_id": None,
                "external_id": rows["item"].to_numpy(),
                "rater": rows["rater"].to_numpy(),
                "author": None,
                "human": given.to_numpy(),
                "drawn": "lot",
                "scored_at": None,
                "score": scores.reindex(rows["item"]).to_numpy(),
                "flags": [[] for _ in range(len(rows))],
                "judged_at": None,
            }
        )
        # A judge's mean lies between levels; for kappa it counts as the nearest one.
        table["level"] = table["score"].round() if whole else float("nan")
        found.append(
            ScoredCriterion(
                rubric=None,
                rubric_version_id=None,
                criterion=str(question),
                title=str(question),
                judge=str(judge),
                deterministic=False,
                scale=_seen(pd.concat([given, known.round()])) if whole else (),
                rows=table[list(_COLUMNS)],
                newest=True,
                no_number=NotNumbers.of(own.loc[own["read"].isna(), "value"]),
                people_no_number=NotNumbers.of(beside.loc[beside["read"].isna(), "value"]),
            )
        )
    return found


def _seen(numbers: Any) -> tuple[int, ...]:
    """Whole numbers from the smallest to the largest seen, so that distances count steps."""
    low, high = int(numbers.min()), int(numbers.max())
    return tuple(range(low, high + 1)) if high - low < 101 else ()
