"""Several agents as one: the label that most of them name, each weighed by how good it was on gold."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from app.clock import utc_now
from app.services.agents import BUILT_IN, DEFAULT, AggregateConfiguration, stored_agent
from app.services.context import Context
from app.services.performing import Done, GiveUp
from db.engine import Session, reading
from db.store import items, projects, skills

__all__ = ["label_with_agents", "vote"]

_EDGE = 0.02
"""Nobody is trusted without limit, and nobody's vote counts against the label they name."""


def vote(given: Sequence[tuple[Any, float]]) -> tuple[Any, float]:
    """(value, share of the weight that names it) of (value, weight) pairs; the first named wins a tie."""
    weights: dict[str, float] = defaultdict(float)
    values: dict[str, Any] = {}
    for value, weight in given:
        key = json.dumps(value, sort_keys=True)
        weights[key] += weight
        values.setdefault(key, value)
    best = max(weights, key=lambda key: weights[key])
    return values[best], weights[best] / sum(weights.values())


def _weight(figures: Mapping[str, Any] | None) -> float:
    """Log odds of being right on gold; 1 for an agent without figures, as for all when weighing is off."""
    if not figures or not figures.get("n"):
        return 1.0
    accuracy = (figures["right"] + 1) / (figures["n"] + 2)
    return max(_EDGE, math.log(accuracy / (1 - accuracy)))


async def label_with_agents(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    """Put one suggestion beside each item of the batch that at least two of the agents have labelled."""
    record, configuration = stored_agent(ctx, spec["agent"], AggregateConfiguration)
    with reading(ctx.engine) as session:
        known = {name: _identity(session, name) for name in configuration.agents}
        weights = {
            name: skills.latest_figures(session, spec["project_id"], name) if configuration.weigh else {}
            for name in configuration.agents
        }
        found = items.suggestions_by_agent(session, spec["items"])
    rows = []
    for (item_id, question), by_agent in found.items():
        given = [
            (by_agent[known[name]], _weight(weights[name].get(question)))
            for name in configuration.agents
            if known[name] in by_agent
        ]
        if len(given) < 2 or (isinstance(given[0][0], str) and len(given[0][0]) > 200):
            continue
        value, share = vote(given)
        rows.append(
            {
                "item_id": item_id,
                "question": question,
                "value": [value],
                "confidence": share,
                "confidence_source": "agreement",
                "rationale": f"{sum(one == value for one, _ in given)} of {len(given)} agents say so.",
                "examples": [],
                "model": record.name,
                "model_version": record.hash,
                "details": {"agents": list(configuration.agents), "votes": [one for one, _ in given]},
                "agent_id": record.id,
                "call_id": call_id,
                "created_at": utc_now(),
            }
        )
    return Done(lambda session: items.add_suggestions(session, rows))


def _identity(session: Session, name: str) -> str:
    """How the suggestions of an agent are told apart: its number, or a word for those without a record."""
    if name in (BUILT_IN, DEFAULT):
        return name
    record = projects.agent_by_name(session, name)
    return str(record.id) if record else name
