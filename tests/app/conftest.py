from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.bridge import ModelLoop
from app.cli import app
from app.services.context import Context
from app.services.jobs import Jobs
from app.settings import load_settings
from db.engine import Engine, open_engine
from tests.app.services.world import World


@pytest.fixture
def ctx(engine: Engine, tmp_path: Path) -> Iterator[Context]:
    jobs, loop = Jobs(engine), ModelLoop()
    settings = load_settings(_env_file=None, data_dir=tmp_path / "data")
    yield Context(settings=settings, engine=engine, jobs=jobs, gateway=None, loop=loop)
    loop.close()
    jobs.close()


@pytest.fixture
def world(ctx: Context) -> World:
    return World(ctx)


@pytest.fixture
def world_on_postgresql(postgresql_url: str, tmp_path: Path) -> Iterator[World]:
    """For what only happens where several workers share one database."""
    engine = open_engine(postgresql_url)
    jobs, loop = Jobs(engine), ModelLoop()
    settings = load_settings(_env_file=None, data_dir=tmp_path / "data")
    yield World(Context(settings=settings, engine=engine, jobs=jobs, gateway=None, loop=loop))
    loop.close()
    jobs.close()
    engine.dispose()


def run_command(*arguments: str) -> str:
    """What `milo …` prints; an exit code other than 0 fails the test."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.stdout


@pytest.fixture
def milo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command, in a folder of its own with its own database."""
    monkeypatch.chdir(tmp_path)
    for name in ("MILO_DATABASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MILO_DATA_DIR", str(tmp_path / "data"))
    return run_command
