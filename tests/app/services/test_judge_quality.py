from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed, NotFound
from app.schema.workplace import Workplace
from app.services import disputes
from app.services.blind_scoring import ToScore, next_to_score, score_answer
from app.services.context import Actor
from app.services.judge_quality import judge_quality
from app.services.judging import feedback
from db.engine import reading
from db.records import ProjectRecord
from db.store import people
from tests.app.services.world import World

NEEDED = Workplace().judge_needed


@pytest.fixture
def judged(world: World, tmp_path: Path) -> tuple[World, ProjectRecord, Actor, Actor]:
    """Thirty-two judged answers, half of them blaming the reader; two people who may score."""
    project = world.project()
    world.fill(project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(32)], tmp_path)
    ann = world.member(project, "ann")
    for number in range(32):
        blame = "You should have asked. " if number % 2 else ""
        world.submit(
            ann,
            world.next(ann, project),
            verdict="good",
            why=f"{blame}Please write to us again, number {number}.",
        )
    world.do_calls()
    return world, project, world.member(project, "lead", "qa_lead"), world.member(project, "zoe", "qa_lead")


def waiting(world: World, person: Actor, project: ProjectRecord) -> ToScore:
    case = next_to_score(world.ctx, person, project.id)
    assert case is not None
    return case


def levels(case: ToScore, **given: int | None) -> dict[str, int | None]:
    """The best level everywhere but where it is said otherwise."""
    return {criterion.id: criterion.levels[-1].value for criterion in case.rubric.criteria} | given


def blamed(case: ToScore) -> int:
    criterion = next(c for c in case.rubric.criteria if c.id == "no_blame")
    worst = [level.value for level in criterion.levels][1]
    return worst if "should have" in case.text else criterion.levels[-1].value


def test_people_score_blind_and_meet_on_the_same_answers(judged: Any) -> None:
    world, project, lead, zoe = judged
    first = next_to_score(world.ctx, lead, project.id)
    assert first is not None and first.left == 32
    assert waiting(world, zoe, project).answer_id == first.answer_id
    assert score_answer(world.ctx, lead, project.id, first.answer_id, levels(first)) == len(
        first.rubric.criteria
    )
    assert (
        score_answer(world.ctx, lead, project.id, first.answer_id, levels(first, tone=1)) == 0
    )  # a second click
    assert waiting(world, lead, project).answer_id != first.answer_id


def test_a_criterion_is_advisory_until_enough_people_s_scores_are_there(judged: Any) -> None:
    world, project, lead, _ = judged
    states = []
    for number in range(NEEDED):
        case = waiting(world, lead, project)
        score_answer(
            world.ctx, lead, project.id, case.answer_id, levels(case, no_blame=blamed(case), tone=None)
        )
        if number in (NEEDED - 2, NEEDED - 1):
            rows = {row.criterion: row for row in judge_quality(world.ctx, lead, project.id)}
            states.append((rows["no_blame"].with_people.n, rows["no_blame"].state))
    # A rule is open from the start: it errs the same way for everybody. From thirty scores on it is measured.
    assert states == [(NEEDED - 1, "rule"), (NEEDED, "proven")]
    assert rows["tone"].state == "advisory"
    # The person agrees with the rule on every answer: kappa is 1, and so is its interval.
    assert (rows["no_blame"].with_people.kappa, rows["no_blame"].with_people.low) == (1.0, 1.0)
    # Nobody but one person has scored: there is no ceiling yet, which is said and not shown as 0.
    assert rows["no_blame"].among_people.reason == "no answer has both"
    # Tone needs a language model: the judge left it open, and the person could not say.
    assert (rows["tone"].with_people.n, rows["tone"].unscored, rows["tone"].cannot_say) == (0, NEEDED, NEEDED)


def test_two_people_give_the_ceiling_and_disputes_are_counted_apart(judged: Any) -> None:
    world, project, lead, zoe = judged
    for person in (lead, zoe):
        for _ in range(3):
            case = waiting(world, person, project)
            score_answer(world.ctx, person, project.id, case.answer_id, levels(case, no_blame=blamed(case)))
    author = author_of(world)
    verdict = feedback(world.ctx, author, project.id)[0]["verdict_id"]
    disputes.open_dispute(world.ctx, author, verdict, criterion="no_blame", reason="No.")
    row = next(r for r in judge_quality(world.ctx, lead, project.id) if r.criterion == "no_blame")
    assert (row.with_people.n, row.among_people.n, row.disputes, row.upheld) == (6, 3, 1, 0)


def author_of(world: World) -> Actor:
    with reading(world.ctx.engine) as session:
        user = people.user_by_login(session, "ann")
    assert user is not None
    return Actor(user.id, user.login, user.name, user.is_admin)


def test_bad_scores_are_refused_by_name(judged: Any) -> None:
    world, project, lead, _ = judged
    case = waiting(world, lead, project)
    with pytest.raises(Invalid, match="no_blame: level 99"):
        score_answer(world.ctx, lead, project.id, case.answer_id, levels(case, no_blame=99))
    with pytest.raises(Invalid, match="give a level, or say that you cannot tell"):
        score_answer(world.ctx, lead, project.id, case.answer_id, {})
    with pytest.raises(NotFound):
        score_answer(world.ctx, lead, project.id, 10**6, levels(case))
    ann = author_of(world)
    with pytest.raises(NotAllowed):
        next_to_score(world.ctx, ann, project.id)
