"""The board of states and the queue of Adjudicate over a hundred thousand items: what a person waits for, the first time, again, and after an answer.

    python benchmarks/board.py [--items 100000]

Four of five items have both of the two answers that they want, the others one or none. On SQLite. Beside it
the same rows read into pandas, which says nothing of states yet.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
from sqlalchemy import text

from app.clock import utc_now
from app.services.adjudication_queue import adjudication_queue
from app.services.board import board
from app.services.context import Actor, Context, Kept
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.bulk import insert_tuples
from db.engine import transaction
from db.migrate import upgrade
from db.models import Annotation, Answer, Item
from db.store import items, people, projects

OPERATOR = Actor.operator()
SCHEMA = "questions:\n  - {id: verdict, type: choice, title: Good, options: [{value: good}, {value: bad}]}\n"
TARGET_FIRST, TARGET_AGAIN = 10.0, 2.0


def prepare(ctx: Context, count: int) -> int:
    project = create_project(
        ctx, OPERATOR, name="B", schema_yaml=SCHEMA, guidelines="", rubric=None, settings={"overlap": 2}
    )
    now = utc_now()
    with transaction(ctx.engine) as session:
        schema = projects.latest_schema(session, project.id)
        guidelines = projects.latest_guidelines(session, project.id)
        assert schema is not None and guidelines is not None
        users = [
            people.add_user(session, login=f"p{n}", name=f"p{n}", password_hash="", is_admin=False, simulated=True, now=now).id
            for n in range(2)
        ]  # fmt: skip
        content = {"parts": [{"name": "text", "kind": "text", "text": "t"}]}
        items.add_items(
            session,
            [
                (project.id, f"i{n}", 1, True, n, content, {}, "h", None, max(0, n % 10 - 7), now)
                for n in range(count)
            ],
        )
        ids = [row for (row,) in session.query(Item.id).order_by(Item.id)]
        given = [
            (item_id, user)
            for place, item_id in enumerate(ids)
            for number, user in enumerate(users)
            if number < 2 - max(0, place % 10 - 7)
        ]
        columns = (
            "project_id", "item_id", "user_id", "revision", "state", "skip_reason", "late", "schema_version_id",
            "guideline_version_id", "form_token", "position", "simulated", "submitted_at",
        )  # fmt: skip
        insert_tuples(
            session,
            Annotation,
            columns,
            [
                (project.id, item_id, user, 1, "submitted", "", False, schema.id, guidelines.id, f"t{n}", n // 2, True, now)
                for n, (item_id, user) in enumerate(given)
            ],
        )  # fmt: skip
        annotations = [row for (row,) in session.query(Annotation.id).order_by(Annotation.id)]
        insert_tuples(
            session,
            Answer,
            ("annotation_id", "question", "value"),
            [(annotation, "verdict", ["bad" if n % 23 == 0 else "good"]) for n, annotation in enumerate(annotations)],
        )  # fmt: skip
    return project.id


def seconds(make: Callable[[], object]) -> float:
    started = time.perf_counter()
    make()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--items", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(_env_file=None, data_dir=Path(folder))
        ctx = build_context(settings)
        upgrade(ctx.engine)
        project_id = prepare(ctx, asked.items)
        first = seconds(lambda: board(ctx, OPERATOR, project_id))
        again = min(seconds(lambda: board(ctx, OPERATOR, project_id)) for _ in range(3))
        cases = len(adjudication_queue(replace(ctx, figures=Kept(10)), OPERATOR, project_id))
        first_cases = seconds(lambda: adjudication_queue(ctx, OPERATOR, project_id))
        cases_again = min(seconds(lambda: adjudication_queue(ctx, OPERATOR, project_id)) for _ in range(3))
        with transaction(ctx.engine) as session:
            session.execute(
                text(
                    "INSERT INTO annotations (project_id, item_id, user_id, revision, state, skip_reason, late, schema_version_id, "
                    "guideline_version_id, form_token, position, simulated, submitted_at) SELECT project_id, item_id, user_id, 2, state, "
                    "skip_reason, late, schema_version_id, guideline_version_id, 'again', position, simulated, submitted_at FROM annotations "
                    "ORDER BY id LIMIT 1"
                )
            )
        changed = seconds(lambda: board(ctx, OPERATOR, project_id))
        with_one_more = seconds(lambda: adjudication_queue(ctx, OPERATOR, project_id))
        with ctx.engine.connect() as connection:
            query = text(
                "SELECT a.item_id, a.user_id, a.revision, a.state, b.question, b.value FROM annotations a JOIN answers b "
                "ON b.annotation_id = a.id"
            )
            plain = seconds(lambda: pd.read_sql(query, connection))
        print(
            f"{asked.items:,} items: first {first:.2f} s, again {again:.2f} s, after one more answer {changed:.2f} s"
        )
        print(
            f"the same answers read by pandas {plain:.2f} s; again is {plain / again:.1f} times as fast as that"
        )
        print(
            f"{cases:,} cases to adjudicate: first {first_cases:.2f} s, again {cases_again:.2f} s, after one more answer "
            f"{with_one_more:.2f} s"
        )
        print(f"targets: first {TARGET_FIRST:g} s, again {TARGET_AGAIN:g} s")
        close_context(ctx)


if __name__ == "__main__":
    main()
