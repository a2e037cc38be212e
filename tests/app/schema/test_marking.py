"""Words are found where they stand, in code points, and what is only nearly there is said and not taken."""

import pytest

from app.schema.marking import places_of, said_of_words

TEXT = "😀 Paris is in Texas.\r\nNew  York is not; Paris is."


@pytest.mark.parametrize(
    ("words", "places"),
    [
        # One code point for the sign, whatever a browser counts.
        ("Paris", [(2, 7), (40, 45)]),
        (" Texas ", [(14, 19)]),
        ("😀", [(0, 1)]),
        # The text has two characters at the end of the line, a field of a browser one.
        ("Texas.\nNew", [(14, 25)]),
        ("paris", []),
        ("New York", []),
        ("P.ris", []),
        ("", []),
        (" \n", []),
    ],
)
def test_words_stand_where_the_text_has_them_exactly(words: str, places: list[tuple[int, int]]) -> None:
    assert places_of(TEXT, words) == places


def test_places_may_overlap() -> None:
    assert places_of("anana", "ana") == [(0, 3), (2, 5)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Write the words to mark, as they stand in the text."),
        ("Rome", "“Rome” is not in the text. Write the words as they stand there."),
        (
            "New York",
            "“New␣York” is not in the text, but “New␣␣York” is: only spaces or line breaks differ. "
            "Write it as it stands there.",
        ),
        (
            "Texas. New",
            "“Texas.␣New” is not in the text, but “Texas.⏎New” is: only spaces or line breaks differ. "
            "Write it as it stands there.",
        ),
        (
            "paris",
            "“paris” is not in the text, but “Paris” is: only upper and lower case differ. Write it as it stands there.",
        ),
        (
            "new york",
            "“new␣york” is not in the text, but “New␣␣York” is: only case and spaces or line breaks differ. "
            "Write it as it stands there.",
        ),
        (".*", "“.*” is not in the text. Write the words as they stand there."),
    ],
)
def test_what_is_not_there_is_said_with_what_is_nearly_there(words: str, said: str) -> None:
    assert not places_of(TEXT, words)
    assert said_of_words(TEXT, words) == said


def test_any_kind_of_blank_between_words_is_found_where_it_stands() -> None:
    assert places_of("ici : a\xa0b, a b", "a b") == [(6, 9), (11, 14)]
    assert places_of("a b", "a\xa0b") == [(0, 3)]


def test_a_line_end_is_one_end_of_a_line() -> None:
    assert places_of("a\r\nb", "a\n\nb") == []
    assert places_of("a\r\nb", "a\nb") == [(0, 4)]
