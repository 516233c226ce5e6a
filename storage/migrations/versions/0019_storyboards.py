"""Keep storyboards: films whose videos are still to be made."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("ended_at_ms IS NULL")


def upgrade() -> None:
    """Add the tables, and where a film was shared."""
    op.create_table(
        "storyboards",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("interaction_id", INT, nullable=False, unique=True),
        *(
            sa.Column(name, INT, nullable=False)
            for name in ("guild_id", "channel_id", "user_id", "private")
        ),
        sa.Column("language", sa.Text),
        sa.Column("created_at_ms", INT, nullable=False),
        sa.Column("asked_at_ms", INT),
        sa.Column("ended_at_ms", INT),
        sa.CheckConstraint("kind IN ('extension', 'storyboard')", name="kind"),
        sqlite_strict=True,
    )
    op.create_index("ix_storyboards_user_id", "storyboards", ["user_id"])
    op.create_index(
        "ix_storyboards_open",
        "storyboards",
        ["created_at_ms"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "storyboard_shots",
        sa.Column("storyboard_id", sa.Text, sa.ForeignKey("storyboards.id"), primary_key=True),
        sa.Column("number", INT, primary_key=True, autoincrement=False),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("start", sa.Text, nullable=False),
        sa.Column("skipped", INT, nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("start IN ('cut', 'picture', 'previous')", name="start"),
        sqlite_strict=True,
    )
    op.create_index("ix_storyboard_shots_job_id", "storyboard_shots", ["job_id"])
    for name in ("shared_message_id", "shared_channel_id"):
        op.add_column("films", sa.Column(name, INT))
