"""Keep how long each task took, and find those of one kind."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("jobs", sa.Column("took_ms", INT))
    finished = sa.text("took_ms IS NOT NULL OR state = 'failed'")
    op.create_index(
        "ix_jobs_took",
        "jobs",
        ["model", "mode", "resolution", "seconds", "started_at_ms"],
        sqlite_where=finished,
        postgresql_where=finished,
    )
