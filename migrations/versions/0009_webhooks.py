"""Webhooks, what is to be delivered to them and each try; mail about those that were switched off.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = "'approved', 'scored', 'failed', 'invalid', 'phase_opened', 'phase_closed', 'announcement', 'rescored'"


def stamp(name: str, *, required: bool = True, clock: str = "now()") -> sa.Column[sa.DateTime]:
    """A time with zone, by the database's clock or empty at first."""
    default = sa.text(clock) if required else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not required)


def kinds(listed: str) -> None:
    """Let mails be of these kinds."""
    for table in ("mails", "mail_preferences"):
        op.drop_constraint(op.f(f"ck_{table}_kind"), table)
        op.create_check_constraint(op.f(f"ck_{table}_kind"), table, f"kind IN ({listed})")


def text(name: str, length: int | None = None, *, default: str | None = None) -> sa.Column[str]:
    """A text that is always there."""
    return sa.Column(name, sa.String(length), server_default=default, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhooks",
        text("ref", 32),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer()),
        text("url", 2000),
        sa.Column("events", JSONB(), nullable=False),
        text("secret", 100),
        sa.Column("old_secret", sa.String(100)),
        stamp("old_until", required=False),
        text("disabled", 500, default=""),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        stamp("next_at"),
        stamp("held_until"),
        stamp("created_at"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], op.f("fk_webhooks_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], op.f("fk_webhooks_competition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_webhooks")),
    )
    op.create_index("ix_webhooks_competition_id", "webhooks", ["competition_id"])
    op.create_index("ix_webhooks_account_id", "webhooks", ["account_id"])
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        text("event", 32),
        sa.Column("topic", sa.String(100)),
        text("body"),
        sa.Column("account_id", sa.Integer()),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], op.f("fk_webhook_events_competition_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], op.f("fk_webhook_events_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
    )
    op.create_index("ix_webhook_events_competition_id", "webhook_events", ["competition_id"])
    op.create_table(
        "webhook_deliveries",
        text("ref", 32),
        text("webhook_ref", 32),
        text("event", 32),
        sa.Column("topic", sa.String(100)),
        text("body"),
        text("state", 16, default="waiting"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        stamp("next_at"),
        stamp("created_at", clock="clock_timestamp()"),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state")),
        sa.ForeignKeyConstraint(
            ["webhook_ref"], ["webhooks.ref"], op.f("fk_webhook_deliveries_webhook_ref"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_webhook_deliveries")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["webhook_ref", "next_at"], postgresql_where=waiting
    )
    op.create_index("ix_webhook_deliveries_webhook_created", "webhook_deliveries", ["webhook_ref", "created_at"])
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.create_index(
        "uq_webhook_deliveries_topic",
        "webhook_deliveries",
        ["webhook_ref", "topic"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting' AND tries = 0"),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        text("delivery_ref", 32),
        stamp("at", clock="clock_timestamp()"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        text("answer", 500, default=""),
        text("error", 500, default=""),
        sa.ForeignKeyConstraint(
            ["delivery_ref"],
            ["webhook_deliveries.ref"],
            op.f("fk_webhook_attempts_delivery_ref"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index("ix_webhook_attempts_delivery_ref", "webhook_attempts", ["delivery_ref"])
    kinds(BEFORE + ", 'webhook_disabled'")


def downgrade() -> None:
    """Drop the tables, and the mails of their kind."""
    for table in ("mails", "mail_preferences"):
        op.execute(f"DELETE FROM {table} WHERE kind = 'webhook_disabled'")  # noqa: S608
    kinds(BEFORE)
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_events", "webhooks"):
        op.drop_table(table)
