"""A finished study of the demo, of simulated people: so that the page about studies shows what one looks like."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from app.samples import Sample, Suggested, load_sample
from app.samples.experience import experience_form
from app.samples.experiment import BLOCK, PARTICIPANTS, PLAN, STUDY, Person, people_of_the_study, said_after
from app.samples.history import SimulatedAnnotation
from app.schema import ChoiceQuestion
from app.schema.experience import form_hash
from app.schema.study import parse_study, plan_hash
from app.services import study_arms
from app.services.demo_answers import store_simulated
from db.engine import Session
from db.records import ProjectRecord, UserRecord
from db.store import experiences, people, studies
from db.study_records import StudyRecord

__all__ = ["add_study", "has_study", "study_sample"]

_BY = "mara"
"""Who wrote the study down: the demo's manager."""


def study_sample() -> Sample:
    """The comments once more, for people in a study: many answer each."""
    settings = {"overlap": len(PARTICIPANTS), "control_share": 0.0}
    comments = load_sample("comments")
    return replace(
        comments,
        key="study",
        name="Comments, a study of suggestions",
        problem=PLAN["question"],
        settings={**comments.settings, "problem": PLAN["question"], **settings},
    )


def has_study(session: Session, project_id: int) -> bool:
    return studies.study_by_name(session, project_id, STUDY) is not None


def add_study(
    session: Session,
    project: ProjectRecord,
    schema_version_id: int,
    question: ChoiceQuestion,
    rows: Sequence[Mapping[str, Any]],
    ids: Mapping[str, int],
    suggested: Mapping[str, Suggested],
    *,
    now: datetime,
) -> None:
    """Write the study down, draw its arms as a real one's are, and answer in them, in the caller's transaction.

    `ids` and `suggested` are by the external ids of `rows`; those without a suggestion take no part.
    """
    plan = parse_study(PLAN)
    team = people_of_the_study(now)
    begins = min(person.clock for person in team) - timedelta(hours=2)
    study = studies.add_study(
        session,
        project_id=project.id,
        name=STUDY,
        document=plan.model_dump(mode="json"),
        hash=plan_hash(plan),
        by=_BY,
        now=begins - timedelta(hours=20),
    )
    assert study is not None, "the caller looked"
    studies.start_study(session, study.id, by=_BY, now=begins)
    each = (plan.stop.answers or 0) // len(team)
    worked_on = [row for row in rows if str(row["id"]) in suggested][:each]
    options = [option.value for option in question.options if not option.none]
    last = begins
    for person in team:
        user = _participant(session, person.login, now)
        done = []
        for position, row in enumerate(worked_on):
            item_id = ids[str(row["id"])]
            drawn = study_arms.draw(session, project, user.id, item_id, suggested=True, now=person.clock)
            assert drawn is not None, "the study runs, and nobody has had the item before"
            answer = person.answer(
                row, position, drawn.arm.name, suggested[str(row["id"])], question=question.id, options=options
            )  # fmt: skip
            store_simulated(
                session, project, schema_version_id, user, item_id, answer, question.id, drawn=drawn
            )
            done.append(answer)
        _say(session, project, study, user, person, done)
        last = max(last, person.clock)
    studies.stop_study(
        session,
        study.id,
        by=study_arms.RULE,
        reason=f"{each * len(team)} answers, as its rule says",
        now=last,
    )


def _participant(session: Session, login: str, now: datetime) -> UserRecord:
    known = people.user_by_login(session, login)
    return known or people.add_user(
        session, login=login, name=dict(PARTICIPANTS)[login], password_hash=None, is_admin=False, simulated=True, now=now
    )  # fmt: skip


def _say(
    session: Session,
    project: ProjectRecord,
    study: StudyRecord,
    user: UserRecord,
    person: Person,
    done: Sequence[SimulatedAnnotation],
) -> None:
    """The form after every sitting, answered or skipped."""
    for _, sitting in groupby(done, key=lambda answer: answer.position // BLOCK):
        answers = list(sitting)
        arms = Counter(str(answer.arm) for answer in answers)
        ended = answers[-1].submitted_at
        experiences.add_experience(
            session,
            project_id=project.id,
            user_id=user.id,
            study_id=study.id,
            form=form_hash(experience_form()),
            began_at=answers[0].submitted_at,
            ended_at=ended,
            arms=dict(arms),
            answers=said_after(person, max(arms, key=lambda arm: arms[arm])),
            created_at=ended + timedelta(minutes=12),
        )
