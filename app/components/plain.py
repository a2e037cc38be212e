"""Text of items, models and people inside Markdown: shown as it is, never as formatting, links or pictures."""

import re

__all__ = ["plain"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~<>$:])")


def plain(text: str) -> str:
    """The text with every character that Markdown would read escaped, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
