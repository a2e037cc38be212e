"""Cohorts of a project: who is in which, and a form to put people into one."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.table import show_table
from app.services import cohorts
from app.services.context import Actor
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["cohort_panel"]


def cohort_panel(actor: Actor, project: ProjectRecord, *, key: str) -> None:
    """For those who may set cohorts in the project; `key` tells two panels of one page apart."""
    ctx = resources.context()
    found = cohorts.list_cohorts(ctx, actor, project.id)
    st.caption(
        "A cohort is a group of people that figures are split by, such as experts and crowd; a person is in one at most. It holds for "
        "earlier answers too. Imported raters have none: a column of their table, such as `group`, splits them."
    )
    if not found:
        st.info("Nobody has a part in this project yet. Give roles first.")
        return
    show_table(
        pd.DataFrame(
            {
                "login": one.login,
                "name": one.name,
                "cohort": one.cohort,
                "note": ", ".join(word for word in ("simulated", "disabled") if getattr(one, word)),
            }
            for one in found
        ),
        height=min(38 + 35 * len(found), 280),
    )
    with st.form(f"cohort-{key}-{project.id}", width=460, border=False):
        people = st.multiselect("People", [one.login for one in found], placeholder="one or more")
        name = st.text_input("Cohort", max_chars=64, placeholder="such as experts")
        with st.container(horizontal=True):
            put = st.form_submit_button("Put them into it", type="primary")
            take = st.form_submit_button("Take them out of any")
        if put or take:
            if not people or (put and not name.strip()):
                st.error("Choose at least one person." if not people else "Name the cohort.")
                return
            try:
                cohorts.set_cohort(ctx, actor, project.id, logins=people, cohort=name if put else "")
                st.rerun()
            except EXPECTED as error:
                st.error(str(error))
