"""Keep the servers that the bot is on, and which the operator admits to spend."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table, with the servers that have jobs already admitted."""
    times = ("joined_at_ms", "left_at_ms", "admitted_at_ms")
    op.create_table(
        "servers",
        sa.Column("guild_id", INT, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner_id", INT),
        *(sa.Column(name, INT) for name in times),
        sa.Column("admitted_by", sa.Text),
        sa.Column("admitted_limit_micro", INT),
        sa.Column("withdrawn_at_ms", INT),
        sa.Column("withdrawn_by", sa.Text),
        sa.Column("wanted_at_ms", INT),
        sa.Column("asked_at_ms", INT),
        sa.CheckConstraint("(admitted_at_ms IS NULL) = (admitted_by IS NULL)", name="admitted_by"),
        sa.CheckConstraint(
            "(withdrawn_at_ms IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by"
        ),
        sa.CheckConstraint("admitted_at_ms IS NULL OR withdrawn_at_ms IS NULL", name="decision"),
        sa.CheckConstraint("admitted_limit_micro >= 0", name="admitted_limit"),
        sqlite_strict=True,
    )
    op.execute(
        """
        INSERT INTO servers (guild_id, name, admitted_at_ms, admitted_by)
        SELECT guild_id, '', MIN(created_at_ms), 'migration' FROM jobs GROUP BY guild_id
        """
    )
