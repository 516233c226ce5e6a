"""Erasures: what was kept of a member, or on a server, is deleted up to a time.

A row per erasure outlives it. With `guild_id` 0 it concerns every server, with `user_id` 0 every
member of one server.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Text, and_, cast, delete, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit_log import ERASED_ACTOR
from domain.erasures import Erasure
from domain.jobs import JobState
from domain.requests import VideoRequest, blank_request
from storage.jobs import NO_LEASE, Job, fetch_all
from storage.media_usage import HAS_INPUTS, find_inputs
from storage.schema import (
    changes,
    erasures,
    guilds,
    job_events,
    jobs,
    members,
    memberships,
    presets,
    servers,
)
from storage.service_tables import fetched_bytes, pending_interactions
from storage.upsert import upsert

_WAITING = JobState.QUEUED, JobState.SUBMITTING


async def request(tx: AsyncConnection, erasure: Erasure) -> bool:
    """Record an erasure to be done; return False if it is known, or a later one of its scope."""
    scope = erasures.c.user_id == erasure.user_id, erasures.c.guild_id == erasure.guild_id
    known = (await tx.execute(select(erasures.c.until_ms).where(*scope))).scalar()
    if known is not None and known >= erasure.until_ms:
        return False
    row = {
        "user_id": erasure.user_id,
        "guild_id": erasure.guild_id,
        "until_ms": erasure.until_ms,
        "finished_at_ms": None,
    }
    await tx.execute(upsert(tx, erasures, "user_id", "guild_id"), row)
    return True


async def list_pending(tx: AsyncConnection) -> list[Erasure]:
    """Return the erasures that are not finished."""
    return await _list(tx, erasures.c.finished_at_ms.is_(None))


async def list_all(tx: AsyncConnection) -> list[Erasure]:
    """Return every erasure, the oldest first."""
    return await _list(tx, true())


async def is_finished(tx: AsyncConnection, erasure: Erasure) -> bool:
    """Return whether an erasure, or a later one of its scope, is done."""
    found = select(erasures.c.until_ms).where(
        erasures.c.user_id == erasure.user_id,
        erasures.c.guild_id == erasure.guild_id,
        erasures.c.until_ms >= erasure.until_ms,
        erasures.c.finished_at_ms.is_not(None),
    )
    return (await tx.execute(found)).first() is not None


async def finish(tx: AsyncConnection, erasure: Erasure, now_ms: int) -> None:
    """Record that an erasure is done."""
    await tx.execute(
        update(erasures)
        .where(
            erasures.c.user_id == erasure.user_id,
            erasures.c.guild_id == erasure.guild_id,
            erasures.c.until_ms == erasure.until_ms,
        )
        .values(finished_at_ms=now_ms)
    )


async def lock_queued(tx: AsyncConnection, erasure: Erasure, limit: int) -> list[Job]:
    """Return jobs of an erasure that wait, locked until the transaction ends."""
    waiting = select(jobs).where(_is_due(erasure), jobs.c.state == JobState.QUEUED)
    return await fetch_all(tx, waiting.order_by(jobs.c.id).limit(limit).with_for_update())


async def list_erasable(
    tx: AsyncConnection, erasure: Erasure, now_ms: int, limit: int
) -> list[Job]:
    """Return jobs of an erasure that nobody is working on.

    A job that waits has to be cancelled first; one that is being submitted still needs its prompt.
    """
    found = select(jobs).where(_is_due(erasure), _is_at_rest(now_ms))
    return await fetch_all(tx, found.order_by(jobs.c.id).limit(limit))


async def lock_erasable(
    tx: AsyncConnection, erasure: Erasure, now_ms: int, job_ids: Collection[str]
) -> list[Job]:
    """Return those of the jobs that still are so, locked until the transaction ends."""
    found = select(jobs).where(_is_due(erasure), _is_at_rest(now_ms), jobs.c.id.in_(job_ids))
    return await fetch_all(tx, found.order_by(jobs.c.id).with_for_update())


async def count_left(tx: AsyncConnection, erasure: Erasure) -> int:
    """Return how many jobs of an erasure are not blank yet."""
    counted = select(func.count()).select_from(jobs).where(_is_due(erasure))
    return (await tx.execute(counted)).scalar_one()


async def blank(tx: AsyncConnection, job: Job, now_ms: int, *, with_messages: bool) -> None:
    """Remove a job's prompt, the names of its files and APIXO's words about it.

    Its fence rises, so nobody goes on with what they have read. With `with_messages` its messages
    are to be deleted: its status counts as not shown, and that of its remixes, which credit its
    member.
    """
    values: dict[str, object] = {
        "request": blank_request(job.request),
        "erased_at_ms": now_ms,
        "fence": jobs.c.fence + 1,
        **dict.fromkeys(("reason", "result_url", "file_name", "file_size", "file_sha256")),
        **NO_LEASE,
    }
    if with_messages:
        values["status_shown"] = None
        remixes = update(jobs).where(jobs.c.remix_of == job.id)
        await tx.execute(remixes.values(status_shown=None))
    await tx.execute(update(jobs).where(jobs.c.id == job.id).values(values))
    await tx.execute(update(job_events).where(job_events.c.job_id == job.id).values(detail=None))


async def list_inputs_used_elsewhere(
    tx: AsyncConnection, erasure: Erasure, names: Collection[str]
) -> set[str]:
    """Return those of the input files that jobs beyond an erasure use, too."""
    if not names:
        return set()
    request_text = cast(jobs.c.request, Text)
    others = select(request_text).where(
        request_text.like(HAS_INPUTS), jobs.c.erased_at_ms.is_(None), ~_is_due(erasure)
    )
    wanted, used = set(names), set[str]()
    async for (text,) in await tx.stream(others):
        used |= wanted.intersection(find_inputs(text))
    return used


async def forget_choices(tx: AsyncConnection, erasure: Erasure, today: str) -> None:
    """Remove settings of members, their counts of bytes, and who made presets.

    What was counted `today` stays until tomorrow, or a deletion would lift the limit of a day.
    """
    await tx.execute(delete(members).where(*_of(erasure, members.c.user_id, members.c.guild_id)))
    if erasure.user_id and not erasure.guild_id:
        own = fetched_bytes.c.user_id == erasure.user_id, fetched_bytes.c.day < today
        await tx.execute(delete(fetched_bytes).where(*own))
    await tx.execute(
        delete(memberships).where(*_of(erasure, memberships.c.user_id, memberships.c.guild_id))
    )
    made = [changes.c.what == "preset", changes.c.actor != ERASED_ACTOR]
    if erasure.user_id:
        made.append(changes.c.actor == str(erasure.user_id))
    if erasure.guild_id:
        made.append(changes.c.guild_id == erasure.guild_id)
    made.append(changes.c.at_ms <= erasure.until_ms)
    await tx.execute(update(changes).where(*made).values(actor=ERASED_ACTOR))


async def forget_server(tx: AsyncConnection, erasure: Erasure) -> None:
    """Remove a server's settings, presets, name and owner, unless it has the bot again.

    Whether it may spend stays known.
    """
    for table in (guilds, presets):
        is_older = table.c.guild_id == erasure.guild_id, table.c.updated_at_ms <= erasure.until_ms
        await tx.execute(delete(table).where(*is_older))
    has_left = servers.c.guild_id == erasure.guild_id, servers.c.left_at_ms <= erasure.until_ms
    await tx.execute(update(servers).where(*has_left).values(name="", owner_id=None))


async def list_pending_payloads(tx: AsyncConnection, user_id: int) -> list[str]:
    """Return what a member gave for buttons and forms, as JSON."""
    found = select(pending_interactions.c.payload).where(pending_interactions.c.user_id == user_id)
    return list((await tx.execute(found)).scalars())


async def remove_pending(tx: AsyncConnection, user_id: int) -> None:
    """Remove what a member gave for buttons and forms."""
    await tx.execute(delete(pending_interactions).where(pending_interactions.c.user_id == user_id))


def input_names(request: VideoRequest) -> list[str]:
    """Return the names of the files that a request uses."""
    return find_inputs(request.model_dump_json())


async def _list(tx: AsyncConnection, which: ColumnElement[bool]) -> list[Erasure]:
    columns = erasures.c.user_id, erasures.c.guild_id, erasures.c.until_ms
    found = await tx.execute(select(*columns).where(which).order_by(*reversed(columns)))
    return [Erasure(*row) for row in found]


def _of(
    erasure: Erasure, user_id: ColumnElement[int], guild_id: ColumnElement[int]
) -> list[ColumnElement[bool]]:
    """Return the conditions that a row is of an erasure's member and server."""
    scope = list[ColumnElement[bool]]()
    if erasure.user_id:
        scope.append(user_id == erasure.user_id)
    if erasure.guild_id:
        scope.append(guild_id == erasure.guild_id)
    return scope


def _is_at_rest(now_ms: int) -> ColumnElement[bool]:
    is_free = or_(jobs.c.lease_until_ms.is_(None), jobs.c.lease_until_ms <= now_ms)
    return and_(jobs.c.state.not_in(_WAITING), is_free)


def _is_due(erasure: Erasure) -> ColumnElement[bool]:
    return and_(
        *_of(erasure, jobs.c.user_id, jobs.c.guild_id),
        jobs.c.created_at_ms <= erasure.until_ms,
        jobs.c.erased_at_ms.is_(None),
    )
