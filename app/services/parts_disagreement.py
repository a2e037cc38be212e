"""From agreement on sets and spans to the answers behind it: the items furthest apart, with what everybody said."""

from dataclasses import dataclass, replace
from typing import Any

from app.analytics.parts_apart import ItemApart, sets_apart, spans_apart
from app.analytics.span_agreement import count_spans
from app.errors import NotFound
from app.services import policy
from app.services.context import Actor, Context
from app.services.disagreement import texts_of
from app.services.parts_agreement import part_version, spans_of
from app.services.several_parts import PartAnswers, part_answers
from db.engine import Session, reading
from db.records import ProjectRecord

__all__ = ["PartsDisagreement", "parts_disagreement", "wordless_parts"]


@dataclass(frozen=True, slots=True)
class ApartItem:
    item: str
    apart: float
    """Mean distance of every two answers, in [0, 1]: MASI for sets, 1 - exact F1 for spans."""
    values: list[tuple[str, str]]
    """(rater, answer in words) of everybody; `nothing` for an empty one."""
    text: str
    """The words of the item; empty where only ratings are known."""


@dataclass(frozen=True, slots=True)
class PartsDisagreement:
    shown: list[ApartItem]
    """Furthest apart first."""
    n_apart: int
    n_items: int
    """Items with two answers or more."""


def parts_disagreement(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    question: str,
    rater_kind: str,
    pair: tuple[str, str] | None = None,
    limit: int = 25,
) -> PartsDisagreement:
    """Where answers of several parts differ, worst first; with `pair`, where these two do.

    For those who may read everybody's answers. Raises NotFound for a question without such answers.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        found = wordless_parts(ctx, session, project, question, rater_kind, pair, limit)
        texts = texts_of(session, project_id, [one.item for one in found.shown])
    return replace(found, shown=[replace(one, text=texts.get(one.item, "")) for one in found.shown])


def wordless_parts(
    ctx: Context,
    session: Session,
    project: ProjectRecord,
    question: str,
    rater_kind: str,
    pair: tuple[str, str] | None = None,
    limit: int = 25,
) -> PartsDisagreement:
    """All but the words of the items, which are empty. For callers that have asked the policy."""

    def figures() -> PartsDisagreement:
        for found in part_answers(ctx, session, project):
            if (found.question, found.rater_kind) == (question, rater_kind):
                return _worst(found, pair, limit)
        raise NotFound(f"question {question!r} has no answers of several parts by {rater_kind} raters")

    key = ("parts_apart", project.id, question, rater_kind, pair, limit)
    return ctx.figures.of(key, part_version(session, project.id), figures)


def _worst(found: PartAnswers, pair: tuple[str, str] | None, limit: int) -> PartsDisagreement:
    frame = found.frame
    if pair is not None:
        frame = frame[frame["rater"].isin(pair)]
    apart: list[ItemApart]
    if found.parts == "sets":
        apart = sets_apart(frame, "masi")
    else:
        apart = spans_apart(count_spans(*spans_of(replace(found, frame=frame))))
    several = frame["item"].value_counts() >= 2
    shown = []
    for one in apart[:limit]:
        rows = frame[frame["item"] == one.item]
        values = [
            (str(rater), _words(value)) for rater, value in zip(rows["rater"], rows["value"], strict=True)
        ]
        shown.append(ApartItem(one.item, one.apart, values, ""))
    return PartsDisagreement(shown, len(apart), int(several.sum()))


def _words(value: Any) -> str:
    parts = [
        part if isinstance(part, str) else f"{part['label']} {part['start']}–{part['end']}" for part in value
    ]
    return ", ".join(parts) or "nothing"
