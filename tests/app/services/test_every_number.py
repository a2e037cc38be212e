"""JSON gives every number of the pages Agreement, Review and Adjudicate: no page shows what no command prints."""

import ast
import dataclasses
import importlib
import inspect
import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer.testing import CliRunner

from app.cli import app
from app.services import accounts
from app.services.adjudication_queue import Case, adjudication_queue
from app.services.aggregated_labels import AggregatedLabels
from app.services.agreement_alphas import AgreementAlphas, QuestionAlphas
from app.services.agreement_report import AgreementReport
from app.services.board import Board, BoardColumn, BoardItem, board
from app.services.chosen_agreement import ChosenAgreement
from app.services.context import Context
from app.services.differences import Difference, PartDifference, differences
from app.services.disagreement import Disagreement, Disputed, disagreement
from app.services.item_map import ItemMap, MapPoint, item_map
from app.services.lead_figures import lead_figures
from app.services.parts_agreement import PartsAgreement
from app.services.parts_disagreement import ApartItem, PartsDisagreement
from app.services.quality_report import QualityReport, quality_report
from app.services.reports import agreement
from app.services.review import review
from app.services.review_case import ReviewCase
from app.services.review_queue import ReviewQueue, review_queue
from app.services.reviewed import ReviewedLine
from app.services.slices import Sliced
from app.services.version_changes import VersionChange
from tests.app.services.test_quality_report import answered
from tests.app.services.world import OPERATOR, World

ROOT = Path(__file__).parents[3]
PAGES = ("app.views.agreement", "app.views.review", "app.views.adjudicate")
PRINTED = (
    QualityReport, AgreementReport, PartsAgreement, ChosenAgreement, Sliced, VersionChange, Difference,
    PartDifference, AggregatedLabels,
)  # fmt: skip
"""What `milo report quality|agreement|labels --json` print whole."""

NO_FIGURE = "no figure: "
ELSEWHERE: dict[type, dict[str, str]] = {
    AgreementAlphas: {name: f"AgreementReport.{name}" for name in ("target", "questions", "criteria")},
    QuestionAlphas: {
        name: f"QuestionAgreement.{name}"
        for name in ("nominal", "ordinal", "interval", "ratio", "question", "title", "rater_kind")
    },
    Disagreement: {
        "disputed": "Difference.disputed",
        "n_disputed": "Difference.n_disputed",
        "n_items": "Difference.n_items",
        "confusions": "Difference.confusions",
    },
    Disputed: {
        "item": "DisputedItem.item",
        "about": NO_FIGURE + "words",
        "values": "DisputedItem.values",
        "entropy": "DisputedItem.entropy",
        "apart": "DisputedItem.apart",
        "text": NO_FIGURE + "words",
    },
    PartsDisagreement: {
        "shown": "PartDifference.shown",
        "n_apart": "PartDifference.n_apart",
        "n_items": "PartDifference.n_items",
    },
    ApartItem: {
        "item": "PartItem.item",
        "apart": "PartItem.apart",
        "values": "PartItem.values",
        "text": NO_FIGURE + "words",
    },
    Board: {"columns": "BoardCounts.columns", "n": "BoardCounts.n", "questions": "BoardCounts.questions"},
    BoardColumn: {
        "state": "StateCount.state",
        "count": "StateCount.count",
        "share": "StateCount.share",
        "items": NO_FIGURE + "links; `milo subsets find` lists items",
    },
    BoardItem: {field.name: NO_FIGURE + "one item" for field in dataclasses.fields(BoardItem)},
    ReviewedLine: {field.name: NO_FIGURE + "one review" for field in dataclasses.fields(ReviewedLine)},
    ItemMap: {
        "points": "MapFigures.points",
        "total": "MapFigures.total",
        "kept": "MapFigures.kept",
        "labels": "MapFigures.labels",
        "question": "MapFigures.question",
        "questions": NO_FIGURE + "what may be chosen",
    },
    MapPoint: {
        name: NO_FIGURE + "a place, without a unit"
        for name in ("item_id", "item", "x", "y", "label", "text")
    },
    Case: {
        field.name: "LeadFigures.cases" if field.name == "state" else NO_FIGURE + "one case, not the project"
        for field in dataclasses.fields(Case)
    },
    ReviewQueue: {
        "waiting": "QueueCounts.n",
        "put_off": NO_FIGURE + "what this person skipped",
        "cases": NO_FIGURE + "answers, not the project",
    },
    ReviewCase: {
        field.name: "QueueCounts.by_rule" if field.name == "why" else NO_FIGURE + "one answer, not the project"
        for field in dataclasses.fields(ReviewCase)
    },
}  # fmt: skip
"""What a page draws from another shape than a command prints: field -> where its number stands, or why it is none."""

