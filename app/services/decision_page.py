"""A study's report as one page to print: no script, nothing loaded from anywhere, every text escaped."""

import html
from collections.abc import Iterable, Sequence

import orjson

from app.analytics.effort import Effect
from app.analytics.shares import PeopleShare
from app.schema.study import StopRule
from app.services.experience import Experiences
from app.services.handling_time import ANY_HELP
from app.services.study_report import StudyReport

__all__ = ["decision_page"]

_STYLE = """
body { font: 8.8pt/1.33 system-ui, 'Segoe UI', Roboto, Arial, sans-serif; color: #1d2b30; max-width: 190mm; margin: 6mm auto }
h1 { font-size: 15pt; margin: 0 } h2 { font-size: 9.5pt; margin: 2.2mm 0 .5mm; border-bottom: 1px solid #d5dcde }
h1, p, .two { overflow-wrap: anywhere } p { margin: .8mm 0 } ul { margin: .5mm 0; padding-left: 4mm }
.first { font-weight: 600; color: #8a3b25; margin: 0 0 1mm } .plain { font-weight: 600; margin: 0 0 1mm }
.conclusion { background: #eef4f3; border-left: 3pt solid #1b7f79; padding: 2mm 3mm; font-size: 10.5pt; margin: 1.5mm 0 }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm } .two > div { min-width: 0 }
table { border-collapse: collapse; width: 100%; font-size: 8pt } th, td { padding: .2mm 1.2mm; text-align: right; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid #9aa8ad } th:first-child, td:first-child { text-align: left; padding-left: 0 }
small, .note { color: #5d6c72; font-size: 7.5pt } code { font-size: 7.5pt; overflow-wrap: anywhere }
pre { font-size: 6pt; line-height: 1.25; white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f6f6; padding: 1.5mm; margin: 1mm 0 }
td { white-space: nowrap } .two td, td:first-child { white-space: normal } td svg { vertical-align: middle }
@page { size: A4; margin: 9mm } @media print { body { margin: 0; max-width: none } h2 { break-after: avoid } table, svg { break-inside: avoid } }
"""


def decision_page(report: StudyReport) -> str:
    """The page as one HTML document."""
    before_after = report.plan["design"] == "before/after"
    parts = [
        f"<p class='{'first' if before_after or report.state != 'stopped' else 'plain'}'>{_text(report.headline)}</p>",
        f"<h1><bdi>{_text(report.study)}</bdi></h1>",
        f"<p><bdi>{_text(report.question)}</bdi> <small>Project <bdi>{_text(report.project)}</bdi>, "
        f"{report.answers} answers of {report.people} people, report of {report.made_at:%d %B %Y, %H:%M} UTC.</small></p>",
        f"<div class='conclusion'><b>{_text(report.summary)}</b> {_text(report.conclusion)}</div>",
        _outcome(report),
        _effects(report),
        _arms(report),
        _reliance(report),
        _experience(report),
        _two(_cost(report) + _left_out(report), _versions(report)),
        _plan(report),
    ]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{_text(report.study)}: decision report</title><style>{_STYLE}</style></head><body>"
        + "\n".join(part for part in parts if part)
        + "</body></html>\n"
    )


def _two(left: str, right: str) -> str:
    """Side by side; one alone takes the width."""
    return f"<div class='two'><div>{left}</div><div>{right}</div></div>" if left and right else left + right


