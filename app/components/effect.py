"""What help changes: the effect with its interval, how it was computed, and what naive figures would say."""

import streamlit as st

from app import charts
from app.analytics.effort import Effect
from app.analytics.two_way import INTERVALS
from app.components.chart import show_chart
from app.components.plain import plain
from app.services.conclusion import FEWEST
from app.services.handling_time import ANY_HELP, TimeReport

__all__ = ["p_words", "show_effect"]


def p_words(p_value: float | None) -> str:
    """A p-value as people read it, with its sign; empty where it is not known."""
    if p_value is None:
        return ""
    return "< 0.0001" if p_value < 0.0001 else f"= {p_value:.4f}"


def show_effect(report: TimeReport) -> None:
    effect = report.effect
    known = effect.change is not None and effect.low is not None
    said = known and effect.n_both >= FEWEST
    box = st.info if said else st.warning
    box(plain(report.summary), icon=":material/balance:" if said else ":material/help:")
    if known:
        shown = {ANY_HELP: effect}
        if len(report.arm_effects) > 1:
            shown |= {charts.arm_name(arm): one for arm, one in report.arm_effects.items()}
        show_chart(charts.effect_chart(shown), "effect-of-help", key="effect")
        st.caption(_how(effect))
        if report.outliers.effect.change is not None:
            st.caption(
                f"Outliers are not cut. {report.outliers.n} answers ({report.outliers.share or 0:.2%}, "
                f"{report.outliers.seconds_share or 0:.1%} of the time) are {report.outliers.rule}; capped at that limit the change would "
                f"be {report.outliers.effect.change:+.1%}."
            )
    if report.naive is not None:
        st.caption(
            f"Naive, and not to be believed: without order, people and items the means differ by {report.naive.means:+.1%}, "
            f"the medians by {report.naive.medians:+.1%}."
        )
    for arm, one in report.arm_effects.items():
        if one.change is None:
            st.caption(f"{charts.arm_name(arm)}: cannot be said, {one.reason}.")


def _how(effect: Effect) -> str:
    note = f" Note: {effect.note}." if effect.note else ""
    how = INTERVALS[effect.method] if effect.method else ""
    return (
        f"Ratio of geometric means, two-way fixed effects of annotator and item with order as covariate, interval {how} (normal "
        f"quantile from twenty annotators on, t below). n = {effect.n} answers, {effect.n_raters} people, {effect.n_both} of them both with and "
        f"without help, {effect.n_items} items. "
        f"p {p_words(effect.p_value)}; by flipping the signs of each person's own difference {p_words(effect.flip_p_value)}.{note}"
    )
