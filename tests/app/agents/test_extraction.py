"""From a model's words to a label."""

import pytest

from app.agents.extraction import extract_label, match_option
from app.schema import Option

SENTIMENT = [Option(value="positive"), Option(value="negative")]


@pytest.mark.parametrize(
    ("reply", "value", "problem", "near"),
    [
        # The six replies in the documentation of MEGAnno+ (its row 18).
        ("asdf qwerty", None, "nonsense", False),
        ("Label is neutral", None, "format", False),
        ("Label: entailment", None, "unknown", False),
        ("Label: 'negative'.", "negative", None, False),
        ("Label: pos", "positive", None, True),
        ("Label: positive", "positive", None, False),
    ],
)
def test_the_six_documented_replies(reply: str, value: str | None, problem: str | None, near: bool) -> None:
    found = extract_label(reply, SENTIMENT, near=True)
    assert (found.value, found.problem, found.near) == (value, problem, near)


def test_near_matches_are_off_unless_asked_for() -> None:
    assert extract_label("Label: pos", SENTIMENT).problem == "unknown"


def options(*values: str) -> list[Option]:
    return [Option(value=value) for value in values]


@pytest.mark.parametrize(
    ("said", "known"),
    [
        # Jaro-Winkler takes the first five for each other at .93, .82, .89, .95 and .90 (MEGAnno+, defect 4).
        ("irrelevant", ["relevant", "spam"]),
        ("relevant", ["not_relevant", "spam"]),
        ("unsafe", ["safe", "other"]),
        ("inappropriate", ["appropriate", "other"]),
        ("notharmful", ["harmful", "other"]),
        ("not safe", ["safe", "other"]),
        ("somewhat disagree", ["somewhat agree", "neither"]),
        ("without consent", ["with consent", "other"]),
        ("atypical", ["typical", "other"]),
        ("disliked", ["likes", "other"]),
    ],
)
def test_no_near_match_crosses_a_negation(said: str, known: list[str]) -> None:
    assert match_option(said, options(*known), near=True).value is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Not Relevant", "not_relevant"),  # both sides are folded (defect 5)
        ("NEEDS reply", "Needs Reply"),
        ("«spam»", "spam"),
        ("  Needs   Reply. ", "Needs Reply"),
    ],
)
def test_spelling_does_not_make_another_label(said: str, expected: str) -> None:
    found = match_option(said, options("not_relevant", "Needs Reply", "spam"))
    assert (found.value, found.near) == (expected, False)


def test_declared_synonyms_are_the_label_itself() -> None:
    known = [Option(value="bug", synonyms=("defect", "fault")), Option(value="wish")]
    assert match_option("Defect", known).value == "bug"
    assert not match_option("Defect", known).near


def test_a_value_wins_over_the_synonym_of_another() -> None:
    known = [Option(value="a", synonyms=("b",)), Option(value="b")]
    assert match_option("b", known).value == "b"


@pytest.mark.parametrize(
    ("said", "expected"),
    [("shiping", "shipping"), ("bill", "billing"), ("accounts", "account"), ("zebra", None)],
)
def test_near_matches_need_a_clear_margin(said: str, expected: str | None) -> None:
    assert match_option(said, options("shipping", "billing", "account"), near=True).value == expected
    # Two labels as near as each other: neither.
    assert match_option("shipp", options("shippers", "shipping"), near=True).value is None
