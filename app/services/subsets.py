"""Subsets: items found by a query, saved and frozen, and given to people to annotate, verify or review."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

import regex

from app.agents.similarity import nearest
from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.formats.query import REVEALING, And, Node, Not, Or, Term, fields_of, parse_query
from app.services import policy
from app.services.agents import BUILT_IN, DEFAULT
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.submissions import plain_text
from db.engine import Session, reading, transaction
from db.records import SubsetRecord
from db.store import items, people, projects, subsets, suggestion_verdicts
from db.store.suggestion_verdicts import SuggestionVerdict

__all__ = [
    "OUTCOMES",
    "TASKS",
    "AssignedWork",
    "Task",
    "assign_subset",
    "assignments",
    "find_subset_items",
    "items_for",
    "list_subsets",
    "people_of",
    "resolve",
    "save_subset",
    "unassign",
]

Task = Literal["annotate", "verify", "review"]
TASKS: Final[tuple[Task, ...]] = get_args(Task)

OUTCOMES: Final = {"confirmed": "confirms", "corrected": "corrects", "rejected": "rejects"}
"""State as people ask for it -> outcome of a verification."""

_PATTERN_SECONDS = 0.05
"""For one pattern on one text; a pattern that needs longer could stop everybody's work."""
_SIMILAR = 20

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@dataclass(frozen=True, slots=True)
class AssignedWork:
    id: int
    subset_id: int
    subset: str
    login: str
    task: Task
    due_at: datetime | None
    items: int
    done: int


def resolve(session: Session, project_id: int, query: str, *, everything: bool = True) -> list[int]:
    """Ids of the current items that a query finds, in order of import; all for an empty one.

    `everything`: the person may read everybody's answers. Raises Invalid for a query that cannot be read, names
    what is not there, or asks for what the person may not know.
    """
    node = parse_query(query)
    if not everything and (asked := fields_of(node) & REVEALING):
        raise Invalid(f"{', '.join(sorted(asked))}: for those who may read everybody's answers")
    order = subsets.all_items(session, project_id)
    if node is None:
        return order
    found = _Search(session, project_id, frozenset(order)).of(node)
    return [item_id for item_id in order if item_id in found]


