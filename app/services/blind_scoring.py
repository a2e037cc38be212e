"""People score judged answers on the judge's rubric without seeing what it said.

Two lanes: by lot, the same for everybody, so that people meet on the same answers and the figures are of a fair
sample; and by value, the answers about which a score says most. Figures of trust use the first lane only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.services import arms, policy
from app.services.context import Actor, Context
from app.services.projects import rubric_of
from app.services.submissions import full_text
from db.engine import reading, transaction
from db.records import ProjectRecord
from db.store import annotations, human_scores, items, projects
from db.store.human_scores import Drawn, JudgedAnswer
from rubrics import Rubric

__all__ = ["ToScore", "next_to_score", "score_answer"]

_FLOOR = 0.5
"""Share of answers in the lot's lane, whatever their value. By judgement."""
_NEAR = 0.1
"""Distance of a total from the pass mark within which one level more or less decides."""


@dataclass(frozen=True, slots=True)
class ToScore:
    """An answer to score without knowing what the judge said."""

    answer_id: int
    external_id: str
    question: str
    item_text: str
    text: str
    rubric: Rubric
    drawn: Drawn
    left: int
    """How many answers wait for this person, this one included."""


def next_to_score(ctx: Context, actor: Actor, project_id: int) -> ToScore | None:
    """The next answer for this person among the judged ones of others; None when there is none."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        if actor.user_id is None:
            return None
        waiting = human_scores.judged_answers(session, project_id, actor.user_id)
        rubrics = {
            id_: rubric_of(record)
            for id_ in {row.rubric_version_id for row in waiting}
            if (record := projects.rubric_by_id(session, id_)) is not None
        }
        for row in _ordered(project, waiting, rubrics):
            answer = annotations.answer_by_id(session, row.answer_id)
            annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
            item = items.item_by_id(session, annotation.item_id) if annotation else None
            if answer is not None and item is not None and row.rubric_version_id in rubrics:
                return ToScore(
                    answer_id=row.answer_id,
                    external_id=item.external_id,
                    question=answer.question,
                    item_text=full_text(item.content),
                    text=str(answer.value[0]),
                    rubric=rubrics[row.rubric_version_id],
                    drawn=_lane(project, row, rubrics[row.rubric_version_id]),
                    left=len(waiting),
                )
    return None


def _value(row: JudgedAnswer, rubric: Rubric) -> int:
    """How much a person's score says: contested, flagged, near the pass mark, or without a total."""
    near = (
        row.total is not None and rubric.pass_mark is not None and abs(row.total - rubric.pass_mark) <= _NEAR
    )
    return 4 * row.contested + 2 * bool(row.flags) + near


def _lane(project: ProjectRecord, row: JudgedAnswer, rubric: Rubric) -> Drawn:
    """Drawn once for each answer, whoever asks; an answer of no particular value comes by lot in any case."""
    if _value(row, rubric) == 0 or arms.chance(project, "lane", row.answer_id) < _FLOOR:
        return "lot"
    return "value"


def _ordered(
    project: ProjectRecord, waiting: Sequence[JudgedAnswer], rubrics: Mapping[int, Rubric]
) -> list[JudgedAnswer]:
    """The lanes by turns, each in its own order, as far as both last."""
    known = [row for row in waiting if row.rubric_version_id in rubrics]
    by_chance = sorted(known, key=lambda row: arms.chance(project, "score", row.answer_id))
    lanes: dict[Drawn, list[JudgedAnswer]] = {"lot": [], "value": []}
    for row in by_chance:
        lanes[_lane(project, row, rubrics[row.rubric_version_id])].append(row)
    lanes["value"].sort(key=lambda row: -_value(row, rubrics[row.rubric_version_id]))
    # Which lane is next follows from how many are left, so that a reload shows the same answer.
    if lanes["value"] and len(known) % 2 == 0:
        return [*lanes["value"], *lanes["lot"]]
    return [*lanes["lot"], *lanes["value"]]


def score_answer(
    ctx: Context, actor: Actor, project_id: int, answer_id: int, levels: Mapping[str, int | None]
) -> int:
    """Store a person's levels, by criterion; None says that they could not tell. Returns how many are new.

    Sending the same scores again changes nothing. Raises Invalid with a line per criterion without a level or
    with one that the rubric does not have, NotFound for an answer that is not judged, is one's own, or is of
    another project.
    """
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        user_id = actor.user_id or 0
        known = {row.answer_id: row for row in human_scores.judged_answers(session, project_id, user_id)}
        answer = annotations.answer_by_id(session, answer_id)
        annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
        if annotation is None or annotation.project_id != project_id or annotation.user_id == actor.user_id:
            raise NotFound(f"no judged answer {answer_id} to score in this project")
        if answer_id not in known:
            return 0  # scored before, by a second click or another tab
        row = known[answer_id]
        record = projects.rubric_by_id(session, row.rubric_version_id)
        if record is None:
            raise NotFound(f"the rubric of answer {answer_id} is gone")
        rubric = rubric_of(record)
        _check(rubric, levels)
        return human_scores.add_scores(
            session,
            answer_id=answer_id,
            rubric_version_id=row.rubric_version_id,
            user_id=user_id,
            levels=levels,
            drawn=_lane(project, row, rubric),
            now=utc_now(),
        )


def _check(rubric: Rubric, levels: Mapping[str, int | None]) -> None:
    problems = []
    for criterion in rubric.criteria:
        allowed = [level.value for level in criterion.levels]
        if criterion.id not in levels:
            problems.append(f"{criterion.id}: give a level, or say that you cannot tell")
        elif levels[criterion.id] is not None and levels[criterion.id] not in allowed:
            problems.append(f"{criterion.id}: level {levels[criterion.id]} is none of {allowed}")
    problems += [f"{name}: is no criterion" for name in levels if name not in {c.id for c in rubric.criteria}]
    if problems:
        raise Invalid(problems)
