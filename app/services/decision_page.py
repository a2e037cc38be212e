"""A study's report as one page to print: no script, nothing loaded from anywhere, every text escaped."""

import html
from collections.abc import Iterable, Sequence

import orjson

from app.analytics.effort import Effect
from app.services.handling_time import ANY_HELP
from app.services.study_report import StudyReport

__all__ = ["decision_page"]

_STYLE = """
body { font: 10.5pt/1.45 system-ui, 'Segoe UI', Roboto, Arial, sans-serif; color: #1d2b30; max-width: 190mm; margin: 8mm auto; }
h1 { font-size: 17pt; margin: 0 0 1mm } h2 { font-size: 11.5pt; margin: 5mm 0 1mm; border-bottom: 1px solid #d5dcde }
.first { font-weight: 600; color: #8a3b25; margin: 0 0 3mm } .plain { font-weight: 600; margin: 0 0 3mm }
.conclusion { background: #eef4f3; border-left: 3pt solid #1b7f79; padding: 3mm 4mm; font-size: 12pt; margin: 3mm 0 }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt } th, td { padding: .6mm 2mm; text-align: right; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid #9aa8ad } th:first-child, td:first-child { text-align: left }
td.text { text-align: left } small, .note { color: #5d6c72; font-size: 9pt } code { font-size: 8.5pt; overflow-wrap: anywhere }
pre { font-size: 7.5pt; white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f6f6; padding: 2mm }
svg text { font: 10px system-ui, Arial, sans-serif; fill: #1d2b30 }
@page { size: A4; margin: 12mm } @media print { body { margin: 0 } h2 { break-after: avoid } table, svg { break-inside: avoid } }
"""


def decision_page(report: StudyReport) -> str:
    """The page as one HTML document."""
    before_after = report.plan["design"] == "before/after"
    parts = [
        f"<p class='{'first' if before_after or report.state != 'stopped' else 'plain'}'>{_text(report.headline)}</p>",
        f"<h1>{_text(report.study)}</h1>",
        f"<p>{_text(report.question)} <small>Project {_text(report.project)}, "
        f"{report.answers} answers of {report.people} people, report of {report.made_at:%d %B %Y, %H:%M} UTC.</small></p>",
        f"<div class='conclusion'>{_text(report.conclusion)}</div>",
        _outcome(report),
        _effects(report),
        _quality(report),
        _reliance(report),
        _flow(report),
        _experience(report),
        _cost(report),
        _left_out(report),
        _versions(report),
        _plan(report),
    ]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{_text(report.study)}: decision report</title><style>{_STYLE}</style></head><body>"
        + "\n".join(part for part in parts if part)
        + "</body></html>\n"
    )


def _text(value: object) -> str:
    return html.escape(str(value))


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _percent(value: float | None, *, sign: bool = False) -> str:
    return "unknown" if value is None else f"{value:+.1%}" if sign else f"{value:.1%}"


def _between(low: float | None, high: float | None, *, sign: bool = False) -> str:
    if low is None or high is None:
        return ""
    return f"[{_percent(low, sign=sign)}, {_percent(high, sign=sign)}]"


def _p(value: float | None) -> str:
    return "" if value is None else "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _outcome(report: StudyReport) -> str:
    primary, plan = report.primary, report.plan
    match = "matches the stored plan" if report.hash_matches else "does NOT match the stored plan"
    stop = plan["stop"]
    rule = " or ".join(
        [f"{stop['answers']} answers"] * bool(stop["answers"]) + [f"{stop['date']}"] * bool(stop["date"])
    )
    started = f"started {report.started_at:%d %B %Y}" if report.started_at else "not started"
    ended = (
        f", stopped {report.stopped_at:%d %B %Y} by {_text(report.stopped_by)}" if report.stopped_at else ""
    )
    smallest = plan["smallest_effect"]
    return (
        "<h2>Written down before</h2>"
        f"<p><b>Outcome ({primary.figure}):</b> {_text(primary.words)} What would matter: {smallest:+.0%}. Stops at {_text(rule)}. "
        f"{_text(plan['people'])} people planned, design {_text(plan['design'])}, seed {_text(plan['seed'])}.<br>"
        f"<small>Hash <code>{_text(report.hash)}</code>, {match}; written down {report.registered_at:%d %B %Y, %H:%M} UTC by "
        f"{_text(report.registered_by)}, {started}{ended}. All other figures on this page were not written down before.</small></p>"
    )


