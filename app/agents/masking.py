"""Personal data out of what is sent to a model, and back into what it says.

Patterns for what has a form: they find addresses and numbers, not names. The same words get the same mark, so
that a model can still tell two people apart.
"""

import re
from collections.abc import Collection
from typing import Final, Literal

__all__ = ["KINDS", "Mask", "MaskKind"]

MaskKind = Literal["email", "phone", "card", "iban", "ip"]

_PATTERNS: Final[dict[MaskKind, re.Pattern[str]]] = {
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "iban": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
    "card": re.compile(r"\b\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}\b"),
    "ip": re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
    "phone": re.compile(r"(?<![\w.])\+?\d(?:[ ()/.-]{0,2}\d){6,14}(?!\w)"),
}
KINDS: Final[tuple[MaskKind, ...]] = tuple(_PATTERNS)
"""In the order in which they are looked for: what is a card is no telephone."""


class Mask:
    """What was hidden in one item; one for each call."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = [kind for kind in KINDS if kind in kinds]
        self._marks: dict[str, str] = {}
        """Words -> mark."""

    @property
    def hidden(self) -> int:
        """How many different words are masked so far."""
        return len(self._marks)

    def hide(self, text: str) -> str:
        for kind in self._kinds:
            text = _PATTERNS[kind].sub(lambda found, kind=kind: self._mark(kind, found.group()), text)  # type: ignore[misc]
        return text

    def _mark(self, kind: str, words: str) -> str:
        if words not in self._marks:
            number = sum(mark.startswith(f"[{kind.upper()}-") for mark in self._marks.values()) + 1
            self._marks[words] = f"[{kind.upper()}-{number}]"
        return self._marks[words]

    def restore(self, text: str) -> str:
        for words, mark in self._marks.items():
            text = text.replace(mark, words)
        return text
