import pytest

from app.errors import Invalid
from app.samples import load_sample, sample_keys
from app.schema import LabelSchema, check_content, odd_values, parse_schema, validate_answers

ALL = """
questions:
  - {id: one, type: choice, title: One, options: [{value: a}, {value: b}]}
  - {id: many, type: multi_choice, title: Many, options: [{value: a}, {value: b}, {value: none, none: true}], required: false}
  - {id: rate, type: rating, title: Rate, min: 1, max: 5, required: false}
  - {id: words, type: text, title: Words, min_chars: 3, max_chars: 10, required: false}
  - {id: spans, type: span, title: Spans, options: [{value: X}], required: false}
  - {id: pair, type: pairwise, title: Pair, tie: false, required: false}
"""
CONTENT = {"parts": [{"name": "text", "kind": "text", "text": "naïve 👍 ok"}]}  # 10 code points


@pytest.fixture(scope="module")
def schema() -> LabelSchema:
    return parse_schema(ALL)


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"one": "a"}, None),
        ({}, "one: needs an answer"),
        ({"one": "c"}, "one: 'c' is not one of a, b"),
        ({"one": "a", "other": 1}, "other: is no question"),
        ({"one": "a", "many": ["a", "b"]}, None),
        ({"one": "a", "many": ["a", "a"]}, "twice"),
        ({"one": "a", "many": ["a", "none"]}, "cannot be combined"),
        ({"one": "a", "many": "a"}, "not a list"),
        ({"one": "a", "rate": 5}, None),
        ({"one": "a", "rate": 6}, "from 1 to 5"),
        ({"one": "a", "rate": True}, "from 1 to 5"),
        ({"one": "a", "rate": "3"}, "from 1 to 5"),
        ({"one": "a", "words": "ab"}, "at least 3"),
        ({"one": "a", "words": "12345678901"}, "at most 10"),
        ({"one": "a", "words": "   "}, None),
        ({"one": "a", "spans": [{"start": 6, "end": 7, "label": "X"}]}, None),
        ({"one": "a", "spans": [{"start": 0, "end": 11, "label": "X"}]}, "within the text of 10"),
        ({"one": "a", "spans": [{"start": 2, "end": 2, "label": "X"}]}, "within the text"),
        ({"one": "a", "spans": [{"start": 0, "end": 2, "label": "Y"}]}, "label 'Y'"),
        ({"one": "a", "pair": "left"}, None),
        ({"one": "a", "pair": "tie"}, "left, right"),
    ],
)
def test_answers_are_checked_question_by_question(
    schema: LabelSchema, answers: dict[str, object], problem: str | None
) -> None:
    problems = validate_answers(schema, answers, CONTENT)
    assert (problems == []) if problem is None else any(problem in found for found in problems)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty"),
        ("questions: [", "line 1, column"),
        ("questions: []", "questions"),
        ("- a", "not a mapping"),
        (ALL.replace("id: many", "id: one"), "repeated: one"),
        (ALL.replace("[{value: a}, {value: b}]}", "[{value: a}, {value: a}]}"), "'a' occurs twice"),
        (
            ALL.replace("[{value: a}, {value: b}]}", "[{value: a, label: Same}, {value: b, label: same}]}"),
            "label 'same'",
        ),
        (ALL.replace("type: rating", "type: ratings"), "line 5"),
        (ALL.replace("min: 1, max: 5", "min: 5, max: 1"), "min must be below max"),
        (ALL.replace("title: One", "titel: One"), "titel"),
        ("a: &x {b: 1}\nquestions: *x", "aliases"),
    ],
)
def test_a_broken_schema_says_what_and_where(source: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        parse_schema(source)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"kind": "image", "path": "../secret.png"}, "below the media folder"),
        ({"kind": "image", "path": "/etc/passwd"}, "below the media folder"),
        ({"kind": "image", "path": "a\\..\\..\\b.png"}, "below the media folder"),
        ({"kind": "image", "path": "a.png", "url": "https://x/y.png"}, "either"),
        ({"kind": "image", "url": "file:///etc/passwd"}, "neither http nor https"),
        ({"kind": "text"}, "needs `text`"),
        ({"kind": "conversation", "messages": []}, "needs `messages`"),
        ({"kind": "hologram"}, "kind"),
    ],
)
def test_content_that_cannot_be_shown_is_refused(part: dict[str, object], words: str) -> None:
    problems = check_content({"parts": [{"name": "p", **part}]})
    assert any(words in problem for problem in problems)


@pytest.mark.parametrize("key", sample_keys())
def test_each_sample_is_whole_and_its_gold_fits_its_schema(key: str) -> None:
    sample = load_sample(key)
    schema = parse_schema(sample.schema_yaml)
    assert len(sample.items) >= {"comments": 60, "pictures": 15, "customers": 20}[key]
    asked = {question.id: question for question in schema.questions}
    for row in sample.items:
        for question, value in row["gold"].items():
            probe = LabelSchema(questions=(asked[question],))
            assert validate_answers(probe, {question: value}, CONTENT) == [], row["id"]


def test_the_pictures_are_drawn_the_same_each_time(tmp_path: object) -> None:
    from pathlib import Path

    from app.samples import draw_pictures

    folder = Path(str(tmp_path))
    first = {path.name: path.read_bytes() for path in draw_pictures(folder / "a")}
    second = {path.name: path.read_bytes() for path in draw_pictures(folder / "b")}
    assert len(first) >= 15 and first == second


def test_labels_that_models_get_wrong_for_their_spelling() -> None:
    schema = parse_schema(
        "questions: [{id: q, type: choice, title: Q, options: [{value: off_topic}, {value: '3'}, {value: 'yes/no'}, "
        "{value: x}, {value: needs a reply}, {value: one of the many things there are}]}]"
    )
    assert odd_values(schema) == ["q: 3", "q: yes/no", "q: x", "q: one of the many things there are"]
