"""first light"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


# What was sent never changes, and a judgement that has ended stays as it ended: also for whoever has the password.
GUARDS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER submission_is_final BEFORE UPDATE ON submissions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ended_evaluation_is_final BEFORE UPDATE ON evaluations FOR EACH ROW
    WHEN (OLD.state IN ('invalid', 'scored', 'failed', 'cancelled')) EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), server_default="participant", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('participant', 'organizer', 'admin')", name=op.f("ck_accounts_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    op.create_table(
        "browser_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(length=255), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_browser_sessions_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_browser_sessions")),
    )
    op.create_index(op.f("ix_browser_sessions_account_id"), "browser_sessions", ["account_id"], unique=False)
    op.create_table(
        "competitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("terms", sa.String(), server_default="", nullable=False),
        sa.Column("pages", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("registration_auto_approve", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("organizer_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["organizer_id"], ["accounts.id"], name=op.f("fk_competitions_organizer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitions")),
        sa.UniqueConstraint("slug", name=op.f("uq_competitions_slug")),
    )
    op.create_index(op.f("ix_competitions_organizer_id"), "competitions", ["organizer_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=16)), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
    )
    op.create_index(op.f("ix_tokens_account_id"), "tokens", ["account_id"], unique=False)
    op.create_table(
        "participations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('approved', 'pending', 'denied')", name=op.f("ck_participations_status")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_participations_account_id")),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], name=op.f("fk_participations_competition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participations")),
        sa.UniqueConstraint("competition_id", "account_id", name=op.f("uq_participations_competition_id_account_id")),
    )
    op.create_index("ix_participations_account_id", "participations", ["account_id"], unique=False)
    op.create_table(
        "phases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_submissions_per_day", sa.Integer(), nullable=True),
        sa.Column("max_submissions", sa.Integer(), nullable=True),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("show_items", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("starting_kit_sha256", sa.String(length=64), nullable=True),
        sa.Column("public_data_sha256", sa.String(length=64), nullable=True),
        sa.Column("truth_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_phases_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], name=op.f("fk_phases_competition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phases")),
        sa.UniqueConstraint("competition_id", "slug", name=op.f("uq_phases_competition_id_slug")),
    )
    op.create_table(
        "boards",
        sa.Column("phase_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["phase_id"], ["phases.id"], name=op.f("fk_boards_phase_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("phase_id", name=op.f("pk_boards")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("phase_id", sa.Integer(), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_size", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=500), server_default="", nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_submissions_participation_id")
        ),
        sa.ForeignKeyConstraint(["phase_id"], ["phases.id"], name=op.f("fk_submissions_phase_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("ref", name=op.f("uq_submissions_ref")),
    )
    op.create_index(
        "ix_submissions_participation_phase_created",
        "submissions",
        ["participation_id", "phase_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_submissions_idempotency_key", "submissions", ["participation_id", "phase_id", "idempotency_key"]
    )
    op.create_index("ix_submissions_phase_created", "submissions", ["phase_id", "created_at"], unique=False)
    op.create_table(
        "truths",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phase_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("item_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_truths_created_by")),
        sa.ForeignKeyConstraint(["phase_id"], ["phases.id"], name=op.f("fk_truths_phase_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_truths")),
        sa.UniqueConstraint("phase_id", "number", name=op.f("uq_truths_phase_id_number")),
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("truth_id", sa.Integer(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="queued", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announce_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announcements", sa.Integer(), server_default="0", nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("validating_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scoring_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("findings_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("answers_sha256", sa.String(length=64), nullable=True),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("items_sha256", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.String(), nullable=True),
        sa.Column("final", sa.Double(), nullable=True),
        sa.CheckConstraint("(state = 'scored') = (final IS NOT NULL)", name=op.f("ck_evaluations_scored_has_final")),
        sa.CheckConstraint(
            "(state IN ('invalid', 'scored', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("ck_evaluations_terminal_is_stamped"),
        ),
        sa.CheckConstraint("state <> 'failed' OR problem IS NOT NULL", name=op.f("ck_evaluations_failed_has_reason")),
        sa.CheckConstraint(
            "state IN ('queued', 'validating', 'invalid', 'ready', 'scoring', 'scored', 'failed', 'cancelled')",
            name=op.f("ck_evaluations_state"),
        ),
        sa.CheckConstraint("final BETWEEN 0 AND 1", name=op.f("ck_evaluations_final_in_range")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_evaluations_submission_id")),
        sa.ForeignKeyConstraint(["truth_id"], ["truths.id"], name=op.f("fk_evaluations_truth_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("submission_id", "version", name=op.f("uq_evaluations_submission_id_version")),
    )
    op.create_index(
        "ix_evaluations_waiting",
        "evaluations",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('invalid', 'scored', 'failed', 'cancelled')"),
    )
    op.create_table(
        "standings",
        sa.Column("phase_id", sa.Integer(), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("final", sa.Double(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.CheckConstraint("final BETWEEN 0 AND 1", name=op.f("ck_standings_final_in_range")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name=op.f("fk_standings_evaluation_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_standings_participation_id")
        ),
        sa.ForeignKeyConstraint(["phase_id"], ["phases.id"], name=op.f("fk_standings_phase_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("phase_id", "participation_id", name=op.f("pk_standings")),
    )
    op.create_index("ix_standings_order", "standings", ["phase_id", "final", "submitted_at"], unique=False)
    op.create_table(
        "heartbeats",
        sa.Column("worker", sa.String(length=255), nullable=False),
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_heartbeats")),
    )
    op.create_foreign_key("fk_phases_truth_id", "phases", "truths", ["truth_id"], ["id"])
    op.execute(GUARDS)


def downgrade() -> None:
    op.drop_table("heartbeats")
    op.drop_constraint("fk_phases_truth_id", "phases", type_="foreignkey")
    op.drop_index("ix_standings_order", table_name="standings")
    op.drop_table("standings")
    op.drop_index(
        "ix_evaluations_waiting",
        table_name="evaluations",
        postgresql_where=sa.text("state NOT IN ('invalid', 'scored', 'failed', 'cancelled')"),
    )
    op.drop_table("evaluations")
    op.drop_table("truths")
    op.drop_index("ix_submissions_idempotency_key", table_name="submissions")
    op.drop_index("ix_submissions_phase_created", table_name="submissions")
    op.drop_index("ix_submissions_participation_phase_created", table_name="submissions")
    op.drop_table("submissions")
    op.drop_table("boards")
    op.drop_table("phases")
    op.drop_index("ix_participations_account_id", table_name="participations")
    op.drop_table("participations")
    op.drop_index(op.f("ix_tokens_account_id"), table_name="tokens")
    op.drop_table("tokens")
    op.drop_index(op.f("ix_competitions_organizer_id"), table_name="competitions")
    op.drop_table("competitions")
    op.drop_index(op.f("ix_browser_sessions_account_id"), table_name="browser_sessions")
    op.drop_table("browser_sessions")
    op.drop_table("accounts")
    op.execute("DROP FUNCTION refuse_change")
