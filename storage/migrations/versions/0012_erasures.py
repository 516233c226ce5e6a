"""Keep what members had deleted, and let the audit log forget who made a preset."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_KEPT = ("id", "at_ms", "guild_id", "what", "subject", "before", "after", "note")
_COMPARED = (*_KEPT, "interaction_id", "entry_id")


def upgrade() -> None:
    """Add the column and the tables, and open the audit log for this one change."""
    op.add_column("jobs", sa.Column("erased_at_ms", INT))
    op.create_table(
        "erasures",
        sa.Column("user_id", INT, primary_key=True, autoincrement=False),
        sa.Column("guild_id", INT, primary_key=True, autoincrement=False),
        sa.Column("until_ms", INT, nullable=False),
        sa.Column("finished_at_ms", INT),
        sa.CheckConstraint("user_id <> 0 OR guild_id <> 0", name="scope"),
        sqlite_strict=True,
    )
    op.create_table(
        "memberships",
        sa.Column("guild_id", INT, primary_key=True, autoincrement=False),
        sa.Column("user_id", INT, primary_key=True, autoincrement=False),
        sa.Column("checked_at_ms", INT, nullable=False),
        sa.Column("left_at_ms", INT),
        sqlite_strict=True,
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRESQL_GUARDS if is_postgresql else _SQLITE_GUARDS:
        op.execute(sa.text(statement))


_SQLITE_GUARDS = (
    "DROP TRIGGER changes_no_update",
    f"""
    CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes
    WHEN OLD.what <> 'preset' OR NEW.actor <> 'deleted'
        OR {" OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COMPARED)}
    BEGIN
        SELECT RAISE(ABORT, 'changes is append-only');
    END
    """,
)

_POSTGRESQL_GUARDS = (
    "DROP TRIGGER changes_append_only ON changes",
    """
    CREATE TRIGGER changes_append_only BEFORE DELETE OR TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only()
    """,
    f"""
    CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes FOR EACH ROW
    WHEN (
        OLD.what <> 'preset' OR NEW.actor <> 'deleted'
        OR {" OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _COMPARED)}
    )
    EXECUTE FUNCTION append_only()
    """,
)
