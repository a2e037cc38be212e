"""The frame around every page: the project picker, signing out, and the word about simulated data."""

import html
from collections.abc import Callable

import streamlit as st

from app import resources
from app.services.context import Actor
from app.services.projects import list_projects
from app.state import current_project, set_project
from db.records import ProjectRecord

__all__ = ["page_style", "pick_project", "sign_out_button", "simulated_note"]


def page_style() -> None:
    """Less air around the page than the wide layout has: people work here for hours."""
    st.html("<style>.stMainBlockContainer { padding: 4rem 1.5rem 1rem; }</style>")


def sign_out_button(actor: Actor) -> None:
    # A form, not a link: signing out by a picture on some other site must not work.
    st.html(
        f"<form method='post' action='/logout' target='_self'>Logged in as <b>{html.escape(actor.name)}</b> "
        f"({html.escape(actor.login)}) &nbsp; <button style='font:inherit;padding:.25rem .8rem;border-radius:6px;"
        "border:1px solid currentColor;background:none;color:inherit;cursor:pointer'>Sign out</button></form>"
    )


def pick_project(
    actor: Actor,
    *,
    roles: frozenset[str],
    admin: bool = True,
    kind: str | None = None,
    first: Callable[[ProjectRecord], bool] | None = None,
) -> ProjectRecord | None:
    """A picker over the projects where the actor holds one of `roles`; None, with a word why, when there is none.

    `first` says which project a page begins with, while none was chosen.
    """
    found = [
        project
        for project, held in list_projects(resources.context(), actor)
        if (held & roles or (admin and actor.is_admin)) and (kind is None or project.kind == kind)
    ]
    if not found:
        st.info(
            "No project yet that you have a part in here. An administrator can add you on the Projects page."
        )
        return None
    ids = [project.id for project in found]
    chosen = current_project()
    names = {project.id: project.name for project in found}
    begin = next((place for place, project in enumerate(found) if first and first(project)), 0)
    picked = st.selectbox(
        "Project",
        ids,
        index=ids.index(chosen) if chosen in ids else begin,
        format_func=lambda id_: names[id_],
        key="picker",
        label_visibility="collapsed",
        width=340,
    )
    if picked is None:
        return None
    if picked != chosen:
        set_project(picked)
    return next(project for project in found if project.id == picked)


def simulated_note(project: ProjectRecord) -> None:
    if project.simulated:
        st.caption(
            ":material/science: This sample project holds a **simulated** team history. "
            "Its figures show what the page does, not what people did."
        )
