"""Signs that a text speaks to its judge, or hides something. They raise a flag for people and never move a level."""

import re
import sys
import unicodedata
from functools import lru_cache
from typing import Final

from judge.types import Submission
from rubrics.schema import Rubric

__all__ = ["suspicions", "visible"]

_PATTERNS: Final[tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]] = (
    (
        "asks_for_a_score",
        ("give", "award", "assign", "rate", "score", "grade", "mark"),
        re.compile(
            r"\b(?:give|award|assign|rate|score|grade|mark)\b[^.\n]{0,40}\b(?:full|top|highest|maximum|perfect|best)\b[^.\n]{0,20}"
            r"\b(?:marks?|scores?|points?|grades?|levels?|ratings?)\b"
            r"|\b(?:give|award|assign|rate|score|grade|mark)\b[^.\n]{0,30}\b\d{1,3}\s*(?:/|out of)\s*\d{1,3}\b"
            r"|\b(?:give|award|assign|rate|score|grade)(?:\s+(?:me|it|this|the|my|answer|response|a|an|as|of|level|score))*"
            r"\s+(?:\d{1,3}|five|ten)\b(?!\s*(?!points?\b|stars?\b|marks?\b)[a-z€$£%])"
            r"|\b(?:give|award|assign|score|grade)(?:\s+(?:me|it|this|the|my|answer|response|a|an|as|of|level|score))+"
            r"\s+(?:\d{1,3}|five|ten)\s+(?:on|in|for)\s+(?:every|each|all)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "speaks_to_the_judge",
        ("ignore", "disregard", "forget", "override", "dear", "attention", "note", "you are"),
        re.compile(
            r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|rubric|criteria|rules|prompt|above|previous)\b"
            r"|\b(?:dear|attention|note to(?: the)?)\s+(?:judge|grader|evaluator|reviewer|examiner)\b"
            r"|\byou are (?:now )?(?:a|an|the) (?:judge|grader|evaluator|assistant|helpful)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "plays_a_role",
        ("system", "assistant", "user", "developer", "im_start", "im_end", "endoftext", "inst", "sys"),
        re.compile(
            r"^\s*(?:#+\s*)?(?:system|assistant|user|developer)\s*:\s|<\|?(?:im_start|im_end|system|assistant|user|endoftext)\|?>|\[/?INST\]|<</?SYS>>",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    (
        "fakes_a_frame",
        ("<", '"', "---", "```"),
        re.compile(
            r"</?\s*(?:submission|answer|response|instructions?|rubric|criteria|item)\b[^>]{0,40}>"
            r"|\"(?:level|score|rationale|evidence)\"\s*:|^[ \t]*-{3,}[ \t]*(?:end|begin|start)\b|```\s*json",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    (
        "is_a_master_key",
        (),
        re.compile(
            r"\A\s*(?:[:;.,!?\-]+|thought process:?|let'?s (?:solve|think)[^\n]{0,60}|solution:?|reasoning:?)\s*\Z",
            re.IGNORECASE,
        ),
    ),
)
"""(name, words, pattern): the pattern finds nothing in a text that has none of the words, which is found out much
faster; no words: look in any case."""
_ESCAPE: Final = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
_COPIED_CHARACTERS = 60
"""A run of the rubric's own words this long is no chance; by judgement."""
_JOINERS = frozenset("\u200c\u200d\ufe0f\u00ad")
"""Invisible characters that ordinary text has: scripts and emoji are joined by them, words hyphenated."""


def _hidden(text: str) -> frozenset[str]:
    # By distinct characters: an answer of thousands has some seventy.
    return frozenset(one for one in set(text) if one not in _JOINERS and unicodedata.category(one) == "Cf")


def visible(text: str) -> str:
    """The text with hidden characters written as escapes, so that the model sees what a person would not.

    Nothing is lost: a text that itself spells such an escape has its backslash escaped.
    """
    text = _ESCAPE.sub(_spelled, text)
    hidden = _hidden(text)
    return text.translate({ord(one): f"\\u{{{ord(one):x}}}" for one in hidden}) if hidden else text


def _spelled(escape: re.Match[str]) -> str:
    number = int(escape.group(1), 16)
    ours = number == ord("\\") or (number <= sys.maxunicode and bool(_hidden(chr(number))))
    return f"\\u{{5c}}{escape.group()[1:]}" if ours else escape.group()


def suspicions(rubric: Rubric, submission: Submission) -> tuple[str, ...]:
    """Names of the signs found in the judged answer, in a fixed order; empty for ordinary text."""
    text = submission.response
    folded = _folded(text)
    found = [
        name
        for name, words, pattern in _PATTERNS
        if (not words or any(word in folded for word in words)) and pattern.search(text)
    ]
    if _hidden(text):
        found.append("hides_characters")
    if any(words in folded for words in _long_words(rubric)):
        found.append("copies_the_rubric")
    return tuple(found)


def _long_words(rubric: Rubric) -> tuple[str, ...]:
    """What the rubric says at length, folded."""
    return _long(
        tuple(
            words
            for criterion in rubric.criteria
            for words in (criterion.question, *(level.description for level in criterion.levels))
        )
    )


@lru_cache(maxsize=64)
def _long(said: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_folded(words) for words in said if len(words) >= _COPIED_CHARACTERS)


def _folded(text: str) -> str:
    # As `re.IGNORECASE` sees it: both Turkish letters are an i to it.
    return " ".join(text.replace("İ", "i").replace("ı", "i").split()).casefold()
