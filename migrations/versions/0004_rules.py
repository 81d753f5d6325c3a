"""rules of competitions and phases, teams, marks, re-scorings, boards by sort keys, and the audit log"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")

# An ended evaluation may still be given its effect, once: when the re-scoring that made it is applied.
EFFECT = """
CREATE FUNCTION refuse_change_but_effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.effective_at IS NULL AND NEW.effective_at IS NOT NULL
        AND to_jsonb(NEW) - 'effective_at' = to_jsonb(OLD) - 'effective_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
DROP TRIGGER ended_evaluation_is_final ON evaluations;
CREATE TRIGGER ended_evaluation_is_final BEFORE UPDATE ON evaluations FOR EACH ROW
    WHEN (OLD.state IN ('invalid', 'scored', 'failed', 'cancelled')) EXECUTE FUNCTION refuse_change_but_effect();
"""
NO_EFFECT = """
DROP TRIGGER ended_evaluation_is_final ON evaluations;
CREATE TRIGGER ended_evaluation_is_final BEFORE UPDATE ON evaluations FOR EACH ROW
    WHEN (OLD.state IN ('invalid', 'scored', 'failed', 'cancelled')) EXECUTE FUNCTION refuse_change();
DROP FUNCTION refuse_change_but_effect();
"""
APPEND_ONLY = """
CREATE TRIGGER audit_event_is_final BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    _competitions()
    _phases()
    _people()
    _submissions()
    _boards()
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("competition", sa.String(length=64), server_default="", nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=255), server_default="", nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_competition", "audit_events", ["competition", "id"], unique=False)
    op.execute(EFFECT)
    op.execute(APPEND_ONLY)


