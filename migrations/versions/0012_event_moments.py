"""When an event happened: a webhook is told only of what came after it was made.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; events that wait now happened about now."""
    at = sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)
    op.add_column("webhook_events", at)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("webhook_events", "at")
