"""Two revisions of a text with what was taken out and what was put in."""

import html
import re
from difflib import SequenceMatcher

import streamlit as st

__all__ = ["difference_html", "show_difference"]

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


def show_difference(before: str, after: str) -> None:
    st.html(
        "<style>.milo-difference { white-space: pre-wrap; line-height: 1.6 }"
        ".milo-difference ins { background: #1b7f7933; text-decoration: none }"
        ".milo-difference del { background: #c8553d33 }</style>"
        f"<div class='milo-difference'>{difference_html(before, after)}</div>"
    )
