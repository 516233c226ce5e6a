"""Table definitions; the tables, with their triggers, are created by `migrations`.

Times are Unix milliseconds, money is micro-dollars, both integers; requests are JSON text.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Table,
    Text,
    literal_column,
    text,
)

from domain.jobs import AT_APIXO, RUNNABLE, JobState
from domain.orders import OrderKind
from domain.quotas import LimitKind, LimitTarget
from storage import (
    film_tables,  # noqa: F401 # pyright: ignore[reportUnusedImport] - its tables are metadata
    service_tables,
)
from storage.schema_base import ZERO, Int, RequestText, StateText, metadata, sql_names

ACTIVE: Final = AT_APIXO | {JobState.QUEUED}
"""States of the jobs that a member's turn depends on; they have an index of their own."""

TIMED: Final = (RUNNABLE - {JobState.QUEUED}) | {JobState.SUBMIT_UNKNOWN}
"""States in which a due job is claimed; they have an index of their own."""


def _partial_index(name: str, states: Collection[JobState], *columns: str) -> Index:
    """Define an index of the jobs in some states, which `in_states` finds."""
    condition = text(f"state IN ({', '.join(repr(str(state)) for state in sorted(states))})")
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


_UNSHOWN = text("status_shown IS NULL OR status_shown <> state")
_UNTOLD = text("state = 'cancelled' AND fail_code IS NOT NULL AND told_at_ms IS NULL")
_OF_ORDER = text("order_id IS NOT NULL")
_REMIXED = text("remix_of IS NOT NULL")
FINISHED_TASK: Final = text("took_ms IS NOT NULL OR state = 'failed'")
"""The task came to its end at APIXO; has an index of its own."""

