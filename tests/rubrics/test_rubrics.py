import gzip
import json
from pathlib import Path

import pytest

import rubrics
from rubrics import (
    Rubric,
    RubricError,
    catalog,
    from_prometheus,
    load_rubric,
    parse_rubric,
    rubric_from,
    rubric_hash,
)

GOOD = """name: mine
title: Mine
criteria:
  - id: a
    question: How is a?
    levels:
      - {value: 1, label: bad, description: bad}
      - {value: 2, label: good, description: good}
"""


def with_check(check: str) -> str:
    return GOOD.replace("id: a", f"id: a\n    check: {check}")


DATA = Path(__file__).parents[3] / "shared" / "data" / "prometheus" / "direct_assessment.jsonl.gz"


def test_no_two_levels_of_a_criterion_say_the_same_and_every_rubric_needs_a_reader() -> None:
    for rubric in catalog().values():
        for criterion in rubric.criteria:
            texts = [level.description for level in criterion.levels]
            assert len(set(texts)) == len(texts), (rubric.name, criterion.id)
        assert any(criterion.check is None for criterion in rubric.criteria), rubric.name


def test_every_rubric_of_the_catalogue_loads_under_its_file_name() -> None:
    assert {"helpfulness", "customer-answer"} <= set(catalog()) and len(catalog()) >= 9
    folder = Path(__file__).parents[2] / "rubrics" / "catalog"
    assert {path.stem for path in folder.glob("*.yaml")} == set(catalog())


def test_the_hash_is_that_of_the_content() -> None:
    same = parse_rubric(
        GOOD.replace("    question", "    weight: 1.0\n    question")
    )  # the default, written out
    assert rubric_hash(parse_rubric(GOOD)) == rubric_hash(same)
    assert rubric_hash(parse_rubric(GOOD)) != rubric_hash(
        parse_rubric(GOOD.replace("description: bad", "description: worse"))
    )
    assert rubric_hash(same).startswith("sha256:")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("criteria: []", "name"),
        (GOOD.replace("- {value: 2, label: good, description: good}", ""), "at least 2"),
        (GOOD.replace("value: 2", "value: 1"), "must ascend"),
        (GOOD + GOOD[GOOD.index("  - id: a"):], "repeated: a"),
        ("name: [", "line 1"),
        ("a: &x [1]\nb: *x", "aliases"),
        (GOOD.replace("id: a", "id: a\n    wieght: 3"), "line 5"),
        (GOOD.replace("title: Mine", "title: [Mine"), "line 3, column 9"),
        (GOOD.replace("title: Mine", "title: 2024-13-45"), "month must be"),
        (GOOD.replace("title: Mine", "title: !!python/name:os.system ''"), "line 2"),
        (GOOD + GOOD[GOOD.index("  - id: a"):].replace("id: a", "id: a_b")
         + GOOD[GOOD.index("  - id: a"):].replace("id: a", "id: a-b"), "repeated: a_b"),
        (GOOD.replace("id: a", "id: a\n    weight: .inf"), "line 5.*finite"),
        (GOOD.replace("id: a", "id: a\n    weight: 0"), "line 5.*greater than 0"),
        (GOOD.replace("id: a", "id: a\n    scale: binary") + "      - {value: 3, label: x, description: x}", "binary"),
        (GOOD.replace("title: Mine", "title: Mine\npass_mark: 60"), "line 3.*less than or equal to 1"),
        (GOOD.replace("id: a", "id: A b"), "line 4"),
        (with_check("{kind: length, min_words: 9, max_words: 3}"), "max_words 3 is below min_words 9"),
        (with_check("{kind: required_phrases, groups: {step: []}}"), "line 5"),
        (with_check("{kind: required_phrases, groups: {step: [' ']}}"), "line 5"),
        (with_check("{kind: forbidden_phrases, phrases: {'': x}}"), "line 5"),
        (with_check("{kind: coverage, shares: []}"), "line 5"),
        (with_check("{kind: vibes}"), "line 5.*length"),
        ("- a\n- b", "not a mapping"),
        ("a: " + "[" * 20_000, "nested too deeply"),
        ("a" * 500_001, "at most 500,000"),
    ],
)  # fmt: skip
def test_a_broken_rubric_says_what_and_where(text: str, words: str) -> None:
    with pytest.raises(RubricError, match=words):
        parse_rubric(text, where="mine.yaml")


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(RubricError, match="helpfulness"):
        load_rubric("nothing-such")


def test_a_prometheus_rubric_is_the_same_as_text_and_as_object() -> None:
    text = "[Is it right?]\n" + "\n".join(f"Score {n}: level {n}" for n in range(1, 6))
    given = {"criteria": "Is it right?"} | {f"score{n}_description": f"level {n}" for n in range(1, 6)}
    rubric = from_prometheus(text)
    assert rubric == from_prometheus(given)
    assert [level.description for level in rubric.criteria[0].levels] == [f"level {n}" for n in range(1, 6)]


