"""Reviews of annotations, and how a suggestion came about.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("suggestions") as table:
        table.add_column(sa.Column("details", Json, nullable=True))
    op.create_table(
        "reviews",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("annotation_id", BigKey, nullable=False),
        sa.Column("reviewer_id", BigKey, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("answers", Json, nullable=True),
        sa.Column("form_token", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("outcome IN ('accepted', 'fixed', 'rejected')", name=op.f("ck_reviews_outcome")),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name=op.f("fk_reviews_annotation_id_annotations")
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_reviews_reviewer_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("form_token", name=op.f("uq_reviews_form_token")),
    )
    op.create_index("ix_reviews_annotation_id", "reviews", ["annotation_id"])


def downgrade() -> None:
    op.drop_table("reviews")
    with op.batch_alter_table("suggestions") as table:
        table.drop_column("details")
