"""Items, gold and suggestions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text, union, update
from sqlalchemy.orm import Session

from db.bulk import insert_tuples
from db.models import Agent, Gold, Item, Lease, Suggestion
from db.records import ItemRecord, SuggestionRecord, record_of

__all__ = [
    "ITEM_COLUMNS",
    "add_gold",
    "add_items",
    "add_suggestions",
    "contents",
    "contents_of",
    "count_items",
    "current_hashes",
    "current_ids",
    "current_versions",
    "find_items",
    "gold_of",
    "gold_of_items",
    "has_gold",
    "item_by_external_id",
    "item_by_id",
    "items_by_ids",
    "latest_suggestions",
    "named_contents",
    "newest_by_agent",
    "next_position",
    "planted_suggestion",
    "set_metadata",
    "shown_of",
    "suggestions_by_agent",
    "suggestions_by_id",
    "suggestions_by_ids",
    "supersede",
]

_CHUNK = 500
"""Parameters per IN list: below SQLite's oldest limit of 999."""


def next_position(session: Session, project_id: int) -> int:
    highest = session.scalar(select(func.max(Item.position)).where(Item.project_id == project_id))
    return 0 if highest is None else highest + 1


def current_versions(
    session: Session, project_id: int, external_ids: Sequence[str]
) -> dict[str, tuple[int, int, str]]:
    """External id -> (item id, version, content hash) of the current versions among `external_ids`."""
    found: dict[str, tuple[int, int, str]] = {}
    for start in range(0, len(external_ids), _CHUNK):
        statement = select(Item.external_id, Item.id, Item.version, Item.content_hash).where(
            Item.project_id == project_id,
            Item.is_current,
            Item.external_id.in_(external_ids[start : start + _CHUNK]),
        )
        for external_id, item_id, version, content_hash in session.execute(statement):
            found[external_id] = (item_id, version, content_hash)
    return found


def current_hashes(session: Session, project_id: int) -> dict[str, str]:
    """Content hash -> external id of the project's current items; the first one where several share a content.

    Read whole: an index over hashes, whose entries fall anywhere, costs every import more than this does.
    """
    statement = (
        select(Item.content_hash, Item.external_id)
        .where(Item.project_id == project_id, Item.is_current)
        .order_by(Item.position.desc())
    )
    return {content_hash: external_id for content_hash, external_id in session.execute(statement)}


def supersede(session: Session, item_ids: Sequence[int]) -> None:
    """Take versions out of circulation; whoever holds one may still finish it."""
    for start in range(0, len(item_ids), _CHUNK):
        session.execute(
            update(Item)
            .where(Item.id.in_(item_ids[start : start + _CHUNK]))
            .values(is_current=False, open_slots=0)
        )


ITEM_COLUMNS = (
    "project_id", "external_id", "version", "is_current", "position", "content", "meta", "content_hash",
    "rubric_version_id", "open_slots", "created_at",
)  # fmt: skip
"""What a row of `add_items` holds, in order."""


def add_items(session: Session, rows: Iterable[Sequence[Any]]) -> None:
    """Insert item rows (ITEM_COLUMNS) in one batch; ids are not returned (see `current_versions`)."""
    insert_tuples(session, Item, ITEM_COLUMNS, rows)


def add_gold(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(Gold), list(rows))


def add_suggestions(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(Suggestion), list(rows))


def item_by_id(session: Session, item_id: int) -> ItemRecord | None:
    row = session.get(Item, item_id)
    return record_of(ItemRecord, row) if row else None


def items_by_ids(session: Session, item_ids: Sequence[int]) -> dict[int, ItemRecord]:
    """Id -> item."""
    found: dict[int, ItemRecord] = {}
    for start in range(0, len(item_ids), _CHUNK):
        rows = session.scalars(select(Item).where(Item.id.in_(item_ids[start : start + _CHUNK])))
        found.update((row.id, record_of(ItemRecord, row)) for row in rows)
    return found


def item_by_external_id(session: Session, project_id: int, external_id: str) -> ItemRecord | None:
    """The current version."""
    row = session.scalar(
        select(Item).where(Item.project_id == project_id, Item.external_id == external_id, Item.is_current)
    )
    return record_of(ItemRecord, row) if row else None


