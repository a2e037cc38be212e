"""Agreement before and after a version of the guidelines, the label schema or a rubric."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

import pandas as pd

from app.analytics.before_after import Compared, compare, on_the_same_items
from app.analytics.coincidences import Metric
from app.schema import LabelSchema, Question
from app.services import policy
from app.services.context import Actor, Context
from app.services.projects import rubric_of, schema_of
from db import judge_frames, rating_frames
from db.engine import Session, reading
from db.records import RubricRecord
from db.store import human_scores, people, projects, rubric_versions
from rubrics import Criterion

__all__ = [
    "CANNOT_SHOW",
    "Changed",
    "ChangedQuestion",
    "UsedVersion",
    "VersionChange",
    "used_version",
    "version_changes",
]

Changed = Literal["guidelines", "schema", "rubric"]

CANNOT_SHOW: Final = (
    "There is no control: what came after the change is also later, by people with more practice, and mostly of other "
    "items. A difference may come from any of these; only two groups that work at the same time, with the old version "
    "and with the new one, can tell."
)
_METRICS: Final[dict[str, Metric]] = {
    "choice": "nominal",
    "pairwise": "nominal",
    "rating": "ordinal",
    "multi_choice": "masi",
}


@dataclass(frozen=True, slots=True)
class UsedVersion:
    name: str
    """The rubric's; empty for guidelines and schema."""
    number: int
    created_at: datetime
    created_by: str
    """Empty where it is not known."""
    hash: str
    """SHA-256 of the text as written; of a rubric its own hash."""


@dataclass(frozen=True, slots=True)
class ChangedQuestion:
    question: str
    """Its id; a criterion's, for a rubric."""
    title: str
    metric: Metric
    all_items: Compared
    """People's first submissions; of a rubric every score of people that was drawn by lot."""
    same_items: Compared | None
    """Of the items that two people or more rated before, and two or more after, revisions included; None without any."""
    revised: int
    """How many of the ratings after, on the same items, are revisions of an earlier answer."""
    note: str
    """What else changed about the question; empty where nothing did."""


@dataclass(frozen=True, slots=True)
class VersionChange:
    what: Changed
    before: UsedVersion
    after: UsedVersion
    questions: list[ChangedQuestion]
    left_out: int
    """Scores on answers that were chosen for their value, which are no fair sample."""
    cannot_show: list[str]
    """In sentences, the one that always holds first."""


