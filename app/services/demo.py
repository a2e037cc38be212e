"""Seeding the demo: three sample projects, a finished study, four people to log in as, and a simulated history.

Every part is found again by its key, so that seeding twice, or after a crash in the middle, adds nothing twice.
"""

import asyncio
import json
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.agents.classifier import LABEL, train
from app.clock import utc_now
from app.samples import Sample, Suggested, draw_pictures, load_sample, sample_keys, simulate
from app.samples.history import TEAM
from app.samples.load import read_lines
from app.schema import ChoiceQuestion
from app.services import accounts
from app.services.context import Actor, Context
from app.services.demo_answers import store_simulated
from app.services.demo_decisions import add_decisions, has_decisions
from app.services.demo_scores import add_simulated_scores
from app.services.demo_study import add_study, has_study, study_sample
from app.services.intake import import_items
from app.services.projects import create_project, rubric_of, schema_of
from app.services.submissions import plain_text, submission_of
from db.engine import Session, reading, transaction
from db.records import ProjectRecord, UserRecord
from db.store import annotations, items, people, projects, teaching, verdicts
from judge import Judge
from rubrics import catalog

__all__ = ["LOGINS", "PASSWORD", "DemoLogin", "seed"]

PASSWORD = "milo-demo"
"""The password of the demo accounts. They exist in a demo database only, and the demo listens locally."""


@dataclass(frozen=True, slots=True)
class DemoLogin:
    login: str
    name: str
    roles: tuple[str, ...]
    """Roles in every sample project; empty for the administrator."""


LOGINS = (
    DemoLogin("anna", "Anna Annotator", ("annotator",)),
    DemoLogin("quinn", "Quinn Quality", ("qa_lead", "annotator")),
    DemoLogin("mara", "Mara Manager", ("manager",)),
    DemoLogin("admin", "Ada Admin", ()),
)

_TYPICAL_SECONDS = {"comments": 22.0, "pictures": 28.0, "customers": 190.0}
_WITH_HISTORY = {"comments": 48, "pictures": 16, "customers": 14}
"""How many items of each project the simulated team has answered; the rest is for whoever tries the demo."""


def seed(ctx: Context) -> bool:
    """Make what is missing of the demo; returns whether anything was."""
    operator = Actor.operator()
    made = False
    known = {user.login for user in accounts.list_users(ctx, operator)}
    for login in LOGINS:
        if login.login not in known:
            is_admin = not login.roles
            accounts.add_user(
                ctx, operator, login=login.login, name=login.name, password=PASSWORD, is_admin=is_admin
            )
            made = True
    draw_pictures(ctx.settings.media_dir)
    for key in sample_keys():
        project, is_new = _project(ctx, operator, load_sample(key))
        made |= is_new
        with reading(ctx.engine) as session:
            has_history = bool(annotations.simulated_count(session, project.id))
        if not has_history:
            _history(ctx, project, load_sample(key))
            made = True
        with transaction(ctx.engine) as session:
            if not has_decisions(session, project.id):
                add_decisions(session, project, _choice(session, project).id, now=utc_now())
                made = True
    sample = study_sample()
    project, is_new = _project(ctx, operator, sample)
    return _study(ctx, project, sample) or is_new or made


def _project(ctx: Context, operator: Actor, sample: Sample) -> tuple[ProjectRecord, bool]:
    """The sample's project with its items and people, and whether any of it had to be made."""
    made = False
    with reading(ctx.engine) as session:
        project = projects.project_by_sample(session, sample.key)
    if project is None:
        project = _create(ctx, operator, sample)
        made = True
    with reading(ctx.engine) as session:
        total, _ = items.count_items(session, project.id)
    if total == 0:
        _fill(ctx, operator, project, sample)
        made = True
    for login in LOGINS:
        for role in login.roles:
            accounts.give_role(ctx, operator, project_id=project.id, login=login.login, role=role)
    return project, made


def _study(ctx: Context, project: ProjectRecord, sample: Sample) -> bool:
    """The finished study, whether or not it had to be made."""
    now = utc_now()
    with transaction(ctx.engine) as session:
        if has_study(session, project.id):
            return False
        version = projects.latest_schema(session, project.id)
        assert version is not None, "a sample project has a schema"
        found = items.current_versions(session, project.id, [str(row["id"]) for row in sample.items])
        ids = {external_id: item_id for external_id, (item_id, *_) in found.items()}
        choice = _choice(session, project)
        suggested = _suggest(session, project, choice, ids, now)
        add_study(session, project, version.id, choice, sample.items, ids, suggested, now=now)
    return True


def _choice(session: Session, project: ProjectRecord) -> ChoiceQuestion:
    """The question that the simulated team answers."""
    version = projects.latest_schema(session, project.id)
    assert version is not None, "a sample project has a schema"
    return next(q for q in schema_of(version).questions if isinstance(q, ChoiceQuestion))


def _create(ctx: Context, operator: Actor, sample: Sample) -> ProjectRecord:
    return create_project(
        ctx,
        operator,
        name=sample.name,
        schema_yaml=sample.schema_yaml,
        guidelines=sample.guidelines,
        rubric=catalog()[sample.rubric] if sample.rubric else None,
        settings=sample.settings,
        simulated=True,
        sample_key=sample.key,
    )


def _fill(ctx: Context, operator: Actor, project: ProjectRecord, sample: Sample) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{sample.key}.jsonl"
        path.write_text("".join(json.dumps(dict(row)) + "\n" for row in sample.items), encoding="utf-8")
        import_items(ctx, operator, project.id, path)


