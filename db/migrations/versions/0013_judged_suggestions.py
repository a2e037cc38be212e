"""Verdicts on suggestions, answers that contradict each other, levels of a review; kept texts of programs may go.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ABOUT_ONE = "(answer_id IS NULL) <> (suggestion_id IS NULL)"
_OUTCOMES = "outcome IN ('contradict', 'agree', 'unsure', 'unscored')"


def upgrade() -> None:
    with op.batch_alter_table("verdicts") as table:
        table.alter_column("answer_id", existing_type=BigKey, nullable=True)
        table.add_column(sa.Column("suggestion_id", BigKey, nullable=True))
        table.create_foreign_key(
            op.f("fk_verdicts_suggestion_id_suggestions"), "suggestions", ["suggestion_id"], ["id"]
        )
        table.create_check_constraint(op.f("ck_verdicts_about_one"), _ABOUT_ONE)
    op.create_index("ix_verdicts_suggestion_id", "verdicts", ["suggestion_id"])
    op.create_table(
        "contradictions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("first_answer_id", BigKey, nullable=False),
        sa.Column("second_answer_id", BigKey, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("quotes", Json, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("prompt_version", sa.String(), nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("usage", Json, nullable=False),
        sa.Column("raw", sa.String(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(_OUTCOMES, name=op.f("ck_contradictions_outcome")),
        sa.CheckConstraint("first_answer_id < second_answer_id", name=op.f("ck_contradictions_order")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_contradictions_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_contradictions_project_id_projects")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_contradictions_item_id_items")),
        sa.ForeignKeyConstraint(
            ["first_answer_id"], ["answers.id"], name=op.f("fk_contradictions_first_answer_id_answers")
        ),
        sa.ForeignKeyConstraint(
            ["second_answer_id"], ["answers.id"], name=op.f("fk_contradictions_second_answer_id_answers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contradictions")),
        sa.UniqueConstraint("call_id", name=op.f("uq_contradictions_call_id")),
    )
    op.create_index("ix_contradictions_project_id", "contradictions", ["project_id"])
    with op.batch_alter_table("reviews") as table:
        table.add_column(sa.Column("levels", Json, nullable=False, server_default="[]"))
    with op.batch_alter_table("remote_submissions") as table:
        table.alter_column("document", existing_type=sa.String(), nullable=True)


def downgrade() -> None:
    op.execute("UPDATE remote_submissions SET document = '{}' WHERE document IS NULL")
    with op.batch_alter_table("remote_submissions") as table:
        table.alter_column("document", existing_type=sa.String(), nullable=False)
    with op.batch_alter_table("reviews") as table:
        table.drop_column("levels")
    op.drop_table("contradictions")
    # What was said about suggestions has no place in the older table.
    about = "SELECT id FROM verdicts WHERE suggestion_id IS NOT NULL"
    op.execute(f"DELETE FROM criterion_scores WHERE verdict_id IN ({about})")
    op.execute("DELETE FROM verdicts WHERE suggestion_id IS NOT NULL")
    op.drop_index("ix_verdicts_suggestion_id", "verdicts")
    with op.batch_alter_table("verdicts") as table:
        table.drop_constraint(op.f("ck_verdicts_about_one"), type_="check")
        table.drop_constraint(op.f("fk_verdicts_suggestion_id_suggestions"), type_="foreignkey")
        table.drop_column("suggestion_id")
        table.alter_column("answer_id", existing_type=BigKey, nullable=False)
