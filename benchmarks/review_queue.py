"""The queue of review over many answers: the first time, again, after a decision, and where no rule draws anything.

    python -m benchmarks.review_queue [--items 20000]

Two answers to most items, one in 23 differs; on SQLite. Beside it the same answers read into pandas, which applies
no rule yet.
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd
from sqlalchemy import text

from app.schema.workplace import ReviewRules
from app.services import accounts
from app.services.context import Actor
from app.services.review import review
from app.services.review_queue import review_queue
from app.settings import load_settings
from app.wiring import build_context, close_context
from benchmarks.board import OPERATOR, prepare, seconds
from db.migrate import upgrade

NOTHING = ReviewRules(disagreement=0, judge_doubt=0, new_person=0, floor=0, second_look=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--items", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ctx = build_context(load_settings(_env_file=None, data_dir=Path(folder)))
        upgrade(ctx.engine)
        project_id = prepare(ctx, asked.items)
        user = accounts.add_user(
            ctx, OPERATOR, login="lead", name="lead", password="long enough", is_admin=True
        )
        lead = Actor(user.id, "lead", "lead", True)
        first = seconds(lambda: review_queue(ctx, lead, project_id))
        again = min(seconds(lambda: review_queue(ctx, lead, project_id)) for _ in range(3))
        found = review_queue(ctx, lead, project_id)
        chosen = found.cases[0].annotation.id
        review(ctx, lead, project_id, chosen, outcome="accepted", form_token="benchmark")
        decided = seconds(lambda: review_queue(ctx, lead, project_id))
        nothing = seconds(lambda: review_queue(ctx, lead, project_id, rules=NOTHING))
        with ctx.engine.connect() as connection:
            query = text(
                "SELECT a.item_id, a.user_id, a.revision, a.state, b.question, b.value FROM annotations a "
                "JOIN answers b ON b.annotation_id = a.id"
            )
            plain = seconds(lambda: pd.read_sql(query, connection))
        print(
            f"{asked.items:,} items, {found.waiting:,} answers wait: first {first:.2f} s, again {again:.2f} s, "
            f"after a decision {decided:.2f} s, where no rule draws anything {nothing:.2f} s"
        )
        print(
            f"the same answers read by pandas {plain:.2f} s; after a decision is {plain / decided:.1f} times as fast as that"
        )
        close_context(ctx)


if __name__ == "__main__":
    main()
