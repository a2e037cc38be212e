"""Large reads about how people work: what they do with suggestions, reviews, single visits."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from db.models import (
    Annotation,
    Answer,
    Event,
    Gold,
    Item,
    Lease,
    Review,
    Suggestion,
    TimeObjection,
    User,
    Verdict,
    Verification,
    Visit,
)

__all__ = [
    "acceptances",
    "first_labels",
    "gold_answers",
    "judged_totals",
    "review_seconds",
    "shown_suggestions",
    "visit_rows",
]


def _frame(session: Session, statement: Any, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame.from_records(session.execute(statement).all(), columns=columns)


_FIRST = (Annotation.revision == 1, Annotation.state == "submitted")


def shown_suggestions(session: Session, project_id: int) -> pd.DataFrame:
    """Suggestions that were on screen when a first answer was submitted.

    One row each: annotation, item_id, user_id, rater, arm, study, question, outcome (confirms, corrects, rejects),
    planted, right (bool, None where the truth is not known), draft_left (nan without an inserted draft).
    """
    statement = (
        select(
            Annotation.id,
            Annotation.item_id,
            Annotation.user_id,
            User.login,
            Annotation.arm,
            Annotation.study_id,
            Suggestion.question,
            Verification.outcome,
            Suggestion.planted,
            Suggestion.value,
            Gold.value,
            Answer.draft_survival,
        )
        .join(Annotation, Annotation.id == Verification.annotation_id)
        .join(Suggestion, Suggestion.id == Verification.suggestion_id)
        .join(User, User.id == Annotation.user_id)
        .outerjoin(
            Answer, and_(Answer.annotation_id == Annotation.id, Answer.question == Suggestion.question)
        )
        .outerjoin(Gold, and_(Gold.item_id == Suggestion.item_id, Gold.question == Suggestion.question))
        .where(Annotation.project_id == project_id, *_FIRST)
        .order_by(Verification.id)
    )
    names = ["annotation", "item_id", "user_id", "rater", "arm", "study", "question", "outcome", "planted"]
    frame = _frame(session, statement, [*names, "value", "gold", "draft_left"])
    frame["right"] = [
        None if gold is None else value == gold
        for value, gold in zip(frame["value"], frame["gold"], strict=True)
    ]
    frame[["study", "draft_left"]] = frame[["study", "draft_left"]].astype(float)
    return frame.drop(columns=["value", "gold"])


def acceptances(session: Session, project_id: int) -> pd.DataFrame:
    """Suggestions taken with the Accept button or key, before the first submit; the first time only.

    One row each: item_id, user_id, question, seconds (from showing the suggestion in the same tab; nan where the page was
    hidden in between, or the showing was not reported).
    """
    statement = (
        select(Visit.item_id, Visit.user_id, Visit.id, Event.tab, Event.kind, Event.at, Event.data)
        .join(Visit, Visit.id == Event.visit_id)
        .where(
            Visit.project_id == project_id,
            Visit.stage == "annotate",
            Event.kind.in_(("suggestion_shown", "suggestion_accepted", "hidden")),
        )
        .order_by(Event.visit_id, Event.tab, Event.seq)
    )
    shown: dict[tuple[int, str], Any] = {}
    found: dict[tuple[int, int, str], float] = {}
    for item_id, user_id, visit_id, tab, kind, at, data in session.execute(statement):
        if kind == "suggestion_shown":
            shown[visit_id, tab] = at
        elif kind == "hidden":
            shown.pop((visit_id, tab), None)
        else:
            since = shown.get((visit_id, tab))
            seconds = float("nan") if since is None else (at - since).total_seconds()
            found.setdefault((item_id, user_id, str(data.get("question"))), seconds)
    rows = [(*key, seconds) for key, seconds in found.items()]
    return pd.DataFrame.from_records(rows, columns=["item_id", "user_id", "question", "seconds"])


def first_labels(session: Session, project_id: int) -> pd.DataFrame:
    """First answers in an arm: annotation, rater, arm, study, place (position in the study), question, label (JSON value)."""
    statement = (
        select(
            Annotation.id,
            User.login,
            Annotation.arm,
            Annotation.study_id,
            Annotation.study_position,
            Answer.question,
            Answer.value,
        )
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.project_id == project_id, Annotation.arm.is_not(None), *_FIRST)
    )
    frame = _frame(session, statement, ["annotation", "rater", "arm", "study", "place", "question", "label"])
    frame["label"] = [value[0] for value in frame["label"]]
    frame[["study", "place"]] = frame[["study", "place"]].astype(float)
    return frame


def review_seconds(session: Session, project_id: int) -> pd.DataFrame:
    """Reviews whose time is known: rater (the reviewer), seconds that the form was open."""
    statement = (
        select(User.login, Review.seconds)
        .join(User, User.id == Review.reviewer_id)
        .join(Annotation, Annotation.id == Review.annotation_id)
        .where(Annotation.project_id == project_id, Review.seconds.is_not(None))
    )
    return _frame(session, statement, ["rater", "seconds"]).astype({"seconds": float})


def judged_totals(session: Session, project_id: int) -> "pd.Series[float]":
    """Annotation -> mean total of the newest verdicts on its texts, for first answers; unscored ones are left out."""
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id)
    statement = (
        select(Answer.annotation_id, func.avg(Verdict.total))
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(
            Annotation.project_id == project_id, Verdict.id.in_(newest), Verdict.total.is_not(None), *_FIRST
        )
        .group_by(Answer.annotation_id)
    )
    found = {annotation_id: float(total) for annotation_id, total in session.execute(statement)}
    return pd.Series(found, dtype=float)


_PARTS = ("reading", "working", "chatting", "waiting_model", "waiting_judge", "idle", "hidden")


def visit_rows(
    session: Session,
    project_id: int,
    *,
    rater: str | None = None,
    arm: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """Single visits, newest first: item, person, arm, stage, opened, handling and the parts of the ledger, tabs, outcome,
    contested.
    """
    statement = (
        select(Visit, Item.external_id, User.login, Lease.arm, TimeObjection.left_out)
        .join(Item, Item.id == Visit.item_id)
        .join(User, User.id == Visit.user_id)
        .outerjoin(Lease, and_(Lease.item_id == Visit.item_id, Lease.user_id == Visit.user_id))
        .outerjoin(TimeObjection, TimeObjection.visit_id == Visit.id)
        .where(Visit.project_id == project_id)
        .order_by(Visit.id.desc())
        .limit(limit)
    )
    conditions = [
        User.login == rater if rater is not None else None,
        Lease.arm == arm if arm is not None else None,
        Visit.opened_at >= since if since is not None else None,
        Visit.opened_at < until if until is not None else None,
    ]
    rows = session.execute(statement.where(*(one for one in conditions if one is not None)))
    return [
        {
            "item": external_id,
            "person": login,
            "arm": arm_,
            "stage": visit.stage,
            "opened": visit.opened_at,
            "handling": visit.reading + visit.working + visit.chatting,
            **{name: getattr(visit, name) for name in _PARTS},
            "tabs": visit.tabs,
            "outcome": visit.outcome or "left",
            "contested": "" if left_out is None else "left out" if left_out else "yes",
            "simulated": visit.simulated,
        }
        for visit, external_id, login, arm_, left_out in rows
    ]


def gold_answers(session: Session, project_id: int) -> pd.DataFrame:
    """First answers to questions of items whose answer is known: rater, question, value, gold (JSON values)."""
    rows = session.execute(
        select(User.login, Answer.question, Answer.value, Gold.value)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(User, User.id == Annotation.user_id)
        .join(Gold, and_(Gold.item_id == Annotation.item_id, Gold.question == Answer.question))
        .where(Annotation.project_id == project_id, *_FIRST)
        .order_by(Annotation.id)
    )
    found = [(login, question, value[0], gold[0]) for login, question, value, gold in rows]
    return pd.DataFrame.from_records(found, columns=["rater", "question", "value", "gold"])
