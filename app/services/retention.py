"""What is kept for a time only: the model's own words, and the texts that programs sent to be judged."""

from dataclasses import dataclass
from datetime import timedelta

from app.clock import utc_now
from app.services.context import Context
from db.engine import transaction
from db.store import checks, contradictions, remote, verdicts

__all__ = ["Forgotten", "forget_old_texts"]


@dataclass(frozen=True, slots=True)
class Forgotten:
    replies: int
    """Raw replies about verdicts on answers and suggestions, checks of drafts, and comparisons of answers."""
    submissions: int
    """Bodies of what programs sent, with the replies about them."""


def forget_old_texts(ctx: Context) -> Forgotten:
    """Delete what is older than the setting allows; without it, nothing. Verdicts, ids and figures stay."""
    days = ctx.settings.keep_replies_days
    if days is None:
        return Forgotten(0, 0)
    before = utc_now() - timedelta(days=days)
    with transaction(ctx.engine) as session:
        replies = sum(
            forget(session, before=before)
            for forget in (verdicts.forget_replies, checks.forget_replies, contradictions.forget_replies)
        )
        return Forgotten(replies, remote.forget_texts(session, before=before))
