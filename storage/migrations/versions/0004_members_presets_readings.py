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
    op.add_column("jobs", sa.Column("result_channel_id", INT))
    for name, kind in (("stopped_at_ms", INT), ("stopped_by", sa.Text), ("stop_reason", sa.Text)):
        op.add_column("belt", sa.Column(name, kind))
    _presets()
    _members()
    _balance_readings()


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
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_balance_readings_at_ms", "balance_readings", ["at_ms"])
