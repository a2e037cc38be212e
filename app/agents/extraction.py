"""From a model's words to a label of the schema: what is the same label, what is merely near, what is neither.

Case, quotation marks, a full stop and spaces do not make another label, on either side. A near match is taken
only where a job allows it, with a clear distance to the second nearest, never across a negation, and is flagged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from app.schema import Option

__all__ = ["Extracted", "Problem", "extract_label", "fold", "match_option"]

Problem = Literal["nonsense", "format", "unknown"]
"""nonsense: no label is named at all. format: not said the way that was asked for. unknown: not of the schema."""

_NEAR = 0.85
_MARGIN = 0.1
_SHORTEST_PREFIX = 3
_NEGATIONS = frozenset({"no", "not", "non", "never", "neither", "nor", "without", "cannot", "kein", "keine", "nicht", "nie", "ohne"})  # fmt: skip
_QUOTES = "\"'“”‘’«»`*"


@dataclass(frozen=True, slots=True)
class Extracted:
    value: str | None
    """The option's value; None with a problem."""
    problem: Problem | None = None
    said: str = ""
    """The model's own words for the label, without quotes."""
    near: bool = False


def fold(text: str) -> str:
    """A label for comparison: `'Not_Relevant'.` and `not relevant` are one."""
    bare = text.strip().strip(_QUOTES).rstrip(".!;,:").strip(_QUOTES)
    return re.sub(r"[\s_]+", " ", bare).strip().casefold()


def match_option(said: str, options: Sequence[Option], *, near: bool = False) -> Extracted:
    """The option that these words name, by value, label or declared synonym."""
    bare = said.strip().strip(_QUOTES).rstrip(".").strip(_QUOTES)
    wanted = fold(said)
    # A value of the schema wins over another option's label, and both win over synonyms.
    for names in (_values, _labels, _synonyms):
        for option in options:
            if wanted in names(option):
                return Extracted(option.value, said=bare)
    if near and wanted:
        found = _nearest(wanted, options)
        if found is not None:
            return Extracted(found, said=bare, near=True)
    return Extracted(None, "unknown", bare)


def _values(option: Option) -> set[str]:
    return {fold(option.value)}


def _labels(option: Option) -> set[str]:
    return {fold(option.shown)}


def _synonyms(option: Option) -> set[str]:
    return {fold(name) for name in option.synonyms}


def _nearest(wanted: str, options: Sequence[Option]) -> str | None:
    """The option that is clearly the nearest, unless one that it may be the opposite of is as near."""
    scores: dict[str, float] = {}
    opposite = 0.0
    for option in options:
        names = _values(option) | _labels(option) | _synonyms(option)
        closeness = max(_closeness(wanted, name) for name in names)
        if any(_negates(wanted, name) for name in names):
            opposite = max(opposite, closeness)
        else:
            scores[option.value] = closeness
    if not scores:
        return None
    best, second, *_ = [*sorted(scores.values(), reverse=True), 0.0]
    nearest = max(scores, key=lambda value: scores[value])
    return nearest if best >= _NEAR and best - max(second, opposite) >= _MARGIN else None


def _closeness(wanted: str, name: str) -> float:
    """0 to 1; the beginning of a word or two counts as near (`pos` for `positive`)."""
    if len(wanted) >= _SHORTEST_PREFIX and name.startswith(wanted):
        return 0.95
    return SequenceMatcher(None, wanted, name, autojunk=False).ratio()


def _negates(one: str, other: str) -> bool:
    """Whether one could be the other with a negation: a word of denial more, or a word with a prefix more.

    `irrelevant` and `relevant`, `not safe` and `safe`, `somewhat disagree` and `somewhat agree`.
    """
    left, right = re.findall(r"[^\W\d_]+", one), re.findall(r"[^\W\d_]+", other)
    denied = [
        bool(_NEGATIONS & set(words)) or any(word.endswith("n't") for word in words)
        for words in (left, right)
    ]
    if denied[0] != denied[1] and _shared(left, right):
        return True
    only_left, only_right = set(left) - set(right), set(right) - set(left)
    return any(_prefixed(a, b) or _prefixed(b, a) for a in only_left for b in only_right)


def _shared(left: Sequence[str], right: Sequence[str]) -> bool:
    rest = [[word for word in words if word not in _NEGATIONS] for words in (left, right)]
    return any(SequenceMatcher(None, a, b).ratio() >= _NEAR for a in rest[0] for b in rest[1])


def _prefixed(longer: str, shorter: str) -> bool:
    """Whether `longer` is `shorter`, or nearly, behind some letters more: un-, in-, dis-, non-, not…"""
    extra = len(longer) - len(shorter)
    if not 1 <= extra <= 5 or len(shorter) < 3:
        return False
    return any(
        SequenceMatcher(None, longer[cut:], shorter, autojunk=False).ratio() >= _NEAR
        and longer[0] != shorter[0]
        for cut in range(1, extra + 2)
    )


_LINE = re.compile(r"(?P<name>[^\n:]{1,80}?)\s*:\s*(?P<label>[^\n]+)")


def extract_label(
    text: str, options: Sequence[Option], *, name: str = "Label", near: bool = False
) -> Extracted:
    """The label in a reply in plain words, which was asked for as a line `name: label`.

    A reply without that line is a format problem where it names a label anyway, and nonsense where it does not.
    """
    for found in _LINE.finditer(text):
        if fold(found["name"]).split(" ")[-1:] == fold(name).split(" ")[-1:]:
            return match_option(found["label"], options, near=near)
    names = {name for option in options for name in _values(option) | _labels(option) | _synonyms(option)}
    folded = fold(text)
    said = any(re.search(rf"\b{re.escape(word)}\b", folded) for word in names)
    claims = re.search(rf"\b{re.escape(fold(name))}\b", folded)
    return Extracted(None, "format" if said or claims else "nonsense", text.strip()[:200])
