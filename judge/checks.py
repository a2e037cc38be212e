"""Deterministic criteria: what a rule can say about an answer, with the words it is about and what to do.

Each check returns how far up the criterion's scale the answer gets, from 0 (worst) to 1 (best), so that a
rubric may describe two levels or five. None means that the check has nothing to go by, with the reason.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from judge.types import CriterionResult, Evidence, Scored, Submission, Unscored
from rubrics.checks import (
    Coverage,
    ForbiddenPhrases,
    Format,
    Length,
    Readability,
    RequiredPhrases,
    Unsupported,
)
from rubrics.schema import Criterion

__all__ = ["run_check"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\w))+[.!?]*")
"""A full stop inside `3.5` or `example.com` ends no sentence."""
_STOP = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can could did do
    does for from get had has have he her here him his how i if in into is it its just like may me more
    most my no not now of on once one only or other our out over please she should so some such than
    thank thanks that the their them then there these they this those to too under up us very was we
    were what when where which while who will with would you your hello hi dear regards best kind sorry
    sincerely
    """.split()
)
_SHOWN = 3
"""Quotes per criterion; more would bury the suggestion."""


@dataclass(frozen=True, slots=True)
class _Finding:
    share: float | None
    rationale: str
    spans: tuple[tuple[int, int], ...] = ()
    suggestion: str = ""


def run_check(criterion: Criterion, submission: Submission) -> CriterionResult:
    """Score one deterministic criterion. The criterion must have a `check`."""
    check = criterion.check
    assert check is not None, "only criteria with a check come here"
    match check:
        case Length():
            finding = _length(check, submission)
        case RequiredPhrases():
            finding = _required(check, submission)
        case ForbiddenPhrases():
            finding = _forbidden(check, submission)
        case Readability():
            finding = _readable(check, submission)
        case Coverage():
            finding = _coverage(check, submission)
        case Unsupported():
            finding = _unsupported(check, submission)
        case Format():
            finding = _format(submission)
        case _:
            assert_never(check)
    evidence = tuple(
        Evidence(submission.response[start:end], start, end, "response", verified=True)
        for start, end in finding.spans[:_SHOWN]
    )
    if finding.share is None:
        return Unscored(criterion.id, "nothing_to_compare", finding.rationale)
    # The share picks a level: 0 the worst, 1 the best, in between by equal steps.
    steps = len(criterion.levels) - 1
    level = criterion.levels[min(int(finding.share * steps + 1e-9), steps)]
    return Scored(criterion.id, level.value, finding.rationale, evidence, finding.suggestion)


def _words(text: str) -> list[str]:
    return [match.group().casefold().replace("’", "'") for match in _WORD.finditer(text)]


def _content_words(text: str) -> set[str]:
    return {_stem(word) for word in _words(text) if word not in _STOP and len(word) > 1}


