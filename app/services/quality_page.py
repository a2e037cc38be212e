"""The quality report as one page to read, print or send: no script, nothing loaded from outside, all text escaped."""

from html import escape

from app.analytics.agreement import Alpha
from app.analytics.before_after import Compared
from app.services.agreement_report import remarks
from app.services.printed_page import Cell, interval_of, page_of, section_of, share_of, table_of
from app.services.quality_report import QualityReport
from app.services.version_changes import UsedVersion

__all__ = ["quality_page"]


def quality_page(report: QualityReport) -> str:
    """A whole HTML document."""
    sections = (
        _versions(report),
        _agreement(report),
        _changes(report),
        _labels(report),
        _progress(report),
        _people(report),
        _rubric(report),
        _judge(report),
        _review(report),
    )
    unknown = "".join(f"<li>{escape(sentence)}</li>" for sentence in report.unknown)
    simulated = (
        "<p><strong>This project holds a simulated history: its figures show what the report does, not what people did."
        "</strong></p>"
        if report.simulated
        else ""
    )
    cannot = (
        '<div class="unknown"><strong>What cannot be said</strong>'
        f"<ul>{unknown or '<li>Nothing of what this report asks.</li>'}</ul></div>"
    )
    end = (
        '<p class="means">All intervals are 95 %. Numbers here are rounded; <code>milo report quality --json</code> gives '
        "them unrounded.</p>"
    )
    about = f"{report.made_at:%Y-%m-%d %H:%M} UTC · {report.problem or 'no problem statement'}"
    return page_of(f"Quality of {report.project}", about, f"{simulated}{cannot}{''.join(sections)}{end}")


def _alpha(found: Alpha | None) -> str:
    if found is None:
        return "no numbers"
    return f"undefined: {found.reason}" if found.reason else interval_of(found.value, found.low, found.high)


def _versions(report: QualityReport) -> str:
    found = report.versions

    def row(what: str, one: UsedVersion) -> list[Cell]:
        return [what, f"version {one.number}", f"{one.created_at:%Y-%m-%d %H:%M}", one.created_by, one.hash]

    rows = [row(what, one) for what, one in (("label schema", found.schema), ("guidelines", found.guidelines)) if one]  # fmt: skip
    rows += [row(f"rubric {one.name}", one) for one in found.rubrics]
    models: list[list[Cell]] = [
        ["suggestions", one.agent or "", f"{one.model} {one.model_version}", one.suggestions, one.hash or "none"]
        for one in found.suggesters
    ]  # fmt: skip
    models += [
        [f"judge on {one.rubric} version {one.rubric_version}", "", f"{one.model}, prompt {one.prompt_version}", one.verdicts, "none"]
        for one in found.judges
    ]  # fmt: skip
    return section_of(
        "Versions",
        (table_of(["what", "version", "stored, UTC", "by", "hash"], rows) if rows else "")
        + (table_of(["part", "agent", "model and version", "results", "hash of configuration"], models) if models else ""),
        "Hashes are SHA-256: of the text of schema and guidelines, of the content of a rubric, of an agent's model, parameters "
        "and prompt. Equal hashes are equal content.",
    )  # fmt: skip


def _agreement(report: QualityReport) -> str:
    found = report.agreement
    rows: list[list[Cell]] = [
        [
            one.title, one.rater_kind, _alpha(one.nominal), _alpha(one.ordinal),
            "unknown" if one.percent is None else f"{one.percent:.1%}",
            interval_of(one.others["AC"].value, one.others["AC"].low, one.others["AC"].high),
            one.nominal.n_items, one.nominal.n_single, one.nominal.n_ratings, one.nominal.n_raters,
        ]
        for one in found.questions
    ]  # fmt: skip
    several: list[list[Cell]] = [
        [one.title, one.rater_kind, "sets of labels, alpha with MASI", _alpha(one.masi), one.masi.n_items]
        for one in report.parts.label_sets
    ]
    for spans in report.parts.spans:
        several += [
            [
                spans.title,
                spans.rater_kind,
                name,
                f"undefined: {f1.reason}" if f1.reason else interval_of(f1.value, f1.low, f1.high),
                f1.n_items,
            ]
            for name, f1 in (("spans, F1 exact", spans.exact), ("spans, F1 overlapping", spans.overlap))
        ]
    target = "No target is stated." if found.target is None else f"The project's target is {found.target:g}."
    notes = "".join(
        f"<li>{escape(f'{one.title} ({one.rater_kind}): {remark}')}</li>"
        for one in found.questions
        for remark in [*remarks(one), *filter(None, [one.nominal.note])]
    )
    return section_of(
        "Agreement",
        table_of(["question", "raters are", "alpha, nominal", "alpha, ordinal", "equal pairs", "Gwet's AC1", "items", "left out", "ratings", "raters"], rows)
        + f"<ul>{notes}</ul>"
        + (table_of(["question", "raters are", "measure", "value", "items"], several) if several else ""),
        f"Krippendorff's alpha on first submissions: 1 is full agreement, 0 is agreement as by chance. Bootstrap interval over items; "
        f"it speaks of these raters only. Left out: items with one rating. People, models and judges are never mixed. {target}",
    )  # fmt: skip


