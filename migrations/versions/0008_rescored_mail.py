"""a kind of mail: scores that a re-scoring changed"""

from collections.abc import Sequence

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = ("approved", "scored", "failed", "invalid", "phase_opened", "phase_closed", "announcement")
TABLES = ("mails", "mail_preferences")


def allow(*kinds: str) -> None:
    """Let mails be of these kinds."""
    for table in TABLES:
        name = op.f(f"ck_{table}_kind")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, "kind IN ('" + "', '".join(kinds) + "')")


def upgrade() -> None:
    allow(*KINDS, "rescored")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DELETE FROM {table} WHERE kind = 'rescored'")  # noqa: S608  (names of our own)
    allow(*KINDS)
