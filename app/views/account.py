"""Account: sign out, and one's own keys to the judge service."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.frame import sign_out_button
from app.components.table import show_table
from app.services import accounts
from app.state import current_actor

ctx, actor = resources.context(), current_actor()
st.subheader("Account", anchor=False)
sign_out_button(actor)
st.markdown("##### API tokens")
st.markdown(
    "The judge service is at `/v1/judge`, described at [/v1/docs](/v1/docs). A token stands for you; it is shown once."
)
with st.form("token", clear_on_submit=True, width=460):
    name = st.text_input("What is it for?", max_chars=80)
    days = st.selectbox(
        "Valid for", [30, 90, 365, None], format_func=lambda d: f"{d} days" if d else "until revoked"
    )
    if st.form_submit_button("Make a token"):
        secret, _ = accounts.issue_token(ctx, actor, name=name, days=days)
        st.success("Copy it now; it is not shown again.")
        st.code(secret, language=None)
tokens = accounts.list_tokens(ctx, actor)
if tokens:
    show_table(
        pd.DataFrame(
            {"name": t.name, "made": t.created_at, "ends": t.expires_at, "revoked": t.revoked_at is not None}
            for t in tokens
        )
    )
    live = {token.id: token.name for token in tokens if token.revoked_at is None}
    if live:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            picked = st.selectbox("Token", list(live), format_func=lambda id_: live[id_], width=300)
            st.button(
                "Revoke", on_click=accounts.revoke_token, args=(ctx, actor), kwargs={"token_id": picked}
            )
