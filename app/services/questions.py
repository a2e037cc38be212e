"""What people ask the assistant, by guideline section: where the guidelines leave them alone."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from app.services import policy
from app.services.context import Actor, Context
from db.engine import reading
from db.store import chat

__all__ = ["SectionQuestions", "questions_by_section"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SectionQuestions:
    section: str
    """Title of the guideline section nearest to the questions; empty for those that none shares a word with."""
    count: int
    people: int
    last_at: datetime
    questions: list[str]
    """People's own words, newest first, the first twenty; quick actions are counted and not listed."""


def questions_by_section(ctx: Context, actor: Actor, project_id: int) -> list[SectionQuestions]:
    """Sections with their questions, most asked first. For those who may read everybody's answers."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "read_all")
        rows = chat.questions_of_project(session, project_id)
    groups: dict[str, list[tuple[str, str, int, datetime]]] = defaultdict(list)
    for section, text, action, user_id, at in rows:
        groups[section].append((text, action, user_id, at))
    found = [
        SectionQuestions(
            section=section,
            count=len(group),
            people=len({user_id for _, _, user_id, _ in group}),
            last_at=max(at for *_, at in group),
            questions=[text for text, action, _, _ in group if not action][:_SHOWN],
        )
        for section, group in groups.items()
    ]
    return sorted(found, key=lambda row: -row.count)
