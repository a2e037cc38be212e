from typing import Any

import pytest
from hypothesis import given, settings

from rubrics import Criterion, Rubric, catalog, dump_rubric
from rubrics.findings import Kind
from rubrics.lint import lint, lint_text
from tests.rubrics import making
from tests.rubrics.making import pointed, rubric


def judged(id_: str = "a", *texts: str, question: str = "", **fields: Any) -> Criterion:
    """A criterion whose levels, from 1 on, have these descriptions."""
    said = texts or (
        "Names no step at all.",
        "Names one step of several.",
        "Names every step that is needed.",
    )
    levels = fields.pop("levels", None) or [
        {"value": value, "label": f"L{value}", "description": text} for value, text in enumerate(said, 1)
    ]
    asked = question or f"How many steps are there in part {id_}?"
    return Criterion.model_validate({"id": id_, "question": asked, "levels": levels, **fields})


def labelled(*pairs: tuple[str, str], **fields: Any) -> Criterion:
    levels = [{"value": n, "label": label, "description": text} for n, (label, text) in enumerate(pairs)]
    return judged(levels=levels, **fields)


def checked(id_: str, **check: Any) -> Criterion:
    return judged(id_, check=check, question=f"Does the check {id_} hold?")


def examples(*rows: tuple[str, ...]) -> Criterion:
    texts = ("Names no step.", "Names every step.")
    levels = [
        {"value": n, "label": f"L{n}", "description": text, "examples": row}
        for n, (text, row) in enumerate(zip(texts, rows, strict=True))
    ]
    return judged(levels=levels)


THREE = [judged(name) for name in ("a", "b", "c")]

BAD: list[tuple[Kind, str, Rubric]] = [
    ("missing_text", "error", rubric(judged("a", "…", "Names every step."))),
    ("missing_text", "warning", rubric(labelled(("bad", "Bad."), ("full", "Names every step.")))),
    ("missing_text", "warning", rubric(labelled(("none", "Names no step."), ("x", "1.")))),
    ("same_levels", "error", rubric(judged("a", "Names every step.", "names every step"))),
    ("same_levels", "warning", rubric(judged("a", "Names the step.", "Names a step.", "Names every step."))),
    ("same_levels", "warning", rubric(labelled(("x", "Names no step."), ("X", "Names every step.")))),
    ("contradiction", "error", rubric(examples(("Call us.",), ("Call us.", "Write.")))),
    ("vague_difference", "warning", rubric(judged("a", "The steps are clear.", "The steps are very clear."))),
    ("vague_difference", "warning", rubric(judged("a", "Poor.", "Fair.", "Excellent."))),
    ("vague_difference", "warning", rubric(judged("a", "Mostly on the point.", "Completely on the point."))),
    ("overlapping_levels", "warning", rubric(judged("a", "5 to 9 steps are named.", "8 to 12 steps are named."))),
    ("overlapping_levels", "warning", rubric(judged("a", "1 to 3 errors.", "3 to 5 errors."))),
    ("overlapping_levels", "warning", rubric(judged("a", "At most 4 errors.", "More than 2 errors."))),
    ("double_barrelled", "warning", rubric(judged(question="Is the answer clear and correct?"))),
    ("double_barrelled", "warning", rubric(judged(question="Is it concise or is it also complete?"))),
    ("double_barrelled", "warning", rubric(judged(question="Judge clarity and accuracy."))),
    ("double_barrelled", "warning", rubric(judged(question="Is the answer clear/correct?"))),
    ("double_barrelled", "warning", rubric(judged(question="Is a step named, and does it cite a source?"))),
    ("double_barrelled", "warning", rubric(judged(question="Is a step named? Is the date named?"))),
    ("contradiction", "error", rubric(judged("a", "Every statement is correct.", "A statement is wrong."))),
    ("contradiction", "warning", rubric(judged("a", "Says something.", "Rude and misleading."))),
    ("undefined_word", "warning", rubric(judged("a", "No date.", "The tone is appropriate."))),
    ("undefined_word", "warning", rubric(judged("a", "No.", "Yes.", question="Is the tone appropriate?"))),
    ("duplicate_criterion", "error", rubric(judged("a"), judged("b", question=judged("a").question))),
    ("duplicate_criterion", "warning", rubric(
        judged("a", question="Does the answer name the next step to the customer?"),
        judged("b", question="Does it name to the customer the next step?"),
    )),
    ("duplicate_criterion", "warning", rubric(checked("x", kind="format"), checked("y", kind="format"))),
    ("evidence_on_absence", "warning", rubric(judged(question="Is a step missing?", evidence="required"))),
    ("evidence_on_absence", "warning", rubric(judged(question="Is it free of blame?", evidence="required"))),
    # 10 of 12 reaches .6 alone; the other two together, 2 of 12, do not.
    ("weight_dominates", "warning", rubric(judged("a", weight=10), judged("b"), judged("c"), pass_mark=0.6)),
    ("weight_dominates", "warning", rubric(judged("a", weight=10), judged("b"), judged("c"))),  # 10/12 > .8
    ("weight_dominates", "warning", rubric(pointed("a", 9), pointed("b", 1), aggregation="points", pass_mark=0.5)),
    # The others sum to whole twelfths … 1 of 100 never lifts a total over the mark.
    ("weight_without_effect", "warning", rubric(judged("a", weight=100), judged("b", weight=100), judged("c"))),
    # Sums of the others: 0, 1/4, 1/2, 3/4, 1 of 10 parts out of 10.5; c adds up to .5 of 10.5: from 5/10.5 = .476
    # to 5.5/10.5 = .524 and on to 7.5/10.5: no step of it crosses .6 = 6.3/10.5.
    ("weight_without_effect", "warning",
     rubric(judged("a", weight=5), judged("b", weight=5), judged("c", weight=0.5), pass_mark=0.6)),
    ("weight_without_effect", "warning", rubric(judged("a", weight=2), judged("b"), aggregation="worst")),
    ("weight_without_effect", "warning", rubric(judged("a"), judged("k", scale="nominal", weight=2))),
    ("weight_without_effect", "warning", rubric(pointed("a", 2, weight=3), pointed("b", 2), aggregation="points")),
    ("weight_without_effect", "warning", rubric(judged("a", weight=2))),
    ("pass_mark", "error", rubric(*THREE, pass_mark=0)),
    ("pass_mark", "error", rubric(pointed("a", 2), pointed("b", -5), aggregation="points", pass_mark=0)),
    ("checks_contradict", "error", rubric(
        checked("x", kind="length", min_words=50), checked("y", kind="length", max_words=40))),
    ("checks_contradict", "error", rubric(
        checked("x", kind="required_phrases", groups={"promise": ["we guarantee", "We  guarantee it"]}),
        checked("y", kind="forbidden_phrases", phrases={"guarantee": "name the period"}))),
    # One of the two checks stays at the middle: (1/2 + 1)/2 = .75 is below .8.
    ("pass_mark", "error", rubric(checked("x", kind="length", min_words=50),
                                  checked("y", kind="length", max_words=40), pass_mark=0.8)),
    ("pass_mark", "error", rubric(checked("x", kind="length", min_words=50),
                                  checked("y", kind="length", max_words=40), pass_mark=0.6, aggregation="worst")),
]  # fmt: skip

