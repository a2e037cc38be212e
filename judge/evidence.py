"""Finding quoted words in the text they are said to come from.

A judge quotes with other dashes, quotation marks, spaces and capitals than the text has, and leaves out the
middle with an ellipsis. Exact search alone would call a quarter of honest quotes invented; fuzzy search would
accept invented ones. So: exact, then normalised character by character, then the parts around an ellipsis in
order. Offsets always count code points of the original text.
"""

import re
import unicodedata

from judge.types import Evidence, Source, Submission

__all__ = ["find_quote", "locate"]

_SAME = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "\u00a0": " ", "…": "...",
    }
)  # fmt: skip
_ELLIPSIS = re.compile(r"\s*(?:\[?\.\.\.\]?|\[?…\]?)\s*")
_EDGES = " .,;:!?…'\""
_MARKUP = frozenset("*_#`")
_SHORTEST_PART = 8
"""Characters around an ellipsis below which a part says nothing about where it comes from; by judgement."""


def _normalised(text: str) -> tuple[str, list[int]]:
    """The text folded for comparison, and for each of its characters the index in the original."""
    out: list[str] = []
    index: list[int] = []
    for position, character in enumerate(text):
        if character in _MARKUP:
            continue
        folded = unicodedata.normalize("NFKC", character.translate(_SAME)).casefold()
        for piece in folded:
            if piece.isspace():
                if out and out[-1] == " ":
                    continue
                piece = " "
            out.append(piece)
            index.append(position)
    return "".join(out), index


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """(start, end) of the quote in the text, in code points, end exclusive; None when it is not there."""
    quote = quote.strip().strip("\"“”„'‘’").strip()
    if not quote:
        return None
    exact = text.find(quote)
    if exact >= 0:
        return exact, exact + len(quote)
    folded, index = _normalised(text)
    span = _find_folded(quote, folded, 0)
    if span is None and (bare := quote.strip(_EDGES)) != quote and bare:
        # A sentence's own full stop or comma is often set inside the quotation marks of another.
        span = _find_folded(bare, folded, 0)
    if span is None:
        span = _find_parts([part for part in _ELLIPSIS.split(quote) if part], folded)
    if span is None:
        return None
    return index[span[0]], index[span[1] - 1] + 1


def _find_folded(quote: str, folded: str, begin: int) -> tuple[int, int] | None:
    wanted = _normalised(quote)[0].strip()
    at = folded.find(wanted, begin) if wanted else -1
    return (at, at + len(wanted)) if at >= 0 else None


def _find_parts(parts: list[str], folded: str) -> tuple[int, int] | None:
    """From the first part's start to the last part's end, when all of them occur in this order.

    One part is left of a quote that only begins or ends with an ellipsis.
    """
    if not parts or any(len(part) < _SHORTEST_PART for part in parts):
        return None
    start, end = -1, 0
    for part in parts:
        span = _find_folded(part, folded, end)
        if span is None:
            return None
        start = span[0] if start < 0 else start
        end = span[1]
    return start, end


def locate(quote: str, submission: Submission) -> Evidence:
    """The quote with where it was found: in the response (verified), else elsewhere, else nowhere."""
    places: tuple[tuple[Source, str | None], ...] = (
        ("response", submission.response),
        ("prompt", submission.prompt),
        ("reference", submission.reference),
        ("context", submission.context),
    )
    for source, text in places:
        span = find_quote(quote, text) if text else None
        if span is not None and text is not None:
            words = text[span[0] : span[1]] if source == "response" else quote
            return Evidence(words, span[0], span[1], source, verified=source == "response")
    return Evidence(quote, None, None, "none", verified=False)
