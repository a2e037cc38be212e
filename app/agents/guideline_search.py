"""The built-in assistant: it quotes the guideline passage and the verified examples nearest to the question.

It makes nothing up, because it writes nothing: every sentence of substance is a quotation.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

__all__ = [
    "BUILTIN_LABEL",
    "Example",
    "Quotable",
    "Section",
    "answer_by_quotation",
    "nearest_section",
    "sections",
]

BUILTIN_LABEL = "built-in guideline search (baseline, not a language model)"

_WORD = re.compile(r"[^\W_]+")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_STOP = frozenset(
    """
    a an the is are was be of to in on at for and or not it this that i you we they do does what which
    how when can should with as if my me here there so but from by about would could has have had will
    one
    """.split()
)
_LONGEST_QUOTE = 900
_WHO = "I am the built-in guideline search, not a language model: I quote, I do not advise."


@dataclass(frozen=True, slots=True)
class Section:
    """One headed passage of the guidelines."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    label: str


def sections(markdown: str) -> list[Section]:
    """The guidelines split at their headings; text before the first one is headed `Guidelines`."""
    out: list[Section] = []
    title, lines, fenced = "Guidelines", list[str](), False
    source = markdown.splitlines()
    for number, line in enumerate([*source, "# end"]):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        heading = None if fenced and number < len(source) else _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        if text := "\n".join(lines).strip():
            out.append(Section(title, text))
        title, lines = heading.group(2).strip(), []
    return out


def _terms(text: str) -> Counter[str]:
    return Counter(word.rstrip("s") for word in _WORD.findall(text.casefold()) if word not in _STOP)


def _ranked(query: Counter[str], documents: Sequence[Counter[str]]) -> list[tuple[float, int]]:
    """(score, index) by BM25, best first; documents that share no term are left out.

    Source: Robertson & Zaragoza, Foundations and Trends in IR 3(4), 2009; k1 = 1.5, b = 0.75.
    """
    if not documents:
        return []
    mean = sum(sum(document.values()) for document in documents) / len(documents) or 1.0
    holding = Counter(term for document in documents for term in document)
    scores = []
    for index, document in enumerate(documents):
        length = sum(document.values())
        score = 0.0
        for term in query:
            if count := document.get(term, 0):
                rarity = log(1 + (len(documents) - holding[term] + 0.5) / (holding[term] + 0.5))
                score += rarity * count * 2.5 / (count + 1.5 * (0.25 + 0.75 * length / mean))
        if score > 0:
            scores.append((score, index))
    return sorted(scores, reverse=True)


def nearest_section(question: str, guidelines: str) -> str:
    """Title of the section that shares most with a question; empty when none shares a word with it."""
    parts = sections(guidelines)
    found = _ranked(_terms(question), [_terms(f"{part.title} {part.title} {part.text}") for part in parts])
    return parts[found[0][1]].title if found else ""


@dataclass(frozen=True, slots=True)
class Quotable:
    """What may be quoted."""

    item_text: str
    guidelines: str
    definitions: Sequence[tuple[str, str]]
    """(label, definition) of the schema's options."""
    examples: Sequence[Example]
    """Verified ones, of other items."""
    missing: Sequence[str]
    """What keeps the form from being submitted."""


def answer_by_quotation(question: str, quotable: Quotable, *, action: str | None = None) -> str:
    """A Markdown answer made of quotations; `action` is the quick action that asks, if one does."""
    if action == "missing":
        lines = [f"- {entry}" for entry in quotable.missing] or ["Nothing: the form can be submitted."]
        return "\n".join((*lines, "", _WHO))
    if action == "translate":
        return f"Translating needs a language model, and none is configured.\n\n{_WHO}"
    blocks = []
    if action == "draft":
        blocks.append("Writing a draft needs a language model, and none is configured. What I can quote:")
    if action != "examples":
        blocks.append(_passages("" if action in ("draft", "explain") else question, quotable))
    blocks += _similar(question, quotable, wanted=action == "examples")
    if quotable.missing and action is None:
        blocks.append("Still open in your form: " + "; ".join(quotable.missing) + ".")
    return "\n\n".join((*blocks, _WHO))


def _passages(question: str, quotable: Quotable) -> str:
    parts = sections(quotable.guidelines)
    passages = [*parts, *(Section(f"Label “{label}”", text) for label, text in quotable.definitions if text)]
    query = _terms(question) or _terms(quotable.item_text)
    found = _ranked(query, [_terms(f"{part.title} {part.title} {part.text}") for part in passages])
    if not found:
        titles = ", ".join(f"“{part.title}”" for part in parts) or "none"
        return f"No passage of the guidelines shares a word with this. Sections: {titles}."
    blocks = []
    for part in [passages[index] for score, index in found[:2] if score >= found[0][0] * 0.6]:
        text = part.text if len(part.text) <= _LONGEST_QUOTE else f"{part.text[:_LONGEST_QUOTE]} …"
        quoted = "\n".join(f"> {line}" for line in text.splitlines())
        blocks.append(f"From the guidelines, “{part.title}”:\n{quoted}")
    return "\n\n".join(blocks)


def _similar(question: str, quotable: Quotable, *, wanted: bool) -> list[str]:
    query = _terms(quotable.item_text if wanted else f"{quotable.item_text} {question}")
    ranked = _ranked(query, [_terms(example.text) for example in quotable.examples])[: 5 if wanted else 2]
    if ranked:
        found = [quotable.examples[index] for _, index in ranked]
        lines = [f"- {example.label}: “{_short(example.text)}”" for example in found]
        return ["Similar verified examples:\n" + "\n".join(lines)]
    if wanted:
        return [
            "None of the verified items that you have answered shares a word with this one. Others are not "
            "shown: they could be asked of you."
        ]
    return []


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 180 else f"{text[:179]}…"
