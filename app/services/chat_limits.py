"""How much help a person still gets: full, hints, none, by the project's caps on turns, tokens and money."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.schema.workplace import Workplace
from db.engine import Session
from db.store import chat

__all__ = ["HelpLevel", "Limit", "help_level"]

HelpLevel = Literal["full", "hints", "none"]

_HINTS_FROM = 0.8
"""Share of a cap from which on help is reduced, so that it does not stop in the middle of a thought."""


@dataclass(frozen=True, slots=True)
class Limit:
    level: HelpLevel
    message: str
    """What to tell the person; empty while help is full."""


def help_level(
    session: Session, workplace: Workplace, *, conversation: int | None, user_id: int, now: datetime
) -> Limit:
    """The level in force for the next question. The cap that is used up most decides."""
    used: list[tuple[float, str]] = []
    if workplace.turns_per_item:
        asked = chat.count_questions(session, conversation) if conversation else 0
        used.append((asked / workplace.turns_per_item, f"{workplace.turns_per_item} questions about an item"))
    if workplace.tokens_per_day or workplace.usd_per_day:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        tokens, usd = chat.spent_since(session, user_id, midnight)
        if workplace.tokens_per_day:
            used.append((tokens / workplace.tokens_per_day, f"{workplace.tokens_per_day:,} tokens a day"))
        if workplace.usd_per_day:
            used.append((usd / workplace.usd_per_day, f"{workplace.usd_per_day:g} USD a day"))
    share, cap = max(used, default=(0.0, ""))
    if share >= 1:
        return Limit("none", f"You have used up this project's {cap}. The guidelines are one key away: G.")
    if share >= _HINTS_FROM:
        return Limit(
            "hints",
            f"Close to this project's cap ({cap}): the assistant gives short hints from here on.",
        )
    return Limit("full", "")
