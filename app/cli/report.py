"""report: the numbers of the pages, unrounded."""

from collections import Counter
from typing import Annotated

import typer

from app.analytics.aggregation import SMOOTHING
from app.analytics.intervals import Share
from app.cli.agreement import (
    ByCohortOption,
    ByOption,
    CohortOption,
    KindOption,
    QuestionOption,
    RaterOption,
    SinceOption,
    UntilOption,
    WhereOption,
    choice_of,
    pair_difference,
    parts_choice,
    print_agreement,
    print_chosen,
    print_differences,
    print_labels,
    print_parts,
    print_slices,
    sliced,
)
from app.cli.handling_time import time
from app.cli.quality import quality
from app.cli.raters import raters
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.errors import Invalid
from app.services import reports
from app.services.adjudication_figures import adjudication_figures
from app.services.aggregated_labels import METHODS, NEEDS, aggregate_labels
from app.services.chosen_agreement import chosen_agreement
from app.services.costs import cost_report
from app.services.differences import differences, part_differences
from app.services.final_labels import list_final_labels
from app.services.judge_quality import judge_quality
from app.services.label_judges import label_judges
from app.services.parts_agreement import parts_agreement
from app.services.projects import find_project
from app.services.review_figures import reviewer_figures
from app.services.version_changes import version_changes

__all__ = ["app"]

app = typer.Typer(help="The numbers of the pages, for people and programs.", no_args_is_help=True)
app.command()(quality)
app.command()(raters)
app.command()(time)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


