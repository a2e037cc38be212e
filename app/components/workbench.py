"""The Work page's browser component: item, form, suggestion and chat in one, talking to our endpoints.

No page run happens while somebody labels; what the component needs of Streamlit is a place on the page.
"""

from app.components.assets import assets_version
from app.components.browser import browser_component

__all__ = ["workbench"]

_component = browser_component("milo_workbench", "milo-work")


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
