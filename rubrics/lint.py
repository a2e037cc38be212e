"""What makes a rubric hard to judge by, beyond what the schema refuses: found in its words, weights and pass mark.

Rules on words are about English texts and by judgement. They say where to look; a person decides.
"""

import re
from collections.abc import Iterator

from rubrics.findings import Finding, Severity, about
from rubrics.lint_totals import lint_totals
from rubrics.lint_words import (
    ABSENCE,
    FILLER,
    JUDGING,
    QUALITIES,
    TELLING,
    VAGUE,
    differing,
    explained,
    polarity,
    single_range,
    words,
)
from rubrics.loader import read_source
from rubrics.schema import Criterion, Rubric
from rubrics.source import line_of

__all__ = ["Finding", "lint", "lint_text"]

_JOINING = frozenset({"and", "or", "also", "as", "well", "both", "is", "it", "are"})
_CLAUSES = frozenset({"is", "are", "does", "do", "has", "have", "can", "will"})
_ALIKE = 0.85
"""Share of common words from which on two questions are taken for one."""


_A_DESCRIPTION = 4
"""Words from which on a level's text can say what a word in the question means."""


def lint_text(text: str, *, file: str = "") -> tuple[Rubric | None, list[Finding]]:
    """The rubric in a YAML text (None where the schema refuses it) and all findings with their lines, in order."""
    source = read_source(text)
    if source.rubric is None or source.node is None:
        return None, [
            Finding(
                "schema",
                "error",
                (),
                "",
                problem.what,
                "mend it: until then it is no rubric",
                file,
                problem.line,
            )
            for problem in source.problems
        ]
    node = source.node
    found = [finding.at(file, line_of(node, finding.path)) for finding in lint(source.rubric)]
    return source.rubric, sorted(found, key=lambda finding: finding.line or 0)


def lint(rubric: Rubric) -> list[Finding]:
    """Every finding about a rubric, criterion by criterion, then about its totals."""
    found: list[Finding] = []
    for place, criterion in enumerate(rubric.criteria):
        found += _missing(place, criterion)
        found += _levels_alike(place, criterion)
        found += _ranges(place, criterion)
        found += _double_barrelled(place, criterion)
        found += _contradiction(place, criterion)
        found += _undefined(place, criterion)
        found += _absence(place, criterion)
    found += _duplicates(rubric)
    found += lint_totals(rubric)
    return found


def _missing(place: int, criterion: Criterion) -> Iterator[Finding]:
    labels = [level.label.strip().casefold() for level in criterion.levels]
    for number, level in enumerate(criterion.levels):
        at = ("levels", number, "description")
        if not words(level.description):
            yield about(
                "missing_text", "error", place, criterion, *at,
                what=f"level {level.value} has no words",
                advice="say what an answer of this level is like",
            )  # fmt: skip
        elif set(words(level.description)) <= {*words(level.label), str(level.value)}:
            yield about(
                "missing_text", "warning", place, criterion, *at,
                what=f"level {level.value} says nothing beyond its label {level.label!r}",
                advice="say what one finds in an answer of this level",
            )  # fmt: skip
        if labels.index(labels[number]) < number:
            yield about(
                "same_levels", "warning", place, criterion, "levels", number, "label",
                what=f"the label {level.label!r} stands for two levels",
                advice="give each level its own label",
            )  # fmt: skip
        for earlier in criterion.levels[:number]:
            if twice := set(earlier.examples) & set(level.examples):
                yield about(
                    "contradiction", "error", place, criterion, "levels", number, "examples",
                    what=f"{sorted(twice)[0]!r} is an example of level {earlier.value} and of level {level.value}",
                    advice="keep it at one level",
                )  # fmt: skip


def _levels_alike(place: int, criterion: Criterion) -> Iterator[Finding]:
    for number, level in enumerate(criterion.levels):
        for before in reversed(criterion.levels[:number]):
            if not words(level.description) or not words(before.description):
                continue
            apart = differing(before.description, level.description)
            which = f"levels {before.value} and {level.value}"
            at = ("levels", number, "description")
            if not apart or apart <= FILLER - TELLING:
                severity: Severity = "warning" if apart else "error"
                yield about(
                    "same_levels", severity, place, criterion, *at,
                    what=f"{which} say the same",
                    advice="say what the better one has that the other has not, or make them one level",
                )  # fmt: skip
                break
            elif apart - FILLER <= VAGUE - TELLING:
                said = ", ".join(sorted(apart - FILLER))
                yield about(
                    "vague_difference", "warning", place, criterion, *at,
                    what=f"{which} differ only by {said}: two people will draw the line at different places",
                    advice="name what can be seen in one and not in the other: a number, a missing part, an example",
                )  # fmt: skip
                break


