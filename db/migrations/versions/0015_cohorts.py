"""Cohorts: groups of people, by project.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cohort_members",
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("cohort", sa.String(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("cohort <> ''", name=op.f("ck_cohort_members_named")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_cohort_members_project_id_projects")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cohort_members_user_id_users")),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_cohort_members")),
    )
    op.create_index("ix_cohort_members_user_id", "cohort_members", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_cohort_members_user_id", "cohort_members")
    op.drop_table("cohort_members")
