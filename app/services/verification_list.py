"""The list behind the verification table: built once, kept up to date, filtered and sorted in memory.

Reading a hundred thousand suggestions takes the database a second; a person scrolls and filters many times. The
list is kept for the questions in use and rebuilt when suggestions or items were added; verifications, which come
all the time, are read from where the last reading ended.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from app.agents.similarity import novelty
from app.analytics.priority import priority_order
from app.errors import Invalid
from app.services.submissions import plain_text
from db.engine import Session
from db.store import items, subsets, suggestion_verdicts, verifying

__all__ = ["STATES", "Filters", "Listed", "Listing", "State"]

State = Literal["unverified", "confirms", "corrects", "rejects"]
STATES: tuple[State, ...] = get_args(State)
SORTS = ("order", "priority", "text", "label", "confidence", "judge", "state", "item")

_KEPT = 6
"""Lists that are kept; the one that was used longest ago goes first."""
_OVERLAP = 200
_JUDGED_SECONDS = 5.0
"""How long an order that takes the judge in may lag behind it: a job of the judge changes it with every call."""
_LONGEST_FOR_NOVELTY = 20_000
_SEARCHED = 4_000
"""Characters of a text that are searched and sorted by."""


@dataclass(slots=True)
class Listed:
    item_id: int
    external_id: str
    position: int
    suggestion_id: int
    value: Any
    label: str
    """The value in words, folded for sorting and filtering."""
    confidence: float | None
    near: str | None
    state: State = "unverified"
    verifier: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the list is shown, and in which order."""

    states: frozenset[str] = frozenset()
    """Empty means all."""
    label: str = ""
    search: str = ""
    query: str = ""
    """A subset query (app.formats.query)."""
    job: int | None = None
    model: str = ""
    verifier: str = ""
    confidence_below: float | None = None
    sort: str = "order"
    """One of SORTS, or `meta.NAME`; `priority` is as it was when the list was read."""
    descending: bool = False
    unverified_first: bool = False


def _label(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            str(entry.get("label")) if isinstance(entry, dict) else str(entry) for entry in value
        )
    return str(value)


