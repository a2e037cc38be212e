"""Giving items out, so that nobody works on what already has its wanted number of answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, literal_column, select, text, update
from sqlalchemy.orm import Session

from db.models import Annotation, Item, Lease, Review, SubsetItem
from db.records import ItemRecord, LeaseRecord, record_of

__all__ = [
    "answered_by",
    "answered_items",
    "close_lease",
    "close_slot",
    "count_leases",
    "count_states",
    "expire_leases",
    "find_open_item",
    "grant_lease",
    "held_leases",
    "items_held",
    "lease_by_visit_key",
    "lease_of",
    "lock_item",
    "lock_open_item",
    "open_slot",
    "people_on",
    "reclaim_slot",
    "renew_form",
    "return_item",
    "returned_leases",
    "reveal",
    "show_suggestions",
    "touch_lease",
]

_TAKEN = ("held", "done")
_CHUNK = 500
"""Parameters per IN list: below SQLite's oldest limit of 999."""
_SEEN = ("arm", "study_id", "study_position", "help", "shown", "shown_at", "orders", "visit_key")


def expire_leases(session: Session, project_id: int, *, now: datetime) -> int:
    """End the holds that ran out and free their slots; returns how many there were."""
    ended = session.execute(
        update(Lease)
        .where(Lease.project_id == project_id, Lease.state == "held", Lease.expires_at <= now)
        .values(state="expired")
        .returning(Lease.item_id)
    ).scalars()
    count = 0
    for item_id in ended.all():
        _free_slot(session, item_id)
        count += 1
    return count


def _free_slot(session: Session, item_id: int) -> None:
    session.execute(
        update(Item).where(Item.id == item_id, Item.is_current).values(open_slots=Item.open_slots + 1)
    )


def held_leases(session: Session, project_id: int, user_id: int) -> list[LeaseRecord]:
    """What this person holds and has not answered, oldest first."""
    rows = session.scalars(
        select(Lease)
        .where(Lease.user_id == user_id, Lease.project_id == project_id, Lease.state == "held")
        .order_by(Lease.granted_at, Lease.id)
    )
    return [record_of(LeaseRecord, row) for row in rows]


def return_item(session: Session, item_id: int, user_id: int, *, form_token: str | None) -> None:
    """Give an answered item back to its author under a new form: no repeat of the first submit; None takes it back."""
    values = {"returned": False} if form_token is None else {"returned": True, "form_token": form_token}
    session.execute(update(Lease).where(Lease.item_id == item_id, Lease.user_id == user_id).values(**values))


def returned_leases(session: Session, project_id: int, user_id: int) -> list[LeaseRecord]:
    """The holds of this person whose answer was given back, on current items, oldest first."""
    rows = session.scalars(
        select(Lease)
        .join(Item, Item.id == Lease.item_id)
        .where(
            Lease.user_id == user_id, Lease.project_id == project_id, text("leases.returned"), Item.is_current
        )
        .order_by(Lease.id)
    )
    return [record_of(LeaseRecord, row) for row in rows]


def lease_of(session: Session, item_id: int, user_id: int) -> LeaseRecord | None:
    row = session.scalar(select(Lease).where(Lease.item_id == item_id, Lease.user_id == user_id))
    return record_of(LeaseRecord, row) if row else None


def answered_items(session: Session, project_id: int, user_id: int) -> set[int]:
    """Ids of the items that this person has answered."""
    rows = session.scalars(
        select(Lease.item_id).where(
            Lease.user_id == user_id, Lease.project_id == project_id, Lease.state.in_(("done", "late"))
        )
    )
    return set(rows)


def answered_by(session: Session, item_id: int, user_id: int) -> bool:
    """Whether this person has answered the item."""
    statement = select(Lease.id).where(
        Lease.item_id == item_id, Lease.user_id == user_id, Lease.state.in_(("done", "late"))
    )
    return session.scalar(statement) is not None


def lease_by_visit_key(session: Session, visit_key: str) -> LeaseRecord | None:
    row = session.scalar(select(Lease).where(Lease.visit_key == visit_key))
    return record_of(LeaseRecord, row) if row else None


