"""report time: handling time with and without help, and what stands beside it."""

from pathlib import Path
from typing import Annotated

import typer

from app.analytics.effort import Effect
from app.analytics.two_way import INTERVALS
from app.cli.agreement import ByCohortOption, ByOption, interval, one_key
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import reports
from app.services.handling_time import time_report
from app.services.projects import find_project
from app.services.sliced_times import times_by
from app.services.time_table import figures_csv

__all__ = ["time"]


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _effect(effect: Effect) -> str:
    if effect.change is None:
        return f"undefined ({effect.reason})"
    interval = "" if effect.low is None else f" [{effect.low:+.2%}, {effect.high:+.2%}]"
    note = f" ({effect.note})" if effect.note else ""
    return f"{effect.change:+.2%}{interval}, n={effect.n} by {effect.n_raters} people{note}"


def time(
    project: str,
    csv: Annotated[
        Path | None, typer.Option(help="Also write every figure, a row each, to this file.")
    ] = None,
    by: ByOption = None,
    by_cohort: ByCohortOption = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Handling time with and without help, with quality, reliance on suggestions, progress and spend beside it."""
    with opened(data_dir) as ctx:
        project_id = find_project(ctx, OPERATOR, project).id
        found = time_report(ctx, OPERATOR, project_id)
        key = one_key(by, by_cohort=by_cohort)
        slices = times_by(ctx, OPERATOR, project_id, key) if key else []
    if csv is not None:
        csv.write_bytes(figures_csv(found))
    if json:
        print_json(reports.as_json(found) | ({"slices": reports.as_json(slices)} if key else {}))
        return
    if found.simulated:
        print("This project holds a simulated history.")
    for group in slices:
        print(
            f"{key} {group.group}: median {interval(group.median, group.low, group.high)} s, mean {_number(group.mean)} s, "
            f"n={group.n} by {group.n_raters} people"
        )
    for arm in found.arms:
        print(
            f"{arm.arm:<12} median {_number(arm.median)} s, trimmed mean {_number(arm.trimmed_mean)} s, mean {_number(arm.mean)} s, "
            f"{_number(arm.per_hour)} an hour, n={arm.n} by {arm.n_raters} people"
        )
    for one_arm in found.quality:
        print(
            f"{one_arm.arm:<12} {'right' if one_arm.is_share else 'mean value'} {_number(one_arm.value)}, n={one_arm.n}"
        )
    print(found.summary)
    print(f"effect of help on time: {_effect(found.effect)}")
    for name, one in found.arm_effects.items():
        print(f"  {name}: {_effect(one)}")
    if found.effect.method is not None:
        print(f"interval {INTERVALS[found.effect.method]}")
    if found.naive is not None:
        print(f"naive: means {found.naive.means:+.1%}, medians {found.naive.medians:+.1%}")
    print(f"outliers, not cut: {found.outliers.n} answers {found.outliers.rule}")
    for relied in found.suggestions.reliance_by_arm:
        over, under = relied.over, relied.under
        print(
            f"{relied.group[0]:<12} wrong suggestions kept {over.count} of {over.n}, right ones changed {under.count} of {under.n}"
        )
    for test in found.paired:
        if test.paired.t is not None and test.paired.p_value is not None:
            print(
                f"paired {test.measure}, {test.arm}: {test.paired.difference:+.3f}, t({test.paired.degrees}) = {test.paired.t:.3f}, "
                f"p = {test.paired.p_value:.4f}"
            )
    print(found.definition)
