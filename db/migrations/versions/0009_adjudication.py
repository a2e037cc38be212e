"""Adjudications; comments on single questions, rejected items that go back to their author.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_REASONS = "reason IN ('guideline_gap', 'ambiguous', 'slip', 'two_right', 'other')"


def upgrade() -> None:
    op.create_table(
        "adjudications",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("answer_id", BigKey, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("author_id", BigKey, nullable=False),
        sa.Column("replaces", BigKey, nullable=True),
        sa.Column("form_token", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(_REASONS, name=op.f("ck_adjudications_reason")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_adjudications_project_id_projects")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_adjudications_item_id_items")),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_adjudications_answer_id_answers")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_adjudications_author_id_users")),
        sa.ForeignKeyConstraint(
            ["replaces"], ["adjudications.id"], name=op.f("fk_adjudications_replaces_adjudications")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudications")),
        sa.UniqueConstraint("replaces", name=op.f("uq_adjudications_replaces")),
        sa.UniqueConstraint("form_token", name=op.f("uq_adjudications_form_token")),
    )
    op.create_index("ix_adjudications_project_id", "adjudications", ["project_id"])
    op.create_index("ix_adjudications_item_id_question", "adjudications", ["item_id", "question"])
    op.create_index(
        "ix_adjudications_first",
        "adjudications",
        ["item_id", "question"],
        unique=True,
        sqlite_where=sa.text("replaces IS NULL"),
        postgresql_where=sa.text("replaces IS NULL"),
    )
    with op.batch_alter_table("reviews") as table:
        table.add_column(sa.Column("question_comments", Json, nullable=False, server_default="{}"))
        table.add_column(sa.Column("requeue", sa.String(), nullable=True))
        table.create_check_constraint(op.f("ck_reviews_requeue"), "requeue IN ('same', 'other', 'nobody')")
    with op.batch_alter_table("leases") as table:
        table.add_column(sa.Column("returned", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_leases_returned",
        "leases",
        ["user_id", "project_id"],
        sqlite_where=sa.text("returned"),
        postgresql_where=sa.text("returned"),
    )


def downgrade() -> None:
    op.drop_index("ix_leases_returned", "leases")
    with op.batch_alter_table("leases") as table:
        table.drop_column("returned")
    with op.batch_alter_table("reviews") as table:
        table.drop_constraint(op.f("ck_reviews_requeue"), type_="check")
        table.drop_column("requeue")
        table.drop_column("question_comments")
    op.drop_table("adjudications")
