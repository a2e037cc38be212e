"""Krippendorff's alpha of each question, criterion and kind of rater: what the Agreement page begins with.

It takes a part of the time of all coefficients, which `agreement_report` completes it to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from app.analytics.agreement import count_ratings
from app.analytics.coding import Coded, code_ratings
from app.analytics.coefficients import Alphas, alphas_of, fields_of
from app.schema import LabelSchema, Question, TextQuestion
from app.services import policy
from app.services.all_ratings import AllRatings, ratings_of
from app.services.context import Actor, Context
from app.services.criterion_ratings import CriterionRatings, criterion_ratings
from app.services.projects import schema_of
from app.services.several_parts import parts_of
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import projects

__all__ = [
    "AgreementAlphas",
    "QuestionAlphas",
    "Rated",
    "agreement_alphas",
    "alphas_of_criteria",
    "alphas_of_questions",
    "read_rated",
]


@dataclass(frozen=True, slots=True)
class QuestionAlphas(Alphas):
    question: str
    title: str
    rater_kind: str
    """Whose ratings: human, model or judge. Kinds are never mixed in one figure."""


@dataclass(frozen=True, slots=True)
class AgreementAlphas:
    target: float | None
    questions: Sequence[QuestionAlphas]
    """In the order of the schema."""
    criteria: Sequence[QuestionAlphas]
    """Criteria of rubrics as people score answers blind, and as versions of the judge do; an item is an answer."""


@dataclass(frozen=True, slots=True)
class Rated:
    """What a project's raters said."""

    project: ProjectRecord
    ratings: AllRatings
    schema: LabelSchema | None
    """The newest."""
    scored: CriterionRatings

    def group_of(self, question: str, rater_kind: str) -> Coded:
        """Empty where nothing that was said is on the scale."""
        found = self.ratings.groups.get((question, rater_kind))
        return found or code_ratings(pd.DataFrame({"item": [], "rater": [], "value": []}))

    def newest(self, question: str) -> Question | None:
        """As the newest schema asks it; None where it does not."""
        asked = self.schema.questions if self.schema else ()
        return next((one for one in asked if one.id == question), None)


def read_rated(ctx: Context, session: Session, actor: Actor, project_id: int) -> Rated:
    """Raises unless the actor may see the project's quality."""
    project = policy.require(session, actor, project_id, "see_quality")
    latest = projects.latest_schema(session, project_id)
    return Rated(
        project,
        ratings_of(ctx, session, project),
        schema_of(latest) if latest else None,
        criterion_ratings(ctx, session, project),
    )


def agreement_alphas(ctx: Context, actor: Actor, project_id: int) -> AgreementAlphas:
    """Alpha of first submissions and imported ratings, for each kind of rater by itself."""
    with reading(ctx.engine) as session:
        known = read_rated(ctx, session, actor, project_id)
    return AgreementAlphas(
        known.project.agreement_target, alphas_of_questions(ctx, known), alphas_of_criteria(ctx, known)
    )


def alphas_of_questions(ctx: Context, known: Rated) -> list[QuestionAlphas]:
    """A question of which nothing is on the scale is there all the same, undefined."""
    found = known.ratings

    def compute() -> list[QuestionAlphas]:
        keys = [*found.groups, *(key for key in found.off_scale if key not in found.groups)]
        return [
            _alphas(known.group_of(*key), *key, found.titles.get(key[0], key[0]))
            for key in keys
            if _comparable(known.group_of(*key), known.newest(key[0]))
        ]

    return ctx.figures.of(("alphas", known.project.id), found.version, compute)


def alphas_of_criteria(ctx: Context, known: Rated) -> list[QuestionAlphas]:
    """One version of the judge has nobody of its kind to agree with, and is left out."""
    scored = known.scored
    return ctx.figures.of(
        ("alphas of criteria", known.project.id),
        scored.version,
        lambda: [
            _alphas(group, name, kind, scored.questions[name].title)
            for (name, kind), group in scored.groups.items()
            if kind == "human" or len(group.raters) > 1
        ],
    )


def _comparable(group: Coded, question: Question | None) -> bool:
    """Sets of labels and spans have measures of their own (`parts_agreement`); free text has none."""
    return not isinstance(question, TextQuestion) and parts_of(group, question) is None


def _alphas(group: Coded, question: str, kind: str, title: str) -> QuestionAlphas:
    return QuestionAlphas(
        **fields_of(alphas_of(count_ratings(group))),
        question=question,
        title=title,
        rater_kind=kind,
    )
