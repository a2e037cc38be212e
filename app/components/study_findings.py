"""What a study found: the verdict on one screen, and the figures behind it."""

import streamlit as st

from app import charts
from app.analytics.two_way import INTERVALS
from app.components.chart import show_chart
from app.components.effect import p_words
from app.components.experience_chart import show_experiences
from app.components.plain import plain
from app.components.suggestion_use import show_suggestion_use
from app.services.decision_page import decision_page
from app.services.handling_time import ANY_HELP
from app.services.study_report import StudyReport

__all__ = ["show_findings", "show_verdict_of"]


def show_verdict_of(report: StudyReport) -> None:
    """The sentence, its figures with their intervals and definition, what to bear in mind, and the page to print."""
    controlled = report.plan["design"] != "before/after"
    said = report.primary.value is not None and report.primary.low is not None
    real = report.simulated_answers == 0
    box = st.success if report.state == "stopped" and controlled and said and real else st.warning
    behind = plain(f"{report.conclusion} {report.headline}" if controlled else report.conclusion)
    box(f"**{plain(report.summary)}**\n\n{behind}", icon=":material/balance:")
    calls = sum(role.calls for role in report.cost.roles)
    usd = report.cost.usd
    effect, quality = report.effect, report.quality_difference
    with st.container(horizontal=True, gap="medium"):
        _figure("Handling time with help", *_change(effect.change, effect.low, effect.high))
        _figure("Share right with help", *_points(quality.difference, quality.low, quality.high))
        _figure("People", f"{report.people}", f"{report.plan['people']} planned")
        _figure("Answers", f"{report.answers:,}", f"{sum(row.skipped for row in report.flow):,} skipped")
        cost = "nothing" if not calls else "unknown" if usd is None else f"{usd:.2f} USD"
        _figure("Models cost", cost, f"{calls:,} calls")
    st.download_button(
        "Decision report (one page to print)",
        decision_page(report),
        f"study-{report.hash[:12]}.html",
        "text/html",
        icon=":material/print:",
        on_click="ignore",
    )
    decides = "handling time" if report.primary.figure == "time" else "the share of right answers"
    st.caption(
        f"What decides was written down before: {decides}. Handling time: change of the geometric mean with any help, annotator, item and "
        "order held fixed. Share right: against known answers, each person's with help minus without. Below them 95 % intervals. Models cost: all their calls about the items of this study, where their help was withheld too. "
        f"{plain(report.definition)} First submissions only."
    )
    for warning in report.warnings:
        st.caption(f":material/info: {plain(warning)}")


def _change(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    interval = "" if low is None or high is None else f"{low:+.1%} to {high:+.1%}"
    return "not known" if value is None else f"{value:+.1%}", interval


def _points(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    interval = "" if low is None or high is None else f"{100 * low:+.1f} to {100 * high:+.1f}"
    return "not known" if value is None else f"{100 * value:+.1f} points", interval


def _figure(label: str, value: str, below: str) -> None:
    st.metric(label, value, below or None, delta_color="off", delta_arrow="off", width="content")


def show_findings(report: StudyReport) -> None:
    """Everything that was not written down as the outcome."""
    st.markdown("**What help changes**")
    _effects(report)
    left, right = st.columns(2)
    with left:
        st.markdown("**Time**")
        if report.times:
            show_chart(charts.time_chart(report.times), "time-by-arm", key="study-time")
        else:
            st.info("No timed answers in it yet.")
    with right:
        st.markdown("**Quality on the same answers**")
        if report.quality:
            show_chart(charts.quality_chart(report.quality), "quality-by-arm", key="study-quality")
        else:
            st.info("No item has a known answer, and no answer was judged.")
    st.markdown("**How people found it**")
    show_experiences(report.experience, key="study-experience")
    if report.flow:
        st.markdown("**What people do with suggestions**")
        show_suggestion_use(report.suggestions, 1, key="study-use")


def _effects(report: StudyReport) -> None:
    effect = report.effect
    if effect.change is None or effect.low is None:
        st.info(f"The change of time cannot be said: {plain(effect.reason or effect.note or '')}.")
    else:
        effects = {ANY_HELP: effect}
        if len(report.arm_effects) > 1:
            effects |= {charts.arm_name(arm): one for arm, one in report.arm_effects.items()}
        show_chart(charts.effect_chart(effects), "effect", key="study-effect")
        flip = (
            ""
            if effect.flip_p_value is None
            else f"; by flipping the signs of people's own differences {p_words(effect.flip_p_value)}"
        )
        how = INTERVALS[effect.method] if effect.method else "not known"
        st.caption(
            f"Ratio of geometric means, two-way fixed effects of annotator and item with order as covariate, interval {how}. n = {effect.n:,} "
            f"answers, {effect.n_raters} people ({effect.n_both} both with and without help), {effect.n_items} items, p {p_words(effect.p_value)}{flip}."
        )
        for arm, one in report.arm_effects.items():
            if one.change is None:
                st.caption(f"{charts.arm_name(arm)}: cannot be said, {one.reason}.")
    if report.naive is not None:
        st.caption(
            f"Naive, and not to be believed: without order, people and items the means differ by {report.naive.means:+.1%}, the medians by "
            f"{report.naive.medians:+.1%}."
        )
