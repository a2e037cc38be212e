"""Figures of the pages that only QA leads have: the queue of reviews, cases, the board and the map."""

from collections import Counter
from dataclasses import dataclass

from app.services import policy
from app.services.adjudication import schema_in_force
from app.services.adjudication_queue import STATES, adjudication_queue
from app.services.board import board
from app.services.context import Actor, Context
from app.services.item_map import item_map
from app.services.item_state import ItemState
from app.services.review_queue import waiting_reviews
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import reviews

__all__ = ["BoardCounts", "LeadFigures", "MapFigures", "QueueCounts", "StateCount", "lead_figures"]


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Answers that wait for a reviewer, whoever wrote them: by the project's rules, or since their authors disagree."""

    n: int
    unreviewed: int
    """Answers that nobody has reviewed, chosen by a rule or not."""
    by_rule: dict[str, int]
    """Why, in the words of the Review page -> answers, most first; one answer may be there for several reasons."""


@dataclass(frozen=True, slots=True)
class StateCount:
    state: ItemState
    count: int
    share: float | None
    """Of all items; None in a project without any."""


@dataclass(frozen=True, slots=True)
class BoardCounts:
    question: str | None
    """By the labels of this one; None for the item as a whole."""
    questions: list[str]
    """Whose final labels an item needs."""
    n: int
    columns: list[StateCount]


@dataclass(frozen=True, slots=True)
class MapFigures:
    points: int
    total: int
    """Items; more than points where they were drawn by lot."""
    kept: float | None
    """Share of the variance of the words that the two dimensions keep; None where all texts are alike."""
    question: str | None
    """Which colours it."""
    labels: dict[str, int]
    """Label, tie or none -> points."""


@dataclass(frozen=True, slots=True)
class LeadFigures:
    review_queue: QueueCounts
    cases: dict[str, int]
    """State of cases (waiting, reviewed, decided) -> questions of items on which people's first answers differ."""
    board: list[BoardCounts]
    """The item as a whole, then by each question."""
    map: MapFigures


def lead_figures(ctx: Context, actor: Actor, project_id: int) -> LeadFigures | None:
    """None for those who may not read everybody's answers, and for projects of ratings, which have no such pages."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        leads = policy.may(session, actor, project_id, "read_all")
        if not leads or project.kind != "work":
            return None
        queue = _queue(ctx, session, project)
        asked = [question.id for question in schema_in_force(session, project).questions]
    cases = Counter(one.state for one in adjudication_queue(ctx, actor, project_id, include_own=True))
    return LeadFigures(
        review_queue=queue,
        cases={state: cases[state] for state in STATES},
        board=[_board(ctx, actor, project_id, question) for question in (None, *asked)],
        map=_map(ctx, actor, project_id),
    )


def _queue(ctx: Context, session: Session, project: ProjectRecord) -> QueueCounts:
    why = waiting_reviews(ctx, session, project)
    by_rule = Counter(reason for reasons in why for reason in reasons)
    return QueueCounts(len(why), reviews.count_unreviewed(session, project.id), dict(by_rule.most_common()))


def _board(ctx: Context, actor: Actor, project_id: int, question: str | None) -> BoardCounts:
    found = board(ctx, actor, project_id, question=question)
    columns = [StateCount(one.state, one.count, one.share) for one in found.columns]
    return BoardCounts(question, found.questions, found.n, columns)


def _map(ctx: Context, actor: Actor, project_id: int) -> MapFigures:
    found = item_map(ctx, actor, project_id)
    counts = Counter(point.label for point in found.points)
    labels = {label: counts[label] for label in found.labels}
    return MapFigures(len(found.points), found.total, found.kept, found.question, labels)
