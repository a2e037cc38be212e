"""`milo report quality`: everything that is known of a project's quality, on the screen, as JSON or as a page."""

from pathlib import Path
from typing import Annotated

import typer

from app.analytics.agreement import Alpha
from app.analytics.before_after import Compared
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import reports
from app.services.lead_figures import LeadFigures
from app.services.printed_page import interval_of, share_of
from app.services.projects import find_project
from app.services.quality_page import quality_page
from app.services.quality_report import QualityReport, quality_report

__all__ = ["quality"]


def quality(
    project: str,
    html: Annotated[
        Path | None, typer.Option(help="Also write the report as one page to read, print or send.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Agreement, its change with versions, labels, progress, people, rubric scores, judge and review, and what is unknown.

    --json has every number of the pages Agreement, Review and Adjudicate, and `leads` with queue, cases, board and map. By
    language, group or other metadata: `milo report agreement --by`; labels made of everybody's: `milo report labels`.
    """
    with opened(data_dir) as ctx:
        found = quality_report(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
    if html is not None:
        html.write_text(quality_page(found), encoding="utf-8")
    if json:
        print_json(reports.as_json(found))
        return
    if found.simulated:
        print("This project holds a simulated history.")
    _agreement(found)
    _work(found)
    _judged(found)
    if found.leads is not None:
        _leads(found.leads)
    for sentence in found.unknown:
        print(f"unknown: {sentence}")


def _agreement(found: QualityReport) -> None:
    for one in found.agreement.questions:
        print(f"agreement   {one.question:<18} {one.rater_kind:<6} alpha {_alpha(one.nominal)}  n={one.nominal.n_items}")  # fmt: skip
    for one in found.agreement.criteria:
        print(f"criterion   {one.question:<18} {one.rater_kind:<6} alpha {_alpha(one.nominal)}  n={one.nominal.n_items}")  # fmt: skip
    for apart in found.differences:
        print(f"they differ {apart.question:<18} {apart.rater_kind:<6} on {apart.n_disputed} of {apart.n_items} items")  # fmt: skip
    for part in found.part_differences:
        print(
            f"they differ {part.question:<18} {part.rater_kind:<6} on {part.n_apart} of {part.n_items} items"
        )
    for change in found.changes:
        name = f"{change.what} {change.after.name}".strip()
        for changed in change.questions:
            for which, compared in (("all items", changed.all_items), ("same items", changed.same_items)):
                if compared is not None:
                    print(f"{name} {change.before.number} to {change.after.number}, {changed.question}, {which}: {_difference(compared)}")  # fmt: skip
    for row in found.labels:
        counts = ", ".join(f"{count.label} {count.items.count}" for count in row.labels.labels)
        n = row.labels.n_items if row.parts is None else row.labels.n_ratings
        ties = f"; ties {row.labels.ties.count}" if row.voted else ""
        print(f"labels      {row.question:<18} {row.source}: {counts}{ties} (n={n})")


def _alpha(alpha: Alpha) -> str:
    return f"undefined ({alpha.reason})" if alpha.reason else interval_of(alpha.value, alpha.low, alpha.high, digits=3)  # fmt: skip


def _difference(compared: Compared) -> str:
    if compared.difference is None:
        return f"undefined ({compared.reason})"
    return (
        f"{_alpha(compared.before)} before, {_alpha(compared.after)} after, difference "
        f"{interval_of(compared.difference, compared.low, compared.high, digits=3)}, n={compared.before.n_items} and "
        f"{compared.after.n_items}, {compared.common} in common"
    )


def _work(found: QualityReport) -> None:
    if found.progress is not None:
        by_answers = ", ".join(f"{row.items} with {row.answers}" for row in found.progress.rows)
        print(
            f"progress    {found.progress.through} of {found.progress.items} items want no more; {by_answers}"
        )
    for one in found.contributions.people:
        beside = "; ".join(
            f"{question} {interval_of(others.equal, others.low, others.high)} equal to others, n={others.items}"
            + (f" ({others.reason})" if others.reason else "")
            for question, others in one.with_others.items()
        )
        gold = "".join(
            f"; {question} right on gold {share_of(share)}" for question, share in one.gold.items()
        )
        print(f"person      {one.login:<18} {one.answers} answers; {beside}{gold}")
    for reviewed in found.reviewed:
        print(f"accepted    {reviewed.login:<18} {share_of(reviewed.accepted)}")
    for reviewer in found.reviewers:
        looks = f"blind second looks agree {share_of(reviewer.agreed_blind)}"
        print(f"reviewer    {reviewer.login:<18} {reviewer.reviews} reviews, overturned {share_of(reviewer.overturned)}; {looks}")  # fmt: skip


def _judged(found: QualityReport) -> None:
    for criterion in found.criteria:
        levels = ", ".join(f"{label} {count}" for _, label, count in criterion.levels)
        mean = interval_of(criterion.mean, criterion.mean_low, criterion.mean_high)
        unscored = sum(criterion.unscored.values())
        print(f"criterion   {criterion.criterion:<18} {levels}; mean level {mean}; unscored {unscored} (n={criterion.n})")  # fmt: skip
    for row in found.judge:
        kappa = interval_of(row.with_people.kappa, row.with_people.low, row.with_people.high)
        print(f"judge       {row.criterion:<18} {row.judge} {row.state}, kappa with people {kappa}  n={row.with_people.n}")  # fmt: skip
    for stood in found.prefilling:
        print(
            f"levels      {stood.criterion:<18} as the judge's: filled in before {share_of(stood.prefilled)}; beside an empty "
            f"form {share_of(stood.beside)}; blind {share_of(stood.blind)}"
        )


def _leads(found: LeadFigures) -> None:
    queue, map_ = found.review_queue, found.map
    rules = "; ".join(f"{words} {n}" for words, n in queue.by_rule.items())
    print(f"to review   {queue.n} of {queue.unreviewed} unreviewed answers{f': {rules}' if rules else ''}")
    print(f"cases       {', '.join(f'{n} {state}' for state, n in found.cases.items())}")
    for by in found.board:
        counts = ", ".join(f"{column.count} {column.state.replace('_', ' ')}" for column in by.columns)
        print(f"board       by {by.question or 'the item as a whole'}: {counts} (n={by.n})")
    kept = "unknown" if map_.kept is None else f"{map_.kept:.1%}"
    print(f"map         {map_.points} of {map_.total} items, two dimensions keep {kept} of the variance")
