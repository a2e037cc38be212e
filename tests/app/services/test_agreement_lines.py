"""The one figure that stands for each question and criterion: which measure, in which order, beside the target."""

from dataclasses import replace

import pandas as pd
import pytest

from app import quality_charts
from app.analytics.coefficients import Declared, coefficients_of, fields_of
from app.services.agreement_lines import agreement_lines, worst
from app.services.agreement_report import AgreementReport, QuestionAgreement
from app.services.parts_agreement import PartsAgreement

NO_PARTS = PartsAgreement([], [], [], [])


def asked(name: str, first: str, second: str, *, kind: str = "human") -> QuestionAgreement:
    """Two raters, one character an item."""
    rows = [
        (item, rater, value) for rater, values in (("a", first), ("b", second)) for item, value in enumerate(values)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["item", "rater", "value"])
    return QuestionAgreement(
        **fields_of(coefficients_of(table, Declared())),
        question=name,
        title=name,
        rater_kind=kind,
        unpaired=0,
    )


def report(*questions: QuestionAgreement, target: float | None = 0.6) -> AgreementReport:
    return AgreementReport("P", False, target, list(questions), [])


def test_numbers_are_compared_as_ordinal_labels_as_equal_or_not_and_the_lowest_stands_first() -> None:
    numbers, labels = asked("n", "1234" * 10, "2234" * 10), asked("l", "xyxy" * 10, "xyyx" * 10)
    lines = agreement_lines(report(numbers, labels), NO_PARTS)
    assert [(line.question, line.measure) for line in lines] == [("l", "nominal"), ("n", "ordinal")]
    assert numbers.ordinal is not None and lines[1].value == numbers.ordinal.value
    lowest = worst(lines)
    assert lowest is not None and lowest.question == "l"
    by_interval = agreement_lines(report(numbers, labels), NO_PARTS, "interval")
    assert [(line.question, line.measure) for line in by_interval] == [("l", "nominal"), ("n", "interval")]


def test_people_come_first_and_what_is_undefined_comes_last_among_them() -> None:
    one_value = asked("same", "xxxx", "xxxx")
    model = asked("l", "xyxy", "yxyx", kind="model")
    lines = agreement_lines(report(model, one_value, asked("l", "xyxy", "xyxy")), NO_PARTS)
    assert [(line.question, line.rater_kind) for line in lines] == [
        ("l", "human"),
        ("same", "human"),
        ("l", "model"),
    ]
    assert (lines[1].value, lines[1].standing) == (None, None) and "one value" in (lines[1].reason or "")
    assert worst(agreement_lines(report(one_value, model), NO_PARTS)) is None


@pytest.mark.parametrize(
    ("low", "high", "target", "standing"),
    [
        (0.61, 0.9, 0.6, "above"), (0.6, 0.9, 0.6, "open"), (0.2, 0.59, 0.6, "below"),
        (0.2, 0.9, None, None), (None, None, 0.6, None),
    ],
)  # fmt: skip
def test_beside_the_target_the_whole_interval_decides(
    low: float | None, high: float | None, target: float | None, standing: str | None
) -> None:
    found = asked("l", "xyxy" * 10, "xyyx" * 10)
    found = replace(found, nominal=replace(found.nominal, low=low, high=high))
    (line,) = agreement_lines(report(found, target=target), NO_PARTS)
    assert line.standing == standing


def test_an_undefined_figure_has_no_place_in_the_charts_data_only_its_reason() -> None:
    from app.components.chart import chart_data

    lines = agreement_lines(
        report(asked("same", "xxxx", "xxxx"), asked("<b>l</b>", "xyxy", "xyyx")), NO_PARTS
    )
    rows = chart_data(quality_charts.agreement_chart(lines, 0.6)).decode("utf-8-sig").splitlines()
    (undefined,) = (row for row in rows if "undefined" in row)
    assert undefined.startswith(',"same people, nominal, n = 4",,,,"undefined: only one value occurs')
    assert any("<b>l</b> people, nominal, n = 4" in row for row in rows)  # a tag of people is text