def find_items(
    session: Session, project_id: int, *, answered_by: int | None, contains: str, offset: int, limit: int
) -> tuple[list[ItemRecord], int]:
    """A page of current items in order, and how many there are in all.

    `answered_by` keeps to what this person holds or has answered; `contains` matches the external id,
    and an item whose whole id it is comes first.
    """
    conditions = [Item.project_id == project_id, Item.is_current]
    if contains:
        conditions.append(Item.external_id.contains(contains, autoescape=True))
    if answered_by is not None:
        conditions.append(Item.id.in_(select(Lease.item_id).where(Lease.user_id == answered_by)))
    total = session.scalar(select(func.count()).select_from(Item).where(*conditions)) or 0
    order = (Item.external_id != contains, Item.position) if contains else (Item.position,)
    rows = session.scalars(select(Item).where(*conditions).order_by(*order).offset(offset).limit(limit))
    return [record_of(ItemRecord, row) for row in rows], total


def count_items(session: Session, project_id: int) -> tuple[int, int]:
    """(current items, current items that have all the answers they want).

    Counts over partial indexes, without touching the rows: it runs at every next item. An item that somebody
    holds wants no further person, and has its answer not yet; nor has one that a review gave back to its author.
    """
    total = session.scalar(
        select(func.count()).select_from(Item).where(Item.project_id == project_id, text("is_current"))
    )
    open_ = session.scalar(
        select(func.count()).select_from(Item).where(Item.project_id == project_id, text("open_slots > 0"))
    )
    # Two statements, so that each has its partial index.
    waiting = union(
        *(
            select(Lease.item_id)
            .join(Item, Item.id == Lease.item_id)
            .where(Lease.project_id == project_id, text(condition), Item.is_current, Item.open_slots == 0)
            for condition in ("leases.state = 'held'", "leases.returned")
        )
    ).subquery()
    held = session.scalar(select(func.count()).select_from(waiting))
    return total or 0, (total or 0) - (open_ or 0) - (held or 0)


def contents(session: Session, project_id: int) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """(id, content) of every current item, streamed in order."""
    statement = (
        select(Item.id, Item.content)
        .where(Item.project_id == project_id, Item.is_current)
        .order_by(Item.position)
        .execution_options(yield_per=1000)
    )
    for item_id, content in session.execute(statement):
        yield int(item_id), content


