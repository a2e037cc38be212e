"""The verification table over 100,000 suggestions: what a person waits for, beside reading the same rows with pandas.

    python benchmarks/verification_table.py [--items 100000]

Prints milliseconds of the first list, of the next part while scrolling, of filters, searches and orders, and their
ratio to `pandas.read_sql` of all suggestions, which is what a notebook would do.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from app.services import accounts, verification
from app.services.context import Actor
from app.services.intake import import_items
from app.services.projects import create_project
from app.services.verification_list import Filters
from app.settings import load_settings
from app.wiring import build_context, close_context

OPERATOR = Actor.operator()
SCHEMA = "questions: [{id: q, type: choice, title: Q, options: [{value: a}, {value: b}, {value: c}]}]"


def timed(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    count = parser.parse_args().items
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ctx = build_context(load_settings(_env_file=None, data_dir=folder, database_url=None))
        project = create_project(ctx, OPERATOR, name="P", schema_yaml=SCHEMA, guidelines="", settings={})
        path = folder / "items.jsonl"
        with path.open("w") as file:
            for n in range(count):
                row = {
                    "id": f"i{n}",
                    "text": f"Text number {n} of many, about {'parcels' if n % 7 else 'refunds'}. " * 4,
                    "metadata": {"length": n % 991},
                    "suggestions": [
                        {"question": "q", "value": "abc"[n % 3], "confidence": n % 1000 / 1000, "model": "m"}
                    ],
                }
                file.write(json.dumps(row) + "\n")
        import_items(ctx, OPERATOR, project.id, path)
        user = accounts.add_user(ctx, OPERATOR, login="ann", name="A", password="long enough", is_admin=False)
        accounts.give_role(ctx, OPERATOR, project_id=project.id, login="ann", role="annotator")
        ann = Actor(user.id, user.login, user.name, user.is_admin)

        def show(offset: int = 0, **filters: Any) -> None:
            verification.list_rows(
                ctx, ann, project.id, question="q", filters=Filters(**filters), offset=offset
            )

        with ctx.engine.connect() as connection:
            plain = timed(
                lambda: pd.read_sql(
                    "select items.*, suggestions.* from suggestions join items on items.id = suggestions.item_id",
                    connection,
                )
            )
        print(f"pandas.read_sql of {count} suggestions with their items: {plain:.0f} ms")
        for words, act in (
            ("first list", show),
            ("scrolling on", lambda: show(offset=count // 2)),
            ("one label, least sure first", lambda: show(label="a", sort="confidence")),
            ("search, the first time", lambda: show(search="refunds")),
            ("search again", lambda: show(search="refunds many")),
            ("by a metadata column, the first time", lambda: show(sort="meta.length")),
            ("by a metadata column again", lambda: show(sort="meta.length", descending=True)),
        ):
            took = timed(act)
            print(f"  {words:<38} {took:7.0f} ms, {took / plain:.3f} of it")
        close_context(ctx)


if __name__ == "__main__":
    main()
