"""Entry of every page run: who is there, which pages they get, and the frame that shows errors."""

from pathlib import Path

import streamlit as st

from app import resources
from app.components.frame import page_style
from app.services.projects import list_projects
from app.state import current_actor
from app.wiring import DATABASE_DOWN, EXPECTED

_VIEWS = Path(__file__).parent / "views"

st.set_page_config(
    page_title="MILO", layout="wide", page_icon=str(_VIEWS.parent / "components" / "frontend" / "icon.png")
)


def _page(file: str, title: str, icon: str, path: str, *, default: bool = False) -> st.Page:
    return st.Page(
        _VIEWS / f"{file}.py", title=title, icon=f":material/{icon}:", url_path=path, default=default
    )


try:
    actor = current_actor()
    memberships = list_projects(resources.context(), actor)
    roles = {role for _, held in memberships for role in held}
    pages: dict[str, list[st.Page]] = {}
    if roles & {"annotator", "qa_lead"}:
        pages["Label"] = [
            _page("work", "Work", "edit_note", "work", default=True),
            _page("verify", "Verify", "checklist", "verify"),
            _page("my_work", "My work", "fact_check", "my-work"),
        ]
    # The first page has no address of its own but `/`: it is one that nobody links to by name.
    quality = [_page("overview", "Overview", "dashboard", "overview", default="Label" not in pages)]
    if actor.is_admin or roles & {"qa_lead", "manager"}:
        quality += [
            _page("agreement", "Agreement", "balance", "agreement"),
            _page("judge_quality", "Judge quality", "gavel", "judge-quality"),
            _page("time", "Handling time", "timer", "time"),
            _page("studies", "Studies", "science", "studies"),
        ]
    if actor.is_admin or "qa_lead" in roles:
        quality += [
            _page("review", "Review", "rate_review", "review"),
            _page("rubrics", "Rubrics", "checklist_rtl", "rubrics"),
            _page("adjudicate", "Adjudicate", "alt_route", "adjudicate"),
            _page("items", "Items", "list", "items"),
            _page("disputes", "Disputes", "forum", "disputes"),
            _page("questions", "Questions", "help", "questions"),
        ]
    if actor.is_admin or roles - {"annotator"} or "Label" not in pages:
        pages["Quality"] = quality
    manage = []
    if actor.is_admin or "qa_lead" in roles:
        manage.append(_page("jobs", "Agents and jobs", "smart_toy", "jobs"))
    if actor.is_admin or roles & {"qa_lead", "manager"}:
        manage.append(_page("export", "Export", "download", "export"))
    if actor.is_admin:
        manage = [
            _page("projects", "Projects", "folder", "projects"),
            *manage,
            _page("people", "People", "group", "people"),
        ]
    if manage:
        pages["Manage"] = manage
    pages["You"] = [_page("account", "Account", "person", "account")]
    page = st.navigation(pages, position="top")
    page_style()
    page.run()
except EXPECTED as error:
    st.error(str(error), icon=":material/error:")
except DATABASE_DOWN as error:
    st.error(
        f"The database cannot be used at present ({error.orig}). Nothing was stored; try again.",
        icon=":material/error:",
    )
