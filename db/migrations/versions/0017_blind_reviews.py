"""A review says whether its reviewer saw the one that it replaces.

Of the reviews that are there, three kinds tell it themselves: the first of an annotation and a correction of one's own
had nothing to be blind to, and an answer that counts went to nobody only where a blind second look contradicted. Of
all others it is not known and stays null; what contradicts then goes by who got the item, as it did before.

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TOLD = """
UPDATE reviews SET blind = CASE
    WHEN replaces IS NULL THEN false
    WHEN reviewer_id = (SELECT one.reviewer_id FROM reviews AS one WHERE one.id = reviews.replaces) THEN false
    WHEN outcome <> 'rejected' AND requeue = 'nobody' THEN true
END
"""


def upgrade() -> None:
    op.add_column("reviews", sa.Column("blind", sa.Boolean(), nullable=True))
    op.execute(_TOLD)


def downgrade() -> None:
    with op.batch_alter_table("reviews") as table:
        table.drop_column("blind")
