"""Make the first tables, and the guards by which the database itself refuses wrong money."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Build everything."""
    _jobs()
    _jobs_indexes()
    _job_events()
    _billing()
    _billing_indexes()
    _buckets()
    _small_tables()
    guards = _POSTGRESQL_GUARDS if op.get_bind().dialect.name == "postgresql" else _SQLITE_GUARDS
    for statement in guards:
        op.execute(sa.text(statement))


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("interaction_id", INT, nullable=False, unique=True),
        sa.Column("guild_id", INT, nullable=False),
        sa.Column("channel_id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fence", INT, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("resolution", sa.Text, nullable=False),
        sa.Column("seconds", INT, nullable=False),
        sa.Column("price_micro", INT, nullable=False),
        sa.Column("price_version", sa.Text, nullable=False),
        sa.Column("attempt", INT, nullable=False),
        sa.Column("submissions", INT, nullable=False),
        sa.Column("task_id", sa.Text),
        sa.Column("result_url", sa.Text),
        sa.Column("file_name", sa.Text),
        sa.Column("file_size", INT),
        sa.Column("file_sha256", sa.Text),
        sa.Column("status_message_id", INT),
        sa.Column("status_since_ms", INT),
        sa.Column("status_shown", sa.Text),
        sa.Column("result_message_id", INT),
        sa.Column("posting_since_ms", INT),
        sa.Column("reason", sa.Text),
        sa.Column("fail_code", sa.Text),
        sa.Column("failures", INT, nullable=False),
        sa.Column("turns", INT, nullable=False),
        sa.Column("due_at_ms", INT, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until_ms", INT),
        sa.Column("created_at_ms", INT, nullable=False),
        sa.Column("submitted_at_ms", INT),
        sa.Column("started_at_ms", INT),
        sa.Column("ended_at_ms", INT),
        sa.CheckConstraint(
            "state IN ('cancelled', 'delivered', 'failed', 'generating', 'posting', "
            "'quarantined', 'queued', 'rejected', 'result_lost', 'stored', 'stuck', "
            "'submit_unknown', 'submitting', 'succeeded', 'undeliverable')",
            name="state",
        ),
        sa.CheckConstraint("price_micro > 0", name="price"),
        sqlite_strict=True,
    )


def _jobs_indexes() -> None:
    op.create_index("uq_jobs_task", "jobs", ["model", "task_id"], unique=True)
    op.create_index("ix_jobs_state", "jobs", ["state", "guild_id", "user_id"])
    op.create_index("ix_jobs_member", "jobs", ["guild_id", "user_id", "created_at_ms"])
    op.create_index("ix_jobs_lease", "jobs", ["lease_owner"])
    _partial_index(
        "ix_jobs_unshown", "jobs", ["id"], "status_shown IS NULL OR status_shown <> state"
    )


def _partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def _job_events() -> None:
    op.create_table(
        "job_events",
        sa.Column("id", INT, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("at_ms", INT, nullable=False),
        sa.Column("detail", sa.Text),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_job_events_job", "job_events", ["job_id", "id"])


def _billing() -> None:
    op.create_table(
        "billing",
        sa.Column("id", INT, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id")),
        sa.Column("attempt", INT),
        sa.Column("hold_id", INT, sa.ForeignKey("billing.id")),
        sa.Column("amount_micro", INT, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("guild_id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("price_version", sa.Text, nullable=False),
        sa.Column("created_at_ms", INT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint("kind IN ('hold', 'charge', 'release', 'adjust', 'grant')", name="kind"),
        sa.CheckConstraint("account IN ('member', 'operator')", name="account"),
        sa.CheckConstraint(
            "amount_micro > 0 OR (kind = 'charge' AND amount_micro = 0) "
            "OR (kind = 'adjust' AND amount_micro < 0)",
            name="amount",
        ),
        sa.CheckConstraint("(kind = 'grant') = (job_id IS NULL)", name="job"),
        sa.CheckConstraint("(kind IN ('adjust', 'grant')) = (attempt IS NULL)", name="attempt"),
        sa.CheckConstraint(
            "(kind IN ('charge', 'release') OR (kind = 'adjust' AND account = 'member')) "
            "= (hold_id IS NOT NULL)",
            name="hold_id",
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


def _billing_indexes() -> None:
    _partial_index(
        "uq_billing_hold", "billing", ["job_id", "attempt"], "kind = 'hold'", unique=True
    )
    _partial_index(
        "uq_billing_resolution",
        "billing",
        ["hold_id"],
        "kind IN ('charge', 'release')",
        unique=True,
    )
    _partial_index(
        "uq_billing_paid",
        "billing",
        ["job_id"],
        "kind = 'charge' AND amount_micro > 0",
        unique=True,
    )
    op.create_index("ix_billing_job", "billing", ["job_id"])
    op.create_index("ix_billing_hold_id", "billing", ["hold_id"])
    op.create_index("ix_billing_member", "billing", ["guild_id", "user_id", "created_at_ms"])


def _buckets() -> None:
    op.create_table(
        "quota_buckets",
        sa.Column("bucket_id", sa.Text, primary_key=True),
        sa.Column("held_micro", INT, nullable=False),
        sa.Column("charged_micro", INT, nullable=False),
        sa.CheckConstraint("held_micro >= 0", name="held"),
        sqlite_strict=True,
    )
    op.create_table(
        "billing_buckets",
        sa.Column("hold_id", INT, sa.ForeignKey("billing.id"), primary_key=True),
        sa.Column("bucket_id", sa.Text, sa.ForeignKey("quota_buckets.bucket_id"), primary_key=True),
        sqlite_strict=True,
    )
    op.create_index("ix_billing_buckets_bucket", "billing_buckets", ["bucket_id"])


def _small_tables() -> None:
    op.create_table(
        "guilds",
        sa.Column("guild_id", INT, primary_key=True, autoincrement=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("updated_at_ms", INT, nullable=False),
        sqlite_strict=True,
    )
    belt = op.create_table(
        "belt",
        sa.Column("id", INT, primary_key=True, autoincrement=False),
        sa.Column("paused_until_ms", INT),
        sa.Column("pause_reason", sa.Text),
        sa.CheckConstraint("id = 1", name="one_row"),
        sqlite_strict=True,
    )
    op.bulk_insert(belt, [{"id": 1}])
    op.create_table(
        "notes",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_strict=True,
    )


# The rules are judged before the row is written: with REPLACE, SQLite deletes the rows that stand
# in the way before its unique indexes could refuse. Foreign keys are a matter of each connection
# in SQLite, so the unknown job is refused here too.
_SQLITE_GUARDS = (
    """
    CREATE TRIGGER billing_insert BEFORE INSERT ON billing BEGIN
        SELECT RAISE(ABORT, 'a row of the ledger is never replaced')
        WHERE EXISTS (SELECT 1 FROM billing WHERE id = NEW.id);
        SELECT RAISE(ABORT, 'no such job')
        WHERE NEW.job_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = NEW.job_id);
        SELECT RAISE(ABORT, 'this attempt has a hold')
        WHERE NEW.kind = 'hold' AND EXISTS (
            SELECT 1 FROM billing
            WHERE kind = 'hold' AND job_id = NEW.job_id AND attempt = NEW.attempt
        );
        SELECT RAISE(ABORT, 'this hold is resolved')
        WHERE NEW.kind IN ('charge', 'release') AND EXISTS (
            SELECT 1 FROM billing
            WHERE kind IN ('charge', 'release') AND hold_id = NEW.hold_id
        );
        SELECT RAISE(ABORT, 'this job is paid')
        WHERE NEW.kind = 'charge' AND NEW.amount_micro > 0 AND EXISTS (
            SELECT 1 FROM billing
            WHERE kind = 'charge' AND amount_micro > 0 AND job_id = NEW.job_id
        );
        SELECT RAISE(ABORT, 'hold_id is no hold of this job, attempt and member')
        WHERE NEW.hold_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM billing AS held
            WHERE held.id = NEW.hold_id AND held.kind = 'hold' AND held.job_id = NEW.job_id
                AND held.guild_id = NEW.guild_id AND held.user_id = NEW.user_id
                AND (NEW.kind = 'adjust' OR held.attempt = NEW.attempt)
        );
        SELECT RAISE(ABORT, 'a charge is at most its hold, a release all of it')
        FROM billing AS held
        WHERE held.id = NEW.hold_id AND (
            (NEW.kind = 'charge' AND NEW.amount_micro > held.amount_micro)
            OR (NEW.kind = 'release' AND NEW.amount_micro <> held.amount_micro)
        );
    END
    """,
    *(
        f"""
        CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table} BEGIN
            SELECT RAISE(ABORT, '{table} is append-only');
        END
        """
        for table in ("billing", "billing_buckets")
        for event in ("update", "delete")
    ),
)

# Unique indexes and foreign keys refuse the rest on PostgreSQL, where nothing replaces a row.
_POSTGRESQL_GUARDS = (
    """
    CREATE FUNCTION billing_insert() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        held billing%ROWTYPE;
    BEGIN
        IF NEW.hold_id IS NULL THEN
            RETURN NEW;
        END IF;
        SELECT * INTO held FROM billing
        WHERE id = NEW.hold_id AND kind = 'hold' AND job_id = NEW.job_id
            AND guild_id = NEW.guild_id AND user_id = NEW.user_id
            AND (NEW.kind = 'adjust' OR attempt = NEW.attempt);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'hold_id is no hold of this job, attempt and member'
            USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.kind = 'charge' AND NEW.amount_micro > held.amount_micro)
            OR (NEW.kind = 'release' AND NEW.amount_micro <> held.amount_micro) THEN
            RAISE EXCEPTION 'a charge is at most its hold, a release all of it'
            USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER billing_insert BEFORE INSERT ON billing
    FOR EACH ROW EXECUTE FUNCTION billing_insert()
    """,
    """
    CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION append_only()
        """
        for table in ("billing", "billing_buckets")
    ),
)
