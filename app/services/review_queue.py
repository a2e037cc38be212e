"""What waits for a reviewer, and in which order. The rules are applied to all answers once, then to what changed.

Whatever the rules say, nobody is given their own answer, nor one that they have reviewed themselves unless its
rejection is contested and nobody else can decide. Nothing of an item waits that is through by adjudication.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.schema import LabelSchema
from app.schema.workplace import ReviewRules
from app.services import arms, policy
from app.services.adjudication import decided_items, schema_in_force
from app.services.appeals import deciders, waiting_appeals
from app.services.context import Actor, Context
from app.services.final_labels import decided_questions, standing_decisions
from app.services.review_case import ReviewCase, case_of
from app.services.review_rules import doubts_of, quiet_reasons, reasons, second_look
from app.services.standing import parts_of
from app.services.subsets import items_for
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import annotations, board, items, leases, reviews

__all__ = ["ReviewQueue", "review_queue", "waiting_reviews", "why_not_waiting"]

_APPEAL = "its author disagrees with the rejection"
_ALONE = "nobody else can decide"
_GIVEN = "you were given it"
_SECOND = "a second look, drawn by lot"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An answer that waits."""

    annotation_id: int
    item_id: int
    user_id: int
    why: tuple[str, ...]
    revised: bool = False
    reviewers: frozenset[int] = frozenset()
    """Who has reviewed it; empty for what is looked at for the first time."""

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Smallest first: contested rejections, what one was given, rework, then what most speaks for."""
        return self.why[0] != _APPEAL, _GIVEN not in self.why, not self.revised, -len(self.why)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What the rules want looked at, by item, and how far the tables went when it was made."""

    marks: board.Marks
    by_item: Mapping[int, tuple[_Entry, ...]]


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    waiting: int
    """Answers that wait for this reviewer."""
    put_off: int
    """How many of them the reviewer has skipped."""
    cases: list[ReviewCase]
    """The first of them."""


def review_queue(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    rules: ReviewRules | None = None,
    skipped: Sequence[int] = (),
    opened: int | None = None,
    item: int | None = None,
    include_own: bool = False,
    limit: int = 1,
) -> ReviewQueue:
    """Answers to look at by the project's rules or by these: rejections that their authors contest, what one was given,
    what was revised after a review, then what most reasons speak for. Inside such a class every reviewer has an
    order of their own, drawn by lot, so that two rarely look at the same answer.

    `skipped` are annotations that the reviewer has put off, which come last; the `opened` one, which they have before
    them, stays first while it waits, whatever else arrives; answers to `item` come before that. Items that the reviewer has answered are
    left out, unless `include_own` says that they are wanted; their own answers always are.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        schema = schema_in_force(session, project)
        chosen = rules or arms.workplace_of(project).review
        found = _entries_for(ctx, session, actor, project, schema, chosen, include_own=include_own)
        cases = []
        for entry in _first(project, actor, found, skipped, opened, item, limit):
            annotation = annotations.annotation_by_id(session, entry.annotation_id)
            assert annotation is not None, "annotations are only ever added"
            blind = bool(entry.reviewers) and entry.why[0] != _APPEAL
            cases.append(case_of(ctx, session, actor, project, annotation, why=list(entry.why), blind=blind))
        put_off = sum(entry.annotation_id in skipped for entry in found)
        return ReviewQueue(len(found), put_off, cases)


def why_not_waiting(ctx: Context, actor: Actor, project_id: int, item_id: int) -> str:
    """Why no answer to an item that a link asks for is before the reviewer, as a sentence."""
    queue = review_queue(ctx, actor, project_id, item=item_id, include_own=True)
    if queue.cases and queue.cases[0].item.id == item_id and queue.cases[0].own:
        name = queue.cases[0].item.external_id
        return f"You answered {name} yourself. Turn on “Also items that I answered myself” to review it."
    return "No answer to that item waits for you; what was decided stands under “Reviewed”."


def waiting_reviews(ctx: Context, session: Session, project: ProjectRecord) -> list[list[str]]:
    """Why each answer waits that somebody is to look at, whoever wrote it; for callers that have asked the policy."""
    schema, rules = schema_in_force(session, project), arms.workplace_of(project).review
    by_item = _waiting(ctx, session, project, schema, rules).by_item
    why = {entry.annotation_id: list(entry.why) for of_item in by_item.values() for entry in of_item}
    why |= {annotation_id: [_APPEAL] for annotation_id, *_ in waiting_appeals(session, project.id, schema)}
    return list(why.values())


def _first(
    project: ProjectRecord,
    actor: Actor,
    found: Sequence[_Entry],
    skipped: Sequence[int],
    opened: int | None,
    item: int | None,
    limit: int,
) -> list[_Entry]:
    """The first entries in this reviewer's order; both answers to an item come one after the other."""
    put_off = {annotation_id: place for place, annotation_id in enumerate(skipped, 1)}
    if opened is not None:
        put_off[opened] = -1

    def rank(entry: _Entry) -> tuple[int, tuple[bool, bool, bool, int]]:
        return -2 if entry.item_id == item else put_off.get(entry.annotation_id, 0), entry.rank

    def lot(entry: _Entry) -> tuple[float, float]:
        item = arms.chance(project, "review order", actor.user_id, entry.item_id)
        return item, arms.chance(project, "review order", actor.user_id, "answer", entry.annotation_id)

    by_rank: dict[tuple[int, tuple[bool, bool, bool, int]], list[_Entry]] = {}
    for entry in found:
        by_rank.setdefault(rank(entry), []).append(entry)
    ordered: list[_Entry] = []
    for _, group in sorted(by_rank.items(), key=lambda pair: pair[0]):
        if len(ordered) >= limit:
            break
        ordered += sorted(group, key=lot)
    return ordered[:limit]


