"""Admissions: which servers may spend, and what the operator decides about them.

Where `ALLOWED_SERVERS` names servers or all of them, that decides alone, and admissions are kept
without effect.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import servers as rules
from domain.audit_log import NewChange
from domain.money import MicroUSD, format_usd_en
from domain.obstacles import Obstacle, ObstacleKind
from domain.quotas import Limit, LimitKind, LimitTarget, resolve_limits
from domain.reports import ReportPeriod, period_days
from domain.servers import SeenServer, Server
from storage import audit_log, guild_settings, limits, reports, servers
from storage.reports import SpendingFilter
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.reliability import claim_turn
from workflow.servers.release import release_waiting

_log = structlog.get_logger(__name__)

PAGE_SIZE: Final = 4
"""Servers on a page."""

_NEXT_QUESTION: Final = "next server question"
_QUESTION_INTERVAL_MS: Final = 60_000


class Admission(StrEnum):
    """Whether a server may spend."""

    ADMITTED = "admitted"
    PENDING = "pending"
    """The operator has not decided yet."""

    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The server was not registered yet."""


@dataclass(frozen=True, slots=True)
class ServerUse:
    """What a server has paid today and in all, and when it last asked for a video."""

    spent_today: MicroUSD
    spent: MicroUSD
    last_used_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEntry:
    """A server in the list; limits are those that apply to all of it, None for none."""

    server: Server
    admission: Admission
    day_limit: MicroUSD | None
    month_limit: MicroUSD | None
    use: ServerUse


@dataclass(frozen=True, slots=True)
class ServerPage:
    """A page of servers, its number from 0 out of `pages`, and the total number of servers.

    `by_admission` is whether the operator's decisions have an effect.
    """

    rows: tuple[ServerEntry, ...]
    number: int
    pages: int
    total: int
    by_admission: bool


async def look_up(context: Context, guild_id: int) -> Admission:
    """Return whether a server may spend."""
    allowed = context.policy.allowed_servers
    if not allowed.by_admission:
        return _decide(context, guild_id, None)
    server = await context.database.read(lambda tx: servers.get(tx, guild_id))
    return _decide(context, guild_id, server)


async def is_allowed(tx: AsyncConnection, context: Context, guild_id: int) -> bool:
    """Return whether a server may spend, within a transaction."""
    allowed = context.policy.allowed_servers
    known = await servers.get(tx, guild_id) if allowed.by_admission else None
    return _decide(context, guild_id, known) is Admission.ADMITTED


async def list_known(context: Context) -> dict[int, Server]:
    """Return the registered servers by id."""
    return {one.guild_id: one for one in await context.database.read(servers.list_all)}


async def register(
    context: Context, seen: SeenServer, *, owner_operates: bool, wanted: bool
) -> Server:
    """Register a server that the bot is on; with `wanted` the operator is asked about it."""

    async def record_server(tx: AsyncConnection) -> Server:
        known = await servers.lock(tx, seen.guild_id)
        server = rules.register_server(
            known,
            seen,
            owner_operates=owner_operates,
            wanted=wanted and context.policy.allowed_servers.by_admission,
            now_ms=context.now_ms(),
        )
        if server != known:
            await servers.save(tx, server)
        return server

    server = await context.database.transact(record_server)
    _log.info("server registered", server=seen.guild_id, admitted=server.is_admitted)
    return server


async def want_admission(context: Context, guild_id: int) -> None:
    """Have the operator asked about a server on which somebody asked for a video."""

    async def record_wish(tx: AsyncConnection) -> None:
        known = await servers.lock(tx, guild_id)
        if known is not None:
            await servers.save(tx, rules.want_admission(known, context.now_ms()))

    known = await context.database.read(lambda tx: servers.get(tx, guild_id))
    if known is not None and rules.want_admission(known, 1) != known:
        await context.database.transact(record_wish)


async def record_leaving(context: Context, guild_id: int) -> None:
    """Record that the bot is on a server no more."""
    now_ms = context.now_ms()
    await context.database.transact(lambda tx: servers.mark_left(tx, guild_id, now_ms))


async def claim_question(context: Context) -> list[Server]:
    """Return the servers to ask the operator about now; at most one question a minute."""
    if not await context.database.read(servers.list_to_ask_about):
        return []

    async def claim(tx: AsyncConnection) -> list[Server]:
        if await claim_turn(tx, context, _NEXT_QUESTION, _QUESTION_INTERVAL_MS) is not None:
            return []
        return await servers.list_to_ask_about(tx)

    return await context.database.transact(claim)


async def record_question(context: Context, asked: list[Server]) -> None:
    """Record that the operator was asked about servers."""
    ids, now_ms = [server.guild_id for server in asked], context.now_ms()
    await context.database.transact(lambda tx: servers.mark_asked(tx, ids, now_ms))


