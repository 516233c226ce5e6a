"""Keep films: videos of a member that are joined to one."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JOINING = sa.text("state = 'joining'")
STATES = (
    "'cancelled', 'deleted', 'deleting', 'delivered', 'failed', 'joining', 'posting', "
    "'undeliverable'"
)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "films",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("interaction_id", INT, nullable=False, unique=True),
        *(sa.Column(name, INT, nullable=False) for name in ("guild_id", "channel_id", "user_id")),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fence", INT, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        *(
            sa.Column(name, INT, nullable=False)
            for name in ("dissolve", "seconds", "private", "percent")
        ),
        *(
            sa.Column(name, INT)
            for name in ("file_size", "message_id", "result_channel_id", "posting_since_ms")
        ),
        sa.Column("reason", sa.Text),
        *(sa.Column(name, INT, nullable=False) for name in ("failures", "turns", "due_at_ms")),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until_ms", INT),
        sa.Column("created_at_ms", INT, nullable=False),
        sa.Column("ended_at_ms", INT),
        sa.Column("erased_at_ms", INT),
        sa.Column("language", sa.Text),
        sa.CheckConstraint(f"state IN ({STATES})", name="state"),
        sqlite_strict=True,
    )
    op.create_index("ix_films_state", "films", ["state", "due_at_ms"])
    op.create_index("ix_films_member", "films", ["user_id", "created_at_ms"])
    op.create_index(
        "uq_films_joining",
        "films",
        ["user_id"],
        unique=True,
        sqlite_where=JOINING,
        postgresql_where=JOINING,
    )
