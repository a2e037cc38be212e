from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.checks import run_check
from rubrics import catalog
from tests.judge.making import LEVELS, answer, criterion


def check(
    kind: str, text: str, levels: int = 3, context: dict[str, str] | None = None, **settings: Any
) -> Any:
    made = criterion(
        "c", check={"kind": kind, **settings}, levels=[level.model_dump() for level in LEVELS[:levels]]
    )
    return run_check(made, answer(text, **(context or {})))


@pytest.mark.parametrize(("words", "level"), [(4, 1), (5, 2), (10, 3), (20, 3), (30, 2), (31, 1)])
def test_length_in_words(words: int, level: int) -> None:
    # wanted 10 to 20: half of 10 is 5, one and a half times 20 is 30
    assert check("length", " ".join(["word"] * words), min_words=10, max_words=20).level == level


def test_a_missing_phrase_is_named_with_an_example() -> None:
    found = check(
        "required_phrases", "We looked into it.", levels=2, groups={"a next step": ["please", "you can"]}
    )
    assert found.level == 1 and "please" in found.suggestion


def test_forbidden_phrases_are_quoted_with_what_to_write_instead() -> None:
    found = check(
        "forbidden_phrases",
        "You should have asked. It is DEFINITELY fine.",
        phrases={"you should have": "say what to do now", "definitely": "name the condition"},
    )
    assert found.level == 1
    assert [evidence.quote for evidence in found.evidence] == ["You should have", "DEFINITELY"]
    assert "name the condition" in found.suggestion


def test_a_phrase_inside_a_longer_word_is_not_that_phrase() -> None:
    assert check("forbidden_phrases", "Indefinitely.", phrases={"definitely": "x"}).level == 3


def test_a_long_sentence_is_quoted_whole() -> None:
    long = "one two three four five six seven."
    found = check("readability", f"Short one. {long}", max_sentence_words=6)
    assert (found.level, found.evidence[0].quote) == (2, long)


def test_coverage_counts_key_words_of_the_reference() -> None:
    # key words of the reference: boot, return, sixty, day, box; the answer has boot, return: 2 of 5
    reference = {"reference": "Boots return sixty days box"}
    found = check("coverage", "Return boots.", context=reference, shares=[0.3, 0.6])
    assert (found.level, "2 of 5" in found.rationale) == (2, True)


def test_coverage_without_a_reference_is_unscored_and_not_zero() -> None:
    assert check("coverage", "Anything.").reason == "nothing_to_compare"


def test_a_sentence_without_ground_is_quoted() -> None:
    context = {"context": "Unworn boots can be returned within sixty days of delivery."}
    loose = "Astronauts enjoyed wonderful lunar weather yesterday."
    found = check("unsupported", f"Boots can be returned within sixty days. {loose}", context=context)
    assert (found.level, found.evidence[0].quote) == (2, loose)


@pytest.mark.parametrize("text", ["Dear [name], hello.", "READ THE RULES.", "Thanks!!", "It ends in the mid"])
def test_unfinished_text_is_told(text: str) -> None:
    assert check("format", text, levels=2).level == 1


def test_finished_text_is_finished() -> None:
    assert check("format", "Dear customer, the boots (size 42) can be returned.", levels=2).level == 2


def test_the_catalogues_customer_rubric_has_useful_rules_without_a_model() -> None:
    rules = [entry for entry in catalog()["customer-answer"].criteria if entry.check is not None]
    assert len(rules) >= 4


@pytest.mark.parametrize(("words", "level"), [(0, 1), (1, 1), (2, 2), (3, 3), (500, 3)])
def test_length_without_an_upper_limit(words: int, level: int) -> None:
    # at least 3 are wanted; half of 3 is 1.5, so 2 is a little off and 1 is far off
    assert check("length", "word " * words, min_words=3).level == level


def test_a_word_is_a_word_in_any_script_and_with_its_apostrophe() -> None:
    # It’s | 5 | café | Straße | данные : five, and the dash, the smiley and the euro sign are none
    assert check("length", "It’s 5 café – Straße 😊 данные €", min_words=5, max_words=5).level == 3


def test_every_group_of_required_phrases_counts_alike() -> None:
    # one of two groups is half the way up three levels: the middle one
    found = check(
        "required_phrases", "PLEASE  wait.", groups={"a step": ["please"], "a date": ["within", "by"]}
    )
    assert (found.level, found.rationale) == (2, "Not found: a date.")
    assert [(evidence.start, evidence.end) for evidence in found.evidence] == [(0, 6)]


