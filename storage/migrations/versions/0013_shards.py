"""Share shards out among processes: leases with the session to resume, and who is alive."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "processes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", INT, nullable=False),
        sa.Column("pid_space", sa.Text),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("room", INT, nullable=False),
        sa.Column("started_at_ms", INT, nullable=False),
        sa.Column("seen_at_ms", INT, nullable=False),
        sa.Column("last_turn_ms", INT),
        sqlite_strict=True,
    )
    op.create_table(
        "shards",
        sa.Column("shard_id", INT, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.Text),
        sa.Column("until_ms", INT, nullable=False, server_default=sa.text("0")),
        sa.Column("is_offered", INT, nullable=False, server_default=sa.text("0")),
        sa.Column("heir", sa.Text),
        sa.Column("session_id", sa.Text),
        sa.Column("resume_url", sa.Text),
        sa.Column("sequence", INT),
        sa.CheckConstraint(
            "(session_id IS NULL) = (sequence IS NULL) "
            "AND (session_id IS NULL) = (resume_url IS NULL)",
            name="session",
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "identify_slots",
        sa.Column("bucket", INT, primary_key=True, autoincrement=False),
        sa.Column("next_ms", INT, nullable=False),
        sqlite_strict=True,
    )
