import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.ledger import Ledger, LedgerEvent, derive_ledger

PARTS = ("reading", "working", "chatting", "waiting_model", "waiting_judge", "idle", "hidden")


def ledger(*events: tuple[float, str], tab: str = "t", idle: float = 60) -> Ledger:
    return derive_ledger(
        [LedgerEvent(tab, number, kind, at) for number, (at, kind) in enumerate(events)], idle_seconds=idle
    )


def beats(until: float, every: float = 10) -> list[tuple[float, str]]:
    return [(every * n, "heartbeat") for n in range(1, int(until // every) + 1)]


def test_reading_then_typing_then_submitting() -> None:
    # opened 0; a key at 10 works until 15; submitted at 20: 10 + 5 reading, 5 working
    found = ledger((0, "opened"), (10, "key"), (20, "submitted"))
    assert (found.reading, found.working, found.handling_seconds) == (15, 5, 20)


def test_idle_begins_after_the_rule_and_ends_with_the_next_activity() -> None:
    found = ledger((0, "opened"), *beats(200), (200, "key"), (203, "submitted"), idle=60)
    assert (found.idle, found.handling_seconds) == (140, 63)


def test_a_hidden_page_is_not_charged() -> None:
    found = ledger((0, "opened"), (10, "hidden"), (70, "visible"), (75, "submitted"))
    assert (found.hidden, found.reading) == (60, 15)


def test_waiting_for_a_model_is_never_charged_to_the_person() -> None:
    # asked at 5, first word at 25: 20 s waiting, even though the idle rule is 10
    found = ledger(
        (0, "opened"),
        (5, "chat_waiting"),
        (15, "heartbeat"),
        (25, "chat_first_token"),
        (26, "submitted"),
        idle=10,
    )
    assert found.waiting_model == 20
    assert found.handling_seconds == 6


def test_typing_while_the_model_is_slow_is_working() -> None:
    found = ledger(
        (0, "opened"), (1, "chat_waiting"), (5, "key"), (21, "chat_first_token"), (21, "submitted")
    )
    assert (found.working, found.waiting_model) == (5, 15)


def test_a_killed_tab_ends_with_its_last_heartbeat() -> None:
    found = ledger((0, "opened"), *beats(30))
    assert found.wall_seconds == 30


def test_a_closed_laptop_is_hidden_from_its_last_sign_on() -> None:
    found = ledger((0, "opened"), (10, "heartbeat"), (3600, "heartbeat"), (3601, "key"), (3602, "submitted"))
    # 10 s reading; hidden until the beat at 3600; idle until the key at 3601; working until the end
    assert (found.hidden, found.idle, found.handling_seconds) == (3590, 1, 11)


def test_a_second_tab_is_not_counted_twice() -> None:
    both = [
        LedgerEvent(tab, n, kind, at)
        for tab in "ab"
        for n, (at, kind) in enumerate([(0, "opened"), (5, "key"), (20, "submitted")])
    ]
    assert derive_ledger(both, idle_seconds=60).handling_seconds == 20


def test_the_page_is_visible_while_any_tab_shows_it() -> None:
    events = [
        LedgerEvent("a", 0, "opened", 0),
        LedgerEvent("a", 1, "hidden", 5),
        LedgerEvent("b", 0, "opened", 4),
        LedgerEvent("b", 1, "submitted", 15),
    ]
    assert derive_ledger(events, idle_seconds=60).hidden == 0


def test_a_repeated_batch_changes_nothing() -> None:
    events = [
        LedgerEvent("a", 0, "opened", 0),
        LedgerEvent("a", 1, "key", 4),
        LedgerEvent("a", 2, "submitted", 9),
    ]
    assert derive_ledger(events * 2, idle_seconds=60) == derive_ledger(events, idle_seconds=60)


def test_no_events_are_no_time() -> None:
    assert derive_ledger([], idle_seconds=60).wall_seconds == 0


kinds = st.sampled_from(
    [
        "opened",
        "visible",
        "hidden",
        "key",
        "pointer",
        "paste",
        "choice",
        "heartbeat",
        "chat_opened",
        "chat_waiting",
        "chat_first_token",
        "chat_done",
        "submitted",
        "closed",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), kinds, st.floats(0, 500)), min_size=1, max_size=40),
    st.floats(1, 200),
)
def test_the_parts_sum_to_the_wall_time(rows: list[tuple[str, str, float]], idle: float) -> None:
    events = [LedgerEvent(tab, number, kind, at) for number, (tab, kind, at) in enumerate(rows)]
    found = derive_ledger(events, idle_seconds=idle)
    parts = [getattr(found, name) for name in PARTS]
    assert min(parts) >= 0
    assert sum(parts) == pytest.approx(found.wall_seconds)
