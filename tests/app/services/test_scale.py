"""A hundred thousand answers go out, every one of them."""

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert

from app.clock import utc_now
from app.services.export import COLUMNS, export_answers
from db.engine import transaction
from db.models import Annotation, Answer
from db.store import items, projects
from tests.app.services.world import OPERATOR, World

ROWS = 100_000


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["parquet"])
def test_an_export_of_a_hundred_thousand_answers_is_whole(world: World, tmp_path: Path, format_: str) -> None:
    project = world.project()
    ann = world.member(project, "ann")
    now = utc_now()
    with transaction(world.ctx.engine) as session:
        schema, guidelines = (
            projects.latest_schema(session, project.id),
            projects.latest_guidelines(session, project.id),
        )
        assert schema is not None and guidelines is not None
        content = {"parts": [{"name": "text", "kind": "text", "text": "t"}]}
        items.add_items(
            session,
            [(project.id, f"i{n}", 1, True, n, content, {"n": 1}, "h", None, 0, now) for n in range(ROWS)],
        )
        annotation = {
            "project_id": project.id,
            "user_id": ann.user_id,
            "revision": 1,
            "state": "submitted",
            "skip_reason": "",
            "arm": None,
            "late": False,
            "schema_version_id": schema.id,
            "guideline_version_id": guidelines.id,
            "simulated": True,
            "submitted_at": now,
        }
        connection = session.connection()
        connection.execute(
            insert(Annotation),
            [annotation | {"item_id": n, "form_token": f"f{n}", "position": n} for n in range(1, ROWS + 1)],
        )
        connection.execute(
            insert(Answer),
            [
                {"annotation_id": n, "question": "verdict", "value": ["good"], "suggestion_id": None}
                for n in range(1, ROWS + 1)
            ],
        )
    out = tmp_path / f"o.{format_}"
    assert export_answers(world.ctx, OPERATOR, project.id, out, format=format_) == ROWS
    if format_ == "parquet":
        frame = pd.read_parquet(out, columns=["external_id", "value"])
        assert frame["external_id"].nunique() == ROWS and tuple(pd.read_parquet(out).columns) == COLUMNS
    else:
        with out.open() as file:
            assert sum(1 for _ in file) == ROWS