GOOD: list[tuple[Kind, Rubric]] = [
    ("missing_text", rubric(labelled(("none", "Names none of the steps."), ("all", "Names them all.")))),
    ("same_levels", rubric(judged("a", "One step is named.", "No step is named."))),
    ("same_levels", rubric(judged("a", "The cause stands before the step.", "The step stands before the cause."))),
    ("contradiction", rubric(examples(("Call us.",), ("Write to us.",)))),
    ("vague_difference", rubric(judged("a", "The steps are short.", "The steps are numbered."))),
    ("vague_difference", rubric(judged("a", "Some steps are clear.", "All steps are clear."))),
    ("overlapping_levels", rubric(judged("a", "Under 5 errors.", "5 or more errors."))),
    ("overlapping_levels", rubric(judged("a", "30 to 50 % of the words.", "At least 50 % of the words."))),
    ("overlapping_levels", rubric(judged("a", "1 to 3 errors.", "3 to 5 steps."))),
    ("overlapping_levels", rubric(judged("a", "Outside 25 to 130 words.", "25 to 130 words, no more."))),
    ("double_barrelled", rubric(judged(question="Are numbers, names and dates those of the source?"))),
    ("double_barrelled", rubric(judged(question="Is it long enough to help and short enough to be read?"))),
    ("double_barrelled", rubric(judged(question="Does the answer do what was asked, all of it and nothing else?"))),
    ("contradiction", rubric(judged("a", "A statement is wrong.", "No statement is wrong."))),
    ("contradiction", rubric(judged("a", "Lacks a clear order.", "The order is clear."))),
    ("contradiction", rubric(pointed("a", -3, question="Is wrong about the dose."), pointed("b", 1),
                             aggregation="points")),
    ("contradiction", rubric(judged("a"), judged("k", "Is correct.", "Is wrong.", scale="nominal"))),
    ("undefined_word", rubric(judged("a", "No date.", "The tone is appropriate for a complaint."))),
    ("undefined_word", rubric(judged(question="Is the tone appropriate?"))),  # the levels say what it means
    ("undefined_word", rubric(judged("a", "No fact is relevant to the question.", "Two facts or more are."))),
    ("duplicate_criterion", rubric(judged("a"), judged("b"))),
    ("duplicate_criterion", rubric(judged("a", question="Does the answer name a next step?"),
                                   judged("b", question="Does the answer name no next step?"))),
    ("duplicate_criterion", rubric(checked("x", kind="length", max_words=9), checked("y", kind="length"))),
    ("evidence_on_absence", rubric(judged(question="Is a step missing?", evidence="optional"))),
    ("evidence_on_absence", rubric(judged(question="Is a step named?", evidence="required"))),
    ("weight_dominates", rubric(*THREE, pass_mark=0.6)),
    ("weight_dominates", rubric(judged("a", weight=3), judged("b"), judged("c"), pass_mark=0.7)),
    ("weight_dominates", rubric(judged("a", weight=3))),
    ("weight_without_effect", rubric(judged("a", weight=5), judged("b", weight=5), judged("c", weight=2))),
    ("weight_without_effect", rubric(judged("a", weight=5), judged("b", weight=5),
                                     judged("c", weight=0.5, required=False), pass_mark=0.6)),
    ("pass_mark", rubric(*THREE, pass_mark=1)),
    ("pass_mark", rubric(*THREE)),
    ("pass_mark", rubric(checked("x", kind="length", min_words=50),
                         checked("y", kind="length", max_words=40), pass_mark=0.75)),
    ("checks_contradict", rubric(checked("x", kind="length", min_words=5), checked("y", kind="length", max_words=40))),
    ("checks_contradict", rubric(
        checked("x", kind="required_phrases", groups={"promise": ["we guarantee", "you can rely on"]}),
        checked("y", kind="forbidden_phrases", phrases={"guarantee": "name the period", "rel": "x"}))),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "severity", "made"), BAD)
