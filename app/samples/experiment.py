"""A simulated study of suggestions: what made-up people answer with and without one, how fast, and how they find it.

They differ in speed and skill, get faster with practice, and are faster with a suggestion by another amount each. With one
on screen they keep most right ones and some wrong ones.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.samples.history import SimulatedAnnotation, Suggested

__all__ = ["PARTICIPANTS", "PLAN", "STUDY", "Person", "people_of_the_study", "said_after"]

STUDY = "Suggestions on comments (simulated)"
BLOCK = 6
PLAN: dict[str, Any] = {
    "question": "Do suggestions save moderators time on comments without costing quality?",
    "arms": [{"name": "none"}, {"name": "suggestion", "suggestion": "at_once"}],
    "design": "crossover",
    "block": BLOCK,
    "seed": 11,
    "people": 12,
    "outcome": {
        "figure": "time",
        "words": "Change of handling time with a suggestion, first submissions only.",
    },
    "smallest_effect": -0.1,
    "equal_quality": 0.1,
    "stop": {"answers": 360},
}

PARTICIPANTS = tuple(
    (f"sim-{name}", f"{name.capitalize()} (simulated)")
    for name in (
        "avery", "blair", "casey", "devon", "ellis", "flynn", "gale", "harper", "indra", "jules", "kim", "lane",
    )
)  # fmt: skip
"""Five of them are the team of the other samples."""

_BEGINS = timedelta(days=9)
_SECONDS = 22.0
_KEEPS_RIGHT, _KEEPS_WRONG = 0.75, 0.12


@dataclass(slots=True)
class Person:
    """One of them, with their own chance, and the clock of their sittings."""

    login: str
    chance: random.Random
    skill: float
    speed: float
    helped: float
    """Time with a suggestion over time without."""
    clock: datetime

    def answer(
        self,
        item: Any,
        position: int,
        arm: str,
        suggestion: Suggested | None,
        *,
        question: str,
        options: Sequence[str],
    ) -> SimulatedAnnotation:
        """What they answer to the item that is their number `position`; their clock goes on. Every block is a sitting."""
        chance, gold = self.chance, str(item["gold"][question])
        if position % BLOCK == 0 and position:
            self.clock += timedelta(hours=chance.uniform(20, 26))
        value = gold if chance.random() < self.skill else chance.choice([o for o in options if o != gold])
        if arm != "none" and suggestion is not None:
            keeps = _KEEPS_RIGHT if suggestion.value == gold else _KEEPS_WRONG
            value = suggestion.value if chance.random() < keeps else value
        practice = 0.75 + 0.25 * 0.95**position
        words = 0.7 + len(str(item["text"]).split()) / 50
        seconds = _SECONDS * self.speed * practice * words * chance.lognormvariate(0, 0.25)
        seconds *= self.helped if arm != "none" else 1.0
        idle = chance.choice((0.0, 0.0, 0.0, 30.0)) * chance.random()
        self.clock += timedelta(seconds=seconds + idle + chance.uniform(1, 4))
        share = chance.uniform(0.45, 0.75)
        return SimulatedAnnotation(
            external_id=str(item["id"]),
            login=self.login,
            arm=arm,
            answers={question: value},
            position=position,
            reading_seconds=round(seconds * share, 1),
            working_seconds=round(seconds * (1 - share), 1),
            idle_seconds=round(idle, 1),
            submitted_at=self.clock,
        )


def people_of_the_study(end: datetime) -> list[Person]:
    """The participants at the beginning of the study, which ends before `end`; the same ones on every call."""
    out = []
    for number, (login, _) in enumerate(PARTICIPANTS):
        chance = random.Random(f"study of {login}")
        begins = end - _BEGINS + timedelta(minutes=7 * number)
        speed, helped = chance.lognormvariate(0, 0.2), chance.lognormvariate(-0.17, 0.08)
        out.append(Person(login, chance, chance.uniform(0.86, 0.97), speed, helped, begins))
    return out


def said_after(person: Person, arm: str) -> dict[str, int] | None:
    """Their form after a sitting in one arm; None where they skip it. About help only where there was some."""
    chance, helped = person.chance, arm != "none"
    if chance.random() < 0.12:
        return None
    middles = {"workload": 4.2 - 0.7 * helped, "satisfaction": 5.0, "engagement": 4.6 - 0.2 * helped}
    if helped:
        middles |= {"usefulness": 5.2, "trust": 4.7}
    return {name: max(1, min(7, round(chance.gauss(middle, 1.1)))) for name, middle in middles.items()}
