"""Answers of two people that contradict each other, with the words of both; and having them compared."""

from shlex import quote

import streamlit as st

from app.components.plain import plain
from app.services.context import Actor, Context
from app.services.contradictions import ComparedPair, Contradictions, contradictions_of, start_comparing
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["contradictions_panel"]

_SHOWN = 20
_WORDS = {
    "contradict": "contradict",
    "unsure": "unsure",
    "unscored": "unscored",
    "agree": "do not contradict",
}
_DOUBTS = {
    "order": "with the answers swapped the judge said otherwise",
    "no_quotes": "the judge named no words of one of them",
    "quotes_not_found": "the words that the judge named do not stand in the answer they are said to come from",
}


def contradictions_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    """For those who decide about answers; others see nothing here."""
    try:
        found = contradictions_of(ctx, actor, project.id)
    except EXPECTED:
        return
    st.markdown("##### Two people, one item")
    _start(ctx, actor, project)
    if not found.counts:
        st.info(
            "No answers were compared yet. Where several people wrote about one item, the judge says whether they contradict each other, and quotes both."
        )
        return
    clashing, decided, interval = found.share
    share = "" if interval is None else f" ({clashing / decided:.0%} [{interval[0]:.0%}, {interval[1]:.0%}])"
    st.markdown(" · ".join(f"{_WORDS[name]} **{count}**" for name, count in found.counts.items()))
    st.caption(
        f"Pairs of answers as they stand. Contradicting: {clashing} of {decided} decided{share}, 95 % interval. What the judge calls a contradiction it is "
        "asked again with the answers swapped; only what it says both times, with words that stand in both, counts. No person has checked it."
    )
    if not found.rows:
        st.success("Nothing to look at: no two answers contradict each other.")
    for row in found.rows[:_SHOWN]:
        _pair(row, found, project)
    if len(found.rows) > _SHOWN:
        st.caption(
            f"{len(found.rows) - _SHOWN} more; `milo judge contradictions {quote(project.name)} --no-ask --json` lists all."
        )


def _start(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    with st.form(f"compare-{project.id}", border=False):
        cells = st.columns([1, 2, 2], vertical_alignment="bottom")
        budget = cells[0].number_input("Budget, USD", 0.0, None, None, key=f"compare-budget-{project.id}")
        if cells[1].form_submit_button("Look for contradictions", icon=":material/compare_arrows:"):
            try:
                job = start_comparing(ctx, actor, project.id, budget_usd=budget)
                st.success(
                    f"Job {job.id} is queued: {job.spec['pairs']} pairs, those compared before left out. Agents and jobs shows how it goes."
                )
            except EXPECTED as error:
                st.error(str(error))


def _pair(row: ComparedPair, found: Contradictions, project: ProjectRecord) -> None:
    doubt = f": {_DOUBTS.get(row.reason or '', row.reason or '')}" if row.outcome == "unsure" else ""
    names = (row.first_login, row.second_login) if found.names else ("One", "Another")
    with st.expander(
        f"{plain(row.external_id)} · {plain(row.question)} · {_against(row) or _WORDS[row.outcome]}{doubt}",
        expanded=row is found.rows[0],
    ):
        if row.why:
            st.markdown(plain(row.why))
        for column, side, name, text in zip(
            st.columns(2), ("first", "second"), names, (row.first_text, row.second_text), strict=True
        ):
            column.caption(plain(name))
            for quote in row.quotes[side]:
                where = {"own": "", "other": " (in the other answer)", "nowhere": " (in neither)"}
                column.markdown(f"> “{plain(quote['quote'])}”{where[quote['found']]}")
            column.text(text)
        left, right = st.columns(2)
        left.link_button("Decide", f"/adjudicate?project={project.id}&case={row.item_id}")
        right.caption(f"By {plain(row.model)}, {row.created_at:%d %B %Y}.")


def _against(row: ComparedPair) -> str:
    """The first words of both sides; empty where the judge named none of one."""
    quotes = [next((entry["quote"] for entry in row.quotes[side]), "") for side in ("first", "second")]
    if row.outcome != "contradict" or not all(quotes):
        return ""
    return " against ".join(f"“{plain(quote[:40])}{'…' if len(quote) > 40 else ''}”" for quote in quotes)
