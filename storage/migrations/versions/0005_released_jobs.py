"""Find the jobs that were released and whose members are not told yet."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    untold = sa.text("state = 'cancelled' AND fail_code IS NOT NULL AND told_at_ms IS NULL")
    op.create_index(
        "ix_jobs_untold",
        "jobs",
        ["guild_id", "user_id"],
        sqlite_where=untold,
        postgresql_where=untold,
    )