CHOICES = {
    "adjudication_case",
    "case_of",
    "describe",
    "list_projects",
    "schema_of",
    "workplace_of",
    "raters_of",
    "keys_of",
    "list_cohorts",
    "subjects_of",
}
"""What a page needs of one item, of the settings, or to choose from: no figures of the project."""
DERIVED = {
    "CriterionQuality.state": "Gate.state",
    "Gate.open": "Gate.state",
    "AnnotatorTest.passed": "AnnotatorTest.won",
    "QuestionLabels.voted": "QuestionLabels.suggested",
    "NotNumbers.words": "NotNumbers.examples",
}
"""Properties, which no JSON has -> the field that says the same."""


def dataclasses_in(annotation: Any) -> Iterator[type]:
    for one in get_args(annotation):
        yield from dataclasses_in(one)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        yield annotation


def reachable(roots: tuple[Any, ...]) -> set[type]:
    found: set[type] = set()
    ahead = [one for root in roots for one in dataclasses_in(root)]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            hints = get_type_hints(one)
            ahead += [
                other for field in dataclasses.fields(one) for other in dataclasses_in(hints[field.name])
            ]
    return found


def asked_by_pages() -> dict[str, Any]:
    """Name -> what it returns, of every use case that the pages or their components ask."""
    modules, found = list(PAGES), dict[str, Any]()
    for module in modules:
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("app."):
                continue
            name, names = node.module or "", {alias.name for alias in node.names}
            if name.startswith("app.components") and name not in modules:
                modules.append(name)
            if name == "app.services":
                for one in names:
                    found |= {k: v for k, v in use_cases(f"{name}.{one}").items() if k in used}
            elif name.startswith("app.services."):
                found |= {k: v for k, v in use_cases(name).items() if k in names}
    return found


def use_cases(name: str) -> dict[str, Any]:
    """Of a module: functions that take a context first."""
    out = {}
    for one, function in vars(importlib.import_module(name)).items():
        if inspect.isfunction(function):
            first = next(iter(inspect.signature(function).parameters.values()), None)
            if first is not None and first.annotation is Context:
                out[one] = typing.get_type_hints(function).get("return")
    return out


def test_every_figure_that_a_page_shows_is_printed_as_json_by_a_command() -> None:
    printed = reachable(PRINTED)
    fields = {f"{one.__name__}.{field.name}" for one in printed for field in dataclasses.fields(one)}
    asked = asked_by_pages()
    assert {"agreement", "disagreement", "item_map", "board", "review_queue", "prefilling"} <= set(asked)
    shown = reachable(tuple(returned for name, returned in asked.items() if name not in CHOICES))
    of_one_case = reachable((ReviewCase, Case)) - set(ELSEWHERE)
    unmatched = {
        f"{one.__name__}.{field.name}"
        for one in shown - printed - of_one_case
        for field in dataclasses.fields(one)
        if not figure_is_known(ELSEWHERE.get(one, {}).get(field.name, ""), fields)
    }
    assert not unmatched, (
        "a page shows these and no command prints them; add them to the report, or say why not"
    )


def figure_is_known(where: str, fields: set[str]) -> bool:
    return where.startswith(NO_FIGURE) or where in fields


def test_no_number_hides_in_a_property() -> None:
    properties = {
        f"{one.__name__}.{name}"
        for one in reachable(PRINTED)
        for name, value in vars(one).items()
        if isinstance(value, property)
    }
    assert properties <= set(DERIVED), "JSON has fields only; make it one, or say what it is derived from"


