"""An item's history on the page, in the words and titles of the other pages."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.services import appeals, assignment
from app.services.context import Actor, Context
from tests.app.services.reviewing import standing_review
from tests.app.services.test_adjudication import Desk
from tests.app.services.world import World


def page(ctx: "Context", actor: "Actor", project_id: int, item_id: int) -> None:
    # The test runs its source by itself: names of this file are not known in it, so that types stand in quotes.
    from app.components.item_history import show_history
    from app.services.history import item_history

    show_history(item_history(ctx, actor, project_id, item_id, names=True))


def shown(desk: Desk, item: str) -> tuple[AppTest, str]:
    """The page, and all that it says in one string, without the marks that keep people's text out of Markdown."""
    arguments = (desk.ctx, desk.lead, desk.project.id, desk.ids[item])
    found = AppTest.from_function(page, args=arguments).run(timeout=30)
    assert not found.exception
    words = "\n".join(element.value for element in [*found.markdown, *found.caption])
    return found, words.replace("\\", "")


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    """Ann, bob and cay have answered i0 and i1."""
    desk = Desk(world, tmp_path)
    for login in desk.people:
        desk.say(login, {"verdict": "good", "score": 4}, "good" if login == "ann" else "bad")
    return desk


def test_an_appeal_stands_below_the_rejection_that_it_is_against(desk: Desk) -> None:
    desk.review("i0", "ann", "rejected", requeue="same", question_comments={"verdict": "Why so?"})
    given = assignment.open_task(desk.ctx, desk.people["ann"], desk.project.id, desk.ids["i0"]).annotation
    assert given is not None
    rejection = standing_review(desk.ctx, given.id)
    assert rejection is not None
    appeals.appeal(desk.ctx, desk.people["ann"], desk.project.id, rejection, "The *guide* says so.")
    desk.review("i0", "ann", "accepted", desk.second, replaces=rejection)
    _, words = shown(desk, "i0")
    lines = words.split("\n")

    def place(said: str) -> int:
        (found,) = (number for number, line in enumerate(lines) if said in line)
        return found

    assert place("rejected in review by lead") < place("On Good?: Why so?")
    # Markdown and captions are two lists of a test: the order is kept inside each.
    assert place("rejected in review by lead") < place("accepted in review by second")
    assert "the item goes back to its author: words" in words
    assert "Its author disagrees: The *guide* says so." in words


def test_questions_and_outcomes_are_said_in_words(desk: Desk) -> None:
    desk.review("i0", "ann", "fixed", answers={"verdict": "bad"})
    desk.review("i0", "bob", "accepted")
    desk.decide("i1", "ugly")
    desk.world.rate(desk.project, [("i1", "cay", "good")])
    _, words = shown(desk, "i0")
    assert "fixed and accepted in review by lead" in words
    assert "Fixed: Good? is bad" in words and "Fixed: How much? is left open" in words
    assert "**Good?**: no label · reviews contradict each other, n = 3" in words
    assert "How much?: **4 of 5**" in words and "settled in review by lead" in words
    for raw in ("verdict", "score", "reviews_differ", "none_counts"):
        assert raw not in words
    found, words = shown(desk, "i1")
    assert "**Good?**: ugly · adjudicated by lead, n = 3" in words
    assert "Good? adjudicated as ugly by lead, slip" in words
    (table,) = found.dataframe
    assert table.value.to_dict("records") == [
        {"rater": "cay", "kind": "person", "question": "Good?", "value": "good"}
    ]  # what nobody knows of any rating, here seconds and help, is no column


def test_a_label_out_of_the_answers_says_by_which_rule(desk: Desk) -> None:
    _, words = shown(desk, "i1")
    assert "**Good?**: bad · out of the answers, what most people gave, n = 3" in words