def _competitions() -> None:
    for column in (
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("contact_email", sa.String(length=254), server_default="", nullable=False),
        sa.Column("reward", sa.String(length=500), server_default="", nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=True),
        sa.Column("terms_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("allowed_emails", JSON, server_default="[]", nullable=False),
        sa.Column("team_size", sa.Integer(), server_default="1", nullable=False),
        sa.Column("anonymous", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("overall", JSON, nullable=True),
        sa.Column("deleted_at", MOMENT, nullable=True),
    ):
        op.add_column("competitions", column)


def _phases() -> None:
    for column in (
        sa.Column("limit_window", sa.String(length=8), server_default="day", nullable=False),
        sa.Column("max_concurrent", sa.Integer(), nullable=True),
        sa.Column("max_invalid_per_day", sa.Integer(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("accept_late", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("gate_id", sa.Integer(), nullable=True),
        sa.Column("carry_from_id", sa.Integer(), nullable=True),
        sa.Column("carried_at", MOMENT, nullable=True),
        sa.Column("freeze_hours", sa.Integer(), nullable=True),
        sa.Column("frozen_at", MOMENT, nullable=True),
        sa.Column("publish", sa.String(length=8), server_default="end", nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("board", JSON, server_default="{}", nullable=False),
        sa.Column("split", JSON, nullable=True),
    ):
        op.add_column("phases", column)
    op.create_check_constraint(op.f("ck_phases_limit_window"), "phases", "limit_window IN ('day', 'rolling')")
    op.create_check_constraint(op.f("ck_phases_publish"), "phases", "publish IN ('end', 'manual')")
    for name in ("gate_id", "carry_from_id"):
        op.create_foreign_key(op.f(f"fk_phases_{name}"), "phases", "phases", [name], ["id"], ondelete="SET NULL")


def _people() -> None:
    op.create_table(
        "co_organizers",
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_co_organizers_account_id")),
        sa.ForeignKeyConstraint(["added_by"], ["accounts.id"], name=op.f("fk_co_organizers_added_by")),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], name=op.f("fk_co_organizers_competition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("competition_id", "account_id", name=op.f("pk_co_organizers")),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], name=op.f("fk_teams_competition_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["participations.id"], name=op.f("fk_teams_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("lead_id", name=op.f("uq_teams_lead_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_teams_ref")),
    )
    op.create_index("uq_teams_competition_id_name", "teams", ["competition_id", sa.text("lower(name)")], unique=True)
    op.drop_constraint(op.f("ck_participations_status"), "participations", type_="check")
    statuses = "status IN ('approved', 'pending', 'denied', 'banned')"
    op.create_check_constraint(op.f("ck_participations_status"), "participations", statuses)
    for column in (
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("terms_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("baseline", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
    ):
        op.add_column("participations", column)
    op.create_index(op.f("ix_participations_team_id"), "participations", ["team_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_participations_team_id"), "participations", "teams", ["team_id"], ["id"], ondelete="SET NULL"
    )
    op.create_table(
        "invitations",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'withdrawn')", name=op.f("ck_invitations_state")
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["accounts.id"], name=op.f("fk_invitations_invited_by")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_invitations_participation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_invitations_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_invitations")),
    )  # fmt: skip
    op.create_index(op.f("ix_invitations_participation_id"), "invitations", ["participation_id"], unique=False)
    op.create_index(
        "uq_invitations_open", "invitations", ["team_id", "participation_id"], unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )  # fmt: skip


def _submissions() -> None:
    op.add_column("submissions", sa.Column("late", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("submissions", sa.Column("carried_from_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_submissions_carried_from_id"), "submissions", "submissions", ["carried_from_id"], ["id"]
    )
    op.create_unique_constraint(
        op.f("uq_submissions_phase_id_carried_from_id"), "submissions", ["phase_id", "carried_from_id"]
    )
    op.create_index(
        "ix_submissions_carried_from_id", "submissions", ["carried_from_id"],
        postgresql_where=sa.text("carried_from_id IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "marks",
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("chosen_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("disqualified_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_marks_submission_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_marks")),
    )
    op.create_table(
        "rescores",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("phase_id", sa.Integer(), nullable=False),
        sa.Column("truth_id", sa.Integer(), nullable=False),
        sa.Column("plan", JSON, nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("state IN ('open', 'applied', 'cancelled')", name=op.f("ck_rescores_state")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_rescores_created_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["accounts.id"], name=op.f("fk_rescores_ended_by")),
        sa.ForeignKeyConstraint(["phase_id"], ["phases.id"], name=op.f("fk_rescores_phase_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["truth_id"], ["truths.id"], name=op.f("fk_rescores_truth_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescores")),
        sa.UniqueConstraint("ref", name=op.f("uq_rescores_ref")),
    )
    op.create_index(
        "uq_rescores_open", "rescores", ["phase_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    for column in (
        sa.Column("rescore_id", sa.Integer(), nullable=True),
        sa.Column("effective_at", MOMENT, nullable=True),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("public_report", JSON, nullable=True),
        sa.Column("private_report", JSON, nullable=True),
    ):
        op.add_column("evaluations", column)
    op.create_foreign_key(op.f("fk_evaluations_rescore_id"), "evaluations", "rescores", ["rescore_id"], ["id"])
    op.create_index(
        "ix_evaluations_rescore_id", "evaluations", ["rescore_id"],
        postgresql_where=sa.text("rescore_id IS NOT NULL"),
    )  # fmt: skip
    op.execute("ALTER TABLE evaluations DISABLE TRIGGER ended_evaluation_is_final")
    op.execute("UPDATE evaluations SET effective_at = queued_at")
    op.execute("ALTER TABLE evaluations ENABLE TRIGGER ended_evaluation_is_final")


def _boards() -> None:
    op.add_column("standings", sa.Column("board", sa.String(length=8), server_default="main", nullable=False))
    op.add_column("standings", sa.Column("slot", sa.Integer(), server_default="0", nullable=False))
    op.add_column("standings", sa.Column("sort_keys", postgresql.ARRAY(sa.Double()), nullable=True))
    op.execute("UPDATE standings SET sort_keys = ARRAY[final]")
    op.alter_column("standings", "sort_keys", nullable=False)
    op.drop_index("ix_standings_order", table_name="standings")
    op.drop_column("standings", "final")
    op.drop_constraint(op.f("pk_standings"), "standings", type_="primary")
    op.create_primary_key(op.f("pk_standings"), "standings", ["phase_id", "board", "participation_id", "slot"])
    op.create_check_constraint(op.f("ck_standings_board"), "standings", "board IN ('main', 'public', 'late')")
    numbers = "array_position(sort_keys, 'NaN') IS NULL AND array_position(sort_keys, NULL) IS NULL"
    op.create_check_constraint(op.f("ck_standings_sort_keys"), "standings", numbers)
    op.create_index("ix_standings_order", "standings", ["phase_id", "board", "sort_keys", "submitted_at"], unique=False)
    op.create_index(op.f("ix_standings_evaluation_id"), "standings", ["evaluation_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_standings_evaluation_id"), table_name="standings")
    op.execute("DROP TRIGGER audit_event_is_final ON audit_events")
    op.execute(NO_EFFECT)
    op.drop_table("audit_events")
    op.execute("DELETE FROM standings WHERE board <> 'main' OR slot <> 0")
    op.add_column("standings", sa.Column("final", sa.Double(), nullable=True))
    op.execute("UPDATE standings SET final = evaluations.final FROM evaluations WHERE evaluations.id = evaluation_id")
    op.alter_column("standings", "final", nullable=False)
    op.drop_index("ix_standings_order", table_name="standings")
    op.drop_constraint(op.f("ck_standings_sort_keys"), "standings", type_="check")
    op.drop_constraint(op.f("ck_standings_board"), "standings", type_="check")
    op.drop_constraint(op.f("pk_standings"), "standings", type_="primary")
    op.create_primary_key(op.f("pk_standings"), "standings", ["phase_id", "participation_id"])
    for name in ("sort_keys", "slot", "board"):
        op.drop_column("standings", name)
    op.create_check_constraint(op.f("ck_standings_final_in_range"), "standings", "final BETWEEN 0 AND 1")
    op.create_index("ix_standings_order", "standings", ["phase_id", "final", "submitted_at"], unique=False)
    # Judgements that never had effect would become the newest ones.
    op.execute("DELETE FROM evaluations WHERE effective_at IS NULL")
    op.drop_index("ix_evaluations_rescore_id", table_name="evaluations")
    for name in ("private_report", "public_report", "priority", "effective_at", "rescore_id"):
        op.drop_column("evaluations", name)
    op.drop_table("rescores")
    op.drop_table("marks")
    op.drop_constraint(op.f("uq_submissions_phase_id_carried_from_id"), "submissions", type_="unique")
    op.drop_column("submissions", "carried_from_id")
    op.drop_column("submissions", "late")
    op.drop_table("invitations")
    op.drop_constraint(op.f("fk_participations_team_id"), "participations", type_="foreignkey")
    for name in ("team_id", "baseline", "terms_version", "reason"):
        op.drop_column("participations", name)
    op.execute("UPDATE participations SET status = 'denied' WHERE status = 'banned'")
    op.drop_constraint(op.f("ck_participations_status"), "participations", type_="check")
    statuses = "status IN ('approved', 'pending', 'denied')"
    op.create_check_constraint(op.f("ck_participations_status"), "participations", statuses)
    op.drop_table("teams")
    op.drop_table("co_organizers")
    for name in (
        "split", "board", "published_at", "publish", "frozen_at", "freeze_hours", "carried_at", "carry_from_id",
        "gate_id", "accept_late", "paused", "max_invalid_per_day", "max_concurrent", "limit_window",
    ):  # fmt: skip
        op.drop_column("phases", name)
    for name in (
        "deleted_at", "overall", "anonymous", "team_size", "allowed_emails", "terms_version", "image_sha256", "reward",
        "contact_email", "version"
    ):  # fmt: skip
        op.drop_column("competitions", name)