def test_what_the_commands_print_is_what_the_pages_show(world: World, tmp_path: Path) -> None:
    project_id = answered(world, tmp_path)
    ctx = world.ctx
    # The one item on which ann and bob differ: good against bad, one pair of answers, of three items.
    found = differences(ctx, OPERATOR, project_id, agreement(ctx, OPERATOR, project_id))
    page = disagreement(ctx, OPERATOR, project_id, question="verdict", rater_kind="human")
    assert (found[0].n_disputed, found[0].n_items, found[0].n_confusions) == (1, 3, 1)
    assert (found[0].confusions[0].one, found[0].confusions[0].other, found[0].confusions[0].pairs) == (
        "bad",
        "good",
        1,
    )
    assert found[0].confusions == page.confusions
    assert [one.item for one in found[0].disputed or []] == [one.item for one in page.disputed] == ["i2"]
    lead = world.person("lee")

    accounts.give_role(ctx, OPERATOR, project_id=project_id, login="lee", role="qa_lead")
    leads = lead_figures(ctx, lead, project_id)
    assert leads is not None
    queue = review_queue(ctx, lead, project_id, limit=1_000).cases
    assert leads.review_queue.n == len(queue) and leads.review_queue.unreviewed == 6
    for rule, n in leads.review_queue.by_rule.items():
        assert n == sum(rule in case.why for case in queue), rule
    cases = adjudication_queue(ctx, lead, project_id)
    assert leads.cases == {"waiting": len(cases), "reviewed": 0, "decided": 0} and len(cases) == 1
    whole, by_verdict, _ = leads.board
    on_page = board(ctx, lead, project_id)
    assert [(one.state, one.count, one.share) for one in whole.columns] == [
        (one.state, one.count, one.share) for one in on_page.columns
    ]
    assert (by_verdict.question, by_verdict.n) == ("verdict", 3)
    drawn = item_map(ctx, lead, project_id)
    assert (leads.map.points, leads.map.total, leads.map.kept) == (
        len(drawn.points),
        drawn.total,
        drawn.kept,
    )
    assert sum(leads.map.labels.values()) == 3


def test_an_answer_that_was_reviewed_leaves_the_queue_of_the_report(world: World, tmp_path: Path) -> None:
    project_id = answered(world, tmp_path)
    ctx, lead = world.ctx, world.person("lee", admin=True)
    before = quality_report(ctx, lead, project_id).leads
    case = review_queue(ctx, lead, project_id).cases[0]
    review(ctx, lead, project_id, case.annotation.id, outcome="accepted", form_token="once")
    after = quality_report(ctx, lead, project_id).leads
    assert before is not None and after is not None
    assert after.review_queue.unreviewed == before.review_queue.unreviewed - 1 == 5
    # One reviewed answer in ten comes back, drawn by lot.
    again = after.review_queue.by_rule.get("a second look, drawn by lot", 0)
    assert after.review_queue.n == before.review_queue.n - 1 + again


def test_a_manager_gets_counts_and_nobodys_answers(world: World, tmp_path: Path) -> None:
    project_id = answered(world, tmp_path)
    manager = world.person("mia")

    accounts.give_role(world.ctx, OPERATOR, project_id=project_id, login="mia", role="manager")
    found = quality_report(world.ctx, manager, project_id)
    assert found.leads is None
    assert found.differences[0].n_disputed == 1 and found.differences[0].disputed is None


def test_the_agreement_command_has_where_they_differ_and_of_a_pair(world: World, tmp_path: Path) -> None:
    answered(world, tmp_path)
    runner = CliRunner(env={"MILO_DATABASE_URL": world.ctx.engine.url.render_as_string(hide_password=False)})
    name = "P <script>alert(1)</script>"
    base = ["report", "agreement", name, "--question", "verdict", "--rater", "ann", "--rater", "bob"]
    done = runner.invoke(app, [*base, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["differences"][0]["n_disputed"] == 1
    assert found["differences"][0]["disputed"][0]["item"] == "i2"
    assert found["pair_difference"]["confusions"] == [{"one": "bad", "other": "good", "pairs": 1, "items": 1}]
    assert found["part_differences"] == [] and found["chosen"]["others"]["fleiss"]["n"] == 3
    words = runner.invoke(app, base).stdout
    # ann and bob: 2 of 3 equal; Gwet and the others stand beside alpha
    for said in (
        "percent",
        "Gwet's AC",
        "Fleiss' kappa",
        "Brennan-Prediger",
        "2 of 3 equal",
        "differ on 1 of 3",
    ):
        assert said in words, said