@app.command()
def agreement(
    project: str,
    question: QuestionOption = None,
    kind: KindOption = [],
    rater: RaterOption = [],
    since: SinceOption = None,
    until: UntilOption = None,
    where: WhereOption = None,
    cohort: CohortOption = None,
    by: ByOption = None,
    by_cohort: ByCohortOption = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Agreement per question: Krippendorff's alpha with its interval, Cohen's kappa of every pair, sets and spans.

    With a question and kinds, raters, a cohort, a period or a part of the items also that of these alone, label by label;
    with --by also for each value of a metadata column: of questions, criteria of rubrics, judged and reviewed answers.
    --json adds where raters differ (differences, part_differences; of two named raters pair_difference) and before and
    after each version (changes). Labels made of everybody's ratings: `milo report labels`; the other figures of the page:
    `milo report quality`.
    """
    with opened(data_dir) as ctx:
        project_id = find_project(ctx, OPERATOR, project).id
        found = reports.agreement(ctx, OPERATOR, project_id)
        parts = parts_agreement(ctx, OPERATOR, project_id)
        apart = differences(ctx, OPERATOR, project_id, found)
        parts_apart = part_differences(ctx, OPERATOR, project_id, parts)
        sets = {one.question for one in parts.label_sets} | {one.question for one in parts.spans}
        if question in sets and not (kind or where):
            parts = parts_agreement(ctx, OPERATOR, project_id, parts_choice(rater, since, until, cohort))
            rater, since, until, cohort = [], None, None, None
        choice = choice_of(found, question, kind, rater, since, until, where, cohort, sets=sets)
        chosen = chosen_agreement(ctx, OPERATOR, project_id, choice) if choice else None
        of_pair = pair_difference(ctx, project_id, choice)
        slices = sliced(ctx, project_id, question, kind, by, by_cohort=by_cohort)
        changes = version_changes(ctx, OPERATOR, project_id)
    if json:
        more = {"chosen": reports.as_json(chosen)} if chosen else {}
        more |= {"pair_difference": reports.as_json(of_pair)} if of_pair else {}
        more |= (
            {"slices": reports.as_json(slices.found), "not_sliced": slices.refused} if by or by_cohort else {}
        )
        more |= {
            "differences": reports.as_json(apart),
            "part_differences": reports.as_json(parts_apart),
            "changes": reports.as_json(changes),
        }
        print_json(reports.as_json(found) | reports.as_json(parts) | more)
        return
    if found.simulated:
        print("This project holds a simulated history.")
    if not (found.questions or found.criteria or parts.label_sets or parts.spans or parts.preferences):
        print("no ratings yet that can be compared: agreement needs two raters of the same items")
    print_parts(parts)
    if chosen:
        print_chosen(chosen)
    print_slices(slices)
    for asked in (*found.questions, *found.criteria):
        print_agreement(asked)
    print_differences([of_pair] if of_pair else apart, parts_apart)


@app.command()
def alignment(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """The judge beside people who scored the same answers blind, criterion by criterion."""
    with opened(data_dir) as ctx:
        found = judge_quality(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
    if json:
        print_json([{**reports.as_json(row), "state": row.state} for row in found])
        return
    if not found:
        print(
            "no judge beside people yet: either no rater of kind judge was imported (--format ratings, column rater_kind), "
            "or nobody has scored a judged answer blind"
        )
    for row in found:
        kappa = row.with_people
        interval = "" if kappa.low is None else f" [{kappa.low:.3f}, {_number(kappa.high)}]"
        print(
            f"{row.criterion:<18} {row.judge:<24} {row.state:<9} kappa {_number(kappa.kappa)}{interval}  n={kappa.n} of {kappa.answers} answers; "
            f"people among themselves {_number(row.among_people.kappa)}, n={row.among_people.n}; "
            f"Spearman {_number(row.scores.spearman.value)}, off by {_number(row.scores.mae.value)} levels"
            + ("" if row.calibration.mae is None else f", calibrated {_number(row.calibration.mae)}")
            + (f"; {row.unscored} answers unscored" if row.unscored else "")
        )
        for who, left_out in (("judge", row.no_number), ("people", row.people_no_number)):
            if left_out.n:
                print(f"{'':<18} {'':<24} no numbers of the {who}: {left_out.words}")
        if kappa.note:
            print(f"{'':<18} {'':<24} note: {kappa.note}")


@app.command()
def judges(
    project: str,
    question: Annotated[
        list[str], typer.Option(help="Only this question; repeat for the mean over some of them.")
    ] = [],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Imported judges that give labels: how often right, the same when asked again, and the same in both orders.

    Where the column order holds two values they are those in which two answers were shown.
    """
    with opened(data_dir) as ctx:
        found = label_judges(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, questions=question)
    if json:
        print_json(reports.as_json(found))
        return
    if not found:
        print(
            "no rater of kind judge or model gives labels here: import a table with the column rater_kind (--format ratings)"
        )
    for row in found:
        figures = row.figures
        if figures.interval is None:
            share = "nothing to compare with"
        else:
            low, high = figures.interval
            share = f"{figures.right / figures.n:.1%} [{low:.1%}, {high:.1%}] of {figures.n} right ({figures.against})"
        again = figures.repeats
        twice = f"; asked twice {again.same} of {again.n} the same" if again.n else ""
        orders = figures.both_orders
        swapped = f"; same in both orders {orders.same} of {orders.n}" if orders.n else ""
        print(f"{row.question:<24} {row.judge:<24} {share}, kappa {_number(figures.kappa)}{twice}{swapped}")
    for judge, mean in {row.judge: row.over_questions for row in found}.items():
        if mean.questions > 1 and mean.right is not None:
            ordered = "" if mean.both_orders is None else f", same in both orders {mean.both_orders:.1%}"
            print(
                f"{f'mean of {mean.questions} questions':<24} {judge:<24} {mean.right:.1%} [{mean.low:.1%}, {mean.high:.1%}] right{ordered}"
            )


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
    smoothing: Annotated[
        float | None,
        typer.Option(
            help=f"What dawid-skene adds to each count: {SMOOTHING} unless you say otherwise, 0 is the paper's own."
        ),
    ] = None,
    diagonal: Annotated[
        float,
        typer.Option(
            help="What dawid-skene adds to right answers besides: a prior for raters with few ratings."
        ),
    ] = 0.0,
    clamp: Annotated[
        bool,
        typer.Option(
            "--clamp-gold", help="Hold known items to their label while dawid-skene, mace or glad learn."
        ),
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """One label an item out of people's ratings, with confidence, entropy and ties; how reliable each rater is."""
    if method == "final":
        _final_labels(project, question, data_dir, json=json)
        return
    if method not in METHODS:
        raise Invalid(f"--method {method!r}; there are {', '.join(METHODS)}, final")
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
            smoothing=smoothing,
            diagonal=diagonal,
            clamp=clamp,
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
            f"reviews of {reviewer.login:<18} overturned {_share(reviewer.overturned)}; "
            f"blind second looks agree {_share(reviewer.agreed_blind)}; {reviewer.reviews} in all"
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
