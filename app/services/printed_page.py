"""The frame of a page to print or send, and what its tables are made of: no script, nothing loaded, all text escaped."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from app.analytics.intervals import Share

__all__ = ["Cell", "Hash", "first_rows", "interval_of", "page_of", "section_of", "share_of", "table_of"]

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--soft:#f4f6f6;--ink:#1d2b30;--muted:#5d6c72;--line:#d5dcde;--accent:#1b7f79}
@media (prefers-color-scheme:dark){:root{--paper:#14191b;--soft:#1d2427;--ink:#e6ecee;--muted:#9aa8ad;--line:#344046;
--accent:#4fb8b0}}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--paper);
max-width:68rem;margin:32px auto;padding:0 24px;overflow-wrap:break-word}
h1{font-size:1.5rem;margin:0 0 4px}h2{font-size:1.1rem;margin:32px 0 8px}h3{font-size:1rem;margin:20px 0 4px}
.about,.means{color:var(--muted)}.means{font-size:13px;margin:6px 0 0}ul{padding-left:20px;margin:8px 0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px;margin:0 0 14px}
th,td{text-align:left;vertical-align:top;padding:5px 8px;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--muted)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}
td{font-variant-numeric:tabular-nums}td b{font-weight:400;white-space:nowrap}
.unknown{background:var(--soft);border-left:3px solid var(--accent);padding:8px 16px}
code{font-size:12px;overflow-wrap:anywhere}
.sign{display:grid;grid-template-columns:1fr 1fr 1fr;gap:24px;margin:48px 0 0}
.sign div{border-top:1px solid var(--ink);padding-top:4px;color:var(--muted);font-size:13px}
@page{size:A4;margin:14mm 14mm 16mm;@bottom-right{content:"page " counter(page) " of " counter(pages);font:8pt system-ui,sans-serif}}
@media print{:root{--paper:#fff;--soft:#f4f6f6;--ink:#000;--muted:#444;--line:#bbb;--accent:#1b7f79}
body{margin:0;padding:0;max-width:none;font-size:9.5pt}h1{font-size:15pt}h2{font-size:11.5pt;margin:18pt 0 4pt}h3{font-size:10pt}
table{font-size:8.5pt;margin-bottom:8pt}th,td{padding:2.5pt 4pt}.means,.sign div{font-size:8pt}code{font-size:7pt}
.wide{overflow:visible}tr,.unknown,.sign{break-inside:avoid}thead{display:table-header-group}h2,h3{break-after:avoid}
.means{break-before:avoid}}
"""

MOST_ROWS: Final = 30
"""Rows of a table about raters or labels: more are no page that anybody reads; by judgement."""


class Hash(str):
    """Stands in small letters that may break anywhere, which words never do."""


Cell = str | int | float | None
"""A number stands on the right; None is said as unknown; what means nothing there is empty text."""

_INTERVAL: Final = re.compile(r"\[[^\]]{1,40}\]")
"""Its two ends stay together on one line."""


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
        + "".join(f"<td{kind}>{_html(cell)}</td>" for cell, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for row in found
    )
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def first_rows(head: Sequence[str], rows: Sequence[Sequence[Cell]], order: str, most: int = MOST_ROWS) -> str:
    """The first `most` rows, and how many others there are; `order` says which come first. Nothing without rows."""
    if not rows:
        return ""
    left = len(rows) - most
    more = (
        f'<p class="means">{escape(f"{most} of {len(rows):,} rows, {order}; {left:,} more stand in the JSON.")}</p>'
        if left > 0
        else ""
    )
    return table_of(head, rows[:most]) + more


def _html(cell: Cell) -> str:
    if isinstance(cell, Hash):
        return f"<code>{escape(cell)}</code>"
    said = escape(_said(cell))
    return _INTERVAL.sub(lambda found: f"<b>{found[0]}</b>", said)


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