class _Search:
    """One query under way; what several of its conditions read is read once."""

    def __init__(self, session: Session, project_id: int, everything: frozenset[int]) -> None:
        self.session, self.project_id, self.everything = session, project_id, everything
        self._texts: dict[int, str] | None = None

    @property
    def texts(self) -> dict[int, str]:
        if self._texts is None:
            rows = items.contents(self.session, self.project_id)
            self._texts = {item_id: plain_text(content) for item_id, content in rows}
        return self._texts

    def of(self, node: Node) -> frozenset[int]:
        match node:
            case And(parts):
                return frozenset.intersection(*(self.of(part) for part in parts))
            case Or(parts):
                return frozenset.union(*(self.of(part) for part in parts))
            case Not(part):
                return self.everything - self.of(part)
            case Term():
                found = frozenset(self._term(node)) & self.everything
                opposite = node.operator == "!=" and node.field not in ("meta", "confidence")
                return self.everything - found if opposite else found

    def _term(self, term: Term) -> Iterable[int]:
        session, project_id = self.session, self.project_id
        match term.field:
            case "text":
                return self._matching(term)
            case "id":
                names = [name for name in term.value.split(",") if name]
                return subsets.items_named(session, project_id, names).values()
            case "meta" | "has":
                return self._by_metadata(term)
            case "by":
                return subsets.answered_by(session, project_id, term.value)
            case "agent":
                return self._of_agent(term.value)
            case "job":
                return subsets.items_of_job(session, project_id, int(term.value))
            case "label":
                rows = subsets.answers_by_people(session, project_id, term.name)
                return {item for item, _, _, value in rows if not term.value or _holds(value, term.value)}
            case "suggested":
                given = subsets.newest_suggestions(session, project_id, term.name)
                return {item for item, _, value, _ in given if not term.value or _holds(value, term.value)}
            case "conflict":
                return self._in_conflict(None if term.name == "any" else term.name)
            case "confidence":
                return self._by_confidence(term)
            case "state":
                return self._by_state(term.value)
            case "judge":
                return self._by_judge(term.value)
            case "gold":
                return subsets.items_with_gold(
                    session, project_id, None if term.value == "any" else term.value
                )
            case "similar":
                return self._similar(term.value)
            case "subset":
                known = subsets.subset_by_name(session, project_id, term.value)
                if known is None:
                    raise Invalid(f"no saved subset {term.value!r}")
                return subsets.items_of_subset(session, known.id)
            case _:
                raise AssertionError(f"the grammar has no field {term.field!r}")

    def _matching(self, term: Term) -> set[int]:
        if not term.pattern:
            wanted = term.value.casefold()
            return {item_id for item_id, text in self.texts.items() if wanted in text.casefold()}
        try:
            pattern = regex.compile(term.value, regex.IGNORECASE)
            return {
                item_id
                for item_id, text in self.texts.items()
                if pattern.search(text, timeout=_PATTERN_SECONDS)
            }
        except TimeoutError:
            raise Invalid(f"the pattern /{term.value}/ takes too long; make it simpler") from None
        except regex.error as error:
            raise Invalid(f"/{term.value}/ is no regular expression: {error}") from error

    def _by_metadata(self, term: Term) -> set[int]:
        rows = subsets.metadata(self.session, self.project_id)
        if term.field == "has":
            return {item_id for item_id, meta in rows if meta.get(term.name) not in (None, "", [])}
        return {item_id for item_id, meta in rows if term.name in meta and _compare(meta[term.name], term)}

    def _of_agent(self, name: str) -> set[int]:
        record = projects.agent_by_name(self.session, name)
        plain = name in (BUILT_IN, DEFAULT)
        return subsets.items_of_model(
            self.session,
            self.project_id,
            agent_id=record.id if record else None,
            builtin=name == BUILT_IN,
            model=None if record or plain else name,
        )

    def _in_conflict(self, question: str | None) -> set[int]:
        first: dict[tuple[int, str], Any] = {}
        differ = set()
        rows = subsets.answers_by_people(self.session, self.project_id, question)
        for item_id, _, asked, value in rows:
            if first.setdefault((item_id, asked), value) != value:
                differ.add(item_id)
        return differ

    def _by_confidence(self, term: Term) -> set[int]:
        rows = subsets.newest_suggestions(self.session, self.project_id, term.name or None)
        lowest: dict[int, float] = {}
        for item_id, _, _, confidence in rows:
            if confidence is not None:
                lowest[item_id] = min(confidence, lowest.get(item_id, 1.0))
        compare, wanted = _COMPARE[term.operator], float(term.value)
        return {item_id for item_id, confidence in lowest.items() if compare(confidence, wanted)}

    def _by_state(self, state: str) -> set[int]:
        known = subsets.verification_states(self.session, self.project_id)
        if state == "verified":
            return set(known)
        if state == "unverified":
            given = subsets.newest_suggestions(self.session, self.project_id, None)
            return {item_id for item_id, *_ in given} - set(known)
        return {item_id for item_id, outcomes in known.items() if OUTCOMES[state] in outcomes}

    def _by_judge(self, standing: str) -> set[int]:
        """Items of which one newest suggestion stands so."""
        of: dict[str, Callable[[SuggestionVerdict], bool]] = {
            "below": lambda row: row.passed is False,
            "passed": lambda row: row.passed is True,
            "unscored": lambda row: row.total is None,
            "flagged": lambda row: bool(row.flags),
            "any": lambda row: True,
        }
        rows = suggestion_verdicts.judged_suggestions(self.session, self.project_id)
        return {row.item_id for row in rows if of[standing](row)}

    def _similar(self, value: str) -> list[int]:
        name, _, many = value.partition("~")
        known = subsets.items_named(self.session, self.project_id, [name])
        if name not in known:
            raise Invalid(f"similar: no item {name!r}")
        if many and not (many.isdecimal() and 1 <= int(many) <= 10_000):
            raise Invalid(f"similar: {many!r} is no number from 1 to 10000")
        ids = list(self.texts)
        places = nearest(
            list(self.texts.values()), [ids.index(known[name])], count=int(many) if many else _SIMILAR
        )
        return [ids[place] for place in places]


def _holds(value: Any, wanted: str) -> bool:
    """Whether an answer is the wanted value, or has it among its labels."""
    if isinstance(value, list):
        labels = [entry.get("label") if isinstance(entry, dict) else entry for entry in value]
        return any(str(label) == wanted for label in labels)
    return str(value) == wanted


def _compare(value: Any, term: Term) -> bool:
    """Metadata against the wanted value: as numbers where both are, else as text."""
    compare = _COMPARE[term.operator]
    try:
        return compare(float(value), float(term.value))
    except (TypeError, ValueError):
        if isinstance(value, list) and term.operator in ("=", "!="):
            return (term.value in map(str, value)) == (term.operator == "=")
        return compare(str(value), term.value)


