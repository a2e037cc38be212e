"""Creating a project, changing its settings, and the versions of its schema, guidelines and rubric."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.schema import LabelSchema, parse_schema
from app.schema.workplace import parse_workplace
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import Session, reading, transaction
from db.records import GuidelineRecord, ProjectRecord, RubricRecord, SchemaRecord
from db.store import items, projects, ratings, studies
from rubrics import Rubric, catalog, rubric_hash

__all__ = [
    "RUBRIC_CHANGED",
    "ProjectState",
    "add_guidelines",
    "add_schema",
    "change_settings",
    "create_project",
    "create_ratings_project",
    "describe",
    "find_project",
    "list_projects",
    "put_rubric_in_force",
    "rubric_of",
    "schema_of",
    "set_rubric",
    "store_rubric",
]

RUBRIC_CHANGED: Final = "project.rubric"
"""The audit log's word for a rubric that came into force."""

_SETTINGS = {
    "problem",
    "aggregation",
    "overlap",
    "agreement_target",
    "baseline",
    "preannotation_on",
    "assistant_on",
    "judge_on",
    "control_share",
    "idle_seconds",
    "lease_seconds",
    "workplace",
}


_STUDIED = ("preannotation_on", "assistant_on", "judge_on", "control_share", "idle_seconds", "workplace")
"""Settings that a running study measures with: changed in between, its answers could not be compared."""


@dataclass(frozen=True, slots=True)
class ProjectState:
    """A project with what is in force in it now."""

    project: ProjectRecord
    roles: frozenset[str]
    schema: SchemaRecord | None
    """None in a project that holds imported ratings only."""
    guidelines: GuidelineRecord | None
    rubric: RubricRecord | None
    items: int
    complete: int
    """Items that have all the answers they want."""
    ratings: int


def list_projects(ctx: Context, actor: Actor) -> list[tuple[ProjectRecord, frozenset[str]]]:
    """Every project that the actor has a part in, with the roles held there."""
    with reading(ctx.engine) as session:
        return policy.visible_projects(session, actor)


def find_project(ctx: Context, actor: Actor, name: str) -> ProjectRecord:
    """The project of this name, or NotFound naming those that there are."""
    visible = [project for project, _ in list_projects(ctx, actor)]
    for project in visible:
        if project.name == name:
            return project
    known = ", ".join(repr(project.name) for project in visible) or "none yet"
    raise NotFound(f"no project {name!r}; there are: {known}")


def describe(ctx: Context, actor: Actor, project_id: int) -> ProjectState:
    """Everything the project's page shows. Any member may read it."""
    with reading(ctx.engine) as session:
        for project, roles in policy.visible_projects(session, actor):
            if project.id == project_id:
                total, complete = items.count_items(session, project_id)
                return ProjectState(
                    project=project,
                    roles=roles,
                    schema=projects.latest_schema(session, project_id),
                    guidelines=projects.latest_guidelines(session, project_id),
                    rubric=projects.rubric_by_id(session, project.rubric_version_id)
                    if project.rubric_version_id
                    else None,
                    items=total,
                    complete=complete,
                    ratings=ratings.count_ratings(session, project_id),
                )
    raise NotFound(f"no project {project_id} that you are a member of")


def _checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    problems = [f"{name!r} is not a setting of a project" for name in settings if name not in _SETTINGS]
    checks: dict[str, tuple[bool, str]] = {}
    for name, value in settings.items():
        if name in ("overlap", "idle_seconds", "lease_seconds"):
            checks[name] = (isinstance(value, int) and value >= 1, "a whole number of at least 1")
        elif name == "control_share":
            checks[name] = (isinstance(value, int | float) and 0 <= value <= 1, "a share from 0 to 1")
        elif name == "agreement_target":
            fits = value is None or (isinstance(value, int | float) and -1 <= value <= 1)
            checks[name] = (fits, "empty, or a Krippendorff alpha from -1 to 1")
        elif name == "aggregation":
            checks[name] = (value in ("majority", "first", "adjudicated"), "majority, first or adjudicated")
    problems += [
        f"{name}: {settings[name]!r} is not {wanted}" for name, (fits, wanted) in checks.items() if not fits
    ]
    if problems:
        raise Invalid(problems)
    if "workplace" in settings:
        return {**settings, "workplace": parse_workplace(settings["workplace"]).changes()}
    return dict(settings)


def _new_project(
    session: Session, actor: Actor, *, name: str, kind: str, settings: Mapping[str, Any]
) -> ProjectRecord:
    policy.require_admin(session, actor)
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid("a project needs a name of 1 to 120 characters")
    if projects.project_by_name(session, name) is not None:
        raise Conflict(f"there is a project {name!r} already")
    project = projects.add_project(session, now=utc_now(), name=name, kind=kind, **settings)
    record_action(session, actor, "project.create", project.id, name=name)
    return project


