"""Servers that the bot is or was on, and their admissions."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import RowMapping, Select, and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.servers import Server
from storage.schema import jobs, servers
from storage.upsert import upsert


async def get(tx: AsyncConnection, guild_id: int) -> Server | None:
    """Return a server, or None."""
    return await _fetch_one(tx, select(servers).where(servers.c.guild_id == guild_id))


async def lock(tx: AsyncConnection, guild_id: int) -> Server | None:
    """Return a server, locked against changes until the transaction ends."""
    found = select(servers).where(servers.c.guild_id == guild_id)
    return await _fetch_one(tx, found.with_for_update())


async def save(tx: AsyncConnection, server: Server) -> None:
    """Store a server."""
    row = asdict(server)
    row["admitted_limit_micro"] = row.pop("admitted_limit")
    await tx.execute(upsert(tx, servers, "guild_id"), row)


async def list_all(tx: AsyncConnection) -> list[Server]:
    """Return every server."""
    return [_from_row(row) for row in (await tx.execute(select(servers))).mappings()]


async def count_joined(tx: AsyncConnection) -> int:
    """Return the number of servers that the bot is on."""
    return (await tx.execute(select(func.count()).where(_JOINED))).scalar_one()


async def list_joined(tx: AsyncConnection, offset: int, limit: int) -> list[Server]:
    """Return servers that the bot is on: first those that wait, then by name."""
    waits = and_(servers.c.admitted_at_ms.is_(None), servers.c.withdrawn_at_ms.is_(None))
    order = (case((waits, 0), else_=1), servers.c.name, servers.c.guild_id)
    page = select(servers).where(_JOINED).order_by(*order).offset(offset).limit(limit)
    return [_from_row(row) for row in (await tx.execute(page)).mappings()]


async def list_to_ask_about(tx: AsyncConnection) -> list[Server]:
    """Return the servers that wait for the operator, who was not asked yet; the oldest first."""
    waiting = select(servers).where(
        _JOINED,
        servers.c.wanted_at_ms.is_not(None),
        servers.c.asked_at_ms.is_(None),
        servers.c.admitted_at_ms.is_(None),
        servers.c.withdrawn_at_ms.is_(None),
    )
    found = await tx.execute(waiting.order_by(servers.c.wanted_at_ms, servers.c.guild_id))
    return [_from_row(row) for row in found.mappings()]


async def mark_asked(tx: AsyncConnection, guild_ids: Collection[int], now_ms: int) -> None:
    """Record that the operator was asked about servers."""
    asked = update(servers).where(servers.c.guild_id.in_(guild_ids))
    await tx.execute(asked.values(asked_at_ms=now_ms))


async def mark_left(tx: AsyncConnection, guild_id: int, now_ms: int) -> None:
    """Record that the bot is on a server no more."""
    left = update(servers).where(servers.c.guild_id == guild_id)
    await tx.execute(left.values(left_at_ms=now_ms))


async def get_last_used_ms(tx: AsyncConnection, guild_id: int) -> int | None:
    """Return when a video was last asked for on a server; None if never."""
    return await tx.scalar(
        select(func.max(jobs.c.created_at_ms)).where(jobs.c.guild_id == guild_id)
    )


_JOINED = and_(servers.c.joined_at_ms.is_not(None), servers.c.left_at_ms.is_(None))


async def _fetch_one(tx: AsyncConnection, statement: Select[*tuple[object, ...]]) -> Server | None:
    row = (await tx.execute(statement)).mappings().one_or_none()
    return None if row is None else _from_row(row)


def _from_row(row: RowMapping) -> Server:
    fields = dict(row)
    limit = fields.pop("admitted_limit_micro")
    return Server(**fields, admitted_limit=None if limit is None else MicroUSD(limit))
