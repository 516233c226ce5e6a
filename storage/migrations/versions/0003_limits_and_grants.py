"""Keep limits and an audit trail, let grants pay for holds, and let them be taken back.

SQLite cannot change a check, so its ledger is built anew beside the old one and takes its place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_AMOUNT = (
    "amount_micro > 0 OR (kind = 'charge' AND amount_micro = 0) "
    "OR (kind IN ('adjust', 'grant') AND amount_micro < 0)"
)
_FROM_GRANT = (
    "from_grant_micro = 0 "
    "OR (kind IN ('hold', 'charge', 'release') "
    "AND from_grant_micro > 0 AND from_grant_micro <= amount_micro) "
    "OR (kind = 'adjust' AND account = 'member' "
    "AND from_grant_micro < 0 AND from_grant_micro >= amount_micro)"
)
_GRANT_ID = "(kind = 'grant' AND amount_micro < 0) = (grant_id IS NOT NULL)"
_GRANTED = "bucket_id NOT LIKE 'purse%' OR held_micro + charged_micro <= granted_micro"


def upgrade() -> None:
    """Change the ledger and the buckets, and add the new tables."""
    if op.get_bind().dialect.name == "postgresql":
        _change_on_postgresql()
        statements = (*_POSTGRESQL_GUARDS, *_POSTGRESQL_CHANGES_GUARDS)
    else:
        _rebuild_on_sqlite()
        statements = (_SQLITE_GUARD, *_SQLITE_CHANGES_GUARDS)
    where = sa.text("kind = 'grant'")
    op.create_index(
        "ix_billing_grants",
        "billing",
        ["guild_id", "user_id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    _limits()
    _changes()
    for statement in statements:
        op.execute(sa.text(statement))


def _change_on_postgresql() -> None:
    op.add_column("billing", sa.Column("grant_id", INT, sa.ForeignKey("billing.id")))
    op.add_column("billing", _counter("from_grant_micro"))
    op.drop_constraint(op.f("ck_billing_amount"), "billing")
    op.create_check_constraint("amount", "billing", _AMOUNT)
    op.create_check_constraint("from_grant", "billing", _FROM_GRANT)
    op.create_check_constraint("grant_id", "billing", _GRANT_ID)
    op.add_column("quota_buckets", _counter("granted_micro"))
    op.create_check_constraint("granted", "quota_buckets", _GRANTED)


def _counter(name: str) -> sa.Column[int]:
    return sa.Column(name, INT, nullable=False, server_default=sa.text("0"))


def _rebuild_on_sqlite() -> None:
    """Build both tables anew, with what others have put on them.

    What refers to a table has to be out of the way while it is dropped, so the pins are put aside.
    """
    kept = _definitions("billing_buckets")
    op.execute("CREATE TEMP TABLE pins AS SELECT * FROM billing_buckets")
    op.execute("DROP TABLE billing_buckets")
    _rebuild_billing()
    _rebuild_quota_buckets()
    for definition in kept:
        op.execute(definition)
    op.execute("INSERT INTO billing_buckets SELECT hold_id, bucket_id FROM pins")
    op.execute("DROP TABLE pins")


def _definitions(table: str) -> list[str]:
    """Read what defines a table, its indexes and its triggers, the table first."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL "
            "ORDER BY type = 'table' DESC, rowid"
        ),
        {"table": table},
    )
    # A colon in them is no parameter.
    return [definition.replace(":", r"\:") for definition in found.scalars()]


