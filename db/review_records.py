"""What the stores hand out of reviews and adjudications, and of everybody's answers as these see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = [
    "AdjudicationRecord",
    "AnsweredRow",
    "AppealRecord",
    "ReviewRecord",
    "ReviewedAnswer",
    "ReviewedRow",
]


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """One revision of one person's part in an item, with its answers."""

    item_id: int
    user_id: int
    annotation_id: int
    revision: int
    state: str
    position: int
    values: Mapping[str, Any]
    """Question -> value; what was left open is missing."""


@dataclass(frozen=True, slots=True)
class ReviewedRow:
    """One review with what it is about."""

    id: int
    annotation_id: int
    item_id: int
    user_id: int
    """Whose annotation it is."""
    revision: int
    reviewer_id: int
    outcome: str
    comment: str
    question_comments: Mapping[str, str]
    answers: Mapping[str, Any] | None
    requeue: str | None
    blind: bool | None
    """Whether its reviewer did not see the review before; None where that is not known."""
    seconds: float | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """A reviewer's decision about one annotation."""

    id: int
    annotation_id: int
    reviewer_id: int
    outcome: str
    comment: str
    question_comments: Mapping[str, str]
    requeue: str | None
    answers: Mapping[str, Any] | None
    replaces: int | None
    """The review of the same annotation that this one took the place of."""
    blind: bool | None
    """Whether its reviewer did not see that one; None where that is not known."""
    levels: Sequence[Mapping[str, Any]]
    """The reviewer's levels on criteria; `db.models.Review` says what each holds."""
    seconds: float | None
    seen_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewedAnswer:
    """The newest revision of a person's part in an item, and who has reviewed it."""

    annotation_id: int
    item_id: int
    user_id: int
    reviewers: frozenset[int]


@dataclass(frozen=True, slots=True)
class AppealRecord:
    """An annotator's word that a rejection is wrong."""

    id: int
    review_id: int
    author_id: int
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AdjudicationRecord:
    """What the answer to one question of an item is; `value` is a one-element list."""

    id: int
    item_id: int
    question: str
    value: list[Any]
    answer_id: int | None
    reason: str
    comment: str
    own: bool
    author_id: int
    replaces: int | None
    seconds: float | None
    created_at: datetime
