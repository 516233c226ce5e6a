"""Keep of which job a job is a remix."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

REMIXED = sa.text("remix_of IS NOT NULL")


def upgrade() -> None:
    """Add the column."""
    op.add_column("jobs", sa.Column("remix_of", sa.Text))
    op.create_index(
        "ix_jobs_remix_of",
        "jobs",
        ["remix_of"],
        sqlite_where=REMIXED,
        postgresql_where=REMIXED,
    )
