"""Soft labels in an export: how people's answers to a question of an item are divided, as shares, confidence and entropy."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from app.errors import Invalid
from app.formats import FORMATS, write_rows
from app.services import policy
from app.services.aggregated_labels import LABEL_COLUMNS, aggregate_labels, label_rows
from app.services.all_ratings import ratings_of
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.final_labels import FinalLabel
from app.services.projects import schema_of
from db.engine import Session, reading, transaction
from db.store import projects

__all__ = ["export_labels", "questions_with_labels", "soft_label"]

_LABELLED = ("choice", "multi_choice", "rating", "pairwise")
"""Types of questions where people give the same answer often enough for shares to mean something."""


def questions_with_labels(session: Session, project_id: int) -> frozenset[str]:
    """Questions of any version of the schema whose answers are labels, numbers or sets of labels."""
    schemas = [schema_of(record) for record in projects.list_schemas(session, project_id)]
    return frozenset(one.id for schema in schemas for one in schema.questions if one.type in _LABELLED)


def soft_label(label: FinalLabel) -> dict[str, Any]:
    """Columns of an export: the answers that count as shares by value, the largest share, entropy in bits, people.

    Empty where no answer counts.
    """
    if not label.n:
        return {}
    shares: dict[str, float] = {}
    for value, people in label.votes:  # 1 and "1", of two versions of the schema, are one label
        shares[_text(value)] = shares.get(_text(value), 0.0) + people / label.n
    return {
        "label_shares": shares,
        "label_confidence": max(shares.values()),
        "label_entropy": sum(-share * math.log2(share) for share in shares.values()) + 0.0,
        "label_people": label.n,
    }


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(sorted(value) if isinstance(value, list) else value).decode()


def export_labels(ctx: Context, actor: Actor, project_id: int, out: Path, *, format: str) -> int:
    """Write one row per question and item that people have rated, imported ratings too: the vote with its shares,
    whole or not at all; returns the number of rows.
    """
    if format not in FORMATS:
        raise Invalid(f"format {format!r}; there are {', '.join(FORMATS)}")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "export")
        record_action(session, actor, "export", project_id, format=format, only="labels", file=out.name)
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "export")
        asked = [name for name, kind in ratings_of(ctx, session, project).groups if kind == "human"]

    def rows() -> Iterator[dict[str, Any]]:
        for question in asked:
            yield from label_rows(aggregate_labels(ctx, actor, project_id, question=question))

    return write_rows(rows(), out, format=format, columns=LABEL_COLUMNS)
