"""People's scores on a rubric, to measure the judge by.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "human_scores",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("answer_id", BigKey, nullable=False),
        sa.Column("rubric_version_id", BigKey, nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_human_scores_answer_id_answers")
        ),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"],
            ["rubric_versions.id"],
            name=op.f("fk_human_scores_rubric_version_id_rubric_versions"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_human_scores_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_human_scores")),
        sa.UniqueConstraint(
            "answer_id",
            "rubric_version_id",
            "criterion",
            "user_id",
            name=op.f("uq_human_scores_answer_id_rubric_version_id_criterion_user_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("human_scores")