def version_changes(ctx: Context, actor: Actor, project_id: int) -> list[VersionChange]:
    """Every two versions that follow each other and both have answers, the newest change first.

    Versions that nobody answered under are passed over. Imported ratings know no version: a project that only has
    those has no change.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        state = rating_frames.ratings_state(session, project_id)
        latest = projects.latest_schema(session, project_id)
        guidelines = projects.latest_guidelines(session, project_id)
        version = (
            state.answered,
            latest and latest.id,
            guidelines and guidelines.id,
            judge_frames.score_stamp(session, project_id),
        )
        return ctx.figures.of(
            ("version changes", project_id), version, lambda: _changes(session, project_id, state)
        )


def _changes(session: Session, project_id: int, state: rating_frames.RatingsState) -> list[VersionChange]:
    found = [*_of_answers(session, project_id, state), *_of_rubrics(session, project_id)]
    return sorted(found, key=lambda change: change.after.created_at, reverse=True)


def _of_answers(
    session: Session, project_id: int, state: rating_frames.RatingsState
) -> Iterator[VersionChange]:
    schemas = {record.id: record for record in reversed(projects.list_schemas(session, project_id))}
    texts = {record.id: record for record in reversed(projects.list_guidelines(session, project_id))}
    if len(schemas) < 2 and len(texts) < 2:
        return
    read = {id_: schema_of(record) for id_, record in schemas.items()}
    asked = [question for question in read[max(read)].questions if question.type in _METRICS]
    answers = rating_frames.versioned_answers(session, project_id, state, [q.id for q in asked])
    kinds: list[tuple[Changed, Literal["schema", "guidelines"], dict[int, UsedVersion]]] = [
        (
            "guidelines",
            "schema",
            {id_: used_version(r.number, r.text, r.created_at, r.created_by) for id_, r in texts.items()},
        ),
        (
            "schema",
            "guidelines",
            {id_: used_version(r.number, r.source, r.created_at, r.created_by) for id_, r in schemas.items()},
        ),
    ]
    for what, other, versions in kinds:
        used = [id_ for id_ in versions if (answers[what] == id_).any()]
        for earlier, later in pairwise(used):
            rows = answers[answers[what].isin((earlier, later))]
            rows = rows.assign(after=rows[what] == later)
            yield VersionChange(
                what=what,
                before=versions[earlier],
                after=versions[later],
                questions=[
                    _question(question, of_it, _difference_of(read, question, earlier, later, what))
                    for question in asked
                    if len(of_it := rows[rows["question"] == question.id])
                ],
                left_out=0,
                cannot_show=[CANNOT_SHOW, *_also_changed(rows, other)],
            )


def used_version(number: int, text: str, at: datetime, by: str) -> UsedVersion:
    """The version with the hash of its text."""
    return UsedVersion("", number, at, by, f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")


def _question(question: Question, rows: pd.DataFrame, note: str) -> ChangedQuestion:
    metric = _METRICS[question.type]
    both = on_the_same_items(_first_on_each_side(rows))
    revised = both["after"] & (both["revision"] > 1)
    return ChangedQuestion(
        question=question.id,
        title=question.title,
        metric=metric,
        all_items=compare(rows[rows["revision"] == 1], metric),
        same_items=compare(both, metric) if len(both) else None,
        revised=int(revised.sum()),
        note=note,
    )


def _first_on_each_side(rows: pd.DataFrame) -> pd.DataFrame:
    """First submissions before; after, what each person said of an item first, a revision too."""
    kept = rows[rows["after"] | (rows["revision"] == 1)]
    return kept.drop_duplicates(["item", "rater", "after"])


def _difference_of(
    schemas: dict[int, LabelSchema], question: Question, earlier: int, later: int, what: Changed
) -> str:
    """What a change of the schema changed about the question, in words."""
    if what != "schema":
        return ""
    before, after = (
        next((one for one in schemas[id_].questions if one.id == question.id), None)
        for id_ in (earlier, later)
    )
    if before is None or after is None:
        return "only one of the versions has this question"
    labels = [one.model_dump(exclude={"title", "help", "required"}) for one in (before, after)]
    if labels[0] != labels[1]:
        return "its labels or its scale changed too: the two sides measure different choices"
    return ""


def _also_changed(rows: pd.DataFrame, other: Literal["schema", "guidelines"]) -> list[str]:
    sides = [set(rows.loc[rows["after"] == side, other]) for side in (False, True)]
    if sides[0] == sides[1]:
        return []
    words = {"schema": "The label schema", "guidelines": "The guidelines"}[other]
    return [f"{words} changed too between these answers: the two changes cannot be told apart."]


def _of_rubrics(session: Session, project_id: int) -> Iterator[VersionChange]:
    rows = pd.DataFrame(human_scores.scores_of_people(session, project_id))
    if rows.empty:
        return
    logins = {user.id: user.login for user in people.list_users(session)}
    rows = rows.assign(rater=rows["user_id"].map(logins), item=rows["answer_id"])
    records = rubric_versions.versions(session, [int(id_) for id_ in rows["rubric_version_id"].unique()])
    by_name: dict[str, list[RubricRecord]] = {}
    for record in records:
        by_name.setdefault(record.name, []).append(record)
    for versions in by_name.values():
        for earlier, later in pairwise(sorted(versions, key=lambda one: (one.version, one.id))):
            of_both = rows[rows["rubric_version_id"].isin((earlier.id, later.id))]
            of_both = of_both.assign(after=of_both["rubric_version_id"] == later.id)
            fair = of_both[of_both["drawn"] == "lot"]
            yield VersionChange(
                what="rubric",
                before=_rubric_version(earlier),
                after=_rubric_version(later),
                questions=_criteria(earlier, later, fair.dropna(subset="level")),
                left_out=len(of_both) - len(fair),
                cannot_show=[CANNOT_SHOW],
            )


def _rubric_version(record: RubricRecord) -> UsedVersion:
    return UsedVersion(record.name, record.version, record.created_at, "", record.hash)


def _criteria(earlier: RubricRecord, later: RubricRecord, rows: pd.DataFrame) -> list[ChangedQuestion]:
    before = {criterion.id: criterion for criterion in rubric_of(earlier).criteria}
    found = []
    for criterion in rubric_of(later).criteria:
        own = rows[rows["criterion"] == criterion.id]
        if own.empty:
            continue
        own = own.assign(value=own["level"].astype(int))[["item", "rater", "value", "after"]]
        metric: Metric = "nominal" if criterion.scale == "nominal" else "ordinal"
        both = on_the_same_items(own)
        found.append(
            ChangedQuestion(
                question=criterion.id,
                title=criterion.question,
                metric=metric,
                all_items=compare(own, metric),
                same_items=compare(both, metric) if len(both) else None,
                revised=0,
                note=_levels_note(before.get(criterion.id), criterion),
            )
        )
    return found


def _levels_note(before: Criterion | None, after: Criterion) -> str:
    if before is None:
        return "only the later version has this criterion"
    values = [[level.value for level in one.levels] for one in (before, after)]
    return "" if values[0] == values[1] else "its levels changed too: the two sides measure different scales"
