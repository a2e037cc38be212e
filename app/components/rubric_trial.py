"""A draft tried on a few answers, beside what was said by the version in force."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.components.table import show_table
from app.components.verdict import show_verdict
from app.services.context import Actor, Context
from app.services.rubric_trial import MOST, AnswerToTry, Trial, drawn, try_draft
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["trial_panel"]


def trial_panel(
    ctx: Context, actor: Actor, project: ProjectRecord, text: str, answers: Sequence[AnswerToTry]
) -> None:
    """Choose answers or draw some, judge them on the draft, and see both verdicts. Nothing is stored."""
    if not answers:
        st.info(
            "Nobody has submitted an answer that is judged yet. Once there are some, a draft can be tried on them."
        )
        return
    key = f"rubric-trial-{project.id}"
    names = {answer.answer_id: f"{answer.external_id}, {answer.login}" for answer in answers}
    cells = st.columns([5, 1, 1], vertical_alignment="bottom")

    def draw() -> None:
        turn = st.session_state[f"{key}-turn"] = st.session_state.get(f"{key}-turn", 0) + 1
        st.session_state[f"{key}-chosen"] = [answer.answer_id for answer in drawn(answers, MOST, turn)]

    chosen = cells[0].multiselect(
        f"Answers, up to {MOST} of the newest {len(answers):,}",
        list(names),
        format_func=lambda id_: names.get(id_, "gone"),
        max_selections=MOST,
        key=f"{key}-chosen",
    )
    cells[1].button("Draw by lot", on_click=draw, width="stretch", icon=":material/casino:")
    if cells[2].button("Try", type="primary", disabled=not chosen, width="stretch"):
        try:
            with st.spinner("Judging …"):
                found = asyncio.run(try_draft(ctx, actor, project.id, text, chosen))
            st.session_state[key] = (_digest(text), found)
        except EXPECTED as error:
            st.error(plain(str(error)))
    st.caption(
        "The draft is judged as it stands and nothing is stored."
        + ("" if ctx.gateway else " No model is configured: criteria that need one stay unscored.")
    )
    if key in st.session_state:
        of, trials = st.session_state[key]
        if of != _digest(text):
            st.warning("The draft has changed since it was tried.")
        _results(trials)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _results(trials: Sequence[Trial]) -> None:
    show_table(
        pd.DataFrame(
            {
                "answer": trial.answer.external_id,
                "draft": trial.draft["total"],
                "draft passes": _passes(trial.draft),
                "in force": trial.stored["total"] if trial.stored else None,
                "in force passes": _passes(trial.stored),
                "levels that differ": ", ".join(_differing(trial)),
            }
            for trial in trials
        ),
        column_config={
            name: st.column_config.NumberColumn(format="percent") for name in ("draft", "in force")
        },
    )
    st.caption(
        f"n = {len(trials)}: it shows how the draft reads, not how well it judges. Levels are compared for criteria with the "
        "same id and the same scale."
    )
    for trial in trials:
        answer = trial.answer
        st.markdown(f"**{plain(answer.external_id)}**, {plain(answer.question)} by {plain(answer.login)}")
        with st.container(border=True):
            st.text(answer.text)
        show_table(
            pd.DataFrame(_side_by_side(trial)),
            column_config={"why, by the draft": st.column_config.TextColumn(width="large")},
        )
        left, right = st.columns(2, gap="medium")
        with left:
            show_verdict(trial.draft | {"external_id": "The draft"})
        with right:
            if trial.stored is None:
                st.markdown(":gray[The version in force has not judged this answer.]")
            else:
                show_verdict(trial.stored | {"external_id": "In force, as stored"})


def _side_by_side(trial: Trial) -> list[dict[str, str]]:
    """A row for each criterion of either rubric, in the order of the draft."""
    draft = {score["id"]: score for score in trial.draft["criteria"]}
    stored = {score["id"]: score for score in trial.stored["criteria"]} if trial.stored else {}
    return [
        {
            "criterion": id_,
            "draft": _level(draft.get(id_)),
            "in force": _level(stored.get(id_)) if trial.stored else "not judged",
            "why, by the draft": draft[id_]["rationale"] if id_ in draft else "",
        }
        for id_ in dict.fromkeys([*draft, *stored])
    ]


def _level(score: Mapping[str, Any] | None) -> str:
    return "not in it" if score is None else score["level_label"] or "unscored"


def _passes(verdict: Mapping[str, Any] | None) -> str:
    if verdict is None:
        return "not judged"
    if verdict["total"] is None:
        return "open"
    return {True: "yes", False: "no", None: "no pass mark"}[verdict["passed"]]


def _differing(trial: Trial) -> list[str]:
    """Criteria whose level is another, in force → draft; unscored counts as another."""
    before = {score["id"]: score for score in trial.stored["criteria"]} if trial.stored else {}
    return [
        f"{score['id']}: {_level(before[score['id']])} → {_level(score)}"
        for score in trial.draft["criteria"]
        if score["id"] in before
        and score["best"] == before[score["id"]]["best"]
        and score["level"] != before[score["id"]]["level"]
    ]
