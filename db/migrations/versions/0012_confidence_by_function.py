"""Confidences by a function of the operator's own.

Revision: 0012
Follows: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OLD_SOURCES = "confidence_source IN ('none', 'imported', 'cross_validated', 'stated', 'label_tokens', 'samples', 'agreement')"
_SOURCES = _OLD_SOURCES.replace("'agreement')", "'agreement', 'function')")


def upgrade() -> None:
    with op.batch_alter_table("suggestions") as table:
        table.drop_constraint(op.f("ck_suggestions_source"), type_="check")
        table.create_check_constraint(op.f("ck_suggestions_source"), _SOURCES)


def downgrade() -> None:
    op.execute("UPDATE suggestions SET confidence_source = 'imported' WHERE confidence_source = 'function'")
    with op.batch_alter_table("suggestions") as table:
        table.drop_constraint(op.f("ck_suggestions_source"), type_="check")
        table.create_check_constraint(op.f("ck_suggestions_source"), _OLD_SOURCES)
