from pathlib import Path

import pytest
from hypothesis import given, settings

import rubrics
from rubrics import Rubric, catalog, dump_rubric, parse_rubric, rubric_hash
from tests.rubrics import making

CATALOG = Path(rubrics.__file__).parent / "catalog"


@settings(max_examples=150, deadline=None)
@given(making.rubrics())
def test_what_is_written_is_read_as_the_same_rubric(rubric: Rubric) -> None:
    text = dump_rubric(rubric)
    assert parse_rubric(text) == rubric
    assert rubric_hash(parse_rubric(text)) == rubric_hash(rubric)
    assert dump_rubric(parse_rubric(text)) == text


def test_the_text_has_the_layout_of_the_catalogue() -> None:
    # This file states no default and orders its fields as the writer does: it comes back to the letter.
    text = (CATALOG / "factual-support.yaml").read_text(encoding="utf-8")
    assert dump_rubric(catalog()["factual-support"]) == text


def test_defaults_are_left_out_and_whole_numbers_have_no_point() -> None:
    text = dump_rubric(making.rubric(making.criterion("a", weight=2.0), making.criterion("b", weight=0.5)))
    assert "weight: 2\n" in text and "weight: 0.5\n" in text
    for word in ("aggregation", "scale", "evidence", "required", "tags", "check", "pass_mark"):
        assert f"{word}:" not in text, word


@pytest.mark.parametrize("name", sorted(catalog()))
def test_every_rubric_of_the_catalogue_comes_back(name: str) -> None:
    assert parse_rubric(dump_rubric(catalog()[name])) == catalog()[name]
