"""The Work page's browser component: item, form, suggestion and chat in one, talking to our endpoints.

No page run happens while somebody labels; what the component needs of Streamlit is a place on the page.
"""

import streamlit as st

from app.components.assets import assets_version

__all__ = ["workbench"]

_LOADER = """
export default async function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector("#milo-work");
  if (root.dataset.mounted === data.mount) return;
  root.dataset.mounted = data.mount;
  const module = await import(new URL(data.module, window.location.origin).href);
  module.mount(root, data);
}
"""

_component = st.components.v2.component(
    "milo_workbench", html='<div id="milo-work"></div>', js=_LOADER, isolate_styles=False
)


def workbench(project_id: int, *, item_id: int | None) -> None:
    """Show the workbench of a project, on one item when given, else on the next."""
    version = assets_version()
    _component(
        key=f"workbench-{project_id}-{item_id}",
        data={
            "project_id": project_id,
            "item_id": item_id,
            "module": f"/assets/v/{version}/work/main.js",
            "style": f"/assets/v/{version}/work/work.css",
            "mount": f"{project_id}-{item_id}-{version}",
        },
        height="content",
    )
