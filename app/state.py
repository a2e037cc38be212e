"""What a page keeps between its runs: who is there, and which project. Ids and plain values only."""

import streamlit as st

from app import resources
from app.errors import NotAllowed
from app.services.accounts import actor_of_session
from app.services.context import Actor

__all__ = ["current_actor", "current_project", "set_project"]

_PROJECT = "project_id"


def current_actor() -> Actor:
    """Who is logged in. Raises NotAllowed when the login ended; the gate has then let the last page through."""
    secret = st.context.cookies.get("milo_session")
    actor = actor_of_session(resources.context(), secret) if secret else None
    if actor is None:
        raise NotAllowed("you are no longer logged in; reload the page")
    return actor


def current_project() -> int | None:
    """The project chosen in the address or last time; None before the first choice."""
    value = st.query_params.get("project")
    if value is not None and value.isdecimal():
        st.session_state[_PROJECT] = int(value)
    chosen = st.session_state.get(_PROJECT)
    return int(chosen) if chosen is not None else None


def set_project(project_id: int) -> None:
    st.session_state[_PROJECT] = project_id
    st.query_params["project"] = str(project_id)