def _entries_for(
    ctx: Context,
    session: Session,
    actor: Actor,
    project: ProjectRecord,
    schema: LabelSchema,
    rules: ReviewRules,
    *,
    include_own: bool,
) -> list[_Entry]:
    """All that waits for one reviewer, in no order."""
    user_id = actor.user_id or 0
    by_item = _waiting(ctx, session, project, schema, rules).by_item
    found = {entry.annotation_id: entry for of_item in by_item.values() for entry in of_item}
    given = sorted(frozenset().union(*items_for(session, project.id, user_id, "review")))
    through = decided_items(schema, standing_decisions(session, project.id, given))
    for annotation in reviews.waiting(session, project.id, among=given):
        if annotation.item_id in through:
            continue
        known = found.get(annotation.id)
        found[annotation.id] = (
            replace(known, why=(_GIVEN, *known.why))
            if known
            else _Entry(annotation.id, annotation.item_id, annotation.user_id, (_GIVEN,))
        )
    contested = waiting_appeals(session, project.id, schema)
    able = deciders(session, project.id) if contested else set()
    reviewed = {
        one.annotation_id: one.reviewers
        for one in reviews.reviewed_answers(session, project.id, [item_id for _, item_id, _ in contested])
    }
    for annotation_id, item_id, author_id in contested:
        had = reviewed.get(annotation_id)
        if had is None:
            continue  # Its author answered anew between the two reads.
        found[annotation_id] = (
            _Entry(annotation_id, item_id, author_id, (_APPEAL,), reviewers=had)
            if able - had - {author_id}
            else _Entry(annotation_id, item_id, author_id, (_APPEAL, _ALONE))
        )
    own = set() if include_own else leases.answered_items(session, project.id, user_id)
    return [
        entry
        for entry in found.values()
        if entry.user_id != user_id and user_id not in entry.reviewers and entry.item_id not in own
    ]


