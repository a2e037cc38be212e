"""A disk that is full: nothing half-written, nothing paid twice, and everything goes on when there is room."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from app.services import agents, preannotation
from app.services.performing import perform
from app.wiring import handlers
from db.engine import DATABASE_DOWN, Engine, is_sqlite, reading
from db.models import Annotation, Call, Suggestion
from judge.llm import ScriptedGateway
from tests.app.services.test_labelling_jobs import labels, online, things
from tests.app.services.world import OPERATOR, World

LONG = "word " * 4000
"""More than what is left in half-filled pages."""


@pytest.fixture
def sqlite(engine: Engine) -> Engine:
    if not is_sqlite(engine):
        pytest.skip("SQLite can be told that its disk is full; PostgreSQL needs a full disk for it")
    return engine


@contextmanager
def full(engine: Engine) -> Iterator[None]:
    """No connection can make the file larger: SQLite reports what it reports on a full disk (SQLITE_FULL)."""

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # never below what there is

    engine.dispose()
    event.listen(engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(engine, "connect", limit)
        engine.dispose()


def test_what_a_model_said_waits_for_room_and_is_not_asked_for_again(
    sqlite: Engine, world: World, tmp_path: Path
) -> None:
    project = world.project()
    world.fill(project, things(1), tmp_path)
    reply = labels("good")
    reply["q1"]["reasons"] = LONG
    gateway = ScriptedGateway(lambda _: reply)
    ctx = online(world, gateway)
    preannotation.start(ctx, OPERATOR, project.id, agent=agents.DEFAULT)
    with reading(sqlite) as session:
        (call_id,) = [row.id for row in session.query(Call)]

    async def scene() -> None:
        doing = asyncio.ensure_future(perform(sqlite, handlers(ctx), call_id, patience_seconds=60))
        with full(sqlite):
            while not gateway.requests:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
            assert not doing.done()
        await doing

    asyncio.run(scene())
    assert len(gateway.requests) == 1
    with reading(sqlite) as session:
        assert session.query(Call).one().status == "done"
        assert session.query(Suggestion).filter_by(question="verdict").count() == 1


def test_a_submit_is_stored_whole_or_not_at_all(sqlite: Engine, world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, things(1), tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    with full(sqlite), pytest.raises(DATABASE_DOWN, match="full"):
        world.submit(ann, task, verdict="good", why=LONG)
    with reading(sqlite) as session:
        assert session.query(Annotation).count() == 0
    world.submit(ann, task, verdict="good", why=LONG)
    with reading(sqlite) as session:
        assert session.query(Annotation).count() == 1
