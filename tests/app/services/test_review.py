from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed, NotFound
from app.services import accounts, assignment, subsets, work_record
from app.services.context import Actor
from app.services.review import ReviewRules, review, review_queue, reviewer_figures
from db.records import ProjectRecord
from tests.app.services.world import OPERATOR, World

NONE = ReviewRules(disagreement=0, judge_doubt=0, new_person=0, floor=0)


@pytest.fixture
def answered(world: World, tmp_path: Path) -> tuple[World, ProjectRecord, Actor, Actor, Actor]:
    """Two people answered three items; they differ on the second one."""
    project = world.project(overlap=2)
    world.fill(project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(3)], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    for number in range(3):
        world.submit(ann, world.next(ann, project), verdict="good")
        world.submit(bob, world.next(bob, project), verdict="bad" if number == 1 else "good")
    return world, project, ann, bob, world.member(project, "lead", "qa_lead")


def decide(
    world: World, lead: Actor, project: ProjectRecord, annotation: int, token: str, **more: Any
) -> bool:
    return review(world.ctx, lead, project.id, annotation, form_token=token, **more)


def test_rules_choose_what_is_looked_at(answered: Any) -> None:
    world, project, _, _, lead = answered

    def queue(**rules: float) -> list[tuple[str, str, list[str]]]:
        chosen = ReviewRules(**({"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 0} | rules))
        return [
            (c.item.external_id, c.login, c.why)
            for c in review_queue(world.ctx, lead, project.id, rules=chosen)
        ]

    assert queue() == []
    assert queue(disagreement=1) == [
        ("i1", "ann", ["differs from another answer"]),
        ("i1", "bob", ["differs from another answer"]),
    ]
    assert len(queue(new_person=1)) == 6
    assert {why for _, _, reasons in queue(floor=1) for why in reasons} == {"drawn at random"}
    # Those with most reasons stand first.
    assert [entry[0] for entry in queue(disagreement=1, new_person=1)][:2] == ["i1", "i1"]


def test_what_a_reviewer_was_given_comes_first(answered: Any) -> None:
    world, project, _, _, lead = answered
    subsets.save_subset(world.ctx, OPERATOR, project.id, name="third", query="id:i2")
    subsets.assign_subset(world.ctx, OPERATOR, project.id, subset="third", logins=["lead"], task="review")
    queue = review_queue(world.ctx, lead, project.id, rules=ReviewRules(floor=0, new_person=0))
    assert [(case.item.external_id, case.why) for case in queue] == [
        ("i2", ["you were given it"]),
        ("i2", ["you were given it"]),
        ("i1", ["differs from another answer"]),
        ("i1", ["differs from another answer"]),
    ]


def test_what_the_judge_doubts_comes_with_its_verdict_in_words(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
    ann, lead = world.member(project, "ann"), world.member(project, "lead", "qa_lead")
    world.submit(ann, world.next(ann, project), verdict="good", why="You should have asked!!")
    world.do_calls()
    rules = ReviewRules(disagreement=0, judge_doubt=1, new_person=0, floor=0)
    (case,) = review_queue(world.ctx, lead, project.id, rules=rules)
    assert case.why == ["the judge gave no total"]
    assert case.verdicts[0]["criteria"][0]["title"] and "best" in case.verdicts[0]["criteria"][0]


def test_a_share_of_the_floor_is_drawn_and_stays_drawn(answered: Any) -> None:
    world, project, _, _, lead = answered
    rules = ReviewRules(disagreement=0, judge_doubt=0, new_person=0, floor=0.5)
    first = [case.annotation.id for case in review_queue(world.ctx, lead, project.id, rules=rules)]
    assert first == [case.annotation.id for case in review_queue(world.ctx, lead, project.id, rules=rules)]


def test_a_decision_is_stored_once_and_leaves_the_queue(answered: Any) -> None:
    world, project, _, _, lead = answered
    case = review_queue(world.ctx, lead, project.id)[0]
    assert decide(world, lead, project, case.annotation.id, "t", outcome="accepted") is True
    assert decide(world, lead, project, case.annotation.id, "t", outcome="accepted") is False
    assert case.annotation.id not in [c.annotation.id for c in review_queue(world.ctx, lead, project.id)]
    assert reviewer_figures(world.ctx, lead, project.id) == [
        {"reviewer": "lead", "reviews": 1, "accepted": 1, "fixed": 0, "rejected": 0}
    ]


def test_a_rejection_needs_words_reaches_its_author_and_asks_somebody_else(answered: Any) -> None:
    world, project, ann, _, lead = answered
    cay = world.member(project, "cay")
    assert assignment.next_task(world.ctx, cay, project.id).task is None
    case = next(c for c in review_queue(world.ctx, lead, project.id) if c.login == "ann")
    with pytest.raises(Invalid, match="say why"):
        decide(world, lead, project, case.annotation.id, "t", outcome="rejected")
    decide(
        world, lead, project, case.annotation.id, "t", outcome="rejected", comment="Read G2.", requeue=True
    )
    found, _ = work_record.own_revisions(world.ctx, ann, project.id, case.item.id)
    assert [(r.outcome, r.comment, by) for r, by in found[0].reviews] == [("rejected", "Read G2.", "lead")]
    rows, _ = work_record.own_answers(world.ctx, ann, project.id, offset=0, limit=10)
    assert "rejected: Read G2." in [row["review"] for row in rows]
    assert world.next(cay, project).item.id == case.item.id


def test_a_fix_fits_the_schema_and_changes_something(answered: Any) -> None:
    world, project, ann, _, lead = answered
    case = next(c for c in review_queue(world.ctx, lead, project.id) if c.login == "ann")
    for answers, words in (
        ({"verdict": "ugly"}, "not one of"),
        ({"verdict": "good"}, "nothing is changed"),
        (None, "as they should be"),
    ):
        with pytest.raises(Invalid, match=words):
            decide(world, lead, project, case.annotation.id, "t", outcome="fixed", answers=answers)
    assert decide(world, lead, project, case.annotation.id, "t", outcome="fixed", answers={"verdict": "bad"})
    found, _ = work_record.own_revisions(world.ctx, ann, project.id, case.item.id)
    assert found[0].reviews[0][0].answers == {"verdict": "bad"} and found[0].answers == {"verdict": "good"}


def test_nobody_reviews_their_own_answer_or_without_the_role(answered: Any) -> None:
    world, project, ann, _, lead = answered
    with pytest.raises(NotAllowed):
        review_queue(world.ctx, ann, project.id)
    accounts.give_role(world.ctx, OPERATOR, project_id=project.id, login="ann", role="qa_lead")
    mine = review_queue(world.ctx, ann, project.id)
    assert {case.login for case in mine} == {"bob"}
    own = next(c for c in review_queue(world.ctx, lead, project.id) if c.login == "ann").annotation.id
    with pytest.raises(Invalid, match="somebody else"):
        decide(world, ann, project, own, "t", outcome="accepted")
    other = world.project("Q")
    world.member(other, "dan", "qa_lead")
    with pytest.raises(NotFound):
        decide(world, lead, other, own, "t", outcome="accepted")
