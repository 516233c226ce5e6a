"""Count what leaves the service, and mark the jobs of a database that was restored from a copy."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns."""
    zero = sa.text("0")
    op.add_column("belt", sa.Column("high_water", INT, nullable=False, server_default=zero))
    op.add_column("jobs", sa.Column("restored_at_ms", INT))
