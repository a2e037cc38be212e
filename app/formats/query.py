"""Subset queries: one line of text to a tree of conditions. Pure; what they find is `services.subsets`' affair.

`refund state:unverified confidence<0.7` finds items that hold all three. `and`, `or`, `not`, `minus` and
parentheses combine; `minus` takes away. `FIELDS` lists what can be asked.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from app.errors import Invalid

__all__ = ["FIELDS", "REVEALING", "And", "Node", "Not", "Or", "Term", "fields_of", "parse_query"]

Operator = Literal["=", "!=", "<", "<=", ">", ">="]

FIELDS: Final = {
    "text": 'words of the item: `refund`, `"late parcel"`, `text:refund`, or a pattern `/refund(s|ed)?/`',
    "id": "external ids: `id:a7,a8`",
    "meta": "a metadata column: `meta.language=de`, `meta.length>=200`",
    "has": "a metadata column that is filled: `has:meta.source`",
    "by": "answered by a person: `by:anna`",
    "agent": "with a suggestion of an agent or model: `agent:careful`",
    "job": "with a suggestion of a job: `job:12`",
    "label": "with an answer: `label:topic`, `label:topic=billing`",
    "suggested": "with a suggestion: `suggested:topic`, `suggested:topic=billing`",
    "conflict": "where people differ: `conflict:topic`, or `conflict:any`",
    "confidence": "of the newest suggestion: `confidence<0.7`, `confidence.topic>=0.9`",
    "state": "`state:unverified`, `verified`, `confirmed`, `corrected`, `rejected`",
    "judge": "what the judge says of the newest suggestions: `judge:below` (the pass mark), `passed`, `unscored`, `flagged`, `any`",
    "gold": "with a known answer: `gold:any`, or of a split: `gold:dev`",
    "similar": "the nearest in words: `similar:a7`, or the first fifty: `similar:a7~50`",
    "subset": "a saved subset: `subset:hard`",
}
"""Field -> what it asks, with examples; shown beside the search box and by the command line."""

REVEALING: Final = frozenset({"by", "label", "conflict", "judge", "gold"})
"""Fields that say what others answered, which answers are known, or what the judge thinks of a suggestion: not for
people whose answers are measured."""

_CHOICES = {
    "state": ("unverified", "verified", "confirmed", "corrected", "rejected"),
    "judge": ("below", "passed", "unscored", "flagged", "any"),
    "gold": ("any", "train", "dev", "test"),
}
_LONGEST = 2_000
_LONGEST_PATTERN = 200

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<paren>[()])
    | (?P<field>[a-z]+)(?:\.(?P<name>[\w-]+(?:\.[\w-]+)*))?\s*(?P<operator><=|>=|!=|[:=<>])\s*
        (?:"(?P<quoted>[^"]*)"|/(?P<pattern>(?:\\.|[^/\\])*)/|(?P<value>[^\s()]+))
    | "(?P<phrase>[^"]*)"
    | /(?P<bare_pattern>(?:\\.|[^/\\])*)/
    | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `name` is what follows the field's dot or, for labels, the question."""

    field: str
    name: str
    operator: Operator
    value: str
    pattern: bool = False


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


Node = Term | And | Or | Not


def parse_query(text: str) -> Node | None:
    """The tree of a query; None for an empty one, which means everything.

    Raises Invalid with the place and what is allowed there.
    """
    if len(text) > _LONGEST:
        raise Invalid(f"the query has {len(text)} characters; at most {_LONGEST}")
    tokens = _tokens(text)
    if not tokens:
        return None
    node, rest = _either(tokens, 0, text)
    if rest < len(tokens):
        raise Invalid(f"{_place(tokens[rest], text)}: a closing parenthesis without an opening one")
    return node


def fields_of(node: Node | None) -> set[str]:
    """The fields that a query asks for."""
    match node:
        case None:
            return set()
        case Term(field):
            return {field}
        case Not(part):
            return fields_of(part)
        case And(parts) | Or(parts):
            return set().union(*(fields_of(part) for part in parts))


_Found = tuple[str | Term, int]
"""A word of the grammar or a condition, and where it begins."""


def _tokens(text: str) -> list[_Found]:
    found: list[_Found] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise Invalid(
                f"character {at + 1}, {text[at : at + 20].strip()!r}: a quotation mark is not closed"
            )
        begin = match.end() - len(match.group().lstrip())
        found.append((_token(match, f"character {begin + 1}, {match.group().strip()!r}"), begin))
        at = match.end()
    return found


