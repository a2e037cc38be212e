"""The Handling time report as a table, and down to single visits."""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from app.analytics.behaviour import Behaviour, Middle
from app.analytics.effort import Effect
from app.analytics.shares import PeopleShare
from app.errors import Invalid
from app.formats import csv_bytes
from app.services import policy
from app.services.context import Actor, Context
from app.services.handling_time import ANY_HELP, TimeReport, imported_by_people, time_frame
from db import time_frames
from db.engine import reading

__all__ = ["COLUMNS", "MOST_VISITS", "figures", "figures_csv", "single_visits"]

COLUMNS = ("table", "group", "figure", "value", "low", "high", "n", "people", "note")
MOST_VISITS = 500
_Row = dict[str, Any]


def figures_csv(report: TimeReport) -> bytes:
    return csv_bytes(figures(report), COLUMNS)


def figures(report: TimeReport) -> list[_Row]:
    """Every figure of the report in a row of its own, in the columns of `COLUMNS`."""
    rows = [_effect("effect of help on time", ANY_HELP, report.effect)]
    rows += [_effect("effect of help on time", arm, one) for arm, one in report.arm_effects.items()]
    rows.append(_effect("effect of help on time, outliers capped", ANY_HELP, report.outliers.effect))
    rows.append(
        _row(
            "outliers", "all", "share", report.outliers.share, n=report.outliers.n, note=report.outliers.rule
        )
    )
    if report.naive is not None:
        rows.append(_row("naive", ANY_HELP, "change of means", report.naive.means))
        rows.append(_row("naive", ANY_HELP, "change of medians", report.naive.medians))
    for name, groups in (
        ("arm", [(arm.arm, arm) for arm in report.arms]),
        ("person", [(one.group, one) for one in report.people]),
        ("question", [(one.group, one) for one in report.questions]),
        ("stage", [(one.group, one) for one in report.stages]),
        ("day", [(one.group, one) for one in report.days]),
        ("place in the day", [(one.group, one) for one in report.day_places]),
        ("part of the order", [(one.group, one) for one in report.positions]),
    ):
        for group, one in groups:
            counts: _Row = {"n": one.n, "people": one.n_raters}
            rows.append(_row(f"time by {name}", group, "median s", one.median, one.low, one.high, **counts))
            for figure in ("trimmed_mean", "mean", "per_hour"):
                rows.append(_row(f"time by {name}", group, figure, getattr(one, figure), **counts))
            if one.first_pass is not None:
                rows.append(_share(f"time by {name}", group, "first pass", one.first_pass))
    for quality in report.quality:
        figure = "share right" if quality.is_share else "mean value"
        rows.append(
            _row("quality", quality.arm, figure, quality.value, quality.low, quality.high, n=quality.n)
        )
    for test in report.paired:
        found = test.paired
        note = found.reason or f"t({found.degrees}) = {found.t:.3f}, p = {found.p_value:.4f}"
        rows.append(
            _row("paired difference", test.arm, test.measure, found.difference, found.low, found.high, n=found.n, note=note)
        )  # fmt: skip
    used = report.suggestions
    for name, relied in (("arm", used.reliance_by_arm), ("person", used.reliance_by_person)):
        for entry in relied:
            rows.append(_share(f"reliance by {name}", entry.group[0], "wrong suggestions kept", entry.over))
            rows.append(
                _share(f"reliance by {name}", entry.group[0], "right suggestions changed", entry.under)
            )
    for name, acted in (("arm", used.behaviour_by_arm), ("person", used.behaviour_by_person)):
        for one_ in acted:
            rows += _behaviour(f"behaviour by {name}", one_)
    for question, shift in used.label_shift.items():
        rows.append(
            _row("label shift", question, "distance", shift.distance, n=shift.n, people=shift.n_raters, note=shift.reason)
        )  # fmt: skip
    rows += [_row("ledger", part, "mean s", seconds, n=report.n) for part, seconds in report.parts.items()]
    return rows


def _row(
    table: str,
    group: str,
    figure: str,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    *,
    n: int | None = None,
    people: int | None = None,
    note: str | None = None,
) -> _Row:
    return dict(zip(COLUMNS, (table, group, figure, value, low, high, n, people, note), strict=True))


def _effect(table: str, group: str, one: Effect) -> _Row:
    note = one.reason or one.note
    return _row(
        table, group, "change", one.change, one.low, one.high, n=one.n, people=one.n_raters, note=note
    )


def _share(table: str, group: str, figure: str, one: PeopleShare) -> _Row:
    return _row(table, group, figure, one.value, one.low, one.high, n=one.n, people=one.n_raters)


def _behaviour(table: str, one: Behaviour) -> list[_Row]:
    rows = []
    for field in fields(one):
        found = getattr(one, field.name)
        if isinstance(found, PeopleShare):
            rows.append(_share(table, one.group, field.name, found))
        elif isinstance(found, Middle):
            rows.append(_row(table, one.group, field.name, found.median, found.low, found.high, n=found.n))
    return rows


def single_visits(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    rater: str | None = None,
    arm: str | None = None,
    day: str | None = None,
) -> list[_Row]:
    """The visits behind a figure, newest first, at most `MOST_VISITS`: of a person, an arm, a day (UTC, as 2026-12-31).

    For those who may read everybody's answers. Imported ratings have no visits; their times stand in for them.
    """
    since = _midnight(day) if day else None
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        imported = imported_by_people(session, project)
        if imported is None:
            until = since + timedelta(days=1) if since else None
            return time_frames.visit_rows(
                session, project_id, rater=rater, arm=arm, since=since, until=until, limit=MOST_VISITS
            )
        frame = time_frame(session, project, None, imported)
    for column, wanted in (("rater", rater), ("arm", arm)):
        if wanted is not None:
            frame = frame[frame[column] == wanted]
    columns = {"item": "item", "rater": "person", "arm": "arm", "position": "position", "seconds": "handling"}
    shown = frame.sort_values("position", ascending=False).head(MOST_VISITS)[list(columns)]
    plain = shown.astype(object).where(shown.notna(), None).rename(columns=columns)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _midnight(day: str) -> datetime:
    moment = pd.to_datetime(day, format="%Y-%m-%d", utc=True, errors="coerce")
    if pd.isna(moment):
        raise Invalid(f"{day!r} is no day; write it as 2026-12-31")
    return moment.to_pydatetime()
