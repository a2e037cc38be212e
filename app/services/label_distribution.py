"""Which labels people and models give, question by question, with ties in sight."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.analytics.intervals import Share
from app.analytics.label_counts import Distribution, LabelCount, spread_of_labels
from app.services import policy
from app.services.all_ratings import AllRatings, ratings_of
from app.services.context import Actor, Context
from app.services.projects import schema_of
from db import suggestion_frames
from db.engine import reading
from db.store import items, projects

__all__ = ["QuestionLabels", "label_distribution"]

_COUNTED = ("choice", "rating", "pairwise")
_KINDS = {"human": "people", "model": "models", "judge": "judges"}


@dataclass(frozen=True, slots=True)
class QuestionLabels:
    """The labels of one question by one source; sources stand beside each other and are never mixed."""

    question: str
    title: str
    source: str
    """people, models, judges (by the vote of those of that kind), or the name of a model whose suggestions these are."""
    suggested: bool
    """Whether these are suggestions of one model, the newest for each item: it has no vote to tie."""
    labels: Distribution
    without: int | None
    """Items of the project without any such label; None where only ratings are known."""


def label_distribution(ctx: Context, actor: Actor, project_id: int) -> list[QuestionLabels]:
    """First submissions and imported ratings by majority, suggestions by model; of questions with labels to choose."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        ratings = ratings_of(ctx, session, project)
        total = None
        suggested: list[tuple[str, str, object, int]] = []
        latest = projects.latest_schema(session, project_id)
        if latest is not None and project.kind == "work":
            total = items.count_items(session, project_id)[0]
            suggested = suggestion_frames.suggested_labels(session, project_id)
        asked = [q.id for q in schema_of(latest).questions if q.type in _COUNTED] if latest else []
    rated = ctx.figures.of(("labels", project_id), ratings.version, lambda: _rated(ratings))
    found = [
        QuestionLabels(
            question=question,
            title=ratings.titles.get(question, question),
            source=_KINDS.get(kind, kind),
            suggested=False,
            labels=labels,
            without=None if total is None else max(total - labels.n_items, 0),
        )
        for (question, kind), labels in rated.items()
    ]
    titles = dict(ratings.titles)
    found += _suggested([row for row in suggested if row[0] in asked], titles, total)
    places = {
        question: place for place, question in enumerate(dict.fromkeys([*asked, *(q for q, _ in rated)]))
    }
    return sorted(found, key=lambda row: places[row.question])


def _rated(ratings: AllRatings) -> Mapping[tuple[str, str], Distribution]:
    return {key: spread_of_labels(coded) for key, coded in ratings.groups.items()}


def _suggested(
    rows: list[tuple[str, str, object, int]], titles: Mapping[str, str], total: int | None
) -> list[QuestionLabels]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for question, model, value, count in rows:
        of_model = counts.setdefault((question, model), {})
        of_model[str(value)] = of_model.get(str(value), 0) + count
    found = []
    for (question, model), labels in counts.items():
        n = sum(labels.values())
        spread = Distribution(
            labels=[LabelCount(label, Share.of(count, n), count) for label, count in sorted(labels.items())],
            ties=Share.of(0, n),
            n_items=n,
            n_ratings=n,
            n_raters=1,
        )
        without = None if total is None else max(total - n, 0)
        found.append(QuestionLabels(question, titles.get(question, question), model, True, spread, without))
    return found
