"""Projects with their versioned schema and guidelines, and the agents that label for them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["Agent", "AgentSkill", "GuidelineVersion", "Project", "SchemaVersion"]


class Project(Base):
    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint(choice("kind", "work", "ratings"), "kind"),
        CheckConstraint(choice("aggregation", "majority", "first", "adjudicated"), "aggregation"),
        CheckConstraint("overlap >= 1", "overlap_positive"),
        CheckConstraint("idle_seconds > 0", "idle_positive"),
        CheckConstraint("control_share >= 0 AND control_share <= 1", "control_share_range"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    """`work` is labelled here; `ratings` holds an imported rating table."""
    problem: Mapped[str]
    """The problem statement: what the labels are for."""
    aggregation: Mapped[str] = mapped_column(default="majority")
    overlap: Mapped[int] = mapped_column(default=1)
    """How many people answer each item."""
    agreement_target: Mapped[float | None]
    """Wanted Krippendorff alpha; null means that none was stated."""
    baseline: Mapped[str] = mapped_column(default="")
    """What the result is compared with, in words."""
    preannotation_on: Mapped[bool] = mapped_column(default=True)
    assistant_on: Mapped[bool] = mapped_column(default=True)
    judge_on: Mapped[bool] = mapped_column(default=True)
    control_share: Mapped[float] = mapped_column(default=0.0)
    """Share of items shown without a suggestion, chosen by a hash of person and item, in [0, 1]."""
    idle_seconds: Mapped[int] = mapped_column(default=120)
    lease_seconds: Mapped[int] = mapped_column(default=1800)
    rubric_version_id: Mapped[int | None] = mapped_column(ForeignKey("rubric_versions.id"))
    workplace: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How the Work page behaves (app.schema.workplace); only what differs from the defaults."""
    simulated: Mapped[bool] = mapped_column(default=False)
    """Holds a simulated history; every page that shows its numbers says so."""
    sample_key: Mapped[str | None] = mapped_column(unique=True)
    """Which sample project this is; makes seeding repeatable."""
    created_at: Mapped[datetime]


class SchemaVersion(Base):
    """One version of a label schema; never changed once stored."""

    __tablename__ = "schema_versions"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    number: Mapped[int]
    source: Mapped[str]
    """The YAML as written."""
    document: Mapped[dict[str, Any]]
    """The parsed schema as JSON."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class GuidelineVersion(Base):
    """One version of the guidelines, Markdown; never changed once stored."""

    __tablename__ = "guideline_versions"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    number: Mapped[int]
    text: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class Agent(Base):
    """A stored, reusable labeller: model configuration and prompt, identified by a hash of both."""

    __tablename__ = "agents"
    __table_args__ = (
        CheckConstraint(choice("kind", "classifier", "language_model", "label_server", "aggregate"), "kind"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    configuration: Mapped[dict[str, Any]]
    hash: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class AgentSkill(Base):
    """How good an agent's suggestions to one question were on gold, at one moment. Append-only."""

    __tablename__ = "agent_skills"
    __table_args__ = (Index(None, "project_id", "agent"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    agent: Mapped[str]
    model: Mapped[str]
    model_version: Mapped[str]
    question: Mapped[str]
    split: Mapped[str]
    n: Mapped[int]
    figures: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
