"""Rubrics of a project: which there are, a draft looked over, and a draft made the version in force.

Versions are never changed. A published one gets the next number of its name in the project; verdicts that were made
by another keep it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.errors import Conflict, Invalid
from app.services import policy
from app.services.context import Actor, Context
from app.services.projects import RUBRIC_CHANGED, put_rubric_in_force, rubric_of
from db.engine import Session, reading, transaction
from db.records import RubricRecord
from db.store import people, projects, rubric_versions
from rubrics import (
    FORMATS,
    Exported,
    Format,
    Rubric,
    RubricError,
    catalog,
    parse_rubric,
    rubric_hash,
    write_rubric,
)
from rubrics.lint import Finding, lint_text

__all__ = ["Draft", "Published", "RubricVersion", "exports", "look_over", "publish", "rubric_versions_of"]

_CHANGES = 1000
"""Entries of the audit log that are looked through; a project whose rubric changed more often shows the newest."""


@dataclass(frozen=True, slots=True)
class RubricVersion:
    """A version that the project has used, or a rubric of the catalogue."""

    rubric: Rubric
    hash: str
    stored_id: int | None
    """None for a rubric of the catalogue that nobody has used yet."""
    source: Literal["project", "catalogue"]
    in_force: bool
    stored_at: datetime | None
    in_force_from: datetime | None
    """When it last came into force in this project; None where that is not known, or it never was."""
    put_by: str
    """Who put it in force; empty where that is not known."""
    verdicts: int
    """How many verdicts on the project's answers were made by it."""
    items: int
    """How many items name it as their own."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text as it stands in the editor."""

    rubric: Rubric | None
    """None while the schema refuses it."""
    findings: tuple[Finding, ...]
    name_taken: bool
    """It has the name of a rubric of the catalogue and is not that rubric: it cannot be published under it."""


@dataclass(frozen=True, slots=True)
class Published:
    """The version that is in force now."""

    record: RubricRecord
    is_new: bool
    """False for content that was a version already."""
    changed: bool
    """False when it was in force before."""


@dataclass(frozen=True, slots=True)
class _History:
    """What a project has been judged by."""

    changes: list[dict[str, Any]]
    """Entries of the audit log, newest first."""
    verdicts: dict[int, int]
    items: dict[int, int]
    records: list[RubricRecord]
    """Every version that was in force, made a verdict or is named by an item, oldest first."""

    @classmethod
    def of(cls, session: Session, project_id: int, in_force: int | None) -> "_History":
        changes = people.list_audit(session, project_id=project_id, limit=_CHANGES, action=RUBRIC_CHANGED)
        judged = rubric_versions.verdicts_by_version(session, project_id)
        named = rubric_versions.items_by_version(session, project_id)
        told = {change["detail"].get(key) for change in changes for key in ("rubric_version_id", "replaces")}
        ids = {id_ for id_ in {in_force, *told, *judged, *named} if id_ is not None}
        return cls(changes, judged, named, rubric_versions.versions(session, ids))


def rubric_versions_of(ctx: Context, actor: Actor, project_id: int) -> list[RubricVersion]:
    """The one in force, then the project's others, newest first, then the rest of the catalogue by name."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "edit_rubrics")
        history = _History.of(session, project_id, project.rubric_version_id)
    latest = {change["detail"].get("rubric_version_id"): change for change in reversed(history.changes)}
    known = catalog()
    found = []
    for record in reversed(history.records):
        rubric = rubric_of(record)
        change = latest.get(record.id)
        found.append(
            RubricVersion(
                rubric=rubric,
                hash=record.hash,
                stored_id=record.id,
                source="catalogue" if known.get(record.name) == rubric else "project",
                in_force=record.id == project.rubric_version_id,
                stored_at=record.created_at,
                in_force_from=change["at"] if change else None,
                put_by=change["actor"] if change else "",
                verdicts=history.verdicts.get(record.id, 0),
                items=history.items.get(record.id, 0),
            )
        )
    found.sort(key=lambda version: not version.in_force)
    hashes = {version.hash for version in found}
    return found + [
        RubricVersion(rubric, hash_, None, "catalogue", False, None, None, "", 0, 0)
        for _, rubric in sorted(known.items())
        if (hash_ := rubric_hash(rubric)) not in hashes
    ]


def look_over(text: str) -> Draft:
    """The findings on a draft, and whether its name is free."""
    rubric, findings = lint_text(text)
    return Draft(rubric, tuple(findings), rubric is not None and _is_taken(rubric))


def _is_taken(rubric: Rubric) -> bool:
    known = catalog().get(rubric.name)
    return known is not None and not _same(known, rubric)


def _same(one: Rubric, other: Rubric) -> bool:
    """Whether two rubrics are one but for the number of their version."""
    return one == other.model_copy(update={"version": one.version})


def publish(ctx: Context, actor: Actor, project_id: int, text: str, *, over: int | None) -> Published:
    """Make the rubric in `text` the project's from now on; its `version` is given here and not by the text.

    `over` is the id of the version that was in force when the draft was begun. The same content as a known version
    of that name is that version again. Raises Invalid for a text that is no rubric or a name of the catalogue with
    another content, Conflict when somebody else has put another version in force in between.
    """
    try:
        draft = parse_rubric(text)
    except RubricError as error:
        raise Invalid(error.problems) from error
    if _is_taken(draft):
        raise Invalid(
            f"{draft.name!r} is a rubric of the catalogue and stays as it is there; give yours another `name`, for "
            f"example {draft.name[:58]}-own"
        )
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "edit_rubrics")
        in_force = rubric_versions.hold_rubric_in_force(session, project_id)
        known = projects.rubric_by_id(session, in_force) if in_force is not None else None
        if known is not None and _same(rubric_of(known), draft):
            return Published(known, is_new=False, changed=False)
        if in_force != over:
            words = f"{known.name} version {known.version}" if known else "no rubric"
            raise Conflict(
                f"somebody else has put {words} in force since you began; compare your draft with it, then publish again",
                {"rubric_version_id": in_force},
            )
        named = [
            rubric
            for record in _History.of(session, project_id, in_force).records
            if (rubric := rubric_of(record)).name == draft.name
        ]
        named += [rubric for rubric in catalog().values() if rubric.name == draft.name]
        same = next((rubric for rubric in named if _same(rubric, draft)), None)
        number = max((rubric.version for rubric in named), default=0) + 1
        record = put_rubric_in_force(
            session, actor, project, same or draft.model_copy(update={"version": number})
        )
        assert record is not None, "a rubric was given"
        return Published(record, is_new=same is None, changed=True)


def exports(ctx: Context, rubric: Rubric) -> dict[Format, Exported | tuple[str, ...]]:
    """For every format the document, or the reasons why the rubric does not fit it."""
    found: dict[Format, Exported | tuple[str, ...]] = {}
    for format in FORMATS:
        try:
            found[format] = write_rubric(rubric, format, model=ctx.settings.model)
        except RubricError as error:
            found[format] = error.problems
    return found
