"""What a study gave out, to whom, and with which versions of everything: for its report."""

import hashlib
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import and_, distinct, func, select
from sqlalchemy.orm import Session

from db.models import (
    Agent,
    Annotation,
    Answer,
    Conversation,
    GuidelineVersion,
    Lease,
    RubricVersion,
    SchemaVersion,
    Study,
    Suggestion,
    Turn,
    User,
    Verdict,
)

__all__ = ["UsedVersion", "first_answers", "holds", "outside_answers", "simulated_answers", "used_versions"]


@dataclass(frozen=True, slots=True)
class UsedVersion:
    """One version of something that answers of the study rest on."""

    what: str
    """label schema, guidelines, rubric, suggestions, assistant or judge"""
    name: str
    version: str
    hash: str
    """Of its content where that is stored; empty for models, which are known by the version they report."""
    answers: int
    """How many of the study's answers it concerns."""


def holds(session: Session, study_id: int) -> pd.DataFrame:
    """One row per item given out in the study: rater, arm, position (in the study), state of the hold."""
    rows = session.execute(
        select(User.login, Lease.arm, Lease.study_position, Lease.state)
        .join(User, User.id == Lease.user_id)
        .where(Lease.study_id == study_id)
        .order_by(Lease.id)
    ).all()
    return pd.DataFrame.from_records(rows, columns=["rater", "arm", "position", "state"])


def first_answers(session: Session, study_id: int) -> pd.DataFrame:
    """One row per first answer of the study, timed or not: annotation, rater, arm."""
    rows = session.execute(
        select(Annotation.id, User.login, Annotation.arm)
        .join(User, User.id == Annotation.user_id)
        .where(*_own(study_id))
        .order_by(Annotation.id)
    ).all()
    return pd.DataFrame.from_records(rows, columns=["annotation", "rater", "arm"])


def _own(study_id: int) -> tuple[Any, ...]:
    return (Annotation.study_id == study_id, Annotation.revision == 1, Annotation.state == "submitted")


def simulated_answers(session: Session, study_id: int) -> int:
    statement = select(func.count()).where(*_own(study_id), Annotation.simulated)
    return session.scalar(statement) or 0


def outside_answers(session: Session, study_id: int) -> int:
    """First answers to the project's items, given while the study ran, that are no part of it."""
    study = session.get(Study, study_id)
    if study is None or study.started_at is None:
        return 0
    statement = select(func.count()).where(
        Annotation.project_id == study.project_id,
        Annotation.revision == 1,
        Annotation.state == "submitted",
        Annotation.submitted_at >= study.started_at,
        Annotation.study_id.is_distinct_from(study_id),
    )
    if study.stopped_at is not None:
        statement = statement.where(Annotation.submitted_at <= study.stopped_at)
    return session.scalar(statement) or 0


def used_versions(session: Session, study_id: int) -> list[UsedVersion]:
    """Every version that the study's first answers rest on, by kind."""
    own = _own(study_id)
    count = func.count(distinct(Annotation.id))
    found: list[UsedVersion] = []
    schemas = session.execute(
        select(SchemaVersion.number, SchemaVersion.source, count)
        .join(Annotation, Annotation.schema_version_id == SchemaVersion.id)
        .where(*own)
        .group_by(SchemaVersion.number, SchemaVersion.source)
        .order_by(SchemaVersion.number)
    )
    found += [UsedVersion("label schema", "", str(number), _hash(text), n) for number, text, n in schemas]
    guides = session.execute(
        select(GuidelineVersion.number, GuidelineVersion.text, count)
        .join(Annotation, Annotation.guideline_version_id == GuidelineVersion.id)
        .where(*own)
        .group_by(GuidelineVersion.number, GuidelineVersion.text)
        .order_by(GuidelineVersion.number)
    )
    found += [UsedVersion("guidelines", "", str(number), _hash(text), n) for number, text, n in guides]
    suggestions = session.execute(
        select(Suggestion.model, Suggestion.model_version, Agent.name, Agent.hash, count)
        .join(Answer, Answer.suggestion_id == Suggestion.id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .outerjoin(Agent, Agent.id == Suggestion.agent_id)
        .where(*own)
        .group_by(Suggestion.model, Suggestion.model_version, Agent.name, Agent.hash)
        .order_by(Suggestion.model, Suggestion.model_version)
    )
    found += [
        UsedVersion("suggestions", f"{agent}: {model}" if agent else model, version, hash_ or "", n)
        for model, version, agent, hash_, n in suggestions
    ]
    judged = session.execute(
        select(
            RubricVersion.name,
            RubricVersion.version,
            RubricVersion.hash,
            Verdict.model,
            Verdict.prompt_version,
            count,
        )
        .join(Verdict, Verdict.rubric_version_id == RubricVersion.id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(*own)
        .group_by(
            RubricVersion.name,
            RubricVersion.version,
            RubricVersion.hash,
            Verdict.model,
            Verdict.prompt_version,
        )
        .order_by(RubricVersion.name, RubricVersion.version)
    )
    for name, version, hash_, model, prompt, n in judged:
        found.append(UsedVersion("rubric", name, str(version), hash_, n))
        found.append(UsedVersion("judge", model, f"prompt {prompt}", "", n))
    turns = session.execute(
        select(Turn.model, func.count(distinct(Lease.id)))
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .join(Lease, and_(Lease.item_id == Conversation.item_id, Lease.user_id == Conversation.user_id))
        .where(Lease.study_id == study_id, Turn.role == "assistant")
        .group_by(Turn.model)
        .order_by(Turn.model)
    )
    found += [UsedVersion("assistant", model, "", "", n) for model, n in turns]
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
