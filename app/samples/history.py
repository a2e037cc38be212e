"""A simulated team's work on a sample: seeded, and marked as simulated wherever it shows.

Five made-up people of different skill and speed. They get faster with practice, faster still with a suggestion
on screen, and now and then keep a wrong one.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

__all__ = ["LEADS", "TEAM", "SimulatedAnnotation", "Suggested", "simulate"]

TEAM = (
    ("sim-avery", "Avery (simulated)"),
    ("sim-blair", "Blair (simulated)"),
    ("sim-casey", "Casey (simulated)"),
    ("sim-devon", "Devon (simulated)"),
    ("sim-ellis", "Ellis (simulated)"),
)

LEADS = (("sim-logan", "Logan (simulated lead)"), ("sim-marlo", "Marlo (simulated lead)"))
"""They review and adjudicate what the team answered."""

_SKILL = (0.95, 0.92, 0.88, 0.84, 0.78)
_SPEED = (0.9, 1.15, 1.0, 0.8, 1.2)
_HELP = 0.86
"""Time with a suggestion over time without."""
_KEEPS_WRONG = 0.3
"""How often a wrong suggestion is kept by somebody who would have been right."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the simulated model says of an item."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class SimulatedAnnotation:
    external_id: str
    login: str
    arm: str | None
    answers: Mapping[str, Any]
    position: int
    reading_seconds: float
    working_seconds: float
    idle_seconds: float
    submitted_at: datetime


def simulate(
    items: Sequence[Mapping[str, Any]],
    *,
    question: str,
    options: Sequence[str],
    suggestions: Mapping[str, Suggested],
    control_share: float,
    overlap: int,
    typical_seconds: float,
    end: datetime,
    seed: int,
    texts: Mapping[str, Sequence[str]] | None = None,
    text_question: str | None = None,
) -> list[SimulatedAnnotation]:
    """Each item answered by `overlap` of the team, over the two weeks before `end`.

    `question` is answered around the item's gold with each person's skill. `texts` holds written answers per
    item, best first; who has more skill more often writes a better one.
    """
    chance = random.Random(seed)
    done = dict.fromkeys(range(len(TEAM)), 0)
    out = []
    for number, item in enumerate(items):
        external_id, gold = str(item["id"]), item["gold"][question]
        suggestion = suggestions.get(external_id)
        people = [(number + offset) % len(TEAM) for offset in chance.sample(range(len(TEAM)), overlap)]
        for turn, person in enumerate(people):
            arm = None if suggestion is None else "none" if chance.random() < control_share else "suggestion"
            right = chance.random() < _SKILL[person]
            value = gold if right else chance.choice([option for option in options if option != gold])
            if arm == "suggestion" and suggestion is not None:
                wrong = suggestion.value != gold
                if (wrong and chance.random() < _KEEPS_WRONG) or (not wrong and chance.random() < 0.7):
                    value = suggestion.value
            answers: dict[str, Any] = {question: value}
            if texts is not None and text_question is not None:
                written = texts[external_id]
                better = chance.random() < _SKILL[person] - 0.15
                answers[text_question] = written[0 if better and turn == 0 else min(turn, len(written) - 1)]
            practice = 0.75 + 0.25 * 0.97 ** done[person]
            seconds = typical_seconds * _SPEED[person] * practice * chance.lognormvariate(0, 0.35)
            if arm == "suggestion":
                seconds *= _HELP
            idle = chance.choice((0.0, 0.0, 0.0, 40.0, 150.0)) * chance.random()
            days = 13 - (13 * number) // max(len(items), 1)
            moment = end - timedelta(days=days, hours=chance.uniform(0.5, 8))
            share = chance.uniform(0.45, 0.75)
            out.append(
                SimulatedAnnotation(
                    external_id=external_id,
                    login=TEAM[person][0],
                    arm=arm,
                    answers=answers,
                    position=done[person],
                    reading_seconds=round(seconds * share, 1),
                    working_seconds=round(seconds * (1 - share), 1),
                    idle_seconds=round(idle, 1),
                    submitted_at=moment,
                )
            )
            done[person] += 1
    return out
