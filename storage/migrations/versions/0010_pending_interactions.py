"""Keep what buttons, forms and private answers wait for, and who goes on with an interaction."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables; drafts that were notes have expired, and no release has written any."""
    op.create_table(
        "pending_interactions",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("until_ms", INT, nullable=False),
        sa.Column("used_at_ms", INT),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_pending_interactions_user", "pending_interactions", ["user_id", "kind"])
    op.create_index("ix_pending_interactions_until", "pending_interactions", ["until_ms"])
    op.create_table(
        "interaction_claims",
        sa.Column("interaction_id", INT, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until_ms", INT, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_interaction_claims_until", "interaction_claims", ["until_ms"])
    op.execute("DELETE FROM notes WHERE key LIKE 'pending draft %'")
