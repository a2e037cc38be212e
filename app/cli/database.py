"""db: the database's shape."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import DataDir
from app.settings import Settings, load_settings
from db.backup import backup as make_backup
from db.backup import restore as restore_backup
from db.engine import open_engine
from db.errors import SchemaOutdated
from db.migrate import drift, revision
from db.migrate import upgrade as migrate

__all__ = ["app"]

app = typer.Typer(
    help="Bring the database up to date, check its shape, copy it and put it back.", no_args_is_help=True
)


def _settings(data_dir: Path | None) -> Settings:
    return load_settings(**({"data_dir": data_dir} if data_dir else {}))


@app.command()
def upgrade(data_dir: DataDir = None) -> None:
    """Bring the database to the shape that this version needs."""
    engine = open_engine(_settings(data_dir).url)
    before = revision(engine)
    migrate(engine)
    print(f"at revision {revision(engine)} (was {before or 'empty'})")
    engine.dispose()


@app.command()
def check(data_dir: DataDir = None) -> None:
    """Compare the database with what this version expects."""
    engine = open_engine(_settings(data_dir).url)
    found = drift(engine)
    engine.dispose()
    if found:
        raise SchemaOutdated("; ".join(found[:5]) + "; run `milo db upgrade`")
    print("the database has the expected shape")


@app.command()
def backup(
    out: Annotated[Path, typer.Option(help="File to write; whole or not at all.")], data_dir: DataDir = None
) -> None:
    """Copy the whole database into one file, while others go on working. Media files are not in it."""
    engine = open_engine(_settings(data_dir).url)
    make_backup(engine, out)
    engine.dispose()
    print(f"wrote {out}, {out.stat().st_size:,} bytes")


@app.command()
def restore(file: Path, data_dir: DataDir = None) -> None:
    """Put a backup into an empty database; one that holds anything is left alone."""
    engine = open_engine(_settings(data_dir).url)
    restore_backup(engine, file)
    print(f"restored {file}, at revision {revision(engine)}")
    engine.dispose()
