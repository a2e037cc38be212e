"""A text editor in the browser that hands on its text while somebody types; `st.text_area` waits until they leave it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.components.assets import assets_version

__all__ = ["text_editor"]

_LOADER = """
export default async function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector("#milo-editor");
  const module = await import(new URL(data.module, window.location.origin).href);
  module.show(root, data, (text) => setStateValue("text", text));
}
"""
_component = st.components.v2.component(
    "milo_editor", html='<div id="milo-editor"></div>', js=_LOADER, isolate_styles=False
)


def text_editor(
    label: str,
    *,
    key: str,
    text: str,
    base: str,
    marks: Sequence[dict[str, Any]],
    keep: str,
    forget: bool,
) -> str:
    """The text as it stands in the editor.

    `key` names the text: another key puts `text` in, the same one leaves what is typed alone. `marks` are lines with
    `line`, `severity` (error or warning) and `what`. What differs from `base` is kept in the browser under the name
    `keep` and offered after a reload; `forget` drops it.
    """
    version = assets_version()
    found = _component(
        key=key,
        data={
            "text": text,
            "base": base,
            "label": label,
            "marks": list(marks),
            "keep": keep,
            "forget": forget,
            "mount": f"{key}-{version}",
            "module": f"/assets/v/{version}/editor/main.js",
            "styles": [f"/assets/v/{version}/editor/editor.css"],
        },
        default={"text": text},
        on_text_change=lambda: None,
        height="content",
    )
    return str(found["text"])
