"""What a person did during a visit, second by second, from what the browser reported.

At any moment exactly one state holds. Precedence: hidden > idle > working > waiting > chatting > reading. The
parts sum to the wall time of the visit. Several tabs of one visit are one timeline: the page is visible when
it is visible in any of them, and activity in any of them counts once.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Ledger", "LedgerEvent", "derive_ledger"]

_WORKING_SECONDS = 5.0
"""A key, choice or paste makes the next five seconds working; then reading again. By judgement: it spans the
pauses within a sentence and not those between two thoughts."""
_CHAT_SECONDS = 30.0
"""Attention stays with the chat this long after the last thing that happened there. By judgement."""
_SILENCE_SECONDS = 30.0
"""A visible tab beats every ten seconds. One that said nothing for this long is gone: a killed tab or a closed
laptop. From its last sign on it counts as hidden."""

_ACTIVITY = frozenset(
    {"opened", "visible", "focus", "key", "pointer", "paste", "choice", "chat_opened", "chat_waiting",
     "chat_first_token", "suggestion_accepted", "suggestion_rejected", "draft_inserted", "judge_waiting", "suggestion_waiting",
     "submitted", "skipped"}
)  # fmt: skip
_WORKING = frozenset(
    {"key", "paste", "choice", "suggestion_accepted", "suggestion_rejected", "draft_inserted"}
)
_CHATTING = frozenset({"chat_opened", "chat_waiting", "chat_first_token", "chat_done"})
_AWAY = frozenset({"hidden", "closed"})


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One thing a tab reported; `at` is server time in seconds."""

    tab: str
    seq: int
    kind: str
    at: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """Seconds of a visit by state."""

    opened_at: float
    closed_at: float
    reading: float
    working: float
    chatting: float
    waiting_model: float
    waiting_judge: float
    idle: float
    hidden: float

    @property
    def handling_seconds(self) -> float:
        """Reading, working and chatting: the time that counts."""
        return self.reading + self.working + self.chatting

    @property
    def wall_seconds(self) -> float:
        return self.closed_at - self.opened_at


def derive_ledger(events: Iterable[LedgerEvent], *, idle_seconds: float) -> Ledger:
    """The ledger of one visit. Events may come in any order and repeat; (tab, seq) names one.

    Idle begins `idle_seconds` after the last activity: until then a still person is taken to be reading. A tab
    that ends without saying so ends with its last sign of life.
    """
    known = {(event.tab, event.seq): event for event in events}
    ordered = sorted(known.values(), key=lambda event: (event.at, event.tab, event.seq))
    if not ordered:
        return Ledger(0, 0, 0, 0, 0, 0, 0, 0, 0)
    visible = _visible(ordered)
    active = _after(ordered, _ACTIVITY, idle_seconds)
    working = _after(ordered, _WORKING, _WORKING_SECONDS)
    chatting = _after(ordered, _CHATTING, _CHAT_SECONDS)
    waiting_model = _merged(
        _between(ordered, "chat_waiting", frozenset({"chat_first_token", "chat_done"}))
        + _between(ordered, "suggestion_waiting", frozenset({"suggestion_done"}))
    )
    waiting_judge = _between(ordered, "judge_waiting", frozenset({"judge_done"}))
    start, end = ordered[0].at, ordered[-1].at
    spans = (visible, active, working, chatting, waiting_model, waiting_judge)
    edges = sorted(
        {start, end, *(edge for span in spans for pair in span for edge in pair if start < edge < end)}
    )
    seconds = dict.fromkeys(
        ("reading", "working", "chatting", "waiting_model", "waiting_judge", "idle", "hidden"), 0.0
    )
    for left, right in pairwise(edges):
        middle = (left + right) / 2
        if not _covers(visible, middle):
            state = "hidden"
        elif not any(_covers(span, middle) for span in (active, waiting_model, waiting_judge)):
            state = "idle"
        elif _covers(working, middle):
            state = "working"
        elif _covers(waiting_model, middle):
            state = "waiting_model"
        elif _covers(waiting_judge, middle):
            state = "waiting_judge"
        elif _covers(chatting, middle):
            state = "chatting"
        else:
            state = "reading"
        seconds[state] += right - left
    return Ledger(opened_at=start, closed_at=end, **seconds)


_Spans = list[tuple[float, float]]


def _merged(spans: Iterable[tuple[float, float]]) -> _Spans:
    out: _Spans = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        elif end > start:
            out.append((start, end))
    return out


def _covers(spans: _Spans, moment: float) -> bool:
    index = bisect_right(spans, (moment, float("inf"))) - 1
    return index >= 0 and spans[index][0] <= moment < spans[index][1]


def _after(events: list[LedgerEvent], kinds: frozenset[str], seconds: float) -> _Spans:
    return _merged((event.at, event.at + seconds) for event in events if event.kind in kinds)


def _between(events: list[LedgerEvent], begin: str, end: frozenset[str]) -> _Spans:
    """From each `begin` to the same tab's next `end`; one that never ends lasts to the tab's last event."""
    spans = []
    for tab in {event.tab for event in events}:
        own = [event for event in events if event.tab == tab]
        since: float | None = None
        for event in own:
            if event.kind == begin and since is None:
                since = event.at
            elif event.kind in end and since is not None:
                spans.append((since, event.at))
                since = None
        if since is not None:
            spans.append((since, own[-1].at))
    return _merged(spans)


def _visible(events: list[LedgerEvent]) -> _Spans:
    """When the page was to be seen in any tab."""
    spans = []
    for tab in {event.tab for event in events}:
        own = [event for event in events if event.tab == tab]
        since: float | None = None
        last = own[0].at
        for event in own:
            if since is not None and event.at - last > _SILENCE_SECONDS:
                spans.append((since, last))
                since = event.at
            if event.kind in _AWAY:
                if since is not None:
                    spans.append((since, event.at))
                since = None
            elif since is None and (event.kind != "heartbeat"):
                since = event.at
            last = event.at
        if since is not None:
            spans.append((since, last))
    return _merged(spans)