async def admit(
    context: Context, guild_id: int, operator: Actor, day_limit: MicroUSD | None = None
) -> None:
    """Let a server spend, perhaps with a day limit; a repeated interaction changes nothing."""

    async def record_admission(tx: AsyncConnection) -> None:
        await guild_settings.lock_guild(tx, guild_id)
        before = await servers.lock(tx, guild_id) or Server(guild_id=guild_id)
        if await audit_log.get_by_interaction(tx, operator.interaction_id) is not None:
            return
        by, now_ms = str(operator.user_id), context.now_ms()
        after = rules.admit_server(before, by, now_ms, day_limit)
        await servers.save(tx, after)
        if day_limit is not None:
            await limits.put(tx, _day_limit(guild_id, day_limit))
        await audit_log.record(tx, _change(operator, now_ms, before, after))

    await context.database.transact(record_admission)
    _log.warning("server admitted", server=guild_id, by=operator.user_id)


async def withdraw(context: Context, guild_id: int, operator: Actor) -> int:
    """Let a server spend no more, release what waits there, and return how many jobs that were."""

    async def record_withdrawal(tx: AsyncConnection) -> None:
        before = await servers.lock(tx, guild_id) or Server(guild_id=guild_id)
        if await audit_log.get_by_interaction(tx, operator.interaction_id) is not None:
            return
        now_ms = context.now_ms()
        after = rules.withdraw_admission(before, str(operator.user_id), now_ms)
        await servers.save(tx, after)
        await audit_log.record(tx, _change(operator, now_ms, before, after))

    await context.database.transact(record_withdrawal)
    _log.warning("server admission withdrawn", server=guild_id, by=operator.user_id)
    if await look_up(context, guild_id) is Admission.ADMITTED:
        return 0  # by the setting, whatever the operator clicks
    return await release_waiting(context, guild_id, Obstacle(ObstacleKind.NOT_ADMITTED))


async def read_server_page(context: Context, number: int) -> ServerPage:
    """Read a page of the servers that the bot is on; the last page for a number beyond it."""

    async def read_page(tx: AsyncConnection) -> ServerPage:
        total = await servers.count_joined(tx)
        pages = max(1, -(-total // PAGE_SIZE))
        page = min(max(0, number), pages - 1)
        rows = await servers.list_joined(tx, page * PAGE_SIZE, PAGE_SIZE)
        entries = [await _read_entry(tx, context, server) for server in rows]
        by_admission = context.policy.allowed_servers.by_admission
        return ServerPage(tuple(entries), page, pages, total, by_admission)

    return await context.database.read(read_page)


async def _read_entry(tx: AsyncConnection, context: Context, server: Server) -> ServerEntry:
    found = await limits.list_applicable(tx, server.guild_id, 0, ())
    effective = resolve_limits(found, (), context.policy.limits)
    return ServerEntry(
        server=server,
        admission=_decide(context, server.guild_id, server),
        day_limit=effective.server_day,
        month_limit=effective.server_month,
        use=await _read_use(tx, server.guild_id, context.now_ms()),
    )


async def _read_use(tx: AsyncConnection, guild_id: int, now_ms: int) -> ServerUse:
    today, ever = [
        await reports.get_total(tx, SpendingFilter(guild_id), period_days(period, now_ms))
        for period in (ReportPeriod.TODAY, ReportPeriod.ALL)
    ]
    return ServerUse(today.net, ever.net, await servers.get_last_used_ms(tx, guild_id))


def _decide(context: Context, guild_id: int, known: Server | None) -> Admission:
    allowed = context.policy.allowed_servers
    if allowed.allows(guild_id, admitted=known is not None and known.is_admitted):
        return Admission.ADMITTED
    if not allowed.by_admission:
        return Admission.REFUSED
    if known is None:
        return Admission.UNKNOWN
    return Admission.PENDING if known.withdrawn_at_ms is None else Admission.REFUSED


def _day_limit(guild_id: int, amount: MicroUSD) -> Limit:
    return Limit(
        target=LimitTarget.SERVER,
        kind=LimitKind.DAY,
        amount=amount,
        guild_id=guild_id,
        subject_id=0,
    )


def _change(operator: Actor, now_ms: int, before: Server, after: Server) -> NewChange:
    return NewChange(
        at_ms=now_ms,
        guild_id=0,
        actor=str(operator.user_id),
        what="server",
        subject=f"server:{after.guild_id}",
        before=_describe(before),
        after=_describe(after),
        interaction_id=operator.interaction_id,
    )


def _describe(server: Server) -> str:
    """Describe an admission for the audit log."""
    if not server.is_admitted:
        return "not admitted"
    limit = server.admitted_limit
    given = "" if limit is None else f", {format_usd_en(limit)} a day"
    return f"admitted by {server.admitted_by}{given}"