def _history(ctx: Context, project: ProjectRecord, sample: Sample) -> None:
    now = utc_now()
    with transaction(ctx.engine) as session:
        team = _team(session, now)
        version = projects.latest_schema(session, project.id)
        assert version is not None, "a sample project has a schema"
        choice = _choice(session, project)
        ids = items.current_versions(session, project.id, [str(row["id"]) for row in sample.items])
        suggested = _suggest(session, project, choice, {id_: found[0] for id_, found in ids.items()}, now)
        worked_on = list(sample.items)[: _WITH_HISTORY[sample.key]]
        texts = _texts(sample)
        text_question = "answer" if sample.key != "comments" else None
        rows = simulate(
            worked_on,
            question=choice.id,
            options=[option.value for option in choice.options if not option.none],
            suggestions=suggested,
            control_share=project.control_share,
            overlap=project.overlap,
            typical_seconds=_TYPICAL_SECONDS[sample.key],
            end=now - timedelta(hours=6),
            seed=11,
            texts=texts,
            text_question=text_question,
        )
        judged = []
        for row in rows:
            item_id = ids[row.external_id][0]
            author = team[row.login]
            stored = store_simulated(session, project, version.id, author, item_id, row, choice.id)
            judged += [(answer_id, item_id, author.id) for answer_id, item_id in stored]
    if project.judge_on and project.rubric_version_id:
        _judge(ctx, project, judged, [user.id for user in team.values()])


def _team(session: Session, now: datetime) -> dict[str, UserRecord]:
    team = {}
    for login, name in TEAM:
        user = people.user_by_login(session, login)
        team[login] = user or people.add_user(
            session, login=login, name=name, password_hash=None, is_admin=False, simulated=True, now=now
        )
    return team


def _suggest(
    session: Session, project: ProjectRecord, choice: ChoiceQuestion, ids: Mapping[str, int], now: datetime
) -> dict[str, Suggested]:
    """Suggestions of the built-in classifier for every item; nothing about them is simulated."""
    if not project.preannotation_on:
        return {}
    known = teaching.verified_texts(session, project.id, choice.id)
    by_id = {item_id: plain_text(content) for item_id, content, _ in known}
    learnable = [(by_id[item_id], str(value)) for item_id, _, value in known]
    counts: dict[str, int] = {}
    for _, label in learnable:
        counts[label] = counts.get(label, 0) + 1
    learnable = [(text, label) for text, label in learnable if counts[label] >= 3]
    if len({label for _, label in learnable}) < 2 or len(learnable) < 20:
        return {}
    classifier = train(learnable)
    rows, suggested = [], {}
    for (external_id, item_id), prediction in zip(
        ids.items(), classifier.predict([by_id[item_id] for item_id in ids.values()]), strict=True
    ):
        suggested[external_id] = Suggested(prediction.value, prediction.confidence)
        rows.append(
            {
                "item_id": item_id,
                "question": choice.id,
                "value": [prediction.value],
                "confidence": prediction.confidence,
                "confidence_source": "cross_validated",
                "calibrated": classifier.calibrated,
                "rationale": prediction.rationale,
                "examples": [{"text": text, "label": label} for text, label in prediction.examples],
                "model": LABEL,
                "model_version": classifier.version,
                "builtin": True,
                "simulated": False,
                "created_at": now,
            }
        )
    items.add_suggestions(session, rows)
    return suggested


def _texts(sample: Sample) -> dict[str, list[str]] | None:
    """Written answers of the simulated team: hand-written for customers, the gold and slips for pictures."""
    if sample.key == "customers":
        folder = Path(__file__).parents[1] / "samples" / "data" / "customers"
        return {row["id"]: row["answers"] for row in read_lines(folder / "simulated_answers.jsonl")}
    if sample.key == "pictures":
        slips = random.Random(5)
        return {
            str(row["id"]): [
                row["gold"]["answer"],
                row["gold"]["answer"],
                slips.choice(("not shown", "2", "blue")),
            ]
            for row in sample.items
        }
    return None


def _judge(
    ctx: Context, project: ProjectRecord, answers: list[tuple[int, int, int]], team: list[int]
) -> None:
    """Verdicts of the built-in checks on the simulated answers, which are real, and scores of simulated people."""
    with reading(ctx.engine) as session:
        record = projects.rubric_by_id(session, project.rubric_version_id or 0)
        assert record is not None, "the project has a rubric"
        loaded = []
        for answer_id, item_id, _ in answers:
            answer, item = annotations.answer_by_id(session, answer_id), items.item_by_id(session, item_id)
            assert answer is not None and item is not None, "just stored"
            loaded.append(submission_of(str(answer_id), str(answer.value[0]), item.content))
    judge = Judge(rubric_of(record), None)

    async def all_of_them() -> list[tuple[int, Any]]:
        return [(int(submission.id), await judge.score(submission)) for submission in loaded]

    scored = asyncio.run(all_of_them())
    with transaction(ctx.engine) as session:
        for answer_id, verdict in scored:
            verdicts.store_verdict(
                session,
                verdict.to_json(),
                answer_id=answer_id,
                rubric_version_id=record.id,
                call_id=None,
                prompt_version=verdict.prompt_version,
                parameters=dict(verdict.parameters),
                raw=None,
                seconds=0.0,
                simulated=True,
                now=utc_now(),
            )
        authors = {answer_id: author for answer_id, _, author in answers}
        judged = [(answer_id, authors[answer_id], verdict) for answer_id, verdict in scored]
        add_simulated_scores(session, rubric_of(record), record.id, judged, team, now=utc_now())