def _token(match: re.Match[str], where: str) -> str | Term:
    part = match.groupdict()
    if part["paren"]:
        return part["paren"]
    if part["word"] is not None:
        word = part["word"]
        return word.lower() if word.lower() in ("and", "or", "not", "minus") else Term("text", "", "=", word)
    if part["phrase"] is not None:
        return Term("text", "", "=", part["phrase"])
    if part["bare_pattern"] is not None:
        return _checked_pattern(Term("text", "", "=", part["bare_pattern"], pattern=True), where)
    return _condition(part, where)


def _condition(part: dict[str, str | None], where: str) -> Term:
    field, name, sign = part["field"] or "", part["name"] or "", part["operator"] or ":"
    value = next(given for given in (part["quoted"], part["pattern"], part["value"]) if given is not None)
    if field not in FIELDS:
        raise Invalid(f"{where}: no field {field!r}; there are {', '.join(FIELDS)}")
    operator: Operator = "=" if sign == ":" else sign  # type: ignore[assignment]
    if field in ("label", "suggested", "conflict") and not name:
        name, _, value = value.partition("=")
    if field == "has":
        name, value = value.removeprefix("meta."), ""
    if (field == "meta") != bool(name) and field in ("meta", "text", "id", "by", "agent", "job", "similar"):
        raise Invalid(f"{where}: {FIELDS[field]}")
    if operator in ("<", "<=", ">", ">=") and field not in ("meta", "confidence"):
        raise Invalid(f"{where}: only metadata and confidence can be larger or smaller")
    if field in _CHOICES and value not in _CHOICES[field]:
        raise Invalid(f"{where}: {field} is one of {', '.join(_CHOICES[field])}")
    if field == "confidence":
        _number(value, where)
    if field == "job" and not value.isdecimal():
        raise Invalid(f"{where}: a job is named by its number")
    if part["pattern"] is not None and field != "text":
        raise Invalid(f"{where}: only the text can be searched by a pattern")
    term = Term(field, name, operator, value, pattern=part["pattern"] is not None)
    return _checked_pattern(term, where) if term.pattern else term


def _number(value: str, where: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise Invalid(f"{where}: {value!r} is no number") from None


def _checked_pattern(term: Term, where: str) -> Term:
    if len(term.value) > _LONGEST_PATTERN:
        raise Invalid(f"{where}: a pattern has at most {_LONGEST_PATTERN} characters")
    try:
        re.compile(term.value)
    except re.error as error:
        raise Invalid(f"{where}: no regular expression: {error}") from error
    return term


def _place(token: _Found, text: str) -> str:
    return f"character {token[1] + 1}, {text[token[1] : token[1] + 20].strip()!r}"


def _either(tokens: list[_Found], at: int, text: str) -> tuple[Node, int]:
    node, at = _all(tokens, at, text)
    parts = [node]
    while at < len(tokens) and tokens[at][0] == "or":
        node, at = _all(tokens, at + 1, text)
        parts.append(node)
    return (parts[0] if len(parts) == 1 else Or(tuple(parts))), at


def _all(tokens: list[_Found], at: int, text: str) -> tuple[Node, int]:
    node, at = _one(tokens, at, text)
    parts = [node]
    while at < len(tokens) and tokens[at][0] not in ("or", ")"):
        word = tokens[at][0]
        node, at = _one(tokens, at + (word in ("and", "minus")), text)
        parts.append(Not(node) if word == "minus" else node)
    return (parts[0] if len(parts) == 1 else And(tuple(parts))), at


def _one(tokens: list[_Found], at: int, text: str) -> tuple[Node, int]:
    if at >= len(tokens):
        raise Invalid("the query ends where a condition is expected")
    token = tokens[at][0]
    if isinstance(token, Term):
        return token, at + 1
    if token == "not":
        node, at = _one(tokens, at + 1, text)
        return Not(node), at
    if token == "(":
        node, after = _either(tokens, at + 1, text)
        if after >= len(tokens) or tokens[after][0] != ")":
            raise Invalid(f"{_place(tokens[at], text)}: this parenthesis is not closed")
        return node, after + 1
    raise Invalid(f"{_place(tokens[at], text)}: a condition is expected here")
