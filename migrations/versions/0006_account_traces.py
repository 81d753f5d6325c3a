"""From which networks an account signed in: keyed hashes of addresses, kept for a while.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of traces."""
    op.create_table(
        "account_traces",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_traces_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "address_hash", name=op.f("pk_account_traces")),
    )
    op.create_index("ix_account_traces_address_hash", "account_traces", ["address_hash"])
    op.create_index("ix_account_traces_seen_at", "account_traces", ["seen_at"])


def downgrade() -> None:
    """Drop the table of traces."""
    op.drop_table("account_traces")
