"""How people found their work: a short form after a sitting, skippable, charted by the kind of help they had.

A sitting is a run of submits without a long pause. It is asked about only where help was at stake in it, once, when it
has ended, and never in the middle of work.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.samples.experience import experience_form
from app.schema.experience import form_hash
from app.schema.study import CONTROL
from app.services import policy
from app.services.context import Actor, Context
from db.engine import Session, reading, transaction
from db.store import experiences
from db.study_records import ExperienceRecord

__all__ = [
    "MIXED",
    "ExperienceFigure",
    "Experiences",
    "Sitting",
    "pending_sitting",
    "say_experience",
    "summarise",
]

_PAUSE = timedelta(minutes=30)
"""Between two submits, a pause that ends a sitting. By judgement, as the three below."""
_ENDED = timedelta(minutes=10)
"""After the last submit, when a sitting is taken to have ended."""
_FRESH = timedelta(hours=20)
"""After its end, how long a sitting is asked about: memory of it fades."""
_FEWEST = 5
"""Submits that make a sitting worth a question."""
_MOSTLY = 0.8
"""Share of a sitting's answers from which on it counts for one arm."""
_FEWEST_PEOPLE = 3
"""People below whom no mean is shown: it would tell what one of them said."""
MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Sitting:
    began_at: datetime
    ended_at: datetime
    n: int
    arms: dict[str, int]
    study_id: int | None

    @property
    def helped(self) -> bool:
        """Whether any help was given in it: else nobody is asked what it was like."""
        return any(arm != CONTROL for arm in self.arms)


@dataclass(frozen=True, slots=True)
class ExperienceFigure:
    """One question in one arm: each person's mean first, so that everybody counts once."""

    question: str
    title: str
    arm: str
    """`mixed` where no arm had four fifths of the sitting's answers."""
    n: int
    """Sittings."""
    n_raters: int
    mean: float | None
    """None, as its interval, below three people: it would tell what one of them said."""
    low: float | None
    """95 % interval, t over people."""
    high: float | None


@dataclass(frozen=True, slots=True)
class Experiences:
    form: str
    """Hash of the form."""
    least: int
    """Ends of its scale."""
    most: int
    figures: list[ExperienceFigure]
    answered: int
    skipped: int
    other_forms: int
    """Answers to earlier wordings; not counted above."""


def pending_sitting(ctx: Context, actor: Actor, project_id: int) -> Sitting | None:
    """The actor's last sitting, if it has ended and its form is still open."""
    if actor.user_id is None:
        return None
    now = utc_now()
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        sittings = _sittings(session, project_id, actor.user_id, now)
        known = experiences.known_sittings(session, project_id, actor.user_id)
    if not sittings:
        return None
    last = sittings[-1]
    if now - last.ended_at < _ENDED or not last.arms or last.n < _FEWEST or last.began_at in known:
        return None
    return last


def _sittings(session: Session, project_id: int, user_id: int, now: datetime) -> list[Sitting]:
    # A sitting that began before the window would be cut; nobody labels for this long at a stretch.
    submits = experiences.submits_since(session, project_id, user_id, now - 2 * _FRESH)
    runs: list[list[tuple[datetime, str | None, int | None]]] = []
    for submit in submits:
        if not runs or submit[0] - runs[-1][-1][0] > _PAUSE:
            runs.append([])
        runs[-1].append(submit)
    return [_sitting(run) for run in runs if now - run[-1][0] < _FRESH]


def _sitting(run: Sequence[tuple[datetime, str | None, int | None]]) -> Sitting:
    arms = Counter(arm for _, arm, _ in run if arm is not None)
    (study, _), *_ = Counter(study for _, _, study in run).most_common()
    return Sitting(run[0][0], run[-1][0], len(run), dict(arms), study)


def say_experience(
    ctx: Context, actor: Actor, project_id: int, began_at: datetime, answers: Mapping[str, int] | None
) -> bool:
    """Store what was said about a sitting of one's own, None to skip it; False when it was said before.

    Questions may be left out. Raises Invalid for a value off the scale, NotFound for a sitting that is none of one's own,
    or too long ago.
    """
    form = experience_form()
    given = None if answers is None else dict(answers)
    if given is not None:
        problems = form.problems(given)
        if problems or not given:
            raise Invalid(problems or "choose a value, or skip the form")
    now = utc_now()
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        own = _sittings(session, project_id, actor.user_id or 0, now) if actor.user_id else []
        sitting = next((one for one in own if one.began_at == began_at), None)
        if sitting is None:
            raise NotFound("no sitting of yours began then, or it is too long ago")
        unasked = [question.id for question in form.questions if question.about_help and not sitting.helped]
        if given is not None and set(unasked) & set(given):
            raise Invalid(f"{', '.join(unasked)}: there was no help in that sitting")
        return experiences.add_experience(
            session,
            project_id=project_id,
            user_id=actor.user_id,
            study_id=sitting.study_id,
            form=form_hash(form),
            began_at=sitting.began_at,
            ended_at=sitting.ended_at,
            arms=sitting.arms,
            answers=given,
            created_at=now,
        )


def summarise(found: Sequence[ExperienceRecord]) -> Experiences:
    """Means by question and arm, the control first and mixed sittings last."""
    form = experience_form()
    current = [one for one in found if one.form == form_hash(form)]
    said = [one for one in current if one.answers is not None]
    arms = sorted({_arm(one) for one in said}, key=lambda arm: (arm == MIXED, arm != CONTROL, arm))
    figures = []
    for question in form.questions:
        for arm in arms:
            by_person: dict[int, list[int]] = {}
            for one in said:
                if _arm(one) == arm and question.id in (one.answers or {}):
                    by_person.setdefault(one.user_id, []).append((one.answers or {})[question.id])
            if by_person:
                mean, low, high = _mean([float(np.mean(values)) for values in by_person.values()])
                n = sum(map(len, by_person.values()))
                figures.append(
                    ExperienceFigure(question.id, question.title, arm, n, len(by_person), mean, low, high)
                )
    return Experiences(
        form=form_hash(form),
        least=form.min,
        most=form.max,
        figures=figures,
        answered=len(said),
        skipped=len(current) - len(said),
        other_forms=len(found) - len(current),
    )


def _arm(one: ExperienceRecord) -> str:
    arm, count = max(one.arms.items(), key=lambda entry: entry[1])
    return arm if count >= _MOSTLY * sum(one.arms.values()) else MIXED


def _mean(values: list[float]) -> tuple[float | None, float | None, float | None]:
    if len(values) < _FEWEST_PEOPLE:
        return None, None, None
    from scipy.stats import t as student  # slow to import, and most pages do not need it

    mean = float(np.mean(values))
    half = float(student.ppf(0.975, len(values) - 1)) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return mean, mean - half, mean + half