MODEL_FAILED: Final = text("state IN ('failed', 'rejected')")
"""The job ended because the model refused or failed; has an index of its own."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("interaction_id", Int, nullable=False, unique=True),
    Column("guild_id", Int, nullable=False),
    Column("channel_id", Int, nullable=False),
    Column("user_id", Int, nullable=False),
    Column("state", StateText, nullable=False),
    Column("fence", Int, nullable=False),
    Column("request", RequestText, nullable=False),
    Column("model", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("resolution", Text, nullable=False),
    Column("seconds", Int, nullable=False),
    Column("price_micro", Int, nullable=False),
    Column("price_version", Text, nullable=False),
    Column("attempt", Int, nullable=False),
    Column("submissions", Int, nullable=False),
    Column("task_id", Text),
    Column("result_url", Text),
    Column("file_name", Text),
    Column("file_size", Int),
    Column("file_sha256", Text),
    Column("status_message_id", Int),
    Column("status_since_ms", Int),
    Column("status_shown", StateText),
    Column("result_message_id", Int),
    Column("posting_since_ms", Int),
    Column("reason", Text),
    Column("fail_code", Text),
    Column("failures", Int, nullable=False),
    Column("turns", Int, nullable=False),
    Column("due_at_ms", Int, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until_ms", Int),
    Column("created_at_ms", Int, nullable=False),
    Column("submitted_at_ms", Int),
    Column("started_at_ms", Int),
    Column("ended_at_ms", Int),
    Column("private", Int, nullable=False, server_default=ZERO),
    Column("shared_message_id", Int),
    Column("shared_channel_id", Int),
    Column("result_channel_id", Int),
    Column("told_at_ms", Int),
    Column("closed_at_ms", Int),
    Column("restored_at_ms", Int),
    Column("language", Text),
    Column("took_ms", Int),
    Column("erased_at_ms", Int),
    Column("order_id", Text),
    Column("order_index", Int),
    Column("order_post", Int),
    Column("remix_of", Text),
    CheckConstraint(f"state IN ({sql_names(JobState)})", name="state"),
    CheckConstraint("price_micro > 0", name="price"),
    Index("uq_jobs_task", "model", "task_id", unique=True),
    Index("ix_jobs_state", "state", "guild_id", "user_id"),
    Index("ix_jobs_member", "guild_id", "user_id", "created_at_ms"),
    Index("ix_jobs_unshown", "id", sqlite_where=_UNSHOWN, postgresql_where=_UNSHOWN),
    Index("ix_jobs_lease", "lease_owner"),
    Index(
        "ix_jobs_order",
        "order_id",
        "order_index",
        sqlite_where=_OF_ORDER,
        postgresql_where=_OF_ORDER,
    ),
    # The state comes first: SQLite would take the index of states in the place of any other.
    _partial_index("ix_jobs_queued", {JobState.QUEUED}, "state", "created_at_ms", "id"),
    _partial_index("ix_jobs_active", ACTIVE, "user_id", "state", "created_at_ms", "id"),
    _partial_index("ix_jobs_due", TIMED, "state", "due_at_ms", "id"),
    Index(
        "ix_jobs_took",
        *("model", "mode", "resolution", "seconds", "started_at_ms"),
        sqlite_where=FINISHED_TASK,
        postgresql_where=FINISHED_TASK,
    ),
    Index("ix_jobs_remix_of", "remix_of", sqlite_where=_REMIXED, postgresql_where=_REMIXED),
    Index(
        "ix_jobs_untold",
        "guild_id",
        "user_id",
        sqlite_where=_UNTOLD,
        postgresql_where=_UNTOLD,
    ),
    Index(
        "ix_jobs_failed",
        "guild_id",
        "ended_at_ms",
        "fail_code",
        "user_id",
        sqlite_where=MODEL_FAILED,
        postgresql_where=MODEL_FAILED,
    ),
    sqlite_strict=True,
)


def in_states(states: Collection[JobState], table: FromClause = jobs) -> ColumnElement[bool]:
    """Return the condition that a job is in one of some states, written into the statement.

    A list of parameters would be expanded again in each execution, and match no partial index.
    """
    return table.c.state.in_([literal_column(repr(str(state))) for state in sorted(states)])


orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("interaction_id", Int, nullable=False, unique=True),
    Column("guild_id", Int, nullable=False),
    Column("channel_id", Int, nullable=False),
    Column("user_id", Int, nullable=False, index=True),
    Column("created_at_ms", Int, nullable=False),
    Column("private", Int, nullable=False),
    Column("language", Text),
    CheckConstraint(f"kind IN ({sql_names(OrderKind)})", name="kind"),
    sqlite_strict=True,
)
"""Orders of several jobs; each of these jobs has its place, from 1, in `order_index`."""

job_events = Table(
    "job_events",
    metadata,
    Column("id", Int, primary_key=True, autoincrement=True),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("source", StateText),
    Column("target", StateText, nullable=False),
    Column("at_ms", Int, nullable=False),
    Column("detail", Text),
    Index("ix_job_events_job", "job_id", "id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

billing = Table(
    "billing",
    metadata,
    Column("id", Int, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id")),
    Column("attempt", Int),
    Column("hold_id", Int, ForeignKey("billing.id")),
    Column("grant_id", Int, ForeignKey("billing.id")),
    Column("amount_micro", Int, nullable=False),
    Column("from_grant_micro", Int, nullable=False, server_default=ZERO),
    Column("account", Text, nullable=False),
    Column("guild_id", Int, nullable=False),
    Column("user_id", Int, nullable=False),
    Column("price_version", Text, nullable=False),
    Column("created_at_ms", Int, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("kind IN ('hold', 'charge', 'release', 'adjust', 'grant')", name="kind"),
    CheckConstraint("account IN ('member', 'operator')", name="account"),
    CheckConstraint(
        "amount_micro > 0 OR (kind = 'charge' AND amount_micro = 0) "
        "OR (kind IN ('adjust', 'grant') AND amount_micro < 0)",
        name="amount",
    ),
    CheckConstraint(
        "from_grant_micro = 0 "
        "OR (kind IN ('hold', 'charge', 'release') "
        "AND from_grant_micro > 0 AND from_grant_micro <= amount_micro) "
        "OR (kind = 'adjust' AND account = 'member' "
        "AND from_grant_micro < 0 AND from_grant_micro >= amount_micro)",
        name="from_grant",
    ),
    CheckConstraint(
        "(kind = 'grant' AND amount_micro < 0) = (grant_id IS NOT NULL)", name="grant_id"
    ),
    CheckConstraint("(kind = 'grant') = (job_id IS NULL)", name="job"),
    CheckConstraint("(kind IN ('adjust', 'grant')) = (attempt IS NULL)", name="attempt"),
    CheckConstraint(
        "(kind IN ('charge', 'release') OR (kind = 'adjust' AND account = 'member')) "
        "= (hold_id IS NOT NULL)",
        name="hold_id",
    ),
    Index(
        "uq_billing_hold",
        "job_id",
        "attempt",
        unique=True,
        sqlite_where=text("kind = 'hold'"),
        postgresql_where=text("kind = 'hold'"),
    ),
    Index(
        "uq_billing_resolution",
        "hold_id",
        unique=True,
        sqlite_where=text("kind IN ('charge', 'release')"),
        postgresql_where=text("kind IN ('charge', 'release')"),
    ),
    Index(
        "uq_billing_paid",
        "job_id",
        unique=True,
        sqlite_where=text("kind = 'charge' AND amount_micro > 0"),
        postgresql_where=text("kind = 'charge' AND amount_micro > 0"),
    ),
    Index("ix_billing_job", "job_id"),
    Index("ix_billing_hold_id", "hold_id"),
    Index(
        "ix_billing_grants",
        "guild_id",
        "user_id",
        sqlite_where=text("kind = 'grant'"),
        postgresql_where=text("kind = 'grant'"),
    ),
    Index("ix_billing_member", "guild_id", "user_id", "created_at_ms"),
    Index(
        "ix_billing_operator",
        "created_at_ms",
        "job_id",
        sqlite_where=text("account = 'operator'"),
        postgresql_where=text("account = 'operator'"),
    ),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

quota_buckets = Table(
    "quota_buckets",
    metadata,
    Column("bucket_id", Text, primary_key=True),
    Column("held_micro", Int, nullable=False),
    Column("charged_micro", Int, nullable=False),
    Column("granted_micro", Int, nullable=False, server_default=ZERO),
    CheckConstraint("held_micro >= 0", name="held"),
    CheckConstraint(
        "bucket_id NOT LIKE 'purse%' OR held_micro + charged_micro <= granted_micro",
        name="granted",
    ),
    sqlite_strict=True,
)

billing_buckets = Table(
    "billing_buckets",
    metadata,
    Column("hold_id", Int, ForeignKey("billing.id"), primary_key=True),
    Column("bucket_id", Text, ForeignKey("quota_buckets.bucket_id"), primary_key=True),
    Index("ix_billing_buckets_bucket", "bucket_id"),
    sqlite_strict=True,
)

limits = Table(
    "limits",
    metadata,
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("target", Text, primary_key=True),
    Column("subject_id", Int, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("amount", Int),
    CheckConstraint(f"target IN ({sql_names(LimitTarget)})", name="target"),
    CheckConstraint(f"kind IN ({sql_names(LimitKind)})", name="kind"),
    CheckConstraint("amount >= 0", name="amount"),
    CheckConstraint("(target = 'everything') = (guild_id = 0)", name="guild_id"),
    CheckConstraint("(target IN ('member', 'role')) = (subject_id <> 0)", name="subject_id"),
    sqlite_strict=True,
)

changes = Table(
    "changes",
    metadata,
    Column("id", Int, primary_key=True, autoincrement=True),
    Column("at_ms", Int, nullable=False),
    Column("guild_id", Int, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("note", Text, nullable=False),
    Column("interaction_id", Int, unique=True),
    Column("entry_id", Int),
    Index("ix_changes_guild", "guild_id", "id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

daily_sums = Table(
    "daily_sums",
    metadata,
    Column("guild_id", Int, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("day", Int, primary_key=True),
    Column("subject_id", Int, primary_key=True),
    Column("model", Text, primary_key=True),
    *(
        Column(name, Int, nullable=False, server_default=ZERO)
        for name in (
            *("charged_micro", "adjusted_micro", "released_micro"),
            *("charges", "delivered", "failed", "cancelled", "waited_ms"),
        )
    ),
    CheckConstraint("scope IN ('server', 'user', 'channel')", name="scope"),
    Index("ix_daily_sums_subject", "guild_id", "scope", "subject_id", "day"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
"""Totals of members' ledger rows and ended jobs for each UTC day (days since 1970).

