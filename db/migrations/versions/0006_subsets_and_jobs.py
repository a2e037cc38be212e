"""Subsets and who works on them; jobs with a budget; what each call cost; splits of gold; skills of agents.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SOURCES = "confidence_source IN ('none', 'imported', 'cross_validated', 'stated', 'label_tokens', 'samples', 'agreement')"
_OLD_SOURCES = "confidence_source IN ('none', 'imported', 'cross_validated', 'stated')"
_STATUSES = "status IN ('queued', 'running', 'done', 'failed', 'cancelled', 'paused')"
_OLD_STATUSES = "status IN ('queued', 'running', 'done', 'failed', 'cancelled')"
_KINDS = "kind IN ('preannotate', 'judge', 'metadata')"
_OLD_KINDS = "kind IN ('preannotate', 'judge')"
_AGENT_KINDS = "kind IN ('classifier', 'language_model', 'label_server', 'aggregate')"
_OLD_AGENT_KINDS = "kind IN ('classifier', 'language_model')"


def upgrade() -> None:
    op.create_table(
        "subsets",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_subsets_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsets")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_subsets_project_id_name")),
    )
    op.create_table(
        "subset_items",
        sa.Column("subset_id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(
            ["subset_id"], ["subsets.id"], name=op.f("fk_subset_items_subset_id_subsets")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_subset_items_item_id_items")),
        sa.PrimaryKeyConstraint("subset_id", "item_id", name=op.f("pk_subset_items")),
    )
    op.create_table(
        "assignments",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("subset_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["subset_id"], ["subsets.id"], name=op.f("fk_assignments_subset_id_subsets")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_assignments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint(
            "subset_id", "user_id", "task", name=op.f("uq_assignments_subset_id_user_id_task")
        ),
        sa.CheckConstraint("task IN ('annotate', 'verify', 'review')", name=op.f("ck_assignments_task")),
    )
    op.create_index(op.f("ix_assignments_user_id"), "assignments", ["user_id"])
    op.create_table(
        "endpoint_limits",
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=True),
        sa.Column("period_seconds", sa.Double(), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("queue", name=op.f("pk_endpoint_limits")),
    )
    op.create_table(
        "prices",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("input_usd_per_million", sa.Double(), nullable=False),
        sa.Column("output_usd_per_million", sa.Double(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint("model", "valid_from", name=op.f("uq_prices_model_valid_from")),
    )
    op.create_table(
        "agent_skills",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_agent_skills_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_skills")),
    )
    op.create_index(op.f("ix_agent_skills_project_id_agent"), "agent_skills", ["project_id", "agent"])
    op.create_table(
        "preferences",
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_preferences_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "page", name=op.f("pk_preferences")),
    )
    with op.batch_alter_table("gold") as table:
        table.add_column(sa.Column("split", sa.String(), nullable=False, server_default="test"))
        table.create_check_constraint(op.f("ck_gold_split"), "split IN ('train', 'dev', 'test')")
    _split_gold()
    with op.batch_alter_table("agents") as table:
        table.drop_constraint(op.f("ck_agents_kind"), type_="check")
        table.create_check_constraint(op.f("ck_agents_kind"), _AGENT_KINDS)
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("paused", sa.String(), nullable=True))
        table.add_column(sa.Column("budget_usd", sa.Double(), nullable=True))
        table.add_column(sa.Column("spent_usd", sa.Double(), nullable=False, server_default="0"))
        table.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        table.create_check_constraint(op.f("ck_jobs_kind"), _KINDS)
    with op.batch_alter_table("calls") as table:
        table.add_column(sa.Column("item_id", BigKey, nullable=True))
        table.add_column(sa.Column("outcome", sa.String(), nullable=True))
        table.add_column(sa.Column("prompt_tokens", sa.Integer(), nullable=True))
        table.add_column(sa.Column("completion_tokens", sa.Integer(), nullable=True))
        table.add_column(sa.Column("cost_usd", sa.Double(), nullable=True))
        table.add_column(sa.Column("seconds", sa.Double(), nullable=True))
        table.add_column(sa.Column("report", Json, nullable=True))
        table.create_foreign_key(op.f("fk_calls_item_id_items"), "items", ["item_id"], ["id"])
        table.drop_constraint(op.f("ck_calls_status"), type_="check")
        table.create_check_constraint(op.f("ck_calls_status"), _STATUSES)
    with op.batch_alter_table("suggestions") as table:
        table.add_column(sa.Column("calibrated_confidence", sa.Double(), nullable=True))
        table.add_column(sa.Column("near_match", sa.String(), nullable=True))
        table.add_column(sa.Column("probe", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.drop_constraint(op.f("ck_suggestions_source"), type_="check")
        table.create_check_constraint(op.f("ck_suggestions_source"), _SOURCES)
    with op.batch_alter_table("verifications") as table:
        table.add_column(sa.Column("via", sa.String(), nullable=False, server_default="work"))
        table.add_column(sa.Column("looked_seconds", sa.Double(), nullable=True))
        table.create_check_constraint(op.f("ck_verifications_via"), "via IN ('work', 'table', 'bulk')")


def _split_gold() -> None:
    """40 % train, 30 % dev, 30 % test by the hash of the content, so that equal contents share their split."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT gold.id, items.content_hash FROM gold JOIN items ON items.id = gold.item_id")
    ).all()
    for gold_id, content_hash in rows:
        share = int(content_hash[:8], 16) / 16**8
        split = "train" if share < 0.4 else "dev" if share < 0.7 else "test"
        connection.execute(
            sa.text("UPDATE gold SET split = :split WHERE id = :id"), {"split": split, "id": gold_id}
        )


