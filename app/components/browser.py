"""A place on a page for a browser component of ours, which loads its own module and talks to our endpoints."""

from typing import Any

import streamlit as st

__all__ = ["browser_component"]

_LOADER = """
export default async function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector("#ELEMENT");
  if (root.dataset.mounted === data.mount) return;
  root.dataset.mounted = data.mount;
  const module = await import(new URL(data.module, window.location.origin).href);
  module.mount(root, data);
}
"""


def browser_component(name: str, element: str) -> Any:
    """Register a component that is drawn into an element of that id.

    Its `data` names the `module` to load, which exports `mount(root, data)`, and a `mount` key: page runs with the
    same key leave what is on screen alone.
    """
    return st.components.v2.component(
        name,
        html=f'<div id="{element}"></div>',
        js=_LOADER.replace("ELEMENT", element),
        isolate_styles=False,
    )
