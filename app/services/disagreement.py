"""From a coefficient to the answers behind it: the items on which raters differ, and the labels they confuse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.analytics.coding import Coded, of_raters
from app.analytics.split_items import confusions, distances, entropies, most_split
from app.services import policy
from app.services.all_ratings import ratings_of
from app.services.context import Actor, Context
from app.services.criterion_ratings import CriterionQuestion, CriterionRatings, criterion_ratings
from app.services.submissions import plain_text
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import annotations, items

__all__ = [
    "Confusion",
    "Disagreement",
    "Disputed",
    "disagreement",
    "disputes_in",
    "may_read_answers",
    "texts_of",
    "with_words",
    "wordless",
]

_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Disputed:
    """One item, or one answer on a criterion, that raters rated differently."""

    item: str
    """External id; of an answer that of its item with the answer's number."""
    about: str
    """External id of the item."""
    values: list[tuple[str, Any]]
    """(rater, value) of everybody who rated it; a level on a criterion with its words."""
    entropy: float
    """Of the values, in bits: 0 when all are equal, highest when they are most evenly split."""
    apart: float | None
    """How far every two ratings lie apart (root mean square), in steps of the scale; None where they are no numbers."""
    text: str
    """The words of the item, or the answer on a criterion; empty where only ratings are known."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often two values stand against each other on one item."""

    one: str
    other: str
    pairs: int
    """Pairs of ratings of one item."""
    items: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    disputed: list[Disputed]
    """Furthest apart first where values are numbers, else most evenly split."""
    n_disputed: int
    n_items: int
    """Items with two ratings or more."""
    confusions: list[Confusion]


def may_read_answers(ctx: Context, actor: Actor, project_id: int) -> bool:
    """Whether the actor may see who answered what, beside the figures."""
    with reading(ctx.engine) as session:
        return policy.may(session, actor, project_id, "read_all")


def disagreement(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    question: str,
    rater_kind: str,
    pair: tuple[str, str] | None = None,
    limit: int = 25,
) -> Disagreement:
    """Where raters of one kind differ on a question or a criterion, worst first; with `pair`, where these two do.

    For those who may read everybody's answers: a manager sees the figures, not the answers.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        scored = criterion_ratings(ctx, session, project)
        found = wordless(ctx, session, project, question, rater_kind, pair, limit)
        return with_words(session, project_id, found, scored if question in scored.questions else None)


def with_words(
    session: Session, project_id: int, found: Disagreement, scored: CriterionRatings | None
) -> Disagreement:
    """With the words of the items, or of the answers where these are `scored` on a criterion."""
    names = [one.item for one in found.disputed]
    if scored is None:
        texts = {name: (name, text) for name, text in texts_of(session, project_id, names).items()}
    else:
        texts = _answers(session, scored, names)
    shown = []
    for one in found.disputed:
        about, text = texts.get(one.item, (one.item, ""))
        shown.append(replace(one, about=about, text=text))
    return replace(found, disputed=shown)


def wordless(
    ctx: Context,
    session: Session,
    project: ProjectRecord,
    question: str,
    rater_kind: str,
    pair: tuple[str, str] | None = None,
    limit: int = 25,
) -> Disagreement:
    """All but the words of the items, and `about`, which are empty. For callers that have asked the policy."""
    scored, ratings = criterion_ratings(ctx, session, project), ratings_of(ctx, session, project)
    criterion = scored.questions.get(question)
    groups, version = (scored.groups, scored.version) if criterion else (ratings.groups, ratings.version)
    return ctx.figures.of(
        ("disagreement", project.id, question, rater_kind, pair, limit),
        version,
        lambda: disputes_in(groups.get((question, rater_kind)), pair, limit, criterion),
    )


def disputes_in(
    ratings: Coded | None, pair: tuple[str, str] | None, limit: int, criterion: CriterionQuestion | None
) -> Disagreement:
    """All but the words of the items. Where two differ equally, items come first that all raters are split about."""
    if ratings is None:
        return Disagreement([], 0, 0, [])
    word_of: Callable[[Any], Any] = criterion.word_of if criterion else lambda value: value
    then = None
    if pair is not None:
        everybody, bits_of_all = ratings.items, entropies(ratings)
        ratings = of_raters(ratings, pair)
        then = bits_of_all[everybody.get_indexer(ratings.items)]
    bits, far = entropies(ratings), distances(ratings)
    shown = most_split(bits if far is None else far, ratings.items, limit, then=then)
    given: dict[int, list[tuple[str, Any]]] = {place: [] for place in shown}
    for row in np.flatnonzero(np.isin(ratings.item, shown)):
        value = word_of(ratings.written[ratings.value[row]])
        given[int(ratings.item[row])].append((str(ratings.raters[ratings.rater[row]]), value))
    return Disagreement(
        disputed=[
            Disputed(
                item=str(ratings.items[place]),
                about="",
                values=given[place],
                entropy=float(bits[place]),
                apart=None if far is None else float(far[place]),
                text="",
            )
            for place in shown
        ],
        n_disputed=int((bits > 0).sum()),
        n_items=int((np.bincount(ratings.item) >= 2).sum()),
        confusions=[
            Confusion(
                str(word_of(row["one"])), str(word_of(row["other"])), int(row["pairs"]), int(row["items"])
            )
            for row in confusions(ratings).to_dict("records")
        ],
    )


def texts_of(session: Session, project_id: int, external_ids: Sequence[str]) -> dict[str, str]:
    """Item -> its first 2,000 characters; items that are not there, of which only ratings are known, are missing."""
    known = items.current_versions(session, project_id, external_ids)
    names = {item_id: external_id for external_id, (item_id, *_) in known.items()}
    contents = items.contents_of(session, list(names))
    return {names[item_id]: plain_text(content)[:_LONGEST] for item_id, content in contents}


def _answers(session: Session, scored: CriterionRatings, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Answer -> (external id of its item, its first 2,000 characters)."""
    found = {}
    for name in names:
        answer = annotations.answer_by_id(session, scored.answers[name])
        annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
        item = items.item_by_id(session, annotation.item_id) if annotation else None
        if answer is not None and item is not None:
            found[name] = item.external_id, str(answer.value[0])[:_LONGEST]
    return found
