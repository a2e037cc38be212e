import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubrics import (
    FORMATS,
    Criterion,
    Format,
    Rubric,
    RubricError,
    catalog,
    detect_format,
    dump_rubric,
    read_rubric,
    write_rubric,
)
from tests.rubrics.making import PLAIN, criterion, levels, pointed, rubric

DATA = Path(__file__).parents[3] / "shared" / "data" / "prometheus" / "direct_assessment.jsonl.gz"

PROMETHEUS = {"criteria": "Is it supported?"} | {f"score{n}_description": f"text {n}" for n in range(1, 6)}
HEALTHBENCH = {
    "rubrics": [
        {"criterion": "States the dose.", "points": 7, "tags": ["level:example", "axis:accuracy"]},
        {"criterion": "Invents a dose.", "points": -9, "tags": []},
        {"criterion": "Half a point.", "points": 0.5, "tags": []},
    ]
}
CRITERIA: dict[str, Any] = {
    "name": "Tone of voice",
    "description": "How does it sound?",
    "to_evaluate_field": "response",
    "context_fields": ["prompt"],
    "options": [
        {"name": "Cold", "description": "Curt.", "score": 0},
        {"name": "Plain", "description": "Says it plainly.", "score": 0.5},
        {"name": "Warm", "description": "Takes up what was said.", "score": 1},
    ],
    "examples": [],
}
OTHER = CRITERIA | {
    "name": "thirds",
    "options": [
        {"name": str(n), "description": f"{n} thirds.", "score": n / 3 if n % 3 else n // 3} for n in range(4)
    ],
}


def weighted(first: float = 0.25) -> dict[str, Any]:
    single = {"target_option": None, "score_threshold": None, "required": False}
    return {
        "items": [
            {"criterion": CRITERIA, "weight": first, **single},
            {"criterion": OTHER, "weight": 0.75, **single},
        ],
        "normalize_scores": True,
    }


def grader(kind: str = "score_model", **fields: Any) -> dict[str, Any]:
    made = rubric(criterion("score"), title="My grader", pass_mark=0.5)
    format: Format = "openai-score" if kind == "score_model" else "openai-label"
    document: dict[str, Any] = json.loads(write_rubric(made, format, model="m").text)
    return document | fields


THEIRS: dict[str, tuple[Format, Any]] = {
    "Prometheus": ("prometheus", PROMETHEUS),
    "HealthBench": ("healthbench", HEALTHBENCH),
    "EvalAssist, one": ("evalassist", CRITERIA),
    "EvalAssist, a list": ("evalassist", [CRITERIA, OTHER]),
    "EvalAssist, weighted": ("evalassist", weighted()),
    "a score grader": ("openai-score", grader()),
    "a label grader": ("openai-label", grader("label_model")),
}


@pytest.mark.parametrize("name", THEIRS)
def test_a_document_of_another_system_comes_back_the_same(name: str) -> None:
    format, document = THEIRS[name]
    text = json.dumps(document)
    assert detect_format(text) == format
    read = read_rubric(text)
    assert read.format == format
    assert json.loads(write_rubric(read.rubric, format, model="m").text) == document
    assert detect_format(dump_rubric(read.rubric)) == "milo"


@pytest.mark.skipif(not DATA.exists(), reason="the Prometheus data set is not beside this checkout")
def test_every_rubric_of_the_prometheus_set_comes_back_the_same() -> None:
    with gzip.open(DATA, "rt") as file:
        given = {json.dumps(json.loads(line)["rubric"]) for line in file}
    assert len(given) == 117
    for text in given:
        rendered = json.loads(text)
        assert detect_format(rendered) == "prometheus"
        ours = read_rubric(rendered).rubric
        assert read_rubric(write_rubric(ours, "prometheus", model="m").text).rubric == ours


@st.composite
def fitting(draw: st.DrawFn, format: Format) -> Rubric:
    """A rubric that fits the format, of texts that YAML and JSON would stumble over."""
    if format == "healthbench":
        points = [5.0, *draw(st.lists(st.integers(-9, 9).filter(bool).map(float), max_size=4))]
        criteria = [
            pointed(f"c{n}", gained, question=draw(PLAIN) + "xx", tags=(draw(PLAIN),))
            for n, gained in enumerate(points, 1)
        ]
        return rubric(*criteria, aggregation="points")
    many = draw(st.integers(1, 3)) if format == "evalassist" else 1
    values = [1, 2, 3, 4, 5] if format == "prometheus" else None
    criteria = []
    for number in range(1, many + 1):
        found = draw(levels(values=values, texts=PLAIN))
        if format == "prometheus":
            found = tuple(level.model_copy(update={"label": str(level.value)}) for level in found)
        criteria.append(
            Criterion(
                id="score" if many == 1 else f"c{number}",
                question=draw(PLAIN) + "xx",
                levels=found,
                weight=draw(st.sampled_from([1.0, 2.0, 0.5])) if many > 1 else 1.0,
            )
        )
    return rubric(*criteria, pass_mark=0.5 if format.startswith("openai") else None)


@pytest.mark.parametrize("format", [format for format in FORMATS if format != "milo"])
def test_a_rubric_that_fits_comes_back_with_its_criteria(format: Format) -> None:
    @settings(max_examples=60, deadline=None)
    @given(fitting(format))
    def check(ours: Rubric) -> None:
        if "{{" in str(ours):
            return  # a grader would fill it in; it has a test of its own
        text = write_rubric(ours, format, model="m").text
        back = read_rubric(text).rubric
        total = sum(c.weight for c in ours.criteria)
        again = sum(c.weight for c in back.criteria)
        for before, after in zip(ours.criteria, back.criteria, strict=True):
            assert (before.id, before.question, before.points) == (after.id, after.question, after.points)
            assert (before.levels, before.tags) == (after.levels, after.tags)
            assert before.weight / total == pytest.approx(after.weight / again)
        assert back.aggregation == ours.aggregation

    check()


def test_points_keep_their_sign_and_negative_ones_are_faults() -> None:
    read = read_rubric(json.dumps(HEALTHBENCH)).rubric
    assert (read.aggregation, read.pass_mark) == ("points", None)
    assert [(c.points, c.tags) for c in read.criteria] == [
        (7.0, ("level:example", "axis:accuracy")),
        (-9.0, ()),
        (0.5, ()),
    ]
    assert {level.label for level in read.criteria[1].levels} == {"not met", "met"}


def test_what_a_healthbench_line_says_about_the_item_is_left_out_and_said() -> None:
    line = {
        "prompt_id": "p-1",
        "prompt": [{"role": "user", "content": "?"}],
        "example_tags": [],
        **HEALTHBENCH,
    }
    read = read_rubric(json.dumps(line) + "\n")
    assert read.left_out == (
        "prompt (about the item)",
        "prompt_id (about the item)",
        "example_tags (about the item)",
    )
    assert read.rubric == read_rubric(json.dumps(HEALTHBENCH["rubrics"])).rubric


def test_parts_of_one_become_whole_levels_of_the_same_distances() -> None:
    read = read_rubric(json.dumps([CRITERIA, OTHER])).rubric
    assert [level.value for level in read.criteria[0].levels] == [0, 1, 2]  # 0, 1/2, 1
    assert [level.value for level in read.criteria[1].levels] == [0, 1, 2, 3]  # 0, 1/3, 2/3, 1
    assert [c.id for c in read.criteria] == ["tone_of_voice", "thirds"]


def test_options_stand_in_the_order_of_their_scores() -> None:
    turned = CRITERIA | {"options": CRITERIA["options"][::-1]}
    assert (
        read_rubric(json.dumps(turned)).rubric.criteria == read_rubric(json.dumps(CRITERIA)).rubric.criteria
    )


def test_weights_become_shares_of_one() -> None:
    # 3 : 1 is .75 : .25
    made = rubric(criterion("a", weight=3), criterion("b"))
    items = json.loads(write_rubric(made, "evalassist", model="m").text)["items"]
    assert [item["weight"] for item in items] == [0.75, 0.25]


def test_a_pass_mark_is_a_threshold_or_the_labels_that_reach_it() -> None:
    # Levels 1, 2, 3: a pass mark of .5 is level 2.
    assert grader()["range"] == [1, 3] and grader()["pass_threshold"] == 2
    assert grader("label_model")["passing_labels"] == ["mid", "high"]
    assert read_rubric(json.dumps(grader())).rubric.pass_mark == 0.5
    assert read_rubric(json.dumps(grader("label_model"))).rubric.pass_mark == 0.5


def test_names_that_are_lost_are_said() -> None:
    made = rubric(pointed("dose", 2.0, evidence="required"), aggregation="points", pass_mark=0.5, version=3)
    written = write_rubric(made, "healthbench", model="m")
    assert written.left_out == ("name", "version", "title", "pass_mark", "evidence", "criterion ids")


five = criterion("a", labels=("1", "2", "3", "4", "5"))


@pytest.mark.parametrize(
    ("made", "format", "words"),
    [
        (rubric(five, criterion("b")), "prometheus", "has 2 criteria"),
        (rubric(criterion("a")), "prometheus", r"levels \[1, 2, 3\]; Prometheus scores 1 to 5"),
        (rubric(criterion("a", labels=("bad", "2", "3", "4", "5"))), "prometheus", r"labels \['bad'\] have no place"),
        (rubric(criterion("a", check={"kind": "format"})), "evalassist", "decided by rule"),
        (rubric(criterion("a", applies_when="a date is named")), "evalassist", "only when a date is named"),
        (catalog()["helpfulness"], "evalassist", "criterion 'finished' is decided by rule"),
        (rubric(criterion("a")), "healthbench", "weighted_mean; HealthBench adds up points"),
        (rubric(pointed("a", 2.0, levels=[{"value": 0, "label": "no", "description": "no"},
                                          {"value": 1, "label": "yes", "description": "yes"}]),
                aggregation="points"), "healthbench", "describes what met and not met mean"),
        (rubric(pointed("a", 2.0), aggregation="points"), "evalassist", "is points"),
        (rubric(criterion("a"), aggregation="worst"), "evalassist", "by worst"),
        (rubric(criterion("a", labels=("x", "x"))), "evalassist", "repeat"),
        (rubric(criterion("a"), criterion("b"), pass_mark=0.5), "openai-score", "one score"),
        (rubric(criterion("a")), "openai-label", "no pass mark"),
        (rubric(criterion("a", question="Is {{item.x}} right?")), "openai-score", "template"),
        (rubric(criterion("a", tags=["evalassist:step=1/2"],  # halves of 2 and 4 are whole again
                          levels=[{"value": 2, "label": "x", "description": "is x"},
                                  {"value": 4, "label": "y", "description": "is y"}])),
         "evalassist", "would come back"),
    ],
)  # fmt: skip
def test_what_does_not_fit_another_system_is_refused_with_the_reason(
    made: Rubric, format: Format, words: str
) -> None:
    with pytest.raises(RubricError, match=words):
        write_rubric(made, format, model="m")


def test_examples_of_levels_fit_nowhere_else() -> None:
    levels = [level.model_dump() | {"examples": ["Yes."]} for level in five.levels]
    made = rubric(Criterion.model_validate({"id": "a", "question": "How?", "levels": levels}), pass_mark=0.5)
    for format in FORMATS:
        if format not in ("milo", "healthbench"):
            with pytest.raises(RubricError, match="examples"):
                write_rubric(made, format, model="m")


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def options(*scores: float | None, **fields: Any) -> dict[str, Any]:
    given = [{"name": f"o{n}", "description": f"is {n}", "score": score} for n, score in enumerate(scores)]
    return CRITERIA | {"options": given} | fields


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (PROMETHEUS | {"score6_description": "more"}, "has no score6_description"),
        ({"rubrics": []}, "at least 1 item"),
        ({"rubrics": [{"criterion": "Right.", "points": "7", "tags": []}]}, r"rubrics.0.points"),
        ({"rubrics": [{"criterion": "Right.", "points": 0, "tags": []}]}, "other than zero"),
        ({"rubrics": [{"criterion": "Wrong.", "points": -3, "tags": []}]}, "gains some"),
        ({"rubrics": [{"criterion": "Right.", "points": 1, "tags": [], "weight": 2}]}, r"rubrics.0.weight"),
        ([HEALTHBENCH, HEALTHBENCH], "2 examples"),
        (HEALTHBENCH | {"options": []}, "could be healthbench or evalassist"),
        (options(0.0, None), "levels have an order"),
        (options(1, 1), "must all be there and differ"),
        (options(0, 0.1234567), "equal parts"),
        (options(0), "at least 2 items"),
        (options(*range(12)), "at most 10"),
        (CRITERIA | {"options": [*CRITERIA["options"], {"name": "x", "score": 3}]}, "'x' has no description"),
        (options(0, 1, examples=[{"content": "…"}]), "has examples"),
        (options(0, 1, colour="red"), "colour"),
        ([CRITERIA, CRITERIA], "ids must be distinct"),
        (weighted(0.5), "sum to 1"),
        (weighted() | {"normalize_scores": False}, "normalize_scores is off"),
        ({"items": [{"criterion": CRITERIA, "weight": 1.0, "required": True}]}, "fails the whole"),
        ({"items": [{"criterion": CRITERIA, "weight": 1.0, "target_option": "Warm"}]}, "target_option"),
        ({"items": [{"criterion": CRITERIA, "weight": 1.0, "score_threshold": 0.4}]}, "one pass mark"),
        (grader(input=[{"role": "system", "content": "Score the answer from 1 to 3."}]), "free text"),
        (grader(range=[0, 1]), r"range \[0.0, 1.0\]"),
        (grader(labels=["a"]), "has no labels"),
        (grader("label_model", labels=["high", "mid", "low"]), "not those of the levels"),
        (grader("label_model", passing_labels=["low"]), "not the best ones"),
        ({"type": "string_check", "name": "x"}, "none of the formats known"),
        ([], "an object, or a list"),
        ({}, "none of the formats known"),
    ],
)  # fmt: skip
def test_what_does_not_fit_ours_is_refused_with_the_reason(document: Any, words: str) -> None:
    with pytest.raises(RubricError, match=words):
        read_rubric(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "none of the formats"),
        ("Be fair.", "none of the formats"),
        ('{"rubrics": [', "line 1, column"),
        ('{"rubrics": [], "rubrics": []}', "twice"),
        ('{"rubrics": [{"criterion": "Right.", "points": NaN, "tags": []}]}', "finite"),
        ("[" * 100_000, "nested too deeply"),
        (" " * 500_001, "at most 500,000"),
        ("criteria:\n  - id: [", "line 2"),
    ],
)
def test_a_text_that_is_no_rubric_says_why(text: str, words: str) -> None:
    with pytest.raises(RubricError, match=words):
        read_rubric(text)


def test_a_score_grader_is_no_label_grader() -> None:
    with pytest.raises(RubricError, match="wanted is label_model"):
        read_rubric(json.dumps(grader()), "openai-label")


def test_a_rendered_prometheus_rubric_is_recognised() -> None:
    text = "[Is it right?]\n" + "\n".join(f"Score {n}: level {n}" for n in range(1, 6))
    assert detect_format(text) == "prometheus"
    assert read_rubric(text).rubric.criteria[0].question == "Is it right?"


def test_settings_of_a_grader_that_are_no_rubric_are_said() -> None:
    given = grader(sampling_params={"temperature": 1})
    given["input"][1] = {"role": "user", "content": "{{sample.output_text}}"}
    read = read_rubric(json.dumps(given))
    assert read.left_out == ("model 'm'", "sampling_params", "the messages that show the answer")
    assert (read.rubric.name, read.rubric.title) == ("my-grader", "My grader")