def _text(value: object) -> str:
    return html.escape(str(value))


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Cells are HTML already; heads are text."""
    head = "".join(f"<th>{_text(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
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
    rule = StopRule.model_validate(plan["stop"]).words
    started = f"started {report.started_at:%d %B %Y}" if report.started_at else "not started"
    ended = (
        f", stopped {report.stopped_at:%d %B %Y} by {_text(report.stopped_by)}" if report.stopped_at else ""
    )
    smallest = plan["smallest_effect"]
    return (
        "<h2>Written down before</h2>"
        f"<p><b>Outcome ({primary.figure}):</b> {_text(primary.words)} What would matter: {smallest:+.0%}. Quality counts as equal within {100 * plan['equal_quality']:g} points. Stops at {_text(rule)}. "
        f"{_text(plan['people'])} people planned, design {_text(plan['design'])}, seed {_text(plan['seed'])}.<br>"
        f"<small>Hash <code>{_text(report.hash)}</code>, {match}; written down {report.registered_at:%d %B %Y, %H:%M} UTC by "
        f"{_text(report.registered_by)}, {started}{ended}. All other figures on this page were not written down before.</small></p>"
    )


def _effects(report: StudyReport) -> str:
    effects = {ANY_HELP: report.effect} | (report.arm_effects if len(report.arm_effects) > 1 else {})
    edge = _edge(effects.values())
    rows = [
        (
            _text(name),
            _mark(one, edge),
            _percent(one.change, sign=True),
            _between(one.low, one.high, sign=True),
            _p(one.p_value),
            _p(one.flip_p_value),
            one.n,
            one.n_raters,
        )
        for name, one in effects.items()
    ]
    if report.effect.reason:
        body = f"<p>Not computed: {_text(report.effect.reason)}.</p>"
    else:
        heads = ("help against none", "", "change", "95 %", "p", "p, signs flipped", "answers", "people")
        how = report.primary.how if report.primary.figure == "time" else "ratio of geometric means"
        note = f" {_text(report.effect.note)}." if report.effect.note else ""
        body = (
            _table(heads, rows)
            + f"<p class='note'>Change: {_text(how)}. Signs flipped: a permutation of people's own differences.{note}</p>"
        )
    if report.naive is not None:
        body += (
            f"<p class='note'>Naive, and not to be believed, with practice, people and items mixed in: means differ by {report.naive.means:+.1%}, "
            f"medians by {report.naive.medians:+.1%}.</p>"
        )
    return "<h2>Handling time</h2>" + body


def _edge(effects: Iterable[Effect]) -> float:
    """How far the marks of the effects reach."""
    ends = [abs(end) for one in effects for end in (one.low, one.high) if end is not None]
    return 1.1 * max([0.1, *ends])


def _mark(one: Effect, edge: float) -> str:
    """An effect with its interval on a line around no change, as a picture."""
    if one.change is None or one.low is None or one.high is None:
        return ""
    low, middle, high, zero = (
        f"{100 * (1 + value / edge):.1f}" for value in (one.low, one.change, one.high, 0.0)
    )
    return (
        "<svg viewBox='0 0 200 14' width='160' role='img' aria-label='change and interval'>"
        f"<line x1='{zero}' y1='0' x2='{zero}' y2='14' stroke='#9aa8ad' stroke-dasharray='2 2'/>"
        f"<line x1='{low}' y1='7' x2='{high}' y2='7' stroke='#1b7f79' stroke-width='2'/>"
        f"<circle cx='{middle}' cy='7' r='4' fill='#1b7f79'/></svg>"
    )


def _arms(report: StudyReport) -> str:
    times, quality = {one.arm: one for one in report.times}, {one.arm: one for one in report.quality}
    rows = []
    for flow in report.flow:
        time, right = times.get(flow.arm), quality.get(flow.arm)
        share = right is not None and right.is_share
        rows.append(
            (
                _text(flow.arm),
                f"{flow.answered} of {flow.given}",
                flow.skipped,
                flow.expired,
                flow.people,
                f"{flow.hours:.2f}",
                *(
                    _number(getattr(time, name, None))
                    for name in ("median", "trimmed_mean", "mean", "per_hour")
                ),
                "" if right is None else _percent(right.value) if share else _number(right.value),
                _between(right.low, right.high) if right is not None and share else "",
            )
        )
    measured = report.quality[0].is_share if report.quality else True
    heads = (
        "arm", "answered", "skipped", "ran out", "people", "hours", "median s", "trimmed", "mean", "an hour",
        "right" if measured else "judged", "95 %",
    )  # fmt: skip
    return "<h2>Arms, and quality beside time</h2>" + _table(heads, rows) + _quality_note(report)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _quality_note(report: StudyReport) -> str:
    found = report.quality_difference
    if not report.quality:
        words = "Quality is not known: no item has a known answer, and no answer was judged."
    elif found.difference is not None and found.low is not None:
        words = (
            f"Right: share against gold. Person by person, with help minus without: {_percent(found.difference, sign=True)} "
            f"{_between(found.low, found.high, sign=True)}, p {_p(found.p_value)}, n = {found.n} people."
        )
    elif report.quality[0].is_share:
        words = f"Right: share against gold. Person by person: {found.reason}."
    else:
        words = "Judged: mean total of the judge, which is advice unless it is proven."
    for question, shift in report.suggestions.label_shift.items():
        if shift.distance is not None:
            words += (
                f" Answers to {question}: {shift.distance:.1%} differ in distribution (chance reaches {shift.chance:.1%}, "
                f"p {_p(shift.p_value)})."
            )
    kept = f" In every arm as the project has it: {', '.join(report.unchanged)}." if report.unchanged else ""
    return f"<p class='note'>{_text(words + kept)} {_text(report.definition)} First submissions only.</p>"


def _reliance(report: StudyReport) -> str:
    used = report.suggestions
    relied = {one.group[0]: one for one in used.reliance_by_arm}
    rows = []
    for one in used.behaviour_by_arm:
        known = relied.get(one.group)
        cells = [_share(known.over), _share(known.under)] if known else ["", ""]
        rows.append(
            (
                _text(one.group),
                *cells,
                one.accepted.n,
                _percent(one.accepted.value),
                _percent(one.edited.value),
                _percent(one.rejected.value),
                _number(one.seconds_to_accept.median),
                _percent(one.edited_after.value) if one.edited_after.n else "",
            )
        )
    if not rows:
        return ""
    heads = (
        "arm", "wrong ones kept", "right ones changed", "shown", "accepted", "edited", "rejected", "s to take", "changed after",
    )  # fmt: skip
    return (
        "<h2>Reliance on suggestions</h2>"
        + _table(heads, rows)
        + f"<p class='note'>{_text(used.definition)} {used.planted} were wrong on purpose; of {used.truth_unknown} the truth is not known.</p>"
    )


def _share(one: PeopleShare) -> str:
    return f"{one.count} of {one.n} {_between(one.low, one.high)}" if one.n else "none shown"


def _experience(report: StudyReport) -> str:
    found = report.experience
    if not found.answered:
        return f"<h2>How people found it</h2><p>Nobody has answered the form ({found.skipped} skipped it).{_other_forms(found)}</p>"
    arms = list(dict.fromkeys(one.arm for one in found.figures))
    cells = {(one.title, one.arm): one for one in found.figures}

    def cell(title: str, arm: str) -> str:
        one = cells.get((title, arm))
        if one is None:
            return "–"
        if one.mean is None or one.low is None or one.high is None:
            return "few"
        return f"{one.mean:.1f} [{one.low:.1f}, {one.high:.1f}]"

    rows = [
        (title, *(cell(title, arm) for arm in arms))
        for title in dict.fromkeys(one.title for one in found.figures)
    ]
    people = ", ".join(
        f"{arm} {max(one.n_raters for one in found.figures if one.arm == arm)}" for arm in arms
    )
    return (
        "<h2>How people found it</h2>"
        + _table((f"mean, {found.least} to {found.most}", *arms), rows)
        + f"<p class='note'>{found.answered} forms, {found.skipped} skipped; people: {_text(people)}. A sitting counts for an arm that had "
        f"four fifths of it; few: fewer than three people; –: not asked without help, or not answered.{_other_forms(found)}</p>"
    )


def _other_forms(found: Experiences) -> str:
    return (
        f" {found.other_forms} answers to an earlier wording of the form are left out."
        if found.other_forms
        else ""
    )


def _cost(report: StudyReport) -> str:
    cost = report.cost
    usd = (
        "unknown (no prices, or models that report no tokens)" if cost.usd is None else f"{cost.usd:.2f} USD"
    )
    each = "" if cost.usd_per_answer is None else f", {cost.usd_per_answer:.4f} USD an answer"
    calls = sum(role.calls for role in cost.roles)
    spent = f"{calls:,} calls of language models, {usd}{each}" if calls else "no language model was asked"
    return f"<h2>Cost</h2><p>Models, about the items of this study: {spent}. People: the hours above, at your own rate.</p>"


def _left_out(report: StudyReport) -> str:
    lines = [_text(line) for line in report.warnings]
    if report.outside:
        lines.append(
            f"Answers given meanwhile that are no part of it, as there was no suggestion to show or withhold: {report.outside}."
        )
    if not lines:
        lines = ["Nothing."]
    return (
        "<h2>Left out, and to bear in mind</h2><ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
    )


def _versions(report: StudyReport) -> str:
    """Each version with the start of its hash and the answers that rest on it."""
    words = [
        f"{one.what} {one.name} {one.version}".replace("  ", " ").strip()
        + f" ({f'{one.hash[:12]}, ' if one.hash else ''}{one.answers} answers)"
        for one in report.versions
    ]
    return f"<h2>Versions</h2><p class='note'>{_text('; '.join(words) or 'No answers yet')}.</p>"


def _plan(report: StudyReport) -> str:
    canonical = orjson.dumps(report.plan, option=orjson.OPT_SORT_KEYS).decode()
    return f"<h2>The plan: SHA-256 of these bytes is the hash above</h2><pre>{_text(canonical)}</pre>"
