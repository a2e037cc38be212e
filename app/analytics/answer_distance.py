"""How far two answers to one question are apart, whatever its type: 0 for the same answer, 1 for nothing in common.

One scale for all types, so that items and questions can be put in one order of disagreement.
"""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

from app.schema import MultiChoiceQuestion, Question, RatingQuestion, SpanQuestion, TextQuestion

__all__ = ["answer_key", "answers_apart", "mean_apart"]

_LEAST = 0.01
"""Of texts and spans that are not the same and yet have every part in common; by judgement."""


def answer_key(value: Any) -> str:
    """The same text for answers that say the same: the order of labels and spans, blanks and capitals do not count."""
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    if isinstance(value, list):
        return json.dumps(sorted(json.dumps(entry, sort_keys=True) for entry in value))
    return json.dumps(value, sort_keys=True)


def answers_apart(question: Question, one: Any, other: Any) -> float:
    """In [0, 1]; 0 exactly when `answer_key` is the same.

    One option: the same or not. Several: 1 - Jaccard. Ratings: their difference as a share of the scale. Spans: 1 -
    Jaccard of the labelled code points. Texts: 1 - Dice of their words and pairs of neighbouring words. Answers that
    an older schema asked for in another form are wholly apart.
    Sources: P. Jaccard, New Phytol. 11(2), 1912; L. R. Dice, Ecology 26(3), 1945.
    """
    if answer_key(one) == answer_key(other):
        return 0.0
    match question, one, other:
        case RatingQuestion(), int(), int():
            return min(1.0, abs(one - other) / (question.max - question.min))
        case MultiChoiceQuestion(), list(), list():
            return _jaccard(set(one), set(other))
        case SpanQuestion(), list(), list():
            return max(_LEAST, _jaccard(_marked(one), _marked(other)))
        case TextQuestion(), str(), str():
            return max(_LEAST, _dice(_words(one), _words(other)))
        case _:
            return 1.0


def mean_apart(question: Question, values: Sequence[Any]) -> float:
    """The mean over all pairs of answers; 0 with fewer than two. For ratings it is Gini's mean difference by scale.

    Equal answers are compared once, however many people gave them.
    """
    first = {answer_key(value): value for value in reversed(values)}
    counts = Counter(answer_key(value) for value in values)
    pairs = len(values) * (len(values) - 1) / 2
    total = sum(
        counts[one] * counts[other] * answers_apart(question, first[one], first[other])
        for one, other in combinations(first, 2)
    )
    return total / pairs if pairs else 0.0


def _jaccard(one: set[Any], other: set[Any]) -> float:
    return 1.0 - len(one & other) / len(one | other)


def _marked(spans: Sequence[dict[str, Any]]) -> set[tuple[int, str]]:
    return {(place, span["label"]) for span in spans for place in range(span["start"], span["end"])}


def _words(text: str) -> Counter[tuple[str, ...]]:
    words = text.casefold().split()
    return Counter([*((word,) for word in words), *pairwise(words)])


def _dice(one: Counter[tuple[str, ...]], other: Counter[tuple[str, ...]]) -> float:
    return 1.0 - 2 * (one & other).total() / (one.total() + other.total())
