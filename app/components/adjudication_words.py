"""Words of adjudication: why answers differ, and how an answer of any type reads."""

from collections.abc import Mapping
from typing import Any, Final

from app.schema import ChoiceQuestion, MultiChoiceQuestion, Question, RatingQuestion, SpanQuestion

__all__ = ["REASONS", "REASON_KEYS", "REASON_MEANINGS", "answer_words", "sentence"]

REASONS: Final[Mapping[str, str]] = {
    "guideline_gap": "guideline gap",
    "ambiguous": "ambiguous",
    "slip": "slip",
    "two_right": "two right",
    "other": "other",
}
REASON_MEANINGS: Final[Mapping[str, str]] = {
    "guideline_gap": "The guidelines do not say it. A comment is needed: what should they say?",
    "ambiguous": "The item can be read in two ways.",
    "slip": "Somebody did not look closely.",
    "two_right": "Two answers are right; nobody counts as overturned.",
    "other": "Something else. A comment is needed.",
}
REASON_KEYS: Final[Mapping[str, str]] = {
    "guideline_gap": "G",
    "ambiguous": "A",
    "slip": "S",
    "two_right": "T",
    "other": "O",
}
"""C and R are taken by the page itself."""


def sentence(error: Exception) -> str:
    """What went wrong, as a sentence."""
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "?", "!")) else ".")


def answer_words(question: Question, value: Any, text: str = "") -> str:
    """An answer as people read it; spans with the words of `text` that they mark."""
    match question:
        case ChoiceQuestion() | MultiChoiceQuestion():
            shown = {option.value: option.shown for option in question.options}
            values = value if isinstance(value, list) else [value]
            return ", ".join(shown.get(one, str(one)) for one in values) or "nothing"
        case RatingQuestion():
            label = question.labels.get(value) if isinstance(value, int) else None
            return f"{value} of {question.max}" + (f", {label}" if label else "")
        case SpanQuestion() if isinstance(value, list):
            labels = {option.value: option.shown for option in question.options}
            spans = sorted(value, key=lambda span: int(span["start"]))
            lines = (
                f"“{text[span['start'] : span['end']]}” {labels.get(span['label'], span['label'])}"
                for span in spans
            )
            return "\n".join(lines) or "nothing"
        case _:
            return str(value)
