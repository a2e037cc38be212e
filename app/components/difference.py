"""What differs between two texts: one that became the other, or two that stand side by side."""

import html
import re
from difflib import SequenceMatcher

import streamlit as st

__all__ = ["difference_html", "marked_html", "show_difference", "show_marked"]

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


def difference_html(before: str, after: str) -> str:
    """Escaped HTML: words of `before` that are gone in <del>, new ones of `after` in <ins>."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    out = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = html.escape("".join(old[a:b])), html.escape("".join(new[c:d]))
        if kind == "equal":
            out.append(come)
            continue
        if gone:
            out.append(f"<del>{gone}</del>")
        if come:
            out.append(f"<ins>{come}</ins>")
    return "".join(out)


def marked_html(text: str, other: str) -> str:
    """Escaped HTML of `text`: words that `other` has not at their place in <ins>."""
    ours, theirs = _TOKEN.findall(text), _TOKEN.findall(other)
    out = []
    for kind, a, b, _, _ in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        words = html.escape("".join(ours[a:b]))
        out.append(words if kind == "equal" or not words else f"<ins>{words}</ins>")
    # One mark from word to word: a gap of blanks that both have is none to the reader.
    return re.sub(r"</ins>(\s+)<ins>", r"\1", "".join(out))


def show_difference(before: str, after: str) -> None:
    _show(difference_html(before, after))


def show_marked(text: str, other: str) -> None:
    _show(marked_html(text, other))


def _show(marked: str) -> None:
    st.html(
        "<style>.milo-difference { white-space: pre-wrap; line-height: 1.6; overflow-wrap: anywhere }"
        ".milo-difference ins { background: #1b7f7933; text-decoration: none }"
        ".milo-difference del { background: #c8553d33 }</style>"
        f"<div class='milo-difference'>{marked}</div>"
    )
