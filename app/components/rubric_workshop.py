"""A draft of a rubric: the text with its findings, what people and the judge see of it, and publishing it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.components.plain import plain
from app.components.rubric_preview import prompt_preview, rubric_preview
from app.components.rubric_trial import trial_panel
from app.components.text_editor import text_editor
from app.errors import Conflict
from app.services.context import Actor, Context
from app.services.rubric_editing import Draft, RubricVersion, look_over, publish
from app.services.rubric_trial import AnswerToTry
from app.wiring import EXPECTED
from db.records import ProjectRecord
from rubrics import FORMATS, Format, Rubric, RubricError, dump_rubric, read_rubric
from rubrics.lint import Finding

__all__ = ["begin", "draft_text", "workshop"]

FORMAT_NAMES: dict[Format, str] = {
    "milo": "MILO, YAML",
    "prometheus": "Prometheus",
    "healthbench": "HealthBench",
    "evalassist": "EvalAssist",
    "openai-score": "OpenAI grader, score_model",
    "openai-label": "OpenAI grader, label_model",
}


def _state(project_id: int) -> dict[str, Any] | None:
    """The draft of this visit: text, base, over, number, said, forget; None before one was begun."""
    found: dict[str, Any] | None = st.session_state.get(f"rubric-draft-{project_id}")
    return found


def begin(project_id: int, text: str, *, over: int | None, said: str = "", forget: bool = False) -> None:
    """Put a text into the editor; `over` is the version in force that it is to replace."""
    number = (state["number"] if (state := _state(project_id)) else 0) + 1
    st.session_state[f"rubric-draft-{project_id}"] = {
        "text": text, "base": text, "over": over, "number": number, "said": said, "forget": forget,
    }  # fmt: skip


def draft_text(project_id: int) -> str | None:
    """The draft as it was last typed; None when none was begun."""
    state = _state(project_id)
    return str(state["text"]) if state else None


def workshop(
    ctx: Context,
    actor: Actor,
    project: ProjectRecord,
    versions: Sequence[RubricVersion],
    answers: Sequence[AnswerToTry],
) -> None:
    """The editing tab. Without a draft it begins with the version in force, or with the first of the catalogue."""
    if _state(project.id) is None:
        begin(project.id, dump_rubric(versions[0].rubric), over=project.rubric_version_id)
    _import(project)

    @st.fragment
    def desk() -> None:
        _desk(ctx, actor, project, versions, answers)

    desk()


def _import(project: ProjectRecord) -> None:
    with st.expander("Begin with a file", icon=":material/upload_file:"):
        cells = st.columns([3, 1, 1], vertical_alignment="bottom")
        upload = cells[0].file_uploader(
            "A rubric of ours or of another system", type=["yaml", "yml", "json", "jsonl", "txt"]
        )
        named = cells[1].selectbox(
            "Format", [None, *FORMATS], format_func=lambda f: FORMAT_NAMES[f] if f else "seen by itself"
        )
        if cells[2].button("Read", disabled=upload is None, width="stretch") and upload is not None:
            try:
                text = upload.getvalue().decode("utf-8")
                read = read_rubric(text, named, where=upload.name)
            except UnicodeDecodeError:
                st.error(f"{upload.name} is no text in UTF-8.")
            except RubricError as error:
                for problem in error.problems:
                    st.error(plain(problem))
            else:
                lost = f" Not in it: {', '.join(read.left_out)}." if read.left_out else ""
                ours = text if read.format == "milo" else dump_rubric(read.rubric)
                said = f"Read {upload.name} as {FORMAT_NAMES[read.format]}.{lost}"
                begin(project.id, ours, over=project.rubric_version_id, said=said)


def _desk(
    ctx: Context,
    actor: Actor,
    project: ProjectRecord,
    versions: Sequence[RubricVersion],
    answers: Sequence[AnswerToTry],
) -> None:
    state = _state(project.id)
    assert state is not None, "the tab has begun one"
    if state["said"]:
        st.info(plain(state["said"]))
    left, right = st.columns([3, 2], gap="medium")
    # What is typed arrives with the run itself: the findings are those of the text before the editor is drawn.
    key = f"rubric-editor-{project.id}-{state['number']}"
    typed = st.session_state.get(key)
    text = str(typed["text"]) if typed else str(state["text"])
    draft = look_over(text)
    with left:
        state["text"] = text_editor(
            "Rubric in YAML",
            key=key,
            text=text,
            base=state["base"],
            marks=[{"line": f.line, "severity": f.severity, "what": f.what} for f in draft.findings],
            keep=f"milo-rubric-{project.id}",
            forget=state["forget"],
        )
    with right:
        _findings(draft)
        _publish(ctx, actor, project, state, draft, versions)
    if draft.rubric is None:
        st.caption("What people and the judge see is shown once the text is a rubric.")
        return
    # Only the open one is made: this runs at every pause of whoever types.
    people, judge, trial = st.tabs(
        ["What people see", "What the judge is asked", "Try it"],
        key=f"rubric-views-{project.id}",
        on_change="rerun",
    )
    if people.open:
        with people:
            rubric_preview(draft.rubric, key=f"{key}-preview")
    if judge.open:
        with judge:
            prompt_preview(ctx, actor, project, state["text"], answers)
    if trial.open:
        with trial:
            trial_panel(ctx, actor, project, state["text"], answers)


def _findings(draft: Draft) -> None:
    errors = sum(finding.severity == "error" for finding in draft.findings)
    warnings = len(draft.findings) - errors
    if not draft.findings:
        st.success("No findings.", icon=":material/check:")
    else:
        st.markdown(f"**{_count(errors, 'error')}, {_count(warnings, 'warning')}**")
    with st.container(height=300 if len(draft.findings) > 3 else "content", border=False):
        for finding in draft.findings:
            _finding(finding)
    if draft.name_taken:
        st.warning(
            "The name is that of a rubric of the catalogue, which stays as it is there. Change `name:` to publish yours."
        )


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def _finding(finding: Finding) -> None:
    icon = ":red[:material/error:]" if finding.severity == "error" else ":orange[:material/warning:]"
    st.markdown(f"{icon} **Line {finding.line}** {plain(finding.what)}  \n:gray[{plain(finding.advice)}]")


def _publish(
    ctx: Context,
    actor: Actor,
    project: ProjectRecord,
    state: dict[str, Any],
    draft: Draft,
    versions: Sequence[RubricVersion],
) -> None:
    in_force = next((version for version in versions if version.in_force), None)
    ready = draft.rubric is not None and not draft.name_taken
    if st.button("Publish and put in force", type="primary", disabled=not ready, icon=":material/publish:"):
        try:
            published = publish(ctx, actor, project.id, state["text"], over=state["over"])
        except Conflict as error:
            state["over"] = error.current["rubric_version_id"]  # the next click knows what it replaces
            st.warning(plain(str(error)))
        except EXPECTED as error:
            st.error(plain(str(error)))
        else:
            record = published.record
            words = f"{record.name} version {record.version} is in force."
            st.toast(words if published.changed else f"{words} It was before.")
            text = dump_rubric(Rubric.model_validate(record.document))
            begin(project.id, text, over=record.id, forget=True)
            st.rerun()
    now = f"{in_force.rubric.name} version {in_force.rubric.version}" if in_force else "no rubric"
    own = sum(version.items for version in versions)
    st.caption(
        f"In force is {plain(now)}. Publishing gives the draft the next number of its name; the same content stays the version it "
        "is. New answers are judged by it; verdicts that there are keep theirs."
        + ("" if project.judge_on else " The judge is switched off in this project.")
        + (f" {own:,} items name a rubric of their own and keep it." if own else "")
    )
