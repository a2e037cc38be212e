"""A span that nobody marked is added by its words on Adjudicate and in Review, and stored with the decision."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import resources
from app.services.context import Actor
from db.engine import reading
from db.models import Adjudication, Review
from tests.app.services.test_adjudication import Desk
from tests.app.services.world import World

SCHEMA = """
questions:
  - {id: ent, type: span, title: 'Names', part: text, options: [{value: PER, label: Person}, {value: LOC, label: Place}]}
"""
ROWS: list[dict[str, Any]] = [
    {"id": "s0", "text": "Alice met Bob in Paris. Paris was cold, said New\nYork."},
    {"id": "s1", "text": "Alice met Bob in Paris."},
]
EVERYTHING = {"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 1, "second_look": 0}
ALICE = {"start": 0, "end": 5, "label": "PER"}
BOB = {"start": 10, "end": 13, "label": "PER"}


def adjudicate(actor: "Actor", project_id: int, item_id: int) -> None:
    # The test runs its source by itself: names of this file are not known in it, so that types stand in quotes.
    import streamlit as st

    from app.components.adjudication import case_panel

    case_panel(actor, project_id, st.session_state.get("shown", item_id), "ent", names=True, own_too=False)


def review_page(actor: "Actor", project_id: int) -> None:
    from app import resources
    from app.components.review_panel import Desk, opened, review_panel, skipped
    from app.services.projects import describe, schema_of
    from app.services.review_queue import review_queue

    ctx = resources.context()
    found = describe(ctx, actor, project_id)
    assert found.schema is not None
    desk = Desk(actor, found.project, schema_of(found.schema), True)
    queue = review_queue(ctx, actor, project_id, skipped=skipped(found.project), opened=opened(found.project))
    if queue.cases:
        review_panel(desk, queue.cases[0], may_skip=queue.waiting > 1)


@pytest.fixture
def desk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Of two items, ann and bob both mark Alice, and one of them Bob."""
    monkeypatch.setattr(resources, "_provided", [world.ctx])
    desk = Desk(world, tmp_path, SCHEMA, ROWS, workplace={"review": EVERYTHING})
    for login, spans in (("ann", [ALICE]), ("bob", [ALICE, BOB])):
        desk.say(login, *({"ent": spans} for _ in ROWS))
    return desk


def press(found: AppTest, label: str) -> None:
    next(button for button in found.button if button.label.replace("\\", "") == label).click()
    found.run(timeout=30)
    assert not found.exception


def write(found: AppTest, words: str, label: str | None = None) -> None:
    field(found.text_area, "Words to mark").set_value(words)
    if label is not None:
        field(found.selectbox, "Their label").set_value(label)


def field(elements: Any, label: str) -> Any:
    return next(one for one in elements if one.label.startswith(label))


def errors(found: AppTest) -> list[str]:
    return [error.value.replace("\\", "") for error in found.error]


def listed(found: AppTest) -> list[tuple[bool, str, str]]:
    """(ticked, words, label) of the list of spans."""
    (table,) = [one.value for one in found.dataframe if "keep" in one.value]
    return list(table[["keep", "words", "label"]].itertuples(index=False, name=None))


def decided(desk: Desk) -> list[Any]:
    with reading(desk.ctx.engine) as session:
        return [row.value[0] for row in session.query(Adjudication).order_by(Adjudication.id)]


def on_adjudicate(desk: Desk) -> AppTest:
    arguments = (desk.lead, desk.project.id, desk.ids["s0"])
    return AppTest.from_function(adjudicate, args=arguments).run(timeout=30)


def on_review(desk: Desk) -> AppTest:
    return AppTest.from_function(review_page, args=(desk.lead, desk.project.id)).run(timeout=30)


def test_an_added_span_stands_ticked_in_the_list_and_is_stored_with_the_decision(desk: Desk) -> None:
    found = on_adjudicate(desk)
    # Both marked Alice, one of two marked Bob.
    assert listed(found) == [(True, "Alice", "Person"), (False, "Bob", "Person")]
    write(found, "New\nYork", "LOC")
    press(found, "Add")
    assert errors(found) == []
    assert listed(found)[2:] == [(True, "New York", "Place")]
    assert field(found.text_area, "Words to mark").value == ""
    press(found, "Slip")
    found.run(timeout=30)
    press(found, "Decide for the ticked spans")
    # "…cold, said " ends at 45, where New begins.
    assert decided(desk) == [[ALICE, {"start": 45, "end": 53, "label": "LOC"}]]
    assert ROWS[0]["text"][45:53] == "New\nYork"


