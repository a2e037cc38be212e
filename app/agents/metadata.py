"""Metadata that is computed from an item's words: for subsets, charts and the order of work."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app.agents.similarity import embed

__all__ = ["FUNCTIONS", "WHOLE", "Computer"]

Computer = Callable[[Sequence[str]], Sequence[Any]]
"""Texts -> one value each, a JSON value."""


def _length(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def _words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def _hashtags(texts: Sequence[str]) -> list[list[str]]:
    return [list(dict.fromkeys(tag.lower() for tag in re.findall(r"#(\w+)", text))) for text in texts]


def _language(texts: Sequence[str]) -> list[str]:
    # Slow to import, for its model; only the worker that needs it does.
    from py3langid import classify

    return [str(classify(text)[0]) if text.strip() else "" for text in texts]


FUNCTIONS: Final[Mapping[str, Computer]] = {
    "length": _length,
    "words": _words,
    "hashtags": _hashtags,
    "language": _language,
    "embedding": embed,
}
"""Name -> how it is computed. `length` is in characters; `language` an ISO 639-1 code, empty without words;
`embedding` 32 numbers by which similar texts are near each other."""

WHOLE: Final = frozenset({"embedding"})
"""Computed over all items at once: a part of them would give other numbers."""
