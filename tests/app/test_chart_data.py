"""The table beside each chart holds what the chart draws."""

import csv
import io

import plotly.graph_objects as go

from app.analytics.intervals import Share
from app.analytics.label_counts import Distribution, LabelCount
from app.charts import finish, spread_of
from app.components.chart import chart_data
from app.judge_charts import confusion_chart
from app.quality_charts import label_chart, map_chart
from app.services.item_map import ItemMap, MapPoint
from app.services.judge_mismatches import Confusion
from app.services.label_distribution import QuestionLabels


def rows_of(figure: go.Figure) -> list[list[str]]:
    return list(csv.reader(io.StringIO(chart_data(figure).decode("utf-8-sig"))))


def test_values_keep_their_digits_and_bounds() -> None:
    figure = go.Figure(
        go.Scatter(
            x=[0.123456789], y=["Good?<br><span>human, n = 3 items</span>"], error_x=spread_of(0.5, 0.25, 0.75), text=["0.12"]
        )
    )  # fmt: skip
    finish(figure, rows=1, x_title="alpha")
    head, row = rows_of(figure)
    assert head == ["series", "y", "alpha", "low", "high", "words"]
    assert row == ["", "Good? human, n = 3 items", "0.123456789", "-0.126543211", "0.373456789", "0.12"]


def test_what_is_undefined_has_no_row_and_no_zero() -> None:
    figure = go.Figure(go.Scatter(x=[None], y=["undefined one"]))
    assert len(rows_of(figure)) == 1
    said = go.Figure(
        go.Scatter(x=[0.0], y=["q"], mode="text", text=["undefined: one value only"], name="after")
    )
    assert rows_of(said)[1] == ["after", "q", "", "", "", "undefined: one value only"]


def test_marks_beside_their_group_have_its_name() -> None:
    figure = go.Figure(go.Scatter(x=[1.0, 2.0], y=[0.16, 0.84], name="after"))
    figure.update_yaxes(tickvals=[0, 1], ticktext=["first", "second"])
    assert [row[:3] for row in rows_of(figure)[1:]] == [["after", "first", "1.0"], ["after", "second", "2.0"]]


def test_every_cell_of_a_confusion_is_a_row() -> None:
    found = Confusion((1, 2), [[5, 1], [0, 4]])
    rows = rows_of(confusion_chart(found, ["1", "2"]))
    assert rows[0][1:3] == ["people said", "the judge said"]
    assert ["", "1", "2", "", "", "1"] in rows and len(rows) == 5


def test_no_cell_is_a_formula() -> None:
    assert rows_of(go.Figure(go.Bar(x=[1], y=["=1+1"])))[1][1] == "'=1+1"


def test_labels_with_tags_are_text_in_charts_and_as_written_in_their_data() -> None:
    evil = '<a href="https://example.org">you &amp; I</a>'
    counts = label_counts_of(evil)
    figure = label_chart([counts], 8)
    assert "<a " not in figure.to_json()
    assert [row[1] for row in rows_of(figure)[1:]] == [evil, "tie: no label"]
    found = ItemMap([MapPoint(1, evil, 0.0, 1.0, evil, evil)], 1, None, [evil], {}, None)
    assert "<a " not in map_chart(found).to_json()
    assert rows_of(map_chart(found))[1][0].startswith("<a href")


def label_counts_of(label: str) -> QuestionLabels:
    known = Distribution([LabelCount(label, Share.of(1, 1), 1)], Share.of(0, 1), 1, 1, 1)
    return QuestionLabels("q", "Q", "people", False, known, None)