Each is counted three times: for its server (subject 0), its user and its channel. The database's
triggers update the sums in the transaction of each row; `storage.audit` checks them.
"""

guilds = Table(
    "guilds",
    metadata,
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False),
    Column("updated_at_ms", Int, nullable=False),
    sqlite_strict=True,
)

servers = Table(
    "servers",
    metadata,
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("owner_id", Int),
    Column("joined_at_ms", Int),
    Column("left_at_ms", Int),
    Column("admitted_at_ms", Int),
    Column("admitted_by", Text),
    Column("admitted_limit_micro", Int),
    Column("withdrawn_at_ms", Int),
    Column("withdrawn_by", Text),
    Column("wanted_at_ms", Int),
    Column("asked_at_ms", Int),
    CheckConstraint("(admitted_at_ms IS NULL) = (admitted_by IS NULL)", name="admitted_by"),
    CheckConstraint("(withdrawn_at_ms IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by"),
    CheckConstraint("admitted_at_ms IS NULL OR withdrawn_at_ms IS NULL", name="decision"),
    CheckConstraint("admitted_limit_micro >= 0", name="admitted_limit"),
    sqlite_strict=True,
)
"""Servers that the bot is or was on, and whether the operator has admitted each to spend."""

presets = Table(
    "presets",
    metadata,
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("preset", Text, nullable=False),
    Column("updated_at_ms", Int, nullable=False),
    Column("takes", Int),
    sqlite_strict=True,
)

members = Table(
    "members",
    metadata,
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("user_id", Int, primary_key=True, autoincrement=False),
    Column("tell_when_done", Int, nullable=False),
    sqlite_strict=True,
)

memberships = Table(
    "memberships",
    metadata,
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("user_id", Int, primary_key=True, autoincrement=False),
    Column("checked_at_ms", Int, nullable=False),
    Column("left_at_ms", Int),
    sqlite_strict=True,
)
"""When Discord was last asked whether somebody is still on a server, and since when they are not.
"""

erasures = Table(
    "erasures",
    metadata,
    Column("user_id", Int, primary_key=True, autoincrement=False),
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("until_ms", Int, nullable=False),
    Column("finished_at_ms", Int),
    CheckConstraint("user_id <> 0 OR guild_id <> 0", name="scope"),
    sqlite_strict=True,
)
"""Deletions of what was kept of a member until a time: on one server, or (0) on all; or (user 0)
of everybody on a server."""

TRANSIENT_TABLES: Final = frozenset(
    {service_tables.pending_interactions.name, service_tables.interaction_claims.name}
)
"""Rows that live for minutes: no copy of the database needs them."""

PROCESS_TABLES: Final = frozenset(
    {service_tables.processes.name, service_tables.shards.name, service_tables.identify_slots.name}
)
"""Rows of processes that live: another database begins without them."""
