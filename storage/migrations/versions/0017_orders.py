"""Keep orders of several jobs: takes of one request, shots of a storyboard."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_ORDER = sa.text("order_id IS NOT NULL")


def upgrade() -> None:
    """Add the table, and each job's place in an order."""
    op.create_table(
        "orders",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("interaction_id", INT, nullable=False, unique=True),
        *(sa.Column(name, INT, nullable=False) for name in ("guild_id", "channel_id", "user_id")),
        sa.Column("created_at_ms", INT, nullable=False),
        sa.Column("private", INT, nullable=False),
        sa.Column("language", sa.Text),
        sa.CheckConstraint("kind IN ('storyboard', 'takes')", name="kind"),
        sqlite_strict=True,
    )
    op.create_index("ix_orders_user_id", "orders", ["user_id"])
    op.add_column("jobs", sa.Column("order_id", sa.Text))
    op.add_column("jobs", sa.Column("order_index", INT))
    op.add_column("jobs", sa.Column("order_post", INT))
    op.add_column("presets", sa.Column("takes", INT))
    op.create_index(
        "ix_jobs_order",
        "jobs",
        ["order_id", "order_index"],
        sqlite_where=OF_ORDER,
        postgresql_where=OF_ORDER,
    )
