"""Content hashes are read whole at an import and need no index.

Revision: 0002
Follows: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_items_project_id_content_hash", table_name="items")


def downgrade() -> None:
    op.create_index("ix_items_project_id_content_hash", "items", ["project_id", "content_hash"])
