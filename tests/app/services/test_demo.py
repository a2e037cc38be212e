from app.samples import load_sample
from app.services import demo, reports
from app.services.adjudication_figures import adjudication_figures
from app.services.board import board
from app.services.studies import list_studies
from app.services.study_report import study_report
from app.services.version_changes import version_changes
from db.engine import reading
from db.models import Adjudication, Annotation, Item, Project, Review, User, Verdict
from tests.app.services.world import OPERATOR, World


def counts(world: World) -> list[int]:
    with reading(world.ctx.engine) as session:
        return [
            session.query(table).count()
            for table in (Project, User, Item, Annotation, Verdict, Review, Adjudication)
        ]


def test_the_demo_is_seeded_once_and_fills_every_chart(world: World) -> None:
    assert demo.seed(world.ctx)
    first = counts(world)
    assert not demo.seed(world.ctx)
    assert counts(world) == first
    assert first[0] == 4 and first[1] == len(demo.LOGINS) + 12 + 2  # a team of five and seven more, two leads
    agreement = reports.agreement(world.ctx, OPERATOR, 1)
    assert agreement.simulated and agreement.questions[0].nominal.value is not None
    assert reports.time_report(world.ctx, OPERATOR, 1).effect.change is not None
    figures = adjudication_figures(world.ctx, OPERATOR, 1)
    assert figures.decided and figures.reasons and any(one.overturned.count for one in figures.adjudicators)
    columns = {column.state: len(column.items) for column in board(world.ctx, OPERATOR, 1).columns}
    assert columns["adjudicated"] and columns["in_review"] and columns["final"] and columns["not_started"]
    (change,) = version_changes(world.ctx, OPERATOR, 1)
    sides = change.questions[0].all_items
    assert (change.what, sides.before.n_items, sides.after.n_items) == ("guidelines", 24, 24)
    (state,) = list_studies(world.ctx, OPERATOR, 4)
    study = study_report(world.ctx, OPERATOR, 4, state.record.name)
    assert (study.stopped_by, study.answers, study.people, study.simulated_answers) == ("rule", 360, 12, 360)
    assert study.effect.low is not None and study.experience.figures and study.suggestions.reliance.over.n
    assert study.summary.startswith("Simulated people, made up: Help saved") and study.hash_matches
    assert any(
        sum(count for *_, count in row.levels) for row in reports.rubric_scores(world.ctx, OPERATOR, 3)
    )


def test_a_seeding_that_was_cut_short_is_finished(world: World) -> None:
    sample = load_sample("comments")
    demo._create(world.ctx, OPERATOR, sample)  # the process died after this step
    assert demo.seed(world.ctx)
    assert reports.agreement(world.ctx, OPERATOR, 1).questions
