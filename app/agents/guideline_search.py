"""The built-in assistant: it quotes the guideline passage and the verified examples nearest to the question.

It makes nothing up, because it writes nothing: every sentence of substance is a quotation.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

__all__ = ["BUILTIN_LABEL", "Example", "Section", "answer_by_quotation", "sections"]

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
    title, lines = "Guidelines", list[str]()
    for line in [*markdown.splitlines(), "# end"]:
        heading = _HEADING.match(line)
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


def answer_by_quotation(
    question: str,
    *,
    item_text: str,
    guidelines: str,
    definitions: Sequence[tuple[str, str]],
    examples: Sequence[Example],
    missing: Sequence[str],
) -> str:
    """A Markdown answer made of quotations.

    `definitions` are (label, definition) of the schema's options, `examples` verified ones of other items,
    `missing` the questions of the form that have no answer yet.
    """
    parts = list(sections(guidelines))
    passages = [*parts, *(Section(f"Label “{label}”", text) for label, text in definitions if text)]
    query = _terms(question)
    if not query:
        query = _terms(item_text)
    found = _ranked(query, [_terms(f"{part.title} {part.title} {part.text}") for part in passages])
    blocks = []
    if found:
        best = [passages[index] for score, index in found[:2] if score >= found[0][0] * 0.6]
        for part in best:
            text = part.text if len(part.text) <= _LONGEST_QUOTE else f"{part.text[:_LONGEST_QUOTE]} …"
            quoted = "\n".join(f"> {line}" for line in text.splitlines())
            blocks.append(f"From the guidelines, “{part.title}”:\n{quoted}")
    else:
        titles = ", ".join(f"“{part.title}”" for part in parts) or "none"
        blocks.append(f"No passage of the guidelines shares a word with your question. Sections: {titles}.")
    similar = _ranked(_terms(f"{item_text} {question}"), [_terms(example.text) for example in examples])[:2]
    if similar:
        lines = [f"- {examples[index].label}: “{_short(examples[index].text)}”" for _, index in similar]
        blocks.append("Similar verified examples:\n" + "\n".join(lines))
    if missing:
        blocks.append("Still without an answer in your form: " + ", ".join(missing) + ".")
    blocks.append("I am the built-in guideline search, not a language model: I quote, I do not advise.")
    return "\n\n".join(blocks)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 180 else f"{text[:179]}…"
