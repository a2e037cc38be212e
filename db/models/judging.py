"""Rubric versions, verdicts and the score of each criterion; answers that contradict each other."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice
from db.types import Json

__all__ = [
    "Contradiction",
    "CriterionScore",
    "Dispute",
    "HumanScore",
    "JudgeAudit",
    "MismatchCause",
    "RubricVersion",
    "Verdict",
]


MISMATCH_CAUSES = ("judge_wrong", "people_wrong", "rubric_unclear", "answer_ambiguous", "both_right")


class RubricVersion(Base):
    """A locked rubric; its hash is its identity, in whichever project it is used."""

    __tablename__ = "rubric_versions"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(index=True)
    version: Mapped[int]
    hash: Mapped[str] = mapped_column(unique=True)
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Verdict(Base):
    """One judge result for one text answer of a person, or for one suggestion of a model; unscored is a result too.

    Append-only. Whatever counts people's answers joins them and so leaves verdicts on suggestions out.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        CheckConstraint(choice("status", "scored", "unscored"), "status"),
        CheckConstraint("(answer_id IS NULL) <> (suggestion_id IS NULL)", "about_one"),
        Index(None, "answer_id"),
        Index(None, "suggestion_id"),
    )

    id: Mapped[Key]
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"), unique=True)
    """The call that made it; null for a verdict that was imported or simulated."""
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"))
    """Null for a verdict on a suggestion."""
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("suggestions.id"))
    """Null for a verdict on an answer."""
    rubric_version_id: Mapped[int] = mapped_column(ForeignKey("rubric_versions.id"))
    status: Mapped[str]
    reason: Mapped[str | None]
    """Why it is unscored; null when scored."""
    total: Mapped[float | None]
    passed: Mapped[bool | None]
    model: Mapped[str]
    prompt_version: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    usage: Mapped[dict[str, Any]]
    raw: Mapped[str | None]
    """The model's reply as received; null when no model was asked, and once its time of keeping is over."""
    flags: Mapped[list[Any]] = mapped_column(Json, default=list)
    """[kind or kind:criterion], why a person should look."""
    seconds: Mapped[float]
    simulated: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime | None]
    """When the judged person first saw it."""
    created_at: Mapped[datetime]


class CriterionScore(Base):
    """The judge's level on one criterion, with the words it rests on."""

    __tablename__ = "criterion_scores"
    __table_args__ = (UniqueConstraint("verdict_id", "criterion"), Index(None, "criterion", "level"))

    id: Mapped[Key]
    verdict_id: Mapped[int] = mapped_column(ForeignKey("verdicts.id"))
    criterion: Mapped[str]
    level: Mapped[int | None]
    reason: Mapped[str | None]
    """Why it is unscored; null when it has a level."""
    rationale: Mapped[str]
    evidence: Mapped[list[Any]]
    """[{quote, start, end, source, verified}], offsets in code points of the answer."""
    suggestion: Mapped[str]
    score: Mapped[float | None]
    """What counts in the total, between the levels where several replies or probabilities say so; null with the
    level."""
    method: Mapped[str | None]
    """How the score came about (`judge.types.ScoreMethod`); null where there is none, and of older verdicts."""
    samples: Mapped[list[Any]] = mapped_column(Json, default=list)
    """[level of each reply, null where it gave none]; empty for a single one."""


class Dispute(Base):
    """The judged person says that a criterion was scored wrongly; a QA lead decides.

    An upheld dispute carries the level that a person gave instead: a correction of the judge.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        UniqueConstraint("verdict_id", "criterion"),
        CheckConstraint(choice("state", "open", "upheld", "rejected"), "state"),
        Index(None, "project_id", "state"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    verdict_id: Mapped[int] = mapped_column(ForeignKey("verdicts.id"))
    criterion: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    level: Mapped[int | None]
    """The right level, once upheld."""
    decision: Mapped[str] = mapped_column(default="")
    """The words of whoever decided."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    """When the person first saw the decision."""
    created_at: Mapped[datetime]


class HumanScore(Base):
    """A person's level on one criterion of one answer, given without seeing the judge's."""

    __tablename__ = "human_scores"
    __table_args__ = (
        UniqueConstraint("answer_id", "rubric_version_id", "criterion", "user_id"),
        CheckConstraint(choice("drawn", "lot", "value"), "drawn"),
    )

    id: Mapped[Key]
    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"))
    rubric_version_id: Mapped[int] = mapped_column(ForeignKey("rubric_versions.id"))
    criterion: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    level: Mapped[int | None]
    """null: the person could not say."""
    drawn: Mapped[str] = mapped_column(default="lot")
    """How the answer came to this person: by lot, which is a fair sample, or for its value, which is not."""
    created_at: Mapped[datetime]


class MismatchCause(Base):
    """Why judge and people are apart on one criterion of one answer, as a QA lead sees it. The last word counts."""

    __tablename__ = "mismatch_causes"
    __table_args__ = (
        UniqueConstraint("answer_id", "rubric_version_id", "criterion"),
        CheckConstraint(choice("cause", *MISMATCH_CAUSES), "cause"),
    )

    id: Mapped[Key]
    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"))
    rubric_version_id: Mapped[int] = mapped_column(ForeignKey("rubric_versions.id"))
    criterion: Mapped[str]
    cause: Mapped[str]
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]


class JudgeAudit(Base):
    """What an audit of the judge found, whole, as it was written to its file."""

    __tablename__ = "judge_audits"

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    rubric_hash: Mapped[str]
    model: Mapped[str]
    report: Mapped[dict[str, Any]]
    added_by: Mapped[str]
    created_at: Mapped[datetime]


class Contradiction(Base):
    """Whether two people's answers to one question of an item contradict each other, as the judge sees it. Append-only.

    The answers are revisions: a changed answer is another pair.
    """

    __tablename__ = "contradictions"
    __table_args__ = (
        CheckConstraint(choice("outcome", "contradict", "agree", "unsure", "unscored"), "outcome"),
        CheckConstraint("first_answer_id < second_answer_id", "order"),
        UniqueConstraint("call_id"),
        Index(None, "project_id"),
    )

    id: Mapped[Key]
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"))
    """The call that made it; null for one that was imported or simulated."""
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    question: Mapped[str]
    first_answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"))
    """The earlier one of the two."""
    second_answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"))
    outcome: Mapped[str]
    reason: Mapped[str | None]
    """Why it is unsure or unscored; null otherwise."""
    why: Mapped[str]
    """The judge's words."""
    quotes: Mapped[dict[str, Any]]
    """first, second -> [{quote, start, end, found}], offsets in code points of that answer; found: own, other or
    nowhere."""
    model: Mapped[str]
    prompt_version: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    usage: Mapped[dict[str, Any]]
    raw: Mapped[str | None]
    """The model's replies as received; null once their time of keeping is over."""
    seconds: Mapped[float]
    created_at: Mapped[datetime]
