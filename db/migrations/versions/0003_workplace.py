"""The workplace: provenance, arms, checks of drafts, disputes, objections to time.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ARMS = "arm IN ('none', 'suggestion', 'after_answer')"
_OLD_ARMS = "arm IN ('none', 'suggestion')"
_STATUSES = "status IN ('streaming', 'complete', 'interrupted', 'failed', 'withheld')"
_OLD_STATUSES = "status IN ('streaming', 'complete', 'interrupted', 'failed')"


def _empty(name: str) -> sa.Column[object]:
    """A JSON object that is empty in the rows that are there; the models set it in new ones."""
    return sa.Column(name, Json, nullable=False, server_default="{}")


def upgrade() -> None:
    with op.batch_alter_table("projects") as table:
        table.add_column(_empty("workplace"))
    with op.batch_alter_table("suggestions") as table:
        table.add_column(sa.Column("planted", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("probabilities", Json, nullable=True))
    with op.batch_alter_table("leases") as table:
        table.add_column(sa.Column("shown_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("first_answers", Json, nullable=True))
        table.add_column(_empty("orders"))
        table.drop_constraint(op.f("ck_leases_arm"), type_="check")
        table.create_check_constraint(op.f("ck_leases_arm"), _ARMS)
    op.execute("UPDATE leases SET shown_at = granted_at WHERE arm = 'suggestion'")
    with op.batch_alter_table("drafts") as table:
        table.add_column(_empty("provenance"))
    with op.batch_alter_table("annotations") as table:
        table.drop_constraint(op.f("ck_annotations_arm"), type_="check")
        table.create_check_constraint(op.f("ck_annotations_arm"), _ARMS)
    with op.batch_alter_table("answers") as table:
        table.add_column(sa.Column("shown_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("first_value", Json, nullable=True))
        table.add_column(sa.Column("shown_order", Json, nullable=True))
        table.add_column(sa.Column("provenance", Json, nullable=True))
        table.add_column(sa.Column("draft_survival", sa.Double(), nullable=True))
    with op.batch_alter_table("turns") as table:
        table.add_column(sa.Column("cost_usd", sa.Double(), nullable=True))
        table.add_column(sa.Column("action", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("help_level", sa.String(), nullable=False, server_default="full"))
        table.add_column(sa.Column("section", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("stop_requested", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.drop_constraint(op.f("ck_turns_status"), type_="check")
        table.create_check_constraint(op.f("ck_turns_status"), _STATUSES)
        table.create_check_constraint(op.f("ck_turns_help_level"), "help_level IN ('full', 'hints')")
    with op.batch_alter_table("visits") as table:
        table.add_column(sa.Column("stage", sa.String(), nullable=False, server_default="annotate"))
        table.create_check_constraint(op.f("ck_visits_stage"), "stage IN ('annotate', 'rework', 'review')")
    op.create_table(
        "draft_checks",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("rubric_version_id", BigKey, nullable=False),
        sa.Column("verdict", Json, nullable=False),
        sa.Column("raw", sa.String(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_draft_checks_item_id_items")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_draft_checks_user_id_users")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"],
            ["rubric_versions.id"],
            name=op.f("fk_draft_checks_rubric_version_id_rubric_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_checks")),
        sa.UniqueConstraint("request_id", name=op.f("uq_draft_checks_request_id")),
    )
    op.create_index("ix_draft_checks_item_id_user_id", "draft_checks", ["item_id", "user_id"])
    op.create_table(
        "disputes",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("verdict_id", BigKey, nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_by", BigKey, nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'upheld', 'rejected')", name=op.f("ck_disputes_state")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_disputes_project_id_projects")
        ),
        sa.ForeignKeyConstraint(
            ["verdict_id"], ["verdicts.id"], name=op.f("fk_disputes_verdict_id_verdicts")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_disputes_user_id_users")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_disputes_decided_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("verdict_id", "criterion", name=op.f("uq_disputes_verdict_id_criterion")),
    )
    op.create_index("ix_disputes_project_id_state", "disputes", ["project_id", "state"])
    op.create_table(
        "time_objections",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("visit_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_time_objections_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_objections")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_time_objections_visit_id")),
    )


def downgrade() -> None:
    op.drop_table("time_objections")
    op.drop_table("disputes")
    op.drop_table("draft_checks")
    with op.batch_alter_table("visits") as table:
        table.drop_constraint(op.f("ck_visits_stage"), type_="check")
        table.drop_column("stage")
    with op.batch_alter_table("turns") as table:
        table.drop_constraint(op.f("ck_turns_help_level"), type_="check")
        table.drop_constraint(op.f("ck_turns_status"), type_="check")
        for name in ("stop_requested", "section", "help_level", "action", "cost_usd"):
            table.drop_column(name)
    # What the older tables cannot hold is told in their words.
    op.execute("UPDATE turns SET status = 'failed' WHERE status = 'withheld'")
    op.execute("UPDATE leases SET arm = 'suggestion' WHERE arm = 'after_answer'")
    op.execute("UPDATE annotations SET arm = 'suggestion' WHERE arm = 'after_answer'")
    with op.batch_alter_table("turns") as table:
        table.create_check_constraint(op.f("ck_turns_status"), _OLD_STATUSES)
    with op.batch_alter_table("answers") as table:
        for name in ("draft_survival", "provenance", "shown_order", "first_value", "shown_at"):
            table.drop_column(name)
    with op.batch_alter_table("annotations") as table:
        table.drop_constraint(op.f("ck_annotations_arm"), type_="check")
        table.create_check_constraint(op.f("ck_annotations_arm"), _OLD_ARMS)
    with op.batch_alter_table("drafts") as table:
        table.drop_column("provenance")
    with op.batch_alter_table("leases") as table:
        table.drop_constraint(op.f("ck_leases_arm"), type_="check")
        table.create_check_constraint(op.f("ck_leases_arm"), _OLD_ARMS)
        for name in ("orders", "first_answers", "shown_at"):
            table.drop_column(name)
    with op.batch_alter_table("suggestions") as table:
        table.drop_column("probabilities")
        table.drop_column("planted")
    with op.batch_alter_table("projects") as table:
        table.drop_column("workplace")
