"""A person and a model of one name are two raters: neither's rating repeats the other's.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_OLD = "uq_ratings_project_id_question_item_rater_repeat"
_NEW = "uq_ratings_project_id_question_item_rater_rater_kind_repeat"
_RATER = ["project_id", "question", "item", "rater"]


def upgrade() -> None:
    _key(_OLD, _NEW, [*_RATER, "rater_kind", "repeat"])
    _count_repeats([*_RATER, "rater_kind"])


def downgrade() -> None:
    _count_repeats(_RATER)
    _key(_NEW, _OLD, [*_RATER, "repeat"])


def _key(old: str, new: str, columns: list[str]) -> None:
    with op.batch_alter_table("ratings") as table:
        table.drop_constraint(op.f(old), type_="unique")
        table.create_unique_constraint(op.f(new), columns)


def _count_repeats(rater: list[str]) -> None:
    """Number each rater's ratings of an item and question anew, in the order of the import."""
    # Below zero first: PostgreSQL checks uniqueness row by row, and 1 may become 0 only after 0 has become something else.
    op.execute(
        "UPDATE ratings SET repeat = -1 - counted.place FROM ("
        f"SELECT id, row_number() OVER (PARTITION BY {', '.join(rater)} ORDER BY id) - 1 AS place FROM ratings"
        ") AS counted WHERE counted.id = ratings.id AND counted.place <> ratings.repeat"
    )
    op.execute(sa.text("UPDATE ratings SET repeat = -1 - repeat WHERE repeat < 0"))
