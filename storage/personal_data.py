"""What each table has of a member: which rows, under which words, and what is left out and why.

Every table and column is listed here; a test fails where one is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import film_tables, key_value, schema, service_tables
from storage.quotas import GRANT_BUCKET_PREFIX, MEMBER_BUCKET_PREFIX
from storage.schema import billing, jobs

Row = dict[str, Any]

DONE_NOTICE_NOTE: Final = "done-notification"
"""What the key of a note with the id of such a message begins with; the job's id follows."""

_WORKER: Final = "how the worker goes about it"
_OURS: Final = "a number of ours"

FILMS: Final = "films"
"""The title of the table of films."""


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table with rows of members.

    `columns` are the headings by column, `left_out` the reasons why a column says nothing of a
    member.
    """

    table: Table
    title: str
    is_of: Callable[[int], ColumnElement[bool]]
    columns: Mapping[str, str]
    left_out: Mapping[str, str]


async def read_rows(tx: AsyncConnection, personal: PersonalTable, user_id: int) -> list[Row]:
    """Return a member's rows of a table, under their headings, oldest first."""
    columns = [personal.table.c[name] for name in personal.columns]
    found = await tx.execute(
        select(*columns).where(personal.is_of(user_id)).order_by(*personal.table.primary_key)
    )
    return [dict(zip(personal.columns.values(), row, strict=True)) for row in found]


def _own_jobs(user_id: int) -> Any:
    return select(jobs.c.id).where(jobs.c.user_id == user_id)


def _own_buckets(user_id: int) -> ColumnElement[bool]:
    bucket_id = schema.quota_buckets.c.bucket_id
    return or_(
        bucket_id.like(f"{MEMBER_BUCKET_PREFIX}:%:{user_id}:%"),
        bucket_id.like(f"{GRANT_BUCKET_PREFIX}:%:{user_id}"),
    )


def _own_changes(user_id: int) -> ColumnElement[bool]:
    subject = schema.changes.c.subject
    return or_(
        schema.changes.c.actor == str(user_id),
        subject == f"member:{user_id}",
        subject.like(f"member:{user_id}:%"),
        subject.in_(select("job:" + jobs.c.id).where(jobs.c.user_id == user_id)),
    )


def _own_notes(user_id: int) -> ColumnElement[bool]:
    notes = service_tables.notes
    own = [
        service_tables.notes.c.key.in_(
            select(f"{kind} " + jobs.c.id).where(jobs.c.user_id == user_id)
        )
        for kind in ("carriers", DONE_NOTICE_NOTE)
    ]
    bonus_notes = key_value.bonus_notes_key(0, user_id).removesuffix("0") + "%"
    return or_(*own, notes.c.key.like(bonus_notes))


