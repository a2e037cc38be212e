from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bridge import ModelLoop
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