def find_open_item(
    session: Session, project_id: int, user_id: int, *, from_position: int = 0, subset_id: int | None = None
) -> ItemRecord | None:
    """The first item in order, from a position on and then from the start, that wants an answer and that this
    person has not had; within a subset where one is given. Whoever has reviewed an answer to an item has seen it, and
    does not get the item.

    On PostgreSQL the row is locked and rows locked by others are passed over, so that two people asking at
    once get two items; on SQLite the transaction already holds the write lock.
    """
    mine = exists().where(Lease.item_id == Item.id, Lease.user_id == user_id, Lease.state != "expired")
    seen = exists().where(
        Annotation.item_id == Item.id, Review.annotation_id == Annotation.id, Review.reviewer_id == user_id
    )
    inside = [] if subset_id is None else [Item.id == SubsetItem.item_id, SubsetItem.subset_id == subset_id]
    for first in (from_position, 0) if from_position else (0,):
        row = session.scalar(
            select(Item)
            .where(
                *inside,
                Item.project_id == project_id,
                # A literal: with a bound parameter SQLite cannot see that its partial index applies.
                Item.open_slots > literal_column("0"),
                Item.position >= first,
                ~mine,
                ~seen,
            )
            .order_by(Item.position)
            .limit(1)
            .with_for_update(skip_locked=True, of=Item)
        )
        if row is not None:
            return record_of(ItemRecord, row)
    return None


def items_held(session: Session, item_ids: Sequence[int], user_id: int) -> set[int]:
    """Which of these items the person holds, has answered or has had before."""
    return set(
        session.scalars(select(Lease.item_id).where(Lease.item_id.in_(item_ids), Lease.user_id == user_id))
    )


def lock_open_item(session: Session, item_id: int) -> ItemRecord | None:
    """An item that wants an answer, locked for this transaction; None when it wants none."""
    row = session.scalar(select(Item).where(Item.id == item_id, Item.open_slots > 0).with_for_update(of=Item))
    return record_of(ItemRecord, row) if row else None


def lock_item(session: Session, item_id: int) -> None:
    """Let decisions about one item come one after the other: each sees what the one before it stored.

    The weaker lock that an update takes: whoever only refers to the item, by an answer or a review, does not wait. On
    SQLite the transaction already holds the write lock.
    """
    session.execute(select(Item.id).where(Item.id == item_id).with_for_update(of=Item, key_share=True))


def _free_slot_number(session: Session, item_id: int) -> int:
    taken = set(session.scalars(select(Lease.slot).where(Lease.item_id == item_id, Lease.state.in_(_TAKEN))))
    return next(number for number in range(len(taken) + 1) if number not in taken)


def grant_lease(
    session: Session,
    *,
    item: ItemRecord,
    user_id: int,
    arm: str | None,
    shown: dict[str, int],
    shown_at: datetime | None,
    orders: dict[str, list[str]],
    visit_key: str,
    form_token: str,
    now: datetime,
    expires_at: datetime,
    study_id: int | None = None,
    study_position: int | None = None,
    help: dict[str, bool] | None = None,
) -> LeaseRecord:
    """Hold a slot of an item that `find_open_item` returned in this transaction."""
    values: dict[str, Any] = {
        "project_id": item.project_id,
        "slot": _free_slot_number(session, item.id),
        "state": "held",
        "arm": arm,
        "study_id": study_id,
        "study_position": study_position,
        "help": help,
        "shown": shown,
        "shown_at": shown_at,
        "orders": orders,
        "visit_key": visit_key,
        "form_token": form_token,
        "granted_at": now,
        "expires_at": expires_at,
    }
    row = session.scalar(select(Lease).where(Lease.item_id == item.id, Lease.user_id == user_id))
    if row is None:
        row = Lease(item_id=item.id, user_id=user_id, **values)
        session.add(row)
    else:
        # The hold had run out. Arm and suggestion stay what they were: the person has seen them.
        for name, value in values.items():
            if name not in _SEEN:
                setattr(row, name, value)
    session.execute(update(Item).where(Item.id == item.id).values(open_slots=Item.open_slots - 1))
    session.flush()
    return record_of(LeaseRecord, row)


