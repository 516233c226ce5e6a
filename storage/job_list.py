"""Knows a member's jobs on a server as a list, newest first, and what the ledger says of each.

A page of the list is named by its first job, so that new jobs do not shift what is turned to.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobAmounts
from domain.money import MicroUSD
from storage.billing import is_open_hold
from storage.schema import billing, jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """The ids of the jobs on one page, and the first jobs of the pages before and after it.

    `before` counts the newer jobs, `total` all of them.
    """

    ids: tuple[str, ...]
    newer: str | None
    older: str | None
    newer_count: int
    total: int


async def get_page(
    tx: AsyncConnection, guild_id: int, user_id: int, start: str | None, limit: int
) -> JobPage:
    """Read a member's list from a job on; from the newest for None or what is no job of theirs."""
    mine = and_(jobs.c.guild_id == guild_id, jobs.c.user_id == user_id)
    found = await tx.execute(select(*_PLACE).where(mine, jobs.c.id == start))
    at = found.one_or_none()
    is_newer = tuple_(*at) < tuple_(*_PLACE) if at else ~true()
    here = select(jobs.c.id).where(mine, ~is_newer).order_by(*(c.desc() for c in _PLACE))
    above = select(jobs.c.id).where(mine, is_newer).order_by(*_PLACE)
    ids = (await tx.execute(here.limit(limit + 1))).scalars().all()
    newer = (await tx.execute(above.limit(limit))).scalars().all()
    counts = select(func.count().filter(is_newer), func.count()).where(mine)
    before, total = (await tx.execute(counts)).one()
    return JobPage(
        ids=tuple(ids[:limit]),
        newer=newer[-1] if newer else None,
        older=ids[limit] if len(ids) > limit else None,
        newer_count=before,
        total=total,
    )


async def sum_by_job(tx: AsyncConnection, job_ids: Collection[str]) -> dict[str, JobAmounts]:
    """Sum what the ledger says of the members of these jobs."""
    kind = billing.c.kind
    found = await tx.execute(
        select(
            billing.c.job_id,
            _sum((kind == "hold") & is_open_hold()),
            *(_sum(kind == name) for name in ("charge", "release", "adjust")),
        )
        .where(billing.c.job_id.in_(job_ids), billing.c.account == "member")
        .group_by(billing.c.job_id)
    )
    # A sum of 64-bit integers is a Decimal on PostgreSQL.
    rows = [(job_id, *(MicroUSD(int(amount)) for amount in sums)) for job_id, *sums in found]
    return {
        job_id: JobAmounts(held=held, charged=charged, released=released, adjusted=adjusted)
        for job_id, held, charged, released, adjusted in rows
    }


async def list_prompts(
    tx: AsyncConnection, guild_id: int, user_id: int, limit: int
) -> list[tuple[str, str]]:
    """Read the ids and prompts of a member's latest jobs on a server, newest first."""
    mine = select(jobs.c.id, jobs.c.request).where(
        jobs.c.guild_id == guild_id, jobs.c.user_id == user_id
    )
    found = await tx.execute(mine.order_by(*(c.desc() for c in _PLACE)).limit(limit))
    return [(job_id, request.prompt) for job_id, request in found]


_PLACE = (jobs.c.created_at_ms, jobs.c.id)


def _sum(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((which, billing.c.amount_micro), else_=0))
