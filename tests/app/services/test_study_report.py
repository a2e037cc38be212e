"""What a study's report says, and what it refuses to say."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import Conflict, Invalid, NotAllowed
from app.services import studies
from app.services.conclusion import Finding, concluded
from app.services.decision_page import decision_page
from app.services.projects import add_guidelines
from app.services.study_report import StudyReport, study_report
from db.engine import reading, transaction
from db.models import Annotation, Answer, Lease, Study, Suggestion, User, Visit
from db.records import ProjectRecord
from tests.app.services.studying import PLAN, answered, filled, started
from tests.app.services.world import OPERATOR, World


def worked(
    world: World, project: ProjectRecord, people: int, items: int, *, helped: float = 0.8, wrong: int = 0
) -> None:
    """Everybody answers every item in 30 s times their own and the item's factor, with help in `helped` of it. The last
    `wrong` answers of everybody are wrong.
    """
    for number in range(people):
        person = world.member(project, f"p{number}")
        for place in range(items):
            task = world.next(person, project)
            factor = helped if task.lease.arm != "none" else 1.0
            verdict = "bad" if place >= items - wrong else "good"
            world.submit(person, task, verdict=verdict)
            spent(
                world,
                task.item.id,
                task.lease.user_id,
                30 * (1 + 0.1 * number) * (1 + 0.2 * (place % 3)) * factor,
            )


def spent(world: World, item_id: int, user_id: int, seconds: float) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with transaction(world.ctx.engine) as session:
        project_id = session.query(Lease.project_id).filter(Lease.item_id == item_id).limit(1).scalar()
        session.add(
            Visit(
                project_id=project_id, item_id=item_id, user_id=user_id, opened_at=now, last_event_at=now,
                idle_rule_seconds=120, reading=seconds, outcome="submitted",
            )
        )  # fmt: skip


def report_of(world: World, project: ProjectRecord, name: str = "S") -> StudyReport:
    return study_report(world.ctx, OPERATOR, project.id, name)


@pytest.fixture
def studied(world: World, tmp_path: Path) -> tuple[World, ProjectRecord]:
    """Six people, eight items each, exactly 20 % less time with a suggestion; stopped by its rule at 48 answers."""
    project = filled(world, tmp_path, 8)
    started(world, project, people=6, stop={"answers": 48})
    worked(world, project, 6, 8, wrong=1)
    return world, project


def test_the_outcome_written_down_is_reported_first(studied: tuple[World, ProjectRecord]) -> None:
    world, project = studied
    found = report_of(world, project)
    assert (found.state, found.stopped_by, found.answers, found.people) == ("stopped", "rule", 48, 6)
    assert (found.primary.figure, found.primary.words) == ("time", PLAN["outcome"]["words"])
    assert found.primary.value == pytest.approx(-0.2, abs=1e-9) and found.effect.n == 48
    assert found.effect.method == "jackknife" and "leaving out each annotator" in found.primary.how
    assert found.summary.startswith("Help saved 20.0%")
    assert "as its rule said" in found.headline and found.hash_matches
    assert [(row.arm, row.given, row.answered) for row in found.flow] == [
        ("none", 24, 24),
        ("suggestion", 24, 24),
    ]
    # Everybody's last answer is wrong, whichever the arm: seven of eight right.
    assert sum(round((one.value or 0) * one.n) for one in found.quality) == 42
    assert {one.what for one in found.versions} == {"label schema", "guidelines", "suggestions"}
    assert found.warnings == []


def test_the_printed_page_holds_it_all_and_nothing_that_runs(studied: tuple[World, ProjectRecord]) -> None:
    world, project = studied
    found = report_of(world, project)
    page = decision_page(found)
    for words in (
        found.summary,
        found.conclusion,
        found.hash,
        "Written down before",
        "Reliance",
        "Versions",
        "-20.0%",
    ):
        assert words.replace("'", "&#x27;") in page or words in page, words
    assert "<script" not in page and "http" not in page and "javascript" not in page
    # Whoever doubts the hash can compute it from the page.
    plan = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert plan is not None
    canonical = plan.group(1).replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")
    assert hashlib.sha256(canonical.encode()).hexdigest() == found.hash
    assert json.loads(canonical)["seed"] == 7


def test_words_of_people_are_text_on_the_page(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 1)
    started(world, project, "<img src=x>", question="<script>alert(1)</script> and so on")
    page = decision_page(report_of(world, project, "<img src=x>"))
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_a_name_that_turns_the_direction_of_text_is_refused(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 1)
    for name in ("S \u202e saved 90 %", "S\u2067", "S\n\nsaved"):
        with pytest.raises(Invalid, match="not seen"):
            studies.define_study(world.ctx, OPERATOR, project.id, name=name, source=PLAN)
    for name in ("دراسة", "\U0001f469\u200d\U0001f52c"):  # Arabic; an emoji joined of two
        assert (
            studies.define_study(world.ctx, OPERATOR, project.id, name=name, source=PLAN).record.name == name
        )


def test_before_and_after_says_so_first_and_computes_nothing(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 6)
    started(world, project, design="before/after", block=3, people=3, stop={"answers": 18})
    worked(world, project, 3, 6)
    found = report_of(world, project)
    assert found.headline.startswith("A before/after comparison without a control group")
    assert found.summary.startswith("Nothing can be concluded about help")
    assert (found.primary.value, found.effect.change, found.effect.p_value) == (None, None, None)
    assert found.quality_difference.difference is None and found.quality_difference.n == 3
    assert found.outliers.effect.change is None and found.arm_effects == {} and found.paired == []
    page = decision_page(found)
    assert page.index("before/after comparison without a control group") < page.index("<h1>")


def test_a_running_study_is_interim_and_a_stop_by_hand_is_told(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 6)
    started(world, project, people=6, stop={"answers": 100})
    worked(world, project, 6, 6)
    assert report_of(world, project).summary.startswith("Interim, and no ground for a decision")
    studies.stop_study(world.ctx, OPERATOR, project.id, "S", reason="it looked good")
    found = report_of(world, project)
    assert "stopped before its rule was met" in found.conclusion
    assert "Stopped by operator: it looked good" in found.warnings


def test_quality_can_decide(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 8)
    quality = {"figure": "quality", "words": "Share of right answers against gold."}
    started(world, project, people=6, stop={"answers": 48}, outcome=quality, smallest_effect=0.05)
    for number in range(6):
        person = world.member(project, f"p{number}")
        alone = 0
        for _ in range(8):
            task = world.next(person, project)
            # Right with help; without it none of four is wrong for p0 and p3, one for p1 and p4, two for p2 and p5.
            alone += task.lease.arm == "none"
            wrong = task.lease.arm == "none" and alone <= number % 3
            world.submit(person, task, verdict="bad" if wrong else "good")
    found = report_of(world, project)
    # Differences 0, 1/4, 1/2, twice: mean 1/4, variance 4 / 16 / 5, so t = (1/4) / sqrt(1 / 20 / 6) = sqrt(7.5), above the
    # 2.571 of five degrees of freedom.
    assert found.primary.value == pytest.approx(1 / 4)
    assert found.quality_difference.t == pytest.approx(7.5**0.5)
    assert found.summary.startswith("Help raised the share of right answers: +25.0 points")


def confounded(world: World) -> None:
    with transaction(world.ctx.engine) as session:
        users = [user_id for (user_id,) in session.query(User.id).order_by(User.id)]
        for place, user_id in enumerate(users):
            arm = "none" if place % 2 else "suggestion"
            session.query(Annotation).filter(Annotation.user_id == user_id).update({"arm": arm})


def no_seconds(world: World) -> None:
    with transaction(world.ctx.engine) as session:
        first = [id_ for (id_,) in session.query(Visit.id).order_by(Visit.id).limit(2)]
        session.query(Visit).filter(Visit.id == first[0]).update({"reading": 0.0})
        session.query(Visit).filter(Visit.id == first[1]).update({"reading": -5.0})


def fourteen_hours(world: World) -> None:
    with transaction(world.ctx.engine) as session:
        first = session.query(Visit.id).order_by(Visit.id).limit(1).scalar()
        session.query(Visit).filter(Visit.id == first).update({"reading": 14 * 3600.0})


def nothing(_world: World) -> None:
    pass


@pytest.mark.parametrize(
    ("people", "harm", "reason", "warning"),
    [
        (1, nothing, "one annotator only", "1 of 9 planned people took part"),
        (5, nothing, "5 people are too few", "With 5 people no permutation of signs can reach p below 0.062"),
        (4, confounded, "arms and people are confounded", "4 of 9 planned people took part"),
        (6, no_seconds, None, "2 answers with zero or negative seconds are left out"),
        (6, fourteen_hours, None, "1 times (2.8%) are longer than 5 times"),
        (0, nothing, "no answer has both an arm and a positive time", ""),
    ],
    ids=["one annotator", "five annotators", "confounded", "zero and negative", "fourteen hours", "nobody"],
)
def test_bad_input_is_said_and_no_effect_is_made_of_it(
    world: World, tmp_path: Path, people: int, harm: Callable[[World], None], reason: str | None, warning: str
) -> None:
    project = filled(world, tmp_path, 6)
    started(world, project, people=9)
    worked(world, project, people, 6)
    harm(world)
    found = report_of(world, project)
    assert any(warning in line for line in found.warnings) or not warning, found.warnings
    if reason is None:
        assert found.effect.change is not None
        if harm is fourteen_hours:
            assert abs((found.outliers.effect.change or 0) + 0.2) < abs(found.effect.change + 0.2)
    else:
        assert (found.effect.change is None) == (people != 5)
        assert found.summary.startswith("Nothing can be concluded") and reason in found.summary
    assert "None" not in decision_page(found)


def test_several_versions_and_a_plan_changed_behind_the_scenes_are_told(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 8)
    started(world, project, people=1)
    ann = world.member(project, "ann")
    answered(world, ann, project)
    add_guidelines(world.ctx, OPERATOR, project.id, "# Others")
    answered(world, ann, project)
    assert any("2 versions of the guidelines" in line for line in report_of(world, project).warnings)
    for _ in range(6):
        answered(world, ann, project)
    with transaction(world.ctx.engine) as session:
        used = session.query(Answer.suggestion_id).filter(Answer.suggestion_id.is_not(None)).first()
        assert used is not None
        session.query(Suggestion).filter(Suggestion.id == used[0]).update({"model_version": "next"})
    assert any("2 versions of the suggestions" in line for line in report_of(world, project).warnings)
    with transaction(world.ctx.engine) as session:
        study = session.query(Study).one()
        study.document = {**study.document, "smallest_effect": -0.01}
    found = report_of(world, project)
    assert not found.hash_matches and any("behind MILO's back" in line for line in found.warnings)
    assert "does NOT match" in decision_page(found)


def test_an_outcome_cannot_be_chosen_afterwards(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 4)
    started(world, project)
    quality = {"figure": "quality", "words": "Share of right answers against gold."}
    for _ in range(2):
        with pytest.raises(Conflict, match="does not change any more"):
            studies.define_study(
                world.ctx, OPERATOR, project.id, name="S", source=PLAN | {"outcome": quality}
            )
        studies.stop_study(world.ctx, OPERATOR, project.id, "S", reason="enough")
    assert report_of(world, project).primary.figure == "time"


def test_more_lost_items_in_one_arm_are_told(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 8)
    started(world, project, people=1)
    ann = world.member(project, "ann")
    from app.services import answering

    for _ in range(8):
        task = world.next(ann, project)
        if task.lease.arm == "none":
            answering.skip(
                world.ctx, ann, item_id=task.item.id, form_token=task.lease.form_token, reason="hard"
            )
        else:
            world.submit(ann, task, verdict="good")
    found = report_of(world, project)
    assert any("none 100%, suggestion 0%" in line for line in found.warnings)


def test_suggestions_wrong_on_purpose_are_told_beside_the_result(world: World, tmp_path: Path) -> None:
    # Every item has a known answer, and of eight items in a run four have help.
    project = filled(world, tmp_path, 8)
    arms = [PLAN["arms"][0], {"name": "wrong", "suggestion": "at_once", "wrong_share": 1.0}]
    started(world, project, arms=arms, people=1)
    worked(world, project, 1, 8)
    found = report_of(world, project)
    assert found.suggestions.planted == 4
    assert any(line.startswith("4 suggestions were wrong on purpose") for line in found.warnings)


def test_who_may_read_it(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 1)
    started(world, project)
    with pytest.raises(NotAllowed):
        study_report(world.ctx, world.member(project, "ann"), project.id, "S")
    mia = world.member(project, "mia", "manager")
    assert study_report(world.ctx, mia, project.id, "S").study == "S"
    with reading(world.ctx.engine) as session:
        assert session.query(Study).one().state == "running"


BASE = Finding(
    design="per item", state="stopped", by_rule=True, figure="time", value=-0.2, low=-0.25, high=-0.15, reason=None, smallest=-0.1,
    quality=(0.0, -0.02, 0.02), by_counts=(-0.03, 0.03), quality_reason="nobody knows", equal=0.05, people=66, answers=4816, cost="the models cost 1.20 USD",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Help saved 20.0% [15.0%, 25.0%] of the handling time at equal quality on 66 people and 4,816 answers; the models cost 1.20 USD."),
        ({}, "That is at least the 10% that would matter. Quality: +0.0 points [-2.0, +2.0]"),
        ({"low": -0.25, "high": -0.05}, "Whether it is the 10% that would matter is open"),
        ({"value": -0.05, "low": -0.08, "high": -0.02}, "That is less than the 10% that would matter"),
        ({"value": 0.0, "low": -0.05, "high": 0.05}, "If it changes anything, it is by less than the 10%"),
        ({"value": -0.1, "low": -0.3, "high": 0.1}, "It is open whether help saves time: -10.0% [-30.0%, +10.0%]"),
        ({"value": 0.2, "low": 0.1, "high": 0.3}, "Help cost 20.0% [10.0%, 30.0%] more handling time"),
        ({"value": 0.2, "low": 0.1, "high": 0.3}, "What was hoped for was -10%"),
        ({"quality": None}, "not known (nobody knows), so the time alone decides nothing"),
        ({"people": 5}, "Nothing can be concluded: 5 people are too few"),
        ({"people": 5, "state": "running"}, "Nothing can be concluded yet: 5 people are too few"),
        ({"people": 6}, "Help saved 20.0%"),
        ({"quality": (-0.1, -0.15, -0.05)}, "handling time, and quality fell, on 66 people"),
        ({"quality": (-0.1, -0.15, -0.05)}, "Quality fell: -10.0 points [-15.0, -5.0]"),
        ({"quality": (0.1, 0.05, 0.15)}, "Quality rose: +10.0 points"),
        ({"quality": (0.0, -0.05, 0.04)}, "one of more than 5 points is not ruled out"),
        ({"by_counts": (-0.06, 0.03)}, "at a quality that may have changed, on 66"),
        ({"by_counts": (-0.06, 0.03)}, "so few answers are known that a change of 5 points is not ruled out [-6.0, +3.0]"),
        ({"quality": (0.0, -0.05, 0.04), "equal": 0.06}, "at equal quality"),
        ({"figure": "quality", "value": 0.03, "low": 0.01, "high": 0.05, "smallest": 0.01}, "Help raised the share of right answers: +3.0 points [+1.0, +5.0] on 66"),
        ({"figure": "quality", "value": 0.0, "low": -0.1, "high": 0.1, "smallest": 0.05}, "It is open whether help changes the share of right"),
        ({"state": "running"}, "Interim"),
        ({"by_rule": False}, "stopped before its rule was met"),
        ({"design": "before/after"}, "Nothing can be concluded about help"),
        ({"value": None, "low": None, "high": None, "reason": "one annotator only"}, "Nothing can be concluded: one"),
        ({"low": None, "high": None, "reason": "it hangs on one person"}, "Nothing can be concluded: it hangs"),
        ({"state": "draft"}, "has not started"),
    ],
)  # fmt: skip
def test_the_sentence_follows_from_interval_and_plan(change: dict[str, object], words: str) -> None:
    from dataclasses import replace

    assert words in " ".join(concluded(replace(BASE, **change)))  # type: ignore[arg-type]
