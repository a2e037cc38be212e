"""The built-in classifier at work: what it learns from, and one call about many items."""

import asyncio
from collections.abc import Mapping
from typing import Any

from app.agents.classifier import LABEL, Classifier, NotEnoughExamples, Prediction, require_enough, train
from app.clock import utc_now
from app.errors import Invalid
from app.schema import ChoiceQuestion
from app.services.context import Context
from app.services.performing import Done, GiveUp
from app.services.projects import schema_of
from app.services.submissions import plain_text
from db.engine import Session, reading
from db.store import items, projects, teaching

__all__ = ["label_with_classifier", "ready_questions"]

_trained: dict[tuple[tuple[str, str], ...], Classifier] = {}
"""The classifier of the newest examples: a job's calls follow each other, and learning takes longer than they do."""


def ready_questions(ctx: Context, project_id: int) -> list[str]:
    """Ids of the choice questions with enough verified labels to learn from.

    Raises Invalid when there is none, naming what is missing; so a job that cannot succeed is refused at once.
    """
    with reading(ctx.engine) as session:
        examples = {
            question.id: _examples(session, project_id, question.id)
            for question in _choice_questions(session, project_id)
        }
    reasons, ready = [], []
    for question, known in examples.items():
        try:
            require_enough(known)
            ready.append(question)
        except NotEnoughExamples as error:
            reasons.append(f"{question}: {error}")
    if not ready:
        raise Invalid(reasons or "the built-in classifier serves choice questions; this schema has none")
    return ready


def _choice_questions(session: Session, project_id: int) -> list[ChoiceQuestion]:
    version = projects.latest_schema(session, project_id)
    if version is None:
        raise Invalid("this project holds ratings; there is nothing to pre-annotate")
    return [question for question in schema_of(version).questions if isinstance(question, ChoiceQuestion)]


def _examples(session: Session, project_id: int, question: str) -> list[tuple[str, str]]:
    return [
        (plain_text(content), str(value))
        for _, content, value in teaching.verified_texts(session, project_id, question)
    ]


async def label_with_classifier(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    try:
        rows = await asyncio.to_thread(_predict, ctx, call_id, spec)
    except NotEnoughExamples as error:
        return GiveUp(str(error))
    return Done(lambda session: items.add_suggestions(session, rows))


def _learned(examples: list[tuple[str, str]]) -> Classifier:
    key = tuple(examples)
    if key not in _trained:
        learned = train(examples)
        if len(_trained) >= 8:  # questions of a job or two
            _trained.clear()
        _trained[key] = learned
    return _trained[key]


def _predict(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with reading(ctx.engine) as session:
        texts = {}
        for item_id in spec["items"]:
            item = items.item_by_id(session, item_id)
            if item is not None:
                texts[item_id] = plain_text(item.content)
        examples = {
            question: _examples(session, spec["project_id"], question) for question in spec["questions"]
        }
    for question, known in examples.items():
        classifier = _learned(known)
        predictions = classifier.predict(list(texts.values()))
        rows += [
            _row(item_id, question, classifier, prediction, call_id)
            for item_id, prediction in zip(texts, predictions, strict=True)
        ]
    return rows


def _row(
    item_id: int, question: str, classifier: Classifier, prediction: Prediction, call_id: str
) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "question": question,
        "value": [prediction.value],
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities,
        "confidence_source": "cross_validated",
        "calibrated": classifier.calibrated,
        "rationale": prediction.rationale,
        "examples": [{"text": text, "label": label} for text, label in prediction.examples],
        "model": LABEL,
        "model_version": classifier.version,
        "details": {"examples": classifier.n_examples, "cross_validated_accuracy": classifier.accuracy},
        "builtin": True,
        "simulated": False,
        "call_id": call_id,
        "created_at": utc_now(),
    }
