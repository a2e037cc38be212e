"""Studies with their people, the arms they draw, what people say after a sitting; suggestions beside imported ratings.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

from db.types import BigKey, Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ARMS = "arm IN ('none', 'suggestion', 'after_answer')"


def upgrade() -> None:
    op.create_table(
        "studies",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'running', 'stopped')", name=op.f("ck_studies_state")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_studies_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_studies_project_id_name")),
    )
    op.create_index(
        "ix_studies_running",
        "studies",
        ["project_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "study_people",
        sa.Column("study_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_study_people_study_id_studies")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_study_people_user_id_users")),
        sa.PrimaryKeyConstraint("study_id", "user_id", name=op.f("pk_study_people")),
        sa.UniqueConstraint("study_id", "place", name=op.f("uq_study_people_study_id_place")),
    )
    op.create_table(
        "experiences",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("project_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("study_id", BigKey, nullable=True),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("arms", Json, nullable=False),
        sa.Column("answers", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_experiences_project_id_projects")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_experiences_user_id_users")),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_experiences_study_id_studies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiences")),
        sa.UniqueConstraint(
            "project_id", "user_id", "began_at", name=op.f("uq_experiences_project_id_user_id_began_at")
        ),
    )
    op.create_index(op.f("ix_experiences_study_id"), "experiences", ["study_id"])
    for name in ("leases", "annotations"):
        with op.batch_alter_table(name) as table:
            table.drop_constraint(op.f(f"ck_{name}_arm"), type_="check")
            table.add_column(sa.Column("study_id", BigKey, nullable=True))
            table.add_column(sa.Column("study_position", sa.Integer(), nullable=True))
            table.create_foreign_key(op.f(f"fk_{name}_study_id_studies"), "studies", ["study_id"], ["id"])
    with op.batch_alter_table("leases") as table:
        table.add_column(sa.Column("help", Json, nullable=True))
    op.create_index(
        "ix_annotations_study_id",
        "annotations",
        ["study_id"],
        sqlite_where=sa.text("study_id IS NOT NULL"),
        postgresql_where=sa.text("study_id IS NOT NULL"),
    )
    with op.batch_alter_table("ratings") as table:
        table.add_column(sa.Column("suggestion", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ratings") as table:
        table.drop_column("suggestion")
    op.drop_index("ix_annotations_study_id", "annotations")
    with op.batch_alter_table("leases") as table:
        table.drop_column("help")
    for name in ("leases", "annotations"):
        # What the older tables cannot hold belongs to no comparison there.
        op.execute(f"UPDATE {name} SET arm = NULL WHERE arm IS NOT NULL AND NOT {_ARMS}")
        with op.batch_alter_table(name) as table:
            table.drop_constraint(op.f(f"fk_{name}_study_id_studies"), type_="foreignkey")
            table.drop_column("study_position")
            table.drop_column("study_id")
            table.create_check_constraint(op.f(f"ck_{name}_arm"), _ARMS)
    for name in ("experiences", "study_people", "studies"):
        op.drop_table(name)
