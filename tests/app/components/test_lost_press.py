"""Adjudicate says when a press came to nothing: somebody was faster, or the case has left the page."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import resources
from app.services.context import Actor
from db.engine import reading
from db.models import Adjudication
from tests.app.services.test_adjudication import Desk
from tests.app.services.world import World


def page(actor: "Actor", project_id: int, item_id: int) -> None:
    # The test runs its source by itself: names of this file are not known in it, so that types stand in quotes.
    import streamlit as st

    from app.components.adjudication import case_panel, tell_lost_press

    shown = st.session_state.get("shown", item_id)
    if shown is None:
        tell_lost_press(None)
    else:
        case_panel(actor, project_id, shown, "verdict", names=True, own_too=False)


@pytest.fixture
def desk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Ann and bob differ on i0 and i1."""
    monkeypatch.setattr(resources, "_provided", [world.ctx])
    desk = Desk(world, tmp_path)
    desk.say("ann", "good", "good")
    desk.say("bob", "bad", "bad")
    return desk


def opened(desk: Desk) -> AppTest:
    """Lead has i0 on the page and has said why the answers differ."""
    found = AppTest.from_function(page, args=(desk.lead, desk.project.id, desk.ids["i0"])).run(timeout=30)
    press(found, "Slip")
    assert not found.warning
    return found


def press(found: AppTest, label: str) -> None:
    next(button for button in found.button if button.label == label).click().run(timeout=30)
    assert not found.exception


def stored(desk: Desk) -> list[tuple[int | None, int | None]]:
    """(author, the decision that it replaces) of every decision, oldest first."""
    with reading(desk.ctx.engine) as session:
        return [
            (row.author_id, row.replaces) for row in session.query(Adjudication).order_by(Adjudication.id)
        ]


def notes(found: AppTest) -> list[str]:
    return [warning.value for warning in found.warning]


@pytest.mark.parametrize("button", ["Take ann", "Decide for this value"])
def test_a_press_on_a_case_that_somebody_decided_meanwhile_is_told_whose_decision_stands(
    desk: Desk, button: str
) -> None:
    found = opened(desk)
    desk.decide("i0", "ugly", desk.second)
    press(found, button)
    assert notes(found) == ["i0: second decided this case meanwhile; yours is not stored"]
    assert stored(desk) == [(desk.second.user_id, None)]
    # It is said once; what stands is on the page now and can be decided again.
    press(found, "Ambiguous")
    assert notes(found) == []
    press(found, "Take ann")
    assert [author for author, _ in stored(desk)] == [desk.second.user_id, desk.lead.user_id]


def test_a_press_that_is_stored_is_no_lost_one(desk: Desk) -> None:
    found = opened(desk)
    press(found, "Take bob")
    assert notes(found) == [] and stored(desk) == [(desk.lead.user_id, None)]
    assert [toast.value for toast in found.toast] == ["i0 is decided: slip. It stands under “decided”."]


@pytest.mark.parametrize("next_case", ["i1", None])
def test_a_press_on_a_case_that_has_left_the_page_decides_nothing_else(
    desk: Desk, next_case: str | None
) -> None:
    found = opened(desk)
    found.session_state["shown"] = desk.ids[next_case] if next_case else None
    press(found, "Take ann")
    assert notes(found) == ["i0: this case is not on the page any more; what you pressed is not stored"]
    assert stored(desk) == []
    found.run(timeout=30)
    assert notes(found) == []
