"""Which labels people and models give, question by question, with ties in sight."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from app.analytics.intervals import Share
from app.analytics.label_counts import Distribution, LabelCount, spread_of_labels
from app.schema import Question
from app.services import policy
from app.services.all_ratings import AllRatings, ratings_of
from app.services.context import Actor, Context
from app.services.projects import schema_of
from app.services.several_parts import PartAnswers, Parts, part_answers, parts_of_question
from db import suggestion_frames
from db.engine import reading
from db.store import items, projects

__all__ = ["QuestionLabels", "label_distribution"]

_COUNTED = ("choice", "multi_choice", "rating", "span", "pairwise")
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
    """Items of the project without any such answer; None where only ratings are known."""
    parts: Parts | None = None
    """Of questions with several labels or spans: each label is counted by itself. A share is then of the answers, those with
    the label, `ratings` are the times it was given, and nothing can tie."""

    @property
    def voted(self) -> bool:
        """Whether an item has the one label that most gave, so that it may tie."""
        return not self.suggested and self.parts is None


def label_distribution(ctx: Context, actor: Actor, project_id: int) -> list[QuestionLabels]:
    """First submissions and imported ratings by majority, suggestions by model; of questions with labels to choose."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        ratings = ratings_of(ctx, session, project)
        total = None
        suggested: list[tuple[str, str, Any, int]] = []
        latest = projects.latest_schema(session, project_id)
        if latest is not None and project.kind == "work":
            total = items.count_items(session, project_id)[0]
            suggested = suggestion_frames.suggested_labels(session, project_id)
        questions = {q.id: q for q in schema_of(latest).questions if q.type in _COUNTED} if latest else {}
        texts = {q.id for q in schema_of(latest).questions if q.type == "text"} if latest else set()
        several = ctx.figures.of(
            ("labels of parts", project_id),
            ratings.version,
            lambda: _several(part_answers(ctx, session, project)),
        )
    rated = ctx.figures.of(("labels", project_id), ratings.version, lambda: _rated(ratings, texts, several))
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
    found += [
        replace(one, without=None if total is None else max(total - one.labels.n_items, 0))
        for one in several.values()
    ]
    found += _suggested([row for row in suggested if row[0] in questions], questions, total)
    named = [one.question for one in found]
    places = {question: place for place, question in enumerate(dict.fromkeys([*questions, *named]))}
    return sorted(found, key=lambda row: places[row.question])


def _rated(
    ratings: AllRatings, texts: Collection[str], apart: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Distribution]:
    """Of one label or number an answer: free text has no labels, and answers of several parts are counted apart."""
    return {
        key: spread_of_labels(coded)
        for key, coded in ratings.groups.items()
        if key[0] not in texts and key not in apart
    }


def _several(answers: Sequence[PartAnswers]) -> Mapping[tuple[str, str], QuestionLabels]:
    """By question and kind of rater; answers given here and imported ones together."""
    found: dict[tuple[str, str], QuestionLabels] = {}
    for key in dict.fromkeys((one.question, one.rater_kind) for one in answers):
        same = [one for one in answers if (one.question, one.rater_kind) == key]
        first, rows = same[0], pd.concat([one.frame for one in same])
        found[key] = QuestionLabels(
            question=first.question,
            title=first.title,
            source=_KINDS.get(first.rater_kind, first.rater_kind),
            suggested=False,
            labels=_each(
                ((value, 1) for value in rows["value"]),
                first.declared or (),
                rows["item"].nunique(),
                rows["rater"].nunique(),
            ),
            without=None,
            parts=first.parts,
        )
    return found


def _each(
    answers: Iterable[tuple[Sequence[Any], int]], declared: Sequence[str], items: int | None, raters: int
) -> Distribution:
    """Of (parts of an answer, how often it was given): each label by itself, in declared order, others by name."""
    with_label: Counter[str] = Counter()
    given: Counter[str] = Counter()
    n = 0
    for parts, times in answers:
        labels = [part["label"] if isinstance(part, dict) else str(part) for part in parts]
        for label in labels:
            given[label] += times
        for label in set(labels):
            with_label[label] += times
        n += times
    order = [*(label for label in declared if label in given), *sorted(set(given) - set(declared))]
    return Distribution(
        labels=[LabelCount(label, Share.of(with_label[label], n), given[label]) for label in order],
        ties=Share.of(0, 0),
        n_items=n if items is None else items,
        n_ratings=n,
        n_raters=raters,
    )


def _suggested(
    rows: Sequence[tuple[str, str, Any, int]], questions: Mapping[str, Question], total: int | None
) -> list[QuestionLabels]:
    by_model: dict[tuple[str, str], list[tuple[Any, int]]] = {}
    for name, model, value, count in rows:
        by_model.setdefault((name, model), []).append((value, count))
    found = []
    for (name, model), values in by_model.items():
        question = questions[name]
        parts = parts_of_question(question)
        if parts is None:
            spread = _each((([value], count) for value, count in values), (), None, 1)
        else:
            spread = _each(((value or [], count) for value, count in values), _declared(question), None, 1)
        without = None if total is None else max(total - spread.n_items, 0)
        found.append(QuestionLabels(name, question.title, model, True, spread, without, parts))
    return found


def _declared(question: Question) -> tuple[str, ...]:
    return tuple(option.value for option in getattr(question, "options", ()))
