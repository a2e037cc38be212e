"""A small world to test use cases in: people, a project and items, made by the services themselves."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.services import accounts, answering, assignment
from app.services.assignment import Task
from app.services.context import Actor, Context
from app.services.intake import ImportReport, import_items
from app.services.performing import perform
from app.services.projects import create_project
from app.wiring import handlers
from db.engine import reading, transaction
from db.models import Call
from db.records import ProjectRecord
from db.store import ratings
from rubrics import catalog

SCHEMA = """
questions:
  - id: verdict
    type: choice
    title: Good?
    options: [{value: good}, {value: bad}]
  - id: why
    type: text
    title: Why?
    required: false
    judged: true
"""

OPERATOR = Actor.operator()


class World:
    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def person(self, login: str, *, admin: bool = False) -> Actor:
        user = accounts.add_user(
            self.ctx, OPERATOR, login=login, name=login, password="long enough", is_admin=admin
        )
        return Actor(user.id, user.login, user.name, user.is_admin)

    def project(self, name: str = "P", **settings: Any) -> ProjectRecord:
        return create_project(
            self.ctx,
            OPERATOR,
            name=name,
            schema_yaml=SCHEMA,
            guidelines="# Guidelines\n\n## Irony\n\nIrony counts as good.",
            rubric=catalog()["customer-answer"],
            settings=settings,
        )

    def member(self, project: ProjectRecord, login: str, *roles: str) -> Actor:
        actor = self.person(login)
        for role in roles or ("annotator",):
            accounts.give_role(self.ctx, OPERATOR, project_id=project.id, login=login, role=role)
        return actor

    def fill(self, project: ProjectRecord, rows: list[dict[str, Any]], folder: Path) -> ImportReport:
        path = folder / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return import_items(self.ctx, OPERATOR, project.id, path)

    def rate(
        self,
        project: ProjectRecord,
        rows: list[tuple[str, str, str]],
        *,
        kind: str = "human",
        question: str = "verdict",
    ) -> None:
        """Ratings (item, rater, value) past the checks of an import, as another program may have written them."""
        same = {"project_id": project.id, "rater_kind": kind, "question": question, "repeat": 0, "meta": {}}
        with transaction(self.ctx.engine) as session:
            ratings.add_ratings(
                session,
                [same | {"item": item, "rater": rater, "value": value} for item, rater, value in rows],
            )

    def next(self, actor: Actor, project: ProjectRecord, *held: int) -> Task:
        found = assignment.next_task(self.ctx, actor, project.id, held=held)
        assert found.task is not None, found.reason
        return found.task

    def submit(self, actor: Actor, task: Task, **answers: Any) -> answering.Submitted:
        return answering.submit(
            self.ctx, actor, item_id=task.item.id, form_token=task.lease.form_token, answers=answers
        )

    def do_calls(self) -> list[str]:
        """Do every queued call as a worker would; returns the statuses afterwards."""
        with reading(self.ctx.engine) as session:
            ids = [row.id for row in session.query(Call).filter(Call.status == "queued")]
        for call_id in ids:
            asyncio.run(perform(self.ctx.engine, handlers(self.ctx), call_id))
        with reading(self.ctx.engine) as session:
            return [row.status for row in session.query(Call).filter(Call.id.in_(ids))]


def ratings_file(rows: Sequence[Sequence[Any]], folder: Path, *, question: str = "q", **more: Any) -> Path:
    """item, rater, value of each row as JSON Lines; None is a field that is not there."""
    path = folder / "r.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for item, rater, value in rows:
            row = {"item": item, "rater": rater, "question": question, "value": value, **more}
            file.write(json.dumps({name: cell for name, cell in row.items() if cell is not None}) + "\n")
    return path
