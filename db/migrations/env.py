"""Alembic's entry: the connection handed over by `db.migrate`, or the address given with -x url=…."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, BigInteger, Connection
from sqlalchemy.schema import SchemaItem

import db.models  # noqa: F401 - registers every table
from db.base import Base
from db.engine import open_engine
from db.types import UtcDateTime

target_metadata = Base.metadata


def _ours(_item: SchemaItem, name: str | None, kind: str, reflected: bool, _other: SchemaItem | None) -> bool:
    # The job engine keeps its own tables in the same SQLite file; they are its business.
    return not (kind == "table" and reflected and name not in target_metadata.tables)


def _render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    if kind == "type":
        for type_, name in ((UtcDateTime, "UtcDateTime()"), (JSON, "Json"), (BigInteger, "BigKey")):
            if isinstance(item, type_):
                return name
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=_ours,
        render_item=_render,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _run(handed_over)
else:
    with open_engine(context.get_x_argument(as_dictionary=True)["url"]).connect() as opened:
        _run(opened)
