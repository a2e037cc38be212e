"""My work says what became of one's answers in the words and titles of the other pages, and so does Adjudicate."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import resources
from app.components.own_answers import answers_table
from app.services import work_record
from app.services.adjudication_case import adjudication_case
from app.services.context import Actor
from app.services.projects import describe, schema_of
from tests.app.services.test_adjudication import Desk
from tests.app.services.world import World

SCHEMA = """
questions:
  - {id: verdict, type: choice, title: 'Good?', options: [{value: good, label: Good one}, {value: bad, label: Bad one}]}
  - {id: ent, type: span, title: 'Names', part: text, required: false, options: [{value: PER, label: Person}]}
  - {id: why, type: text, title: 'Why?', required: false}
"""
TEXT = {"start": 0, "end": 4, "label": "PER"}


def page(actor: "Actor", project_id: int, item: str) -> None:
    # The test runs its source by itself: names of this file are not known in it, so that types stand in quotes.
    from app import resources
    from app.components.own_answers import show_own_answer
    from app.services import work_record
    from app.services.projects import describe, schema_of

    ctx = resources.context()
    recorded = describe(ctx, actor, project_id).schema
    assert recorded is not None
    rows, _ = work_record.own_answers(ctx, actor, project_id, offset=0, limit=25)
    (row,) = (row for row in rows if row.item.external_id == item)
    show_own_answer(actor, project_id, row, schema_of(recorded))


@pytest.fixture
def desk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Ann has answered i0 and i1, bob i0 otherwise."""
    monkeypatch.setattr(resources, "_provided", [world.ctx])
    desk = Desk(world, tmp_path, SCHEMA)
    desk.say("ann", {"verdict": "good", "ent": [TEXT], "why": "Kind *words*."}, "bad")
    desk.say("bob", "bad")
    return desk


def listed(desk: Desk, login: str) -> dict[str, tuple[str, str]]:
    """Item -> (answers, review) in the list of the person's answers."""
    rows, _ = work_record.own_answers(desk.ctx, desk.people[login], desk.project.id, offset=0, limit=25)
    recorded = describe(desk.ctx, desk.people[login], desk.project.id).schema
    assert recorded is not None
    table = answers_table(rows, schema_of(recorded), desk.project.id)
    return {row["item"]: (row["answers"], row["review"]) for row in table.to_dict("records")}


def shown(desk: Desk, login: str, item: str) -> str:
    """All that the page says of an answer, without the marks that keep people's text out of Markdown."""
    arguments = (desk.people[login], desk.project.id, item)
    found = AppTest.from_function(page, args=arguments).run(timeout=30)
    assert not found.exception
    return "\n".join(e.value for e in [*found.markdown, *found.caption, *found.text]).replace("\\", "")


def test_the_list_has_titles_labels_and_outcomes_in_words(desk: Desk) -> None:
    desk.review("i0", "ann", "fixed", answers={"verdict": "bad"}, question_comments={"verdict": "Look."})
    desk.review("i1", "ann", "rejected", requeue="same")
    assert listed(desk, "ann") == {
        "i0": (
            "Good?: Good one; Names: “Text” Person; Why?: Kind *words*.",
            "fixed and accepted: words; Good?: Look.",
        ),
        "i1": ("Good?: Bad one", "rejected, back to you: words"),
    }
    desk.decide("i0", "bad")
    assert listed(desk, "bob") == {"i0": ("Good?: Bad one", "decided over all answers")}
    assert listed(desk, "ann")["i0"][1].endswith("Look.; then decided over all answers")


def test_an_answer_reads_in_words_with_its_reviews_and_decisions(desk: Desk) -> None:
    desk.review("i0", "ann", "fixed", answers={"verdict": "bad"}, question_comments={"verdict": "Look."})
    desk.decide("i0", "bad")
    words = shown(desk, "ann", "i0")
    assert "**i0** · 1 revision · 0 drafts checked" in words
    for said in (
        "**Good?**", "Good one", "“Text” Person", "**Fixed and accepted** by lead", "On **Good?**: Look.",
        "Good?, as it was fixed", "Names was left open by the fix", "Decided over all answers to **Good?** · slip",
    ):  # fmt: skip
        assert said in words, said
    for raw in ("**fixed**", "verdict", "{'start'"):
        assert raw not in words, raw


def test_what_a_reviewer_decided_reads_on_a_case_as_it_does_in_review(desk: Desk) -> None:
    desk.review("i0", "ann", "fixed", answers={"verdict": "bad"})
    case = adjudication_case(desk.ctx, desk.lead, desk.project.id, desk.ids["i0"], "verdict", names=True)
    assert {given.name: given.review for given in case.answers} == {
        "ann": "fixed and accepted: words",
        "bob": "",
    }
