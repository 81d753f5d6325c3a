"""Turns: one entrant's many submissions stand behind another's first. And an index for the service's own record.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_evaluations_waiting", "evaluations"
WAITING = sa.text("state NOT IN ('invalid', 'scored', 'failed', 'cancelled')")


def upgrade() -> None:
    """Add the column (a constant default: no row is rewritten), index those that wait by it."""
    op.add_column(TABLE, sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_index(INDEX, TABLE)
    op.create_index(INDEX, TABLE, ["state", "priority", "turn", "id"], postgresql_where=WAITING)
    op.create_index("ix_evaluations_finished_at", TABLE, ["finished_at"])


def downgrade() -> None:
    """The index of before."""
    op.drop_index("ix_evaluations_finished_at", TABLE)
    op.drop_index(INDEX, TABLE)
    op.create_index(INDEX, TABLE, ["state", "id"], postgresql_where=WAITING)
    op.drop_column(TABLE, "turn")
