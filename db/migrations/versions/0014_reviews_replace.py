"""A review names the one that it takes the place of; annotators may disagree with a rejection.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Until here a later review of the same annotation took the place of the one before it without saying so.
_CHAIN = """
UPDATE reviews SET replaces = (
    SELECT max(earlier.id) FROM reviews AS earlier
    WHERE earlier.annotation_id = reviews.annotation_id AND earlier.id < reviews.id
)
"""


def upgrade() -> None:
    op.add_column("reviews", sa.Column("replaces", BigKey, nullable=True))
    op.execute(_CHAIN)
    with op.batch_alter_table("reviews") as table:
        table.create_foreign_key(op.f("fk_reviews_replaces_reviews"), "reviews", ["replaces"], ["id"])
        table.create_unique_constraint(op.f("uq_reviews_replaces"), ["replaces"])
    op.create_index(
        "ix_reviews_first",
        "reviews",
        ["annotation_id"],
        unique=True,
        sqlite_where=sa.text("replaces IS NULL"),
        postgresql_where=sa.text("replaces IS NULL"),
    )
    op.create_table(
        "appeals",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("review_id", BigKey, nullable=False),
        sa.Column("author_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_appeals_review_id_reviews")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_appeals_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("review_id", name=op.f("uq_appeals_review_id")),
    )


def downgrade() -> None:
    op.drop_table("appeals")
    op.drop_index("ix_reviews_first", "reviews")
    with op.batch_alter_table("reviews") as table:
        table.drop_constraint(op.f("uq_reviews_replaces"), type_="unique")
        table.drop_constraint(op.f("fk_reviews_replaces_reviews"), type_="foreignkey")
        table.drop_column("replaces")
