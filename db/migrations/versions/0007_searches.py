"""Jobs that search for a better prompt.

Revision: 0007
Follows: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('preannotate', 'judge', 'metadata', 'search')"
_OLD_KINDS = "kind IN ('preannotate', 'judge', 'metadata')"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as table:
        table.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        table.create_check_constraint(op.f("ck_jobs_kind"), _KINDS)


def downgrade() -> None:
    op.execute("UPDATE calls SET job_id = NULL WHERE job_id IN (SELECT id FROM jobs WHERE kind = 'search')")
    op.execute("DELETE FROM jobs WHERE kind = 'search'")
    with op.batch_alter_table("jobs") as table:
        table.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        table.create_check_constraint(op.f("ck_jobs_kind"), _OLD_KINDS)
