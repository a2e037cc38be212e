"""Labels that look the same and are not: other capitals, spaces, widths, or letters of another alphabet.

They are never taken for one label, since nobody said so; whoever reads the figures is told.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["LookAlike", "look_alikes", "looks_like"]

_LETTERS = str.maketrans(
    "авекмнорстухіјѕӏԁԛԝһαβεζηικμνορτυχıɑɡ−",
    "abekmhopctyxijsldqwhabezhikmnoptuxiag-",
)
"""Cyrillic, Greek and phonetic letters that are drawn like Latin ones, after folding capitals, and the minus sign.
The pairs that are common in mixed texts, chosen from Unicode's confusables (UTS 39)."""


_MOST = 10_000
"""Different entries above which they are texts or measurements and no labels; by judgement."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    label: str
    like: str
    """The more frequent label that it looks like."""
    n: int
    """Ratings with `label`."""


def _drawn(label: str) -> str:
    """What is left of a label when all that is hard to see is taken away."""
    folded = unicodedata.normalize("NFKC", label).casefold().translate(_LETTERS)
    kept = (
        "-" if unicodedata.category(letter) == "Pd" else letter
        for letter in folded
        if unicodedata.category(letter) not in ("Cf", "Cc") or letter.isspace()
    )
    return " ".join("".join(kept).split())


def look_alikes(counts: Mapping[str, int]) -> list[LookAlike]:
    """Each label that looks like a more frequent one; most frequent first. `counts`: label -> ratings.

    None among more than ten thousand different ones.
    """
    if len(counts) > _MOST:
        return []
    drawn: dict[str, list[str]] = {}
    for label in counts:
        drawn.setdefault(_drawn(label), []).append(label)
    found = []
    for group in drawn.values():
        first, *others = sorted(group, key=lambda label: (-counts[label], label))
        found += [LookAlike(label, first, counts[label]) for label in others]
    return sorted(found, key=lambda one: (-one.n, one.label))


def looks_like(label: str, among: Iterable[str]) -> str | None:
    """The one of these labels that looks like `label` without being it."""
    drawn = _drawn(label)
    return next((other for other in among if other != label and _drawn(other) == drawn), None)
