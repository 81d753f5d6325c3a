"""Tokens for one competition, CI jobs that may submit for an account, and identities that were used.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, make the tables."""
    op.add_column("tokens", sa.Column("competition", sa.String(80), nullable=True))
    op.create_table(
        "publishers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("claims", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_publishers_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], name=op.f("fk_publishers_competition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publishers")),
        sa.UniqueConstraint("ref", name=op.f("uq_publishers_ref")),
    )
    op.create_index("ix_publishers_account_id", "publishers", ["account_id"])
    op.create_index("ix_publishers_competition_id", "publishers", ["competition_id"])
    op.create_index("ix_publishers_issuer", "publishers", ["issuer"])
    op.create_table(
        "used_identities",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_identities")),
    )
    op.create_index("ix_used_identities_expires_at", "used_identities", ["expires_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("used_identities")
    op.drop_table("publishers")
    op.drop_column("tokens", "competition")
