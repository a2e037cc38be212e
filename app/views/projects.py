"""Projects: create one, edit schema, guidelines and settings, import items."""

import streamlit as st

from app import resources
from app.components.frame import pick_project
from app.components.importer import import_form
from app.components.workplace_form import workplace_form
from app.services import projects
from app.state import current_actor, set_project
from app.wiring import EXPECTED
from rubrics import catalog

SKELETON = """title: My project
questions:
  - id: label
    type: choice
    title: What is it?
    options:
      - {value: yes_, label: "Yes", definition: When it is so.}
      - {value: no_, label: "No", definition: When it is not.}
      - {value: unclear, label: None of these, none: true}
"""
YAML_HELP = "Question types: choice, multi_choice, rating, text, span, pairwise. Options take value, label, definition, hard_cases, none."

ctx, actor = resources.context(), current_actor()
st.subheader("Projects", anchor=False)
with st.expander("Create a project", icon=":material/add:"), st.form("create"):
    name = st.text_input("Name", max_chars=120)
    problem = st.text_area("Problem statement: what are the labels for?", height=80)
    schema_yaml = st.text_area("Label schema (YAML)", SKELETON, height=240, help=YAML_HELP)
    guidelines = st.text_area("Guidelines (Markdown)", "# Guidelines\n", height=140)
    rubric_name = st.selectbox(
        "Rubric for judged text answers", [None, *sorted(catalog())], format_func=lambda n: n or "none"
    )
    if st.form_submit_button("Create", type="primary"):
        try:
            chosen = catalog()[rubric_name] if rubric_name else None
            made = projects.create_project(
                ctx,
                actor,
                name=name,
                schema_yaml=schema_yaml,
                guidelines=guidelines,
                rubric=chosen,
                settings={"problem": problem},
            )
            set_project(made.id)
            st.success(f"Created {made.name}. Import items below, and give roles on the People page.")
        except EXPECTED as error:
            st.error(str(error))

project = pick_project(actor, roles=frozenset())
if project is not None:
    state = projects.describe(ctx, actor, project.id)
    with st.container(horizontal=True):
        st.metric("Items", f"{state.items:,}", width=150)
        st.metric("Complete", f"{state.complete:,}", width=150)
        st.metric("Ratings imported", f"{state.ratings:,}", width=200)
        st.metric("Schema", f"version {state.schema.number}" if state.schema else "none", width=160)
        st.metric(
            "Guidelines", f"version {state.guidelines.number}" if state.guidelines else "none", width=160
        )
    settings, schema, guide, items = st.tabs(["Settings", "Label schema", "Guidelines", "Import"])
    p = state.project
    with settings, st.form(f"settings-{p.id}"):
        problem = st.text_area("Problem statement", p.problem, height=80)
        baseline = st.text_input("Baseline: what the result is compared with", p.baseline)
        left, middle, right = st.columns(3)
        overlap = left.number_input("People per item", 1, 50, p.overlap)
        kinds = ["majority", "first", "adjudicated"]
        aggregation = middle.selectbox("Aggregation rule", kinds, index=kinds.index(p.aggregation))
        target = right.number_input(
            "Agreement target (alpha; empty for none)", -1.0, 1.0, p.agreement_target, step=0.05
        )
        idle = left.number_input("Idle after seconds", 10, 3600, p.idle_seconds)
        lease = middle.number_input("Seconds an item is held for a person", 60, 86_400, p.lease_seconds)
        control = right.number_input(
            "Share of items shown without suggestion (control)", 0.0, 1.0, p.control_share, step=0.05
        )
        roles_on = st.columns(3)
        preannotation_on = roles_on[0].toggle("Pre-annotation", p.preannotation_on)
        assistant_on = roles_on[1].toggle("Live assistant", p.assistant_on)
        judge_on = roles_on[2].toggle("Judge", p.judge_on)
        current = state.rubric.name if state.rubric else None
        # A rubric of the project's own is made on the Rubrics page; here it can only be kept or replaced.
        rubrics = [None, *sorted({*catalog(), *([current] if current else [])})]
        rubric = st.selectbox(
            "Rubric",
            rubrics,
            index=rubrics.index(current),
            format_func=lambda n: n or "none",
            help="Versions, and rubrics of your own: on the Rubrics page.",
        )
        st.markdown("**The Work page**")
        work = workplace_form(p, state.schema)
        if st.form_submit_button("Save settings", type="primary"):
            try:
                projects.change_settings(
                    ctx, actor, p.id, problem=problem, baseline=baseline, overlap=overlap, aggregation=aggregation, agreement_target=target,
                    idle_seconds=idle, lease_seconds=lease, control_share=control, preannotation_on=preannotation_on,
                    assistant_on=assistant_on, judge_on=judge_on, workplace=work,
                )  # fmt: skip
                if rubric != current:
                    projects.set_rubric(ctx, actor, p.id, rubric)
                st.success("Saved.")
            except EXPECTED as error:
                st.error(str(error))
    with schema:
        if state.schema:
            with st.form(f"schema-{p.id}"):
                source = st.text_area("Label schema (YAML)", state.schema.source, height=380, help=YAML_HELP)
                if st.form_submit_button("Save as a new version", type="primary"):
                    try:
                        stored = projects.add_schema(ctx, actor, p.id, source)
                        st.success(f"Version {stored.number} is in force. Earlier answers keep theirs.")
                    except EXPECTED as error:
                        st.error(str(error))
        else:
            st.info("This project holds imported ratings; it has no schema.")
    with guide, st.form(f"guidelines-{p.id}"):
        text = st.text_area(
            "Guidelines (Markdown)", state.guidelines.text if state.guidelines else "", height=380
        )
        if st.form_submit_button("Save as a new version", type="primary"):
            try:
                st.success(f"Version {projects.add_guidelines(ctx, actor, p.id, text).number} is in force.")
            except EXPECTED as error:
                st.error(str(error))
    with items:
        import_form(ctx, actor, p)