def downgrade() -> None:
    with op.batch_alter_table("verifications") as table:
        table.drop_constraint(op.f("ck_verifications_via"), type_="check")
        table.drop_column("looked_seconds")
        table.drop_column("via")
    op.execute("UPDATE suggestions SET confidence_source = 'stated' WHERE NOT " + _OLD_SOURCES)
    with op.batch_alter_table("suggestions") as table:
        table.drop_constraint(op.f("ck_suggestions_source"), type_="check")
        table.create_check_constraint(op.f("ck_suggestions_source"), _OLD_SOURCES)
        table.drop_column("probe")
        table.drop_column("near_match")
        table.drop_column("calibrated_confidence")
    op.execute("UPDATE calls SET status = 'cancelled' WHERE status = 'paused'")
    with op.batch_alter_table("calls") as table:
        table.drop_constraint(op.f("ck_calls_status"), type_="check")
        table.create_check_constraint(op.f("ck_calls_status"), _OLD_STATUSES)
        table.drop_constraint(op.f("fk_calls_item_id_items"), type_="foreignkey")
        for name in (
            "report",
            "seconds",
            "cost_usd",
            "completion_tokens",
            "prompt_tokens",
            "outcome",
            "item_id",
        ):
            table.drop_column(name)
    op.execute("UPDATE jobs SET kind = 'preannotate' WHERE NOT " + _OLD_KINDS)
    with op.batch_alter_table("jobs") as table:
        table.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        table.create_check_constraint(op.f("ck_jobs_kind"), _OLD_KINDS)
        table.drop_column("spent_usd")
        table.drop_column("budget_usd")
        table.drop_column("paused")
    op.execute("UPDATE agents SET kind = 'language_model' WHERE NOT " + _OLD_AGENT_KINDS)
    with op.batch_alter_table("agents") as table:
        table.drop_constraint(op.f("ck_agents_kind"), type_="check")
        table.create_check_constraint(op.f("ck_agents_kind"), _OLD_AGENT_KINDS)
    with op.batch_alter_table("gold") as table:
        table.drop_constraint(op.f("ck_gold_split"), type_="check")
        table.drop_column("split")
    for name in (
        "preferences", "agent_skills", "prices", "endpoint_limits", "assignments", "subset_items", "subsets",
    ):  # fmt: skip
        op.drop_table(name)
