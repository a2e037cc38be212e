"""The verification table: what it lists, what a choice becomes, and what it must not show."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotFound
from app.services import studies, verification
from app.services.context import Actor
from app.services.projects import change_settings
from app.services.verification import Choice
from app.services.verification_list import Filters
from db.engine import reading
from db.models import Annotation, Verification
from db.records import ProjectRecord
from tests.app.services.studying import filled, started
from tests.app.services.world import OPERATOR, World


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": f"i{n}",
            "text": f"thing {n}{' late parcel' if n % 3 == 0 else ''}",
            "metadata": {"size": n * 10 % 7},
            "suggestions": [
                {
                    "question": "verdict",
                    "value": "good" if n % 2 else "bad",
                    "confidence": n % 10 / 10,
                    "model": "m",
                }
            ],
            **more,
        }
        for n in range(count)
    ]


def listed(world: World, actor: Actor, project: ProjectRecord, **filters: Any) -> list[str]:
    page = verification.list_rows(
        world.ctx, actor, project.id, question="verdict", filters=Filters(**filters), limit=500
    )
    assert page.total == len(page.rows)
    return [row["external_id"][1:] for row in page.rows]


def choice(world: World, actor: Actor, project: ProjectRecord, item: str, value: Any, **more: Any) -> Choice:
    page = verification.list_rows(
        world.ctx, actor, project.id, question="verdict", filters=Filters(), limit=500
    )
    row = next(row for row in page.rows if row["external_id"] == item)
    token = more.pop("token", f"token-of-{actor.login}-{item}-{value}".ljust(20, "x"))
    return Choice(row["item_id"], row["suggestion_id"], value, token, **more)


def save(world: World, actor: Actor, project: ProjectRecord, *choices: Choice) -> list[tuple[bool, str]]:
    saved = verification.save_choices(world.ctx, actor, project.id, question="verdict", choices=list(choices))
    return [(row.ok, row.outcome) for row in saved]


@pytest.fixture
def project(world: World, tmp_path: Path) -> ProjectRecord:
    made = world.project()
    world.fill(made, rows(8), tmp_path)
    return made


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "01234567"),
        ({"search": "late PARCEL"}, "036"),
        ({"label": "good"}, "1357"),
        ({"confidence_below": 0.3}, "012"),
        ({"query": "confidence>=0.6 or id:i0"}, "067"),
        ({"sort": "confidence", "descending": True}, "76543210"),
        ({"sort": "label"}, "02461357"),
        ({"sort": "meta.size"}, "07531642"),  # 0 0 1 2 3 4 5 6
        ({"sort": "item", "descending": True, "label": "bad"}, "6420"),
        ({"sort": "priority"}, "01234567"),  # the least sure first
        ({"states": frozenset({"confirms"})}, ""),
    ],
)
def test_the_list_is_filtered_and_sorted(
    world: World, project: ProjectRecord, filters: dict[str, Any], expected: str
) -> None:
    ann = world.member(project, "ann")
    assert "".join(listed(world, ann, project, **filters)) == expected


def test_an_order_or_question_that_does_not_exist_is_refused(world: World, project: ProjectRecord) -> None:
    ann = world.member(project, "ann")
    with pytest.raises(Invalid, match="cannot sort"):
        listed(world, ann, project, sort="colour")
    with pytest.raises(Invalid, match="no question"):
        verification.list_rows(world.ctx, ann, project.id, question="x", filters=Filters())


def test_the_same_label_confirms_another_corrects_none_rejects(world: World, project: ProjectRecord) -> None:
    change_settings(world.ctx, OPERATOR, project.id, overlap=1)
    ann = world.member(project, "ann")
    outcomes = save(
        world,
        ann,
        project,
        choice(world, ann, project, "i0", "bad", looked_seconds=2.5),
        choice(world, ann, project, "i1", "bad", via="bulk", looked_seconds=0.0),
    )
    assert outcomes == [(True, "confirms"), (True, "corrects")]
    assert listed(world, ann, project, states=frozenset({"confirms"})) == ["0"]
    assert listed(world, ann, project, states=frozenset({"corrects"})) == ["1"]
    assert listed(world, ann, project, unverified_first=True)[-2:] == ["0", "1"]
    with reading(world.ctx.engine) as session:
        found = session.query(Verification).order_by(Verification.id).all()
        assert [(row.via, row.looked_seconds) for row in found] == [("table", 2.5), ("bulk", 0.0)]
        # One answer each, as on the Work page: both labels are kept.
        assert session.query(Annotation).filter_by(state="submitted").count() == 2
    # The question is required: nothing is no answer to it.
    assert save(world, ann, project, choice(world, ann, project, "i2", None)) == [
        (False, "verdict: needs an answer")
    ]


def test_a_choice_sent_twice_is_stored_once_and_a_second_one_is_a_revision(
    world: World, project: ProjectRecord
) -> None:
    ann = world.member(project, "ann")
    first = choice(world, ann, project, "i0", "bad")
    assert save(world, ann, project, first, first) == [(True, "confirms")] * 2
    assert save(world, ann, project, choice(world, ann, project, "i0", "good")) == [(True, "corrects")]
    with reading(world.ctx.engine) as session:
        assert [row.revision for row in session.query(Annotation).order_by(Annotation.id)] == [1, 2]
    page = verification.list_rows(world.ctx, ann, project.id, question="verdict", filters=Filters())
    assert (page.rows[0]["own"], page.rows[0]["state"]) == ("good", "corrects")
    details = verification.item_details(
        world.ctx, ann, project.id, page.rows[0]["item_id"], page.rows[0]["suggestion_id"]
    )
    assert [(row["outcome"], row["own"]) for row in details["history"]] == [
        ("corrects", "good"),
        ("confirms", "bad"),
    ]


def test_a_row_that_cannot_be_stored_hinders_no_other(world: World, project: ProjectRecord) -> None:
    ann, ben = world.member(project, "ann"), world.member(project, "ben")
    save(world, ann, project, choice(world, ann, project, "i0", "bad"))
    outcomes = save(
        world,
        ben,
        project,
        choice(world, ben, project, "i0", "bad"),
        choice(world, ben, project, "i1", "never heard of"),
        choice(world, ben, project, "i2", "bad"),
        Choice(999_999, 1, "bad", "t" * 20),
        choice(world, ben, project, "i3", "good", token="token-of-ann-i0-bad".ljust(20, "x")),
    )
    assert [ok for ok, _ in outcomes] == [False, False, True, False, False]
    assert "all the answers" in outcomes[0][1] and "gone" in outcomes[3][1] and "token" in outcomes[4][1]
    page = verification.list_rows(world.ctx, ben, project.id, question="verdict", filters=Filters())
    assert [row["open"] for row in page.rows[:3]] == [False, True, True]


def test_who_checked_what_is_for_the_leads(world: World, project: ProjectRecord) -> None:
    ann, ben = world.member(project, "ann"), world.member(project, "ben")
    lead = world.member(project, "lead", "qa_lead")
    save(world, ann, project, choice(world, ann, project, "i0", "bad"))
    named = []
    for person in (ann, ben, lead):
        page = verification.list_rows(
            world.ctx, person, project.id, question="verdict", filters=Filters(), limit=1
        )
        named.append(page.rows[0]["verifier"])
    assert named == ["ann", "", "ann"]
    assert listed(world, lead, project, verifier="ann") == ["0"]
    with pytest.raises(Invalid, match="your own"):
        listed(world, ben, project, verifier="ann")


@pytest.mark.parametrize("query", ["gold:any", "late or not label:verdict=bad", "by:ann", "conflict:any"])
def test_a_query_does_not_tell_annotators_what_others_said_or_what_is_known(
    world: World, project: ProjectRecord, query: str
) -> None:
    ann, lead = world.member(project, "ann"), world.member(project, "lead", "qa_lead")
    with pytest.raises(Invalid, match="everybody's answers"):
        listed(world, ann, project, query=query)
    listed(world, lead, project, query=query)
    assert listed(world, ann, project, query="late state:unverified") == ["0", "3", "6"]


def test_items_shown_without_help_on_purpose_are_not_in_the_table(world: World, tmp_path: Path) -> None:
    project = world.project(control_share=0.5)
    world.fill(project, rows(60), tmp_path)
    ann = world.member(project, "ann")
    shown = set(listed(world, ann, project))
    assert 10 < len(shown) < 50
    held: list[int] = []
    for _ in range(60):
        task = world.next(ann, project, *held)
        held.append(task.item.id)
        assert (task.lease.arm == "suggestion") == (task.item.external_id[1:] in shown)
        if task.lease.arm == "none":
            with pytest.raises(NotFound):
                verification.item_details(world.ctx, ann, project.id, task.item.id, 1)


def test_an_item_that_will_come_without_help_has_no_details_either(world: World, tmp_path: Path) -> None:
    project = world.project(control_share=0.5)
    world.fill(project, rows(20), tmp_path)
    ann, quinn = world.member(project, "ann"), world.member(project, "quinn", "qa_lead")
    shown = set(listed(world, ann, project))
    # Of what is apart for ann, half is in quinn's table, with its suggestion's number.
    page = verification.list_rows(world.ctx, quinn, project.id, question="verdict", filters=Filters())
    apart = [row for row in page.rows if row["external_id"][1:] not in shown]
    assert apart
    for row in apart:
        with pytest.raises(NotFound):
            verification.item_details(world.ctx, ann, project.id, row["item_id"], row["suggestion_id"])


def test_items_of_a_study_stay_out_of_the_table_when_it_has_ended(world: World, tmp_path: Path) -> None:
    # What a stopped study withheld, or showed wrong on purpose, would stand there as the model said it.
    project = filled(world, tmp_path, 12)
    arms = [{"name": "none"}, {"name": "wrong", "suggestion": "at_once", "wrong_share": 1.0}]
    started(world, project, arms=arms)
    ann = world.member(project, "ann")
    tasks = [world.next(ann, project)]
    world.submit(ann, tasks[0], verdict="good")
    tasks += [world.next(ann, project)]
    studies.stop_study(world.ctx, OPERATOR, project.id, "S", reason="enough")
    given = {task.item.external_id[1:] for task in tasks}
    assert set(listed(world, ann, project)) == {str(n) for n in range(12)} - given


def test_where_people_answer_first_there_is_no_table(world: World, project: ProjectRecord) -> None:
    ann = world.member(project, "ann")
    one = choice(world, ann, project, "i0", "bad")
    change_settings(world.ctx, OPERATOR, project.id, workplace={"suggestions": "after_answer"})
    assert listed(world, ann, project) == []
    assert "Work page" in verification.table_setup(world.ctx, ann, project.id)["closed"]
    with pytest.raises(Conflict):
        save(world, ann, project, one)


def test_an_item_held_on_the_work_page_is_answered_in_the_table_and_gone_there(
    world: World, project: ProjectRecord
) -> None:
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    save(world, ann, project, choice(world, ann, project, task.item.external_id, "good"))
    assert world.next(ann, project).item.external_id == "i1"
    with pytest.raises(Conflict, match="out of date"):
        world.submit(ann, task, verdict="bad")


def test_how_a_person_wants_the_table_is_kept(world: World, project: ProjectRecord) -> None:
    ann = world.member(project, "ann")
    kept = {"columns": [{"id": "text", "width": 300, "hidden": False}]}
    verification.save_preferences(world.ctx, ann, kept)
    verification.save_preferences(world.ctx, ann, kept)
    assert verification.table_setup(world.ctx, ann, project.id)["preferences"] == kept
    assert verification.table_setup(world.ctx, ann, project.id)["metadata"] == ["size"]
