"""Help as a project wants it: who sees which suggestion when, and what is kept of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.services import answering, assignment, disputes, draft_checks, live_suggestion, objections, telemetry
from app.services.context import Actor
from app.services.export import rows_of
from app.services.judging import feedback
from app.services.projects import change_settings
from app.services.telemetry import BrowserEvent, own_visits
from app.web.shapes import suggestion_json
from db.engine import reading, transaction
from db.models import Annotation, Suggestion, Visit
from db.records import ProjectRecord
from judge.llm import ScriptedGateway
from tests.app.services.world import OPERATOR, World

SUGGESTION = {"verdict": {"value": "good", "confidence": 0.9}}


def rows_with(count: int, **columns: Any) -> list[dict[str, Any]]:
    return [{"id": f"i{n}", "text": f"thing {n}", **columns} for n in range(count)]


def exported(world: World, project: ProjectRecord) -> list[dict[str, Any]]:
    with reading(world.ctx.engine) as session:
        return list(rows_of(world.ctx, session, project.id, None))


def test_a_suggestion_after_the_own_answer_is_not_sent_before_it(world: World, tmp_path: Path) -> None:
    project = world.project(workplace={"suggestions": "after_answer"})
    world.fill(project, rows_with(1, suggestions=SUGGESTION), tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    assert (task.lease.arm, task.suggestions, task.lease.shown_at) == ("after_answer", {}, None)
    with pytest.raises(Invalid, match="verdict: needs an answer"):
        assignment.reveal(world.ctx, ann, task.item.id, answers={})
    revealed = assignment.reveal(world.ctx, ann, task.item.id, answers={"verdict": "bad"})
    assert revealed.suggestions["verdict"].value == ["good"] and revealed.lease.shown_at is not None
    # Only the first answer counts as the first, whatever is sent later.
    again = assignment.reveal(world.ctx, ann, task.item.id, answers={"verdict": "good"})
    assert again.lease.first_answers == {"verdict": "bad"}
    world.submit(ann, task, verdict="good")
    row = exported(world, project)[0]
    assert (row["arm"], row["first_value"], row["value"], row["verification"]) == (
        "after_answer",
        "bad",
        "good",
        "confirms",
    )
    assert row["shown_at"] is not None


def test_who_never_looked_has_no_verification(world: World, tmp_path: Path) -> None:
    project = world.project(workplace={"suggestions": "after_answer"})
    world.fill(project, rows_with(1, suggestions=SUGGESTION), tmp_path)
    ann = world.member(project, "ann")
    world.submit(ann, world.next(ann, project), verdict="bad")
    row = exported(world, project)[0]
    assert (row["verification"], row["suggestion_value"], row["shown_at"]) == (None, None, None)


def test_planted_suggestions_are_wrong_on_known_items_only_and_look_like_the_model_s(
    world: World, tmp_path: Path
) -> None:
    project = world.project(workplace={"planted_share": 0.5})
    rows = rows_with(40, suggestions={"verdict": {"value": "good", "confidence": 0.9, "model": "m"}})
    for row in rows[:30]:
        row["gold"] = {"verdict": "good"}
    world.fill(project, rows, tmp_path)
    ann = world.member(project, "ann")
    planted = 0
    for number in range(40):
        task = world.next(ann, project)
        shown = task.suggestions["verdict"]
        assert (shown.model, shown.confidence) == ("m", 0.9)
        if shown.planted:
            planted += 1
            assert number < 30 and shown.value == ["bad"]
        world.submit(ann, task, verdict="good")
    # 30 known items at one half: with 15 expected and a deviation of 2.7, 5 to 25 is beyond chance to miss.
    assert 5 <= planted <= 25
    found = exported(world, project)
    assert sum(bool(row["suggestion_planted"]) for row in found) == planted


def test_a_planted_suggestion_is_not_told_by_the_reasons_it_lacks(world: World, tmp_path: Path) -> None:
    project = world.project(workplace={"planted_share": 0.5})
    said = {
        "value": "good",
        "confidence": 0.9,
        "rationale": "Because it is.",
        "model": "m",
        "probabilities": {"good": 0.9, "bad": 0.1},
    }
    rows = rows_with(30, suggestions={"verdict": said})
    for row in rows:
        row["gold"] = {"verdict": "good"}
    world.fill(project, rows, tmp_path)
    with transaction(world.ctx.engine) as session:
        for stored in session.query(Suggestion):
            stored.calibrated_confidence = 0.8
            stored.near_match = "goood"
            stored.examples = [{"label": "good", "text": "like it"}]
    ann = world.member(project, "ann")
    looks: dict[bool, set[str]] = {True: set(), False: set()}
    for _ in range(30):
        task = world.next(ann, project)
        told = suggestion_json(task.suggestions["verdict"])
        planted = task.suggestions["verdict"].planted
        looks[planted].add(repr({name: told[name] for name in told if name not in ("id", "value")}))
        world.submit(ann, task, verdict="good")
    assert len(looks[True]) == 1 and looks[True] == looks[False]


def test_options_in_random_order_are_the_same_on_reload_and_recorded(world: World, tmp_path: Path) -> None:
    project = world.project(workplace={"option_order": "random"})
    world.fill(project, rows_with(12), tmp_path)
    ann = world.member(project, "ann")
    seen = []
    for _ in range(12):
        task = world.next(ann, project)
        order = task.lease.orders.get("verdict")
        assert (
            assignment.open_task(world.ctx, ann, project.id, task.item.id).lease.orders.get("verdict")
            == order
        )
        world.submit(ann, task, verdict="good")
        seen.append(order)
    # Both orders of two options occur among twelve items but for 2 in 4096 cases; the hash makes it repeatable.
    assert {None, ("bad", "good")} == {tuple(order) if order else None for order in seen}
    assert [row["shown_order"] for row in exported(world, project)] == seen


def test_items_in_random_order_differ_from_the_import_and_all_come(world: World, tmp_path: Path) -> None:
    project = world.project(workplace={"item_order": "random"})
    world.fill(project, rows_with(15), tmp_path)
    ann = world.member(project, "ann")
    order = []
    for _ in range(15):
        task = world.next(ann, project)
        order.append(task.item.external_id)
        world.submit(ann, task, verdict="good")
    assert order != [f"i{n}" for n in range(15)] and sorted(order) == sorted(f"i{n}" for n in range(15))


def test_provenance_is_kept_when_it_fits_the_text_and_unknown_when_not(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, rows_with(2), tmp_path)
    ann = world.member(project, "ann")
    text = "Drafted words, mine."
    ranges = [
        {"start": 0, "end": 13, "source": "draft"},
        {"start": 13, "end": 20, "source": "typed"},
    ]
    for document in (
        {"ranges": ranges, "inserted_draft": 26},
        {"ranges": ranges[:1], "inserted_draft": 26},  # seven characters from nowhere
    ):
        task = world.next(ann, project)
        answering.submit(
            world.ctx,
            ann,
            item_id=task.item.id,
            form_token=task.lease.form_token,
            answers={"verdict": "good", "why": text},
            provenance={"why": document},
        )
    first, second = (row for row in exported(world, project) if row["question"] == "why")
    # 13 of the 26 characters that the draft had are still there.
    assert (first["provenance"]["ranges"], first["draft_survival"]) == (ranges, 0.5)
    assert (second["provenance"], second["draft_survival"]) == (None, None)


def judged(world: World, tmp_path: Path) -> tuple[ProjectRecord, Actor, int]:
    """A project in which ann has one judged answer; the id of the verdict."""
    project = world.project()
    world.fill(project, rows_with(2), tmp_path)
    ann = world.member(project, "ann")
    world.submit(ann, world.next(ann, project), verdict="good", why="You should have asked!!")
    assert world.do_calls() == ["done"]
    return project, ann, feedback(world.ctx, ann, project.id)[0]["verdict_id"]


def test_a_dispute_is_decided_by_somebody_else_and_reaches_its_author(world: World, tmp_path: Path) -> None:
    project, ann, verdict = judged(world, tmp_path)
    lead = world.member(project, "lead", "qa_lead")
    criterion = next(
        score for score in feedback(world.ctx, ann, project.id)[0]["criteria"] if score["level"] is not None
    )
    with pytest.raises(NotFound):
        disputes.open_dispute(world.ctx, lead, verdict, criterion=criterion["id"], reason="Not mine")
    with pytest.raises(Invalid, match="say in up to"):
        disputes.open_dispute(world.ctx, ann, verdict, criterion=criterion["id"], reason=" ")
    for _ in range(2):  # a double click is one dispute
        disputes.open_dispute(world.ctx, ann, verdict, criterion=criterion["id"], reason="It is a quotation.")
    with pytest.raises(NotAllowed):
        disputes.list_disputes(world.ctx, ann, project.id)
    (case,) = disputes.list_disputes(world.ctx, lead, project.id)
    assert (case.login, case.text, case.dispute.state) == ("ann", "You should have asked!!", "open")
    other = next(level.value for level in case.criterion.levels if level.value != case.judge_level)
    for level, words in ((99, "none of"), (case.judge_level, "judge's own level")):
        with pytest.raises(Invalid, match=words):
            disputes.decide_dispute(world.ctx, lead, project.id, case.dispute.id, level=level, decision="So.")
    disputes.decide_dispute(world.ctx, lead, project.id, case.dispute.id, level=other, decision="Right.")
    with pytest.raises(Conflict):
        disputes.decide_dispute(world.ctx, lead, project.id, case.dispute.id, level=None, decision="No.")
    found = next(
        score
        for score in feedback(world.ctx, ann, project.id)[0]["criteria"]
        if score["id"] == criterion["id"]
    )["dispute"]
    assert (found["state"], found["level"], found["decision"], found["seen"]) == (
        "upheld",
        other,
        "Right.",
        False,
    )


def test_nobody_decides_their_own_dispute(world: World, tmp_path: Path) -> None:
    project, ann, verdict = judged(world, tmp_path)
    criterion = feedback(world.ctx, ann, project.id)[0]["criteria"][0]["id"]
    disputes.open_dispute(world.ctx, ann, verdict, criterion=criterion, reason="No.")
    from app.services import accounts

    accounts.give_role(world.ctx, OPERATOR, project_id=project.id, login="ann", role="qa_lead")
    (case,) = disputes.list_disputes(world.ctx, ann, project.id)
    with pytest.raises(Invalid, match="somebody else"):
        disputes.decide_dispute(world.ctx, ann, project.id, case.dispute.id, level=None, decision="Yes.")


def test_a_draft_is_judged_before_it_is_submitted_and_asked_once(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, rows_with(1), tmp_path)
    ann = world.member(project, "ann")
    item = world.next(ann, project).item.id
    gateway = ScriptedGateway(lambda request: _best(request), model="m")
    ctx = replace(world.ctx, gateway=gateway)

    def check(text: str = "You should have asked.", request_id: str = "r") -> dict[str, Any]:
        return asyncio.run(
            draft_checks.check_draft(ctx, ann, item, request_id=request_id, question="why", text=text)
        )

    first = check()
    asked = len(gateway.requests)
    assert first["criteria"][0]["title"] and first["model"] == "m" and asked == 1
    assert check() == first and len(gateway.requests) == asked
    check("Another text.", "r2")
    assert len(gateway.requests) == asked + 1
    with pytest.raises(Invalid, match="nothing to check"):
        check("  ", "r3")
    with pytest.raises(NotFound):
        stranger = world.person("bob")
        asyncio.run(
            draft_checks.check_draft(ctx, stranger, item, request_id="x", question="why", text="Text.")
        )
    # It decides nothing: no answer, no verdict.
    assert exported(world, project) == [] and feedback(world.ctx, ann, project.id) == []


def _best(request: Any) -> Any:
    from tests.contract.loopback import fill

    schema = request.reply.model_json_schema()
    return fill(schema, schema, "You should", None)


def test_a_suggestion_can_be_asked_for_and_the_arm_stays_open(world: World, tmp_path: Path) -> None:
    project = world.project()
    known = [
        {
            "id": f"k{n}",
            "text": f"{'apple pear' if n % 2 else 'hammer nail'} {n}",
            "gold": {"verdict": ["bad", "good"][n % 2]},
        }
        for n in range(40)
    ]
    world.fill(project, [{"id": "new", "text": "an apple and a pear"}, *known], tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    assert task.item.external_id == "new" and task.suggestions == {}
    with pytest.raises(NotFound):
        live_suggestion.poll_suggestion(world.ctx, ann, task.item.id)
    for _ in range(2):
        assert live_suggestion.request_suggestion(world.ctx, ann, task.item.id).state == "waiting"
    assert live_suggestion.poll_suggestion(world.ctx, ann, task.item.id).state == "waiting"
    assert world.do_calls() == ["done"]
    assert live_suggestion.poll_suggestion(world.ctx, ann, task.item.id).state == "ready"
    shown = assignment.open_task(world.ctx, ann, project.id, task.item.id)
    assert shown.suggestions["verdict"].value == ["good"] and shown.lease.arm is None
    assert sum((shown.suggestions["verdict"].probabilities or {}).values()) == pytest.approx(1.0)


def test_no_suggestion_is_given_where_it_is_withheld_on_purpose(world: World, tmp_path: Path) -> None:
    project = world.project(control_share=1.0)
    world.fill(project, rows_with(1, suggestions=SUGGESTION), tmp_path)
    ann = world.member(project, "ann")
    with pytest.raises(NotAllowed, match="without a suggestion"):
        live_suggestion.request_suggestion(world.ctx, ann, world.next(ann, project).item.id)


def events(world: World, ann: Actor, visit_key: str, *kinds: str, seq: int = 0) -> None:
    batch = [
        BrowserEvent(seq=seq + number, kind=kind, seconds_ago=10.0 * (len(kinds) - 1 - number), data={})
        for number, kind in enumerate(kinds)
    ]
    telemetry.record_events(world.ctx, ann, visit_key=visit_key, tab="t", events=batch)


def test_work_after_the_submit_is_rework_and_no_handling_time(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, rows_with(1), tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    events(world, ann, task.lease.visit_key, "opened", "key", "submitted")
    world.submit(ann, task, verdict="good")
    events(world, ann, task.lease.visit_key, "closed", seq=10)  # the tail of the same visit
    with transaction(world.ctx.engine) as session:  # an hour goes by
        for submitted in session.query(Annotation):
            submitted.submitted_at -= timedelta(hours=1)
        for stay in session.query(Visit):
            stay.opened_at -= timedelta(hours=1)
            stay.last_event_at -= timedelta(hours=1)
    events(world, ann, task.lease.visit_key, "opened", "key", "submitted", seq=20)
    assert sorted(visit.stage for visit in own_visits(world.ctx, ann, project.id)) == ["annotate", "rework"]
    row = exported(world, project)[0]
    # 20 s each: opened, a key after 10 s (working for 5), the submit after 20.
    assert row["handling_seconds"] == pytest.approx(20, abs=1)
    assert row["rework_seconds"] == pytest.approx(20, abs=1)


def test_events_that_arrive_after_the_submit_still_belong_before_it(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, rows_with(1), tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    world.submit(ann, task, verdict="good")
    # Opened twenty seconds before now, which is before the submit.
    events(world, ann, task.lease.visit_key, "opened", "key", "submitted")
    (visit,) = own_visits(world.ctx, ann, project.id)
    assert (visit.stage, visit.outcome) == ("annotate", "submitted")


def test_a_contested_figure_stands_until_somebody_else_leaves_it_out(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, rows_with(1), tmp_path)
    ann, mara = world.member(project, "ann"), world.member(project, "mara", "manager")
    task = world.next(ann, project)
    events(world, ann, task.lease.visit_key, "opened", "key", "submitted")
    world.submit(ann, task, verdict="good")
    visit = own_visits(world.ctx, ann, project.id)[0]
    with pytest.raises(NotFound):
        objections.object_to_visit(world.ctx, mara, visit.id, "Not mine")
    objections.object_to_visit(world.ctx, ann, visit.id, "I was called away.")
    with pytest.raises(Conflict):
        objections.object_to_visit(world.ctx, ann, visit.id, "Again")
    assert exported(world, project)[0]["handling_seconds"] == pytest.approx(20, abs=1)
    ((found, login, _),) = objections.list_objections(world.ctx, mara, project.id)
    assert (found.reason, login) == ("I was called away.", "ann")
    objections.answer_objection(world.ctx, mara, project.id, found.id, answer="Agreed.", leave_out=True)
    assert exported(world, project)[0]["handling_seconds"] is None
    assert objections.own_objections(world.ctx, ann, project.id)[visit.id].answer == "Agreed."


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"planted_share": 0.9}, "planted_share"),
        ({"suggestions": "never"}, "suggestions"),
        ({"preselect": {"verdict": 1.5}}, "preselect.verdict"),
        ({"turns_per_item": 0}, "turns_per_item"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_setting_of_the_workplace_names_its_field(world: World, document: Any, words: str) -> None:
    project = world.project()
    with pytest.raises(Invalid, match=words):
        change_settings(world.ctx, OPERATOR, project.id, workplace=document)