def _waiting(
    ctx: Context, session: Session, project: ProjectRecord, schema: LabelSchema, rules: ReviewRules
) -> _Waiting:
    """What waits for anybody; a change of schema, rules or the number of items looks at all answers again."""
    version = (schema.model_dump_json(), rules, project.created_at, items.next_position(session, project.id))

    def renew(before: _Waiting | None) -> _Waiting:
        marks = board.marks_of(session, project.id)
        changed = board.changed_items(session, project.id, before.marks, marks) if before else None
        if before is None or changed is None:
            return _Waiting(marks, _all(session, project, schema, rules))
        kept = {item_id: of_item for item_id, of_item in before.by_item.items() if item_id not in changed}
        return _Waiting(marks, kept | _look(session, project, schema, rules, sorted(changed)))

    return ctx.figures.renewed(("waiting for review", project.id), version, renew)


def _all(
    session: Session, project: ProjectRecord, schema: LabelSchema, rules: ReviewRules
) -> dict[int, tuple[_Entry, ...]]:
    quiet = board.quiet_annotations(session, project.id, ())
    loud = reviews.unreviewed_items(session, project.id) - {item_id for item_id, *_ in quiet}
    found = _look_first(session, project, schema, rules, sorted(loud))
    why = quiet_reasons(project, rules, quiet)
    authors = annotations.authors_of(session, list(why))
    for item_id, annotation_id, _ in quiet:
        if annotation_id in why:
            entry = _Entry(annotation_id, item_id, authors[annotation_id], tuple(why[annotation_id]))
            found.setdefault(item_id, []).append(entry)
    _look_again(session, project, rules, None, found)
    return {item_id: tuple(entries) for item_id, entries in found.items()}


def _look(
    session: Session,
    project: ProjectRecord,
    schema: LabelSchema,
    rules: ReviewRules,
    item_ids: Sequence[int],
) -> dict[int, tuple[_Entry, ...]]:
    if not item_ids:
        return {}
    found = _look_first(session, project, schema, rules, item_ids)
    _look_again(session, project, rules, item_ids, found)
    return {item_id: tuple(entries) for item_id, entries in found.items()}


def _look_first(
    session: Session, project: ProjectRecord, schema: LabelSchema, rules: ReviewRules, item_ids: Sequence[int]
) -> dict[int, list[_Entry]]:
    """The unreviewed answers to these items that the rules want; none to an item that is through by adjudication."""
    wanted = {annotation.id for annotation in reviews.waiting(session, project.id, among=item_ids)}
    parts = parts_of(session, project.id, item_ids)
    doubts = doubts_of(session, sorted(wanted))
    decisions = standing_decisions(session, project.id, item_ids)
    decided, through = decided_questions(decisions), decided_items(schema, decisions)
    found: dict[int, list[_Entry]] = {}
    for item_id, of_item in parts.items():
        if item_id in through:
            continue
        for part in of_item:
            annotation_id = part.newest.annotation_id
            if annotation_id not in wanted:
                continue
            others = [one for one in of_item if one is not part]
            why = reasons(project, schema, rules, part, others, doubts, decided.get(item_id, ()))
            if why:
                entry = _Entry(annotation_id, item_id, part.user_id, tuple(why), revised=bool(part.reviews))
                found.setdefault(item_id, []).append(entry)
    return found


def _look_again(
    session: Session,
    project: ProjectRecord,
    rules: ReviewRules,
    item_ids: Sequence[int] | None,
    found: dict[int, list[_Entry]],
) -> None:
    """Add the answers that one person has reviewed and that a second one is to look at.

    An item that was adjudicated has had its second look.
    """
    if rules.second_look == 0:
        return
    decided = {item_id for item_id, _ in standing_decisions(session, project.id, item_ids)}
    for one in reviews.reviewed_answers(session, project.id, item_ids):
        if (
            len(one.reviewers) == 1
            and one.item_id not in decided
            and second_look(project, rules, one.annotation_id)
        ):
            entry = _Entry(one.annotation_id, one.item_id, one.user_id, (_SECOND,), reviewers=one.reviewers)
            found.setdefault(one.item_id, []).append(entry)
