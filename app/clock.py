"""The only place that asks what time it is, so that every stored moment is UTC and aware; and what a duration is."""

import math
from datetime import UTC, datetime

__all__ = ["known_seconds", "utc_now"]


def utc_now() -> datetime:
    """The current moment, timezone-aware, UTC."""
    return datetime.now(UTC)


def known_seconds(seconds: float | None) -> float | None:
    """A duration that somebody reports; None, unknown, for what no clock measures: nothing, below zero, no number."""
    return seconds if seconds is not None and math.isfinite(seconds) and seconds > 0 else None
