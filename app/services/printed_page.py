"""The frame of a page to print or send, and what its tables are made of: no script, nothing loaded, all text escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from app.analytics.intervals import Share

__all__ = ["Cell", "interval_of", "page_of", "section_of", "share_of", "table_of"]

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--soft:#f4f6f6;--ink:#1d2b30;--muted:#5d6c72;--line:#d5dcde;--accent:#1b7f79}
@media (prefers-color-scheme:dark){:root{--paper:#14191b;--soft:#1d2427;--ink:#e6ecee;--muted:#9aa8ad;--line:#344046;
--accent:#4fb8b0}}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--paper);
max-width:68rem;margin:32px auto;padding:0 24px}
h1{font-size:1.5rem;margin:0 0 4px}h2{font-size:1.1rem;margin:32px 0 8px}h3{font-size:1rem;margin:20px 0 4px}
.about,.means{color:var(--muted)}.means{font-size:13px;margin:6px 0 0}ul{padding-left:20px;margin:8px 0}
table{border-collapse:collapse;width:100%;font-size:14px;margin:0 0 14px}
th,td{text-align:left;vertical-align:top;padding:5px 8px;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:600;color:var(--muted)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}
.unknown{background:var(--soft);border-left:3px solid var(--accent);padding:8px 16px}
code{font-size:12px}
@media print{:root{--paper:#fff;--soft:#f4f6f6;--ink:#000;--muted:#444;--line:#bbb;--accent:#1b7f79}
body{margin:0;max-width:none;font-size:11px}table{font-size:10px}tr{break-inside:avoid}h2,h3{break-after:avoid}}
"""

Cell = str | int | float | None
"""A number stands on the right; None is said as unknown; what means nothing there is empty text."""


def page_of(title: str, about: str, body: str) -> str:
    """A whole HTML document; `body` is HTML, the others are text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<p class="about">{escape(about)}</p>{body}</body></html>\n'
    )


def table_of(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Columns whose cells are numbers, or None, stand on the right."""
    found = [list(row) for row in rows]
    numeric = [
        any(not isinstance(row[place], str) for row in found)
        and all((not isinstance(row[place], str) or row[place] == "") for row in found)
        for place in range(len(head))
    ]
    kinds = [' class="n"' if right else "" for right in numeric]
    heads = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{escape(_said(cell))}</td>" for cell, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for row in found
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _said(cell: Cell) -> str:
    if cell is None:
        return "unknown"
    return cell if isinstance(cell, str) else f"{cell:,}" if isinstance(cell, int) else f"{cell:.3f}"


def section_of(title: str, table: str, means: str) -> str:
    """`table` is HTML; `means` says what the numbers are."""
    return f'<h2>{escape(title)}</h2>{table}<p class="means">{escape(means)}</p>'


def interval_of(value: float | None, low: float | None, high: float | None, *, digits: int = 2) -> str:
    if value is None:
        return "unknown"
    bounds = "" if low is None or high is None else f" [{low:.{digits}f}, {high:.{digits}f}]"
    return f"{value:.{digits}f}{bounds}"


def share_of(share: Share) -> str:
    """The share with its interval, and how many of how many."""
    if share.value is None or share.low is None or share.high is None:
        return "unknown, n = 0"
    return f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}], {share.count:,} of {share.n:,}"
