"""Verdicts by several replies, with flags; causes of mismatches; audits of the judge.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CAUSES = "cause IN ('judge_wrong', 'people_wrong', 'rubric_unclear', 'answer_ambiguous', 'both_right')"


def upgrade() -> None:
    with op.batch_alter_table("verdicts") as table:
        table.add_column(sa.Column("flags", Json, nullable=False, server_default="[]"))
    with op.batch_alter_table("criterion_scores") as table:
        table.add_column(sa.Column("score", sa.Double(), nullable=True))
        table.add_column(sa.Column("method", sa.String(), nullable=True))
        table.add_column(sa.Column("samples", Json, nullable=False, server_default="[]"))
    op.execute("UPDATE criterion_scores SET score = level")
    with op.batch_alter_table("human_scores") as table:
        table.add_column(sa.Column("drawn", sa.String(), nullable=False, server_default="lot"))
        table.create_check_constraint(op.f("ck_human_scores_drawn"), "drawn IN ('lot', 'value')")
    op.create_table(
        "mismatch_causes",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("answer_id", BigKey, nullable=False),
        sa.Column("rubric_version_id", BigKey, nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(_CAUSES, name=op.f("ck_mismatch_causes_cause")),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_mismatch_causes_answer_id_answers")
        ),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"],
            ["rubric_versions.id"],
            name=op.f("fk_mismatch_causes_rubric_version_id_rubric_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mismatch_causes")),
        sa.UniqueConstraint(
            "answer_id",
            "rubric_version_id",
            "criterion",
            name=op.f("uq_mismatch_causes_answer_id_rubric_version_id_criterion"),
        ),
    )
    op.create_table(
        "judge_audits",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("rubric_hash", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_judge_audits_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judge_audits")),
    )
    op.create_index(op.f("ix_judge_audits_project_id"), "judge_audits", ["project_id"])


def downgrade() -> None:
    op.drop_table("judge_audits")
    op.drop_table("mismatch_causes")
    with op.batch_alter_table("human_scores") as table:
        table.drop_constraint(op.f("ck_human_scores_drawn"), type_="check")
        table.drop_column("drawn")
    with op.batch_alter_table("criterion_scores") as table:
        table.drop_column("samples")
        table.drop_column("method")
        table.drop_column("score")
    with op.batch_alter_table("verdicts") as table:
        table.drop_column("flags")
