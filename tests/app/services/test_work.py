from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import update

from app.errors import Conflict, Invalid, NotFound
from app.services import answering, assignment, drafts, judging, projects
from app.services.history import find_items, item_history
from db.engine import reading, transaction
from db.models import Annotation, Call, Lease
from db.store import items
from tests.app.services.world import OPERATOR, World

ROWS = [{"id": f"i{n}", "text": f"text number {n}"} for n in range(4)]


def test_two_people_never_get_the_same_item_beyond_the_overlap(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=1)
    world.fill(project, ROWS, tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    given = [world.next(ann, project).item.external_id, world.next(bob, project).item.external_id]
    assert given == ["i0", "i1"]


def test_an_item_is_given_to_as_many_people_as_the_overlap_says(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(project, ROWS[:1], tmp_path)
    people = [world.member(project, login) for login in ("ann", "bob", "cay")]
    assert world.next(people[0], project).item.id == world.next(people[1], project).item.id
    third = assignment.next_task(world.ctx, people[2], project.id)
    assert (third.task, third.reason) == (None, "all_leased")  # held by both, answered by neither


def test_a_reload_gives_the_same_item_and_a_second_one_is_given_only_when_asked(
    world: World, tmp_path: Path
) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    ann = world.member(project, "ann")
    first = world.next(ann, project)
    assert world.next(ann, project).item.id == first.item.id
    assert world.next(ann, project, first.item.id).item.id != first.item.id


def _run_out(world: World, lease_id: int) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with transaction(world.ctx.engine) as session:
        session.execute(update(Lease).where(Lease.id == lease_id).values(expires_at=long_ago))


def test_a_lease_that_ran_out_frees_the_item_and_a_late_answer_is_kept_and_marked(
    world: World, tmp_path: Path
) -> None:
    project = world.project(overlap=1)
    world.fill(project, ROWS[:1], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    slow = world.next(ann, project)
    _run_out(world, slow.lease.id)
    quick = world.next(bob, project)
    assert quick.item.id == slow.item.id
    world.submit(bob, quick, verdict="good")
    late = world.submit(ann, slow, verdict="bad")
    assert late.late
    with reading(world.ctx.engine) as session:
        assert items.count_items(session, project.id) == (1, 1)


def test_a_late_answer_whose_slot_nobody_took_fills_it(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=1)
    world.fill(project, ROWS[:1], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    slow = world.next(ann, project)
    _run_out(world, slow.lease.id)
    with transaction(world.ctx.engine) as session:
        from app.clock import utc_now
        from db.store import leases

        leases.expire_leases(session, project.id, now=utc_now())
    world.submit(ann, slow, verdict="bad")
    assert assignment.next_task(world.ctx, bob, project.id).reason == "all_done"


def test_submitting_the_same_form_twice_stores_one_answer(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    first = world.submit(ann, task, verdict="good")
    again = world.submit(ann, task, verdict="bad")
    assert again.duplicate and again.annotation_id == first.annotation_id
    with reading(world.ctx.engine) as session:
        assert session.query(Annotation).count() == 1


def test_a_bad_answer_is_refused_question_by_question_and_nothing_is_stored(
    world: World, tmp_path: Path
) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    with pytest.raises(Invalid) as refused:
        world.submit(ann, task, verdict="maybe", extra=1)
    assert len(refused.value.problems) == 2
    with reading(world.ctx.engine) as session:
        assert session.query(Annotation).count() == 0


def test_a_revision_is_a_new_row_and_the_first_one_stays(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    world.submit(ann, task, verdict="good")
    again = assignment.open_task(world.ctx, ann, project.id, task.item.id)
    assert again.annotation is not None and again.lease.form_token != task.lease.form_token
    assert world.submit(ann, again, verdict="bad").revision == 2
    with reading(world.ctx.engine) as session:
        assert [row.revision for row in session.query(Annotation).order_by(Annotation.id)] == [1, 2]


def test_skipping_needs_a_reason_and_gives_the_item_to_somebody_else(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=1)
    world.fill(project, ROWS[:1], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    task = world.next(ann, project)
    with pytest.raises(Invalid, match="say why"):
        answering.skip(world.ctx, ann, item_id=task.item.id, form_token=task.lease.form_token, reason=" ")
    answering.skip(
        world.ctx, ann, item_id=task.item.id, form_token=task.lease.form_token, reason="unreadable"
    )
    assert assignment.next_task(world.ctx, ann, project.id).task is None
    assert world.next(bob, project).item.id == task.item.id


def test_a_draft_saved_on_an_old_version_is_a_conflict_and_shows_the_stored_one(
    world: World, tmp_path: Path
) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    ann = world.member(project, "ann")
    item = world.next(ann, project).item.id
    stored = drafts.save_draft(world.ctx, ann, item, version=0, answers={"why": "one"}, tab="a")
    assert stored.version == 1
    with pytest.raises(Conflict) as conflict:
        drafts.save_draft(world.ctx, ann, item, version=0, answers={"why": "two"}, tab="b")
    assert conflict.value.current["answers"] == {"why": "one"}
    assert drafts.save_draft(world.ctx, ann, item, version=1, answers={"why": "two"}, tab="b").version == 2


def test_nobody_writes_a_draft_on_an_item_that_is_not_theirs(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    item = world.next(ann, project).item.id
    with pytest.raises(NotFound):
        drafts.save_draft(world.ctx, bob, item, version=0, answers={}, tab="b")


def test_a_judged_text_gets_one_verdict_with_quoted_words(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(
        project,
        [
            {
                "id": "q",
                "prompt": "Can I return boots?",
                "context": "Returns within 60 days.",
                "reference": "Within 60 days.",
            }
        ],
        tmp_path,
    )
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    world.submit(
        ann,
        task,
        verdict="good",
        why="You should have asked earlier. Please return the boots within 60 days.",
    )
    assert world.do_calls() == ["done"]
    (verdict,) = judging.feedback(world.ctx, ann, project.id)
    blame = next(score for score in verdict["criteria"] if score["id"] == "no_blame")
    assert blame["evidence"][0]["quote"] == "You should have"
    assert (blame["evidence"][0]["start"], blame["evidence"][0]["end"]) == (0, 15)
    tone = next(score for score in verdict["criteria"] if score["id"] == "tone")
    assert (tone["level"], tone["reason"]) == (None, "needs_language_model")
    with reading(world.ctx.engine) as session:
        assert session.query(Call).count() == 1


@pytest.mark.parametrize(("preannotation", "assistant", "judge"), list(product([True, False], repeat=3)))
def test_each_model_role_is_switched_by_itself(
    world: World, tmp_path: Path, preannotation: bool, assistant: bool, judge: bool
) -> None:
    from app.services import chat

    project = world.project(preannotation_on=preannotation, assistant_on=assistant, judge_on=judge)
    world.fill(
        project,
        [
            {
                "id": "a",
                "text": "t",
                "suggestions": {"verdict": {"value": "good", "confidence": 0.9, "model": "m"}},
            }
        ],
        tmp_path,
    )
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    assert (task.lease.arm == "suggestion") is preannotation and bool(task.suggestions) is preannotation
    assert chat.transcript(world.ctx, ann, task.item.id).available is assistant
    world.submit(ann, task, verdict="good", why="Because it is.")
    with reading(world.ctx.engine) as session:
        assert session.query(Call).count() == int(judge)


def test_imported_suggestions_are_no_done_work_and_what_became_of_them_is_kept(
    world: World, tmp_path: Path
) -> None:
    from db.models import Verification

    project = world.project()
    rows = [{"id": n, "text": n, "suggestions": {"verdict": "good"}} for n in "ab"]
    world.fill(project, rows, tmp_path)
    ann = world.member(project, "ann")
    with reading(world.ctx.engine) as session:
        assert items.count_items(session, project.id) == (2, 0)
    for value in ("good", "bad"):
        world.submit(ann, world.next(ann, project), verdict=value)
    with reading(world.ctx.engine) as session:
        assert [row.outcome for row in session.query(Verification).order_by(Verification.id)] == [
            "confirms",
            "corrects",
        ]


def test_the_control_share_hides_suggestions_and_says_so(world: World, tmp_path: Path) -> None:
    project = world.project(control_share=1.0)
    world.fill(project, [{"id": "a", "text": "t", "suggestions": {"verdict": "good"}}], tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    assert (task.lease.arm, task.suggestions) == ("none", {})


def test_an_annotator_sees_own_items_and_answers_only(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(project, ROWS, tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    quinn = world.member(project, "quinn", "qa_lead")
    task = world.next(ann, project)
    world.submit(ann, task, verdict="good")
    world.submit(bob, world.next(bob, project), verdict="bad")
    found, total = find_items(world.ctx, ann, project.id, contains="", offset=0, limit=10)
    assert (total, [item.external_id for item in found]) == (1, ["i0"])
    assert [person.name for person in item_history(world.ctx, ann, project.id, task.item.id).people] == [
        "ann"
    ]
    assert len(item_history(world.ctx, quinn, project.id, task.item.id).people) == 2
    with pytest.raises(NotFound):
        item_history(world.ctx, bob, project.id, task.item.id + 1)


def test_an_item_looked_for_by_its_whole_id_comes_first(world: World, tmp_path: Path) -> None:
    # A link to an item names it; that another id holds it too must not open the other item.
    project = world.project()
    world.fill(project, [{"id": name, "text": name} for name in ("xi1", "i10", "i1", "i2")], tmp_path)
    quinn = world.member(project, "quinn", "qa_lead")
    found, total = find_items(world.ctx, quinn, project.id, contains="i1", offset=0, limit=10)
    assert (total, [item.external_id for item in found]) == (3, ["i1", "xi1", "i10"])


def test_a_raised_overlap_opens_finished_items_again(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=1)
    world.fill(project, ROWS[:1], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    world.submit(ann, world.next(ann, project), verdict="good")
    assert assignment.next_task(world.ctx, bob, project.id).task is None
    projects.change_settings(world.ctx, OPERATOR, project.id, overlap=2)
    assert world.next(bob, project).item.external_id == "i0"
