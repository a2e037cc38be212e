"""What an import of items or ratings did, or why it was refused."""

from dataclasses import dataclass, field
from shlex import quote

from app.errors import Invalid
from app.formats import BadRow

__all__ = ["SHOWN", "ImportReport", "LeftOut", "import_remarks", "left_out", "refused"]

SHOWN = 10
"""Of bad rows, of duplicates and the like: so many are named, all are counted."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows of a file that were left out for the same reason."""

    field: str
    reason: str
    n: int
    lines: tuple[int, ...]
    """Of the file, the first ten."""


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do."""

    rows: int = 0
    added: int = 0
    unchanged: int = 0
    """Known external id with the same content."""
    new_versions: int = 0
    """Known external id with another content: a new version; old answers keep theirs."""
    suggestions: int = 0
    """Of items the suggestions that came with them, of ratings those with a suggestion."""
    gold: int = 0
    """Of items the known answers that came with them, of ratings those of a known answer."""
    seconds: int = 0
    """Ratings whose time is known."""
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    """(external id, external id that has the same content already), the first ten."""
    duplicate_count: int = 0
    repeats: int = 0
    """Further ratings of a rater for the same item and question: stored, and left out of agreement."""
    look_alikes: list[tuple[str, str, str, int]] = field(default_factory=list)
    """(question, label, more frequent label that looks the same, ratings with the former), the first ten."""
    look_alike_count: int = 0
    """Ratings and gold answers with such a label; it stays a label of its own."""
    taken: list[tuple[str, str]] = field(default_factory=list)
    """(column of ratings, or kind of rater, by another name; what it was taken for)."""
    missing: int = 0
    """Rows of ratings without a value, left out as asked."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Other rows of ratings that cannot be imported, left out as asked: by reason, the most frequent ten."""
    left_out_count: int = 0
    missing_words: list[tuple[str, str, int]] = field(default_factory=list)
    """(question, label that often stands for a missing value, ratings with it), the first ten; they are imported."""
    dry_run: bool = False


def left_out(bad: list[BadRow]) -> list[LeftOut]:
    """The bad rows by reason, the most frequent first; a row counts once, for the first thing that is wrong with it."""
    lines: dict[tuple[str, str], list[int]] = {}
    for row in {row.line: row for row in reversed(bad)}.values():
        lines.setdefault((row.field, row.reason), []).append(row.line)
    found = [LeftOut(*key, len(of), tuple(sorted(of)[:SHOWN])) for key, of in lines.items()]
    return sorted(found, key=lambda one: (-one.n, one.lines))


def refused(bad: list[BadRow], rows: int, *, way_on: str = "") -> Invalid:
    more = f"; {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    head = f"{len(bad)} of {rows} rows cannot be imported, so nothing was{more}:"
    said = [f"line {row.line}, {row.field}: {row.reason}" for row in bad[:SHOWN]]
    return Invalid([head, *said, *([way_on] if way_on else [])])


def import_remarks(report: ImportReport) -> list[str]:
    """What whoever imports should know besides, in sentences with their counts; mostly empty."""
    said = [f"{one} has the same content as {other}" for one, other in report.duplicates]
    if report.duplicate_count > len(report.duplicates):
        said.append(f"and {report.duplicate_count - len(report.duplicates)} more duplicates")
    if report.taken:
        said.append("took " + ", ".join(f"{name} as {known}" for name, known in report.taken))
    if report.missing:
        said.append(f"{report.missing:,} rows have no value and are left out")
    said += [
        f"{one.n:,} rows are left out: {one.field} {one.reason} (line {', '.join(map(str, one.lines))}"
        + (", …)" if one.n > len(one.lines) else ")")
        for one in report.left_out
    ]
    if report.left_out_count > sum(one.n for one in report.left_out):
        said.append(
            f"{report.left_out_count:,} rows in all are left out because something is wrong with them"
        )
    said += [
        f"{question}: {ratings:,} ratings say {label!r}: a label, or missing? Where it is missing, name it as no value and "
        f"leave such rows out (--missing {quote(label)} --skip-missing)"
        for question, label, ratings in report.missing_words
    ]
    if report.repeats:
        said.append(
            f"{report.repeats:,} further ratings of a rater for the same item and question: stored, and left out of "
            "agreement, where the first one counts"
        )
    # As escapes: what looks the same must not look the same here.
    said += [
        f"{question}: {label!a} ({ratings:,} times) looks like {like!a} and stays another label"
        for question, label, like, ratings in report.look_alikes
    ]
    if len(report.look_alikes) == SHOWN:
        said.append(f"{report.look_alike_count:,} ratings in all have a label that looks like another")
    return said
