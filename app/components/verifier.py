"""The verification table's browser component: the list, one item and the keys, talking to our endpoints."""

import streamlit as st

from app.components.assets import assets_version

__all__ = ["verifier"]

_LOADER = """
export default async function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector("#milo-verify");
  if (root.dataset.mounted === data.mount) return;
  root.dataset.mounted = data.mount;
  const module = await import(new URL(data.module, window.location.origin).href);
  module.mount(root, data);
}
"""

_component = st.components.v2.component(
    "milo_verifier", html='<div id="milo-verify"></div>', js=_LOADER, isolate_styles=False
)


def verifier(project_id: int, *, job: str = "", query: str = "") -> None:
    """Show the table of a project; `job` and `query` set its first filters."""
    version = assets_version()
    _component(
        key=f"verifier-{project_id}-{job}-{query}",
        data={
            "project_id": project_id,
            "job": job,
            "query": query,
            "module": f"/assets/v/{version}/verify/main.js",
            "styles": [f"/assets/v/{version}/work/work.css", f"/assets/v/{version}/verify/verify.css"],
            "mount": f"{project_id}-{job}-{query}-{version}",
        },
        height="content",
    )
