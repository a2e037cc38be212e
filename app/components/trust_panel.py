"""One criterion of the judge in full: every figure, the confusion whose cells open answers, the worst mismatches."""

import pandas as pd
import streamlit as st

from app import judge_charts
from app.components.chart import show_chart
from app.components.plain import plain
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.judge_mismatches import CAUSES, Mismatch, confusion, mismatches, note_mismatch
from app.services.judge_quality import CriterionQuality
from app.wiring import EXPECTED

__all__ = ["criterion_in_full", "trust_table"]

_STATES = {
    "rule": "rule",
    "advisory": "advisory",
    "doubtful": "doubtful",
    "drifted": "drifted",
    "proven": "proven",
}


def trust_table(rows: list[CriterionQuality]) -> None:
    number = st.column_config.NumberColumn(format="%.2f")
    show_table(
        pd.DataFrame(
            {
                "criterion": row.title,
                "judge": row.judge if row.newest else f"{row.judge} (earlier)",
                "state": _STATES[row.state],
                "n": row.with_people.n,
                "equal": row.with_people.equal / row.with_people.n if row.with_people.n else None,
                "kappa": row.with_people.kappa,
                "low": row.with_people.low,
                "high": row.with_people.high,
                "people kappa": row.among_people.kappa,
                "people n": row.among_people.n,
                "milder by": row.scores.bias.value,
                "off by": row.scores.mae.value,
                "calibrated off by": row.calibration.mae if row.calibration.kind != "none" else None,
                "within one level": row.confidence.share,
                "unscored": row.unscored,
                "disputes": f"{row.upheld} of {row.disputes} upheld" if row.disputes else "",
                "note": row.with_people.reason or row.with_people.note or "",
            }
            for row in rows
        ),
        column_config={
            name: number
            for name in ("kappa", "low", "high", "milder by", "people kappa", "off by", "calibrated off by")
        }
        | {name: st.column_config.NumberColumn(format="percent") for name in ("equal", "within one level")},
    )


def criterion_in_full(ctx: Context, actor: Actor, project_id: int, row: CriterionQuality) -> None:
    """Draw one row of the table with all that is behind it."""
    _words(row)
    key = (row.rubric_version_id, row.criterion, row.judge)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _coefficients(row)
    people = judge = None
    with right:
        if row.with_people.n:
            found = confusion(ctx, actor, project_id, key)
            points = show_chart(
                judge_charts.confusion_chart(found, [str(level) for level in found.scale]),
                f"confusion-{row.criterion}",
                key=f"confusion-{key}",
                select=True,
            )
            if points:
                people, judge = int(points[0]["y"]), int(points[0]["x"])
            cells = st.columns(2)
            levels = list(found.scale)
            people = cells[0].selectbox(
                "People said", [None, *levels], index=_place(levels, people), format_func=_any
            )
            judge = cells[1].selectbox(
                "The judge said", [None, *levels], index=_place(levels, judge), format_func=_any
            )
    try:
        rows = mismatches(ctx, actor, project_id, key, people=people, judge=judge)
    except EXPECTED:
        st.caption("The answers themselves are for QA leads.")
        return
    st.markdown(
        "##### "
        + ("The answers of this cell" if people is not None and judge is not None else "The widest gaps")
    )
    for one in rows:
        _mismatch(ctx, actor, project_id, row, one)


def _any(level: int | None) -> str:
    return "any" if level is None else str(level)


def _place(levels: list[int], level: int | None) -> int:
    return levels.index(level) + 1 if level in levels else 0


