"""Every suggestion of the models as a table, with what people made of it and whether it is right."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import Invalid
from app.formats.writers import FORMATS, write_rows
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.subsets import OUTCOMES, resolve
from db import suggestion_frames
from db.engine import Session, reading, transaction
from db.store import suggestion_verdicts

__all__ = [
    "SUGGESTION_COLUMNS",
    "SUGGESTION_STATES",
    "SuggestionFilter",
    "export_suggestions",
    "suggestion_rows",
]

SUGGESTION_COLUMNS = (
    "external_id", "item_version", "question", "value", "confidence", "confidence_source", "calibrated_confidence",
    "near_match", "rationale", "model", "model_version", "agent", "job", "probe", "prompt_tokens",
    "completion_tokens", "cost_usd", "seconds", "created_at", "verification", "verifier", "verified_via",
    "verifier_value", "gold", "gold_split", "right", "judge_total", "judge_passed", "judge_reason", "judge_model",
)  # fmt: skip
SUGGESTION_STATES = ("verified", "unverified", *OUTCOMES)


@dataclass(frozen=True, slots=True)
class SuggestionFilter:
    """Which suggestions; empty fields leave all in."""

    query: str = ""
    job: int | None = None
    agent: str = ""
    verifier: str = ""
    state: str = ""
    """One of SUGGESTION_STATES."""


def export_suggestions(
    ctx: Context,
    actor: Actor,
    project_id: int,
    out: Path,
    *,
    format: str,
    wanted: SuggestionFilter = SuggestionFilter(),
) -> int:
    """Write the file, whole or not at all; returns the number of rows. Planted suggestions are no model's and are
    left out.
    """
    if format not in FORMATS:
        raise Invalid(f"format {format!r}; there are {', '.join(FORMATS)}")
    if wanted.state and wanted.state not in SUGGESTION_STATES:
        raise Invalid(f"state {wanted.state!r}; there are {', '.join(SUGGESTION_STATES)}")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "export")
        record_action(session, actor, "export", project_id, what="suggestions", format=format, file=out.name)
    with reading(ctx.engine) as session:
        return write_rows(
            suggestion_rows(session, project_id, wanted), out, format=format, columns=SUGGESTION_COLUMNS
        )


def suggestion_rows(
    session: Session, project_id: int, wanted: SuggestionFilter = SuggestionFilter()
) -> Iterator[dict[str, Any]]:
    """The rows, oldest first; `right` is null without a known answer, what the judge said where it was not asked."""
    inside = set(resolve(session, project_id, wanted.query)) if wanted.query.strip() else None
    said = {
        one.suggestion_id: one
        for one in suggestion_verdicts.judged_suggestions(session, project_id, every=True)
    }
    for row in suggestion_frames.suggestion_export(session, project_id):
        item_id = row.pop("item_id")
        row["agent"] = row["agent"] or ("built-in" if row.pop("builtin") else row["model"])
        row.pop("builtin", None)
        if (
            (inside is not None and item_id not in inside)
            or (wanted.job is not None and row["job"] != wanted.job)
            or (wanted.agent and wanted.agent not in (row["agent"], row["model"]))
            or (wanted.verifier and row["verifier"] != wanted.verifier)
            or not _in_state(row["verification"], wanted.state)
        ):
            continue
        details = row.pop("details") or {}
        row |= {
            name: details.get(name) for name in ("prompt_tokens", "completion_tokens", "cost_usd", "seconds")
        }
        judged = said.get(row.pop("suggestion_id"))
        row |= {
            "judge_total": judged.total if judged else None,
            "judge_passed": judged.passed if judged else None,
            "judge_reason": judged.reason if judged else None,
            "judge_model": judged.judge if judged else None,
        }
        row["right"] = None if row["gold"] is None else row["value"] == row["gold"]
        yield row


def _in_state(outcome: str | None, state: str) -> bool:
    if not state:
        return True
    if state == "verified":
        return outcome is not None
    if state == "unverified":
        return outcome is None
    return outcome == OUTCOMES[state]