def test_what_is_hard_to_judge_by_is_found(kind: Kind, severity: str, made: Rubric) -> None:
    found = {(finding.kind, finding.severity) for finding in lint(made)}
    assert (kind, severity) in found


@pytest.mark.parametrize(("kind", "made"), GOOD)
def test_what_is_fit_to_judge_by_is_left_alone(kind: Kind, made: Rubric) -> None:
    assert [finding for finding in lint(made) if finding.kind == kind] == []


@pytest.mark.parametrize("name", sorted(catalog()))
def test_the_catalogue_has_no_findings(name: str) -> None:
    assert lint(catalog()[name]) == []


def test_every_kind_has_a_good_and_a_bad_example() -> None:
    kinds = set(Kind.__args__)  # type: ignore[attr-defined]
    assert {kind for kind, *_ in BAD} | {"schema"} == kinds
    assert {kind for kind, _ in GOOD} | {"schema"} == kinds


def test_a_finding_names_file_line_criterion_and_what_to_do() -> None:
    text = dump_rubric(rubric(judged("a"), judged("b", question="Is it clear and correct?"), pass_mark=0))
    read, (first, second) = lint_text(text, file="mine.yaml")
    assert read is not None
    lines = text.splitlines()
    assert (first.kind, first.file, first.criterion) == ("pass_mark", "mine.yaml", "")
    assert lines[(first.line or 0) - 1] == "pass_mark: 0"
    assert (second.kind, second.criterion) == ("double_barrelled", "b")
    assert lines[(second.line or 0) - 1].strip() == "question: Is it clear and correct?"
    assert second.advice == "make two criteria of it"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: mine\ntitle: Mine\ncriteria: []\n", 3, "at least 1 item"),
        ("name: mine\ntitle: [\n", 3, "not valid YAML"),
        ("name: mine\ntitle: Mine\ncriteria:\n  - id: a\n    wieght: 3\n", 5, "wieght"),
        ("", 1, "is empty"),
    ],
)
def test_what_the_schema_refuses_is_a_finding_with_its_line(text: str, line: int, words: str) -> None:
    read, findings = lint_text(text, file="mine.yaml")
    assert read is None
    assert any(f.line == line and words in f.what and f.severity == "error" for f in findings)
    assert {f.kind for f in findings} == {"schema"}


def test_long_texts_are_compared_quickly_and_still_told_apart() -> None:
    long = "The answer names a step and then another one. " * 2000
    same = rubric(judged("a", long, long))
    other = rubric(judged("a", long, f"{long} No date."))
    assert [finding.kind for finding in lint(same)] == ["same_levels"]
    assert lint(other) == []


@settings(max_examples=100, deadline=None)
@given(making.rubrics())
def test_every_finding_stands_at_a_line_of_the_text(made: Rubric) -> None:
    text = dump_rubric(made)
    read, findings = lint_text(text, file="x")
    assert read == made
    assert all(1 <= (f.line or 0) <= len(text.splitlines()) and f.what and f.advice for f in findings)
    assert sorted(f.what for f in findings) == sorted(f.what for f in lint(made))
