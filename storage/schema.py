"""Knows the tables: columns, keys, checks and indexes. `migrations` builds them, guards included.

Times are Unix milliseconds, money is micro-dollars, both whole numbers; requests are text.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

from domain.jobs import JobState
from domain.requests import VideoRequest, dump, load


class StateText(TypeDecorator[JobState]):
    """A job's state, kept under its name."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> JobState | None:
        """Read a state."""
        return None if value is None else JobState(value)


class RequestText(TypeDecorator[VideoRequest]):
    """A request, kept as the text that `domain.requests.dump` writes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: VideoRequest | None, dialect: Dialect) -> str | None:
        """Write a request."""
        return None if value is None else dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> VideoRequest | None:
        """Read a request."""
        return None if value is None else load(value)


Int: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both engines; SQLite's strict tables and row ids know it only as INTEGER."""

_STATES = ", ".join(repr(str(state)) for state in sorted(JobState))
_UNSHOWN = text("status_shown IS NULL OR status_shown <> state")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

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
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("price_micro > 0", name="price"),
    Index("uq_jobs_task", "model", "task_id", unique=True),
    Index("ix_jobs_state", "state", "guild_id", "user_id"),
    Index("ix_jobs_member", "guild_id", "user_id", "created_at_ms"),
    Index("ix_jobs_unshown", "id", sqlite_where=_UNSHOWN, postgresql_where=_UNSHOWN),
    Index("ix_jobs_lease", "lease_owner"),
    sqlite_strict=True,
)

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
    Column("amount_micro", Int, nullable=False),
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
        "OR (kind = 'adjust' AND amount_micro < 0)",
        name="amount",
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
    Index("ix_billing_member", "guild_id", "user_id", "created_at_ms"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

quota_buckets = Table(
    "quota_buckets",
    metadata,
    Column("bucket_id", Text, primary_key=True),
    Column("held_micro", Int, nullable=False),
    Column("charged_micro", Int, nullable=False),
    CheckConstraint("held_micro >= 0", name="held"),
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

guilds = Table(
    "guilds",
    metadata,
    Column("guild_id", Int, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False),
    Column("updated_at_ms", Int, nullable=False),
    sqlite_strict=True,
)

belt = Table(
    "belt",
    metadata,
    Column("id", Int, primary_key=True, autoincrement=False),
    Column("paused_until_ms", Int),
    Column("pause_reason", Text),
    CheckConstraint("id = 1", name="one_row"),
    sqlite_strict=True,
)

notes = Table(
    "notes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_strict=True,
)
