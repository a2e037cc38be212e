"""The quality report as one page to read, print or send: no script, nothing loaded from outside, all text escaped."""

from html import escape

from app.services.agreement_sections import (
    agreement_section,
    changes_section,
    criteria_section,
    differences_section,
    pairs_section,
)
from app.services.judge_quality import RubricPassRate
from app.services.printed_page import (
    MOST_ROWS,
    Cell,
    Hash,
    first_rows,
    interval_of,
    page_of,
    section_of,
    share_of,
    table_of,
)
from app.services.quality_report import QualityReport
from app.services.version_changes import UsedVersion

__all__ = ["quality_page"]

_SIGN = '<div class="sign"><div>Name</div><div>Date</div><div>Signature</div></div>'


def quality_page(report: QualityReport) -> str:
    """A whole HTML document."""
    sections = (
        agreement_section(report),
        criteria_section(report),
        differences_section(report),
        pairs_section(report),
        changes_section(report),
        _labels(report),
        _progress(report),
        _people(report),
        _rubric(report),
        _judge(report),
        _review(report),
        _versions(report),
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
        f"<ul>{unknown or '<li>Every figure that this report asks for is there.</li>'}</ul></div>"
    )
    end = (
        '<p class="means">All intervals are 95 %. Numbers here are rounded; <code>milo report quality --json</code> gives '
        "them unrounded, with the rows that are left out here.</p>"
    )
    about = f"{report.made_at:%d %B %Y, %H:%M} UTC · MILO {report.milo} · {report.problem or 'no problem statement'}"
    return page_of(
        f"Quality of {report.project}", about, f"{simulated}{cannot}{''.join(sections)}{end}{_SIGN}"
    )


def _versions(report: QualityReport) -> str:
    found = report.versions

    def row(what: str, one: UsedVersion) -> list[Cell]:
        return [
            what,
            f"version {one.number}",
            f"{one.created_at:%Y-%m-%d %H:%M}",
            one.created_by,
            Hash(one.hash),
        ]

    rows = [row(what, one) for what, one in (("label schema", found.schema), ("guidelines", found.guidelines)) if one]  # fmt: skip
    rows += [row(f"rubric {one.name}", one) for one in found.rubrics]
    suggesters: list[list[Cell]] = [
        [
            one.agent or "no stored agent", f"{one.model} {one.model_version}", one.suggestions,
            Hash(one.hash) if one.hash else "unknown",
        ]
        for one in found.suggesters
    ]  # fmt: skip
    judges: list[list[Cell]] = [
        [f"{one.rubric} version {one.rubric_version}", one.model, one.prompt_version, one.verdicts]
        for one in found.judges
    ]
    tables = (
        (["what", "version", "stored, UTC", "by", "hash"], rows),
        (["suggestions by agent", "model and version", "suggestions", "hash of configuration"], suggesters),
        (["judged on rubric", "model", "version of its prompt", "verdicts"], judges),
    )
    shown = "".join(table_of(head, rows) for head, rows in tables if rows)
    return section_of(
        "Versions",
        shown,
        "Hashes are SHA-256: of the text of schema and guidelines, of the content of a rubric, of an agent's model, parameters "
        "and prompt. Equal hashes are equal content."
        if shown
        else "An imported table of ratings does not say what it was made with.",
    )


def _labels(report: QualityReport) -> str:
    rows: list[list[Cell]] = []
    for one in report.labels:
        source = f"suggestions of {one.source}" if one.suggested else one.source
        most = sorted(one.labels.labels, key=lambda count: -count.ratings)
        shown = most if len(most) <= MOST_ROWS else most[:MOST_ROWS]
        rows += [
            [one.title, source, count.label, share_of(count.items), count.ratings]
            for count in one.labels.labels
            if count in shown
        ]
        if len(most) > len(shown):
            left = sum(count.ratings for count in most[MOST_ROWS:])
            rows.append([one.title, source, f"{len(most) - MOST_ROWS:,} rarer labels", "", left])
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
    people, titles = report.contributions.people, report.contributions.titles
    rows: list[list[Cell]] = [
        [
            f"{one.login} (simulated)" if one.simulated else one.login,
            one.answers, "unknown" if one.share is None else f"{one.share:.1%}", one.skipped, one.revised,
            interval_of(one.median_seconds, one.seconds_low, one.seconds_high, digits=1), one.timed,
        ]
        for one in people
    ]  # fmt: skip
    beside: list[tuple[float, list[Cell]]] = []
    for one in people:
        for question in dict.fromkeys([*one.with_others, *one.gold]):
            others, gold = one.with_others.get(question), one.gold.get(question)
            row: list[Cell] = [
                one.login,
                titles.get(question, question),
                interval_of(others.equal, others.low, others.high) if others else "unknown",
                others.items if others else 0,
                share_of(gold) if gold else "unknown: no known answer",
            ]
            least = others.equal if others and others.equal is not None else 2.0  # unknown comes last
            beside.append((least, row))
    beside.sort(key=lambda pair: pair[0])
    return section_of(
        "People",
        first_rows(
            ["person", "answers", "share", "skipped", "revised", "median seconds", "timed"],
            rows,
            "most answers first",
        )
        + first_rows(
            ["person", "question", "equal to the others", "shared items", "right on gold"],
            [row for _, row in beside],
            "those who agree least with the others first",
        ),
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
            interval_of(one.scores.bias.value, one.scores.bias.low, one.scores.bias.high),
        ]
        for one in report.judge
    ]  # fmt: skip
    passes = "".join(f"<p>{escape(_passes(one))}</p>" for one in report.pass_rates)
    return section_of(
        "Judge beside people",
        table_of(["criterion and judge", "state", "kappa", "n", "people among themselves", "n", "milder by, levels"], rows) + passes,
        "Cohen's kappa with quadratic weights between the judge's level and people's blind scores of the same answers, bootstrap interval. "
        "People among themselves is what a judge can be asked to reach. Advisory: too few scores of people to rely on it.",
    )  # fmt: skip


