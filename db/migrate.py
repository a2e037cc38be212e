"""Bringing a database to the shape this code needs, and saying so when it is not.

A missing SQLite file is made. An older schema, or an empty PostgreSQL, is refused by `require_current` with
the command that mends it: nobody's team database is changed by starting a page.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from db.base import Base
from db.engine import is_sqlite
from db.errors import DatabaseMissing, SchemaOutdated

__all__ = ["drift", "require_current", "revision", "upgrade"]


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def revision(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one.

    Raises DatabaseMissing when nothing answers at the address.
    """
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise DatabaseMissing(f"no database answers at {where}: {error.orig}") from error


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def upgrade(engine: Engine, to: str = "head") -> None:
    """Run the migrations up to `to`.

    Alembic rebuilds an SQLite table by copy, drop, rename. With foreign keys enforced the drop would fire
    ON DELETE rules and break references in between, so they are off during the run and checked after it.
    """
    _migrate(engine, to, up=True)


def downgrade(engine: Engine, to: str) -> None:
    """Run the migrations back to `to`; for tests and for a way back from a failed release."""
    _migrate(engine, to, up=False)


def _migrate(engine: Engine, to: str, *, up: bool) -> None:
    with engine.connect() as connection:
        sqlite = is_sqlite(engine)
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        (command.upgrade if up else command.downgrade)(_config(connection), to)
        connection.commit()
        if sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            if broken:
                raise SchemaOutdated(f"migration left {len(broken)} broken references, first: {broken[0]}")


def require_current(engine: Engine) -> None:
    """Make a missing SQLite database; refuse anything else that is not at the newest revision."""
    at = revision(engine)
    if at == _head():
        return
    if at is None and is_sqlite(engine):
        upgrade(engine)
        return
    state = "is empty" if at is None else f"is at revision {at}, this code needs {_head()}"
    raise SchemaOutdated(f"the database {state}; run `milo db upgrade`")


def drift(engine: Engine) -> list[str]:
    """Differences between the database's tables and the models, one line each."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _item, name, kind, reflected, _other: (
                    not (kind == "table" and reflected and name not in Base.metadata.tables)
                ),
            },
        )
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]
