"""A reviewer's levels on the rubric, beside the judge's: pre-filled only where the judge is proven, and said so.

They are no blind scores and in no figure of trust. How often a pre-filled level is let stand, beside how often people
who did not see it say the same, shows what pre-filling does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.analytics.intervals import Share
from app.errors import Invalid
from app.services import policy
from app.services.context import Actor, Context
from app.services.judge_gate import Gate, gate_for, gates_of_project
from app.services.judge_scores import scored_criteria
from db.engine import Session, reading
from db.records import AnswerRecord, ProjectRecord
from db.store import reviews, verdicts
from rubrics import Level, Rubric

__all__ = ["GivenLevel", "LevelField", "Prefilling", "checked_levels", "level_fields", "prefilling"]


@dataclass(frozen=True, slots=True)
class LevelField:
    """One criterion of one judged answer on the review form."""

    answer_id: int
    verdict_id: int
    criterion: str
    title: str
    levels: tuple[Level, ...]
    judge: int | None
    """The judge's level; None where it is unscored."""
    prefilled: bool
    """Whether the form begins with the judge's level: only while its gate on this criterion is proven."""
    gate: Gate | None


@dataclass(frozen=True, slots=True)
class GivenLevel:
    """What the reviewer left in one field."""

    answer_id: int
    verdict_id: int
    criterion: str
    level: int
    prefilled: bool
    """Whether the field began with the judge's level."""


def level_fields(
    ctx: Context,
    session: Session,
    project: ProjectRecord,
    answers: Sequence[AnswerRecord],
    judged: Mapping[int, Sequence[Mapping[str, Any]]],
) -> list[LevelField]:
    """The fields of the newest verdict of each answer, as the store gives it; what a rule scores has none."""
    newest = [judged[answer.id][-1] for answer in answers if judged.get(answer.id)]
    if not newest:
        return []
    gates = gates_of_project(ctx.engine, session, project)
    fields = []
    for verdict in newest:
        said = {score["id"]: score["level"] for score in verdict["criteria"]}
        for criterion in Rubric.model_validate(verdict["rubric_document"]).criteria:
            if criterion.check is not None:
                continue
            gate = gate_for(gates, verdict, criterion.id)
            level = said.get(criterion.id)
            fields.append(
                LevelField(
                    answer_id=verdict["answer_id"],
                    verdict_id=verdict["verdict_id"],
                    criterion=criterion.id,
                    title=criterion.question,
                    levels=criterion.levels,
                    judge=level,
                    prefilled=level is not None and gate is not None and gate.state == "proven",
                    gate=gate,
                )
            )
    return fields


def checked_levels(
    session: Session, answer_ids: Sequence[int], given: Iterable[GivenLevel]
) -> list[dict[str, Any]]:
    """The levels as they are stored. Raises Invalid for a level of another answer, criterion or scale."""
    judged = {
        verdict["verdict_id"]: verdict
        for of_answer in verdicts.verdicts_of_answers(session, answer_ids).values()
        for verdict in of_answer
    }
    rows, problems = [], []
    for one in given:
        verdict = judged.get(one.verdict_id)
        if verdict is None or verdict["answer_id"] != one.answer_id:
            problems.append(f"{one.criterion}: the verdict {one.verdict_id} is not on this answer")
            continue
        rubric = Rubric.model_validate(verdict["rubric_document"])
        criterion = next((known for known in rubric.criteria if known.id == one.criterion), None)
        if criterion is None or one.level not in {level.value for level in criterion.levels}:
            problems.append(f"{one.criterion}: level {one.level} is none of the rubric's")
            continue
        said = next((score["level"] for score in verdict["criteria"] if score["id"] == one.criterion), None)
        rows.append(
            {
                "answer_id": one.answer_id,
                "verdict_id": one.verdict_id,
                "rubric_version_id": verdict["rubric_version_id"],
                "criterion": one.criterion,
                "level": one.level,
                "judge": said,
                "prefilled": one.prefilled and said is not None,
            }
        )
    if problems:
        raise Invalid(problems)
    return rows


@dataclass(frozen=True, slots=True)
class Prefilling:
    """How often people give the judge's very level on one criterion, by what they saw of it."""

    criterion: str
    prefilled: Share
    """The form began with it: accepted as it was, of all so shown."""
    beside: Share
    """It stood beside an empty form."""
    blind: Share
    """They did not see it: blind scores by lot."""


def prefilling(ctx: Context, actor: Actor, project_id: int) -> list[Prefilling]:
    """A row per criterion that reviewers gave levels on; each share is of the levels beside one of the judge."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        given = reviews.levels_of_project(session, project_id)
        scored = scored_criteria(session, project) if given else []
    seen: dict[tuple[int, str], dict[bool, list[bool]]] = {}
    for row in given:
        if row["judge"] is not None:
            key = (row["rubric_version_id"], row["criterion"])
            same = row["level"] == row["judge"]
            seen.setdefault(key, {True: [], False: []})[row["prefilled"]].append(same)
    out = []
    for (version, criterion), by_form in seen.items():
        blind = [
            bool(human == level)
            for one in scored
            if (one.rubric_version_id, one.criterion) == (version, criterion) and one.newest
            for human, level in one.rows[one.rows["drawn"] == "lot"][["human", "level"]].dropna().to_numpy()
        ]
        out.append(
            Prefilling(criterion, *(Share.of(sum(part), len(part)) for part in (by_form[True], by_form[False], blind)))
        )  # fmt: skip
    return out
