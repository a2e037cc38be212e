from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.answer_distance import answer_key, answers_apart, mean_apart
from app.schema import (
    ChoiceQuestion,
    MultiChoiceQuestion,
    Option,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
)

OPTIONS = (Option(value="x"), Option(value="y"), Option(value="z"))
CHOICE = ChoiceQuestion(id="q", title="Q", type="choice", options=OPTIONS)
SEVERAL = MultiChoiceQuestion(id="q", title="Q", type="multi_choice", options=OPTIONS)
RATING = RatingQuestion(id="q", title="Q", type="rating", min=1, max=5)
TEXT = TextQuestion(id="q", title="Q", type="text")
SPANS = SpanQuestion(id="q", title="Q", type="span", options=OPTIONS)
PAIR = PairwiseQuestion(id="q", title="Q", type="pairwise")


def span(start: int, end: int, label: str = "x") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


@pytest.mark.parametrize(
    ("question", "one", "other", "expected"),
    [
        (CHOICE, "x", "x", 0.0),
        (CHOICE, "x", "y", 1.0),
        (PAIR, "left", "tie", 1.0),
        (RATING, 2, 5, 0.75),  # 3 of the 4 steps of the scale
        (SEVERAL, ["x", "y"], ["y", "x"], 0.0),  # the order of labels does not count
        (SEVERAL, ["x", "y"], ["y", "z"], 1 - 1 / 3),  # y in common, of x y z
        (SPANS, [span(0, 4)], [span(2, 6)], 1 - 2 / 6),  # points 2 3 in common, of 0 to 5
        (SPANS, [span(0, 4)], [span(0, 4, "y")], 1.0),  # the same place by another name
        (SPANS, [span(0, 4)], [span(0, 2), span(2, 4)], 0.01),  # every point in common, and yet cut in two
        (TEXT, "The cat sat.", "the  cat sat.", 0.0),  # blanks and capitals do not count
        # Words a b c and pairs ab bc against a b d, ab bd: a, b and ab in common; 1 - 2 * 3 / (5 + 5).
        (TEXT, "a b c", "a b d", 0.4),
        (TEXT, "dog bites man", "man bites dog", 0.4),  # three words in common, no pair: 1 - 6 / 10
        (CHOICE, "x", ["x"], 1.0),  # asked for in another form by an older schema
        (RATING, "good", 3, 1.0),
    ],
)
def test_each_type_of_question_has_its_distance(
    question: Question, one: Any, other: Any, expected: float
) -> None:
    assert answers_apart(question, one, other) == pytest.approx(expected)
    assert answers_apart(question, other, one) == pytest.approx(expected)


def test_the_mean_is_over_all_pairs_of_answers() -> None:
    # x x y: pairs xx 0, xy 1, xy 1.
    assert mean_apart(CHOICE, ["x", "x", "y"]) == pytest.approx(2 / 3)
    # 1 3 5 on 1 to 5: 2/4, 4/4, 2/4.
    assert mean_apart(RATING, [1, 3, 5]) == pytest.approx(2 / 3)
    assert mean_apart(CHOICE, ["x"]) == 0.0
    assert mean_apart(CHOICE, []) == 0.0


@given(st.text(max_size=40), st.text(max_size=40))
def test_only_equal_texts_are_not_apart(one: str, other: str) -> None:
    found = answers_apart(TEXT, one, other)
    assert 0.0 <= found <= 1.0
    assert (found == 0.0) == (answer_key(one) == answer_key(other))


@given(st.lists(st.integers(1, 5), max_size=8), st.randoms())
def test_the_mean_does_not_depend_on_the_order_of_people(values: list[int], random: Any) -> None:
    other = list(values)
    random.shuffle(other)
    assert mean_apart(RATING, values) == pytest.approx(mean_apart(RATING, other))
