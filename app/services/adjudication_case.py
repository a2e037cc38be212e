"""One case of adjudication: an item with everybody's answer to one question, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.analytics.answer_distance import answer_key, mean_apart
from app.errors import Invalid, NotFound
from app.schema import Question, TextQuestion
from app.services import arms, policy
from app.services.adjudication import first_values, schema_in_force
from app.services.context import Actor, Context
from app.services.final_labels import FinalLabel, final_labels
from app.services.judging import with_rubric_words
from app.services.review import OUTCOME_WORDS
from app.services.standing import Part, parts_of
from db.engine import Session, reading
from db.records import AnswerRecord, ItemRecord
from db.review_records import AdjudicationRecord, ReviewedRow
from db.store import adjudications, annotations, chat, items, people, verdicts, visits

__all__ = ["AdjudicationCase", "GivenAnswer", "adjudication_case", "case_of", "letter"]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What one person answered first, and how they came to it."""

    answer_id: int
    name: str
    """Login, or a letter where names are hidden; letters follow an order drawn by lot for the case."""
    mine: bool
    """Whether the person who asks gave it."""
    value: Any
    newest: list[Any] | None
    """The value that counts now, in a one-element list, where a revision or a review changed it; [None] where the
    answer does not count any more."""
    texts: Mapping[str, str]
    """Question -> what the person wrote on the item's other free-text questions: the reasons, as a rule."""
    seconds: float | None
    """Handling time; None where none was recorded."""
    turns: int
    """Messages of the person's chat with the assistant on this item, both sides."""
    suggestion: list[Any] | None
    """The suggestion that was on screen, in a one-element list."""
    verdicts: list[dict[str, Any]]
    """On this answer, oldest first."""
    review: str
    """What became of it in review: the outcome in words and the reviewer's comments on the item and on this question; empty
    without a review."""


@dataclass(frozen=True, slots=True)
class AdjudicationCase:
    item: ItemRecord
    question: Question
    apart: float
    answers: list[GivenAnswer]
    models: Mapping[str, Any]
    """Name of an agent or model -> what it suggests, the newest of each; no answer and no vote."""
    own: bool
    """Whether the person who asks answered the item too."""
    names_hidden: bool
    label: FinalLabel | None
    """The final label as it stands."""
    decisions: list[tuple[AdjudicationRecord, str]]
    """With the login of each author, oldest first; the last one stands."""


def adjudication_case(
    ctx: Context, actor: Actor, project_id: int, item_id: int, question: str, *, names: bool = False
) -> AdjudicationCase:
    """The case with first answers side by side; `names` asks to see who gave them where the project hides names.

    Raises NotFound for an item of another project, Invalid for what is no question of it.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        item = items.item_by_id(session, item_id)
        if item is None or item.project_id != project_id:
            raise NotFound(f"no item {item_id} in this project")
        schema = schema_in_force(session, project)
        asked = next((known for known in schema.questions if known.id == question), None)
        if asked is None:
            raise Invalid(f"{question}: is no question of this project")
        hidden = arms.workplace_of(project).hide_names and not names
        parts = sorted(
            parts_of(session, project_id, [item_id]).get(item_id, []),
            key=lambda part: arms.chance(project, "adjudicate", item_id, part.user_id),
        )
        found = _Found.of(session, item_id, parts)
        written = [known.id for known in schema.questions if isinstance(known, TextQuestion)]
        logins = {user.id: user.login for user in people.list_users(session)}
        answering = [part for part in parts if part.first is not None and question in part.first.values]
        return AdjudicationCase(
            item=item,
            question=asked,
            apart=mean_apart(asked, first_values(parts, question)),
            answers=[
                found.answer(
                    part,
                    question,
                    name=letter(number) if hidden else logins[part.user_id],
                    mine=part.user_id == actor.user_id,
                    written=written,
                )
                for number, part in enumerate(answering)
            ],
            models=items.newest_by_agent(session, item_id, question),
            own=any(part.user_id == actor.user_id and part.answered for part in parts),
            names_hidden=hidden,
            label=final_labels(session, project, [item_id]).get((item_id, question)),
            decisions=[
                (row, logins.get(row.author_id, "?"))
                for row in adjudications.adjudications_of_items(session, [item_id])
                if row.question == question
            ],
        )


def case_of(ctx: Context, actor: Actor, project_id: int, external_id: str, question: str) -> AdjudicationCase:
    """The same of an item named by its external id, with everybody's name: for who came from a figure that names them."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "decide")
        item = items.item_by_external_id(session, project_id, external_id)
    if item is None:
        raise NotFound(
            f"no item {external_id!r} in this project; an older version of it is on the Items page"
        )
    return adjudication_case(ctx, actor, project_id, item.id, question, names=True)


