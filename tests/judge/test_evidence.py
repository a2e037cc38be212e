import gzip
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge import Submission
from judge.evidence import find_quote, locate
from tests.judge.making import answer


def test_a_quote_is_found_where_it_stands() -> None:
    assert find_quote("be returned", "Boots can be returned.") == (10, 21)


def test_other_dashes_quotes_spaces_and_capitals_are_the_same_words() -> None:
    text = "He said: “It’s 5–7   days”."
    start, end = find_quote("it's 5-7 days", text) or (0, 0)
    assert text[start:end] == "It’s 5–7   days"


def test_an_ellipsis_stands_for_what_is_left_out() -> None:
    text = "We refund the price within five working days after the parcel arrives."
    start, end = find_quote("We refund the price ... after the parcel", text) or (0, 0)
    assert text[start:end] == "We refund the price within five working days after the parcel"


def test_parts_in_the_wrong_order_are_not_found() -> None:
    assert (
        find_quote("after the parcel ... We refund the", "We refund the price after the parcel came.") is None
    )


def test_offsets_count_code_points() -> None:
    assert find_quote("good", "👍🏽 good") == (3, 7)  # thumb, skin tone, blank


def test_words_of_the_question_are_no_evidence_from_the_answer() -> None:
    found = locate("What is the rule?", answer("There is none."))
    assert (found.source, found.verified) == ("prompt", False)


def test_invented_words_are_marked_and_kept() -> None:
    found = locate("never said", answer("There is none."))
    assert (found.source, found.start, found.verified) == ("none", None, False)


@given(st.text(min_size=5, max_size=80), st.data())
def test_any_piece_of_a_text_is_found_and_its_offsets_give_it_back(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 3))
    piece = text[start : data.draw(st.integers(start + 3, len(text)))].strip().strip("\"“”„'‘’").strip()
    if piece:
        found = find_quote(piece, text)
        assert found is not None
        assert text[found[0] : found[1]] == piece


REFUND = "We refund within five working days, as promised."


@pytest.mark.parametrize(
    "quote", ["...within five working days", "within five working days …", "[...] within five working days"]
)
def test_an_ellipsis_at_one_end_says_that_the_sentence_goes_on(quote: str) -> None:
    # "We refund " is 10 characters, "within five working days" is 24
    assert find_quote(quote, REFUND) == (10, 34)


def test_a_few_letters_beside_an_ellipsis_say_nothing_about_where_they_come_from() -> None:
    assert find_quote("We ... promised", REFUND) is None


def test_a_wrong_word_is_not_close_enough() -> None:
    assert find_quote("within six working days", REFUND) is None


@pytest.mark.parametrize("quote", ["", "   ", "“”", "..."])
def test_a_quote_without_words_is_nowhere(quote: str) -> None:
    assert find_quote(quote, REFUND) is None


def test_emphasis_marks_in_the_text_do_not_hide_the_words() -> None:
    text = "some **bold** words"
    start, end = find_quote("bold words", text) or (0, 0)
    assert text[start:end] == "bold** words"


def test_offsets_of_a_normalised_quote_count_code_points_too() -> None:
    # thumb, skin tone, blank: 3. The ligature is one code point in the text and two letters in the quote.
    text = "👍🏽 of\ufb01ce hours"
    assert find_quote("OFFICE hours", text) == (3, 14)


@pytest.mark.parametrize(("source", "field"), [("reference", "reference"), ("context", "context")])
def test_words_of_what_lies_beside_the_answer_are_named_by_their_source(source: str, field: str) -> None:
    found = locate("sixty days", answer("There is a limit.", **{field: "It is sixty days."}))
    assert (found.source, found.start, found.end, found.verified) == (source, 6, 16, False)


def test_words_that_stand_in_answer_and_question_count_for_the_answer() -> None:
    found = locate("the rule", answer("This is the rule."))
    assert (found.source, found.start, found.verified) == ("response", 8, True)


def test_evidence_from_the_answer_has_the_answers_own_spelling() -> None:
    assert locate("it's 5-7 days", answer("It’s 5–7 days.")).quote == "It’s 5–7 days"


@given(st.text(alphabet="ab AB’'-–\n", min_size=8, max_size=60), st.data())
def test_a_quote_retyped_in_capitals_and_plain_marks_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 4))
    piece = text[start : data.draw(st.integers(start + 4, len(text)))]
    retyped = re.sub(r"\s+", " ", piece.replace("’", "'").replace("–", "-").upper()).strip(" '")
    if retyped:
        assert find_quote(retyped, text) is not None


SHARED = Path(__file__).parents[3] / "shared" / "data"


def plainest(text: str) -> str:
    """An independent way to fold a text: letters and digits only."""
    return "".join(one for one in unicodedata.normalize("NFKC", text).casefold() if one.isalnum())


@pytest.mark.skipif(
    not (SHARED / "prometheus").exists(), reason="the public data sets are not beside this checkout"
)
def test_quotes_of_a_real_judge_are_found_and_never_in_the_wrong_place() -> None:
    # 378 quotes in feedback of GPT-4; 69 % stand in the response, 13 % in what surrounds it (the folder's note).
    quotes = 0
    places: Counter[str] = Counter()
    with gzip.open(SHARED / "prometheus" / "direct_assessment.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            submission = Submission("1", row["instruction"], row["response"], reference=row["reference"])
            for feedback in row["gpt4_feedback"]:
                said = re.findall(r'["“]([^"“”]{12,})["”]', feedback)
                said += re.findall(r"(?<![A-Za-z])'([^']{15,}?)'(?![A-Za-z])", feedback)
                for quote in said:
                    quotes += 1
                    found = locate(quote, submission)
                    places[found.source] += 1
                    if not found.verified:
                        continue
                    assert found.start is not None and found.end is not None
                    words = row["response"][found.start : found.end]
                    parts = [plainest(part) for part in re.split(r"\.\.\.|…", quote)]
                    rest = plainest(words)
                    for part in filter(None, parts):
                        at = rest.find(part)
                        assert at >= 0, (quote, words)
                        rest = rest[at + len(part) :]
    assert quotes == 378
    assert round(places["response"] / quotes, 2) >= 0.69
