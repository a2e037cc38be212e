"""The report as one page to read, print or send: no script, nothing loaded from outside, all text escaped."""

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final

from judge.probes.estimates import Estimate
from judge.probes.findings import Finding, ProbeName
from judge.probes.report import AuditReport
from judge.probes.words import figure, in_words, interval, number, percent, summary

__all__ = ["page_of"]

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--soft:#f4f6f6;--ink:#1d2b30;--muted:#5d6c72;--line:#d5dcde;
--calm:#1b7f79;--moved:#b3422b}
@media (prefers-color-scheme:dark){:root{--paper:#14191b;--soft:#1d2427;--ink:#e6ecee;--muted:#9aa8ad;
--line:#344046;--calm:#4fb8b0;--moved:#f08d75}}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink);
background:var(--paper);max-width:68rem;margin:32px auto;padding:0 24px}
h1{font-size:1.5rem;margin:0 0 4px}h2{font-size:1.05rem;margin:32px 0 8px}
.about,figcaption,.key,small{color:var(--muted)}ul{padding-left:20px;margin:8px 0}
.said{background:var(--soft);border-left:3px solid var(--calm);padding:8px 16px;margin:16px 0}
.said p{margin:4px 0}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;vertical-align:top;padding:6px 8px;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--muted)}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.moved{color:var(--moved);font-weight:600}tr.none td{color:var(--muted)}
.lines tbody th{color:var(--ink);padding-top:20px}.lines td:first-child{padding-left:16px}
.lines td:first-child{width:30%}.lines td:last-child{width:28%}
td svg{display:block}details{margin:8px 0}summary{cursor:pointer}
dt{font-weight:600;margin-top:8px}dd{margin:0 0 0 16px;color:var(--muted)}
@media print{:root{--paper:#fff;--soft:#f4f6f6;--ink:#000;--muted:#444;--line:#bbb;--calm:#1b7f79;--moved:#b3422b}
body{margin:0;max-width:none;font-size:11px}table{font-size:10px}tr{break-inside:avoid}h2{break-after:avoid}}
"""

_TITLES: Final[dict[ProbeName, str]] = {
    "order": "Order of criteria and levels",
    "verbosity": "Verbosity",
    "authority": "Authority and majority",
    "length": "Length",
    "halo": "Halo",
    "retest": "Asking again",
    "self_preference": "Preference for its own family",
    "injection": "Attacks",
}
_DEFINITIONS: Final = (
    ("Change", "Mean of the total with the change minus the total without it, on the same answers. Totals run from 0 "
     "to 1."),
    ("Interval", "95 %: the answers are drawn again with replacement, and the middle 95 % of the figures of all draws "
     "are shown. It speaks of answers like these and of this judge."),
    ("Other levels", "Share of levels that are other ones when criteria and levels stand in another order. What also "
     "changes when the same request is merely made again is noise and not the order's."),
    ("Length", "Rank correlation (Spearman) of total and number of words; where people scored the answers, with "
     "their scores held fixed."),
    ("Halo", "Mean correlation (Pearson) between criteria over answers. People's criteria move together too; what "
     "counts is how much more the judge's do."),
    ("Own family", "Mean total of answers by models of the judge's own family minus that of the others; where people "
     "scored them, minus the same difference in people's totals."),
    ("Flagged", "Answers in which a rule found a sign of speaking to the judge. A flag moves no score; it asks a "
     "person to look."),
    ("Not scored", "Comparisons in which one side has no total. They are in no figure."),
)  # fmt: skip


def page_of(report: AuditReport) -> str:
    """A whole HTML document."""
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(f'Audit of the judge: {report.rubric_name}, {report.model}')}</title>"
        f"<style>{_STYLE}</style></head>"
    )
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in summary(report.findings))
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in _DEFINITIONS)
    return (
        f"{head}<body><h1>Can the judge be talked into it?</h1>"
        f'<div class="about">{_about(report)}</div><div class="said">{said}</div>'
        f"<ul>{notes}</ul>{_table(report.findings)}{_criteria(report)}<h2>What the figures are</h2><dl>{terms}</dl></body></html>\n"
    )


def _about(report: AuditReport) -> str:
    reported = ", ".join(name for name in report.models_reported if name != report.model)
    model = f"{report.model} (reported as {reported})" if reported else report.model
    parameters = ", ".join(f"{key} {value}" for key, value in report.parameters.items())
    lines = (
        f"Rubric {report.rubric_name}, version {report.rubric_version}, {report.rubric_hash[:23]}… · "
        f"{report.answers} answers",
        f"Model {model} · prompt {report.prompt_version} · {parameters}",
        f"{report.made_at[:16].replace('T', ' ')} UTC · {report.requests:,} requests, "
        f"{report.prompt_tokens + report.completion_tokens:,} tokens · seed {report.seed}, "
        f"{report.replicates:,} draws"
        + (f" · payload {report.payload_hash[:23]}…" if report.payload_hash else ""),
    )
    return "<br>".join(map(escape, lines))


def _table(findings: Sequence[Finding]) -> str:
    scale = _scale(findings)
    head = (
        '<th>What changed</th><th class="n">n</th><th class="n">Figure, 95 %</th>'
        f'<th class="key">−{number(scale)} … 0 … +{number(scale)}</th><th class="n">Flagged</th>'
        '<th class="n">Not scored</th><th>In words</th>'
    )
    groups = groupby(findings, key=lambda finding: finding.probe)
    bodies = "".join(
        f'<tbody><tr><th colspan="7" scope="rowgroup">{_TITLES[probe]}</th></tr>'
        f"{''.join(_row(finding, scale) for finding in rows)}</tbody>"
        for probe, rows in groups
    )
    return f'<table class="lines"><thead><tr>{head}</tr></thead>{bodies}</table>'


def _row(finding: Finding, scale: float) -> str:
    unscored = str(finding.unscored or "")
    reasons = ", ".join(f"{name} {count}" for name, count in finding.reasons.items() if name)
    if reasons:
        unscored += f"<br><small>{escape(reasons)}</small>"
    flagged = "" if finding.flagged is None else f"{finding.flagged} of {finding.flaggable}"
    note = f"<br><small>{escape(finding.note)}</small>" if finding.note else ""
    return (
        f'<tr class="{finding.measure}"><td>{escape(finding.about)}</td><td class="n">{finding.estimate.n}</td>'
        f'<td class="n">{escape(figure(finding))}</td><td>{_drawing(finding, scale)}</td>'
        f'<td class="n">{flagged}</td><td class="n">{unscored}</td>'
        f"<td{' class=moved' if _alarms(finding) else ''}>{escape(in_words(finding))}{note}</td></tr>"
    )


def _alarms(finding: Finding) -> bool:
    """An attack that lowers the score has failed."""
    failed = finding.flagged is not None and finding.key != "guards" and (finding.estimate.value or 0) < 0
    return bool(finding.moved) and not failed


# ------------------------------------------------------------------ intervals, drawn


def _is_drawn(finding: Finding) -> bool:
    return finding.measure in ("change", "own_family") and finding.estimate.value is not None


def _scale(findings: Sequence[Finding]) -> float:
    """The same for all drawings: the smallest round number that holds every interval."""
    reach = [
        abs(bound)
        for finding in findings
        if _is_drawn(finding)
        for bound in (finding.estimate.low, finding.estimate.high, finding.estimate.value)
        if bound is not None
    ]
    return next((round_ for round_ in (0.1, 0.25, 0.5) if max(reach, default=0) <= round_), 1.0)


def _drawing(finding: Finding, scale: float) -> str:
    if not _is_drawn(finding):
        return ""
    width, height = 160, 16
    estimate, middle = finding.estimate, 8

    def place(value: float) -> str:
        return f"{4 + (value / scale + 1) / 2 * (width - 8):.1f}"

    colour = "var(--moved)" if _alarms(finding) else "var(--calm)"
    fill = colour if finding.moved else "var(--paper)"
    line = (
        ""
        if estimate.low is None or estimate.high is None
        else f'<line x1="{place(estimate.low)}" x2="{place(estimate.high)}" y1="{middle}" y2="{middle}" '
        f'style="stroke:{colour};stroke-width:2"/>'
    )
    return (
        f'<svg width="{width}" height="{height}" role="img" aria-label="{escape(figure(finding))}">'
        f'<line x1="{place(0)}" x2="{place(0)}" y1="0" y2="{height}" style="stroke:var(--line)"/>{line}'
        f'<circle cx="{place(estimate.value or 0)}" cy="{middle}" r="3.5" '
        f'style="fill:{fill};stroke:{colour};stroke-width:1.5"/></svg>'
    )


# ------------------------------------------------------------------ criteria


def _criteria(report: AuditReport) -> str:
    names = [name for name in report.criteria if any(name in finding.criteria for finding in report.findings)]
    if not names:
        return ""
    head = "".join(f'<th class="n">{escape(name)}</th>' for name in names)
    rows = "".join(
        f"<tr><td>{escape(finding.about)}</td>"
        + "".join(f'<td class="n">{escape(_cell(finding, name))}</td>' for name in names)
        + "</tr>"
        for finding in report.findings
        if finding.criteria
    )
    return (
        "<h2>By criterion</h2><figcaption>Changes in levels of the criterion's scale; shares of levels where "
        "they carry a per cent sign.</figcaption>"
        f"<table><thead><tr><th>What changed</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _cell(finding: Finding, criterion: str) -> str:
    estimate: Estimate | None = finding.criteria.get(criterion)
    if estimate is None or estimate.value is None:
        return "–"
    if finding.measure in ("flips", "same_levels"):
        return f"{percent(estimate.value)}{interval(estimate, share=True)}"
    return f"{number(estimate.value, signed=True)}{interval(estimate)}"
