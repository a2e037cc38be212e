"""Writes of many calls at a time, in few transactions."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import event, text

from app.services.writing import Writer
from db.engine import DATABASE_DOWN, Engine, Session, reading


def note(name: str) -> Callable[[Session], str]:
    def work(session: Session) -> str:
        session.execute(text("INSERT INTO notes (name) VALUES (:name)"), {"name": name})
        return name

    return work


@pytest.fixture
def notes(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (name VARCHAR(10) UNIQUE)"))
    return engine


def stored(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return sorted(session.scalars(text("SELECT name FROM notes")))


def test_what_comes_while_another_write_is_under_way_is_committed_together(notes: Engine) -> None:
    commits: list[object] = []
    event.listen(notes, "commit", commits.append)
    held = threading.Event()

    def slow(session: Session) -> str:
        held.wait(10)
        return note("first")(session)

    async def go() -> list[str]:
        writer = Writer(notes)
        first = asyncio.create_task(writer.write(slow))
        await asyncio.sleep(0)  # the writer has begun with it
        others = [asyncio.create_task(writer.write(note(f"n{number:02}"))) for number in range(20)]
        await asyncio.sleep(0)
        held.set()
        return [await task for task in (first, *others)]

    found = asyncio.run(go())
    assert found == ["first", *(f"n{number:02}" for number in range(20))]
    assert stored(notes) == sorted(found)
    assert len(commits) == 3  # the first alone, then sixteen, then four


def test_one_that_cannot_be_stored_takes_no_other_with_it(notes: Engine) -> None:
    async def go() -> list[object]:
        writer = Writer(notes)
        return await asyncio.gather(
            *(writer.write(note(name)) for name in ("a", "b", "a", "c")), return_exceptions=True
        )

    first, second, twice, last = asyncio.run(go())
    assert (first, second, last) == ("a", "b", "c")
    assert "UNIQUE" in str(twice).upper()
    assert stored(notes) == ["a", "b", "c"]


def test_a_database_that_is_away_is_said_to_each_and_the_writer_goes_on(notes: Engine) -> None:
    away = [True]

    def work(session: Session) -> str:
        if away[0]:
            raise DATABASE_DOWN[0]("statement", {}, Exception("away"))
        return note("x")(session)

    async def go() -> tuple[list[str | BaseException], str]:
        writer = Writer(notes)
        lost = await asyncio.gather(*(writer.write(work) for _ in range(3)), return_exceptions=True)
        away[0] = False
        return lost, await writer.write(work)

    lost, after = asyncio.run(go())
    assert all(isinstance(error, DATABASE_DOWN) for error in lost) and after == "x"


def test_who_does_not_wait_any_longer_stops_nobody(notes: Engine) -> None:
    async def go() -> str:
        writer = Writer(notes)
        gone = asyncio.create_task(writer.write(note("gone")))
        await asyncio.sleep(0)
        other = asyncio.create_task(writer.write(note("other")))
        await asyncio.sleep(0)
        gone.cancel()
        return await other

    assert asyncio.run(go()) == "other"
    assert "other" in stored(notes)