def touch_lease(session: Session, lease_id: int, *, expires_at: datetime) -> None:
    """Put off the end of a hold that is still in force."""
    session.execute(
        update(Lease).where(Lease.id == lease_id, Lease.state == "held").values(expires_at=expires_at)
    )


def renew_form(session: Session, lease_id: int, form_token: str) -> None:
    session.execute(update(Lease).where(Lease.id == lease_id).values(form_token=form_token))


def reveal(session: Session, lease_id: int, *, first_answers: dict[str, Any], now: datetime) -> None:
    """The person has answered alone: from now on they see the suggestions. Only the first time counts."""
    session.execute(
        update(Lease)
        .where(Lease.id == lease_id, Lease.shown_at.is_(None))
        .values(shown_at=now, first_answers=first_answers)
    )


def show_suggestions(session: Session, lease_id: int, *, shown: dict[str, int], now: datetime) -> None:
    """Suggestions that the person asked for have come."""
    session.execute(update(Lease).where(Lease.id == lease_id).values(shown=shown, shown_at=now))


def count_states(session: Session, project_id: int, user_id: int) -> dict[str, int]:
    """State -> how many of this person's holds are in it."""
    rows = session.execute(
        select(Lease.state, func.count())
        .where(Lease.project_id == project_id, Lease.user_id == user_id)
        .group_by(Lease.state)
    )
    return {state: count for state, count in rows}


def count_leases(session: Session, project_id: int, user_id: int) -> int:
    """How many items this person has been given in the project."""
    statement = select(func.count()).where(Lease.project_id == project_id, Lease.user_id == user_id)
    return session.scalar(statement) or 0


def open_slot(session: Session, item_id: int) -> None:
    """Ask one more person about an item: its answer was rejected."""
    _free_slot(session, item_id)


def close_slot(session: Session, item_id: int) -> None:
    """Ask one person fewer about an item: its answer counts after all. What somebody has taken meanwhile stays theirs."""
    session.execute(
        update(Item).where(Item.id == item_id, Item.open_slots > 0).values(open_slots=Item.open_slots - 1)
    )


def close_lease(session: Session, lease: LeaseRecord, *, state: str) -> None:
    """End a hold as done, late or skipped; skipping frees the slot for somebody else."""
    session.execute(update(Lease).where(Lease.id == lease.id).values(state=state, returned=False))
    if state == "skipped" and lease.state in _TAKEN:
        _free_slot(session, lease.item_id)


def people_on(session: Session, item_ids: Sequence[int]) -> dict[int, set[int]]:
    """Item -> people who hold it, have had it or have reviewed an answer to it: nobody else's fresh eye.

    Who let it run out may have it again and is not among them.
    """
    found: dict[int, set[int]] = {}
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        had = select(Lease.item_id, Lease.user_id).where(Lease.item_id.in_(part), Lease.state != "expired")
        reviewed = (
            select(Annotation.item_id, Review.reviewer_id)
            .join(Review, Review.annotation_id == Annotation.id)
            .where(Annotation.item_id.in_(part))
        )
        for statement in (had, reviewed):
            for item_id, user_id in session.execute(statement):
                found.setdefault(item_id, set()).add(user_id)
    return found


def reclaim_slot(session: Session, lease: LeaseRecord) -> bool:
    """Take the slot of an expired hold back if nobody else did; False when the item has its answers."""
    taken = session.execute(
        update(Item)
        .where(Item.id == lease.item_id, Item.open_slots > 0)
        .values(open_slots=Item.open_slots - 1)
        .returning(Item.id)
    ).first()
    if taken is None:
        return False
    session.execute(
        update(Lease)
        .where(Lease.id == lease.id)
        .values(state="done", slot=_free_slot_number(session, lease.item_id))
    )
    return True
