"""Where the words of a text answer come from: typed, pasted, a suggestion, or a draft of the assistant.

The browser marks every change of the text. What it says is believed only when it fits the text exactly;
otherwise the provenance is unknown, which is stored as such and never guessed.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

__all__ = ["Provenance", "Range", "Source", "read_provenance"]

Source = Literal["typed", "paste", "suggestion", "draft"]
_SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, slots=True)
class Range:
    """Code points `start` to `end` (exclusive) of the text."""

    start: int
    end: int
    source: Source


@dataclass(frozen=True, slots=True)
class Provenance:
    ranges: tuple[Range, ...]
    """In order, without gaps, over the whole text."""
    inserted_draft: int
    """Characters of the assistant's drafts that were put into the box, over all insertions."""

    def characters(self, source: Source) -> int:
        return sum(found.end - found.start for found in self.ranges if found.source == source)

    @property
    def draft_survival(self) -> float | None:
        """Share of the inserted draft that is still there, in [0, 1]; None when none was inserted."""
        if not self.inserted_draft:
            return None
        return min(self.characters("draft") / self.inserted_draft, 1.0)

    def to_json(self) -> dict[str, Any]:
        """{ranges: [{start, end, source}], inserted_draft}."""
        return {
            "ranges": [
                {"start": found.start, "end": found.end, "source": found.source} for found in self.ranges
            ],
            "inserted_draft": self.inserted_draft,
        }


def read_provenance(document: object, text: str) -> Provenance | None:
    """The provenance of `text`; None when the document is missing or does not fit the text."""
    if not isinstance(document, dict) or not isinstance(document.get("ranges"), list):
        return None
    inserted = document.get("inserted_draft", 0)
    if not isinstance(inserted, int) or isinstance(inserted, bool) or inserted < 0:
        return None
    at, ranges = 0, []
    for entry in document["ranges"]:
        if not isinstance(entry, dict):
            return None
        end = entry.get("end")
        source = next((known for known in _SOURCES if known == entry.get("source")), None)
        if entry.get("start") != at or not isinstance(end, int) or end <= at or source is None:
            return None
        ranges.append(Range(at, end, source))
        at = end
    return Provenance(tuple(ranges), inserted) if at == len(text) else None
