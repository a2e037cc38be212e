"""report: the numbers of the pages, unrounded."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from app.analytics.effort import Effect
from app.analytics.intervals import Share
from app.analytics.two_way import INTERVALS
from app.cli.agreement import (
    ByOption,
    KindOption,
    QuestionOption,
    RaterOption,
    SinceOption,
    UntilOption,
    WhereOption,
    choice_of,
    parts_choice,
    print_chosen,
    print_correlations,
    print_labels,
    print_parts,
    print_slices,
    sliced,
)
from app.cli.quality import quality
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import reports
from app.services.adjudication_figures import adjudication_figures
from app.services.aggregated_labels import NEEDS, aggregate_labels
from app.services.agreement_report import remarks
from app.services.chosen_agreement import chosen_agreement
from app.services.costs import cost_report
from app.services.final_labels import list_final_labels
from app.services.handling_time import time_report
from app.services.judge_quality import judge_quality
from app.services.label_judges import label_judges
from app.services.parts_agreement import parts_agreement
from app.services.projects import find_project
from app.services.review_figures import reviewer_figures
from app.services.time_table import figures_csv
from app.services.version_changes import version_changes

__all__ = ["app"]

app = typer.Typer(help="The numbers of the pages, for people and programs.", no_args_is_help=True)
app.command()(quality)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _effect(effect: Effect) -> str:
    if effect.change is None:
        return f"undefined ({effect.reason})"
    interval = "" if effect.low is None else f" [{effect.low:+.2%}, {effect.high:+.2%}]"
    note = f" ({effect.note})" if effect.note else ""
    return f"{effect.change:+.2%}{interval}, n={effect.n} by {effect.n_raters} people{note}"


@app.command()
def agreement(
    project: str,
    question: QuestionOption = None,
    kind: KindOption = [],
    rater: RaterOption = [],
    since: SinceOption = None,
    until: UntilOption = None,
    where: WhereOption = None,
    by: ByOption = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Agreement per question: Krippendorff's alpha with its interval, Cohen's kappa of every pair, sets and spans.

    With a question and kinds, raters, a period or a part of the items also that of these alone, label by label; with
    --by also for each value of a metadata column. With --json also before and after each version (changes).
    """
    with opened(data_dir) as ctx:
        project_id = find_project(ctx, OPERATOR, project).id
        found = reports.agreement(ctx, OPERATOR, project_id)
        parts = parts_agreement(ctx, OPERATOR, project_id)
        sets = {one.question for one in parts.label_sets} | {one.question for one in parts.spans}
        if question in sets and not (kind or where):
            parts = parts_agreement(ctx, OPERATOR, project_id, parts_choice(rater, since, until))
            rater, since, until = [], None, None
        choice = choice_of(found, question, kind, rater, since, until, where, sets=sets)
        chosen = chosen_agreement(ctx, OPERATOR, project_id, choice) if choice else None
        slices = sliced(ctx, project_id, found, parts, question, kind, by)
        changes = version_changes(ctx, OPERATOR, project_id)
    if json:
        more = {"chosen": reports.as_json(chosen)} if chosen else {}
        more |= {"slices": reports.as_json(slices)} if by else {}
        more |= {"changes": reports.as_json(changes)}
        print_json(reports.as_json(found) | reports.as_json(parts) | more)
        return
    if found.simulated:
        print("This project holds a simulated history.")
    print_parts(parts)
    if chosen:
        print_chosen(chosen)
    print_slices(slices)
    for asked in found.questions:
        for alpha in filter(None, (asked.nominal, asked.ordinal, asked.interval, asked.ratio)):
            interval = "" if alpha.low is None else f" [{alpha.low:.3f}, {_number(alpha.high)}]"
            why = f" ({alpha.reason or alpha.note})" if alpha.reason or alpha.note else ""
            print(
                f"{asked.question:<16} {asked.rater_kind:<6} alpha {alpha.metric:<8} {_number(alpha.value)}{interval}{why}"
                f"  n={alpha.n_items} items, {alpha.n_raters} raters"
            )
        for one in asked.others.values():
            interval = "" if one.low is None else f" [{one.low:.3f}, {_number(one.high)}]"
            print(
                f"{'':<16} {'':<6} {one.name:<22} {_number(one.value)}{interval}{f' ({one.reason})' if one.reason else ''}"
            )
        if asked.icc is not None:
            print_correlations(asked.icc)
        for remark in remarks(asked):
            print(f"{'':<16} {'':<6} note: {remark}")