def _passes(one: RubricPassRate) -> str:
    rate = one.rate
    low, high = rate.interval or (None, None)
    judged = (
        "" if low is None or high is None else f" ({rate.passed / rate.judged:.1%} [{low:.1%}, {high:.1%}])"
    )
    people = (
        f"unknown: {rate.reason}"
        if rate.corrected is None
        else f"{rate.corrected:.1%}"
        + ("" if rate.low is None or rate.high is None else f" [{rate.low:.1%}, {rate.high:.1%}]")
    )
    return (
        f"{one.rubric} version {one.rubric_version}: the judge passes {rate.passed:,} of {rate.judged:,} answers{judged}; "
        f"people would pass {people}."
    )


def _review(report: QualityReport) -> str:
    if report.kind != "work":
        return ""
    reviewed: list[list[Cell]] = [
        [one.login, share_of(one.accepted), one.fixed, one.rejected] for one in report.reviewed
    ]
    deciders: list[list[Cell]] = [
        [one.login, "review", one.reviews, interval_of(one.median_seconds, None, None, digits=0), share_of(one.overturned), share_of(one.agreed_blind)]
        for one in report.reviewers
    ]  # fmt: skip
    deciders += [
        [one.login, "adjudication", one.decisions, interval_of(one.median_seconds, None, None, digits=0), share_of(one.overturned), ""]
        for one in report.adjudication.adjudicators
    ]  # fmt: skip
    titles = report.contributions.titles
    overturned: list[list[Cell]] = [
        [login, share_of(share)] for login, share in report.adjudication.overturned.items()
    ]
    reasons: list[list[Cell]] = [
        [titles.get(one.question, one.question), one.reason.replace("_", " "), one.n]
        for one in report.adjudication.reasons
    ]
    filled: list[list[Cell]] = [
        [one.criterion, share_of(one.prefilled), share_of(one.beside), share_of(one.blind)]
        for one in report.prefilling
    ]
    leads = report.leads
    rules: list[list[Cell]] = [[words, n] for words, n in leads.review_queue.by_rule.items()] if leads else []
    states: list[list[Cell]] = (
        [[one.state.replace("_", " "), one.count, f"{one.share:.1%}" if one.share is not None else None] for one in leads.board[0].columns]
        if leads and leads.board[0].n
        else []
    )  # fmt: skip
    tables = (
        (["whose answers", "accepted", "fixed", "rejected"], reviewed),
        (
            [
                "who decided",
                "in",
                "decisions",
                "median seconds",
                "overturned later",
                "blind second looks agree",
            ],
            deciders,
        ),
        (["whose first answers", "overturned by adjudication"], overturned),
        (["question", "why answers differed", "cases"], reasons),
        (
            ["criterion", "the judge's level, filled in before", "beside an empty form", "given blind"],
            filled,
        ),
        (["why an answer is to be reviewed", "answers"], rules),
        (["state of items", "items", "share"], states),
    )
    seconds = report.decisions.median_seconds
    timed = (
        "Time of decisions is unknown."
        if seconds is None
        else f"{report.decisions.n} decisions, median {seconds:.0f} s; they are in no handling time."
    )
    waiting = (
        f" {leads.review_queue.n:,} of {leads.review_queue.unreviewed:,} answers that nobody has reviewed are to be, by the "
        "project's rules; one may be there for several."
        if leads
        else ""
    )
    shown = "".join(first_rows(head, rows, "in the order of the page") for head, rows in tables if rows)
    return section_of(
        "Review and adjudication",
        shown,
        f"{'' if reviewed or deciders else 'Nothing has been reviewed or adjudicated. '}Accepted: by the review of each item that stands; most answers are "
        "reviewed because a rule suspects them, so the share says nothing about the others. Overturned: of what somebody else decided "
        f"later, the share that came out otherwise. {timed}{waiting}",
    )
