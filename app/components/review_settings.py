"""Which answers are looked at, what becomes of rejected items, and whether names are hidden: the project's choices."""

from typing import Final

import streamlit as st

from app import resources
from app.schema.workplace import REQUEUES, Requeue
from app.services.arms import workplace_of
from app.services.context import Actor
from app.services.review_settings import change_review_settings
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["REQUEUE_WORDS", "review_settings"]

REQUEUE_WORDS: Final[dict[Requeue, str]] = {
    "same": "back to its author",
    "other": "to somebody else",
    "nobody": "to nobody",
}


def review_settings(actor: Actor, project: ProjectRecord) -> None:
    """A form over the project's rules; saving it changes the queue of everybody who reviews."""
    now = workplace_of(project)
    rules = now.review
    with (
        st.expander("Rules of this project: which answers are looked at"),
        st.form(f"review-rules-{project.id}", border=False),
    ):
        st.caption(
            "Each rule is a condition and the share of the answers meeting it that is drawn, by lot and the same on every "
            "visit. Answers that were revised after a review are always looked at."
        )
        columns = st.columns(4)
        below = columns[0].slider(
            "Agreement with the others below",
            0.0,
            1.0,
            rules.agreement_below,
            0.05,
            help="Mean agreement of an answer with the other people's answers to one question; 1 is any difference.",
        )
        texts = columns[0].checkbox(
            "Compare written answers too",
            rules.texts,
            help="Whoever writes freely nearly always differs: nearly every such answer would be looked at.",
        )
        first = columns[2].number_input("First answers of a person", 1, 1000, rules.first_answers)
        shares = {
            "disagreement": columns[0].slider("… of these look at", 0.0, 1.0, rules.disagreement, 0.05),
            "judge_doubt": columns[1].slider(
                "The judge doubts: look at",
                0.0,
                1.0,
                rules.judge_doubt,
                0.05,
                help="The newest verdict did not pass, has no total, or carries a flag.",
            ),
            "new_person": columns[2].slider("… of these look at ", 0.0, 1.0, rules.new_person, 0.05),
            "floor": columns[3].slider("All others, by chance", 0.0, 1.0, rules.floor, 0.01),
            "second_look": columns[3].slider(
                "Reviewed answers: a second look at",
                0.0,
                1.0,
                rules.second_look,
                0.01,
                help="By another reviewer, who does not see what the first one decided. Without it nobody knows how often "
                "reviewers are wrong.",
            ),
        }
        below_them = st.columns(4, vertical_alignment="bottom")
        requeue = below_them[0].selectbox(
            "A rejected item goes",
            REQUEUES,
            REQUEUES.index(now.requeue),
            format_func=REQUEUE_WORDS.__getitem__,
        )
        hide_names = below_them[1].checkbox("Hide who answered", now.hide_names)
        if st.form_submit_button("Save the rules"):
            try:
                change_review_settings(
                    resources.context(),
                    actor,
                    project.id,
                    rules={"agreement_below": below, "first_answers": int(first), "texts": texts, **shares},
                    requeue=str(requeue),
                    hide_names=hide_names,
                )
                st.rerun()
            except EXPECTED as error:
                st.error(str(error))
