"""Whether the judge can be trusted: people score answers blind, and their levels are compared with its own."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from app.analytics.alignment import Alignment, align
from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.services import arms, policy
from app.services.context import Actor, Context
from app.services.projects import rubric_of
from app.services.submissions import full_text
from db.engine import reading, transaction
from db.store import annotations, disputes, human_scores, items, projects
from rubrics import Criterion, Rubric

__all__ = ["NEEDED", "CriterionQuality", "ToScore", "judge_quality", "next_to_score", "score_answer"]

NEEDED = 30
"""People's scores on a criterion below which the judge is advisory. By judgement: with fewer, an interval of kappa
is wider than the difference between a good judge and a poor one."""

_ENOUGH = 0.4
"""Lower end of kappa's interval from which a criterion counts as proven: “moderate” in Landis and Koch's words
(Biometrics 33, 1977), which are a convention and no test."""


@dataclass(frozen=True, slots=True)
class ToScore:
    """An answer to score without knowing what the judge said."""

    answer_id: int
    external_id: str
    question: str
    item_text: str
    text: str
    rubric: Rubric
    left: int
    """How many answers wait for this person, this one included."""


@dataclass(frozen=True, slots=True)
class CriterionQuality:
    """One criterion of one rubric version: the judge beside people, and people beside each other."""

    rubric: str
    rubric_version: int
    criterion: str
    title: str
    judge: str
    """The model that judged; several are named in order."""
    deterministic: bool
    state: Literal["advisory", "proven", "doubtful"]
    """`advisory` below NEEDED; `doubtful` when the interval of kappa reaches below 0.4."""
    with_people: Alignment
    among_people: Alignment
    """The ceiling: pairs of people on the same answers."""
    unscored: int
    """Answers that people scored and the judge did not."""
    cannot_say: int
    """Answers on which a person could not say."""
    disputes: int
    upheld: int


def next_to_score(ctx: Context, actor: Actor, project_id: int) -> ToScore | None:
    """The next answer for this person, drawn by lot among the judged ones of others; None when there is none."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        if actor.user_id is None:
            return None
        waiting = human_scores.judged_answers(session, project_id, actor.user_id)
        # The same lot for everybody, so that people meet on the same answers.
        for answer_id, rubric_id in sorted(waiting, key=lambda row: arms.chance(project, "score", row[0])):
            answer = annotations.answer_by_id(session, answer_id)
            annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
            item = items.item_by_id(session, annotation.item_id) if annotation else None
            rubric = projects.rubric_by_id(session, rubric_id)
            if answer is not None and item is not None and rubric is not None:
                return ToScore(
                    answer_id=answer_id,
                    external_id=item.external_id,
                    question=answer.question,
                    item_text=full_text(item.content),
                    text=str(answer.value[0]),
                    rubric=rubric_of(rubric),
                    left=len(waiting),
                )
    return None


def score_answer(
    ctx: Context, actor: Actor, project_id: int, answer_id: int, levels: Mapping[str, int | None]
) -> int:
    """Store a person's levels, by criterion; None says that they could not tell. Returns how many are new.

    Sending the same scores again changes nothing. Raises Invalid with a line per criterion without a level or
    with one that the rubric does not have, NotFound for an answer that is not judged, is one's own, or is of
    another project.
    """
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "decide")
        user_id = actor.user_id or 0
        known = dict(human_scores.judged_answers(session, project_id, user_id))
        answer = annotations.answer_by_id(session, answer_id)
        annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
        if annotation is None or annotation.project_id != project_id or annotation.user_id == actor.user_id:
            raise NotFound(f"no judged answer {answer_id} of somebody else in this project")
        if answer_id not in known:
            return 0  # scored before, by this form or another one
        record = projects.rubric_by_id(session, known[answer_id])
        if record is None:
            raise NotFound(f"the rubric of answer {answer_id} is gone")
        _check(rubric_of(record), levels)
        return human_scores.add_scores(
            session,
            answer_id=answer_id,
            rubric_version_id=record.id,
            user_id=user_id,
            levels=levels,
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


def judge_quality(ctx: Context, actor: Actor, project_id: int) -> list[CriterionQuality]:
    """One row per rubric version and criterion that people have scored, in the order of the rubric.

    With several people on one answer, each of their levels is set against the judge's; the interval is over
    answers as drawn, so it is somewhat too narrow then.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        rows = human_scores.paired_levels(session, project_id)
        contested = disputes.disputes_of_project(session, project_id)
        records = {
            id_: projects.rubric_by_id(session, id_) for id_ in {row["rubric_version_id"] for row in rows}
        }
    groups: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["rubric_version_id"], row["criterion"]].append(row)
    out = []
    for id_, record in records.items():
        if record is None:
            continue
        rubric = rubric_of(record)
        for criterion in rubric.criteria:
            found = groups.get((id_, criterion.id), [])
            states = [
                row["dispute"].state for row in contested
                if row["rubric_version_id"] == id_ and row["dispute"].criterion == criterion.id
            ]  # fmt: skip
            if found:
                out.append(_quality(rubric, criterion, found, states))
    return out


def _quality(
    rubric: Rubric, criterion: Criterion, rows: Sequence[Mapping[str, Any]], dispute_states: Sequence[str]
) -> CriterionQuality:
    scale = [level.value for level in criterion.levels]
    both = [row for row in rows if row["human"] is not None and row["judge"] is not None]
    with_people = align([row["judge"] for row in both], [row["human"] for row in both], scale)
    first, second = [], []
    by_answer: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row["human"] is not None:
            by_answer[row["answer"]].append(row["human"])
    for levels in by_answer.values():
        for a, b in combinations(levels, 2):
            first.append(a)
            second.append(b)
    proven = with_people.low is not None and with_people.low >= _ENOUGH
    state: Literal["advisory", "proven", "doubtful"] = (
        "advisory" if with_people.n < NEEDED else "proven" if proven else "doubtful"
    )
    return CriterionQuality(
        rubric=rubric.name,
        rubric_version=rubric.version,
        criterion=criterion.id,
        title=criterion.question,
        judge=", ".join(dict.fromkeys(row["model"] for row in rows)),
        deterministic=criterion.check is not None,
        state=state,
        with_people=with_people,
        among_people=align(first, second, scale),
        unscored=len({row["answer"] for row in rows if row["judge"] is None}),
        cannot_say=sum(row["human"] is None for row in rows),
        disputes=len(dispute_states),
        upheld=sum(state == "upheld" for state in dispute_states),
    )
