"""Count the bytes that are fetched for each member and day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "fetched_bytes",
        sa.Column("user_id", INT, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("bytes", INT, nullable=False),
        sa.CheckConstraint("bytes >= 0", name="bytes"),
        sqlite_strict=True,
    )
