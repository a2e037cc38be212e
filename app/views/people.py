"""People: accounts and their roles in the projects."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.cohort_panel import cohort_panel
from app.components.frame import pick_project
from app.components.table import show_table
from app.services import accounts, cohorts
from app.services.projects import list_projects
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("People", anchor=False)
users = accounts.list_users(ctx, actor)
names = {project.id: project.name for project, _ in list_projects(ctx, actor)}
grouped = cohorts.all_cohorts(ctx, actor)
everybody, roles = st.tabs(["Accounts", "Roles and cohorts in a project"])
with everybody:
    show_table(
        pd.DataFrame(
            {
                "login": u.login,
                "name": u.name,
                "admin": u.is_admin,
                "simulated": u.simulated,
                "disabled": u.disabled_at is not None,
                "cohorts": ", ".join(
                    f"{cohort} ({names[id_]})" for id_, cohort in grouped.get(u.login, {}).items()
                ),
                "since": f"{u.created_at:%Y-%m-%d}",
            }
            for u in users
        )
    )
    with st.form("add-user", clear_on_submit=True, width=460):
        st.markdown("**Add an account**")
        login = st.text_input("Login", max_chars=64)
        name = st.text_input("Name", max_chars=120)
        password = st.text_input("Password, at least 8 characters", type="password")
        is_admin = st.checkbox("Administrator")
        if st.form_submit_button("Add"):
            try:
                made = accounts.add_user(
                    ctx, actor, login=login, name=name, password=password, is_admin=is_admin
                )
                st.success(f"Added {made.login}. Give a role under “Roles and cohorts in a project”.")
            except EXPECTED as error:
                st.error(str(error))
with roles:
    project = pick_project(actor, roles=frozenset())
    if project is not None:
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown("**Roles**")
            found = accounts.list_members(ctx, actor, project.id)
            show_table(
                pd.DataFrame({"login": user.login, "name": user.name, "role": role} for user, role in found)
            )
            with st.form("role", width=460):
                person = st.selectbox(
                    "Person", [u.login for u in users if not u.simulated and u.disabled_at is None]
                )
                role = st.selectbox("Role", accounts.ROLES, format_func=lambda r: r.replace("_", " "))
                give, take = st.columns(2)
                try:
                    if give.form_submit_button("Give the role"):
                        accounts.give_role(ctx, actor, project_id=project.id, login=person, role=role)
                        st.rerun()
                    if take.form_submit_button("Take it away"):
                        accounts.take_role(ctx, actor, project_id=project.id, login=person, role=role)
                        st.rerun()
                except EXPECTED as error:
                    st.error(str(error))
        with right:
            st.markdown("**Cohorts**")
            cohort_panel(actor, project, key="people")