def create_project(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    schema_yaml: str,
    guidelines: str,
    rubric: Rubric | None = None,
    settings: Mapping[str, Any] | None = None,
    simulated: bool = False,
    sample_key: str | None = None,
) -> ProjectRecord:
    """Make a project that is labelled here. Raises Invalid with every problem of schema and settings."""
    schema = parse_schema(schema_yaml)
    values = {"problem": "", **_checked(settings or {}), "simulated": simulated, "sample_key": sample_key}
    with transaction(ctx.engine) as session:
        if rubric is not None:
            values["rubric_version_id"] = store_rubric(session, rubric).id
        project = _new_project(session, actor, name=name, kind="work", settings=values)
        now = utc_now()
        projects.add_schema(
            session,
            project_id=project.id,
            source=schema_yaml,
            document=schema.model_dump(mode="json"),
            created_by=actor.login,
            now=now,
        )
        projects.add_guidelines(
            session, project_id=project.id, text=guidelines, created_by=actor.login, now=now
        )
        return project


def create_ratings_project(
    ctx: Context, actor: Actor, *, name: str, problem: str = "", simulated: bool = False
) -> ProjectRecord:
    """Make a project that holds imported ratings and nothing to label."""
    with transaction(ctx.engine) as session:
        return _new_project(
            session, actor, name=name, kind="ratings", settings={"problem": problem, "simulated": simulated}
        )


def change_settings(ctx: Context, actor: Actor, project_id: int, **settings: Any) -> None:
    """Change some settings; a new overlap opens or closes slots of every current item.

    Raises Conflict for what a running study measures with.
    """
    values = _checked(settings)
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "configure")
        _leave_studies_alone(session, project, values)
        if values.get("overlap", project.overlap) != project.overlap:
            projects.change_overlap(session, project_id, before=project.overlap, after=values["overlap"])
        if values:
            projects.change_project(session, project_id, **values)
        record_action(session, actor, "project.settings", project_id, settings=values)


def _leave_studies_alone(session: Session, project: ProjectRecord, values: Mapping[str, Any]) -> None:
    changed = [name for name in values if values[name] != getattr(project, name)]
    study = (
        studies.running_study(session, project.id)
        if set(changed) & {*_STUDIED, "rubric_version_id"}
        else None
    )
    if study is not None:
        raise Conflict(
            f"study {study.name!r} is running and measures with {', '.join(changed)}: stop it first, and begin a new one after"
        )


def add_schema(ctx: Context, actor: Actor, project_id: int, source: str) -> SchemaRecord:
    """Store a new schema version; the same meaning as the newest changes nothing. Old answers keep theirs."""
    document = parse_schema(source).model_dump(mode="json")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "configure")
        latest = projects.latest_schema(session, project_id)
        if latest is not None and latest.document == document:
            return latest
        stored = projects.add_schema(
            session,
            project_id=project_id,
            source=source,
            document=document,
            created_by=actor.login,
            now=utc_now(),
        )
        record_action(session, actor, "schema.version", project_id, number=stored.number)
        return stored


def add_guidelines(ctx: Context, actor: Actor, project_id: int, text: str) -> GuidelineRecord:
    """Store a new version of the guidelines; the same text changes nothing."""
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "configure")
        latest = projects.latest_guidelines(session, project_id)
        if latest is not None and latest.text == text:
            return latest
        stored = projects.add_guidelines(
            session, project_id=project_id, text=text, created_by=actor.login, now=utc_now()
        )
        record_action(session, actor, "guidelines.version", project_id, number=stored.number)
        return stored


def store_rubric(session: Session, rubric: Rubric) -> RubricRecord:
    """The stored version of a rubric; the same content is stored once."""
    return projects.add_rubric(
        session,
        name=rubric.name,
        version=rubric.version,
        hash=rubric_hash(rubric),
        document=rubric.model_dump(mode="json"),
        now=utc_now(),
    )


def set_rubric(ctx: Context, actor: Actor, project_id: int, name: str | None) -> None:
    """Judge the project's text answers on a rubric of the catalogue from now on, or on none."""
    known = catalog()
    if name is not None and name not in known:
        raise Invalid(f"no rubric {name!r}; the catalogue has {', '.join(sorted(known))}")
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "configure")
        put_rubric_in_force(session, actor, project, known[name] if name else None)


def put_rubric_in_force(
    session: Session, actor: Actor, project: ProjectRecord, rubric: Rubric | None
) -> RubricRecord | None:
    """Judge by this rubric from now on; verdicts that there are keep theirs. The caller has checked the actor.

    The audit log keeps which version it replaces, so that a project's rubrics can be listed with their dates.
    Raises Conflict while a study measures with the one in force.
    """
    record = store_rubric(session, rubric) if rubric is not None else None
    _leave_studies_alone(session, project, {"rubric_version_id": record.id if record else None})
    projects.change_project(session, project.id, rubric_version_id=record.id if record else None)
    record_action(
        session,
        actor,
        RUBRIC_CHANGED,
        project.id,
        rubric=record.name if record else None,
        version=record.version if record else None,
        rubric_version_id=record.id if record else None,
        replaces=project.rubric_version_id,
    )
    return record


def schema_of(record: SchemaRecord) -> LabelSchema:
    return _schema(orjson.dumps(record.document))


@lru_cache(maxsize=256)
def _schema(document: bytes) -> LabelSchema:
    # Checked anew, a schema of twenty questions costs more than the submit that needs it.
    return LabelSchema.model_validate_json(document)


def rubric_of(record: RubricRecord) -> Rubric:
    return Rubric.model_validate(record.document)
