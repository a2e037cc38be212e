"""How every person's part in an item stands: what they answered first and last, and what reviewers made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.analytics.answer_distance import answer_key
from db.engine import Session
from db.review_records import AnsweredRow, ReviewedRow
from db.store import answered

__all__ = ["Part", "apart", "left_by", "parts_of"]


def left_by(
    outcome: str, fixed: Mapping[str, Any] | None, given: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The answers as a review left them; None where it rejected them. `given` are the author's."""
    if outcome == "rejected":
        return None
    return (fixed or {}) if outcome == "fixed" else given


def apart(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> frozenset[str]:
    """The questions on which two reviews of the same answers came out otherwise; all where one of them rejected."""
    if one is None or other is None:
        return frozenset() if one is other else frozenset((one or other or {}).keys())
    return frozenset(
        question
        for question in one.keys() | other.keys()
        if question not in one
        or question not in other
        or answer_key(one[question]) != answer_key(other[question])
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One person's part in one item."""

    item_id: int
    user_id: int
    revisions: tuple[AnsweredRow, ...]
    """Oldest first, skips included; at least one."""
    reviews: tuple[ReviewedRow, ...]
    """Of any revision, oldest first."""

    @property
    def newest(self) -> AnsweredRow:
        return self.revisions[-1]

    @property
    def first(self) -> AnsweredRow | None:
        """The first submission; None when the person skipped the item first."""
        first = self.revisions[0]
        return first if first.revision == 1 and first.state == "submitted" else None

    @property
    def answered(self) -> bool:
        """Whether the person has ever submitted the item."""
        return any(row.state == "submitted" for row in self.revisions)

    @property
    def review(self) -> ReviewedRow | None:
        """The newest review; it stands."""
        return self.reviews[-1] if self.reviews else None

    @property
    def rejected(self) -> bool:
        """Whether the review that stands rejected it, nobody contradicts that, and nothing was submitted since."""
        review = self.review
        return (
            review is not None
            and review.outcome == "rejected"
            and not self.disputed
            and not (self.newest.state == "submitted" and self.newest.revision > review.revision)
        )

    @property
    def disputed(self) -> frozenset[str]:
        """Questions on which two reviewers contradict each other and the item goes to nobody: somebody has to decide.

        A second reviewer who did not see the first review replaces it in the record, and overrules nobody; one who
        saw it does. Where that is not known, an item that went to nobody counts as not seen: to ask somebody costs a
        decision, to take a contradiction for an overruling costs a wrong label.
        """
        if len(self.reviews) < 2:
            return frozenset()
        first, second = self.reviews[-2:]
        unseen = second.requeue == "nobody" if second.blind is None else second.blind
        if (
            not unseen
            or first.annotation_id != second.annotation_id
            or first.reviewer_id == second.reviewer_id
        ):
            return frozenset()
        given = next(row.values for row in self.revisions if row.annotation_id == second.annotation_id)
        return apart(
            left_by(first.outcome, first.answers, given), left_by(second.outcome, second.answers, given)
        )

    @property
    def unreviewed(self) -> bool:
        """Whether the newest revision is submitted and nobody has reviewed it."""
        return self.newest.state == "submitted" and all(
            review.annotation_id != self.newest.annotation_id for review in self.reviews
        )

    @property
    def reviewed_values(self) -> Mapping[str, Any] | None:
        """The answers as the review that stands let them be, fixed or accepted; None without such a review. Those that are
        disputed are missing.

        A revision that came after it does not change them until it is reviewed itself.
        """
        review = self.review
        if review is None or review.outcome == "rejected":
            return None
        given = next(row.values for row in self.revisions if row.annotation_id == review.annotation_id)
        left, disputed = left_by(review.outcome, review.answers, given) or {}, self.disputed
        return {question: value for question, value in left.items() if question not in disputed}

    @property
    def counted_values(self) -> Mapping[str, Any]:
        """The answers that count: the reviewed ones, else the newest; empty where rejected, disputed or skipped."""
        reviewed = self.reviewed_values
        if reviewed is not None:
            return reviewed
        if self.rejected or self.disputed or self.newest.state != "submitted":
            return {}
        return self.newest.values


def parts_of(
    session: Session, project_id: int, item_ids: Sequence[int] | None = None
) -> dict[int, list[Part]]:
    """Item id -> everybody's part in it, who came first before the others; all current items when none are named.

    Items that nobody has answered or skipped are missing.
    """
    rows = answered.answered_rows(session, project_id, item_ids)
    revisions: dict[tuple[int, int], list[AnsweredRow]] = {}
    for row in rows:
        revisions.setdefault((row.item_id, row.user_id), []).append(row)
    reviews: dict[tuple[int, int], list[ReviewedRow]] = {}
    for review in answered.reviewed_rows(session, project_id, item_ids):
        reviews.setdefault((review.item_id, review.user_id), []).append(review)
    found: dict[int, list[Part]] = {}
    for (item_id, user_id), mine in revisions.items():
        part = Part(item_id, user_id, tuple(mine), tuple(reviews.get((item_id, user_id), ())))
        found.setdefault(item_id, []).append(part)
    return found