def _changes(report: QualityReport) -> str:
    if not report.changes:
        return section_of(
            "Before and after a version", "", "No two versions of guidelines, schema or rubric have answers."
        )
    parts = []
    for change in report.changes:
        rows = [
            _compared(f"{one.title}, {which}", compared)
            for one in change.questions
            for which, compared in (("all items", one.all_items), ("same items", one.same_items))
            if compared is not None
        ]
        name = f"{change.what} {change.after.name}".strip()
        parts.append(
            f"<h3>{escape(f'{name}: version {change.before.number} to {change.after.number}, {change.after.created_at:%Y-%m-%d %H:%M} UTC')}</h3>"
            f"<p class='about'><code>{escape(change.before.hash)}</code> to <code>{escape(change.after.hash)}</code></p>"
            + table_of(["question", "before", "n", "after", "n", "in common", "difference"], rows)
            + "".join(f'<p class="means">{escape(sentence)}</p>' for sentence in change.cannot_show)
        )
    return section_of(
        "Before and after a version",
        "".join(parts),
        "Alpha of people's answers under one version and under the next; n is items with two ratings or more. The difference is after "
        "minus before, its interval from drawing items again on both sides. Same items: those that two people or more answered on "
        "both sides, revisions included.",
    )


def _compared(name: str, one: Compared) -> list[Cell]:
    difference = (
        f"undefined: {one.reason}"
        if one.difference is None
        else interval_of(one.difference, one.low, one.high)
    )
    return [name, _alpha(one.before), one.before.n_items, _alpha(one.after), one.after.n_items, one.common, difference]  # fmt: skip


def _labels(report: QualityReport) -> str:
    rows: list[list[Cell]] = []
    for one in report.labels:
        source = f"suggestions of {one.source}" if one.suggested else one.source
        rows += [
            [one.title, source, count.label, share_of(count.items), count.ratings]
            for count in one.labels.labels
        ]
        if one.voted:
            rows.append([one.title, source, "tie: no label", share_of(one.labels.ties), ""])
    return section_of(
        "Labels",
        table_of(["question", "source", "label", "items", "ratings"], rows),
        "The label that most of a source's raters gave to an item; a shared first place is a tie and no label. Of questions with several "
        "labels or spans: the answers with each label, and how often it was given. Suggestions: a model's newest of each item. Intervals of Wilson.",
    )


def _progress(report: QualityReport) -> str:
    found = report.progress
    if found is None:
        return ""
    rows: list[list[Cell]] = [[row.answers, row.items, row.through] for row in found.rows]
    return section_of(
        "How far it is",
        table_of(["answers", "items", "of these want no more"], rows),
        f"{found.any_answer:,} of {found.items:,} items have an answer, {found.through:,} want no more; {found.overlap} answers are wanted "
        "an item. An answer counts while it is submitted and not rejected.",
    )


def _people(report: QualityReport) -> str:
    people = report.contributions.people
    rows: list[list[Cell]] = [
        [
            f"{one.login} (simulated)" if one.simulated else one.login,
            one.answers, "unknown" if one.share is None else f"{one.share:.1%}", one.skipped, one.revised,
            interval_of(one.median_seconds, one.seconds_low, one.seconds_high, digits=1), one.timed,
        ]
        for one in people
    ]  # fmt: skip
    beside: list[list[Cell]] = []
    for one in people:
        for question in dict.fromkeys([*one.with_others, *one.gold]):
            others, gold = one.with_others.get(question), one.gold.get(question)
            beside.append(
                [
                    one.login,
                    question,
                    interval_of(others.equal, others.low, others.high) if others else "unknown",
                    others.items if others else 0,
                    share_of(gold) if gold else "unknown: no known answer",
                ]
            )
    return section_of(
        "People",
        table_of(["person", "answers", "share", "skipped", "revised", "median seconds", "timed"], rows)
        + (table_of(["person", "question", "equal to the others", "shared items", "right on gold"], beside) if beside else ""),
        "Median handling time of first submissions. Equal to the others: on items that others answered too, the mean share of the others "
        "who say the same, not corrected for chance; interval from drawing items again. Right on gold: first answers to items whose "
        "answer is known, interval of Wilson.",
    )  # fmt: skip


