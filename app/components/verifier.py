"""The verification table's browser component: the list, one item and the keys, talking to our endpoints."""

from app.components.assets import assets_version
from app.components.browser import browser_component

__all__ = ["verifier"]

_component = browser_component("milo_verifier", "milo-verify")


def verifier(project_id: int, *, job: str = "", query: str = "", question: str = "") -> None:
    """Show the table of a project; `job`, `query` and `question` set its first filters."""
    version = assets_version()
    _component(
        key=f"verifier-{project_id}-{job}-{query}-{question}",
        data={
            "project_id": project_id,
            "job": job,
            "query": query,
            "question": question,
            "module": f"/assets/v/{version}/verify/main.js",
            "styles": [f"/assets/v/{version}/work/work.css", f"/assets/v/{version}/verify/verify.css"],
            "mount": f"{project_id}-{job}-{query}-{question}-{version}",
        },
        height="content",
    )
