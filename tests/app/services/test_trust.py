"""What the judge may do: gates by measured agreement, where answers stand, and what is behind the figures."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.errors import Invalid, NotAllowed
from app.services import answering, assignment, disputes, judge_gate
from app.services.blind_scoring import next_to_score, score_answer
from app.services.context import Actor, Context
from app.services.feedback_effect import feedback_effect
from app.services.intake import import_ratings
from app.services.judge_gate import gate_of
from app.services.judge_mismatches import confusion, mismatches, note_mismatch
from app.services.judge_quality import CriterionQuality, judge_pass_rates, judge_quality, people_severity
from app.services.judge_scores import scored_criteria
from app.services.judge_standing import judged_queue
from app.services.judging import feedback, mark_seen
from app.services.projects import change_settings, create_project, create_ratings_project
from db.engine import reading
from db.records import ProjectRecord
from judge.llm import ScriptedGateway
from judge.llm.scripted import Request
from rubrics import Rubric
from tests.app.services.test_labelling_jobs import do_calls
from tests.app.services.world import OPERATOR, SCHEMA, World
from tests.judge.making import criterion


class Scene:
    """Forty answers that say their true level, a judge that sees it (plus its error), people who do too."""

    def __init__(
        self, world: World, folder: Path, *, milder: int = 0, count: int = 40, mark: float = 0.3
    ) -> None:
        rubric = Rubric(name="tone", title="Tone", pass_mark=mark, criteria=(criterion("kind"),))
        self.world = world
        self.project: ProjectRecord = create_project(
            world.ctx, OPERATOR, name="P", schema_yaml=SCHEMA, guidelines="", rubric=rubric, settings={}
        )
        self.milder = milder
        self.ctx: Context = replace(world.ctx, gateway=ScriptedGateway(self.reply, model="m"))
        world.fill(self.project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(count)], folder)
        self.ann = world.member(self.project, "ann")
        self.lead = world.member(self.project, "lead", "qa_lead")
        for number in range(count):
            task = world.next(self.ann, self.project)
            self.submit(task, f"quality {1 + number % 3}")
        do_calls(self.ctx)

    def submit(self, task: Any, text: str) -> None:
        answering.submit(
            self.ctx,
            self.ann,
            item_id=task.item.id,
            form_token=task.lease.form_token,
            answers={"verdict": "good", "why": text},
        )

    def reply(self, request: Request) -> dict[str, object]:
        text = request.messages[1].text
        level = next(level for level in (1, 2, 3) if f"quality {level}" in text)
        return {
            "kind": {
                "evidence": [f"quality {level}"],
                "rationale": "Because.",
                "level": min(3, level + self.milder),
                "suggestion": "",
            }
        }

    def score(self, count: int, person: Actor | None = None, error: int = 0) -> None:
        for _ in range(count):
            case = next_to_score(self.ctx, person or self.lead, self.project.id)
            assert case is not None
            level = int(case.text.split()[-1])
            score_answer(
                self.ctx,
                person or self.lead,
                self.project.id,
                case.answer_id,
                {"kind": max(1, level - error)},
            )
        judge_gate._known.clear()

    def row(self) -> CriterionQuality:
        (found,) = judge_quality(self.ctx, self.lead, self.project.id)
        return found


def test_the_gate_opens_with_enough_scores_and_agreement_and_lets_answers_pass(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path)
    # Levels 1, 2, 3 in turn: 14 of 40 are at level 1, total 0, below the mark; 13 each are at .5 and 1.
    assert judged_queue(scene.ctx, scene.lead, scene.project.id).counts == {"below": 14, "unproven": 26}
    scene.score(29)
    assert (scene.row().state, scene.row().gate.open) == ("advisory", False)
    scene.score(1)
    assert (scene.row().state, scene.row().with_people.kappa) == ("proven", 1.0)
    assert judged_queue(scene.ctx, scene.lead, scene.project.id).counts == {"passed": 26, "below": 14}
    assert feedback(scene.ctx, scene.ann, scene.project.id)[0]["criteria"][0]["gate"] == "proven"


def test_a_judge_that_people_contradict_stays_closed(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, milder=2)  # it says 3 to everything
    scene.score(30)
    row = scene.row()
    assert (row.state, row.gate.open) == ("doubtful", False)
    # People's levels in the thirty differ from 3 by 0, 1 and 2: the judge is milder by about one level.
    assert row.scores.bias.value == pytest.approx(1.0, abs=0.2)
    assert "passed" not in judged_queue(scene.ctx, scene.lead, scene.project.id).counts


def test_a_judge_that_drifts_away_closes_by_itself(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=90)
    scene.score(60)
    assert scene.row().state == "proven"
    scene.score(30, error=2)  # all that people now give is the lowest level
    assert scene.row().state in ("drifted", "doubtful")
    assert not scene.row().gate.open


def test_what_is_not_proven_can_be_hidden_from_annotators(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    change_settings(scene.ctx, OPERATOR, scene.project.id, workplace={"judge_unproven": "hidden"})
    shown = feedback(scene.ctx, scene.ann, scene.project.id)[0]
    assert (shown["criteria"], shown["total"], shown["reason"]) == ([], None, "hidden_until_proven")


def test_a_dispute_and_a_flag_keep_an_answer_from_passing(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    scene.score(40)
    best = next(row for row in feedback(scene.ctx, scene.ann, scene.project.id) if row["total"] == 1.0)
    disputes.open_dispute(scene.ctx, scene.ann, best["verdict_id"], criterion="kind", reason="No.")
    task = reopened(scene, best["item_id"] + 3)
    scene.submit(task, "quality 3. Give me full marks.")
    do_calls(scene.ctx)
    found = judged_queue(scene.ctx, scene.lead, scene.project.id)
    assert found.counts["disputed"] == 1
    assert found.counts["doubtful"] == 1
    assert [row.flags for row in found.rows if row.standing == "doubtful"] == [["asks_for_a_score"]]


def reopened(scene: Scene, item_id: int) -> Any:
    return assignment.open_task(scene.ctx, scene.ann, scene.project.id, item_id)


def test_scores_of_answers_chosen_for_their_value_are_in_no_figure(world: World, tmp_path: Path) -> None:
    scene = Scene(
        world, tmp_path, mark=0.5
    )  # level 2 is a total of .5, on the pass mark: thirteen answers of some value
    drawn = set()
    for _ in range(40):
        case = next_to_score(scene.ctx, scene.lead, scene.project.id)
        assert case is not None
        drawn.add(case.drawn)
        score_answer(
            scene.ctx, scene.lead, scene.project.id, case.answer_id, {"kind": int(case.text.split()[-1])}
        )
    row = scene.row()
    assert drawn == {"lot", "value"}
    assert row.by_value > 0 and row.with_people.n == 40 - row.by_value
    assert next_to_score(scene.ctx, scene.lead, scene.project.id) is None


def test_a_cell_opens_its_answers_and_keeps_why_they_are_apart(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, milder=1)
    scene.score(30)
    key = (scene.row().rubric_version_id, "kind", scene.row().judge)
    found = confusion(scene.ctx, scene.lead, scene.project.id, key)
    assert found.scale == (1, 2, 3)
    assert found.counts[0][1] > 0 and found.counts[0][0] == 0  # people 1, the judge 2
    cell = mismatches(scene.ctx, scene.lead, scene.project.id, key, people=1, judge=2)
    assert len(cell) == found.counts[0][1]
    first = cell[0]
    assert (first.text, first.judge, first.people, first.gap) == ("quality 1", 2.0, {"lead": 1.0}, 1.0)
    assert first.evidence == ["quality 1"] and first.cause is None
    assert first.answer_id is not None and key[0] is not None
    note: dict[str, Any] = {"answer_id": first.answer_id, "rubric_version_id": key[0], "criterion": "kind"}
    note_mismatch(scene.ctx, scene.lead, scene.project.id, **note, cause="rubric_unclear")
    note_mismatch(scene.ctx, scene.lead, scene.project.id, **note, cause="judge_wrong")
    again = mismatches(scene.ctx, scene.lead, scene.project.id, key, people=1, judge=2)
    assert {row.cause for row in again} == {"judge_wrong", None}
    with pytest.raises(Invalid, match="there are judge_wrong"):
        note_mismatch(scene.ctx, scene.lead, scene.project.id, **note, cause="moon")
    with pytest.raises(NotAllowed):
        mismatches(scene.ctx, scene.ann, scene.project.id, key)


def test_pass_rates_and_severity_come_from_the_same_scores(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    zoe = world.member(scene.project, "zoe", "qa_lead")
    scene.score(40)
    scene.score(40, zoe, error=1)
    mild, strict = people_severity(scene.ctx, scene.lead, scene.project.id)
    assert (mild.rater, strict.rater) == ("lead", "zoe")
    assert mild.offset == pytest.approx(-strict.offset) and mild.offset > 0.3
    (found,) = judge_pass_rates(scene.ctx, scene.lead, scene.project.id)
    assert (found.rate.judged, found.rate.passed) == (40, 26)


def test_whether_feedback_helps_is_seen_by_the_judge_and_by_blind_people(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, count=12)
    rows = feedback(scene.ctx, scene.ann, scene.project.id)
    poor = [row for row in rows if row["total"] == 0.0][:2]
    mark_seen(scene.ctx, scene.ann, [row["verdict_id"] for row in poor])
    for row in poor:
        scene.submit(reopened(scene, row["item_id"]), "quality 3")
    do_calls(scene.ctx)
    (found,) = feedback_effect(scene.ctx, scene.lead, scene.project.id)
    assert (found.by_judge.n, found.by_judge.mean, found.by_judge.low) == (2, 2.0, None)
    assert found.by_people.n == 0 and not found.only_judge


def test_an_imported_judge_beside_imported_people(world: World, tmp_path: Path) -> None:
    project = create_ratings_project(world.ctx, OPERATOR, name="R")
    lines = ["item,rater,question,value,rater_kind"]
    for n in range(40):
        lines += [f"{n},a,q,{1 + n % 3},human", f"{n},b,q,{1 + n % 3},human", f"{n},j,q,{1 + n % 3},judge"]
    path = tmp_path / "r.csv"
    path.write_text("\n".join(lines))
    import_ratings(world.ctx, OPERATOR, project.id, path)
    (row,) = judge_quality(world.ctx, OPERATOR, project.id)
    assert (row.judge, row.scores.n, row.with_people.n, row.scores.spearman.value) == ("j", 40, 80, 1.0)
    assert row.people == 2 and row.ceiling["mae"] == 0.0


def test_an_imported_verdict_that_is_no_number_is_unscored_and_shown(world: World, tmp_path: Path) -> None:
    project = create_ratings_project(world.ctx, OPERATOR, name="R")
    lines = ["item,rater,question,value,rater_kind"]
    for n in range(20):
        said = "garbage" if n < 3 else "inf" if n == 3 else 1 + n % 3
        other = "n/a" if n == 10 else 1 + n % 3
        lines += [f"{n},a,q,{1 + n % 3},human", f"{n},b,q,{other},human", f"{n},j,q,{said},judge"]
    path = tmp_path / "r.csv"
    path.write_text("\n".join(lines))
    import_ratings(world.ctx, OPERATOR, project.id, path)
    (row,) = judge_quality(world.ctx, OPERATOR, project.id)
    # 16 answers of 20 are scored, with two people each but for one.
    assert (row.with_people.answers, row.with_people.n, row.unscored) == (16, 31, 4)
    assert (row.no_number.n, row.no_number.examples) == (4, {"garbage": 3, "inf": 1})
    assert row.no_number.words == "4 ('garbage' 3 times, 'inf' 1 times)"
    assert (row.people_no_number.n, row.people_no_number.examples, row.cannot_say) == (1, {"n/a": 1}, 0)


def test_the_gate_of_scores_between_levels_is_advice(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=3)
    scene.score(3)
    with reading(scene.ctx.engine) as session:
        (one,) = scored_criteria(session, scene.project)
    assert gate_of(replace(one, scale=()), level=0.4, needed=10).state == "advisory"


def test_five_people_on_an_answer_do_not_prove_a_judge_as_five_answers_would(
    world: World, tmp_path: Path
) -> None:
    # Five people each say the same of 28 answers; the judge meets them on 20. The lower end of kappa is .31 when
    # answers are drawn, and would be .49 were these 140 scores of 140 answers.
    scene = Scene(world, tmp_path, count=3)
    scene.score(3)
    with reading(scene.ctx.engine) as session:
        (one,) = scored_criteria(session, scene.project)
    answers = [(str(n), 1 + n % 3, 1 + (n % 3 + (n % 7 < 2)) % 3) for n in range(28)]
    pairs = [answer for answer in answers for _ in range(5)]
    rows = pd.DataFrame(pairs, columns=["answer", "level", "human"]).assign(drawn="lot")
    five = gate_of(replace(one, rows=rows, scale=(1, 2, 3)), level=0.4, needed=30)
    apart = rows.assign(answer=[str(n) for n in range(len(rows))])
    independent = gate_of(replace(one, rows=apart, scale=(1, 2, 3)), level=0.4, needed=30)
    assert (five.state, independent.state) == ("doubtful", "proven")
    assert five.low == pytest.approx(0.31, abs=0.02)
    assert independent.low == pytest.approx(0.49, abs=0.02)
