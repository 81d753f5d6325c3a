"""values per item of each evaluation, so that ranks need no file; evaluations that were scored before have none"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("evaluations", sa.Column("item_finals", sa.LargeBinary(), nullable=True))
    op.add_column("evaluations", sa.Column("item_categories", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("evaluations", "item_categories")
    op.drop_column("evaluations", "item_finals")
