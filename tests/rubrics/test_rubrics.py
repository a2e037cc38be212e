import gzip
import json
from pathlib import Path

import pytest

from rubrics import RubricError, catalog, from_prometheus, load_rubric, parse_rubric, rubric_hash

GOOD = """name: mine
title: Mine
criteria:
  - id: a
    question: How is a?
    levels:
      - {value: 1, label: bad, description: bad}
      - {value: 2, label: good, description: good}
"""
DATA = Path(__file__).parents[3] / "shared" / "data" / "prometheus" / "direct_assessment.jsonl.gz"


def test_every_rubric_of_the_catalogue_loads_under_its_file_name() -> None:
    assert {"helpfulness", "customer-answer"} <= set(catalog())
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
