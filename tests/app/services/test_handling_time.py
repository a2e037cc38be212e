"""The Handling time report: what people did with suggestions, reviews, single visits, who sees how much."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import utc_now
from app.errors import Invalid, NotAllowed
from app.services import answering, assignment, telemetry
from app.services.context import Actor
from app.services.handling_time import TimeReport, time_report
from app.services.review import review
from app.services.telemetry import BrowserEvent
from app.services.time_table import COLUMNS, figures, figures_csv, single_visits
from db.engine import transaction
from db.models import Annotation
from db.records import ProjectRecord
from tests.app.services.world import OPERATOR, World

SUGGESTED = {"verdict": {"value": "good", "confidence": 0.9}}


def answer(
    world: World, person: Actor, project: ProjectRecord, verdict: str, *events: tuple[str, float]
) -> int:
    """Answer the next item after events, each `seconds` before the submit; returns the annotation."""
    task = world.next(person, project)
    batch = [
        BrowserEvent(seq, kind, ago, {"question": "verdict"} if kind == "suggestion_accepted" else {})
        for seq, (kind, ago) in enumerate(events)
    ]
    telemetry.record_events(world.ctx, person, visit_key=task.lease.visit_key, tab="t", events=batch)
    return world.submit(person, task, verdict=verdict).annotation_id


@pytest.fixture
def helped(world: World, tmp_path: Path) -> tuple[World, ProjectRecord, dict[str, Actor]]:
    """Five items of ten words, all shown `good`: the truth is good, good, bad, bad and unknown.

    ann keeps the first (taken after 12 s), changes the second, keeps the third, changes the fourth after taking it (4 s),
    skips over the fifth's suggestion. bob, who reviews, accepts the first and rejects the third.
    """
    project = world.project()
    rows = [
        {"id": f"i{n}", "text": "one two three four five six seven eight nine ten", "suggestions": SUGGESTED}
        | ({"gold": {"verdict": gold}} if gold else {})
        for n, gold in enumerate(("good", "good", "bad", "bad", None))
    ]
    world.fill(project, rows, tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob", "qa_lead")
    shown = ("opened", 20.0), ("suggestion_shown", 20.0)
    first = answer(world, ann, project, "good", *shown, ("suggestion_accepted", 8.0), ("submitted", 0.0))
    answer(world, ann, project, "bad", *shown, ("submitted", 0.0))
    third = answer(world, ann, project, "good", *shown, ("submitted", 0.0))
    answer(world, ann, project, "bad", *shown, ("suggestion_accepted", 16.0), ("submitted", 0.0))
    answer(world, ann, project, "bad", *shown, ("hidden", 18.0), ("visible", 10.0), ("submitted", 0.0))
    for token, (annotation, outcome) in enumerate(((first, "accepted"), (third, "rejected"))):
        review(
            world.ctx, bob, project.id, annotation, outcome=outcome,  # type: ignore[arg-type]
            form_token=str(token), comment="no", seconds=30.0 + token,
        )  # fmt: skip
    return world, project, {"ann": ann, "bob": bob, "mia": world.member(project, "mia", "manager")}


def test_reliance_counts_what_was_kept_where_the_truth_is_known(
    helped: tuple[World, ProjectRecord, dict[str, Actor]],
) -> None:
    world, project, _ = helped
    used = time_report(world.ctx, OPERATOR, project.id).suggestions
    # Wrong ones are the third (kept) and the fourth (changed); right ones the first (kept) and the second (changed).
    assert (used.reliance.over.count, used.reliance.over.n) == (1, 2)
    assert (used.reliance.under.count, used.reliance.under.n) == (1, 2)
    assert (used.truth_unknown, used.planted) == (1, 0)
    assert [one.group for one in used.reliance_by_arm] == [("suggestion",)]
    assert [one.group for one in used.reliance_by_person] == [("ann",)]


def test_acceptance_is_timed_from_showing_to_taking(
    helped: tuple[World, ProjectRecord, dict[str, Actor]],
) -> None:
    world, project, _ = helped
    (found,) = time_report(world.ctx, OPERATOR, project.id).suggestions.behaviour
    assert (found.accepted.count, found.edited.count, found.rejected.count) == (2, 3, 0)
    # Taken: the first, after 12 s, and the fourth, after 4 s, which was changed in the end.
    assert (found.edited_after.count, found.edited_after.n) == (1, 2)
    assert found.seconds_to_accept.median == pytest.approx(8, abs=0.5)
    # Ten words: ten times as much for a hundred.
    assert found.seconds_per_100_words.median == pytest.approx(80, abs=5)


def test_first_pass_is_of_what_was_reviewed_and_review_has_its_own_stage(
    helped: tuple[World, ProjectRecord, dict[str, Actor]],
) -> None:
    world, project, _ = helped
    report = time_report(world.ctx, OPERATOR, project.id)
    assert report.first_pass is not None
    assert (report.first_pass.count, report.first_pass.n) == (1, 2)
    stages = {stage.group: (stage.n, stage.median) for stage in report.stages}
    assert stages["annotate"][0] == 5 and stages["review"] == (2, 30.5)
    # Two questions on an item: no time of one question is known.
    assert report.questions == []
    assert report.progress is not None and report.progress.overlap == 1.0
    assert report.cost.answers == 5


def test_places_in_the_day_begin_anew_with_each_person_and_day(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(project, [{"id": f"i{n}", "text": "one two"} for n in range(13)], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    for _ in range(13):
        answer(world, ann, project, "good", ("opened", 20.0), ("submitted", 0.0))
    answer(world, bob, project, "good", ("opened", 20.0), ("submitted", 0.0))
    noon = utc_now().replace(hour=12)
    with transaction(world.ctx.engine) as session:
        rows = list(session.query(Annotation).order_by(Annotation.id))
        for place, row in enumerate(rows):
            # ann's first alone on the day before; bob's among ann's other twelve.
            row.submitted_at = noon - timedelta(days=1 if place == 0 else 0)
    found = time_report(world.ctx, OPERATOR, project.id).day_places
    assert [(one.group, one.n, one.n_raters) for one in found] == [("001-010", 12, 2), ("011-020", 2, 1)]


def test_small_groups_are_for_those_who_may_read_everything(
    helped: tuple[World, ProjectRecord, dict[str, Actor]],
) -> None:
    world, project, people = helped

    def reviews_shown(report: TimeReport) -> float | None:
        return next(stage.median for stage in report.stages if stage.group == "review")

    lead, manager = (time_report(world.ctx, people[login], project.id) for login in ("bob", "mia"))
    assert (lead.smallest_group, manager.smallest_group) == (1, 5)
    assert (reviews_shown(lead), reviews_shown(manager)) == (30.5, None)
    assert lead.suggestions.reliance_by_person and not manager.suggestions.reliance_by_person
    with pytest.raises(NotAllowed):
        time_report(world.ctx, people["ann"], project.id)


def test_a_figure_opens_its_single_visits(helped: tuple[World, ProjectRecord, dict[str, Actor]]) -> None:
    world, project, people = helped
    rows = single_visits(world.ctx, people["bob"], project.id, rater="ann", arm="suggestion")
    assert [row["item"] for row in rows] == ["i4", "i3", "i2", "i1", "i0"]
    assert rows[1]["handling"] == pytest.approx(20, abs=0.5)
    assert rows[0]["hidden"] == pytest.approx(8, abs=0.5)
    day = rows[0]["opened"].date().isoformat()
    assert single_visits(world.ctx, people["bob"], project.id, day=day)
    assert single_visits(world.ctx, people["bob"], project.id, rater="nobody") == []
    with pytest.raises(NotAllowed):
        single_visits(world.ctx, people["mia"], project.id)
    with pytest.raises(Invalid, match="no day"):
        single_visits(world.ctx, people["bob"], project.id, day="tomorrow")


def test_the_table_holds_every_figure_and_no_formula(
    helped: tuple[World, ProjectRecord, dict[str, Actor]],
) -> None:
    world, project, _ = helped
    report = time_report(world.ctx, OPERATOR, project.id)
    rows = figures(report)
    assert set(rows[0]) == set(COLUMNS)
    kept = next(row for row in rows if row["table"] == "reliance by arm")
    assert (kept["group"], kept["value"], kept["n"]) == ("suggestion", 0.5, 2)
    assert figures_csv(report).decode().splitlines()[0] == ",".join(COLUMNS)


def test_a_revision_and_a_skip_count_for_nothing(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, [{"id": f"i{n}", "text": "t", "suggestions": SUGGESTED} for n in range(2)], tmp_path)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    world.submit(ann, task, verdict="good")
    world.submit(ann, assignment.open_task(world.ctx, ann, project.id, task.item.id), verdict="bad")
    other = world.next(ann, project)
    answering.skip(world.ctx, ann, item_id=other.item.id, form_token=other.lease.form_token, reason="torn")
    (found,) = time_report(world.ctx, OPERATOR, project.id).suggestions.behaviour
    assert (found.accepted.count, found.accepted.n) == (1, 1)
