"""Engines and transactions. Every pragma and pool number stands here with its reason."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["DATABASE_DOWN", "Engine", "Session", "is_sqlite", "open_engine", "reading", "transaction"]

DATABASE_DOWN = (OperationalError, InterfaceError)
"""What SQLAlchemy raises when the database itself is away; worth trying again."""

_WRITERS: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()
"""One lock an engine, for its writing transactions on SQLite. SQLite itself makes waiting writers sleep and try
again, the longer the later: of 25 at once some wait for seconds. In one process they queue up here instead."""

_BUSY_MILLISECONDS = 30_000
"""Writers of one SQLite file queue up; 30 s outlasts any of our transactions by far."""


def _dumps(value: object) -> str:
    # A third of an import is writing JSON; this writes it five times as fast as the standard library.
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # Two transactions that both read first and then write would deadlock each other (SQLITE_BUSY at once,
    # no waiting) under the default deferred mode.
    connection.isolation_level = "IMMEDIATE"
    if sqlite3.sqlite_version_info < (3, 42):
        # The job engine asks for unixepoch('subsec'), which older SQLite lacks.
        connection.create_function("unixepoch", -1, lambda *_: time.time())
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers go on while one writes
    cursor.execute(
        "PRAGMA synchronous=NORMAL"
    )  # safe with WAL against a killed process; a power cut may cost the last commits
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys=ON")  # off by default in SQLite
    cursor.execute("PRAGMA cache_size=-65536")  # 64 MiB a connection: a 10,000-item project stays in memory
    cursor.close()


def open_engine(url: str) -> Engine:
    """An engine for a SQLite file or a PostgreSQL server; connects lazily.

    `:memory:` is not supported: each thread would see a database of its own.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        if address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(address, pool_size=20, max_overflow=20, json_serializer=_dumps)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    # 10 + 10: pages are short; several processes share the server's 100 connections.
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        json_serializer=_dumps,
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session that commits once at the end, or not at all.

    On SQLite the write lock is taken at the start: what the transaction reads stays true until it commits.
    Keep it short, and never wait for a model inside.
    """
    sqlite = is_sqlite(engine)
    writer = _WRITERS.setdefault(engine, Lock()) if sqlite else nullcontext()
    with writer, Session(engine, expire_on_commit=False) as session, session.begin():
        if sqlite:
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for reading only; what it would write is rolled back.

    On SQLite it never takes the write lock: the driver begins a transaction before the first write only.
    """
    with Session(engine, autoflush=False) as session:
        yield session
