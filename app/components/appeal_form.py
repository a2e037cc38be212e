"""The annotator's word against a rejection, below it: given once, or asked for."""

import streamlit as st

from app import resources
from app.components.plain import plain
from app.services.appeals import LONGEST_REASON, appeal
from app.services.context import Actor
from app.services.work_record import Revision
from app.wiring import EXPECTED
from db.review_records import ReviewRecord

__all__ = ["appeal_form"]


def appeal_form(
    actor: Actor, project_id: int, revision: Revision, review: ReviewRecord, *, stands: bool
) -> None:
    """What was said against this rejection; a form while nothing was, the rejection `stands` and can be contested."""
    if review.id in revision.appeals:
        answer = "It was looked at again."
        if stands:
            answer = "A reviewer decides." if revision.contestable else "It was decided over all answers."
        st.markdown(f":material/front_hand: You disagree: {plain(revision.appeals[review.id])}")
        st.caption(answer)
        return
    if review.outcome != "rejected" or not stands or not revision.contestable:
        return
    with st.form(f"appeal-{review.id}", enter_to_submit=False):
        reason = st.text_area(
            "I disagree with this rejection, because",
            max_chars=LONGEST_REASON,
            height=80,
            key=f"appeal-why-{review.id}",
        )
        st.caption(
            "Once per rejection. A reviewer who has not looked at your answer yet decides, if there is one; until then the "
            "item does not come back to you."
        )
        if st.form_submit_button("I disagree", key=f"appeal-send-{review.id}"):
            try:
                appeal(resources.context(), actor, project_id, review.id, reason)
                st.toast("A reviewer will look at your answer again.", icon=":material/front_hand:")
                st.rerun()
            except EXPECTED as error:
                st.error(str(error))
