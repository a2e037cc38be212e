"""Jobs of programs: answers sent to be judged over HTTP, which belong to no project.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('preannotate', 'judge', 'metadata', 'search', 'judge_remote')"
_OLD_KINDS = "kind IN ('preannotate', 'judge', 'metadata', 'search')"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as table:
        table.alter_column("project_id", existing_type=BigKey, nullable=True)
        table.add_column(sa.Column("idempotency_key", sa.String(), nullable=True))
        table.create_unique_constraint(
            op.f("uq_jobs_started_by_idempotency_key"), ["started_by", "idempotency_key"]
        )
        table.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        table.create_check_constraint(op.f("ck_jobs_kind"), _KINDS)
    op.create_table(
        "remote_submissions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("job_id", BigKey, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_remote_submissions_job_id_jobs")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_remote_submissions_call_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_submissions")),
        sa.UniqueConstraint("job_id", "position", name=op.f("uq_remote_submissions_job_id_position")),
        sa.UniqueConstraint("call_id", name=op.f("uq_remote_submissions_call_id")),
    )
    op.create_table(
        "remote_verdicts",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("prompt_version", sa.String(), nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("raw", sa.String(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_remote_verdicts_call_id_calls")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_remote_verdicts")),
    )


def downgrade() -> None:
    op.drop_table("remote_verdicts")
    op.drop_table("remote_submissions")
    op.execute("DELETE FROM calls WHERE kind IN ('judge_remote', 'lay_out_remote')")
    op.execute("DELETE FROM jobs WHERE kind = 'judge_remote'")
    with op.batch_alter_table("jobs") as table:
        table.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        table.create_check_constraint(op.f("ck_jobs_kind"), _OLD_KINDS)
        table.drop_constraint(op.f("uq_jobs_started_by_idempotency_key"), type_="unique")
        table.drop_column("idempotency_key")
        table.alter_column("project_id", existing_type=BigKey, nullable=False)
