"""How good suggestions are where the answer is known, and what each threshold of confidence would select."""

from collections import defaultdict
from dataclasses import dataclass

from app.analytics.intervals import wilson
from app.analytics.roc import Threshold, area, thresholds
from app.services import policy
from app.services.context import Actor, Context
from db import frames
from db.engine import reading

__all__ = ["QuestionQuality", "suggestion_quality"]


@dataclass(frozen=True, slots=True)
class QuestionQuality:
    """The newest suggestions to one question, on items whose answer is known."""

    question: str
    model: str
    n: int
    right: int
    interval: tuple[float, float]
    """95 % interval of the share that is right (Wilson)."""
    without_confidence: int
    """Counted in n and right, and left out of the curve."""
    area: float | None
    points: list[Threshold]


def suggestion_quality(ctx: Context, actor: Actor, project_id: int) -> list[QuestionQuality]:
    """One row per question and model. Planted suggestions are no model's and are left out."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        rows = frames.suggestions_with_gold(session, project_id)
    groups: dict[tuple[str, str], list[tuple[float | None, bool]]] = defaultdict(list)
    for question, model, confidence, value, gold in rows:
        groups[question, model].append((confidence, value == gold))
    out = []
    for (question, model), found in sorted(groups.items()):
        known = [(confidence, right) for confidence, right in found if confidence is not None]
        points = thresholds([confidence for confidence, _ in known], [right for _, right in known])
        out.append(
            QuestionQuality(
                question=question,
                model=model,
                n=len(found),
                right=sum(right for _, right in found),
                interval=wilson(sum(right for _, right in found), len(found)) or (0.0, 1.0),
                without_confidence=len(found) - len(known),
                area=area(points),
                points=points,
            )
        )
    return out