def _ranges(place: int, criterion: Criterion) -> Iterator[Finding]:
    for number, level in enumerate(criterion.levels):
        for before in criterion.levels[:number]:
            one, other = single_range(before.description), single_range(level.description)
            if one is None or other is None or one[2] != other[2]:
                continue
            common = min(one[1], other[1]) - max(one[0], other[0])
            # Of shares (30 to 50 %, 50 % or more) a common end is one point; of counts it is a whole answer.
            if common > 0 or (
                common == 0 and "%" not in level.description and "percent" not in level.description
            ):
                yield about(
                    "overlapping_levels", "warning", place, criterion, "levels", number, "description",
                    what=f"levels {before.value} and {level.value} both take in some of the same numbers",
                    advice="let one range end where the next begins",
                )  # fmt: skip


def _double_barrelled(place: int, criterion: Criterion) -> Iterator[Finding]:
    said = words(re.sub(r"[/&]", " and ", criterion.question))
    joined = ""
    for number, word in enumerate(said):
        if word not in ("and", "or"):
            continue
        after = next((w for w in said[number + 1 :] if w not in _JOINING), "")
        if said[number - 1] in QUALITIES and after in QUALITIES and number:
            joined = f"{said[number - 1]} {word} {after}"
        elif said[number + 1 : number + 2] and said[number + 1] in _CLAUSES and said[0] in _CLAUSES:
            joined = f"{word} {said[number + 1]} …"
    if not joined and criterion.question.count("?") > 1:
        joined = "two questions"
    if joined:
        yield about(
            "double_barrelled", "warning", place, criterion, "question",
            what=f"asks two things at once ({joined}): an answer that has one of them fits no level",
            advice="make two criteria of it",
        )  # fmt: skip


def _contradiction(place: int, criterion: Criterion) -> Iterator[Finding]:
    if criterion.scale in ("nominal", "points"):
        return  # kinds have no better end, and points may be lost by being met
    worst, best = (
        polarity(f"{level.label} {level.description}")
        for level in (criterion.levels[0], criterion.levels[-1])
    )
    if best < 0 and best < worst:
        yield about(
            "contradiction", "error" if worst > 0 else "warning", place, criterion,
            "levels", len(criterion.levels) - 1, "description",
            what="the best level is described in worse words than the worst one",
            advice="levels go from worst to best by their value: turn them round, or check the wording",
        )  # fmt: skip


def _undefined(place: int, criterion: Criterion) -> Iterator[Finding]:
    by_level = [_judging_words(level.description) for level in criterion.levels]
    described = all(len(words(level.description)) >= _A_DESCRIPTION for level in criterion.levels)
    # A question may use such a word where the levels say what it means.
    asked = [
        word
        for word in _judging_words(criterion.question)
        if not described or any(word in said for said in by_level)
    ]
    at: tuple[int | str, ...] = ("question",)
    if not asked:
        if not any(by_level):
            return
        at = ("levels", next(number for number, said in enumerate(by_level) if said), "description")
    said = list(dict.fromkeys([*asked, *(word for found in by_level for word in found)]))
    where = [str(level.value) for level, found in zip(criterion.levels, by_level, strict=True) if found]
    yield about(
        "undefined_word", "warning", place, criterion, *at,
        what=f"{', '.join(f'“{word}”' for word in said)}"
        + (f" in level{'s' * (len(where) > 1)} {', '.join(where)}" if where else "")
        + ": left to taste, it is not said what for",
        advice=f"say what for, or how one sees it, as in “{said[0]} for …, because …”; or describe it in other words",
    )  # fmt: skip


def _judging_words(text: str) -> list[str]:
    return [word for place, word in enumerate(words(text)) if word in JUDGING and not explained(text, place)]


def _absence(place: int, criterion: Criterion) -> Iterator[Finding]:
    if criterion.evidence == "required" and (found := ABSENCE.search(criterion.question)):
        yield about(
            "evidence_on_absence", "warning", place, criterion, "evidence",
            what=f"wants quoted words as evidence, and asks about what is not there (“{found.group()}”)",
            advice="make the evidence optional: nobody can quote what is missing",
        )  # fmt: skip


def _duplicates(rubric: Rubric) -> Iterator[Finding]:
    asked = [
        {word for word in words(criterion.question) if word not in FILLER} for criterion in rubric.criteria
    ]
    for number, criterion in enumerate(rubric.criteria):
        for earlier, before in enumerate(rubric.criteria[:number]):
            common, either = len(asked[number] & asked[earlier]), len(asked[number] | asked[earlier])
            same_check = criterion.check is not None and criterion.check == before.check
            if common < _ALIKE * either and not same_check:
                continue
            apart = differing(before.question, criterion.question)
            if not apart or same_check or (common > 2 and not apart & TELLING):
                how = (
                    "has the same check as" if same_check else "asks what is asked by" if apart else "repeats"
                )
                yield about(
                    "duplicate_criterion", "error" if not apart else "warning", number, criterion, "question",
                    what=f"`{criterion.id}` {how} `{before.id}`: the same thing counts twice",
                    advice="leave one of them out, or say what is different",
                )  # fmt: skip
