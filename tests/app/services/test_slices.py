"""Figures of sets, spans, criteria and answers, by metadata and by cohort, by hand."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.clock import utc_now
from app.errors import Invalid, NotAllowed, NotFound
from app.quality_charts import label_chart
from app.services import cohorts, projects
from app.services.blind_scoring import next_to_score, score_answer
from app.services.chosen_agreement import RaterChoice, chosen_agreement
from app.services.intake import import_ratings
from app.services.label_distribution import label_distribution
from app.services.parts_agreement import PartsChoice, parts_agreement
from app.services.review import review
from app.services.sliced_agreement import ANSWERS, COHORT, keys_of, sliced_agreement, subjects_of
from app.services.sliced_times import times_by
from app.services.slices import Sliced, Subject, figure_of
from db.engine import reading, transaction
from db.models import Annotation, HumanScore, Visit
from db.records import ProjectRecord
from db.store import items, people
from tests.app.services.test_trust import Scene
from tests.app.services.world import OPERATOR, World

DAY = "2026-03-01T12:00:00Z"


def sliced(world: World, project: ProjectRecord, name: str, by: str, kind: str = "human") -> Sliced:
    subject = next(
        one
        for one in subjects_of(world.ctx, OPERATOR, project.id)
        if (one.name, one.rater_kind) == (name, kind)
    )
    return sliced_agreement(world.ctx, OPERATOR, project.id, subject=subject, by=by)


def values(found: Sliced, name: str) -> dict[str, float | None]:
    return {one.value: figure_of(one.figures, name).value for one in found.slices}


def part_rows() -> list[dict[str, Any]]:
    """Sets and spans of x and y: in German all equal, in English never (sets {a}, {b}; spans that overlap), in French 3."""
    rows = []
    for n in range(27):
        language = "de" if n < 12 else "en" if n < 24 else "fr"
        for rater in ("x", "y"):
            other = language == "en" and rater == "y"
            span = {"start": 1 if other else 0, "end": 4, "label": "P"}
            more: dict[str, Any] = {"item": str(n), "rater": rater, "language": language, "created_at": DAY}
            rows.append({**more, "question": "tags", "value": ["b"] if other or n % 2 else ["a", "c"]})
            rows.append({**more, "question": "marks", "value": [span]})
    return rows


def written(folder: Path) -> Path:
    path = folder / "parts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in part_rows()))
    return path


def test_imported_sets_and_spans_are_split_by_their_columns(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    import_ratings(world.ctx, OPERATOR, project.id, written(tmp_path))
    tags = sliced(world, project, "tags", "language")
    assert values(tags, "alpha, MASI") == {"de": 1.0, "en": pytest.approx(tags_en()), "fr": None}
    marks = sliced(world, project, "marks", "language")
    assert values(marks, "F1, exact") == {"de": 1.0, "en": 0.0, "fr": None}
    english = figure_of(marks.slices[1].figures, "F1, exact")
    assert (english.n, english.low, english.high, english.n_raters) == (12, 0.0, 0.0, 2)
    assert figure_of(marks.whole, "F1, exact").value == 30 / 54  # 15 equal of 27 and 27 spans
    characters = figure_of(marks.slices[0].figures, "alpha of characters")
    assert characters.value is None
    on_the_day = parts_agreement(
        world.ctx, OPERATOR, project.id, PartsChoice(since=date(2026, 3, 1), until=date(2026, 3, 1))
    )
    assert on_the_day.label_sets[0].masi.n_ratings == 54 and on_the_day.spans[0].exact.n_items == 27
    after = parts_agreement(world.ctx, OPERATOR, project.id, PartsChoice(since=date(2026, 3, 2)))
    assert after.label_sets[0].masi.n_ratings == 0


def tags_en() -> float:
    """English: y always {b}; x {b} in the six odd items, else {a, c}. So 6 items {b}{b}, 6 items {ac}{b}, at distance 1.

    D_o = 12 of 24 values; 6 {ac} and 18 {b}: D_e = 2*6*18/(24*23).
    """
    return 1 - (12 / 24) / (216 / 552)


def test_labels_of_sets_and_spans_are_counted_one_by_one(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    path = tmp_path / "r.jsonl"
    rows = [
        {"item": "1", "rater": "x", "question": "tags", "value": ["a", "b"]},
        {"item": "1", "rater": "y", "question": "tags", "value": ["b"]},
        {"item": "2", "rater": "x", "question": "tags", "value": []},
        {"item": "1", "rater": "x", "question": "marks", "value": [P(0, 2), P(4, 6)]},
        {"item": "1", "rater": "y", "question": "marks", "value": []},
        {"item": "1", "rater": "x", "question": "one", "value": "good"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_ratings(world.ctx, OPERATOR, project.id, path)
    found = {one.question: one for one in label_distribution(world.ctx, OPERATOR, project.id)}

    def counted(name: str) -> list[tuple[str, int, int, int]]:
        labels = found[name].labels.labels
        return [(one.label, one.items.count, one.items.n, one.ratings) for one in labels]

    # Three answers about tags: b in two of them, one is empty. Two answers about marks: two spans in one.
    assert counted("tags") == [("a", 1, 3, 1), ("b", 2, 3, 2)] and found["tags"].parts == "sets"
    assert counted("marks") == [("P", 1, 2, 2)] and not found["marks"].voted
    assert counted("one") == [("good", 1, 1, 1)] and found["one"].voted
    assert (found["tags"].labels.n_items, found["tags"].labels.n_ratings) == (2, 3)
    drawn = label_chart([found["tags"]], 8)
    assert list(drawn.data[0].y) == ["a", "b"] and "share of the source's answers" in drawn.to_json()


def P(start: int, end: int) -> dict[str, Any]:
    return {"start": start, "end": end, "label": "P"}


def test_the_command_splits_imported_sets_and_spans(milo: Callable[..., str], tmp_path: Path) -> None:
    milo("project", "create", "R", "--ratings")
    path = written(tmp_path)
    one = {"item": "1", "rater": "x", "question": "plain", "value": "good"}
    path.write_text(path.read_text() + json.dumps(one) + "\n")
    milo("import", "R", str(path), "--format", "ratings")
    said = milo("report", "agreement", "R", "--by", "language")
    assert "alpha, MASI" in said and "F1, exact" in said and "  de " in said
    assert "plain, human: not split: no item" in milo("report", "agreement", "R", "--by", "language")
    found = json.loads(milo("report", "agreement", "R", "--by", "language", "--question", "marks", "--json"))
    (marks,) = found["slices"]
    assert [(one["value"], one["figures"][0]["value"]) for one in marks["slices"]] == [
        ("de", 1.0), ("en", 0.0), ("fr", None)
    ]  # fmt: skip


def judged(world: World, folder: Path) -> Scene:
    """24 answers of levels 1, 2, 3 in turn, German then English; the judge says 2, 3, 3. lead and eva score as they are."""
    scene = Scene(world, folder, milder=1, count=24, mark=0.6)
    with transaction(world.ctx.engine) as session:
        found = items.current_versions(session, scene.project.id, [f"i{n}" for n in range(24)])
        languages = {row[0]: "de" if int(name[1:]) < 12 else "en" for name, row in found.items()}
        items.set_metadata(session, "language", languages)
    scene.score(24)
    eva = world.member(scene.project, "eva", "qa_lead")
    scene.score(23, eva)
    last = next_to_score(scene.ctx, eva, scene.project.id)
    assert last is not None
    score_answer(scene.ctx, eva, scene.project.id, last.answer_id, {"kind": None})
    with transaction(
        world.ctx.engine
    ) as session:  # which are drawn for their value is not what is tested here
        session.execute(update(HumanScore).values(drawn="lot"))
    return scene


def test_a_criterion_is_split_with_the_judge_beside_people(world: World, tmp_path: Path) -> None:
    scene = judged(world, tmp_path)
    name = next(
        one.name for one in subjects_of(world.ctx, scene.lead, scene.project.id) if one.what == "criterion"
    )
    found = sliced(world, scene.project, name, "language")
    assert values(found, "alpha of people, ordinal") == {"de": 1.0, "en": 1.0}
    # Each language has levels 1, 2, 3 four times; the judge's are 2, 3, 3.
    assert values(found, "mean level by people") == {"de": 2.0, "en": 2.0}
    assert values(found, "mean level by the newest verdict") == pytest.approx({"de": 8 / 3, "en": 8 / 3})
    level = figure_of(found.whole, "mean level by people")
    assert (level.n, level.apart, level.n_raters) == (24, {"could not say": 1}, 2)
    (kappa,) = (one for one in found.whole if one.unit == "kappa")
    assert (kappa.n, kappa.apart["could not say"]) == (47, 1)
    whole = next(
        one for one in found.slices if "could not say" not in figure_of(one.figures, kappa.name).apart
    )
    # 24 pairs (judge, people): (2, 1), (3, 2), (3, 3) eight times each. Squared distances: 16 observed; by chance
    # 8*8/24 * (1 + 0 + 1) + 16*8/24 * (4 + 1 + 0) = 32. Kappa is 1 - 16/32.
    assert figure_of(whole.figures, kappa.name).value == pytest.approx(0.5)
    equal = next(one for one in whole.figures if one.name.startswith("equal to people"))
    assert equal.value == pytest.approx(1 / 3) and equal.n == 24


def test_judged_and_reviewed_answers_are_split(world: World, tmp_path: Path) -> None:
    scene = judged(world, tmp_path)
    with reading(world.ctx.engine) as session:
        ids = list(session.scalars(select(Annotation.id).order_by(Annotation.id)))
    for place, id_ in enumerate(ids[:12]):
        review(
            scene.ctx,
            scene.lead,
            scene.project.id,
            id_,
            outcome="accepted" if place < 9 else "rejected",
            form_token=f"form {id_}",
            comment="" if place < 9 else "No.",
        )
    found = sliced_agreement(world.ctx, OPERATOR, scene.project.id, subject=ANSWERS, by="language")
    # Levels 2, 3, 3 are totals .5, 1, 1; the mark is .6: eight of twelve.
    assert values(found, "passed, tone@1") == pytest.approx({"de": 8 / 12, "en": 8 / 12})
    accepted = figure_of(found.whole, "accepted in review")
    assert (accepted.value, accepted.n, accepted.apart) == (9 / 12, 12, {"rejected": 3})
    assert "no reviewed answers" in {
        figure_of(one.figures, "accepted in review").reason for one in found.slices
    }


def test_cohorts_are_groups_of_people_that_agreement_is_split_by(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=4)
    world.fill(project, [{"id": f"i{n:02d}", "text": f"t{n}"} for n in range(12)], tmp_path)
    # ann and bob always agree; cat and dan never: dan says good where cat says bad.
    said = {"ann": "good", "bob": "good", "cat": "bad", "dan": "good"}
    for login, first in said.items():
        person = world.member(project, login)
        for n in range(12):
            other = "bad" if first == "good" else "good"
            world.submit(person, world.next(person, project), verdict=first if n % 2 else other)
    assert COHORT not in {one.name for one in keys_of(world.ctx, OPERATOR, project.id)}
    lead = world.member(project, "lead", "qa_lead")
    for login, name in (("ann", "experts"), ("bob", "experts"), ("cat", "crowd"), ("dan", " crowd ")):
        cohorts.set_cohort(world.ctx, lead, project.id, logins=[login], cohort=name)
    assert [(one.name, one.reason) for one in keys_of(world.ctx, OPERATOR, project.id)] == [(COHORT, None)]
    found = sliced(world, project, "verdict", COHORT)
    # crowd: 12 items, always x against y: D_o = 1, n = 12 and 12: D_e = 2*12*12/(24*23) = 12/23.
    assert values(found, "alpha, nominal") == {"crowd": pytest.approx(1 - 23 / 12), "experts": 1.0}
    only = chosen_agreement(world.ctx, OPERATOR, project.id, RaterChoice("verdict", cohort="experts"))
    assert (only.nominal.value, only.nominal.n_raters) == (1.0, 2)
    assert only.left_out == {"of people outside cohort experts": 24}
    with pytest.raises(Invalid, match="there are crowd, experts"):
        chosen_agreement(world.ctx, OPERATOR, project.id, RaterChoice("verdict", cohort="novices"))
    with pytest.raises(Invalid, match="in no cohort"):
        model = Subject("question", "verdict", "Good?", "model")
        sliced_agreement(world.ctx, OPERATOR, project.id, subject=model, by=COHORT)


def test_a_person_is_in_one_cohort_and_every_change_is_in_the_audit_log(world: World) -> None:
    project = world.project()
    ann, stan = world.member(project, "ann"), world.person("stan")
    lead = world.member(project, "lead", "qa_lead")
    for name in ("experts", "experts", "crowd", ""):
        cohorts.set_cohort(world.ctx, lead, project.id, logins=["ann"], cohort=name)
    assert {one.login: one.cohort for one in cohorts.list_cohorts(world.ctx, lead, project.id)} == {
        "ann": "", "lead": ""
    }  # fmt: skip
    with reading(world.ctx.engine) as session:
        entries = people.list_audit(session, project_id=project.id, limit=9, action="cohort.set")
    assert [(one["actor"], one["detail"]["before"], one["detail"]["cohort"]) for one in entries] == [
        ("lead", "crowd", ""), ("lead", "experts", "crowd"), ("lead", "", "experts")
    ]  # fmt: skip
    with pytest.raises(NotAllowed):
        cohorts.set_cohort(world.ctx, ann, project.id, logins=["ann"], cohort="experts")
    with pytest.raises(NotFound, match="has no part in 'P'"):
        cohorts.set_cohort(world.ctx, lead, project.id, logins=[stan.login], cohort="experts")
    with pytest.raises(Invalid, match="on one line of up to 64"):
        cohorts.set_cohort(world.ctx, lead, project.id, logins=["ann"], cohort="a\nb")


def test_cohorts_by_command(milo: Callable[..., str], tmp_path: Path) -> None:
    schema = tmp_path / "s.yaml"
    schema.write_text("questions:\n  - {id: q, type: choice, title: Q, options: [{value: a}, {value: b}]}\n")
    milo("project", "create", "P", "--schema", str(schema))
    milo("user", "add", "ann", "--password", "long enough")
    milo("user", "role", "ann", "P", "annotator")
    assert milo("user", "cohort", "ann", "P", "experts") == "ann is in cohort experts of P\n"
    assert "in experts of P" in milo("user", "list")
    assert json.loads(milo("user", "list", "--json"))[0]["cohorts"] == {"P": "experts"}
    assert milo("user", "cohort", "ann", "P", "") == "ann is in no cohort of P\n"
    assert json.loads(milo("user", "list", "--json"))[0]["cohorts"] == {}


def test_times_are_split_by_columns_of_imported_ratings(milo: Callable[..., str], tmp_path: Path) -> None:
    rows = [
        {"item": str(n), "rater": rater, "question": "q", "value": "a", "seconds": 10 + n, "group": group}
        for rater, group in (("x", "experts"), ("y", "crowd"))
        for n in range(7 if group == "experts" else 9)
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    milo("project", "create", "R", "--ratings")
    milo("import", "R", str(tmp_path / "t.jsonl"), "--format", "ratings")
    found = json.loads(milo("report", "time", "R", "--by", "group", "--json"))["slices"]
    # 10 to 18 seconds: the middle is 14; 10 to 16: 13.
    assert [(one["group"], one["n"], one["median"]) for one in found] == [
        ("crowd", 9, 14.0),
        ("experts", 7, 13.0),
    ]
    assert "group crowd: median 14.000" in milo("report", "time", "R", "--by", "group")


def test_times_of_answers_given_here_are_split(world: World, tmp_path: Path) -> None:
    project = world.project()
    with pytest.raises(Invalid, match="no answer has a time yet"):
        times_by(world.ctx, OPERATOR, project.id, "language")
    rows = [{"id": f"i{n}", "text": f"t{n}", "language": "de" if n < 2 else "en"} for n in range(5)]
    world.fill(project, rows, tmp_path)
    ann = world.member(project, "ann")
    visits = []
    for _ in range(5):
        task = world.next(ann, project)
        world.submit(ann, task, verdict="good")
        visits.append(
            Visit(
                item_id=task.item.id, project_id=project.id, user_id=ann.user_id, stage="annotate",
                opened_at=utc_now(), last_event_at=utc_now(), idle_rule_seconds=120, working=8.0,
            )
        )  # fmt: skip
    with transaction(world.ctx.engine) as session:
        session.add_all(visits)
    found = times_by(world.ctx, OPERATOR, project.id, "language")
    assert [(one.group, one.n, one.median) for one in found] == [("en", 3, 8.0), ("de", 2, 8.0)]
    with pytest.raises(NotAllowed):
        times_by(world.ctx, ann, project.id, "language")
