"""Simulated people who scored the demo's answers blind, so that the judge's page shows what it does."""

import random
from collections.abc import Sequence
from datetime import datetime

from db.engine import Session
from db.store import human_scores
from judge import Scored, Verdict
from rubrics import Criterion, Rubric

__all__ = ["add_simulated_scores"]

_SLIPS = 0.15
"""How often a simulated person is one level off what the rule found."""


def add_simulated_scores(
    session: Session,
    rubric: Rubric,
    rubric_version_id: int,
    judged: Sequence[tuple[int, int, Verdict]],
    scorers: Sequence[int],
    *,
    now: datetime,
) -> None:
    """Two of `scorers` (user ids) score each of `judged`: (answer id, its author's user id, verdict)."""
    draw = random.Random(11)
    for answer_id, author, verdict in judged:
        others = [user for user in scorers if user != author]
        for user_id in draw.sample(others, min(2, len(others))):
            levels = {
                criterion.id: _level(draw, criterion, result.level if isinstance(result, Scored) else None)
                for criterion, result in zip(rubric.criteria, verdict.criteria, strict=True)
            }
            human_scores.add_scores(
                session,
                answer_id=answer_id,
                rubric_version_id=rubric_version_id,
                user_id=user_id,
                levels=levels,
                drawn="lot",
                now=now,
            )


def _level(draw: random.Random, criterion: Criterion, judged: int | None) -> int | None:
    values = [level.value for level in criterion.levels]
    place = values.index(judged) if judged is not None else draw.randrange(len(values))
    if draw.random() < _SLIPS:
        place = min(len(values) - 1, max(0, place + draw.choice((-1, 1))))
    return values[place]
