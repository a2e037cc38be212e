"""The service's description for people. Swagger's page loads its scripts from outside; this one loads nothing."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["page_of"]

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>MILO judge API</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}
code,pre{{background:#8881;padding:.1em .3em;border-radius:4px}}pre{{padding:.8em;overflow:auto}}
h2{{margin-top:2rem;font-size:1.05rem}}</style></head><body><h1>MILO judge API</h1>
<p>The description for programs is at <a href="{base}/openapi.json">openapi.json</a>. Every call but
<code>/health</code> takes the header <code>Authorization: Bearer TOKEN</code>.</p>{operations}</body></html>"""


def page_of(description: Mapping[str, Any], base: str) -> str:
    """Each operation of an OpenAPI document with what it is for, and a body to begin with."""
    blocks = []
    posted = []
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            blocks.append(
                f"<h2><code>{method.upper()} {base}{path}</code></h2><p>{escape(operation['summary'])}</p>"
            )
            if method == "post":
                posted.append(f"<code>{path}</code>")
    example = json.dumps(
        {"rubric": "helpfulness", "submissions": [{"id": "1", "prompt": "…", "response": "…"}]},
        indent=2,
        ensure_ascii=False,
    )
    blocks.append(f"<h2>A body for {' and '.join(posted)}</h2><pre>{example}</pre>")
    return _PAGE.format(base=base, operations="".join(blocks))