@dataclass(slots=True)
class Listing:
    """All suggestions to one question of a project, of one job or the newest of each item."""

    project_id: int
    question: str
    clock: tuple[int, int]
    rows: list[Listed]
    by_suggestion: dict[int, Listed]
    last_verification: int = 0
    columns: dict[str, dict[int, Any]] = field(default_factory=dict)
    """`text`, `judge`, `priority` or `meta.NAME` -> item id -> value; read when first asked for."""
    judged: tuple[int, float] = (0, 0.0)
    """The newest verdict on a suggestion that the columns know, and when that was asked (monotonic)."""

    @classmethod
    def of(
        cls, session: Session, project_id: int, question: str, job_id: int | None, model: str
    ) -> "Listing":
        """The list as it stands now."""
        clock = verifying.clock_of(session, project_id)
        key = (str(session.get_bind().engine.url), project_id, question, job_id, model)
        with _lock:
            known = _listings.pop(key, None)
            if known is None or known.clock != clock:
                known = cls._read(session, project_id, question, job_id, model, clock)
            _listings[key] = known  # the newest last
            while len(_listings) > _KEPT:
                _listings.pop(next(iter(_listings)))
            known._catch_up(session, project_id, question)
            known._forget_the_judge(session)
            return known

    @classmethod
    def _read(
        cls,
        session: Session,
        project_id: int,
        question: str,
        job_id: int | None,
        model: str,
        clock: tuple[int, int],
    ) -> "Listing":
        rows = [
            Listed(item_id, external_id, position, suggestion_id, value, _label(value), confidence, near)
            for item_id, external_id, position, suggestion_id, value, confidence, near in verifying.newest_rows(
                session, project_id, question, job_id, model
            )
        ]
        return cls(project_id, question, clock, rows, {row.suggestion_id: row for row in rows})

    def _catch_up(self, session: Session, project_id: int, question: str) -> None:
        # Some are read again: of two that are written at once, the later number can be seen first.
        found = verifying.outcomes_since(session, project_id, question, self.last_verification - _OVERLAP)
        for number, suggestion_id, outcome, login, _ in found:
            row = self.by_suggestion.get(suggestion_id)
            if row is not None:
                row.state = next(state for state in STATES if state == outcome)
                row.verifier = login
            self.last_verification = max(number, self.last_verification)

    def _forget_the_judge(self, session: Session) -> None:
        """Read anew what depends on verdicts, when there are new ones."""
        newest, asked = self.judged
        if time.monotonic() - asked < _JUDGED_SECONDS:
            return
        now = suggestion_verdicts.newest_verdict(session, self.project_id)
        if now != newest:
            self.columns.pop("judge", None)
            self.columns.pop("priority", None)
        self.judged = now, time.monotonic()

    def counts(self, hidden: frozenset[int]) -> dict[str, int]:
        """State -> rows."""
        return dict(Counter(row.state for row in self.rows if row.item_id not in hidden))

    def select(
        self, session: Session, filters: Filters, *, hidden: frozenset[int], inside: frozenset[int] | None
    ) -> list[Listed]:
        """The rows that pass, in order. Raises Invalid for an unknown order."""
        rows = [
            row
            for row in self.rows
            if row.item_id not in hidden
            and (inside is None or row.item_id in inside)
            and (not filters.states or row.state in filters.states)
            and (not filters.label or row.label == filters.label)
            and (not filters.verifier or row.verifier == filters.verifier)
            and (
                filters.confidence_below is None
                or (row.confidence is not None and row.confidence < filters.confidence_below)
            )
        ]
        if filters.search.strip():
            words = filters.search.casefold().split()
            texts = self._column(session, "text")
            rows = [
                row
                for row in rows
                if all(
                    word in texts.get(row.item_id, "") or word in row.external_id.casefold() for word in words
                )
            ]
        rows.sort(key=self._key(session, filters.sort), reverse=filters.descending)
        if filters.unverified_first:
            rows.sort(key=lambda row: row.state != "unverified")
        return rows

    def _key(self, session: Session, sort: str) -> Callable[[Listed], Any]:
        match sort:
            case "order":
                return lambda row: row.position
            case "item":
                return lambda row: row.external_id
            case "label":
                return lambda row: (row.label, row.position)
            case "state":
                return lambda row: (STATES.index(row.state), row.position)
            case "confidence":  # unknown is neither high nor low: always together
                return lambda row: (row.confidence is not None, row.confidence or 0.0)
            case "judge":
                totals = self._column(session, "judge")
                return lambda row: (row.item_id in totals, totals.get(row.item_id, 0.0))
            case "priority":
                places = self._column(session, "priority")
                return lambda row: places[row.item_id]
            case _ if sort == "text" or sort.startswith("meta."):
                column = self._column(session, sort)
                return lambda row: _comparable(column.get(row.item_id))
            case _:
                raise Invalid(f"cannot sort by {sort!r}; by {', '.join(SORTS)} or meta.NAME")

    def _places(self, session: Session) -> dict[int, int]:
        """Item id -> its place in the order of priority (app.analytics.priority)."""
        ids = [row.item_id for row in self.rows]
        said: dict[int, list[Any]] = {}
        for item_id, value in verifying.values_by_agent(session, self.project_id, self.question):
            said.setdefault(item_id, []).append(value)
        disagreement = {
            row.item_id: sum(value != row.value for value in others) / (len(others) - 1)
            for row in self.rows
            if len(others := said.get(row.item_id, [])) > 1
        }
        order = priority_order(
            ids,
            {row.item_id: row.confidence for row in self.rows},
            disagreement,
            self._novelty(session, ids),
            self._column(session, "judge"),
        )
        return {item_id: place for place, item_id in enumerate(order)}

    def _novelty(self, session: Session, ids: list[int]) -> dict[int, float]:
        """Item id -> how unlike the checked texts it is; nothing for a list so long that it would take too long."""
        checked = [number for number, row in enumerate(self.rows) if row.state != "unverified"]
        if not checked or len(ids) > _LONGEST_FOR_NOVELTY:
            return {}
        texts = self._column(session, "text")
        return dict(zip(ids, novelty([texts.get(item_id, "") for item_id in ids], checked), strict=True))

    def _column(self, session: Session, name: str) -> dict[int, Any]:
        if name not in self.columns:
            ids = [row.item_id for row in self.rows]
            if name == "priority":
                self.columns[name] = self._places(session)
            elif name == "judge":
                verdicts = suggestion_verdicts.totals_of_question(session, self.project_id, self.question)
                self.columns[name] = {
                    row.item_id: verdicts[row.suggestion_id]
                    for row in self.rows
                    if row.suggestion_id in verdicts
                }
            elif name == "text":
                self.columns[name] = {
                    item_id: plain_text(content)[:_SEARCHED].casefold()
                    for item_id, content in items.contents_of(session, ids)
                }
            else:
                wanted = name.removeprefix("meta.")
                inside = set(ids)
                self.columns[name] = {
                    item_id: meta.get(wanted)
                    for item_id, meta in subsets.metadata(session, self.project_id)
                    if item_id in inside
                }
        return self.columns[name]


def _comparable(value: Any) -> tuple[int, float, str]:
    """Nothing first, then numbers, then words."""
    if value is None or value == "":
        return (0, 0.0, "")
    try:
        return (1, float(value), "")
    except (TypeError, ValueError):
        return (2, 0.0, str(value))


_lock = threading.Lock()
_listings: dict[tuple[str, int, str, int | None, str], Listing] = {}
