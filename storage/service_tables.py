"""Tables of the service itself: processes, shards, notes, readings, what waits for a click."""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text

from storage.schema_base import ZERO, Int, metadata

balance_readings = Table(
    "balance_readings",
    metadata,
    Column("id", Int, primary_key=True, autoincrement=True),
    Column("at_ms", Int, nullable=False),
    Column("balance_micro", Int, nullable=False),
    Column("expected_micro", Int, nullable=False),
    Column("in_flight_micro", Int, nullable=False),
    Index("ix_balance_readings_at_ms", "at_ms"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)
"""APIXO's balance, the total spending at APIXO expected by the ledger until then, and the prices of
the tasks whose charge was still unknown."""

fetched_bytes = Table(
    "fetched_bytes",
    metadata,
    Column("user_id", Int, primary_key=True, autoincrement=False),
    Column("day", Text, primary_key=True),
    Column("bytes", Int, nullable=False),
    CheckConstraint("bytes >= 0", name="bytes"),
    sqlite_strict=True,
)
"""What was fetched of members' files, for each member and UTC day."""

processes = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Int, nullable=False),
    Column("pid_space", Text),
    Column("version", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("room", Int, nullable=False),
    Column("started_at_ms", Int, nullable=False),
    Column("seen_at_ms", Int, nullable=False),
    Column("last_turn_ms", Int),
    sqlite_strict=True,
)
"""The processes of the service; `room` is how many shards one takes at most, and `pid_space` tells
in which machine or container its `pid` counts."""

shards = Table(
    "shards",
    metadata,
    Column("shard_id", Int, primary_key=True, autoincrement=False),
    Column("owner", Text),
    Column("until_ms", Int, nullable=False, server_default=ZERO),
    Column("is_offered", Int, nullable=False, server_default=ZERO),
    Column("heir", Text),
    Column("session_id", Text),
    Column("resume_url", Text),
    Column("sequence", Int),
    CheckConstraint(
        "(session_id IS NULL) = (sequence IS NULL) AND (session_id IS NULL) = (resume_url IS NULL)",
        name="session",
    ),
    sqlite_strict=True,
)
"""A row for each shard: the process that holds it, and its session at Discord's gateway."""

identify_slots = Table(
    "identify_slots",
    metadata,
    Column("bucket", Int, primary_key=True, autoincrement=False),
    Column("next_ms", Int, nullable=False),
    sqlite_strict=True,
)
"""When a shard of each of Discord's buckets may identify next."""

belt = Table(
    "belt",
    metadata,
    Column("id", Int, primary_key=True, autoincrement=False),
    Column("paused_until_ms", Int),
    Column("pause_reason", Text),
    Column("short_since_ms", Int),
    Column("stopped_at_ms", Int),
    Column("stopped_by", Text),
    Column("stop_reason", Text),
    Column("high_water", Int, nullable=False, server_default=ZERO),
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

pending_interactions = Table(
    "pending_interactions",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("user_id", Int, nullable=False),
    Column("payload", Text, nullable=False),
    Column("until_ms", Int, nullable=False),
    Column("used_at_ms", Int),
    Index("ix_pending_interactions_user", "user_id", "kind"),
    Index("ix_pending_interactions_until", "until_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
"""What members gave, for a button, form or private answer that is used within minutes, as JSON."""

interaction_claims = Table(
    "interaction_claims",
    metadata,
    Column("interaction_id", Int, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("until_ms", Int, nullable=False),
    Index("ix_interaction_claims_until", "until_ms"),
    sqlite_strict=True,
)
"""Which process goes on with an interaction that several may have acknowledged."""