def letter(number: int) -> str:
    """A, B … Z, A2, B2 …"""
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 26] + ("" if number < 26 else str(number // 26 + 1))


@dataclass(frozen=True, slots=True)
class _Found:
    """What is stored about the first answers to one item."""

    answers: Mapping[int, list[AnswerRecord]]
    """Annotation -> answers."""
    verdicts: Mapping[int, list[dict[str, Any]]]
    """Answer -> verdicts."""
    suggestions: Mapping[int, Any]
    """Suggestion -> value."""
    seconds: Mapping[int, float]
    """Person -> handling time."""
    turns: Mapping[int, int]
    """Person -> messages."""

    @classmethod
    def of(cls, session: Session, item_id: int, parts: list[Part]) -> "_Found":
        firsts = [part.first.annotation_id for part in parts if part.first is not None]
        answers = annotations.answers_of(session, firsts)
        flat = [answer for of_one in answers.values() for answer in of_one]
        shown = items.suggestions_by_ids(session, [a.suggestion_id for a in flat if a.suggestion_id])
        seconds: dict[int, float] = {}
        for visit in visits.visits_of_item(session, item_id):
            if visit.stage == "annotate":
                spent = visit.reading + visit.working + visit.chatting
                seconds[visit.user_id] = seconds.get(visit.user_id, 0.0) + spent
        turns = {}
        for part in parts:
            conversation = chat.conversation_of(session, item_id, part.user_id)
            turns[part.user_id] = len(chat.turns_of(session, conversation)) if conversation else 0
        return cls(
            answers=answers,
            verdicts=verdicts.verdicts_of_answers(session, [answer.id for answer in flat]),
            suggestions={id_: suggestion.value[0] for id_, suggestion in shown.items()},
            seconds=seconds,
            turns=turns,
        )

    def answer(self, part: Part, question: str, *, name: str, mine: bool, written: list[str]) -> GivenAnswer:
        assert part.first is not None, "only first submissions are compared"
        given = next(a for a in self.answers[part.first.annotation_id] if a.question == question)
        value, now = given.value[0], part.counted_values.get(question)
        review = part.review
        return GivenAnswer(
            answer_id=given.id,
            name=name,
            mine=mine,
            value=value,
            newest=None if answer_key(now) == answer_key(value) else [now],
            texts={
                id_: str(part.first.values[id_])
                for id_ in written
                if id_ != question and id_ in part.first.values
            },
            seconds=self.seconds.get(part.user_id),
            turns=self.turns[part.user_id],
            suggestion=[self.suggestions[given.suggestion_id]] if given.suggestion_id else None,
            verdicts=[with_rubric_words(dict(row)) for row in self.verdicts[given.id]],
            review="" if review is None else _reviewed(review, question),
        )


def _reviewed(review: ReviewedRow, question: str) -> str:
    said = "; ".join(filter(None, [review.comment, review.question_comments.get(question)]))
    words = OUTCOME_WORDS[review.outcome]
    return f"{words}: {said}" if said else words
