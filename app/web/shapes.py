"""What the browser is told about a project and an item, as JSON."""

from typing import Any

from markdown_it import MarkdownIt

from app.errors import Invalid
from app.services import arms, study_arms, telemetry
from app.services.assignment import NextTask, Progress, Task
from app.services.context import Actor, Context
from app.services.experience import pending_sitting
from app.services.projects import describe
from db.records import ItemRecord, SuggestionRecord

__all__ = [
    "item_json",
    "next_json",
    "progress_json",
    "setup_json",
    "suggestion_json",
    "suggestions_json",
    "task_json",
]

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
"""Raw HTML in the text is shown as text; links other than http, https and mailto are dropped."""

_RECORDED = (
    "Recorded while an item is open: when the page is visible or hidden, that keys or the pointer were used (not "
    "which; how fast in three steps), pastes (their size in four steps, not their text), when the chat waits for an answer, and when you submit. You see the result "
    "under My work."
)


def setup_json(ctx: Context, actor: Actor, project_id: int) -> dict[str, Any]:
    state = describe(ctx, actor, project_id)
    project = state.project
    if state.schema is None:
        raise Invalid(f"project {project.name!r} holds imported ratings; there is nothing to work on")
    workplace = arms.workplace_of(project)
    return {
        "project": {
            "id": project.id,
            "title": project.name,
            "problem": project.problem,
            "simulated": project.simulated,
            "guidelines_html": _MARKDOWN.render(state.guidelines.text) if state.guidelines else "",
            "guideline_version": state.guidelines.number if state.guidelines else None,
        },
        "schema": {"version_id": state.schema.id, **state.schema.document},
        "roles": {
            "preannotation": project.preannotation_on,
            "assistant": project.assistant_on,
            "judge": project.judge_on and state.rubric is not None,
        },
        "workplace": {
            "preselect": workplace.preselect,
            "break_minutes": workplace.break_minutes,
            "suggestions": workplace.suggestions,
        },
        "idle_seconds": project.idle_seconds,
        "definition": telemetry.DEFINITION.format(idle_seconds=project.idle_seconds),
        "recorded": _RECORDED,
        "sitting_ended": bool(state.roles & {"annotator", "qa_lead"})
        and pending_sitting(ctx, actor, project_id) is not None,
        "user": {"name": actor.name},
    }


def progress_json(progress: Progress) -> dict[str, int]:
    return {"done_by_me": progress.done_by_me, "total": progress.total, "complete": progress.complete}


def _part(item_id: int, part: dict[str, Any]) -> dict[str, Any]:
    shown = {
        name: part[name] for name in ("name", "kind", "title", "text", "messages", "alt") if part.get(name)
    }
    if part["kind"] in ("image", "audio", "video"):
        shown["url"] = f"/api/media/{item_id}/{part['name']}"
    return shown


def item_json(item: ItemRecord) -> dict[str, Any]:
    parts = [_part(item.id, part) for part in item.content["parts"]]
    if item.content.get("context"):
        parts.append({"name": "context", "kind": "text", "title": "Context", "text": item.content["context"]})
    return {
        "id": item.id,
        "external_id": item.external_id,
        "version": item.version,
        "parts": parts,
        # An embedding is for machines.
        "metadata": {name: value for name, value in item.meta.items() if name != "embedding"},
    }


def task_json(task: Task | None) -> dict[str, Any] | None:
    if task is None:
        return None
    return {
        "item": item_json(task.item),
        "lease": {"expires_at": task.lease.expires_at.isoformat()},
        # Not the arm itself: its name may tell that suggestions are wrong on purpose.
        "withheld": study_arms.withheld(task.lease),
        "askable": task.lease.arm is None,
        "answer_first": arms.answers_first(task.lease),
        "orders": dict(task.lease.orders),
        "suggestions": suggestions_json(task),
        "draft": {
            "version": task.draft.version,
            "answers": task.draft.answers,
            "provenance": task.draft.provenance,
            "saved_at": task.draft.saved_at.isoformat(),
        }
        if task.draft
        else None,
        "annotation": {
            "revision": task.annotation.revision,
            "state": task.annotation.state,
            "answers": {answer.question: answer.value[0] for answer in task.answers},
            "provenance": {
                answer.question: answer.provenance for answer in task.answers if answer.provenance
            },
        }
        if task.annotation
        else None,
        "review": {
            "outcome": task.review.outcome,
            "comment": task.review.comment,
            "question_comments": dict(task.review.question_comments),
        }
        if task.review
        else None,
        "form_token": task.lease.form_token,
        "visit_key": task.lease.visit_key,
        "schema_version_id": task.schema_version_id,
        "guideline_version_id": task.guideline_version_id,
    }


def suggestions_json(task: Task) -> dict[str, Any]:
    """Question -> what is shown of its suggestion; that one may be planted is not."""
    return {question: suggestion_json(suggestion) for question, suggestion in task.suggestions.items()}


def suggestion_json(suggestion: SuggestionRecord) -> dict[str, Any]:
    """The confidence is the calibrated one where there is one."""
    calibrated = suggestion.calibrated_confidence
    return {
        "id": suggestion.id,
        "value": suggestion.value[0],
        "confidence": suggestion.confidence if calibrated is None else calibrated,
        "confidence_source": suggestion.confidence_source,
        "probabilities": suggestion.probabilities,
        "calibrated": suggestion.calibrated or calibrated is not None,
        "near": suggestion.near_match,
        "rationale": suggestion.rationale,
        "model": suggestion.model,
        "builtin": suggestion.builtin,
        "examples": suggestion.examples,
    }


def next_json(found: NextTask) -> dict[str, Any]:
    return {"task": task_json(found.task), "reason": found.reason, "progress": progress_json(found.progress)}
