"""Keep the sums of each day, so that a report need not read a long ledger.

The database itself adds every ledger row and every ended job to them, in the same transaction.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_MONEY = ("charged_micro", "adjusted_micro", "released_micro", "charges")
_ENDINGS = ("delivered", "failed", "cancelled", "waited_ms")


def upgrade() -> None:
    """Make the table, fill it from the rows there are, and have it kept from now on."""
    op.create_table(
        "daily_sums",
        sa.Column("guild_id", INT, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("day", INT, primary_key=True),
        sa.Column("subject_id", INT, primary_key=True),
        sa.Column("model", sa.Text, primary_key=True),
        *(
            sa.Column(name, INT, nullable=False, server_default=sa.text("0"))
            for name in (*_MONEY, *_ENDINGS)
        ),
        sa.CheckConstraint("scope IN ('server', 'user', 'channel')", name="scope"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index(
        "ix_daily_sums_subject", "daily_sums", ["guild_id", "scope", "subject_id", "day"]
    )
    failed = sa.text("state IN ('failed', 'rejected')")
    op.create_index(
        "ix_jobs_failed",
        "jobs",
        ["guild_id", "ended_at_ms", "fail_code", "user_id"],
        sqlite_where=failed,
        postgresql_where=failed,
    )
    keepers = _POSTGRESQL_KEEPERS if op.get_bind().dialect.name == "postgresql" else _SQLITE_KEEPERS
    for statement in (*_FILLINGS, *keepers):
        op.execute(sa.text(statement))


def _summing(names: tuple[str, ...], rows: str) -> str:
    """Add rows to their sums: to their server's, their user's and their channel's.

    In one order, so that transactions can not wait for each other in a circle.
    """
    grown = ", ".join(f"{name} = daily_sums.{name} + excluded.{name}" for name in names)
    return f"""
        INSERT INTO daily_sums (guild_id, scope, day, subject_id, model, {", ".join(names)})
        SELECT guild_id, scope, at_ms / 86400000,
            CASE scope WHEN 'user' THEN user_id WHEN 'channel' THEN channel_id ELSE 0 END,
            model, {", ".join(f"SUM({name})" for name in names)}
        FROM ({rows}) AS added CROSS JOIN (
            SELECT 'server' AS scope UNION ALL SELECT 'user' UNION ALL SELECT 'channel'
        ) AS scopes
        GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (guild_id, scope, day, subject_id, model) DO UPDATE SET {grown};
    """  # noqa: S608 - put together from the constants here


_ENTRIES = """
    SELECT e.guild_id, e.user_id, jobs.channel_id, jobs.model, e.created_at_ms AS at_ms,
        CASE WHEN e.kind = 'charge' THEN e.amount_micro ELSE 0 END AS charged_micro,
        CASE WHEN e.kind = 'adjust' THEN e.amount_micro ELSE 0 END AS adjusted_micro,
        CASE WHEN e.kind = 'release' THEN e.amount_micro ELSE 0 END AS released_micro,
        CASE WHEN e.kind = 'charge' AND e.amount_micro > 0 THEN 1 ELSE 0 END AS charges
    FROM billing AS e JOIN jobs ON jobs.id = e.job_id
    WHERE e.kind IN ('charge', 'release', 'adjust') AND e.account = 'member'
"""

_ENDS = """
    SELECT guild_id, user_id, channel_id, model, ended_at_ms AS at_ms,
        CASE WHEN state = 'delivered' THEN 1 ELSE 0 END AS delivered,
        CASE WHEN state IN ('failed', 'rejected') THEN 1 ELSE 0 END AS failed,
        CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END AS cancelled,
        CASE WHEN state = 'delivered' THEN ended_at_ms - created_at_ms ELSE 0 END AS waited_ms
    FROM jobs WHERE ended_at_ms IS NOT NULL
"""

_FILLINGS = (_summing(_MONEY, _ENTRIES), _summing(_ENDINGS, _ENDS))

_NEW_ENTRY = _summing(_MONEY, f"{_ENTRIES} AND e.id = NEW.id")
_NEW_END = _summing(_ENDINGS, f"{_ENDS} AND id = NEW.id")

_SQLITE_KEEPERS = (
    f"""
    CREATE TRIGGER billing_daily_sums AFTER INSERT ON billing
    WHEN NEW.kind IN ('charge', 'release', 'adjust') BEGIN {_NEW_ENTRY} END
    """,
    f"""
    CREATE TRIGGER jobs_daily_sums AFTER UPDATE OF ended_at_ms ON jobs
    WHEN OLD.ended_at_ms IS NULL AND NEW.ended_at_ms IS NOT NULL BEGIN {_NEW_END} END
    """,
)

_POSTGRESQL_KEEPERS = (
    f"""
    CREATE FUNCTION billing_daily_sums() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {_NEW_ENTRY} RETURN NULL; END $$
    """,
    """
    CREATE TRIGGER billing_daily_sums AFTER INSERT ON billing
    FOR EACH ROW WHEN (NEW.kind IN ('charge', 'release', 'adjust'))
    EXECUTE FUNCTION billing_daily_sums()
    """,
    f"""
    CREATE FUNCTION jobs_daily_sums() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {_NEW_END} RETURN NULL; END $$
    """,
    """
    CREATE TRIGGER jobs_daily_sums AFTER UPDATE OF ended_at_ms ON jobs
    FOR EACH ROW WHEN (OLD.ended_at_ms IS NULL AND NEW.ended_at_ms IS NOT NULL)
    EXECUTE FUNCTION jobs_daily_sums()
    """,
)