def test_of_several_places_one_is_chosen_by_what_stands_beside_it(desk: Desk) -> None:
    found = on_adjudicate(desk)
    write(found, "Paris", "LOC")
    press(found, "Add")
    assert errors(found) == ["“Paris” stands 2 times in the text. Choose the place that is meant."]
    assert len(listed(found)) == 2
    place = field(found.selectbox, "They stand 2 times")
    assert place.options == [
        "1: Alice met Bob in [Paris]. Paris was cold, …",
        "2: … met Bob in Paris. [Paris] was cold, said New …",
    ]
    place.select_index(1)
    press(found, "Add")
    press(found, "Slip")
    press(found, "Decide for the ticked spans")
    assert decided(desk) == [[ALICE, {"start": 24, "end": 29, "label": "LOC"}]]


@pytest.mark.parametrize(
    ("words", "label", "said"),
    [
        ("", "LOC", "Write the words to mark, as they stand in the text."),
        ("Rome", "LOC", "“Rome” is not in the text. Write the words as they stand there."),
        (
            "alice",
            "LOC",
            "“alice” is not in the text, but “Alice” is: only upper and lower case differ. Write it as it stands there.",
        ),
        ("cold", None, "Choose the label of these words."),
        ("Bob", "PER", "“Bob” stands in the list with this label already; tick it there."),
    ],
)
def test_what_cannot_be_added_is_refused_in_a_sentence_and_stays_in_the_field(
    desk: Desk, words: str, label: str | None, said: str
) -> None:
    found = on_adjudicate(desk)
    write(found, words, label)
    press(found, "Add")
    assert errors(found) == [said]
    assert len(listed(found)) == 2 and field(found.text_area, "Words to mark").value == words
    found.run(timeout=30)
    assert errors(found) == []


def test_an_added_span_is_removed_again_and_is_no_part_of_another_case(desk: Desk) -> None:
    found = on_adjudicate(desk)
    for words in ("cold", "met"):
        write(found, words, "LOC")
        press(found, "Add")
    assert [words for _, words, _ in listed(found)] == ["Alice", "met", "Bob", "cold"]
    press(found, "Remove “met”")
    assert [words for _, words, _ in listed(found)] == ["Alice", "Bob", "cold"]
    found.session_state["shown"] = desk.ids["s1"]
    found.run(timeout=30)
    assert [words for _, words, _ in listed(found)] == ["Alice", "Bob"]
    # Who goes back finds what they had begun.
    found.session_state["shown"] = desk.ids["s0"]
    found.run(timeout=30)
    assert [words for _, words, _ in listed(found)] == ["Alice", "Bob", "cold"]


def test_words_that_were_written_and_not_added_are_not_lost_silently(desk: Desk) -> None:
    found = on_adjudicate(desk)
    press(found, "Slip")
    write(found, "cold", "LOC")
    press(found, "Decide for the ticked spans")
    assert errors(found) == ["“cold” is written and not added: press Add, or clear the field."]
    assert decided(desk) == []
    press(found, "Add")
    press(found, "Decide for the ticked spans")
    assert [span["start"] for span in decided(desk)[0]] == [0, 34]


def test_a_reviewer_adds_a_span_to_the_authors_and_fixes_the_answer_with_it(desk: Desk) -> None:
    # Which answer comes first is drawn by lot; both texts begin alike.
    found = on_review(desk)
    begun = listed(found)
    write(found, "met", "LOC")
    press(found, "Fix and accept")
    assert errors(found) == ["“met” is written and not added: press Add, or clear the field."]
    press(found, "Add")
    assert errors(found) == []
    assert listed(found) == [begun[0], (True, "met", "Place"), *begun[1:]]
    press(found, "Accept")
    assert any("you changed “Names”" in said for said in errors(found))
    press(found, "Fix and accept")
    with reading(desk.ctx.engine) as session:
        (row,) = session.query(Review)
        outcome, stored = row.outcome, (row.answers or {})["ent"]
    author = [ALICE, BOB] if len(begun) == 2 else [ALICE]
    assert outcome == "fixed"
    assert stored == [ALICE, {"start": 6, "end": 9, "label": "LOC"}, *author[1:]]
    # The next answer begins with what its own author marked.
    assert {words for _, words, _ in listed(found)} <= {"Alice", "Bob"}


def test_who_skips_an_answer_in_review_begins_it_anew(desk: Desk) -> None:
    found = on_review(desk)
    begun = listed(found)
    write(found, "met", "LOC")
    press(found, "Add")
    assert len(listed(found)) == len(begun) + 1
    for _ in range(4):
        press(found, "Skip")
        assert {words for _, words, _ in listed(found)} <= {"Alice", "Bob"}
