"""announcements, the outbox of mails, who wants which mail, and which phases were told"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = "kind IN ('approved', 'scored', 'failed', 'invalid', 'phase_opened', 'phase_closed', 'announcement')"


def stamp(name: str = "created_at", *, now: bool = True) -> sa.Column[sa.DateTime]:
    """A time with zone, by the database's clock or empty at first."""
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not now)


def account(name: str, table: str, *, cascade: bool = True) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    """A column that names an account."""
    key = f"fk_{table}_{name}"
    rule = "CASCADE" if cascade else None
    return (
        sa.Column(name, sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint([name], ["accounts.id"], name=op.f(key), ondelete=rule),
    )


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("ref", sa.String(length=32), nullable=False),
        *account("account_id", "mails"),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="waiting", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        stamp("next_at"),
        stamp("claimed_at", now=False),
        stamp("sent_at", now=False),
        sa.Column("error", sa.String(length=500), server_default="", nullable=False),
        stamp(),
        sa.CheckConstraint(KINDS, name=op.f("ck_mails_kind")),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed')", name=op.f("ck_mails_state")),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mails_sent_is_stamped")),
        sa.CheckConstraint("state <> 'failed' OR error <> ''", name=op.f("ck_mails_failed_has_reason")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_mails")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_mails_account_id_key")),
    )
    still_open = sa.text("state IN ('waiting', 'sending')")
    op.create_index("ix_mails_open", "mails", ["state", "next_at"], postgresql_where=still_open)
    op.create_index("ix_mails_created_at", "mails", ["created_at"])
    op.create_table(
        "mail_preferences",
        *account("account_id", "mail_preferences"),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_mail_preferences_kind")),
        sa.PrimaryKeyConstraint("account_id", "kind", name=op.f("pk_mail_preferences")),
    )
    op.create_table(
        "announcements",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        *account("author_id", "announcements", cascade=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        stamp("edited_at", now=False),
        stamp(),
        sa.ForeignKeyConstraint(
            ["competition_id"],
            ["competitions.id"],
            name=op.f("fk_announcements_competition_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_announcements")),
    )
    op.create_index("ix_announcements_competition_created", "announcements", ["competition_id", "created_at"])
    op.create_table(
        "phase_notices",
        sa.Column("phase_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        stamp(),
        sa.ForeignKeyConstraint(
            ["phase_id"], ["phases.id"], name=op.f("fk_phase_notices_phase_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("phase_id", "kind", name=op.f("pk_phase_notices")),
    )


def downgrade() -> None:
    for table in ("phase_notices", "announcements", "mail_preferences", "mails"):
        op.drop_table(table)