def contents_of(session: Session, item_ids: Sequence[int]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """(id, content) of these items, in any order."""
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        for item_id, content in session.execute(select(Item.id, Item.content).where(Item.id.in_(part))):
            yield int(item_id), content


def shown_of(
    session: Session, item_ids: Sequence[int]
) -> Iterable[tuple[int, Mapping[str, Any], Mapping[str, Any], int]]:
    """(id, content, metadata, open slots) of these items, in any order."""
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        for item_id, content, meta, slots in session.execute(
            select(Item.id, Item.content, Item.meta, Item.open_slots).where(Item.id.in_(part))
        ):
            yield int(item_id), content, meta, slots


def set_metadata(session: Session, name: str, values: Mapping[int, Any]) -> None:
    """Set one metadata column of these items (id -> value); the other columns stay.

    For calls of metadata jobs, which are done in the same transaction: `question_frames.metadata_state` counts them, and
    figures by metadata are kept by it.
    """
    ids = list(values)
    for start in range(0, len(ids), _CHUNK):
        rows = session.execute(
            select(Item.id, Item.meta).where(Item.id.in_(ids[start : start + _CHUNK]))
        ).all()
        session.execute(
            update(Item), [{"id": item_id, "meta": {**meta, name: values[item_id]}} for item_id, meta in rows]
        )


def named_contents(session: Session, project_id: int) -> Iterable[tuple[int, str, Mapping[str, Any]]]:
    """(id, external id, content) of every current item, streamed in order."""
    statement = (
        select(Item.id, Item.external_id, Item.content)
        .where(Item.project_id == project_id, Item.is_current)
        .order_by(Item.position)
        .execution_options(yield_per=1000)
    )
    for item_id, external_id, content in session.execute(statement):
        yield int(item_id), external_id, content


def current_ids(session: Session, project_id: int) -> list[int]:
    """Ids of the current items, in order."""
    statement = select(Item.id).where(Item.project_id == project_id, Item.is_current).order_by(Item.position)
    return list(session.scalars(statement))


def has_gold(session: Session, project_id: int) -> bool:
    """Whether the answer to any current item is known."""
    statement = (
        select(Gold.id)
        .join(Item, Item.id == Gold.item_id)
        .where(Item.project_id == project_id, Item.is_current)
        .limit(1)
    )
    return session.scalar(statement) is not None


def gold_of(session: Session, item_id: int) -> dict[str, Any]:
    """Question -> known right value."""
    rows = session.execute(select(Gold.question, Gold.value).where(Gold.item_id == item_id))
    return {question: value[0] for question, value in rows}


def latest_suggestions(session: Session, item_id: int) -> dict[str, SuggestionRecord]:
    """Question -> the newest suggestion of a model; planted ones and answers to probes are none."""
    rows = session.scalars(
        select(Suggestion)
        .where(Suggestion.item_id == item_id, Suggestion.planted.is_(False), Suggestion.probe.is_(False))
        .order_by(Suggestion.id)
    )
    return {row.question: record_of(SuggestionRecord, row) for row in rows}


def planted_suggestion(
    session: Session, original: SuggestionRecord, value: Any, *, now: datetime
) -> SuggestionRecord:
    """A wrong suggestion that looks like `original`; made once per item, question and value."""
    same = [
        Suggestion.item_id == original.item_id,
        Suggestion.question == original.question,
        Suggestion.planted.is_(True),
    ]
    for row in session.scalars(select(Suggestion).where(*same)):
        if row.value == [value]:
            return record_of(SuggestionRecord, row)
    row = Suggestion(
        item_id=original.item_id,
        question=original.question,
        value=[value],
        confidence=original.confidence,
        confidence_source=original.confidence_source,
        calibrated=original.calibrated,
        calibrated_confidence=original.calibrated_confidence,
        examples=[],
        model=original.model,
        model_version=original.model_version,
        builtin=original.builtin,
        simulated=original.simulated,
        planted=True,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return record_of(SuggestionRecord, row)


def suggestions_by_id(session: Session, suggestion_ids: Sequence[int]) -> dict[str, SuggestionRecord]:
    """Question -> suggestion, for ids of one item."""
    if not suggestion_ids:
        return {}
    rows = session.scalars(select(Suggestion).where(Suggestion.id.in_(suggestion_ids)))
    return {row.question: record_of(SuggestionRecord, row) for row in rows}


def suggestions_by_agent(session: Session, item_ids: Sequence[int]) -> dict[tuple[int, str], dict[str, Any]]:
    """(item id, question) -> agent -> its newest value. An agent is its number, `built-in`, `language-model` for
    calls without a stored agent, or the name of a model whose suggestions were imported.
    """
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for start in range(0, len(item_ids), _CHUNK):
        rows = session.scalars(
            select(Suggestion)
            .where(
                Suggestion.item_id.in_(item_ids[start : start + _CHUNK]),
                Suggestion.planted.is_(False),
                Suggestion.probe.is_(False),
            )
            .order_by(Suggestion.id)
        )
        for row in rows:
            agent = (
                str(row.agent_id)
                if row.agent_id is not None
                else "built-in"
                if row.builtin
                else "language-model"
                if row.call_id
                else row.model
            )
            found.setdefault((row.item_id, row.question), {})[agent] = row.value[0]
    return found


def newest_by_agent(session: Session, item_id: int, question: str) -> dict[str, Any]:
    """Name of an agent, else of a model -> its newest value; planted suggestions and answers to probes are none."""
    rows = session.execute(
        select(func.coalesce(Agent.name, Suggestion.model), Suggestion.value)
        .outerjoin(Agent, Agent.id == Suggestion.agent_id)
        .where(
            Suggestion.item_id == item_id,
            Suggestion.question == question,
            Suggestion.planted.is_(False),
            Suggestion.probe.is_(False),
        )
        .order_by(Suggestion.id)
    )
    return {name: value[0] for name, value in rows}


def suggestions_by_ids(session: Session, suggestion_ids: Sequence[int]) -> dict[int, SuggestionRecord]:
    """Id -> suggestion."""
    rows = session.scalars(select(Suggestion).where(Suggestion.id.in_(suggestion_ids)))
    return {row.id: record_of(SuggestionRecord, row) for row in rows}


def gold_of_items(session: Session, item_ids: Sequence[int]) -> dict[tuple[int, str], Any]:
    """(item id, question) -> known right value."""
    rows = session.execute(select(Gold.item_id, Gold.question, Gold.value).where(Gold.item_id.in_(item_ids)))
    return {(item_id, question): value[0] for item_id, question, value in rows}