@app.command()
def time(
    project: str,
    csv: Annotated[
        Path | None, typer.Option(help="Also write every figure, a row each, to this file.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Handling time with and without help, with quality, reliance on suggestions, progress and spend beside it."""
    with opened(data_dir) as ctx:
        found = time_report(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
    if csv is not None:
        csv.write_bytes(figures_csv(found))
    if json:
        print_json(reports.as_json(found))
        return
    if found.simulated:
        print("This project holds a simulated history.")
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


@app.command()
def alignment(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """The judge beside people who scored the same answers blind, criterion by criterion."""
    with opened(data_dir) as ctx:
        found = judge_quality(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
    if json:
        print_json([{**reports.as_json(row), "state": row.state} for row in found])
        return
    for row in found:
        kappa = row.with_people
        interval = "" if kappa.low is None else f" [{kappa.low:.3f}, {_number(kappa.high)}]"
        print(
            f"{row.criterion:<18} {row.judge:<24} {row.state:<9} kappa {_number(kappa.kappa)}{interval}  n={kappa.n}; "
            f"people among themselves {_number(row.among_people.kappa)}, n={row.among_people.n}; "
            f"Spearman {_number(row.scores.spearman.value)}, off by {_number(row.scores.mae.value)} levels"
            + ("" if row.calibration.mae is None else f", calibrated {_number(row.calibration.mae)}")
        )


@app.command()
def judges(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """Imported judges that give labels: how often right, and how often the same when asked twice."""
    with opened(data_dir) as ctx:
        found = label_judges(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
    if json:
        print_json(reports.as_json(found))
        return
    for row in found:
        figures = row.figures
        if figures.interval is None:
            share = "nothing to compare with"
        else:
            low, high = figures.interval
            share = f"{figures.right / figures.n:.1%} [{low:.1%}, {high:.1%}] of {figures.n} right ({figures.against})"
        again = figures.repeats
        twice = f"; asked twice {again.same} of {again.n} the same" if again.n else ""
        print(f"{row.question:<24} {row.judge:<24} {share}, kappa {_number(figures.kappa)}{twice}")


@app.command()
def labels(
    project: str,
    question: Annotated[str | None, typer.Option(help="Its id; may be left out where there is one.")] = None,
    method: Annotated[
        str,
        typer.Option(
            help="; ".join(f"{name} {needs}" for name, needs in NEEDS.items())
            + "; final: adjudicated, else review, else by the project's rule."
        ),
    ] = "vote",
    model: Annotated[
        list[str],
        typer.Option(
            help="A model that votes beside people, by name; its skill comes from known items. Repeat for more."
        ),
    ] = [],
    repeats: Annotated[
        bool, typer.Option("--repeats", help="A rater's further ratings of the same item count too.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Compute it even where the ratings are too few for the method.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """One label an item out of people's ratings, with confidence, entropy and ties; how reliable each rater is."""
    if method == "final":
        _final_labels(project, question, data_dir, json=json)
        return
    with opened(data_dir) as ctx:
        found = aggregate_labels(
            ctx,
            OPERATOR,
            find_project(ctx, OPERATOR, project).id,
            question=question,
            method=method,
            models=model,
            repeats=repeats,
            anyway=anyway,
        )
    if json:
        print_json(reports.as_json(found))
        return
    print_labels(found)


def _final_labels(project: str, question: str | None, data_dir: DataDir, *, json: bool) -> None:
    with opened(data_dir) as ctx:
        found = list_final_labels(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, question=question)
    if json:
        print_json(reports.as_json(found))
        return
    for one in found:
        source = f"{one.source} by {one.by}" if one.source else one.note.replace("_", " ")
        print(
            f"{one.item:<24} {one.question:<16} {one.label if one.source else 'no label'!s:<20} {source}  n={one.n}"
        )
    sources = Counter(one.source or "without a label" for one in found)
    print(f"{len(found)} labels: " + (", ".join(f"{n} {name}" for name, n in sources.items()) or "none"))


@app.command()
def adjudication(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """Why people's answers differ, whose were overturned, and how often deciders are overturned themselves."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        figures = adjudication_figures(ctx, OPERATOR, found.id)
        reviewers = reviewer_figures(ctx, OPERATOR, found.id)
    if json:
        print_json({"adjudication": reports.as_json(figures), "reviewers": reports.as_json(reviewers)})
        return
    print(f"{figures.decided} cases decided, {figures.two_right} of them with two right answers")
    for row in figures.reasons:
        print(f"  {row.question:<16} {row.reason.replace('_', ' '):<14} {row.n}")
    for login, share in figures.overturned.items():
        print(f"answers of {login:<18} overturned {_share(share)}")
    for decider in figures.adjudicators:
        print(
            f"decisions of {decider.login:<16} overturned {_share(decider.overturned)}; {decider.decisions} in all"
        )
    for reviewer in reviewers:
        print(
            f"reviews of {reviewer.login:<18} overturned {_share(reviewer.overturned)}; {reviewer.reviews} in all"
        )


def _share(share: Share) -> str:
    interval = "" if share.low is None else f" [{share.low:.3f}, {_number(share.high)}]"
    return f"{share.count} of {share.n}: {_number(share.value)}{interval}"


@app.command()
def cost(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """Tokens and money of the models, by the part they play, and per answer."""
    with opened(data_dir) as ctx:
        found = cost_report(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
    if json:
        print_json(reports.as_json(found))
        return
    for role in found.roles:
        usd = "unknown" if role.usd is None else f"{role.usd:.4f} USD"
        print(f"{role.role:<8} {role.calls:>7} calls  {role.tokens:>10,} tokens  {usd if role.calls else ''}")
    each = "unknown" if found.usd_per_answer is None else f"{found.usd_per_answer:.4f} USD"
    print(f"per first answer: {each}, n={found.answers}")
    for row in found.judge:
        way = "one request a criterion" if row.together == "one" else "all criteria at once"
        way = "both answers at once" if row.what == "pairs" else way
        asked = "unknown" if row.requests is None else f"{row.requests:.2f}"
        instead = "" if row.one_each is None else f" (one each would be {row.one_each:.2f})"
        usd = "unknown" if row.usd is None else f"{row.usd:.6f} USD"
        print(
            f"judged {row.what:<12} {row.judged:>6}, {way}, {row.samples} replies: {asked} requests{instead}, "
            f"{_number(row.tokens)} tokens, {usd} each"
        )
    if found.both_ways is not None:
        both = found.both_ways
        print(
            f"judged both ways, n={both.answers}: {both.tokens_together:.0f} tokens at once, {both.tokens_each:.0f} one by one, "
            f"{both.tokens_each / both.tokens_together:.2f} times as many"
        )