def _stem(word: str) -> str:
    """Crude English stem, so that `refund`, `refunds` and `refunded` are one word."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _sentences(text: str) -> list[tuple[int, int]]:
    spans = []
    for match in _SENTENCE.finditer(text):
        body = match.group()
        start = match.start() + len(body) - len(body.lstrip())
        end = match.start() + len(body.rstrip())
        if _WORD.search(text, start, end):
            spans.append((start, end))
    return spans


def _length(check: Length, submission: Submission) -> _Finding:
    count = len(_words(submission.response))
    limit = "" if check.max_words is None else f" to {check.max_words}"
    wanted = (
        f"{check.min_words}{limit} words are wanted"
        if limit
        else f"at least {check.min_words} words are wanted"
    )
    if count < check.min_words:
        share = 0.5 if count * 2 >= check.min_words else 0.0
        missing = check.min_words - count
        return _Finding(
            share, f"{count} words; {wanted}.", (), f"Add about {missing} words: the missing facts first."
        )
    if check.max_words is not None and count > check.max_words:
        share = 0.5 if count * 2 <= check.max_words * 3 else 0.0
        surplus = count - check.max_words
        return _Finding(
            share, f"{count} words; {wanted}.", (), f"Cut about {surplus} words: repetition first."
        )
    return _Finding(1.0, f"{count} words; {wanted}.")


def _phrase(phrase: str) -> re.Pattern[str]:
    body = r"\s+".join(re.escape(word).replace("'", "['’]") for word in phrase.split())
    return re.compile(rf"(?<!\w){body}(?!\w)", re.IGNORECASE)


def _required(check: RequiredPhrases, submission: Submission) -> _Finding:
    spans: list[tuple[int, int]] = []
    missing: list[str] = []
    for purpose, phrases in check.groups.items():
        found = next(
            (hit for phrase in phrases if (hit := _phrase(phrase).search(submission.response))), None
        )
        if found is None:
            missing.append(purpose)
        else:
            spans.append(found.span())
    share = 1 - len(missing) / len(check.groups)
    if not missing:
        return _Finding(1.0, f"Found: {', '.join(check.groups)}.", tuple(spans))
    examples = "; ".join(f"“{check.groups[purpose][0]} …”" for purpose in missing)
    suggestion = f"Add {', '.join(missing)}, for example with {examples}."
    return _Finding(share, f"Not found: {', '.join(missing)}.", tuple(spans), suggestion)


def _forbidden(check: ForbiddenPhrases, submission: Submission) -> _Finding:
    hits = sorted(
        (hit.span(), instead)
        for phrase, instead in check.phrases.items()
        for hit in _phrase(phrase).finditer(submission.response)
    )
    if not hits:
        return _Finding(1.0, "None of the phrases to avoid occurs.")
    quoted = [submission.response[start:end] for (start, end), _ in hits]
    advice = "; ".join(
        f"instead of “{quote}”: {instead}"
        for quote, (_, instead) in list(zip(quoted, hits, strict=True))[:_SHOWN]
    )
    number = "one phrase" if len(hits) == 1 else f"{len(hits)} phrases"
    share = 0.5 if len(hits) == 1 else 0.0
    return _Finding(
        share,
        f"Has {number} to avoid.",
        tuple(span for span, _ in hits),
        advice[0].upper() + advice[1:] + ".",
    )


def _readable(check: Readability, submission: Submission) -> _Finding:
    long = [
        (start, end)
        for start, end in _sentences(submission.response)
        if len(_words(submission.response[start:end])) > check.max_sentence_words
    ]
    if not long:
        return _Finding(1.0, f"No sentence has more than {check.max_sentence_words} words.")
    counts = ", ".join(str(len(_words(submission.response[start:end]))) for start, end in long)
    rationale = f"Sentences of over {check.max_sentence_words} words: {len(long)} (with {counts} words)."
    suggestion = "Split the quoted sentence where a new thought begins, often at “and”, “but” or “which”."
    return _Finding(0.5 if len(long) == 1 else 0.0, rationale, tuple(long), suggestion)


def _coverage(check: Coverage, submission: Submission) -> _Finding:
    wanted = _content_words(submission.reference or "")
    if not wanted:
        return _Finding(None, "There is no reference answer to compare with.")
    have = _content_words(submission.response)
    share = len(wanted & have) / len(wanted)
    reached = sum(share >= limit for limit in check.shares)
    missing = sorted(
        (word for word in _words(submission.reference or "") if _missing(word, wanted, have)), key=len
    )
    named = list(dict.fromkeys(reversed(missing)))[:5]
    rationale = f"Has {share:.0%} of the key words of the reference ({len(wanted & have)} of {len(wanted)})."
    suggestion = f"Say something about: {', '.join(named)}." if reached < len(check.shares) and named else ""
    return _Finding(reached / len(check.shares), rationale, (), suggestion)


def _missing(word: str, wanted: set[str], have: set[str]) -> bool:
    return _stem(word) in wanted and _stem(word) not in have


def _unsupported(check: Unsupported, submission: Submission) -> _Finding:
    ground = _content_words(
        " ".join(filter(None, (submission.context, submission.reference, submission.prompt)))
    )
    if not submission.context and not submission.reference:
        return _Finding(None, "There is neither context nor reference that a statement could rest on.")
    loose = []
    for start, end in _sentences(submission.response):
        words = _content_words(submission.response[start:end])
        if len(words) >= check.ignore_below_words and len(words & ground) / len(words) < check.min_share:
            loose.append((start, end))
    if not loose:
        return _Finding(1.0, "Every sentence takes up words of the extract, the reference or the question.")
    number = "One sentence has" if len(loose) == 1 else f"{len(loose)} sentences have"
    rationale = f"{number} hardly a word of the extract, the reference or the question."
    suggestion = "Check the quoted sentence against the extract; name the rule it rests on, or leave it out."
    return _Finding(0.5 if len(loose) == 1 else 0.0, rationale, tuple(loose), suggestion)


_FAULTS: tuple[tuple[str, Callable[[str], re.Match[str] | None], str], ...] = (
    ("a placeholder", re.compile(r"\[[A-Za-z _-]{2,40}\](?!\()|<[A-Za-z_ ]{2,40}>|\bTODO\b|lorem ipsum").search,
     "Fill it in."),
    ("words in capitals", re.compile(r"\b[A-Z]{4,}(?:\s+[A-Z]{2,})+\b").search, "Write them in lower case."),
    ("repeated punctuation", re.compile(r"!{2,}|\?{2,}").search, "One mark is enough."),
    ("an unfinished end", re.compile(r"[\w,;(\[{–—-]\s*\Z").search, "Finish the last sentence."),
)  # fmt: skip


def _format(submission: Submission) -> _Finding:
    found = [
        (name, hit.span(), advice) for name, search, advice in _FAULTS if (hit := search(submission.response))
    ]
    if not submission.response.strip():
        return _Finding(0.0, "The answer is empty.", (), "Write an answer.")
    if not found:
        return _Finding(1.0, "Finished sentences, no placeholders, no shouting.")
    names = ", ".join(name for name, _, _ in found)
    return _Finding(
        0.0, f"Has {names}.", tuple(span for _, span, _ in found), " ".join(advice for *_, advice in found)
    )
