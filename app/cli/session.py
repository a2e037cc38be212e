"""What every command needs: the context, opened and closed, and JSON on standard output."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.services.context import Actor, Context
from app.settings import load_settings
from app.wiring import build_context, close_context

__all__ = ["OPERATOR", "DataDir", "Json", "opened", "print_json"]

OPERATOR = Actor.operator()

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder for database and media [env: MILO_DATA_DIR; default: data/milo].",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@contextmanager
def opened(data_dir: Path | None = None) -> Iterator[Context]:
    """The context of a command. MILO_DATABASE_URL wins over `data_dir` for the database."""
    ctx = build_context(load_settings(**({"data_dir": data_dir} if data_dir else {})))
    try:
        yield ctx
    finally:
        close_context(ctx)


def print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode())
