"""Criteria of rubrics among the questions that people agree on: blind scores and versions of the judge, by hand."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import NotAllowed
from app.services import accounts, reports
from app.services.agreement_lines import agreement_lines, worst
from app.services.agreement_report import remarks
from app.services.chosen_agreement import RaterChoice, chosen_agreement, chosen_disagreement, raters_of
from app.services.context import Actor
from app.services.disagreement import disagreement
from app.services.parts_agreement import parts_agreement
from app.services.rating_circumstances import rated
from app.services.sliced_agreement import sliced_agreement, subjects_of
from db.engine import reading, transaction
from db.store import human_scores, items
from tests.app.services.test_trust import Scene
from tests.app.services.world import OPERATOR, World

KIND = "tone@1/kind"
FIRST, SECOND = "1123132", "1323112"
"""Levels of lead and moe on seven answers; they differ on the second (1, 3), the sixth (3, 1): by two levels each."""


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Scene:
    """Seven answers, judged 1, 2, 3, 1, 2, 3, 1, and scored by two people; the last one only by the first."""
    made = Scene(world, tmp_path, count=7)
    moe = world.member(made.project, "moe", "qa_lead")
    add(made, made.lead, FIRST)
    add(made, moe, SECOND[:6])
    return made


def add(scene: Scene, person: Actor, levels: str, *, drawn: human_scores.Drawn = "lot") -> None:
    """One digit an answer, in order; a dash: could not say."""
    with reading(scene.ctx.engine) as session:
        judged = human_scores.judged_answers(session, scene.project.id, 0)
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with transaction(scene.ctx.engine) as session:
        for answer, level in zip(sorted(judged, key=lambda one: one.answer_id), levels, strict=False):
            assert person.user_id is not None
            human_scores.add_scores(
                session,
                answer_id=answer.answer_id,
                rubric_version_id=answer.rubric_version_id,
                user_id=person.user_id,
                levels={"kind": None if level == "-" else int(level)},
                drawn=drawn,
                now=now,
            )


def test_people_are_compared_on_a_criterion_and_one_judge_is_not(scene: Scene) -> None:
    report = reports.agreement(scene.ctx, scene.lead, scene.project.id)
    (found,) = report.criteria  # one version of the judge has nobody of its kind beside it
    assert (found.question, found.rater_kind, found.labels) == (KIND, "human", 3)
    # Six answers: equal on 1, 2, 3, 1 and so on; of the twelve levels 1 is there 6, 2 2 and 3 4 times. Observed
    # disagreement 4/12, expected (144 - 36 - 4 - 16)/(12 * 11) = 88/132 = 2/3: alpha 1/2.
    assert found.nominal.value == pytest.approx(0.5)
    assert (found.nominal.n_items, found.nominal.n_single, found.nominal.n_ratings) == (6, 1, 13)
    # Interval: differences of 2 on two answers, sum of squares over ordered pairs 2 * 2 * 4 = 16, over 12: 4/3.
    # Expected: 2 (12 S2 - S1^2)/(12 * 11), S1 = 6 + 4 + 12 = 22, S2 = 6 + 8 + 36 = 50: 232/132. 1 - (4/3)/(58/33).
    assert found.interval is not None and found.interval.value == pytest.approx(1 - (4 / 3) / (232 / 132))
    assert [(pair.rater_a, pair.rater_b, pair.n, pair.agree) for pair in found.pairs] == [
        ("lead", "moe", 6, 4)
    ]
    lines = agreement_lines(report, parts_agreement(scene.ctx, scene.lead, scene.project.id))
    lowest = worst(lines)
    assert lowest is not None and (lowest.of, lowest.question, lowest.measure) == (
        "criterion",
        KIND,
        "ordinal",
    )


def test_scores_of_chosen_answers_and_of_people_who_could_not_say_are_counted_and_left_out(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, count=7)
    add(scene, scene.lead, FIRST)
    add(scene, world.member(scene.project, "moe", "qa_lead"), "12-3---")
    add(scene, world.member(scene.project, "zoe", "qa_lead"), "11", drawn="value")
    (found,) = reports.agreement(scene.ctx, scene.lead, scene.project.id).criteria
    assert (found.cannot_say, found.by_value, found.nominal.n_items) == (4, 2, 3)
    said = remarks(found)
    assert "4 scores are of people who could not say, and left out" in said
    assert any(one.startswith("2 scores are of answers that were chosen for their value") for one in said)


def test_who_scored_and_left_is_named_with_the_scores_that_count(scene: Scene) -> None:
    accounts.take_role(scene.ctx, OPERATOR, project_id=scene.project.id, login="moe", role="qa_lead")
    (found,) = reports.agreement(scene.ctx, scene.lead, scene.project.id).criteria
    assert found.left == {"moe": 6}


def test_who_was_disabled_since_is_told_without_a_new_score(scene: Scene) -> None:
    assert reports.agreement(scene.ctx, scene.lead, scene.project.id).criteria[0].disabled == {}
    accounts.disable_user(scene.ctx, OPERATOR, login="moe")
    assert reports.agreement(scene.ctx, scene.lead, scene.project.id).criteria[0].disabled == {"moe": 6}


def test_a_pair_leads_to_the_answers_the_furthest_apart_first(scene: Scene) -> None:
    found = disagreement(
        scene.ctx, scene.lead, scene.project.id, question=KIND, rater_kind="human", pair=("lead", "moe")
    )
    assert (found.n_disputed, found.n_items) == (2, 6)
    first = found.disputed[0]
    assert (first.apart, first.about, first.text) == (2.0, "i1", "quality 2")
    assert first.item.startswith("i1 #")
    assert dict(first.values) == {"lead": "1 L1", "moe": "3 L3"}
    assert [(one.one, one.other, one.pairs) for one in found.confusions] == [("1 L1", "3 L3", 2)]
    mara = scene.world.member(scene.project, "mara", "manager")
    with pytest.raises(NotAllowed):
        disagreement(scene.ctx, mara, scene.project.id, question=KIND, rater_kind="human")


def test_people_and_the_judge_are_one_figure_where_somebody_asks(scene: Scene) -> None:
    there = raters_of(scene.ctx, scene.lead, scene.project.id, KIND)
    assert there["human"] == ["lead", "moe"] and len(there["judge"]) == 1
    judge = there["judge"][0]
    choice = RaterChoice(KIND, kinds=("human", "judge"), raters=("lead", judge))
    both = chosen_agreement(scene.ctx, scene.lead, scene.project.id, choice)
    # The judge says 1231231, lead 1123132: equal on the first and the sixth, two levels apart on the fourth (3, 1).
    (pair,) = both.pairs
    assert (both.mixed, pair.n, pair.agree) == (True, 7, 2)
    behind = chosen_disagreement(
        scene.ctx, scene.lead, scene.project.id, choice, pair=(pair.rater_a, pair.rater_b)
    )
    assert (behind.n_disputed, behind.disputed[0].apart, behind.disputed[0].about) == (5, 2.0, "i3")


def test_criteria_are_split_by_the_metadata_of_the_answered_item(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=24)
    for login in ("moe", "zoe"):
        add(scene, world.member(scene.project, login, "qa_lead"), "12" * 12)
    with reading(scene.ctx.engine) as session:
        rows = rated(scene.ctx, session, scene.project, KIND)
    assert set(rows["rater_kind"]) == {"human", "judge"}
    assert set(rows["about"]) == {f"i{n}" for n in range(24)}
    with transaction(scene.ctx.engine) as session:
        named = list(items.named_contents(session, scene.project.id))
        languages = {id_: "de" if int(name[1:]) < 12 else "en" for id_, name, _ in named}
        items.set_metadata(session, "language", languages)
    (subject,) = (one for one in subjects_of(scene.ctx, scene.lead, scene.project.id) if one.name == KIND)
    found = sliced_agreement(scene.ctx, scene.lead, scene.project.id, subject=subject, by="language")
    assert [one.value for one in found.slices] == ["de", "en"]
    for part in found.slices:
        people = part.figures[0]
        assert people.name.startswith("alpha") and people.n == 12
        # moe and zoe say the same throughout.
        assert people.value == 1.0


def test_a_new_score_is_seen_and_a_person_disabled_since_is_told(scene: Scene) -> None:
    before = reports.agreement(scene.ctx, scene.lead, scene.project.id).criteria
    assert reports.agreement(scene.ctx, scene.lead, scene.project.id).criteria is before
    zoe = scene.world.member(scene.project, "zoe", "qa_lead")
    add(scene, zoe, "1")
    accounts.disable_user(scene.ctx, OPERATOR, login="zoe")
    (after,) = reports.agreement(scene.ctx, scene.lead, scene.project.id).criteria
    assert (after.nominal.n_ratings, after.disabled) == (14, {"zoe": 1})
