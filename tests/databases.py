"""Fresh databases of both kinds for every test that asks for `engine`.

SQLite: a copy of one migrated file. PostgreSQL: a real server, started once per run in a temporary folder, and a
clone of one migrated database per test. A machine without PostgreSQL skips that half, with the reason; with
CI=true it fails instead.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from app.services.jobs import Jobs
from db.engine import Engine, open_engine
from db.migrate import upgrade

_numbers = count()
_NOT_INSTALLED = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


def _as_somebody() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


@dataclass(frozen=True)
class Server:
    url: str
    """Without a database name."""
    restart: Callable[[float], None] | None
    """Kills it, waits so many seconds and starts it again; None for a server that is not ours."""


@pytest.fixture(scope="session")
def postgresql_server(postgresql: Server) -> str:
    """Address of a running server, without a database name."""
    return postgresql.url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running PostgreSQL server."""
    given = os.environ.get("MILO_TEST_POSTGRES_URL")
    if given:
        yield Server(given.rstrip("/"), None)
        return
    if _programs() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_NOT_INSTALLED)
        pytest.skip(_NOT_INSTALLED)
    with running_postgresql() as server:
        yield server


@contextmanager
def running_postgresql() -> Iterator[Server]:
    """A server of its own in a temporary folder, for tests and benchmarks."""
    programs = _programs()
    if programs is None:
        raise FileNotFoundError(_NOT_INSTALLED)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="milo-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    run: list[str | Path] = [*_as_somebody()]
    subprocess.run(
        [*run, programs / "initdb", "-D", data, "-A", "trust", "-U", "milo", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c max_connections=60"
    control: list[str | Path] = [*run, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]

    def begin() -> None:
        subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd="/")

    def restart(seconds: float) -> None:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd="/")
        time.sleep(seconds)
        begin()

    begin()
    try:
        yield Server(f"postgresql://milo@127.0.0.1:{port}", restart)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    jobs = Jobs(engine)
    jobs.prepare()
    jobs.close()
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    _prepare(f"sqlite:///{path}")
    engine = open_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    _execute(postgresql_server, "CREATE DATABASE milo_template")
    _prepare(f"{postgresql_server}/milo_template")
    return "milo_template"


def _execute(server: str, statement: str) -> None:
    engine = open_engine(f"{server}/postgres").execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "milo.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    name = f"milo_test_{next(_numbers)}"
    _execute(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    yield f"{postgresql_server}/{name}"
    _execute(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database; each test runs once on either kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()
