"""A copy of the whole database in one file, and back: SQLite by its own online copy, PostgreSQL by its own programs.

What is copied is one moment, while others go on writing. A file is written whole or not at all; nothing is
restored over a database that holds anything.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, inspect

from db.engine import is_sqlite
from db.errors import BackupFailed

__all__ = ["backup", "restore"]


def backup(engine: Engine, out: Path) -> None:
    """Write the database to `out`. Raises BackupFailed with the reason."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        if is_sqlite(engine):
            _copy_sqlite(_file_of(engine), temporary)
        else:
            _run("pg_dump", engine, "--format=custom", "--no-owner", f"--file={temporary}")
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def restore(engine: Engine, source: Path) -> None:
    """Put a backup into an empty database (SQLite: a file that is not there yet).

    Raises BackupFailed for a database that holds tables, and for a file that is no sound backup.
    """
    if not source.is_file():
        raise BackupFailed(f"there is no file {source}")
    if is_sqlite(engine):
        target = _file_of(engine)
        if target.exists() and inspect(engine).get_table_names():
            raise BackupFailed(f"{target} holds a database already; move it away first")
        _check_sqlite(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(source, target)
        return
    if inspect(engine).get_table_names():
        raise BackupFailed("this database holds tables already; restore into an empty one")
    _run("pg_restore", engine, "--no-owner", "--exit-on-error", "--single-transaction", str(source))


def _file_of(engine: Engine) -> Path:
    return Path(str(engine.url.database))


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise BackupFailed(f"there is no database at {source}")
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            # A file of its own: with the log beside it, half of it would be left behind when it is moved.
            new.execute("PRAGMA journal_mode=DELETE")
        _check_sqlite(target)
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{source} cannot be copied: {error}") from error


def _check_sqlite(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
            known = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{path} is no SQLite database: {error}") from error
    if found != "ok" or not known:
        raise BackupFailed(
            f"{path} is no sound database of MILO: {found if found != 'ok' else 'no tables of it'}"
        )


def _run(program: str, engine: Engine, *arguments: str) -> None:
    found = shutil.which(program) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)),
        None,
    )
    if found is None:
        raise BackupFailed(f"{program} is not installed; it comes with PostgreSQL's client programs")
    url = engine.url.set(drivername="postgresql")
    environment = {**os.environ, "PGPASSWORD": url.password or ""}  # noqa: TID251 - handed to PostgreSQL's program
    address = url.set(password=None).render_as_string(hide_password=False)
    done = subprocess.run(
        [found, f"--dbname={address}", *arguments], capture_output=True, text=True, env=environment
    )
    if done.returncode != 0:
        raise BackupFailed(f"{program}: {done.stderr.strip()[:500]}")
