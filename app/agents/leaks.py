"""Whether a reply gives away the known answer of an item that measures people.

A reply leaks when it names the right answer of a question and none of the other answers: whoever explains a
guideline names several. A known text leaks when eight of its words in a row occur. The check is by words: a
paraphrase passes, which is why the assistant is told not to answer as well.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.schema import ChoiceQuestion, LabelSchema, MultiChoiceQuestion, RatingQuestion, TextQuestion

__all__ = ["leaks"]

_WORD = re.compile(r"[^\W_]+")
_RUN = 8
"""Words in a row that make a quotation. By judgement: shorter runs occur in any two texts on one subject."""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _contains(words: list[str], wanted: list[str]) -> bool:
    if not wanted:
        return False
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def _quotes(line: str, guidelines: str) -> bool:
    return line.startswith("> ") and line[2:].strip().rstrip("…").strip() in guidelines


def leaks(reply: str, schema: LabelSchema, gold: Mapping[str, Any], *, guidelines: str) -> list[str]:
    """Ids of the questions whose known answer the reply gives away.

    Lines that quote the guidelines (`> …`, word for word) are left out: everybody can read those.
    """
    own = [line for line in reply.splitlines() if not _quotes(line, guidelines)]
    words = _words("\n".join(own))
    out = []
    for question in schema.questions:
        if question.id not in gold:
            continue
        value = gold[question.id]
        match question:
            case ChoiceQuestion() | MultiChoiceQuestion():
                right = set(value) if isinstance(value, list) else {value}
                named = {
                    option.value
                    for option in question.options
                    if _contains(words, _words(option.value)) or _contains(words, _words(option.shown))
                }
                found = bool(named) and named <= right
            case RatingQuestion():
                scale = {str(number) for number in range(question.min, question.max + 1)}
                found = set(words) & scale == {str(value)}
            case TextQuestion():
                known = _words(str(value))
                runs = [known[start : start + _RUN] for start in range(max(len(known) - _RUN + 1, 1))]
                found = any(_contains(words, run) for run in runs)
            case _:
                found = False
        if found:
            out.append(question.id)
    return out
