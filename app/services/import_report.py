"""What an import of items or ratings did, or why it was refused."""

from dataclasses import dataclass, field

from app.errors import Invalid
from app.formats import BadRow

__all__ = ["SHOWN", "ImportReport", "import_remarks", "refused"]

SHOWN = 10
"""Of bad rows, of duplicates and the like: so many are named, all are counted."""


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
    dry_run: bool = False


def refused(bad: list[BadRow], rows: int) -> Invalid:
    more = f"; {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    head = f"{len(bad)} of {rows} rows cannot be imported, so nothing was{more}:"
    return Invalid([head, *(f"line {row.line}, {row.field}: {row.reason}" for row in bad[:SHOWN])])


def import_remarks(report: ImportReport) -> list[str]:
    """What whoever imports should know besides, in sentences with their counts; mostly empty."""
    said = [f"{one} has the same content as {other}" for one, other in report.duplicates]
    if report.duplicate_count > len(report.duplicates):
        said.append(f"and {report.duplicate_count - len(report.duplicates)} more duplicates")
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
