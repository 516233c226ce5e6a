"""The films table: every change is guarded by state and fence."""

from dataclasses import dataclass, replace
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.erasures import Erasure
from domain.films import FILM_TRANSITIONS, WORKED_ON, FilmFault, FilmState, FilmView
from domain.jobs import JobState
from domain.requests import VideoRequest
from storage.errors import FilmInProgress, StaleJobError
from storage.film_tables import films
from storage.jobs import NO_LEASE
from storage.schema import jobs
from storage.upsert import insert_or_ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFilm:
    """Fields of a new film."""

    id: str
    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    parts: tuple[str, ...]
    dissolve: bool
    seconds: int
    private: bool
    created_at_ms: int
    language: str | None = None
    posting_since_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Film(FilmView):
    """A film with all that its worker needs.

    `failures` counts the consecutive failed attempts, `turns` the claims without progress.
    """

    fence: int
    failures: int
    turns: int
    due_at_ms: int
    lease_owner: str | None
    lease_until_ms: int | None
    ended_at_ms: int | None
    erased_at_ms: int | None


@dataclass(frozen=True, slots=True)
class KeptVideo:
    """A delivered video of a member: its job's id, what it shows, and whether it is private."""

    id: str
    request: VideoRequest
    created_at_ms: int
    private: bool


class FilmChanges(TypedDict, total=False):
    """Fields that `move` and `reschedule` may change."""

    percent: int
    file_size: int | None
    message_id: int | None
    result_channel_id: int | None
    posting_since_ms: int | None
    reason: FilmFault | None
    failures: int
    turns: int
    erased_at_ms: int


async def add(tx: AsyncConnection, new: NewFilm) -> Film:
    """Add a film to be joined; return that of the interaction if there is one already.

    Raises:
        FilmInProgress: another one of the member's is being joined.
    """
    if (known := await _get_by_interaction(tx, new.interaction_id)) is not None:
        return known
    row = {
        "id": new.id,
        "interaction_id": new.interaction_id,
        "guild_id": new.guild_id,
        "channel_id": new.channel_id,
        "user_id": new.user_id,
        "state": FilmState.JOINING,
        "parts": " ".join(new.parts),
        "dissolve": int(new.dissolve),
        "seconds": new.seconds,
        "private": int(new.private),
        "created_at_ms": new.created_at_ms,
        "due_at_ms": new.created_at_ms,
        "language": new.language,
        "posting_since_ms": new.posting_since_ms,
        **dict.fromkeys(("fence", "percent", "failures", "turns"), 0),
    }
    try:
        await tx.execute(insert_or_ignore(tx, films, "interaction_id").values(row))
    except IntegrityError as error:
        raise FilmInProgress from error
    added = await _get_by_interaction(tx, new.interaction_id)
    assert added is not None, "it was added just now"
    return added


async def get(tx: AsyncConnection, film_id: str) -> Film | None:
    """Return a film."""
    found = await _fetch(tx, select(films).where(films.c.id == film_id))
    return found[0] if found else None


async def get_with_prompt(tx: AsyncConnection, film_id: str) -> Film | None:
    """Return a film with the prompts of its videos."""
    film = await get(tx, film_id)
    return film and replace(film, prompt=await _read_prompt(tx, [*film.parts]))


async def record_shared(tx: AsyncConnection, shared: Film) -> None:
    """Record the post of a delivered film in a showcase channel, unless it has one."""
    which = (
        films.c.id == shared.id,
        films.c.state == FilmState.DELIVERED,
        films.c.shared_message_id.is_(None),
    )
    values = {name: getattr(shared, name) for name in ("shared_message_id", "shared_channel_id")}
    await tx.execute(update(films).where(*which).values(**values))


async def count_since(tx: AsyncConnection, user_id: int, since_ms: int) -> int:
    """Return how many films a member has asked for since then, on all servers."""
    theirs = films.c.user_id == user_id, films.c.created_at_ms >= since_ms
    return (await tx.execute(select(func.count()).where(*theirs))).scalar_one()


async def list_recent(
    tx: AsyncConnection, guild_id: int, user_id: int, since_ms: int, limit: int
) -> list[Film]:
    """Return a member's films on a server that were asked for since then, newest first."""
    theirs = films.c.guild_id == guild_id, films.c.user_id == user_id
    shown = films.c.created_at_ms >= since_ms, films.c.erased_at_ms.is_(None)
    newest_first = films.c.created_at_ms.desc(), films.c.id.desc()
    return await _fetch(
        tx, select(films).where(*theirs, *shown).order_by(*newest_first).limit(limit)
    )


