"""Items: search, and one item's history from prediction to time."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.adjudication_words import REASONS
from app.components.frame import pick_project, simulated_note
from app.components.plain import plain
from app.components.verdict import show_verdict
from app.services.history import find_items, item_history
from app.services.submissions import plain_text
from app.state import current_actor

PAGE = 50

ctx, actor = resources.context(), current_actor()
st.subheader("Items", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    simulated_note(project)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        contains = st.text_input("Item id contains", st.query_params.get("find", ""), width=260)
        number = int(st.number_input("Page", min_value=1, value=1, step=1, width=120))
    rows, total = find_items(
        ctx, actor, project.id, contains=contains, offset=(number - 1) * PAGE, limit=PAGE
    )
    if total:
        st.caption(f"{total:,} items; {PAGE} a page. Select one to see its history.")
    elif contains:
        st.info(f"No item id contains {plain(contains)}. Clear the field to see all items.")
    else:
        st.info("No items yet; an administrator imports them on the Projects page.")
    table = pd.DataFrame(
        {
            "item": item.external_id,
            "version": item.version,
            "text": plain_text(item.content)[:160],
            "answers wanted": item.open_slots,
        }
        for item in rows
    )
    picked = st.dataframe(
        table,
        hide_index=True,
        height=260,
        on_select="rerun",
        selection_mode="single-row",
        key=f"items-{number}",
    )
    chosen = picked["selection"]["rows"]
    if rows:
        history = item_history(ctx, actor, project.id, rows[chosen[0] if chosen else 0].id)
        st.markdown(f"#### {plain(history.item.external_id)}, version {history.item.version}")
        left, right = st.columns([1, 1], gap="medium")
        with left:
            with st.container(border=True):
                st.text(plain_text(history.item.content))
                if history.item.content.get("context"):
                    st.caption("Context")
                    st.text(history.item.content["context"])
            if history.gold:
                st.markdown(
                    "**Gold** " + ", ".join(f"{plain(q)}: {plain(str(v))}" for q, v in history.gold.items())
                )
            for label in history.labels:
                source = (
                    f"{label.source} by {plain(label.by)}" if label.source else label.note.replace("_", " ")
                )
                value = plain(str(label.value)) if label.source else "no label"
                st.markdown(
                    f":material/verified: **{plain(label.question)}**: {value} · {source}, n = {label.n}"
                )
            for decision, author in history.decisions:
                said = f": {plain(decision.comment)}" if decision.comment else ""
                st.caption(
                    f"{plain(decision.question)} adjudicated as {plain(str(decision.value[0]))} by {plain(author)}, "
                    f"{REASONS[decision.reason]}{said}"
                )
            for question, suggestion in history.suggestions.items():
                sure = (
                    ""
                    if suggestion.confidence is None
                    else f" ({suggestion.confidence:.0%}, {suggestion.confidence_source.replace('_', ' ')})"
                )
                st.markdown(
                    f":material/auto_awesome: **{plain(question)}**: {plain(str(suggestion.value[0]))}{sure}"
                )
                st.caption(f"{plain(suggestion.model)} {plain(suggestion.model_version)}")
            if history.ratings:
                st.dataframe(pd.DataFrame(history.ratings), hide_index=True)
        with right:
            if not history.people:
                st.info("Nobody has opened this item yet.")
            for person in history.people:
                seconds = sum(visit.reading + visit.working + visit.chatting for visit in person.visits)
                with st.container(border=True):
                    mark = " · simulated" if person.simulated else ""
                    st.markdown(
                        f"**{plain(person.login)}**{mark} · handling {seconds:.0f} s in {len(person.visits)} visits"
                    )
                    for annotation, answers in person.annotations:
                        arm = charts.arm_name(annotation.arm) if annotation.arm else "no suggestion at stake"
                        when = f"{annotation.submitted_at:%d %b, %H:%M} UTC"
                        st.caption(
                            f"revision {annotation.revision}, {annotation.state}, {arm}, {when}{', late' if annotation.late else ''}"
                        )
                        for answer in answers:
                            st.markdown(f"{plain(answer.question)}: **{plain(str(answer.value[0]))}**")
                            for verdict in history.verdicts.get(answer.id, []):
                                show_verdict(verdict)
                        for review, reviewer in history.reviews[annotation.id]:
                            said = f": {review.comment}" if review.comment else ""
                            st.caption(plain(f"{review.outcome} in review by {reviewer}{said}"))
                    if person.turns:
                        with st.expander(f"Chat, {len(person.turns)} turns"):
                            for turn in person.turns:
                                st.caption(
                                    turn.role + ("" if turn.status == "complete" else f" ({turn.status})")
                                )
                                st.text(turn.text)
