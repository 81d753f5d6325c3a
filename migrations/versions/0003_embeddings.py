"""embeddings shared by the workers, and the state of a worker"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "embeddings",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_embeddings")),
    )
    op.create_index("ix_embeddings_used_at", "embeddings", ["used_at"], unique=False)
    op.add_column("heartbeats", sa.Column("state", sa.String(length=16), server_default="ready", nullable=False))
    op.add_column("heartbeats", sa.Column("model", sa.String(length=64), server_default="", nullable=False))
    op.add_column("heartbeats", sa.Column("detail", sa.String(length=500), server_default="", nullable=False))
    op.create_check_constraint(op.f("ck_heartbeats_state"), "heartbeats", "state IN ('ready', 'drained')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_heartbeats_state"), "heartbeats", type_="check")
    op.drop_column("heartbeats", "detail")
    op.drop_column("heartbeats", "model")
    op.drop_column("heartbeats", "state")
    op.drop_index("ix_embeddings_used_at", table_name="embeddings")
    op.drop_table("embeddings")