PERSONAL: Final = (
    PersonalTable(
        jobs,
        "requests",
        lambda user_id: jobs.c.user_id == user_id,
        {
            "id": "request",
            "interaction_id": "Discord's id of the command",
            "guild_id": "server",
            "channel_id": "channel",
            "user_id": "member",
            "state": "state",
            "request": "what was asked for",
            "model": "model",
            "mode": "kind",
            "resolution": "resolution",
            "seconds": "seconds",
            "price_micro": "price",
            "price_version": "price list",
            "private": "private",
            "task_id": "APIXO's id of the task",
            "result_url": "APIXO's address of the result",
            "file_name": "file of the video",
            "file_size": "bytes of the video",
            "file_sha256": "SHA-256 of the video",
            "status_message_id": "status message",
            "result_message_id": "message with the video",
            "result_channel_id": "channel of the video",
            "shared_message_id": "message in the showcase",
            "shared_channel_id": "showcase channel",
            "reason": "what APIXO said",
            "fail_code": "code of the failure",
            "created_at_ms": "asked for at",
            "submitted_at_ms": "sent to APIXO at",
            "started_at_ms": "begun at",
            "posting_since_ms": "posted since",
            "ended_at_ms": "ended at",
            "told_at_ms": "told at",
            "closed_at_ms": "closed by the operator at",
            "restored_at_ms": "found in a restored copy at",
            "erased_at_ms": "deleted at",
            "language": "language",
            "took_ms": "milliseconds it took",
            "order_id": "order of several",
            "order_index": "place in the order",
            "order_post": "message of the order",
            "remix_of": "made from the request",
        },
        {
            **dict.fromkeys(("fence", "attempt", "submissions", "failures", "turns"), _WORKER),
            **dict.fromkeys(("due_at_ms", "lease_owner", "lease_until_ms"), _WORKER),
            **dict.fromkeys(("status_since_ms", "status_shown"), _WORKER),
        },
    ),
    PersonalTable(
        schema.orders,
        "orders of several",
        lambda user_id: schema.orders.c.user_id == user_id,
        {
            "id": "order of several",
            "kind": "kind",
            "interaction_id": "Discord's id of the command",
            "guild_id": "server",
            "channel_id": "channel",
            "user_id": "member",
            "created_at_ms": "asked for at",
            "private": "private",
            "language": "language",
        },
        {},
    ),
    PersonalTable(
        schema.job_events,
        "events",
        lambda user_id: schema.job_events.c.job_id.in_(_own_jobs(user_id)),
        {
            "job_id": "request",
            "source": "from state",
            "target": "to state",
            "at_ms": "at",
            "detail": "why",
        },
        {"id": _OURS},
    ),
    PersonalTable(
        film_tables.films,
        FILMS,
        lambda user_id: film_tables.films.c.user_id == user_id,
        {
            "id": "film",
            "interaction_id": "Discord's id of the command",
            "guild_id": "server",
            "channel_id": "channel",
            "user_id": "member",
            "state": "state",
            "parts": "requests of its videos",
            "dissolve": "one dissolves into the next",
            "seconds": "seconds",
            "private": "private",
            "file_size": "bytes of the film",
            "message_id": "message with the film",
            "result_channel_id": "channel of the film",
            "posting_since_ms": "posted since",
            "reason": "why there is none",
            "created_at_ms": "asked for at",
            "ended_at_ms": "ended at",
            "erased_at_ms": "deleted at",
            "language": "language",
            "shared_message_id": "message in the showcase",
            "shared_channel_id": "showcase channel",
        },
        {
            **dict.fromkeys(("fence", "percent", "failures", "turns"), _WORKER),
            **dict.fromkeys(("due_at_ms", "lease_owner", "lease_until_ms"), _WORKER),
        },
    ),
    PersonalTable(
        film_tables.storyboards,
        "storyboards",
        lambda user_id: film_tables.storyboards.c.user_id == user_id,
        {
            "id": "storyboard",
            "kind": "kind",
            "interaction_id": "Discord's id of the command",
            "guild_id": "server",
            "channel_id": "channel",
            "user_id": "member",
            "private": "private",
            "language": "language",
            "created_at_ms": "asked for at",
            "asked_at_ms": "asked about a shot at",
            "ended_at_ms": "ended at",
        },
        {},
    ),
    PersonalTable(
        film_tables.storyboard_shots,
        "shots",
        lambda user_id: film_tables.storyboard_shots.c.job_id.in_(_own_jobs(user_id)),
        {
            "storyboard_id": "storyboard",
            "number": "number",
            "job_id": "request",
            "start": "begins with",
            "skipped": "left out",
        },
        {},
    ),
    PersonalTable(
        billing,
        "money",
        lambda user_id: or_(billing.c.user_id == user_id, billing.c.actor == str(user_id)),
        {
            "id": "entry",
            "kind": "kind",
            "job_id": "request",
            "attempt": "attempt",
            "hold_id": "entry of the hold",
            "grant_id": "entry of the grant",
            "amount_micro": "amount",
            "from_grant_micro": "of that from grants",
            "account": "account",
            "guild_id": "server",
            "user_id": "member",
            "price_version": "price list",
            "created_at_ms": "at",
            "actor": "by",
            "note": "note",
        },
        {},
    ),
    PersonalTable(
        schema.billing_buckets,
        "money in limits",
        lambda user_id: schema.billing_buckets.c.hold_id.in_(
            select(billing.c.id).where(billing.c.user_id == user_id)
        ),
        {"hold_id": "entry of the hold", "bucket_id": "limit and period"},
        {},
    ),
    PersonalTable(
        schema.quota_buckets,
        "sums in limits",
        _own_buckets,
        {
            "bucket_id": "limit and period",
            "held_micro": "held",
            "charged_micro": "charged",
            "granted_micro": "granted",
        },
        {},
    ),
    PersonalTable(
        schema.limits,
        "limits",
        lambda user_id: and_(
            schema.limits.c.target == "member", schema.limits.c.subject_id == user_id
        ),
        {
            "guild_id": "server",
            "target": "of",
            "subject_id": "member",
            "kind": "kind",
            "amount": "amount (of money: millionths of a dollar)",
        },
        {},
    ),
    PersonalTable(
        schema.changes,
        "changes",
        _own_changes,
        {
            "at_ms": "at",
            "guild_id": "server",
            "actor": "by",
            "what": "kind",
            "subject": "of",
            "before": "before",
            "after": "after",
            "note": "note",
            "interaction_id": "Discord's id of the command",
            "entry_id": "entry of the money",
        },
        {"id": _OURS},
    ),
    PersonalTable(
        schema.daily_sums,
        "days",
        lambda user_id: and_(
            schema.daily_sums.c.scope == "user", schema.daily_sums.c.subject_id == user_id
        ),
        {
            "guild_id": "server",
            "scope": "of",
            "day": "day since 1970",
            "subject_id": "member",
            "model": "model",
            "charged_micro": "charged",
            "adjusted_micro": "adjusted",
            "released_micro": "released",
            "charges": "charges",
            "delivered": "delivered",
            "failed": "failed",
            "cancelled": "cancelled",
            "waited_ms": "milliseconds waited",
        },
        {},
    ),
    PersonalTable(
        schema.servers,
        "servers",
        lambda user_id: or_(
            schema.servers.c.owner_id == user_id,
            schema.servers.c.admitted_by == str(user_id),
            schema.servers.c.withdrawn_by == str(user_id),
        ),
        {
            "guild_id": "server",
            "name": "name",
            "owner_id": "owner",
            "joined_at_ms": "joined at",
            "left_at_ms": "left at",
            "admitted_at_ms": "admitted at",
            "admitted_by": "admitted by",
            "admitted_limit_micro": "admitted with a day limit of",
            "withdrawn_at_ms": "withdrawn at",
            "withdrawn_by": "withdrawn by",
            "wanted_at_ms": "wanted at",
            "asked_at_ms": "operator asked at",
        },
        {},
    ),
    PersonalTable(
        schema.members,
        "notifications",
        lambda user_id: schema.members.c.user_id == user_id,
        {
            "guild_id": "server",
            "user_id": "member",
            "tell_when_done": "wants a message when a video is done",
        },
        {},
    ),
    PersonalTable(
        schema.memberships,
        "memberships",
        lambda user_id: schema.memberships.c.user_id == user_id,
        {
            "guild_id": "server",
            "user_id": "member",
            "checked_at_ms": "looked up at",
            "left_at_ms": "not found since",
        },
        {},
    ),
    PersonalTable(
        schema.erasures,
        "deletions",
        lambda user_id: schema.erasures.c.user_id == user_id,
        {
            "user_id": "member",
            "guild_id": "server (0: all)",
            "until_ms": "of everything until",
            "finished_at_ms": "finished at",
        },
        {},
    ),
    PersonalTable(
        service_tables.fetched_bytes,
        "bytes given",
        lambda user_id: service_tables.fetched_bytes.c.user_id == user_id,
        {"user_id": "member", "day": "day", "bytes": "bytes"},
        {},
    ),
    PersonalTable(
        service_tables.belt,
        "pause",
        lambda user_id: service_tables.belt.c.stopped_by == str(user_id),
        {"stopped_at_ms": "stopped at", "stopped_by": "stopped by", "stop_reason": "reason"},
        {
            "id": _OURS,
            "paused_until_ms": "APIXO's wish to wait",
            "pause_reason": "APIXO's wish to wait",
            "short_since_ms": "whether credit is out",
            "high_water": _OURS,
        },
    ),
    PersonalTable(
        service_tables.pending_interactions,
        "what buttons and forms wait for",
        lambda user_id: service_tables.pending_interactions.c.user_id == user_id,
        {
            "kind": "kind",
            "user_id": "member",
            "payload": "content",
            "until_ms": "until",
            "used_at_ms": "used at",
        },
        {"key": _OURS},
    ),
    PersonalTable(
        service_tables.notes,
        "other messages",
        _own_notes,
        {"key": "what", "value": "content"},
        {},
    ),
)
"""The tables that have rows of members."""

NOT_PERSONAL: Final[Mapping[str, str]] = {
    "guilds": "settings of servers, which name no member",
    "presets": "named options of servers; who made each stands in the changes",
    "balance_readings": "APIXO's balance",
    "interaction_claims": "which process answers a click, for a minute",
    "processes": "the processes of the service that live, and their hosts",
    "shards": "which process has which part of the servers",
    "identify_slots": "when a process may begin its next session at Discord",
}
"""The tables that have none, and why."""
