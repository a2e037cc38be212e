"""Everything known about one item, joined: prediction, chat, answer, verdict, review, adjudication, label, time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import NotFound
from app.schema import LabelSchema
from app.services import arms, policy
from app.services.adjudication_case import letter
from app.services.context import Actor, Context
from app.services.final_labels import FinalLabel, final_labels
from app.services.judging import with_rubric_words
from app.services.projects import schema_of
from db.engine import Session, reading
from db.records import AnnotationRecord, AnswerRecord, ItemRecord, SuggestionRecord, TurnRecord, VisitRecord
from db.review_records import AdjudicationRecord, AppealRecord, ReviewRecord
from db.store import (
    adjudications,
    annotations,
    appeals,
    chat,
    items,
    people,
    projects,
    ratings,
    reviews,
    verdicts,
    visits,
)

__all__ = ["ItemHistory", "PersonOnItem", "find_items", "item_history", "items_by_id"]


@dataclass(frozen=True, slots=True)
class PersonOnItem:
    """One person's part in an item's history."""

    name: str
    """Login, or a letter where names are hidden; letters follow an order drawn by lot for the item."""
    simulated: bool
    annotations: list[tuple[AnnotationRecord, list[AnswerRecord]]]
    """Every revision with its answers, oldest first."""
    turns: list[TurnRecord]
    visits: list[VisitRecord]

    @property
    def handling_seconds(self) -> float | None:
        """Reading, working and chatting until the submit; None where no clock ran."""
        return self._seconds("annotate")

    @property
    def rework_seconds(self) -> float | None:
        """The same after the submit: no handling time. None without a visit then."""
        return self._seconds("rework")

    def _seconds(self, stage: str) -> float | None:
        known = [v.reading + v.working + v.chatting for v in self.visits if v.stage == stage]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class ItemHistory:
    item: ItemRecord
    gold: Mapping[str, Any]
    suggestions: Mapping[str, SuggestionRecord]
    people: list[PersonOnItem]
    verdicts: Mapping[int, list[dict[str, Any]]]
    """Answer id -> verdicts, oldest first."""
    ratings: list[dict[str, Any]]
    reviews: Mapping[int, list[tuple[ReviewRecord, str]]]
    """Annotation id -> its reviews with the reviewer's login, oldest first."""
    appeals: Mapping[int, AppealRecord]
    """Review id -> its author's word against it."""
    decisions: list[tuple[AdjudicationRecord, str]]
    """Adjudications with the author's login, oldest first."""
    labels: list[FinalLabel]
    """The final label of each question; empty for annotators."""
    schema: LabelSchema | None
    """In force; None in a project of imported ratings. Older answers may be to questions that it lacks."""
    names_hidden: bool


def find_items(
    ctx: Context, actor: Actor, project_id: int, *, contains: str, offset: int, limit: int
) -> tuple[list[ItemRecord], int]:
    """A page of items. Who may not read everybody's answers finds only what they hold or have answered."""
    with reading(ctx.engine) as session:
        own = _own_only(session, actor, project_id)
        return items.find_items(
            session, project_id, answered_by=own, contains=contains, offset=offset, limit=limit
        )


def items_by_id(ctx: Context, actor: Actor, project_id: int, item_ids: list[int]) -> list[ItemRecord]:
    """These items of the project, in this order, for those who may read all of them."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "read_all")
        found = items.items_by_ids(session, item_ids)
    return [
        found[item_id] for item_id in item_ids if item_id in found and found[item_id].project_id == project_id
    ]


def _own_only(session: Session, actor: Actor, project_id: int) -> int | None:
    if policy.may(session, actor, project_id, "read_all"):
        policy.require(session, actor, project_id, "read_all")
        return None
    policy.require(session, actor, project_id, "annotate")
    return actor.user_id


def item_history(
    ctx: Context, actor: Actor, project_id: int, item_id: int, *, names: bool = False
) -> ItemHistory:
    """The item with everybody's part in it; annotators get their own part only, and no gold. `names` asks to see who
    answered where the project hides names; reviewers and adjudicators are named always.

    Raises NotFound for an item of another project, or one that the annotator has no part in.
    """
    with reading(ctx.engine) as session:
        own = _own_only(session, actor, project_id)
        project = projects.project_by_id(session, project_id)
        item = items.item_by_id(session, item_id)
        if project is None or item is None or item.project_id != project_id:
            raise NotFound(f"no item {item_id} in this project")
        all_annotations = annotations.annotations_of_items(session, [item_id])
        all_visits = visits.visits_of_item(session, item_id)
        involved = {record.user_id for record in all_annotations} | {visit.user_id for visit in all_visits}
        if own is not None:
            involved &= {own}
            if not involved:
                raise NotFound(f"no item {item_id} among yours")
        answers = annotations.answers_of(session, [record.id for record in all_annotations])
        hidden = own is None and arms.workplace_of(project).hide_names and not names
        order = sorted(involved)
        if hidden:
            order.sort(key=lambda user_id: arms.chance(project, "history", item_id, user_id))
        parts = []
        for number, user_id in enumerate(order):
            user = people.user_by_id(session, user_id)
            conversation = chat.conversation_of(session, item_id, user_id)
            parts.append(
                PersonOnItem(
                    name=letter(number) if hidden else user.login if user else "?",
                    simulated=bool(user and user.simulated),
                    annotations=[(a, answers[a.id]) for a in all_annotations if a.user_id == user_id],
                    turns=chat.turns_of(session, conversation) if conversation else [],
                    visits=[visit for visit in all_visits if visit.user_id == user_id],
                )
            )
        shown = [answer.id for part in parts for _, found in part.annotations for answer in found]
        found = verdicts.verdicts_of_answers(session, shown)
        logins = {user.id: user.login for user in people.list_users(session)}
        reviewed = reviews.reviews_of(session, [a.id for part in parts for a, _ in part.annotations])
        contested = appeals.appeals_of(session, [one.id for rows in reviewed.values() for one, _ in rows])
        return ItemHistory(
            item=item,
            gold=items.gold_of(session, item_id) if own is None else {},
            suggestions=items.latest_suggestions(session, item_id) if own is None else {},
            people=parts,
            verdicts={
                answer_id: [with_rubric_words(row) for row in rows] for answer_id, rows in found.items()
            },
            ratings=_ratings(session, project_id, item.external_id, hidden=hidden) if own is None else [],
            reviews=reviewed,
            appeals=contested,
            decisions=[
                (row, logins.get(row.author_id, "?"))
                for row in adjudications.adjudications_of_items(session, [item_id])
            ],
            labels=list(final_labels(session, project, [item_id]).values()) if own is None else [],
            schema=schema_of(version) if (version := projects.latest_schema(session, project_id)) else None,
            names_hidden=hidden,
        )


def _ratings(session: Session, project_id: int, external_id: str, *, hidden: bool) -> list[dict[str, Any]]:
    """Imported ratings of the item; people among the raters are numbered where names are hidden."""
    rows = ratings.ratings_of_item(session, project_id, external_id)
    if not hidden:
        return rows
    people_ = dict.fromkeys(row["rater"] for row in rows if row["rater_kind"] == "human")
    numbers = {name: f"person {number}" for number, name in enumerate(people_, 1)}
    return [row | {"rater": numbers.get(row["rater"], row["rater"])} for row in rows]
