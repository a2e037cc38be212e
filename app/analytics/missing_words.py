"""Words that raters and programs write where there is no value.

They are labels all the same, since "none" may well be one: whoever reads the figures is told.
"""

from collections.abc import Collection, Mapping

__all__ = ["missing_words"]

_WORDS = {
    "na", "n/a", "n.a.", "<na>", "#n/a", "null", "nil", "none", "missing", "undefined", "-", "--", "?", "."
}  # fmt: skip


def missing_words(counts: Mapping[str, int], declared: Collection[str] = ()) -> dict[str, int]:
    """Label -> ratings, of those that may mean that there is none, most frequent first; not those that are declared."""
    found = {
        label: n
        for label, n in counts.items()
        if label.strip().casefold() in _WORDS and n and label not in declared
    }
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
