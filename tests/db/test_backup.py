"""A backup holds what was there at one moment, and comes back only into an empty database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from db.backup import backup, restore
from db.engine import Engine, is_sqlite, open_engine, transaction
from db.errors import BackupFailed
from db.migrate import drift, revision
from tests.databases import Server


def write(engine: Engine, name: str) -> None:
    with transaction(engine) as session:
        session.execute(
            text("INSERT INTO agents (name, kind, configuration, hash, created_by, created_at) VALUES (:n, 'classifier', '{}', 'h', 'x', '2026-01-01 00:00:00')"),
            {"n": name},
        )  # fmt: skip


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [name for (name,) in connection.execute(text("SELECT name FROM agents ORDER BY name"))]


@pytest.fixture
def empty(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of the same kind that holds nothing."""
    if is_sqlite(engine):
        made = open_engine(f"sqlite:///{tmp_path / 'restored' / 'milo.db'}")
        yield made
        made.dispose()
        return
    server: Server = request.getfixturevalue("postgresql")
    control = open_engine(f"{server.url}/postgres").execution_options(isolation_level="AUTOCOMMIT")
    with control.connect() as connection:
        connection.execute(text("CREATE DATABASE milo_restored"))
        made = open_engine(f"{server.url}/milo_restored")
        yield made
        made.dispose()
        connection.execute(text("DROP DATABASE milo_restored WITH (FORCE)"))
    control.dispose()


def test_what_is_backed_up_comes_back(engine: Engine, empty: Engine, tmp_path: Path) -> None:
    write(engine, "before")
    out = tmp_path / "copies" / "milo.backup"
    backup(engine, out)
    write(engine, "after")
    restore(empty, out)
    assert names(empty) == ["before"] and names(engine) == ["after", "before"]
    assert revision(empty) == revision(engine) and drift(empty) == []
    assert [path.name for path in out.parent.iterdir()] == ["milo.backup"]


def test_nothing_is_restored_over_something(engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "milo.backup"
    backup(engine, out)
    with pytest.raises(BackupFailed, match="already"):
        restore(engine, out)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    target = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    garbage, other = tmp_path / "garbage", tmp_path / "other.db"
    garbage.write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (x)")
    for path, words in ((garbage, "no SQLite"), (other, "no tables of it"), (tmp_path / "none", "no file")):
        with pytest.raises(BackupFailed, match=words):
            restore(target, path)
    target.dispose()
