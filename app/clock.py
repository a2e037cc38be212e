"""The only place that asks what time it is, so that every stored moment is UTC and aware."""

from datetime import UTC, datetime

__all__ = ["utc_now"]


def utc_now() -> datetime:
    """The current moment, timezone-aware, UTC."""
    return datetime.now(UTC)