def _rebuild_billing() -> None:
    _, *kept = _definitions("billing")
    op.create_table(
        "new_billing",
        sa.Column("id", INT, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("attempt", INT),
        sa.Column("hold_id", INT),
        sa.Column("grant_id", INT),
        sa.Column("amount_micro", INT, nullable=False),
        _counter("from_grant_micro"),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("guild_id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("price_version", sa.Text, nullable=False),
        sa.Column("created_at_ms", INT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing")),
        *_billing_keys(),
        *_billing_checks(),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    columns = (
        "id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, "
        "price_version, created_at_ms, actor, note"
    )
    op.execute(f"INSERT INTO new_billing ({columns}) SELECT {columns} FROM billing")  # noqa: S608
    op.execute("DROP TABLE billing")
    op.execute("ALTER TABLE new_billing RENAME TO billing")
    for definition in kept:
        if "TRIGGER billing_insert" not in definition:
            op.execute(definition)


def _billing_keys() -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_billing_{column}"))
        for column, target in (
            ("job_id", "jobs.id"),
            ("hold_id", "new_billing.id"),
            ("grant_id", "new_billing.id"),
        )
    ]


def _billing_checks() -> list[sa.CheckConstraint]:
    checks = {
        "kind": "kind IN ('hold', 'charge', 'release', 'adjust', 'grant')",
        "account": "account IN ('member', 'operator')",
        "amount": _AMOUNT,
        "from_grant": _FROM_GRANT,
        "grant_id": _GRANT_ID,
        "job": "(kind = 'grant') = (job_id IS NULL)",
        "attempt": "(kind IN ('adjust', 'grant')) = (attempt IS NULL)",
        "hold_id": "(kind IN ('charge', 'release') OR (kind = 'adjust' AND account = 'member')) "
        "= (hold_id IS NOT NULL)",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_billing_{name}")) for name, rule in checks.items()
    ]


def _rebuild_quota_buckets() -> None:
    _, *kept = _definitions("quota_buckets")
    op.create_table(
        "new_quota_buckets",
        sa.Column("bucket_id", sa.Text),
        sa.Column("held_micro", INT, nullable=False),
        sa.Column("charged_micro", INT, nullable=False),
        _counter("granted_micro"),
        sa.PrimaryKeyConstraint("bucket_id", name=op.f("pk_quota_buckets")),
        sa.CheckConstraint("held_micro >= 0", name=op.f("ck_quota_buckets_held")),
        sa.CheckConstraint(_GRANTED, name=op.f("ck_quota_buckets_granted")),
        sqlite_strict=True,
    )
    op.execute(
        "INSERT INTO new_quota_buckets (bucket_id, held_micro, charged_micro) "
        "SELECT bucket_id, held_micro, charged_micro FROM quota_buckets"
    )
    op.execute("DROP TABLE quota_buckets")
    op.execute("ALTER TABLE new_quota_buckets RENAME TO quota_buckets")
    for definition in kept:
        op.execute(definition)


def _limits() -> None:
    op.create_table(
        "limits",
        sa.Column("guild_id", INT, primary_key=True, autoincrement=False),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("subject_id", INT, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("amount", INT),
        sa.CheckConstraint(
            "target IN ('everything', 'member', 'members', 'role', 'server')", name="target"
        ),
        sa.CheckConstraint("kind IN ('cooldown', 'day', 'in_flight', 'month')", name="kind"),
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("(target = 'everything') = (guild_id = 0)", name="guild_id"),
        sa.CheckConstraint("(target IN ('member', 'role')) = (subject_id <> 0)", name="subject_id"),
        sqlite_strict=True,
    )


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", INT, primary_key=True, autoincrement=True),
        sa.Column("at_ms", INT, nullable=False),
        sa.Column("guild_id", INT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("interaction_id", INT, unique=True),
        sa.Column("entry_id", INT),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_changes_guild", "changes", ["guild_id", "id"])


# As before, and: the share of grants in a charge or an adjust comes from its hold's, and what is
# taken back from a grant is at most what it gave, to the same member.
_SQLITE_GUARD = """
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
            (NEW.kind = 'charge' AND (
                NEW.amount_micro > held.amount_micro
                OR NEW.from_grant_micro > held.from_grant_micro
                OR NEW.amount_micro - NEW.from_grant_micro
                    > held.amount_micro - held.from_grant_micro
            ))
            OR (NEW.kind = 'release' AND (
                NEW.amount_micro <> held.amount_micro
                OR NEW.from_grant_micro <> held.from_grant_micro
            ))
        );
        SELECT RAISE(ABORT, 'more than grants paid would be given back to them')
        WHERE NEW.kind = 'adjust' AND NEW.from_grant_micro < 0
            AND NEW.from_grant_micro + (
                SELECT COALESCE(SUM(from_grant_micro), 0) FROM billing
                WHERE hold_id = NEW.hold_id AND kind IN ('charge', 'adjust')
            ) < 0;
        SELECT RAISE(ABORT, 'grant_id is no grant to this member')
        WHERE NEW.grant_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM billing AS given
            WHERE given.id = NEW.grant_id AND given.kind = 'grant' AND given.amount_micro > 0
                AND given.guild_id = NEW.guild_id AND given.user_id = NEW.user_id
        );
        SELECT RAISE(ABORT, 'more than a grant gave would be taken back')
        WHERE NEW.grant_id IS NOT NULL AND NEW.amount_micro + (
            SELECT SUM(amount_micro) FROM billing
            WHERE kind = 'grant' AND guild_id = NEW.guild_id AND user_id = NEW.user_id
                AND NEW.grant_id IN (id, grant_id)
        ) < 0;
    END
    """

_POSTGRESQL_GUARDS = (
    """
    CREATE OR REPLACE FUNCTION billing_insert() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.hold_id IS NOT NULL THEN
            PERFORM billing_check_hold(NEW);
        END IF;
        IF NEW.grant_id IS NOT NULL THEN
            PERFORM billing_check_grant(NEW);
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION billing_check_hold(entry billing) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        held billing%ROWTYPE;
        back bigint;
    BEGIN
        SELECT * INTO held FROM billing
        WHERE id = entry.hold_id AND kind = 'hold' AND job_id = entry.job_id
            AND guild_id = entry.guild_id AND user_id = entry.user_id
            AND (entry.kind = 'adjust' OR attempt = entry.attempt);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'hold_id is no hold of this job, attempt and member'
            USING ERRCODE = 'check_violation';
        END IF;
        IF (entry.kind = 'charge' AND (
                entry.amount_micro > held.amount_micro
                OR entry.from_grant_micro > held.from_grant_micro
                OR entry.amount_micro - entry.from_grant_micro
                    > held.amount_micro - held.from_grant_micro
            ))
            OR (entry.kind = 'release' AND (
                entry.amount_micro <> held.amount_micro
                OR entry.from_grant_micro <> held.from_grant_micro
            )) THEN
            RAISE EXCEPTION 'a charge is at most its hold, a release all of it'
            USING ERRCODE = 'check_violation';
        END IF;
        IF entry.kind = 'adjust' AND entry.from_grant_micro < 0 THEN
            -- Whoever gives back from the same hold waits here for the other.
            PERFORM 1 FROM billing WHERE id = held.id FOR UPDATE;
            SELECT COALESCE(SUM(from_grant_micro), 0) INTO back FROM billing
            WHERE hold_id = held.id AND kind IN ('charge', 'adjust');
            IF back + entry.from_grant_micro < 0 THEN
                RAISE EXCEPTION 'more than grants paid would be given back to them'
                USING ERRCODE = 'check_violation';
            END IF;
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION billing_check_grant(entry billing) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        rest bigint;
    BEGIN
        -- Whoever takes back from the same grant waits here for the other.
        PERFORM 1 FROM billing
        WHERE id = entry.grant_id AND kind = 'grant' AND amount_micro > 0
            AND guild_id = entry.guild_id AND user_id = entry.user_id
        FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'grant_id is no grant to this member'
            USING ERRCODE = 'check_violation';
        END IF;
        SELECT SUM(amount_micro) INTO rest FROM billing
        WHERE kind = 'grant' AND guild_id = entry.guild_id AND user_id = entry.user_id
            AND entry.grant_id IN (id, grant_id);
        IF rest + entry.amount_micro < 0 THEN
            RAISE EXCEPTION 'more than a grant gave would be taken back'
            USING ERRCODE = 'check_violation';
        END IF;
    END $$
    """,
)

_SQLITE_CHANGES_GUARDS = (
    """
    CREATE TRIGGER changes_insert BEFORE INSERT ON changes BEGIN
        SELECT RAISE(ABORT, 'a change is never replaced')
        WHERE EXISTS (
            SELECT 1 FROM changes WHERE id = NEW.id OR interaction_id = NEW.interaction_id
        );
    END
    """,
    *(
        f"""
        CREATE TRIGGER changes_no_{event} BEFORE {event} ON changes BEGIN
            SELECT RAISE(ABORT, 'changes is append-only');
        END
        """
        for event in ("update", "delete")
    ),
)

_POSTGRESQL_CHANGES_GUARDS = (
    """
    CREATE TRIGGER changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only()
    """,
)