def _effects(report: StudyReport) -> str:
    effects = {ANY_HELP: report.effect} | report.arm_effects
    rows = [
        (
            name,
            _percent(one.change, sign=True),
            _between(one.low, one.high, sign=True),
            _p(one.p_value),
            _p(one.flip_p_value),
            one.n,
            one.n_raters,
        )
        for name, one in effects.items()
    ]
    times = [
        (
            arm.arm,
            *(
                f"{value:.1f}" if value is not None else ""
                for value in (arm.median, arm.trimmed_mean, arm.mean)
            ),
            f"{arm.per_hour:.0f}" if arm.per_hour is not None else "",
            arm.n,
            arm.n_raters,
        )
        for arm in report.times
    ]
    reason = (
        f"<p class='note'>Not computed: {_text(report.effect.reason)}.</p>" if report.effect.reason else ""
    )
    note = f" {_text(report.effect.note)}." if report.effect.note else ""
    naive = ""
    if report.naive is not None:
        naive = (
            f"<p class='note'>Naive, and not to be believed: means differ by {report.naive.means:+.1%}, medians by {report.naive.medians:+.1%}, "
            "with practice, people and items mixed in.</p>"
        )
    return (
        "<h2>Handling time</h2>"
        + _forest({name: one for name, one in effects.items() if one.change is not None})
        + _table(("help against none", "change", "95 %", "p", "p, signs flipped", "answers", "people"), rows)
        + f"<p class='note'>Change: {_text(report.primary.how) if report.primary.figure == 'time' else 'ratio of geometric means'}; beside it "
        f"a permutation of the signs of people's own differences.{note}</p>{reason}"
        + _table(("arm", "median s", "trimmed mean s", "mean s", "an hour", "answers", "people"), times)
        + naive
        + f"<p class='note'>{_text(report.definition)} First submissions only.</p>"
    )


def _forest(effects: dict[str, Effect]) -> str:
    """The effects with their intervals around the line of no change."""
    known = {
        name: (one.change, one.low, one.high)
        for name, one in effects.items()
        if one.change is not None and one.low is not None and one.high is not None
    }
    if not known:
        return ""
    edge = 1.15 * max(0.1, *(max(abs(low), abs(high)) for _, low, high in known.values()))
    left, width, step = 190, 430, 24

    def x(value: float) -> float:
        return left + width * (value + edge) / (2 * edge)

    height = step * len(known) + 26
    out = [
        f"<svg viewBox='0 0 640 {height}' width='100%' role='img' aria-label='Change of handling time with intervals'>",
        f"<line x1='{x(0):.1f}' y1='4' x2='{x(0):.1f}' y2='{height - 18}' stroke='#9aa8ad' stroke-dasharray='3 3'/>",
        f"<text x='{x(0):.1f}' y='{height - 5}' text-anchor='middle'>no change</text>",
    ]
    for number, (name, (change, low, high)) in enumerate(known.items()):
        y = step * number + 16
        out.append(f"<text x='{left - 8}' y='{y + 3}' text-anchor='end'>{_text(name)}</text>")
        out.append(
            f"<line x1='{x(low):.1f}' y1='{y}' x2='{x(high):.1f}' y2='{y}' stroke='#1b7f79' stroke-width='2'/>"
        )
        out.append(f"<circle cx='{x(change):.1f}' cy='{y}' r='4.5' fill='#1b7f79'/>")
    return "".join(out) + "</svg>"


def _quality(report: StudyReport) -> str:
    rows = [
        (
            one.arm,
            _percent(one.value)
            if one.is_share
            else f"{one.value:.2f}"
            if one.value is not None
            else "unknown",
            _between(one.low, one.high) if one.is_share else "",
            one.n,
        )
        for one in report.quality
    ]
    if not rows:
        return "<h2>Quality beside it</h2><p>Not known: no item has a known answer, and no answer was judged.</p>"
    what = (
        "share right against gold"
        if report.quality[0].is_share
        else "mean total of the judge (advice, unless it is proven)"
    )
    found = report.quality_difference
    difference = (
        f"Person by person, with help minus without: {_percent(found.difference, sign=True)} "
        f"{_between(found.low, found.high, sign=True)}, p {_p(found.p_value)}, n = {found.n} people."
        if found.difference is not None and found.low is not None
        else f"Person by person: {found.reason}."
    )
    shifts = "".join(
        f" Answers to {_text(question)}: {shift.distance:.1%} differ in distribution (chance reaches {shift.chance:.1%}, p {_p(shift.p_value)})."
        for question, shift in report.suggestions.label_shift.items()
        if shift.distance is not None
    )
    return (
        "<h2>Quality beside it</h2>"
        + _table(("arm", what, "95 %", "answers"), rows)
        + f"<p class='note'>{_text(difference)}{shifts}</p>"
    )


