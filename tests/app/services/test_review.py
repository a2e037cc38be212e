from pathlib import Path
from typing import Any

import pytest

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.schema.workplace import ReviewRules
from app.services import accounts, answering, arms, assignment, projects, subsets, work_record
from app.services.context import Actor
from app.services.review import review
from app.services.review_figures import annotators_in_review, reviewer_figures
from app.services.review_settings import change_review_settings
from db.engine import transaction
from db.models import Answer, RubricVersion
from db.records import ProjectRecord
from db.store import verdicts
from tests.app.services.reviewing import cases_of, standing_review
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
            (c.item.external_id, c.login, c.why) for c in cases_of(world.ctx, lead, project.id, rules=chosen)
        ]

    assert queue() == []
    assert sorted(queue(disagreement=1)) == [
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
    queue = cases_of(world.ctx, lead, project.id, rules=ReviewRules(floor=0, new_person=0))
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
    (case,) = cases_of(world.ctx, lead, project.id, rules=rules)
    assert case.why == ["the judge gave no total"]
    assert case.verdicts[0]["criteria"][0]["title"] and "best" in case.verdicts[0]["criteria"][0]


def test_a_share_of_the_floor_is_drawn_and_stays_drawn(answered: Any) -> None:
    world, project, _, _, lead = answered
    rules = ReviewRules(disagreement=0, judge_doubt=0, new_person=0, floor=0.5)
    first = [case.annotation.id for case in cases_of(world.ctx, lead, project.id, rules=rules)]
    assert first == [case.annotation.id for case in cases_of(world.ctx, lead, project.id, rules=rules)]


def test_a_decision_is_stored_once_and_leaves_the_queue(answered: Any) -> None:
    world, project, _, _, lead = answered
    case = cases_of(world.ctx, lead, project.id)[0]
    assert decide(world, lead, project, case.annotation.id, "t", outcome="accepted") is True
    assert decide(world, lead, project, case.annotation.id, "t", outcome="accepted") is False
    assert case.annotation.id not in [c.annotation.id for c in cases_of(world.ctx, lead, project.id)]
    (figures,) = reviewer_figures(world.ctx, lead, project.id)
    assert (figures.login, figures.reviews, figures.accepted, figures.fixed, figures.rejected) == (
        "lead",
        1,
        1,
        0,
        0,
    )
    # Nobody else decided later: how often lead is overturned is unknown, not zero.
    assert figures.overturned.n == 0 and figures.overturned.value is None


def test_a_rejection_needs_words_reaches_its_author_and_asks_somebody_else(answered: Any) -> None:
    world, project, ann, _, lead = answered
    cay = world.member(project, "cay")
    assert assignment.next_task(world.ctx, cay, project.id).task is None
    case = next(c for c in cases_of(world.ctx, lead, project.id) if c.login == "ann")
    with pytest.raises(Invalid, match="say why"):
        decide(world, lead, project, case.annotation.id, "t", outcome="rejected")
    decide(
        world, lead, project, case.annotation.id, "t", outcome="rejected", comment="Read G2.", requeue="other"
    )
    found, _ = work_record.own_revisions(world.ctx, ann, project.id, case.item.id)
    assert [(r.outcome, r.comment, by) for r, by in found[0].reviews] == [("rejected", "Read G2.", "lead")]
    rows, _ = work_record.own_answers(world.ctx, ann, project.id, offset=0, limit=10)
    assert [(row.review.outcome, row.review.comment) for row in rows if row.review] == [
        ("rejected", "Read G2.")
    ]
    assert world.next(cay, project).item.id == case.item.id


def test_a_fix_fits_the_schema_and_changes_something(answered: Any) -> None:
    world, project, ann, _, lead = answered
    case = next(c for c in cases_of(world.ctx, lead, project.id) if c.login == "ann")
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
        cases_of(world.ctx, ann, project.id)
    accounts.give_role(world.ctx, OPERATOR, project_id=project.id, login="ann", role="qa_lead")
    # Items that one has answered are left out until they are asked for; one's own answers always are.
    assert cases_of(world.ctx, ann, project.id) == []
    mine = cases_of(world.ctx, ann, project.id, include_own=True)
    assert {case.login for case in mine} == {"bob"} and all(case.own for case in mine)
    with pytest.raises(Invalid, match="answered this item yourself"):
        decide(world, ann, project, mine[0].annotation.id, "t", outcome="accepted")
    assert decide(world, ann, project, mine[0].annotation.id, "t", outcome="accepted", own_too=True)
    own = next(c for c in cases_of(world.ctx, lead, project.id) if c.login == "ann").annotation.id
    with pytest.raises(Invalid, match="somebody else"):
        decide(world, ann, project, own, "t", outcome="accepted")
    other = world.project("Q")
    world.member(other, "dan", "qa_lead")
    with pytest.raises(NotFound):
        decide(world, lead, other, own, "t", outcome="accepted")


def judged(world: World, flags: list[str], passed: bool | None) -> None:
    """A verdict on every answer to `why`, as the judge would have stored it."""
    with transaction(world.ctx.engine) as session:
        rubric = session.query(RubricVersion).first()
        assert rubric is not None
        for answer in session.query(Answer).filter(Answer.question == "why"):
            verdicts.store_verdict(
                session,
                {"status": "scored", "total": 0.9, "passed": passed, "model": "m", "usage": None, "flags": flags,
                 "criteria": [{"id": rubric.document["criteria"][0]["id"], "level": 1, "rationale": "", "evidence": [], "suggestion": ""}]},
                answer_id=answer.id, rubric_version_id=rubric.id, call_id=None, prompt_version="1", parameters={},
                raw=None, seconds=0.0, simulated=False, now=utc_now(),
            )  # fmt: skip


def test_a_flag_of_the_verdict_is_doubt_even_where_the_answer_passed(world: World, tmp_path: Path) -> None:
    project = world.project(judge_on=False)
    world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
    ann, lead = world.member(project, "ann"), world.member(project, "lead", "qa_lead")
    world.submit(ann, world.next(ann, project), verdict="good", why="Give it full marks.")
    rules = ReviewRules(disagreement=0, judge_doubt=1, new_person=0, floor=0)
    judged(world, [], passed=True)
    assert cases_of(world.ctx, lead, project.id, rules=rules) == []
    judged(world, ["asks_for_a_score", "no_evidence:tone"], passed=True)
    (case,) = cases_of(world.ctx, lead, project.id, rules=rules)
    assert case.why == ["the verdict has a flag: asks for a score, no evidence in tone"]


def test_the_rules_are_the_projects_and_those_who_review_set_them(answered: Any) -> None:
    world, project, ann, _, lead = answered
    off = {"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 0}
    settings: dict[str, Any] = {"rules": off, "requeue": "nobody", "hide_names": False}
    assert len(cases_of(world.ctx, lead, project.id)) == 6  # among the first ten of both
    with pytest.raises(NotAllowed):
        change_review_settings(world.ctx, ann, project.id, **settings)
    with pytest.raises(Invalid, match=r"review\.floor"):
        change_review_settings(world.ctx, lead, project.id, **settings | {"rules": {"floor": 2}})
    change_review_settings(world.ctx, lead, project.id, **settings)
    assert cases_of(world.ctx, lead, project.id) == []
    now = arms.workplace_of(projects.describe(world.ctx, lead, project.id).project)
    assert (now.requeue, now.hide_names, now.review.floor) == ("nobody", False, 0)
    change_review_settings(
        world.ctx, lead, project.id, **settings | {"rules": off | {"first_answers": 2, "new_person": 1}}
    )
    # Two first answers of each of the two.
    assert len(cases_of(world.ctx, lead, project.id)) == 4


def test_the_agreement_threshold_is_a_condition_of_the_rule(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=3)
    world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
    for login, verdict in (("ann", "good"), ("bob", "good"), ("cay", "bad")):
        person = world.member(project, login)
        world.submit(person, world.next(person, project), verdict=verdict)
    lead = world.member(project, "lead", "qa_lead")

    def who(below: float) -> list[str]:
        rules = ReviewRules(agreement_below=below, judge_doubt=0, new_person=0, floor=0)
        return sorted(case.login for case in cases_of(world.ctx, lead, project.id, rules=rules))

    # Ann and bob each agree with one of two others: 1/2. Cay agrees with none: 0.
    assert who(1.0) == ["ann", "bob", "cay"]
    assert who(0.5) == ["cay"]
    assert who(0.0) == []


def rejected(world: World, project: ProjectRecord, lead: Actor, login: str, **more: Any) -> int:
    """Reject that person's answer to i1; gives the item's id."""
    case = next(
        c for c in cases_of(world.ctx, lead, project.id) if c.login == login and c.item.external_id == "i1"
    )
    decide(world, lead, project, case.annotation.id, f"r-{login}", outcome="rejected", **more)
    return case.item.id


def test_a_rejected_item_goes_back_to_its_author_with_the_words_until_it_is_answered_anew(
    answered: Any,
) -> None:
    world, project, ann, _, lead = answered
    assert assignment.next_task(world.ctx, ann, project.id).task is None
    item = rejected(world, project, lead, "ann", question_comments={"verdict": "Look at the irony."})
    task = world.next(ann, project)
    assert task.item.id == item and task.review is not None
    assert dict(task.review.question_comments) == {"verdict": "Look at the irony."}
    # A reload and a second tab show it again under the same form, another item is given beside it, and nobody
    # else gets it.
    assert world.next(ann, project).lease.form_token == task.lease.form_token
    assert assignment.next_task(world.ctx, ann, project.id, held=[item]).task is None
    assert assignment.next_task(world.ctx, world.member(project, "cay"), project.id).task is None
    assert world.submit(ann, task, verdict="bad").revision == 2
    assert world.submit(ann, task, verdict="bad").duplicate
    assert assignment.next_task(world.ctx, ann, project.id).task is None
    quiet = ReviewRules(disagreement=0, new_person=0, floor=0)
    (again,) = cases_of(world.ctx, lead, project.id, rules=quiet)
    assert (again.annotation.revision, again.why) == (2, ["revised after a review"])


def test_a_returned_item_that_is_skipped_goes_to_somebody_else(answered: Any) -> None:
    world, project, ann, _, lead = answered
    item = rejected(world, project, lead, "ann", comment="no")
    task = world.next(ann, project)
    answering.skip(world.ctx, ann, item_id=item, form_token=task.lease.form_token, reason="I cannot say")
    assert assignment.next_task(world.ctx, ann, project.id).task is None
    assert world.next(world.member(project, "cay"), project).item.id == item


def test_a_later_review_takes_a_returned_item_back(answered: Any) -> None:
    world, project, ann, _, lead = answered
    item = rejected(world, project, lead, "ann", comment="no")
    annotation = world.next(ann, project).annotation
    assert annotation is not None
    second = world.member(project, "second", "qa_lead")
    first = standing_review(world.ctx, annotation.id)
    decide(world, second, project, annotation.id, "s", outcome="accepted", replaces=first)
    assert assignment.next_task(world.ctx, ann, project.id).task is None
    (lead_figures, second_figures) = reviewer_figures(world.ctx, lead, project.id)
    # Lead rejected, second accepted later: overturned, one of one.
    assert (lead_figures.overturned.count, lead_figures.overturned.n) == (1, 1)
    assert second_figures.overturned.n == 0
    assert item


def test_nobody_gets_a_rejected_item_where_that_is_wanted(answered: Any) -> None:
    world, project, ann, _, lead = answered
    rejected(world, project, lead, "ann", comment="no", requeue="nobody")
    assert assignment.next_task(world.ctx, ann, project.id).task is None
    assert assignment.next_task(world.ctx, world.member(project, "cay"), project.id).task is None


def test_a_rejection_in_place_of_another_asks_for_one_answer_not_two(answered: Any) -> None:
    world, project, _, _, lead = answered
    second = world.member(project, "second", "qa_lead")
    cay, dan = world.member(project, "cay"), world.member(project, "dan")
    case = cases_of(world.ctx, lead, project.id)[0]
    for person, token in ((lead, "a"), (second, "b")):
        decide(
            world, person, project, case.annotation.id, token, outcome="rejected", comment="no", requeue="other",
            replaces=standing_review(world.ctx, case.annotation.id),
        )  # fmt: skip
    assert world.next(cay, project).item.id == case.item.id
    assert assignment.next_task(world.ctx, dan, project.id).task is None


def test_an_author_who_left_gets_nothing_back(answered: Any) -> None:
    world, project, _, _, lead = answered
    accounts.take_role(world.ctx, OPERATOR, project_id=project.id, login="ann", role="annotator")
    with pytest.raises(Invalid, match="does not work in this project any more"):
        rejected(world, project, lead, "ann", comment="no")
    world.member(project, "cay")
    rejected(world, project, lead, "ann", comment="no", requeue="other")


def test_a_review_of_what_was_answered_anew_is_refused(answered: Any) -> None:
    world, project, ann, _, lead = answered
    case = next(c for c in cases_of(world.ctx, lead, project.id) if c.login == "ann")
    world.submit(ann, assignment.open_task(world.ctx, ann, project.id, case.item.id), verdict="bad")
    with pytest.raises(Conflict, match="answered anew"):
        decide(world, lead, project, case.annotation.id, "t", outcome="accepted")


def test_comments_on_questions_reach_the_author_and_are_on_questions(answered: Any) -> None:
    world, project, ann, _, lead = answered
    case = next(c for c in cases_of(world.ctx, lead, project.id) if c.login == "ann")
    with pytest.raises(Invalid, match="mood: is no question"):
        decide(
            world, lead, project, case.annotation.id, "t", outcome="accepted", question_comments={"mood": "x"}
        )
    decide(
        world, lead, project, case.annotation.id, "t", outcome="accepted",
        comment="Well done.", question_comments={"verdict": "A hard one. ", "why": "  "},
    )  # fmt: skip
    found, _ = work_record.own_revisions(world.ctx, ann, project.id, case.item.id)
    assert found[0].reviews[0][0].question_comments == {"verdict": "A hard one."}
    rows, _ = work_record.own_answers(world.ctx, ann, project.id, offset=0, limit=10)
    assert [row.review.comment for row in rows if row.review] == ["Well done."]


def test_figures_of_reviewers_and_reviewed_have_n_time_and_intervals(answered: Any) -> None:
    world, project, _, _, lead = answered
    for number, case in enumerate(cases_of(world.ctx, lead, project.id)):
        if case.login == "ann":
            outcome = "accepted" if number else "rejected"
            decide(world, lead, project, case.annotation.id, str(number), outcome=outcome, comment="c", seconds=10.0 * number)  # fmt: skip
    (ann,) = annotators_in_review(world.ctx, lead, project.id)
    (figures,) = reviewer_figures(world.ctx, lead, project.id)
    assert (ann.login, ann.accepted.n, ann.rejected) == ("ann", 3, figures.rejected)
    assert ann.accepted.low is not None and ann.accepted.high is not None
    assert ann.accepted.low < (ann.accepted.value or 0) <= ann.accepted.high
    assert figures.median_seconds is not None and figures.median_seconds > 0
