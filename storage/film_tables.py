"""Tables of films: those that are joined, and those whose videos are still to be made."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from domain.films import FilmState
from domain.storyboard import ShotStart
from domain.storyboard_steps import StoryboardKind
from storage.schema_base import ZERO, Int, metadata, sql_names

_JOINED = text("state = 'joining'")

films = Table(
    "films",
    metadata,
    Column("id", Text, primary_key=True),
    Column("interaction_id", Int, nullable=False, unique=True),
    Column("guild_id", Int, nullable=False),
    Column("channel_id", Int, nullable=False),
    Column("user_id", Int, nullable=False),
    Column("state", Text, nullable=False),
    Column("fence", Int, nullable=False),
    Column("parts", Text, nullable=False),
    Column("dissolve", Int, nullable=False),
    Column("seconds", Int, nullable=False),
    Column("private", Int, nullable=False),
    Column("percent", Int, nullable=False),
    Column("file_size", Int),
    Column("message_id", Int),
    Column("result_channel_id", Int),
    Column("posting_since_ms", Int),
    Column("reason", Text),
    Column("failures", Int, nullable=False),
    Column("turns", Int, nullable=False),
    Column("due_at_ms", Int, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until_ms", Int),
    Column("created_at_ms", Int, nullable=False),
    Column("ended_at_ms", Int),
    Column("erased_at_ms", Int),
    Column("language", Text),
    Column("shared_message_id", Int),
    Column("shared_channel_id", Int),
    CheckConstraint(f"state IN ({sql_names(FilmState)})", name="state"),
    Index("ix_films_state", "state", "due_at_ms"),
    Index("ix_films_member", "user_id", "created_at_ms"),
    Index(
        "uq_films_joining",
        "user_id",
        unique=True,
        sqlite_where=_JOINED,
        postgresql_where=_JOINED,
    ),
    sqlite_strict=True,
)
"""Videos of a member that are joined to one; `parts` are the ids of their jobs, with spaces
between. A member has one at a time that is being joined."""

_OPEN = text("ended_at_ms IS NULL")

storyboards = Table(
    "storyboards",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("interaction_id", Int, nullable=False, unique=True),
    Column("guild_id", Int, nullable=False),
    Column("channel_id", Int, nullable=False),
    Column("user_id", Int, nullable=False, index=True),
    Column("private", Int, nullable=False),
    Column("language", Text),
    Column("created_at_ms", Int, nullable=False),
    Column("asked_at_ms", Int),
    Column("ended_at_ms", Int),
    CheckConstraint(f"kind IN ({sql_names(StoryboardKind)})", name="kind"),
    Index("ix_storyboards_open", "created_at_ms", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_strict=True,
)
"""Films whose videos are still to be made: the shots of a storyboard, or a video's extension."""

storyboard_shots = Table(
    "storyboard_shots",
    metadata,
    Column("storyboard_id", Text, ForeignKey("storyboards.id"), primary_key=True),
    Column("number", Int, primary_key=True, autoincrement=False),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False, index=True),
    Column("start", Text, nullable=False),
    Column("skipped", Int, nullable=False, server_default=ZERO),
    CheckConstraint(f"start IN ({sql_names(ShotStart)})", name="start"),
    sqlite_strict=True,
)
"""The videos of such a film, in order, and what each begins with."""