def _reliance(report: StudyReport) -> str:
    used = report.suggestions
    rows = []
    for one in used.reliance_by_arm:
        for name, share in (("wrong ones kept", one.over), ("right ones changed", one.under)):
            rows.append(
                (
                    f"{one.group[0]}: {name}",
                    f"{share.count} of {share.n}",
                    _percent(share.value),
                    _between(share.low, share.high),
                )
            )
    acts = [
        (
            one.group,
            _percent(one.accepted.value),
            _percent(one.edited.value),
            _percent(one.rejected.value),
            one.accepted.n,
            "" if one.seconds_to_accept.median is None else f"{one.seconds_to_accept.median:.1f}",
            _percent(one.edited_after.value) if one.edited_after.n else "",
        )
        for one in used.behaviour_by_arm
    ]  # fmt: skip
    if not rows and not acts:
        return ""
    return (
        "<h2>Reliance on suggestions</h2>"
        + (_table(("arm", "suggestions", "share", "95 %"), rows) if rows else "")
        + (
            _table(("arm", "accepted", "edited", "rejected", "shown", "s to take", "changed after"), acts)
            if acts
            else ""
        )
        + f"<p class='note'>{_text(used.definition)} {used.planted} were wrong on purpose; of {used.truth_unknown} the truth is not known.</p>"
    )


def _flow(report: StudyReport) -> str:
    rows = [
        (row.arm, row.given, row.answered, row.skipped, row.expired, row.held, row.people, f"{row.hours:.2f}")
        for row in report.flow
    ]
    heads = ("arm", "given", "answered", "skipped", "ran out", "on screens", "people", "hours")
    kept = ""
    if report.unchanged:
        kept = (
            f"<p class='note'>In every arm as the project has it: {_text(', '.join(report.unchanged))}.</p>"
        )
    return "<h2>Who did what</h2>" + _table(heads, rows) + kept


def _experience(report: StudyReport) -> str:
    found = report.experience
    if not found.answered:
        return (
            f"<h2>How people found it</h2><p>Nobody has answered the form ({found.skipped} skipped it).</p>"
        )
    rows = [
        (
            f"{one.title} ({one.arm})",
            "fewer than three people" if one.mean is None else f"{one.mean:.1f}",
            f"[{one.low:.1f}, {one.high:.1f}]" if one.low is not None and one.high is not None else "",
            one.n,
            one.n_raters,
        )
        for one in found.figures
    ]
    return (
        "<h2>How people found it</h2>"
        + _table((f"question, {found.least} to {found.most}", "mean", "95 %", "sittings", "people"), rows)
        + f"<p class='note'>{found.answered} forms, {found.skipped} skipped. A sitting counts for an arm that had four fifths of it.</p>"
    )


def _cost(report: StudyReport) -> str:
    cost = report.cost
    usd = (
        "unknown (no prices, or models that report no tokens)" if cost.usd is None else f"{cost.usd:.2f} USD"
    )
    each = "" if cost.usd_per_answer is None else f", {cost.usd_per_answer:.4f} USD an answer"
    calls = sum(role.calls for role in cost.roles)
    spent = f"{calls:,} calls of language models, {usd}{each}" if calls else "no language model was asked"
    return f"<h2>Cost</h2><p>Models, in the whole project: {spent}. People: the hours above, at your own rate.</p>"


def _left_out(report: StudyReport) -> str:
    lines = [_text(line) for line in report.warnings]
    if report.outside:
        lines.append(
            f"{report.outside} answers given meanwhile are no part of it: there was no suggestion to show or withhold."
        )
    if not lines:
        lines = ["Nothing."]
    return (
        "<h2>Left out, and to bear in mind</h2><ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
    )


def _versions(report: StudyReport) -> str:
    rows = [(one.what, one.name, one.version, one.hash[:16], one.answers) for one in report.versions]
    return "<h2>Versions</h2>" + _table(("what", "name", "version", "hash (first 16)", "answers"), rows)


def _plan(report: StudyReport) -> str:
    canonical = orjson.dumps(report.plan, option=orjson.OPT_SORT_KEYS).decode()
    return (
        "<h2>The plan, as it is hashed</h2>"
        f"<pre>{_text(canonical)}</pre><p class='note'>SHA-256 of these bytes in UTF-8 is the hash above.</p>"
    )