def _words(row: CriterionQuality) -> None:
    gate = row.gate
    said = {
        "rule": "A rule, not a model: it errs the same way for everybody.",
        "advisory": f"Advisory: {gate.n} of the {gate.needed} scores of people that it needs. It is shown, marked as unproven, and relied on for nothing.",
        "doubtful": f"Doubtful: the interval reaches below {gate.level:g}. It is shown, marked as unproven, and relied on for nothing.",
        "drifted": f"Drifted: among the newest scores kappa is {gate.recent or 0:.2f}, below what it was. It is relied on for nothing until that is understood.",
        "proven": f"Proven: the interval lies above {gate.level:g}. Its score is relied on.",
    }[gate.state]
    st.markdown(said)
    among = row.among_people
    if among.high is not None and among.high < gate.level and among.n >= gate.needed:
        st.warning(
            f"People themselves disagree here (kappa {among.kappa:.2f} [{among.low:.2f}, {among.high:.2f}], n {among.n}): no judge can be right by them. Reword the criterion.",
            icon=":material/edit:",
        )
    for who, left_out in (("The judge", row.no_number), ("People", row.people_no_number)):
        if left_out.n:
            st.caption(
                plain(
                    f"{who} said something that is no number: {left_out.words}. It is left out, and counted here."
                )
            )
    test = row.alternative
    if test.reason:
        st.caption(f"Alternative annotator test: {test.reason}.")
    else:
        verdict = "may" if test.passed else "may not"
        st.caption(
            f"Alternative annotator test: the judge {verdict} stand in for one of the people; it is as near to the others as "
            f"{test.won} of {test.tested} of them, {test.margin:g} granted (Calderon et al. 2025)."
        )


def _coefficients(row: CriterionQuality) -> None:
    found = row.scores
    lines = [
        (name, statistic.value, statistic.low, statistic.high, row.ceiling.get(field))
        for name, field, statistic in (
            ("Spearman", "spearman", found.spearman),
            ("Kendall tau-b", "kendall", found.kendall),
            ("Pearson", "pearson", found.pearson),
            ("mean distance", "mae", found.mae),
            ("root mean square", "rmse", found.rmse),
            ("bias (judge − people)", "bias", found.bias),
            ("within one level", "within_one", found.within_one),
        )
    ]
    if row.alpha is not None:
        lines.append(
            ("ordinal alpha, judge and people", row.alpha.value, row.alpha.low, row.alpha.high, None)
        )
    show_table(
        pd.DataFrame(lines, columns=["of the scores", "value", "from", "to", "a person"]),
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "from", "to", "a person")
        },
    )
    st.caption(
        f"{found.n} answers; the judge against the mean of people, intervals over answers (bootstrap). “A person”: what one of "
        f"{row.people} people reaches against the mean of the others on the same answers."
    )
    calibration = row.calibration
    if calibration.kind == "none":
        st.caption(f"Not calibrated: {calibration.reason}.")
    else:
        st.caption(
            f"Calibrated on {calibration.n} answers ({calibration.kind.replace('_', ' ')}): off by {calibration.mae:.2f} levels instead of "
            f"{calibration.mae_raw:.2f}, on answers left out of the fit. The raw score is kept."
        )
    chance = row.confidence
    st.caption(
        f"Confidence: uncalibrated, {chance.n} of the 20 scores it needs."
        if chance.share is None or chance.interval is None
        else f"Confidence: within one level of a person in {chance.share:.0%} [{chance.interval[0]:.0%}, {chance.interval[1]:.0%}] of {chance.n}."
    )


def _mismatch(ctx: Context, actor: Actor, project_id: int, row: CriterionQuality, one: Mismatch) -> None:
    people = ", ".join(f"{plain(login)} {level:g}" for login, level in one.people.items())
    head = f"{one.external_id} · judge {one.judge:.3g}, {people} · gap {one.gap:+.2g}"
    with st.expander(head + (f" · {CAUSES[one.cause]}" if one.cause else "")):
        if one.text:
            st.text(one.text)
        if one.rationale:
            st.markdown(f"The judge: {plain(one.rationale)}")
        for quote in one.evidence:
            st.markdown(f"> “{plain(quote)}”")
        if one.answer_id is None or row.rubric_version_id is None:
            return
        options = [None, *CAUSES]
        cause = st.selectbox(
            "Why are they apart?",
            options,
            index=options.index(one.cause),
            format_func=lambda name: "not said" if name is None else CAUSES[name],
            key=f"cause-{one.answer_id}-{row.rubric_version_id}-{row.criterion}",
        )
        if cause != one.cause:
            note_mismatch(
                ctx,
                actor,
                project_id,
                answer_id=one.answer_id,
                rubric_version_id=row.rubric_version_id,
                criterion=row.criterion,
                cause=cause,
            )
            st.rerun()
