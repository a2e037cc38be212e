"""Studies: written down, started, obeyed by the Work page, stopped by their rule."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.analytics.arms_plan import next_arm
from app.clock import utc_now
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.schema.study import parse_study, plan_hash
from app.services import answering, assignment, draft_checks, live_suggestion, studies
from app.services.chat import transcript
from app.services.judging import feedback
from app.services.projects import add_guidelines, change_settings, set_rubric
from app.services.verification import table_setup
from app.services.work_record import own_revisions
from app.web.shapes import task_json
from db.engine import reading, transaction
from db.models import Annotation, Lease, Suggestion
from tests.app.services.studying import PLAN, answered, filled, started
from tests.app.services.world import OPERATOR, World


class TestThePlan:
    def test_its_hash_is_of_its_content_and_of_nothing_else(self) -> None:
        plan = parse_study(PLAN)
        turned = {name: PLAN[name] for name in reversed(PLAN)}
        assert (
            plan_hash(parse_study(turned))
            == plan_hash(plan)
            == plan_hash(parse_study(plan.model_dump(mode="json")))
        )
        assert plan_hash(parse_study(PLAN | {"seed": 8})) != plan_hash(plan)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"arms": [{"name": "suggestion", "suggestion": "at_once"}, {"name": "chat", "chat": True}]}, "one control arm"),
            ({"arms": [{"name": "none"}, {"name": "nothing"}]}, "one control arm"),
            ({"arms": [{"name": "control"}, {"name": "chat", "chat": True}]}, "named 'none'"),
            ({"arms": [{"name": "none"}]}, "at least 2"),
            ({"arms": [{"name": "none"}, {"name": "chat", "chat": True}, {"name": "chat", "chat": True}]}, "same name"),
            ({"arms": [{"name": "none"}, {"name": "chat", "chat": True, "wrong_share": 0.5}]}, "none can be wrong"),
            ({"arms": [{"name": "none"}, {"name": "<b>", "chat": True}]}, "arms.1.name"),
            ({"arms": [{"name": "none", "parts": 9}, {"name": "chat", "chat": True, "parts": 9}]}, "more than 12"),
            ({"outcome": {"figure": "time"}}, "outcome.words"),
            ({"outcome": {"figure": "mood", "words": "How people feel about it."}}, "outcome.figure"),
            ({"stop": {}}, "say when it stops"),
            ({"stop": {"answers": 0}}, "stop.answers"),
            ({"smallest_effect": 0}, "is not 0"),
            ({"smallest_effect": -1}, "smallest_effect"),
            ({"design": "whoever comes"}, "design"),
            ({"people": 0}, "people"),
            ({"surprise": 1}, "surprise"),
        ],
    )  # fmt: skip
    def test_what_is_missing_or_wrong_is_named(self, change: dict[str, Any], words: str) -> None:
        with pytest.raises(Invalid, match=words):
            parse_study(PLAN | change)

    def test_the_printed_skeleton_is_a_plan(self) -> None:
        plan = parse_study(studies.SKELETON + "seed: 1\n")
        assert (plan.kinds, plan.helped_share) == (("suggestion",), 0.5)


def test_a_draft_can_be_changed_and_a_running_study_cannot(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 2)
    first = studies.define_study(world.ctx, OPERATOR, project.id, name="S", source=PLAN)
    second = studies.define_study(world.ctx, OPERATOR, project.id, name="S", source=PLAN | {"seed": 8})
    assert first.record.hash != second.record.hash == plan_hash(parse_study(PLAN | {"seed": 8}))
    studies.start_study(world.ctx, OPERATOR, project.id, "S")
    with pytest.raises(Conflict, match="does not change any more"):
        studies.define_study(world.ctx, OPERATOR, project.id, name="S", source=PLAN)
    # The same plan again, and the same start again, change nothing.
    same = studies.define_study(world.ctx, OPERATOR, project.id, name="S", source=PLAN | {"seed": 8})
    assert studies.start_study(world.ctx, OPERATOR, project.id, "S").record == same.record
    with pytest.raises(Invalid, match="say why"):
        studies.stop_study(world.ctx, OPERATOR, project.id, "S", reason=" ")
    stopped = studies.stop_study(world.ctx, OPERATOR, project.id, "S", reason="the model was changed")
    assert (stopped.record.state, stopped.record.stopped_by) == ("stopped", "operator")
    with pytest.raises(Conflict, match="has been stopped"):
        studies.start_study(world.ctx, OPERATOR, project.id, "S")
    with pytest.raises(NotFound, match="there are: 'S'"):
        studies.start_study(world.ctx, OPERATOR, project.id, "T")


def test_one_study_runs_at_a_time_and_holds_the_settings_it_measures_with(
    world: World, tmp_path: Path
) -> None:
    project = filled(world, tmp_path, 2)
    started(world, project)
    studies.define_study(world.ctx, OPERATOR, project.id, name="T", source=PLAN)
    with pytest.raises(Conflict, match="study 'S' is running"):
        studies.start_study(world.ctx, OPERATOR, project.id, "T")
    for change in ({"preannotation_on": False}, {"idle_seconds": 60}, {"workplace": {"planted_share": 0.1}}):
        with pytest.raises(Conflict, match="study 'S' is running"):
            change_settings(world.ctx, OPERATOR, project.id, **change)
    with pytest.raises(Conflict, match="rubric"):
        set_rubric(world.ctx, OPERATOR, project.id, None)
    # What it does not measure with may change: as it stands in a form that sends everything.
    change_settings(world.ctx, OPERATOR, project.id, problem="other words", idle_seconds=project.idle_seconds)
    add_guidelines(world.ctx, OPERATOR, project.id, "# Other guidelines")
    studies.stop_study(world.ctx, OPERATOR, project.id, "S", reason="enough")
    studies.start_study(world.ctx, OPERATOR, project.id, "T")


@pytest.mark.parametrize(
    ("settings", "change", "words"),
    [
        ({"preannotation_on": False}, {}, "pre-annotation, which is switched off"),
        ({"assistant_on": False}, {"arms": [{"name": "none"}, {"name": "chat", "chat": True}]}, "the assistant, which is"),
        ({"judge_on": False}, {"arms": [{"name": "none"}, {"name": "judge", "feedback": True}]}, "the judge, which is"),
    ],
)  # fmt: skip
def test_an_arm_that_the_project_cannot_give_stops_the_start(
    world: World, tmp_path: Path, settings: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    project = filled(world, tmp_path, 1, **settings)
    with pytest.raises(Invalid, match=words):
        started(world, project, **change)


def test_an_outcome_that_cannot_be_measured_stops_the_start(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 1, gold=None)
    quality = {"figure": "quality", "words": "Share of right answers against gold."}
    with pytest.raises(Invalid, match="no item has a known answer"):
        started(world, project, outcome=quality)


def test_the_study_draws_the_arms_and_keeps_their_order(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 16, control_share=1.0)  # the study stands above the project's share
    state = started(world, project)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    for person in (ann, bob):
        seen = [answered(world, person, project) for _ in range(16)]
        arms = [task.lease.arm for task in seen]
        # As the plan says for this seed and person, whatever else happens; balanced within eight, so that one item does
        # not tell the next one's arm.
        assert arms == [
            next_arm(7, person.user_id or 0, n, ("none", "suggestion") * 4, "per item") for n in range(16)
        ]
        assert Counter(arms[:8]) == Counter(arms[8:]) == {"none": 4, "suggestion": 4}
        for task in seen:
            assert bool(task.suggestions) == (task.lease.arm == "suggestion")
            assert task.lease.help == {"suggestion": task.lease.arm == "suggestion"}
        assert [task.lease.study_position for task in seen] == list(range(16))
    with reading(world.ctx.engine) as session:
        kept = [
            (row.study_id, row.study_position) for row in session.query(Annotation).order_by(Annotation.id)
        ]
    assert kept == [(state.record.id, n) for _ in range(2) for n in range(16)]


def test_a_crossover_goes_by_blocks_in_the_order_in_which_people_join(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 8)
    started(world, project, design="crossover", block=2)
    orders = []
    for login in ("ann", "bob"):
        person = world.member(project, login)
        orders.append([answered(world, person, project).lease.arm for _ in range(8)])
    # Two arms in turn, two items each; the second to join begins with the other arm.
    assert orders[0][:2] == orders[0][4:6] and orders[0][0] != orders[0][2]
    assert orders[1] == [{"none": "suggestion", "suggestion": "none"}[arm or ""] for arm in orders[0]]


def test_before_and_after_is_without_help_first(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 5)
    started(world, project, design="before/after", block=2)
    ann = world.member(project, "ann")
    arms = [answered(world, ann, project).lease.arm for _ in range(5)]
    assert arms == ["none", "none", "suggestion", "suggestion", "suggestion"]


def test_a_reload_and_a_hold_that_ran_out_keep_the_arm_and_use_up_none(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 3)
    started(world, project)
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    assert world.next(ann, project).lease.study_position == 0
    with transaction(world.ctx.engine) as session:
        session.query(Lease).update({"expires_at": utc_now() - timedelta(seconds=1)})
    again = world.next(ann, project)
    assert (again.item.id, again.lease.arm, again.lease.study_position) == (task.item.id, task.lease.arm, 0)
    world.submit(ann, again, verdict="good")
    assert world.next(ann, project).lease.study_position == 1


def test_an_item_without_a_suggestion_is_in_no_arm_where_suggestions_are_studied(
    world: World, tmp_path: Path
) -> None:
    project = filled(world, tmp_path, 1)
    world.fill(project, [{"id": "bare", "text": "nothing suggested"}], tmp_path)
    started(world, project)
    ann = world.member(project, "ann")
    first, second = answered(world, ann, project), world.next(ann, project)
    assert (first.lease.study_position, second.lease.study_id, second.lease.arm) == (0, None, None)


def test_wrong_suggestions_are_shown_at_the_arm_s_share_and_not_told(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 24)
    arms = [{"name": "none"}, {"name": "wrong", "suggestion": "at_once", "wrong_share": 1.0}]
    started(world, project, arms=arms)
    ann = world.member(project, "ann")
    for _ in range(24):
        task = answered(world, ann, project)
        told = task_json(task)
        assert told is not None and "wrong" not in str(told["withheld"]) and "arm" not in told
        assert all(row.planted and row.value == ["bad"] for row in task.suggestions.values())
    with reading(world.ctx.engine) as session:
        assert session.query(Suggestion).filter(Suggestion.planted).count() == 12


def test_help_that_an_arm_withholds_is_refused_by_the_server(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 8, preannotation_on=True)
    arms = [{"name": "none"}, {"name": "all", "suggestion": "at_once", "chat": True, "feedback": True}]
    started(world, project, arms=arms)
    ann = world.member(project, "ann")
    for _ in range(8):
        task = world.next(ann, project)
        helped = task.lease.arm == "all"
        assert transcript(world.ctx, ann, task.item.id).available is helped
        told = task_json(task)
        assert told is not None
        assert list(told["withheld"]) == ([] if helped else ["suggestion", "chat", "feedback"])
        check = draft_checks.check_draft(
            world.ctx, ann, task.item.id, request_id=f"r{task.item.id}", question="why", text="Because."
        )
        if helped:
            check.close()
        else:
            with pytest.raises(NotAllowed, match="without feedback"):
                world.ctx.loop.submit(check).result(timeout=30)
            with pytest.raises(NotAllowed, match="without a suggestion"):
                live_suggestion.request_suggestion(world.ctx, ann, task.item.id)
        world.submit(ann, task, verdict="good")


def test_feedback_is_kept_back_on_items_without_it_until_the_study_ends(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 8)
    started(world, project, arms=[{"name": "none"}, {"name": "judge", "feedback": True}])
    ann = world.member(project, "ann")
    arms = {}
    for _ in range(8):
        task = world.next(ann, project)
        assert task.suggestions  # suggestions are not under study, and stay as the project has them
        arms[task.item.id] = task.lease.arm
        world.submit(ann, task, verdict="good", why="A sentence that the judge can read well enough.")
    assert set(world.do_calls()) == {"done"}

    def shown() -> set[int]:
        return {row["item_id"] for row in feedback(world.ctx, ann, project.id)}

    helped = {item for item, arm in arms.items() if arm == "judge"}
    assert shown() == helped
    for item in arms:
        revisions, _ = own_revisions(world.ctx, ann, project.id, item)
        assert bool(revisions[0].verdicts) == (item in helped)
    studies.stop_study(world.ctx, OPERATOR, project.id, "S", reason="enough")
    assert shown() == set(arms)


def test_the_table_of_suggestions_is_closed_meanwhile(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 1)
    ann = world.member(project, "ann")
    assert table_setup(world.ctx, ann, project.id)["closed"] == ""
    started(world, project)
    assert "A study decides" in table_setup(world.ctx, ann, project.id)["closed"]


def test_the_rule_stops_it_by_itself(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 6)
    started(world, project, stop={"answers": 2})
    ann = world.member(project, "ann")
    for _ in range(2):
        answered(world, ann, project)
    third = world.next(ann, project)
    assert (third.lease.study_id, third.lease.arm) == (None, "suggestion")  # the project's own settings again
    (state,) = studies.list_studies(world.ctx, OPERATOR, project.id)
    assert (state.record.state, state.record.stopped_by, state.answers) == ("stopped", "rule", 2)
    started(world, project, "dated", stop={"date": "2020-01-01"})
    (dated, _) = studies.list_studies(world.ctx, OPERATOR, project.id)
    assert (dated.record.state, dated.record.stop_reason) == ("stopped", "the day of its rule, 2020-01-01")


def test_a_skipped_item_is_no_answer_of_the_study(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 3)
    started(world, project, stop={"answers": 1})
    ann = world.member(project, "ann")
    task = world.next(ann, project)
    answering.skip(world.ctx, ann, item_id=task.item.id, form_token=task.lease.form_token, reason="torn")
    assert world.next(ann, project).lease.study_position == 1  # still running, the position used up


def test_who_may_run_studies(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 1)
    ann, mia = world.member(project, "ann"), world.member(project, "mia", "manager")
    with pytest.raises(NotAllowed, match="run studies"):
        studies.define_study(world.ctx, ann, project.id, name="S", source=PLAN)
    with pytest.raises(NotAllowed):
        studies.list_studies(world.ctx, ann, project.id)
    studies.define_study(world.ctx, mia, project.id, name="S", source=PLAN)
    studies.start_study(world.ctx, mia, project.id, "S")
    ratings = world.person("root", admin=True)
    with pytest.raises(NotFound):
        studies.list_studies(world.ctx, world.person("stranger"), project.id)
    assert studies.list_studies(world.ctx, ratings, project.id)[0].record.created_by == "mia"


def test_the_estimate_comes_before_and_says_where_it_is_from(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 2, overlap=12)
    state = studies.define_study(
        world.ctx, OPERATOR, project.id, name="S", source=PLAN | {"people": 12, "stop": {"answers": 480}}
    )
    estimate = state.estimate
    assert estimate is not None and estimate.items_each == 40 and estimate.spread.assumed
    # Twelve people with 40 items each and typical spreads: V = (.13^2 + .34^2 / (40 * 1/4 * 11/12)) / 12, so .0496 as a
    # standard error; t on 11 degrees of freedom adds 2.2010 and .8755: .1526 in log seconds, -14.2 %.
    assert estimate.detectable.change == pytest.approx(-0.142, abs=0.001)
    assert estimate.needed.annotators == 23 and estimate.enough is False
    before = studies.define_study(
        world.ctx, OPERATOR, project.id, name="B", source=PLAN | {"design": "before/after"}
    )
    assert before.estimate is not None and "no control group" in (before.estimate.reason or "")


def test_a_missing_seed_is_drawn_and_kept(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 1)
    plan = {name: value for name, value in PLAN.items() if name != "seed"}
    state = studies.define_study(world.ctx, OPERATOR, project.id, name="S", source=plan)
    assert state.record.document["seed"] == state.plan.seed >= 0
    assert assignment.progress(world.ctx, world.member(project, "ann"), project.id).total == 1
