"""Find what is due, who waits and what a member has under way, however long the line is."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    _index("ix_jobs_queued", "'queued'", "state", "created_at_ms", "id")
    active = "'generating', 'queued', 'submitting'"
    _index("ix_jobs_active", active, "user_id", "state", "created_at_ms", "id")
    timed = "'generating', 'posting', 'stored', 'submit_unknown', 'succeeded'"
    _index("ix_jobs_due", timed, "state", "due_at_ms", "id")


def _index(name: str, states: str, *columns: str) -> None:
    condition = sa.text(f"state IN ({states})")
    op.create_index(name, "jobs", [*columns], sqlite_where=condition, postgresql_where=condition)