def test_a_required_phrase_bridges_line_breaks_and_other_apostrophes() -> None:
    assert check("required_phrases", "Then we’ll\ncall you.", groups={"x": ["we'll call"]}).level == 3


@pytest.mark.parametrize(
    ("text", "level"), [("Fine.", 3), ("It is obviously 100% so.", 1), ("Sure, 100%.", 2)]
)
def test_one_forbidden_phrase_is_half_as_bad_as_two(text: str, level: int) -> None:
    assert (
        check("forbidden_phrases", text, phrases={"obviously": "leave out", "100%": "say when"}).level
        == level
    )


def test_at_most_three_quotes_are_shown() -> None:
    assert len(check("forbidden_phrases", "no no no no no", phrases={"no": "yes"}).evidence) == 3


def test_a_full_stop_inside_a_number_or_an_address_ends_no_sentence() -> None:
    # eight words, one sentence; split at the stops there would be no sentence of more than four
    text = "It costs 3.5 euros at www.example.com today."
    found = check("readability", text, max_sentence_words=6)
    assert (found.level, found.evidence[0].quote) == (2, text)


def test_two_long_sentences_are_the_worst_level() -> None:
    long = "one two three four five six seven. "
    assert check("readability", long * 2, max_sentence_words=6).level == 1


@pytest.mark.parametrize(
    ("text", "level"),
    [("Boots.", 1), ("Boots, sixty.", 2), ("Boots within sixty days.", 3), ("The boot: sixty days.", 3)],
)
def test_coverage_climbs_one_level_for_each_share(text: str, level: int) -> None:
    # key words of the reference: boot, sixty, days, sole; `the` and `of` are none, `boots` and `boot` are one.
    # 1 of 4 is .25, 2 of 4 is .50, 3 of 4 is .75
    found = check(
        "coverage", text, context={"reference": "The boots, sixty days of soles"}, shares=[0.4, 0.7]
    )
    assert found.level == level


def test_coverage_names_what_is_missing() -> None:
    found = check("coverage", "Boots.", context={"reference": "Boots within sixty days"}, shares=[0.4, 0.9])
    assert "sixty" in found.suggestion and "boots" not in found.suggestion.casefold()


def test_without_ground_no_sentence_is_called_unsupported() -> None:
    found = check("unsupported", "Astronauts enjoyed wonderful lunar weather yesterday.")
    assert found.reason == "nothing_to_compare"


def test_a_greeting_needs_no_ground() -> None:
    # content words: ms, miller; under four says too little to be right or wrong
    context = {"context": "Unworn boots can be returned."}
    assert check("unsupported", "Dear Ms Miller, hello!", context=context).level == 3


@pytest.mark.parametrize(
    "text",
    [
        "See [our page](https://example.com).",
        "Thanks 😊",
        "完了しました。",
        "That makes 5 €",
        "He said (“yes”).",
        "The NASA page says so.",
        "Really?",
    ],
)
def test_text_that_is_finished_in_its_own_way_is_finished(text: str) -> None:
    assert check("format", text, levels=2).level == 2


def test_an_empty_answer_is_not_finished() -> None:
    assert check("format", " \n", levels=2).suggestion == "Write an answer."


def test_evidence_is_quoted_from_where_it_stands() -> None:
    text = "👍🏽 Thanks!! TODO."
    found = check("format", text, levels=2)
    assert {evidence.quote for evidence in found.evidence} == {"TODO", "!!"}
    for evidence in found.evidence:
        assert evidence.verified and text[evidence.start : evidence.end] == evidence.quote


@given(st.text(max_size=300))
def test_any_text_gets_a_level_of_the_scale_from_every_rule(text: str) -> None:
    beside = {"context": "Boots within sixty days.", "reference": "Sixty days."}
    for rule in catalog()["customer-answer"].criteria:
        if rule.check is None:
            continue
        found = run_check(rule, answer(text, **beside))
        assert found.level in [level.value for level in rule.levels]  # type: ignore[union-attr]
        for evidence in found.evidence:
            assert text[evidence.start : evidence.end] == evidence.quote


@given(st.integers(2, 10))
def test_more_of_the_reference_never_gives_a_lower_level(words: int) -> None:
    wanted = [f"word{'abcdefghij'[n]}" for n in range(words)]
    reference = {"reference": " ".join(wanted)}
    levels = [
        check("coverage", " ".join(wanted[:have]) or "-", context=reference).level
        for have in range(words + 1)
    ]
    assert all(before <= after for before, after in pairwise(levels))
    assert (levels[0], levels[-1]) == (1, 3)
