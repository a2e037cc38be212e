"""English words that the lint looks for, and texts compared by words. All lists are by judgement.

Rubrics in other languages are spared most of these rules: a word that is not in a list is taken to say something.
"""

import re
from difflib import SequenceMatcher
from typing import Final

__all__ = [
    "ABSENCE",
    "FILLER",
    "JUDGING",
    "QUALITIES",
    "TELLING",
    "VAGUE",
    "differing",
    "explained",
    "polarity",
    "single_range",
    "words",
]

_WORD: Final = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLER: Final = _set(
    """
    a an the is are was were be been being of to in on at by for with from as it its this that these those there and
    or but so then than which who what whose answer response text level criterion has have had do does did can may
    """
)
"""Words that make no difference between two texts."""

TELLING: Final = _set(
    """
    no not none never nothing nobody neither nor without cannot one two three four five half all every each some several
    many most few any only more less fewer least over under first last before after always sometimes
    """
)
"""Words that make two texts say different things although they are short."""

VAGUE: Final = _set(
    """
    good bad poor great excellent fine nice okay ok acceptable adequate decent fair average satisfactory weak strong
    perfect outstanding mediocre better best worse worst well poorly badly very quite rather fairly really extremely
    highly somewhat mostly largely slightly totally completely fully pretty too appropriate suitable proper reasonable
    sufficient exceptional superb terrible high low medium moderate
    """
)
"""Words that say how much, and not of what: two levels that differ by nothing else are told apart by taste."""

JUDGING: Final = _set(
    """
    appropriate appropriately good relevant suitable suitably adequate adequately proper properly sufficient sufficiently
    reasonable reasonably acceptable satisfactory nice bad poor excellent great well-written high-quality quality
    """
)
"""Words that mean something only with what for."""

_EXPLAINING: Final = _set("for to as when if because since given such in by that which so where unless than")

QUALITIES: Final = _set(
    """
    clear correct accurate concise complete helpful polite relevant fluent coherent consistent safe honest friendly
    professional factual grammatical engaging readable precise thorough detailed persuasive natural respectful truthful
    useful brief short structured organised organized creative original empathetic informative specific well-written
    clarity correctness accuracy conciseness completeness helpfulness politeness relevance fluency coherence consistency
    safety honesty friendliness grammar spelling style tone structure readability precision creativity depth
    clearly correctly accurately concisely completely politely fluently coherently briefly
    """
)
"""Qualities that are judged apart."""

_GOOD: Final = _set(
    """
    clear correct right accurate complete polite helpful good excellent perfect flawless convincing coherent respectful
    consistent precise faithful relevant useful thorough fluent true friendly
    """
)
_BAD: Final = _set(
    """
    wrong incorrect false inaccurate incomplete missing unclear confusing rude poor bad fails failing lacks omits ignores
    misleading irrelevant contradicts contradictory invents incoherent useless hostile insulting unhelpful erroneous
    """
)
_NEGATING: Final = _set(
    "no not nothing none never without nobody hardly neither nor cannot free isn't aren't doesn't lacks lacking fails"
)
_REACH: Final = 4
"""Words before a judging word in which a negation turns it round."""

ABSENCE: Final = re.compile(
    r"\b(?:missing|absent|absence|omit\w*|omission\w*|lacks?|lacking|leaves? out|left out|without|free (?:of|from)|"
    r"avoids?|avoided|refrains?|no mention|fails? to|does not|doesn['’]t|do not|don['’]t|is not|isn['’]t)\b",
    re.IGNORECASE,
)
"""A question about what is not there."""

_NUMBER = r"(\d+(?:\.\d+)?)"
_RANGES: Final = (
    (re.compile(rf"\b{_NUMBER}\s*(?:to|-|–|and)\s*{_NUMBER}", re.IGNORECASE), "both"),
    (re.compile(rf"\b(?:under|below|less than|fewer than)\s+{_NUMBER}", re.IGNORECASE), "below"),
    (re.compile(rf"\b(?:over|above|more than)\s+{_NUMBER}", re.IGNORECASE), "above"),
    (re.compile(rf"\bat least\s+{_NUMBER}|\b{_NUMBER}\s+or more", re.IGNORECASE), "from"),
    (re.compile(rf"\b(?:at most|up to)\s+{_NUMBER}|\b{_NUMBER}\s+or (?:less|fewer)", re.IGNORECASE), "until"),
)


_LONG: Final = 1000
"""Words from which on two texts are compared as sets: finding what was moved takes the square of their number."""


def words(text: str) -> list[str]:
    return [found.group().casefold().replace("’", "'") for found in _WORD.finditer(text)]


def differing(first: str, second: str) -> frozenset[str]:
    """The words that one text has where the other has none or others; empty for the same words in the same order."""
    a, b = words(first), words(second)
    if len(a) + len(b) > _LONG:
        return frozenset() if a == b else frozenset({*a} ^ {*b}) or frozenset(a)
    out: set[str] = set()
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind != "equal":
            out.update(a[a1:a2], b[b1:b2])
    return frozenset(out)


def explained(text: str, place: int) -> bool:
    """Whether the words after the one at `place` say what it is meant for: “relevant to the question”."""
    return any(word in _EXPLAINING for word in words(text)[place + 1 : place + 4])


def polarity(text: str) -> int:
    """Praising words less blaming ones; a negation shortly before a word turns it round."""
    said = words(text)
    total = 0
    for place, word in enumerate(said):
        if word in _GOOD or word in _BAD:
            turned = any(before in _NEGATING for before in said[max(0, place - _REACH) : place])
            total += 1 if (word in _GOOD) != turned else -1
    return total


def single_range(text: str) -> tuple[float, float, str] | None:
    """The one range of numbers in a text as (from, to, the text without it); None for no range or several."""
    found = []
    for pattern, kind in _RANGES:
        for hit in pattern.finditer(text):
            numbers = [float(number) for number in hit.groups() if number is not None]
            low = numbers[0] if kind in ("both", "above", "from") else float("-inf")
            high = numbers[-1] if kind in ("both", "below", "until") else float("inf")
            # An open end is half a step away, so that “under 3” and “3 or more” do not meet.
            found.append((low + (kind == "above") * 1e-9, high - (kind == "below") * 1e-9, hit.span()))
    if len(found) != 1:
        return None
    low, high, (start, end) = found[0]
    return low, high, " ".join(words(f"{text[:start]} {text[end:]}"))
