"""Figures of the pages that only QA leads have: the queue of reviews, cases, the board and the map."""

from collections import Counter
from dataclasses import dataclass

from app.services import arms, policy
from app.services.adjudication import STATES, adjudication_queue, schema_in_force
from app.services.board import ItemState, board
from app.services.context import Actor, Context
from app.services.final_labels import decided_questions, standing_decisions
from app.services.item_map import item_map
from app.services.review_rules import doubts_of, reasons
from app.services.standing import parts_of
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import board as marks

__all__ = ["BoardCounts", "LeadFigures", "MapFigures", "ReviewQueue", "StateCount", "lead_figures"]


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Answers that the project's rules want looked at and nobody has reviewed, whoever wrote them."""

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
    review_queue: ReviewQueue
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


def _queue(ctx: Context, session: Session, project: ProjectRecord) -> ReviewQueue:
    schema, rules = schema_in_force(session, project), arms.workplace_of(project).review
    version = (
        marks.marks_of(session, project.id),
        schema.model_dump_json(),
        rules,
        project.created_at,
    )

    def counted() -> ReviewQueue:
        parts = parts_of(session, project.id)
        decided = decided_questions(standing_decisions(session, project.id))
        waiting = [part for of_item in parts.values() for part in of_item if part.unreviewed]
        doubts = doubts_of(session, [part.newest.annotation_id for part in waiting])
        n, by_rule = 0, Counter[str]()
        for part in waiting:
            others = [other for other in parts[part.item_id] if other is not part]
            why = reasons(project, schema, rules, part, others, doubts, decided.get(part.item_id, ()))
            n += bool(why)
            by_rule.update(why)
        return ReviewQueue(n, len(waiting), dict(by_rule.most_common()))

    return ctx.figures.of(("review queue", project.id), version, counted)


def _board(ctx: Context, actor: Actor, project_id: int, question: str | None) -> BoardCounts:
    found = board(ctx, actor, project_id, question=question)
    columns = [StateCount(one.state, one.count, one.share) for one in found.columns]
    return BoardCounts(question, found.questions, found.n, columns)


def _map(ctx: Context, actor: Actor, project_id: int) -> MapFigures:
    found = item_map(ctx, actor, project_id)
    counts = Counter(point.label for point in found.points)
    labels = {label: counts[label] for label in found.labels}
    return MapFigures(len(found.points), found.total, found.kept, found.question, labels)