def _rubric(report: QualityReport) -> str:
    if not report.criteria:
        return section_of("Rubric scores", "", "No answer has been judged.")
    rows: list[list[Cell]] = [
        [
            f"{one.rubric}, version {one.rubric_version}: {one.criterion}",
            ", ".join(f"{label} {count:,}" for _, label, count in one.levels),
            interval_of(one.mean, one.mean_low, one.mean_high), one.n, sum(one.unscored.values()),
        ]
        for one in report.criteria
    ]  # fmt: skip
    return section_of(
        "Rubric scores",
        table_of(["criterion", "levels, worst first", "mean level", "answers", "unscored"], rows),
        "Newest verdict of each answer. The mean is of scored answers only; unscored is counted and never averaged.",
    )


def _judge(report: QualityReport) -> str:
    if not report.judge:
        return section_of("Judge beside people", "", "Nobody has scored an answer beside the judge.")
    rows: list[list[Cell]] = [
        [
            f"{one.criterion} · {one.judge}", one.state,
            interval_of(one.with_people.kappa, one.with_people.low, one.with_people.high), one.with_people.n,
            interval_of(one.among_people.kappa, one.among_people.low, one.among_people.high), one.among_people.n,
            interval_of(one.with_people.bias, one.with_people.bias_low, one.with_people.bias_high),
        ]
        for one in report.judge
    ]  # fmt: skip
    passes = "".join(
        f"<p>{escape(f'{one.rubric} version {one.rubric_version}: the judge passes {one.rate.passed:,} of {one.rate.judged:,} answers; people would pass ')}"
        + escape(
            f"unknown: {one.rate.reason}"
            if one.rate.corrected is None
            else interval_of(one.rate.corrected, one.rate.low, one.rate.high)
        )
        + ".</p>"
        for one in report.pass_rates
    )
    return section_of(
        "Judge beside people",
        table_of(["criterion and judge", "state", "kappa", "n", "people among themselves", "n", "milder by, levels"], rows) + passes,
        "Cohen's kappa with quadratic weights between the judge's level and people's blind scores of the same answers, bootstrap interval. "
        "People among themselves is what a judge can be asked to reach. Advisory: too few scores of people to rely on it.",
    )  # fmt: skip


def _review(report: QualityReport) -> str:
    if report.kind != "work":
        return ""
    reviewed: list[list[Cell]] = [
        [one.login, share_of(one.accepted), one.fixed, one.rejected] for one in report.reviewed
    ]
    deciders: list[list[Cell]] = [
        [one.login, "review", one.reviews, interval_of(one.median_seconds, None, None, digits=0), share_of(one.overturned)]
        for one in report.reviewers
    ]  # fmt: skip
    deciders += [
        [one.login, "adjudication", one.decisions, interval_of(one.median_seconds, None, None, digits=0), share_of(one.overturned)]
        for one in report.adjudication.adjudicators
    ]  # fmt: skip
    overturned: list[list[Cell]] = [
        [login, share_of(share)] for login, share in report.adjudication.overturned.items()
    ]
    reasons: list[list[Cell]] = [
        [one.question, one.reason.replace("_", " "), one.n] for one in report.adjudication.reasons
    ]
    tables = (
        (["whose answers", "accepted", "fixed", "rejected"], reviewed),
        (["who decided", "in", "decisions", "median seconds", "overturned later"], deciders),
        (["whose first answers", "overturned by adjudication"], overturned),
        (["question", "why answers differed", "cases"], reasons),
    )
    seconds = report.decisions.median_seconds
    timed = (
        "Time of decisions is unknown."
        if seconds is None
        else f"{report.decisions.n} decisions, median {seconds:.0f} s; they are in no handling time."
    )
    shown = "".join(table_of(head, rows) for head, rows in tables if rows)
    return section_of(
        "Review and adjudication",
        shown,
        f"{'' if shown else 'Nothing has been reviewed or adjudicated. '}Accepted: by the review of each item that stands; most answers are "
        "reviewed because a rule suspects them, so the share says nothing about the others. Overturned: of what somebody else decided "
        f"later, the share that came out otherwise. {timed}",
    )
