"""Decisions of two simulated leads on what the simulated team answered, so that the pages about them show something."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.analytics.answer_distance import answer_key
from app.samples.history import LEADS
from app.services.standing import Part, parts_of
from db.engine import Session
from db.records import ProjectRecord, UserRecord
from db.store import adjudications, items, people, reviews

__all__ = ["add_decisions", "has_decisions"]

_REVIEWED = 10
"""Answers on which the team agrees that are reviewed all the same, in each sample project."""

_WHY = (
    ("slip", ""),
    ("ambiguous", ""),
    ("guideline_gap", "The guidelines do not say what goes first when both fit."),
    ("slip", "Read the whole of it."),
    ("two_right", ""),
    ("ambiguous", "One can read it either way."),
)


def has_decisions(session: Session, project_id: int) -> bool:
    return bool(adjudications.adjudications_of_project(session, project_id))


def add_decisions(session: Session, project: ProjectRecord, question: str, *, now: datetime) -> None:
    """Decide two of three differing items and review some answers, in the caller's transaction; the same on every
    call. What is left waits for whoever tries the demo.

    Decisions go by gold. On every fourth case the first lead is mistaken and the second one decides anew; before
    every other one, somebody had accepted an answer in review.
    """
    leads = [_lead(session, login, name, now) for login, name in LEADS]
    chance = random.Random(f"decisions of {project.sample_key}")
    parts = parts_of(session, project.id)
    gold = items.gold_of_items(session, list(parts))
    begin = now - timedelta(hours=5)
    differing = [
        item_id
        for item_id, of_item in parts.items()
        if len({answer_key(part.newest.values.get(question)) for part in of_item}) > 1
    ]
    case = _Case(session, project, question, chance)
    for number, item_id in enumerate(differing):
        if number % 3 == 2:
            continue
        first, second = leads if number % 4 < 3 else reversed(leads)
        at = begin + timedelta(minutes=3 * number)
        known = gold.get((item_id, question))
        if number % 2 == 0:
            case.review(second, parts[item_id][0], known, at - timedelta(minutes=20), strict=False)
        case.adjudicate(first, second, parts[item_id], known, at, mistaken=number % 4 == 1)
    agreed = [item_id for item_id in parts if item_id not in differing]
    for number, item_id in enumerate(chance.sample(agreed, min(_REVIEWED, len(agreed)))):
        case.review(leads[number % 2], parts[item_id][0], gold.get((item_id, question)), begin, strict=True)


def _lead(session: Session, login: str, name: str, now: datetime) -> UserRecord:
    known = people.user_by_login(session, login)
    return known or people.add_user(
        session, login=login, name=name, password_hash=None, is_admin=False, simulated=True, now=now
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What every decision of a project needs."""

    session: Session
    project: ProjectRecord
    question: str
    chance: random.Random

    def _seconds(self, typical: float) -> float:
        return round(typical * self.chance.lognormvariate(0, 0.4), 1)

    def adjudicate(
        self,
        first: UserRecord,
        second: UserRecord,
        parts: Sequence[Part],
        gold: Any,
        at: datetime,
        *,
        mistaken: bool,
    ) -> None:
        given = [part.newest.values[self.question] for part in parts if self.question in part.newest.values]
        right = gold if gold in given else given[0]
        wrong = next(value for value in given if value != right)
        item_id = parts[0].item_id
        reason, comment = self.chance.choice(_WHY)
        before = None
        for author, value in [(first, wrong), (second, right)] if mistaken else [(first, right)]:
            before = adjudications.add_adjudication(
                self.session,
                project_id=self.project.id,
                item_id=item_id,
                question=self.question,
                value=[value],
                answer_id=None,
                reason=reason,
                comment=comment,
                own=False,
                author_id=author.id,
                replaces=before,
                form_token=f"demo-{item_id}-{author.login}",
                seconds=self._seconds(27),
                created_at=at,
            )
            at += timedelta(minutes=1)

    def review(self, lead: UserRecord, part: Part, gold: Any, at: datetime, *, strict: bool) -> None:
        """Accept; where `strict`, fix what is not gold, and now and then reject, to nobody: simulated people answer
        nothing anew.
        """
        mine = part.newest.values
        rejected = strict and self.chance.random() < 0.15
        wrong = strict and gold is not None and mine.get(self.question) != gold
        outcome = "rejected" if rejected else "fixed" if wrong else "accepted"
        reviews.add_review(
            self.session,
            annotation_id=part.newest.annotation_id,
            reviewer_id=lead.id,
            outcome=outcome,
            comment="Look at the hard cases of this label again." if rejected else "",
            question_comments={},
            requeue="nobody" if rejected else None,
            answers={**mine, self.question: gold} if outcome == "fixed" else None,
            blind=False,
            form_token=f"demo-review-{part.newest.annotation_id}",
            seconds=self._seconds(18),
            created_at=at,
        )
