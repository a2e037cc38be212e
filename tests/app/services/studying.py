"""A project with a study in it: items with a suggestion, people who answer, times by a stroke of the pen."""

from pathlib import Path
from typing import Any

from app.services import studies
from app.services.assignment import Task
from app.services.context import Actor
from db.engine import transaction
from db.models import Visit
from db.records import ProjectRecord
from tests.app.services.world import OPERATOR, World

PLAN: dict[str, Any] = {
    "question": "Do suggestions save time here?",
    "arms": [{"name": "none"}, {"name": "suggestion", "suggestion": "at_once"}],
    "design": "per item",
    "seed": 7,
    "people": 2,
    "outcome": {"figure": "time", "words": "Change of handling time with a suggestion."},
    "smallest_effect": -0.1,
    "stop": {"answers": 1000},
}


def filled(
    world: World, tmp_path: Path, count: int, *, gold: str | None = "good", **settings: Any
) -> ProjectRecord:
    """A project of `count` items, each with the suggestion `good`; the same answer is gold where given."""
    project = world.project(**{"overlap": 50} | settings)
    rows = [
        {
            "id": f"i{n}",
            "text": f"thing {n}",
            "suggestions": {"verdict": {"value": "good", "confidence": 0.9}},
        }
        | ({"gold": {"verdict": gold}} if gold else {})
        for n in range(count)
    ]
    world.fill(project, rows, tmp_path)
    return project


def started(world: World, project: ProjectRecord, name: str = "S", **changes: Any) -> studies.StudyState:
    studies.define_study(world.ctx, OPERATOR, project.id, name=name, source=PLAN | changes)
    return studies.start_study(world.ctx, OPERATOR, project.id, name)


def answered(
    world: World, person: Actor, project: ProjectRecord, verdict: str = "good", *, seconds: float = 10.0
) -> Task:
    """The next item, answered in so many seconds of reading."""
    task = world.next(person, project)
    world.submit(person, task, verdict=verdict)
    with transaction(world.ctx.engine) as session:
        session.add(
            Visit(
                project_id=project.id,
                item_id=task.item.id,
                user_id=task.lease.user_id,
                opened_at=task.lease.granted_at,
                last_event_at=task.lease.granted_at,
                idle_rule_seconds=120,
                reading=seconds,
                outcome="submitted",
            )
        )
    return task
