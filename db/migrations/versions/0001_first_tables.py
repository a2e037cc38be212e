"""First tables.

Revision: 0001
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("configuration", Json, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('classifier', 'language_model')", name=op.f("ck_agents_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("name", name=op.f("uq_agents_name")),
    )
    op.create_table(
        "rubric_versions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_versions")),
        sa.UniqueConstraint("hash", name=op.f("uq_rubric_versions_hash")),
    )
    with op.batch_alter_table("rubric_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rubric_versions_name"), ["name"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("beat", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "login_sessions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
    )
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "projects",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("aggregation", sa.String(), nullable=False),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("agreement_target", sa.Double(), nullable=True),
        sa.Column("baseline", sa.String(), nullable=False),
        sa.Column("preannotation_on", sa.Boolean(), nullable=False),
        sa.Column("assistant_on", sa.Boolean(), nullable=False),
        sa.Column("judge_on", sa.Boolean(), nullable=False),
        sa.Column("control_share", sa.Double(), nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("lease_seconds", sa.Integer(), nullable=False),
        sa.Column("rubric_version_id", BigKey, nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("sample_key", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "aggregation IN ('majority', 'first', 'adjudicated')", name=op.f("ck_projects_aggregation")
        ),
        sa.CheckConstraint("kind IN ('work', 'ratings')", name=op.f("ck_projects_kind")),
        sa.CheckConstraint(
            "control_share >= 0 AND control_share <= 1", name=op.f("ck_projects_control_share_range")
        ),
        sa.CheckConstraint("idle_seconds > 0", name=op.f("ck_projects_idle_positive")),
        sa.CheckConstraint("overlap >= 1", name=op.f("ck_projects_overlap_positive")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"],
            ["rubric_versions.id"],
            name=op.f("fk_projects_rubric_version_id_rubric_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
        sa.UniqueConstraint("sample_key", name=op.f("uq_projects_sample_key")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "audit_log",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("project_id", BigKey, nullable=True),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_audit_log_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_log_project_id_at"), ["project_id", "at"], unique=False)

    op.create_table(
        "guideline_versions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_guideline_versions_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_versions")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_guideline_versions_project_id_number")),
    )
    op.create_table(
        "items",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("meta", Json, nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("rubric_version_id", BigKey, nullable=True),
        sa.Column("open_slots", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("open_slots >= 0", name=op.f("ck_items_open_slots_not_negative")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_items_project_id_projects")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"],
            ["rubric_versions.id"],
            name=op.f("fk_items_rubric_version_id_rubric_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint(
            "project_id", "external_id", "version", name=op.f("uq_items_project_id_external_id_version")
        ),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.create_index(
            "ix_items_current",
            ["project_id", "external_id"],
            unique=True,
            sqlite_where=sa.text("is_current"),
            postgresql_where=sa.text("is_current"),
        )
        batch_op.create_index(
            "ix_items_open",
            ["project_id", "position"],
            unique=False,
            sqlite_where=sa.text("open_slots > 0"),
            postgresql_where=sa.text("open_slots > 0"),
        )
        batch_op.create_index(
            batch_op.f("ix_items_project_id_content_hash"), ["project_id", "content_hash"], unique=False
        )

    op.create_table(
        "jobs",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("agent_id", BigKey, nullable=True),
        sa.Column("spec", Json, nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('preannotate', 'judge')", name=op.f("ck_jobs_kind")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_jobs_agent_id_agents")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_jobs_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_project_id"), ["project_id"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('annotator', 'qa_lead', 'manager')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_memberships_project_id_projects")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "project_id", "user_id", "role", name=op.f("uq_memberships_project_id_user_id_role")
        ),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_user_id"), ["user_id"], unique=False)

    op.create_table(
        "ratings",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("rater_kind", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("gold", sa.String(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("meta", Json, nullable=False),
        sa.Column("rated_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("rater_kind IN ('human', 'model', 'judge')", name=op.f("ck_ratings_rater_kind")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_ratings_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint(
            "project_id",
            "question",
            "item",
            "rater",
            "repeat",
            name=op.f("uq_ratings_project_id_question_item_rater_repeat"),
        ),
    )
    with op.batch_alter_table("ratings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ratings_project_id_question"), ["project_id", "question"], unique=False
        )

    op.create_table(
        "schema_versions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_schema_versions_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_versions")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_schema_versions_project_id_number")),
    )
    op.create_table(
        "annotations",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("skip_reason", sa.String(), nullable=False),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("schema_version_id", BigKey, nullable=False),
        sa.Column("guideline_version_id", BigKey, nullable=False),
        sa.Column("form_token", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("arm IN ('none', 'suggestion')", name=op.f("ck_annotations_arm")),
        sa.CheckConstraint("state IN ('submitted', 'skipped')", name=op.f("ck_annotations_state")),
        sa.ForeignKeyConstraint(
            ["guideline_version_id"],
            ["guideline_versions.id"],
            name=op.f("fk_annotations_guideline_version_id_guideline_versions"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_annotations_item_id_items")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_annotations_project_id_projects")
        ),
        sa.ForeignKeyConstraint(
            ["schema_version_id"],
            ["schema_versions.id"],
            name=op.f("fk_annotations_schema_version_id_schema_versions"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_annotations_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
        sa.UniqueConstraint("form_token", name=op.f("uq_annotations_form_token")),
        sa.UniqueConstraint(
            "item_id", "user_id", "revision", name=op.f("uq_annotations_item_id_user_id_revision")
        ),
    )
    with op.batch_alter_table("annotations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_annotations_project_id_state"), ["project_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_annotations_project_id_user_id_submitted_at"),
            ["project_id", "user_id", "submitted_at"],
            unique=False,
        )

    op.create_table(
        "calls",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("job_id", BigKey, nullable=True),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("spec", Json, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_calls_status")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_calls_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calls_job_id_status"), ["job_id", "status"], unique=False)

    op.create_table(
        "conversations",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_conversations_item_id_items")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conversations_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("item_id", "user_id", name=op.f("uq_conversations_item_id_user_id")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", Json, nullable=False),
        sa.Column("tab", sa.String(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_drafts_item_id_items")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_drafts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("item_id", "user_id", name=op.f("uq_drafts_item_id_user_id")),
    )
    op.create_table(
        "gold",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_gold_item_id_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold")),
        sa.UniqueConstraint("item_id", "question", name=op.f("uq_gold_item_id_question")),
    )
    op.create_table(
        "leases",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column("shown", Json, nullable=False),
        sa.Column("visit_key", sa.String(), nullable=False),
        sa.Column("form_token", sa.String(), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("arm IN ('none', 'suggestion')", name=op.f("ck_leases_arm")),
        sa.CheckConstraint(
            "state IN ('held', 'done', 'late', 'skipped', 'expired')", name=op.f("ck_leases_state")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_leases_item_id_items")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_leases_project_id_projects")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_leases_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leases")),
        sa.UniqueConstraint("form_token", name=op.f("uq_leases_form_token")),
        sa.UniqueConstraint("item_id", "user_id", name=op.f("uq_leases_item_id_user_id")),
        sa.UniqueConstraint("visit_key", name=op.f("uq_leases_visit_key")),
    )
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.create_index(
            "ix_leases_expiry",
            ["project_id", "expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            "ix_leases_slot",
            ["item_id", "slot"],
            unique=True,
            sqlite_where=sa.text("state IN ('held', 'done')"),
            postgresql_where=sa.text("state IN ('held', 'done')"),
        )
        batch_op.create_index(
            batch_op.f("ix_leases_user_id_project_id_state"), ["user_id", "project_id", "state"], unique=False
        )

    op.create_table(
        "visits",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("last_event_at", UtcDateTime(), nullable=False),
        sa.Column("idle_rule_seconds", sa.Integer(), nullable=False),
        sa.Column("reading", sa.Double(), nullable=False),
        sa.Column("working", sa.Double(), nullable=False),
        sa.Column("chatting", sa.Double(), nullable=False),
        sa.Column("waiting_model", sa.Double(), nullable=False),
        sa.Column("waiting_judge", sa.Double(), nullable=False),
        sa.Column("idle", sa.Double(), nullable=False),
        sa.Column("hidden", sa.Double(), nullable=False),
        sa.Column("tabs", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_visits_item_id_items")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_visits_project_id_projects")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_visits_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visits_item_id_user_id"), ["item_id", "user_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_visits_project_id_user_id"), ["project_id", "user_id"], unique=False
        )

    op.create_table(
        "events",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("visit_id", BigKey, nullable=False),
        sa.Column("tab", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_events_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("visit_id", "tab", "seq", name=op.f("uq_events_visit_id_tab_seq")),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("confidence_source", sa.String(), nullable=False),
        sa.Column("calibrated", sa.Boolean(), nullable=False),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.Column("examples", Json, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("builtin", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("agent_id", BigKey, nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "confidence_source IN ('none', 'imported', 'cross_validated', 'stated')",
            name=op.f("ck_suggestions_source"),
        ),
        sa.CheckConstraint(
            "confidence IS NULL OR (confidence >= 0 AND confidence <= 1)",
            name=op.f("ck_suggestions_confidence_range"),
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_suggestions_agent_id_agents")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_suggestions_call_id_calls")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_suggestions_item_id_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
        sa.UniqueConstraint(
            "call_id", "item_id", "question", name=op.f("uq_suggestions_call_id_item_id_question")
        ),
    )
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_suggestions_item_id_question"), ["item_id", "question"], unique=False
        )

    op.create_table(
        "turns",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("builtin", sa.Boolean(), nullable=False),
        sa.Column("first_token_seconds", sa.Double(), nullable=True),
        sa.Column("total_seconds", sa.Double(), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('user', 'assistant')", name=op.f("ck_turns_role")),
        sa.CheckConstraint(
            "status IN ('streaming', 'complete', 'interrupted', 'failed')", name=op.f("ck_turns_status")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_turns_conversation_id_conversations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("conversation_id", "number", name=op.f("uq_turns_conversation_id_number")),
        sa.UniqueConstraint(
            "conversation_id", "request_id", "role", name=op.f("uq_turns_conversation_id_request_id_role")
        ),
    )
    op.create_table(
        "answers",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("annotation_id", BigKey, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("suggestion_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name=op.f("fk_answers_annotation_id_annotations")
        ),
        sa.ForeignKeyConstraint(
            ["suggestion_id"], ["suggestions.id"], name=op.f("fk_answers_suggestion_id_suggestions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("annotation_id", "question", name=op.f("uq_answers_annotation_id_question")),
    )
    op.create_table(
        "verifications",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("annotation_id", BigKey, nullable=False),
        sa.Column("suggestion_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('confirms', 'corrects', 'rejects')", name=op.f("ck_verifications_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name=op.f("fk_verifications_annotation_id_annotations")
        ),
        sa.ForeignKeyConstraint(
            ["suggestion_id"], ["suggestions.id"], name=op.f("fk_verifications_suggestion_id_suggestions")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_verifications_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sa.UniqueConstraint(
            "annotation_id", "suggestion_id", name=op.f("uq_verifications_annotation_id_suggestion_id")
        ),
    )
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verifications_suggestion_id"), ["suggestion_id"], unique=False)

    op.create_table(
        "verdicts",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("answer_id", BigKey, nullable=False),
        sa.Column("rubric_version_id", BigKey, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("total", sa.Double(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("prompt_version", sa.String(), nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("usage", Json, nullable=False),
        sa.Column("raw", sa.String(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('scored', 'unscored')", name=op.f("ck_verdicts_status")),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_verdicts_answer_id_answers")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_verdicts_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"],
            ["rubric_versions.id"],
            name=op.f("fk_verdicts_rubric_version_id_rubric_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint("call_id", name=op.f("uq_verdicts_call_id")),
    )
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdicts_answer_id"), ["answer_id"], unique=False)

    op.create_table(
        "criterion_scores",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("verdict_id", BigKey, nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("suggestion", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verdict_id"], ["verdicts.id"], name=op.f("fk_criterion_scores_verdict_id_verdicts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion_scores")),
        sa.UniqueConstraint("verdict_id", "criterion", name=op.f("uq_criterion_scores_verdict_id_criterion")),
    )
    with op.batch_alter_table("criterion_scores", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_criterion_scores_criterion_level"), ["criterion", "level"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("criterion_scores", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_criterion_scores_criterion_level"))

    op.drop_table("criterion_scores")
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verdicts_answer_id"))

    op.drop_table("verdicts")
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verifications_suggestion_id"))

    op.drop_table("verifications")
    op.drop_table("answers")
    op.drop_table("turns")
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suggestions_item_id_question"))

    op.drop_table("suggestions")
    op.drop_table("events")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visits_project_id_user_id"))
        batch_op.drop_index(batch_op.f("ix_visits_item_id_user_id"))

    op.drop_table("visits")
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_leases_user_id_project_id_state"))
        batch_op.drop_index(
            "ix_leases_slot",
            sqlite_where=sa.text("state IN ('held', 'done')"),
            postgresql_where=sa.text("state IN ('held', 'done')"),
        )
        batch_op.drop_index(
            "ix_leases_expiry",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )

    op.drop_table("leases")
    op.drop_table("gold")
    op.drop_table("drafts")
    op.drop_table("conversations")
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calls_job_id_status"))

    op.drop_table("calls")
    with op.batch_alter_table("annotations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotations_project_id_user_id_submitted_at"))
        batch_op.drop_index(batch_op.f("ix_annotations_project_id_state"))

    op.drop_table("annotations")
    op.drop_table("schema_versions")
    with op.batch_alter_table("ratings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ratings_project_id_question"))

    op.drop_table("ratings")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_user_id"))

    op.drop_table("memberships")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_project_id"))

    op.drop_table("jobs")
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_items_project_id_content_hash"))
        batch_op.drop_index(
            "ix_items_open",
            sqlite_where=sa.text("open_slots > 0"),
            postgresql_where=sa.text("open_slots > 0"),
        )
        batch_op.drop_index(
            "ix_items_current", sqlite_where=sa.text("is_current"), postgresql_where=sa.text("is_current")
        )

    op.drop_table("items")
    op.drop_table("guideline_versions")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_log_project_id_at"))

    op.drop_table("audit_log")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tokens_user_id"))

    op.drop_table("tokens")
    op.drop_table("projects")
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_sessions_user_id"))

    op.drop_table("login_sessions")
    op.drop_table("workers")
    op.drop_table("users")
    with op.batch_alter_table("rubric_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rubric_versions_name"))

    op.drop_table("rubric_versions")
    op.drop_table("agents")
