"""Kinds of raters in words, the same wherever a figure names whose ratings it is of."""

from app.services.rating_circumstances import KIND_WORDS

__all__ = ["kind_words", "of_kind", "raters_of_kind"]


def kind_words(kind: str) -> str:
    return KIND_WORDS.get(kind, kind)


def of_kind(title: str, kind: str) -> str:
    """A question as these raters answer it."""
    return f"{title} ({kind_words(kind)})"


def raters_of_kind(n: int, kind: str) -> str:
    one = {"human": "person"}.get(kind, kind)
    return f"{n:,} {one if n == 1 else kind_words(kind)}"
