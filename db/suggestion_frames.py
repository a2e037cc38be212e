"""Large reads of suggestions: for figures on gold and for export."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Text, and_, cast, func, select
from sqlalchemy.orm import Session, aliased

from db.models import Agent, Answer, Call, Gold, Item, Suggestion, User, Verification

__all__ = ["GoldSuggestion", "gold_suggestions", "suggested_labels", "suggesters", "suggestion_export"]


@dataclass(frozen=True, slots=True)
class GoldSuggestion:
    """An agent's newest suggestion to a question of an item whose answer is known."""

    agent: str | None
    """Name of the stored agent; None for the others."""
    builtin: bool
    called: bool
    """Whether a job of ours made it; imported ones were not."""
    model: str
    model_version: str
    question: str
    split: str
    value: Any
    gold: Any
    confidence: float | None
    probabilities: Mapping[str, float] | None
    """Label -> chance, of agents that give one for every label."""


def gold_suggestions(session: Session, project_id: int) -> list[GoldSuggestion]:
    """One row per agent, version, item and question; planted suggestions and probes are left out."""
    newest = (
        select(func.max(Suggestion.id))
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Item.project_id == project_id,
            Item.is_current,
            Suggestion.planted.is_(False),
            Suggestion.probe.is_(False),
        )
        .group_by(
            Suggestion.item_id,
            Suggestion.question,
            Suggestion.agent_id,
            Suggestion.model,
            Suggestion.model_version,
        )
    )
    rows = session.execute(
        select(
            Agent.name,
            Suggestion.builtin,
            Suggestion.call_id,
            Suggestion.model,
            Suggestion.model_version,
            Suggestion.question,
            Gold.split,
            Suggestion.value,
            Gold.value,
            Suggestion.confidence,
            Suggestion.probabilities,
        )
        .join(Gold, and_(Gold.item_id == Suggestion.item_id, Gold.question == Suggestion.question))
        .outerjoin(Agent, Agent.id == Suggestion.agent_id)
        .where(Suggestion.id.in_(newest))
        .order_by(Suggestion.id)
    )
    return [
        GoldSuggestion(
            agent,
            builtin,
            call_id is not None,
            model,
            version,
            question,
            split,
            value[0],
            gold[0],
            sure,
            chances,
        )
        for agent, builtin, call_id, model, version, question, split, value, gold, sure, chances in rows
    ]


def suggestion_export(session: Session, project_id: int) -> Iterator[dict[str, Any]]:
    """Every suggestion, oldest first, with the newest verification of it and the verifier's own value."""
    newest = (
        select(Verification.suggestion_id, func.max(Verification.id).label("id"))
        .group_by(Verification.suggestion_id)
        .subquery()
    )
    checked = aliased(Verification)
    rows = session.execute(
        select(
            Item.id.label("item_id"),
            Suggestion.id.label("suggestion_id"),
            Item.external_id,
            Item.version.label("item_version"),
            Suggestion.question,
            Suggestion.value,
            Suggestion.confidence,
            Suggestion.confidence_source,
            Suggestion.calibrated_confidence,
            Suggestion.near_match,
            Suggestion.rationale,
            Suggestion.model,
            Suggestion.model_version,
            Suggestion.builtin,
            Suggestion.probe,
            Suggestion.details,
            Suggestion.created_at,
            Agent.name.label("agent"),
            Call.job_id.label("job"),
            checked.outcome.label("verification"),
            User.login.label("verifier"),
            checked.via.label("verified_via"),
            Answer.value.label("verifier_value"),
            Gold.value.label("gold"),
            Gold.split.label("gold_split"),
        )
        .join(Item, Item.id == Suggestion.item_id)
        .outerjoin(Agent, Agent.id == Suggestion.agent_id)
        .outerjoin(Call, Call.id == Suggestion.call_id)
        .outerjoin(newest, newest.c.suggestion_id == Suggestion.id)
        .outerjoin(checked, checked.id == newest.c.id)
        .outerjoin(User, User.id == checked.user_id)
        .outerjoin(
            Answer,
            and_(Answer.annotation_id == checked.annotation_id, Answer.question == Suggestion.question),
        )
        .outerjoin(Gold, and_(Gold.item_id == Item.id, Gold.question == Suggestion.question))
        .where(Item.project_id == project_id, Suggestion.planted.is_(False))
        .order_by(Suggestion.id)
        .execution_options(yield_per=1000)
    )
    for row in rows.mappings():
        out = dict(row)
        for name in ("value", "verifier_value", "gold"):
            out[name] = None if out[name] is None else out[name][0]
        yield out


def suggested_labels(session: Session, project_id: int) -> list[tuple[str, str, Any, int]]:
    """(question, model, value, current items) of the newest suggestion of each model to each question of each item;
    planted ones and probes left out.
    """
    newest = (
        select(func.max(Suggestion.id))
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Item.project_id == project_id,
            Item.is_current,
            Suggestion.planted.is_(False),
            Suggestion.probe.is_(False),
        )
        .group_by(Suggestion.item_id, Suggestion.question, Suggestion.model)
    )
    value = cast(Suggestion.value, Text).label("value")
    rows = session.execute(
        select(Suggestion.question, Suggestion.model, value, func.count())
        .where(Suggestion.id.in_(newest))
        .group_by(Suggestion.question, Suggestion.model, value)
        .order_by(Suggestion.question, Suggestion.model, value)
    )
    return [(question, model, orjson.loads(text)[0], count) for question, model, text, count in rows]


def suggesters(session: Session, project_id: int) -> list[tuple[str | None, str | None, str, str, int]]:
    """(agent, hash of its configuration, model, its version, suggestions) of whoever suggested something; agent and hash
    are None for models that no stored agent called.
    """
    rows = session.execute(
        select(Agent.name, Agent.hash, Suggestion.model, Suggestion.model_version, func.count())
        .join(Item, Item.id == Suggestion.item_id)
        .outerjoin(Agent, Agent.id == Suggestion.agent_id)
        .where(Item.project_id == project_id, Suggestion.planted.is_(False), Suggestion.probe.is_(False))
        .group_by(Agent.name, Agent.hash, Suggestion.model, Suggestion.model_version)
        .order_by(func.min(Suggestion.id))
    )
    return [(agent, hash_, model, version, count) for agent, hash_, model, version, count in rows]
