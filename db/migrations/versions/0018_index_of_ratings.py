"""The last rating of a project is found by an index, not by reading all of them.

The index by project and question goes: the unique constraint begins with the same columns.

Revision: 0018
Follows: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_ratings_project_id_question", "ratings")
    op.create_index("ix_ratings_project_id_id", "ratings", ["project_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_ratings_project_id_id", "ratings")
    op.create_index("ix_ratings_project_id_question", "ratings", ["project_id", "question"])
