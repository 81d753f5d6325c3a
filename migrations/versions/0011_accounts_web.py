"""confirmed e-mail addresses, mails of an account's own affairs, and notes that go when their account is deleted"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OLD_KINDS = "'approved', 'scored', 'failed', 'invalid', 'phase_opened', 'phase_closed', 'announcement', 'rescored'"
# A submission never changes, but for this: its note and its file's name may go, nothing else with them.
FORGET = """
CREATE FUNCTION refuse_change_but_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.message = '' AND NEW.file_name = ''
        AND to_jsonb(NEW) - 'message' - 'file_name' = to_jsonb(OLD) - 'message' - 'file_name' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
DROP TRIGGER submission_is_final ON submissions;
CREATE TRIGGER submission_is_final BEFORE UPDATE ON submissions FOR EACH ROW
    EXECUTE FUNCTION refuse_change_but_forgetting();
"""
REMEMBER = """
DROP TRIGGER submission_is_final ON submissions;
CREATE TRIGGER submission_is_final BEFORE UPDATE ON submissions FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION refuse_change_but_forgetting();
"""


def upgrade() -> None:
    op.add_column("accounts", sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mails", sa.Column("recipient", sa.String(length=254), nullable=True))
    op.drop_constraint(op.f("ck_mails_kind"), "mails", type_="check")
    op.create_check_constraint(op.f("ck_mails_kind"), "mails", f"kind IN ({OLD_KINDS}, 'account')")
    op.execute(FORGET)


def downgrade() -> None:
    op.execute(REMEMBER)
    op.execute("DELETE FROM mails WHERE kind = 'account'")
    op.drop_constraint(op.f("ck_mails_kind"), "mails", type_="check")
    op.create_check_constraint(op.f("ck_mails_kind"), "mails", f"kind IN ({OLD_KINDS})")
    op.drop_column("mails", "recipient")
    op.drop_column("accounts", "email_verified_at")
