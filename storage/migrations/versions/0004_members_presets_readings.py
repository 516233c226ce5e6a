"""Keep members' and servers' further choices, the balance's readings, and the operator's stop."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables."""
    op.add_column("jobs", sa.Column("private", INT, nullable=False, server_default=sa.text("0")))
    op.add_column("jobs", sa.Column("shared_message_id", INT))
    op.add_column("jobs", sa.Column("shared_channel_id", INT))
    op.add_column("jobs", sa.Column("result_channel_id", INT))
    op.add_column("jobs", sa.Column("told_at_ms", INT))
    op.add_column("jobs", sa.Column("closed_at_ms", INT))
    op.add_column("belt", sa.Column("short_since_ms", INT))
    for name, kind in (("stopped_at_ms", INT), ("stopped_by", sa.Text), ("stop_reason", sa.Text)):
        op.add_column("belt", sa.Column(name, kind))
    _operators_bookings()
    _presets()
    _members()
    _balance_readings()


def _operators_bookings() -> None:
    """Find what the operator bears by an index; book what was released without an answer so far."""
    of_operator = sa.text("account = 'operator'")
    op.create_index(
        "ix_billing_operator",
        "billing",
        ["created_at_ms", "job_id"],
        sqlite_where=of_operator,
        postgresql_where=of_operator,
    )
    op.execute(
        """
        INSERT INTO billing (kind, job_id, amount_micro, account, guild_id, user_id,
            price_version, created_at_ms, actor, note)
        SELECT 'adjust', jobs.id, jobs.price_micro, 'operator', jobs.guild_id, jobs.user_id,
            jobs.price_version, released.created_at_ms, 'service', 'no answer from APIXO'
        FROM jobs JOIN billing AS released
            ON released.job_id = jobs.id AND released.attempt = jobs.attempt
        WHERE jobs.state = 'submit_unknown' AND released.kind = 'release'
        """
    )


def _presets() -> None:
    op.create_table(
        "presets",
        sa.Column("guild_id", INT, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("preset", sa.Text, nullable=False),
        sa.Column("updated_at_ms", INT, nullable=False),
        sqlite_strict=True,
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("guild_id", INT, primary_key=True, autoincrement=False),
        sa.Column("user_id", INT, primary_key=True, autoincrement=False),
        sa.Column("tell_when_done", INT, nullable=False),
        sqlite_strict=True,
    )


def _balance_readings() -> None:
    op.create_table(
        "balance_readings",
        sa.Column("id", INT, primary_key=True, autoincrement=True),
        sa.Column("at_ms", INT, nullable=False),
        sa.Column("balance_micro", INT, nullable=False),
        sa.Column("expected_micro", INT, nullable=False),
        sa.Column("in_flight_micro", INT, nullable=False),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_balance_readings_at_ms", "balance_readings", ["at_ms"])
