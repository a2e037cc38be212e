"""What the assistant is told about an item: the item, what is asked, what is on screen, and verified examples."""

from collections.abc import Mapping
from typing import Any

from app.agents.assistant import AssistantRequest
from app.agents.guideline_search import Example
from app.errors import NotFound
from app.schema import LabelSchema
from app.services import arms
from app.services.projects import schema_of
from app.services.submissions import full_text, plain_text
from db.engine import Session
from db.records import ItemRecord, LeaseRecord, ProjectRecord
from db.store import items, leases, projects, teaching

__all__ = ["request_about"]


def request_about(
    session: Session,
    project: ProjectRecord,
    item: ItemRecord,
    lease: LeaseRecord,
    text: str,
    draft: Mapping[str, Any],
) -> AssistantRequest:
    schema_version = projects.latest_schema(session, project.id)
    guidelines = projects.latest_guidelines(session, project.id)
    if schema_version is None:
        raise NotFound(f"project {project.name!r} has no label schema")
    schema = schema_of(schema_version)
    shown = list(arms.visible(lease).values())
    return AssistantRequest(
        question=text,
        action=None,
        history=(),
        item_text=full_text(item.content),
        images=(),
        schema=schema,
        guidelines=guidelines.text if guidelines else "",
        suggestions={
            question: row.value[0] for question, row in items.suggestions_by_id(session, shown).items()
        },
        draft=draft,
        examples=_examples(session, project, schema, item, lease.user_id),
        guide_only=False,
        blind=(),
        hints=False,
    )


def _examples(
    session: Session, project: ProjectRecord, schema: LabelSchema, item: ItemRecord, user_id: int
) -> list[Example]:
    """Verified examples among what this person has answered already.

    The verified label of any other item would give away an answer that they are, or may be, asked for.
    """
    choice = next((question for question in schema.questions if question.type == "choice"), None)
    if choice is None:
        return []
    answered = leases.answered_items(session, project.id, user_id) - {item.id}
    return [
        Example(plain_text(content), str(value))
        for item_id, content, value in teaching.verified_texts(session, project.id, choice.id)
        if item_id in answered
    ]