async def list_kept_videos(
    tx: AsyncConnection, guild_id: int, user_id: int, *, offset: int, limit: int
) -> list[KeptVideo]:
    """Return a member's delivered videos on a server, newest first."""
    newest_first = jobs.c.created_at_ms.desc(), jobs.c.id.desc()
    found = _kept(guild_id, user_id).order_by(*newest_first).offset(offset).limit(limit)
    return [_kept_video(row) for row in (await tx.execute(found)).mappings()]


async def get_kept_videos(
    tx: AsyncConnection, guild_id: int, user_id: int, job_ids: tuple[str, ...]
) -> dict[str, KeptVideo]:
    """Return those of a member's videos that are delivered and not deleted, by their jobs' ids."""
    found = _kept(guild_id, user_id).where(jobs.c.id.in_(job_ids))
    videos = [_kept_video(row) for row in (await tx.execute(found)).mappings()]
    return {video.id: video for video in videos}


async def claim_due(
    tx: AsyncConnection, *, now_ms: int, owner: str, lease_ms: int, limit: int
) -> list[Film]:
    """Claim due films without a valid lease, the longest overdue first, with their prompts."""
    due = (
        select(films.c.id)
        .where(_is_due(now_ms))
        .order_by(films.c.due_at_ms, films.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list((await tx.execute(due)).scalars())
    if not ids:
        return []
    claim = (
        update(films)
        .where(films.c.id.in_(ids))
        .values(
            fence=films.c.fence + 1,
            turns=films.c.turns + 1,
            lease_owner=owner,
            lease_until_ms=now_ms + lease_ms,
        )
        .returning(*films.c)
    )
    rows = list((await tx.execute(claim)).mappings())
    return [_from_row(row, prompt=await _read_prompt(tx, row["parts"].split())) for row in rows]


async def get_next_due_ms(tx: AsyncConnection) -> int | None:
    """Return when the next film is due, leased or not; None if none is worked on."""
    worked_on = films.c.state.in_(sorted(WORKED_ON))
    return (await tx.execute(select(func.min(films.c.due_at_ms)).where(worked_on))).scalar()


async def renew(tx: AsyncConnection, film: Film, percent: int, until_ms: int) -> bool:
    """Extend the lease on a film and record its progress; return whether it is still held."""
    held = films.c.id == film.id, films.c.fence == film.fence, films.c.lease_owner.is_not(None)
    found = await tx.execute(
        update(films).where(*held).values(percent=percent, lease_until_ms=until_ms)
    )
    return found.rowcount == 1


async def drop_leases(tx: AsyncConnection) -> None:
    """End every lease, when no other process can be alive."""
    held = films.c.lease_owner.is_not(None)
    await tx.execute(update(films).where(held).values(**NO_LEASE))


async def move(
    tx: AsyncConnection,
    film: Film,
    target: FilmState,
    *,
    now_ms: int,
    keep_lease: bool = False,
    **changes: Unpack[FilmChanges],
) -> Film:
    """Move a film to another state; its lease ends unless it is kept.

    Raises:
        ValueError: there is no such transition.
        StaleJobError: the film changed since it was read.
    """
    if target not in FILM_TRANSITIONS[film.state]:
        raise ValueError(f"Film {film.id} cannot go from {film.state} to {target}.")
    values: dict[str, Any] = {"due_at_ms": now_ms, "failures": 0, "turns": 0, **changes}
    if not keep_lease:
        values |= {**NO_LEASE, "fence": film.fence + 1}
    values["ended_at_ms"] = None if target in WORKED_ON else now_ms
    return await _update(tx, film, state=target, **values)


async def reschedule(
    tx: AsyncConnection, film: Film, due_at_ms: int, **changes: Unpack[FilmChanges]
) -> None:
    """Leave a film in its state until it is due again, and end its lease.

    Raises:
        StaleJobError: the film changed since it was read.
    """
    await _update(tx, film, due_at_ms=due_at_ms, **changes, **NO_LEASE)


async def suspect_open(tx: AsyncConnection) -> None:
    """Have every open film searched for before it is posted: it may have been, since a copy."""
    opened = films.c.state.in_([FilmState.JOINING, FilmState.POSTING])
    await tx.execute(update(films).where(opened).values(posting_since_ms=films.c.created_at_ms))


async def has_erasable(tx: AsyncConnection, erasure: Erasure) -> bool:
    """Return whether an erasure has films that are not erased yet."""
    found = await tx.execute(select(films.c.id).where(_is_erasable(erasure)).limit(1))
    return found.first() is not None


async def lock_erasable(tx: AsyncConnection, erasure: Erasure) -> list[Film]:
    """Return the films of an erasure that are not erased yet, locked."""
    return await _fetch(tx, select(films).where(_is_erasable(erasure)).with_for_update())


async def erase(
    tx: AsyncConnection, film: Film, target: FilmState, *, now_ms: int, due_at_ms: int
) -> None:
    """Record that a film was erased; who works on it can no longer change it."""
    values = {"erased_at_ms": now_ms, "due_at_ms": due_at_ms, "fence": film.fence + 1, **NO_LEASE}
    values |= {"file_size": None, "reason": None}
    ended = {} if target in WORKED_ON else {"ended_at_ms": film.ended_at_ms or now_ms}
    await _update(tx, film, state=target, **values, **ended)


def _is_erasable(erasure: Erasure) -> ColumnElement[bool]:
    wanted = [films.c.created_at_ms <= erasure.until_ms, films.c.erased_at_ms.is_(None)]
    if erasure.user_id:
        wanted.append(films.c.user_id == erasure.user_id)
    if erasure.guild_id:
        wanted.append(films.c.guild_id == erasure.guild_id)
    return and_(*wanted)


def _is_due(now_ms: int) -> ColumnElement[bool]:
    is_free = or_(films.c.lease_until_ms.is_(None), films.c.lease_until_ms <= now_ms)
    return and_(films.c.state.in_(sorted(WORKED_ON)), films.c.due_at_ms <= now_ms, is_free)


def _kept(guild_id: int, user_id: int) -> Select[*tuple[Any, ...]]:
    columns = (jobs.c.id, jobs.c.request, jobs.c.created_at_ms, jobs.c.private)
    return select(*columns).where(
        jobs.c.guild_id == guild_id,
        jobs.c.user_id == user_id,
        jobs.c.state == JobState.DELIVERED,
        jobs.c.file_name.is_not(None),
        jobs.c.erased_at_ms.is_(None),
    )


def _kept_video(row: RowMapping) -> KeptVideo:
    return KeptVideo(row["id"], row["request"], row["created_at_ms"], bool(row["private"]))


async def _read_prompt(tx: AsyncConnection, parts: list[str]) -> str:
    found = await tx.execute(select(jobs.c.request).where(jobs.c.id.in_(parts)))
    return "\n".join(request.prompt for request in found.scalars())


async def _get_by_interaction(tx: AsyncConnection, interaction_id: int) -> Film | None:
    found = await _fetch(tx, select(films).where(films.c.interaction_id == interaction_id))
    return found[0] if found else None


async def _fetch(tx: AsyncConnection, statement: Select[*tuple[Any, ...]]) -> list[Film]:
    return [_from_row(row) for row in (await tx.execute(statement)).mappings()]


async def _update(tx: AsyncConnection, film: Film, **values: object) -> Film:
    unchanged = (
        films.c.id == film.id,
        films.c.state == film.state,
        films.c.fence == film.fence,
    )
    changed = await tx.execute(update(films).where(*unchanged).values(**values).returning(*films.c))
    row = changed.mappings().one_or_none()
    if row is None:
        raise StaleJobError(film.id)
    return _from_row(row, prompt=film.prompt)


_COLUMNS: Final = tuple(
    name
    for name in Film.__dataclass_fields__
    if name not in {"state", "parts", "dissolve", "private", "reason", "prompt"}
)


def _from_row(row: RowMapping, prompt: str = "") -> Film:
    fields: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    return Film(
        state=FilmState(row["state"]),
        parts=tuple(row["parts"].split()),
        dissolve=bool(row["dissolve"]),
        private=bool(row["private"]),
        reason=FilmFault(row["reason"]) if row["reason"] else None,
        prompt=prompt,
        **fields,
    )