# ---------------------------------------------------------------------- saved and given to people


def find_subset_items(ctx: Context, actor: Actor, project_id: int, query: str) -> list[int]:
    """What a query finds, for those who may read all items."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "read_all")
        return resolve(session, project_id, query)


def save_subset(
    ctx: Context, actor: Actor, project_id: int, *, name: str, query: str
) -> tuple[SubsetRecord, int]:
    """Freeze what a query finds now under a name: (subset, number of items).

    Raises Conflict for a name in use, Invalid for a query that finds nothing.
    """
    name = name.strip()
    if not name or len(name) > 80 or any(sign in name for sign in ' ()"'):
        raise Invalid("a subset's name has 1 to 80 characters, without spaces, quotes and parentheses")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        found = resolve(session, project_id, query)
        if not found:
            raise Invalid("the query finds no item")
        stored = subsets.add_subset(
            session,
            project_id=project_id,
            name=name,
            query=query,
            item_ids=found,
            created_by=actor.login,
            now=utc_now(),
        )
        if stored is None:
            raise Conflict(f"a subset {name!r} exists; subsets do not change")
        record_action(session, actor, "subset.save", project_id, name=name, items=len(found))
        return stored, len(found)


def list_subsets(ctx: Context, actor: Actor, project_id: int) -> list[tuple[SubsetRecord, int]]:
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "read_all")
        return subsets.list_subsets(session, project_id)


_ROLE_FOR: Mapping[Task, frozenset[str]] = {
    "annotate": frozenset({"annotator", "qa_lead"}),
    "verify": frozenset({"annotator", "qa_lead"}),
    "review": frozenset({"qa_lead"}),
}


def people_of(ctx: Context, actor: Actor, project_id: int) -> list[str]:
    """Logins of the members to whom a subset can be given."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        members = people.members(session, project_id)
    return sorted({person.login for person, role in members if role in _ROLE_FOR["annotate"]})


def assign_subset(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    subset: str,
    logins: Iterable[str],
    task: Task,
    due_at: datetime | None = None,
) -> int:
    """Give a subset to people; returns how many did not have it yet.

    Raises NotFound for an unknown subset, Invalid naming everybody whose role does not cover the task.
    """
    if task not in TASKS:
        raise Invalid(f"task {task!r}; there are {', '.join(TASKS)}")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        known = subsets.subset_by_name(session, project_id, subset)
        if known is None:
            raise NotFound(f"no subset {subset!r}")
        roles: dict[str, set[str]] = defaultdict(set)
        ids = {}
        for person, role in people.members(session, project_id):
            roles[person.login].add(role)
            ids[person.login] = person.id
        wanted = list(dict.fromkeys(logins))
        problems = [
            f"{login}: {'no member of the project' if login not in ids else f'no role to {task}'}"
            for login in wanted
            if not roles[login] & _ROLE_FOR[task]
        ]
        if problems or not wanted:
            raise Invalid(problems or "name at least one person")
        now = utc_now()
        added = sum(
            subsets.assign(
                session,
                subset_id=known.id,
                user_id=ids[login],
                task=task,
                due_at=due_at,
                created_by=actor.login,
                now=now,
            )
            for login in wanted
        )
        record_action(session, actor, "subset.assign", project_id, subset=subset, task=task, people=wanted)
        return added


def unassign(ctx: Context, actor: Actor, project_id: int, assignment_id: int) -> bool:
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        gone = subsets.unassign(session, assignment_id, project_id)
        if gone:
            record_action(session, actor, "subset.unassign", project_id, assignment=assignment_id)
        return gone


def assignments(ctx: Context, actor: Actor, project_id: int) -> list[AssignedWork]:
    """Who is to do what, and how far they are; an annotator sees their own."""
    with reading(ctx.engine) as session:
        everything = policy.may(session, actor, project_id, "read_all")
        policy.require(session, actor, project_id, "read_all" if everything else "annotate")
        rows = [AssignedWork(*row) for row in subsets.assignment_progress(session, project_id)]  # type: ignore[arg-type]
    return [row for row in rows if everything or row.login == actor.login]


def items_for(session: Session, project_id: int, user_id: int, task: Task) -> list[frozenset[int]]:
    """Items of each subset that the person is to work on, the first due first."""
    ids = subsets.assigned_subsets(session, project_id, user_id, task)
    return [frozenset(subsets.items_of_subset(session, subset_id)) for subset_id in ids]