def test_four_levels_are_refused_and_not_stretched() -> None:
    with pytest.raises(RubricError, match=r"\[1, 2, 3, 4\]"):
        from_prometheus("[Right?]\n" + "\n".join(f"Score {n}: x" for n in range(1, 5)))


@pytest.mark.skipif(not DATA.exists(), reason="the Prometheus data set is not beside this checkout")
def test_all_rubrics_of_the_prometheus_set_are_read() -> None:
    with gzip.open(DATA, "rt") as file:
        rubrics = [from_prometheus(json.loads(line)["rubric"]) for line in file]
    assert (len(rubrics), len({rubric_hash(rubric) for rubric in rubrics})) == (640, 117)


def test_every_problem_of_a_rubric_is_named_at_once() -> None:
    broken = GOOD.replace("title: Mine", "pass_mark: 3").replace("How is a?", "a")
    with pytest.raises(RubricError) as caught:
        parse_rubric(broken, where="mine.yaml")
    # no title, a pass mark above 1, a question of one letter
    assert len([problem for problem in caught.value.problems if problem.startswith("mine.yaml, line ")]) >= 3


def test_a_rubric_is_read_from_a_file_or_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    assert load_rubric(path) == parse_rubric(GOOD)
    path.write_bytes(b"name: \xff")
    with pytest.raises(RubricError, match=r"mine\.yaml cannot be read"):
        load_rubric(path)
    with pytest.raises(RubricError, match="cannot be read"):
        load_rubric("a\0b")


def test_json_is_a_rubric_too() -> None:
    assert parse_rubric(parse_rubric(GOOD).model_dump_json()) == parse_rubric(GOOD)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: mine", "name: other"),
        ("title: Mine", "title: Other"),
        ("title: Mine", "title: Mine\nversion: 2"),
        ("title: Mine", "title: Mine\npass_mark: 0.5"),
        ("How is a?", "How is A?"),
        ("value: 2", "value: 3"),
        ("label: good", "label: fine"),
        ("id: a", "id: a\n    required: false"),
        ("id: a", "id: a\n    weight: 2"),
        ("id: a", "id: a\n    check: {kind: format}"),
    ],
)
def test_whatever_a_judge_would_read_or_count_makes_another_rubric(before: str, after: str) -> None:
    assert rubric_hash(parse_rubric(GOOD)) != rubric_hash(parse_rubric(GOOD.replace(before, after)))


def test_layout_quotes_and_comments_make_no_other_rubric() -> None:
    same = GOOD.replace("title: Mine", "# a comment\n\ntitle: 'Mine'")
    assert rubric_hash(parse_rubric(same)) == rubric_hash(parse_rubric(GOOD))


def prometheus(question: str = "Is it right?", text: str = "level") -> str:
    return f"[{question}]\n" + "\n".join(f"Score {n}: {text} {n}" for n in range(1, 6))


def test_a_description_over_several_lines_is_kept_whole() -> None:
    levels = from_prometheus(prometheus(text="wrong\nor vague,")).criteria[0].levels
    assert levels[0].description == "wrong\nor vague, 1"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (prometheus("Q"), "only 'Q'"),
        (prometheus(""), "no criterion"),
        (prometheus() + "\nScore 5: again", r"\[1, 2, 3, 4, 5, 5\]"),
        (prometheus().replace("Score 3: level 3", "Score 3:"), r"no text for score \[3\]"),
        ("Be fair.", r"scores \[\]"),
        ({"criteria": None} | {f"score{n}_description": "x" for n in range(1, 6)}, "no criterion"),
        ({"criteria": "Right?", "score1_description": "x"}, r"scores \[1\]"),
    ],
)
def test_what_is_no_prometheus_rubric_is_refused(source: str | dict[str, object], words: str) -> None:
    with pytest.raises(RubricError, match=words):
        from_prometheus(source)


def test_other_words_make_another_prometheus_rubric() -> None:
    assert from_prometheus(prometheus()).name != from_prometheus(prometheus(text="grade")).name


def test_a_rubric_inside_another_document_is_ours_when_it_has_a_name() -> None:
    ours = parse_rubric(GOOD)
    assert rubric_from(ours.model_dump(mode="json")) == ours
    assert rubric_from(prometheus()) == from_prometheus(prometheus())
    with pytest.raises(RubricError, match="title"):
        rubric_from({"name": "mine", "criteria": []})


def test_the_schema_for_editors_is_that_of_the_code() -> None:
    stored = Path(rubrics.__file__).parent / "catalog" / "rubric.schema.json"
    # Written with `milo rubrics schema > rubrics/catalog/rubric.schema.json`.
    assert json.loads(stored.read_text(encoding="utf-8")) == Rubric.model_json_schema()
