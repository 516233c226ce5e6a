"""Quotas and grants: what a member has left, and what managers set, grant and revoke.

Every change writes its audit log entry in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit_log import Change, NewChange
from domain.money import MicroUSD, format_usd_en
from domain.quotas import (
    EffectiveLimit,
    Limit,
    LimitKind,
    Limits,
    RemainingQuota,
    find_effective_limit,
    format_limit_en,
    resolve_limits,
)
from storage import audit_log, billing, guild_settings, limits, quotas
from storage.quotas import QuotaSubject
from workflow.billing import bonus_notes
from workflow.context import Context
from workflow.errors import NoSuchGrant

_log = structlog.get_logger(__name__)

_MAX_CHANGES = 5
_MONEY_KINDS = ("limit", "grant", "revoke")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a server, and the roles that they have now."""

    guild_id: int
    user_id: int
    role_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and the interaction that makes it."""

    user_id: int
    interaction_id: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant with an unspent rest."""

    id: int
    unspent: MicroUSD
    note: str


@dataclass(frozen=True, slots=True)
class QuotaStatus:
    """What a member has left, the limits that apply, and their unspent grants."""

    remaining: RemainingQuota
    effective_limits: Mapping[LimitKind, EffectiveLimit]
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The limits of a server, its roles and members, and the latest changes, newest first."""

    limits: tuple[Limit, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant to a member, and their unspent grants after it."""

    grant_id: int
    amount: MicroUSD
    unspent: MicroUSD


@dataclass(frozen=True, slots=True)
class Revoked:
    """The amount revoked from a member (0 if all was spent), and their unspent grants after it."""

    user_id: int
    amount: MicroUSD
    unspent: MicroUSD


async def read_quota_status(context: Context, member: Member) -> QuotaStatus:
    """Return what a member has left, and which limits apply to them."""
    defaults, now_ms = context.policy.limits, context.now_ms()
    guild_id, user_id, role_ids = member.guild_id, member.user_id, member.role_ids

    async def read_status(tx: AsyncConnection) -> QuotaStatus:
        found = await limits.list_applicable(tx, guild_id, user_id, role_ids)
        effective_limits = resolve_limits(found, role_ids, defaults)
        left = await quotas.get_remaining(
            tx, QuotaSubject(guild_id, user_id, now_ms), effective_limits
        )
        unspent = await billing.unspent_grants(tx, guild_id, user_id, left.grant_balance)
        grants = tuple(Grant(entry.id, rest, entry.note) for entry, rest in unspent)
        effective = {
            kind: find_effective_limit(kind, found, role_ids, default)
            for kind, default in _defaults(defaults).items()
        }
        return QuotaStatus(left, effective, grants)

    return await context.database.read(read_status)


async def read_server_limits(context: Context, guild_id: int) -> ServerLimits:
    """Return the limits that managers have set on a server."""

    async def read_limits(tx: AsyncConnection) -> ServerLimits:
        found = await limits.list_for_guild(tx, guild_id)
        last = await audit_log.list_latest(tx, guild_id, _MAX_CHANGES, kinds=_MONEY_KINDS)
        return ServerLimits(tuple(found), tuple(last))

    return await context.database.read(read_limits)


async def set_limit(context: Context, limit: Limit, manager: Actor) -> Limit | None:
    """Set a limit and return the one it replaces; open holds are unaffected."""
    return await _change_limit(context, limit, manager, clear=False)


async def clear_limit(context: Context, limit: Limit, manager: Actor) -> Limit | None:
    """Clear the limit of the same target and kind, and return it."""
    return await _change_limit(context, limit, manager, clear=True)


async def grant(
    context: Context, member: Member, amount: MicroUSD, note: str, manager: Actor
) -> Granted:
    """Grant a member an amount to spend beyond their quota, once per interaction."""
    guild_id, user_id, now_ms = member.guild_id, member.user_id, context.now_ms()

    async def record_grant(tx: AsyncConnection) -> Granted:
        await guild_settings.lock_guild(tx, guild_id)
        unspent = await quotas.lock_grant_balance(tx, guild_id, user_id)
        known = await audit_log.get_by_interaction(tx, manager.interaction_id)
        if known is not None and known.entry_id is not None:
            return Granted(known.entry_id, amount, unspent)
        grant_id = await billing.grant(
            tx,
            guild_id=guild_id,
            user_id=user_id,
            amount=amount,
            actor=str(manager.user_id),
            note=note,
            now_ms=now_ms,
        )
        granted = Granted(grant_id, amount, MicroUSD(unspent + amount))
        await audit_log.record(tx, _grant_change("grant", member, manager, granted, now_ms, note))
        await bonus_notes.add_note(tx, guild_id, user_id, amount)
        return granted

    granted = await context.database.transact(record_grant)
    _log.info("grant added", server=guild_id, by=manager.user_id, micro_usd=amount)
    return granted


async def revoke(context: Context, guild_id: int, grant_id: int, manager: Actor) -> Revoked:
    """Revoke the unspent rest of a grant; a second click revokes nothing more.

    Raises:
        NoSuchGrant: the server has no such grant.
    """
    now_ms = context.now_ms()

    async def record_revocation(tx: AsyncConnection) -> Revoked:
        await guild_settings.lock_guild(tx, guild_id)
        entry = await billing.get_entry(tx, grant_id)
        if entry is None or entry.kind != "grant" or entry.guild_id != guild_id:
            raise NoSuchGrant
        actor, member = str(manager.user_id), Member(guild_id, entry.user_id)
        amount = await billing.revoke(tx, grant_id, actor=actor, now_ms=now_ms, note=entry.note)
        unspent = await quotas.lock_grant_balance(tx, guild_id, member.user_id)
        if amount:
            taken = Granted(grant_id, MicroUSD(-amount), unspent)
            change = _grant_change("revoke", member, manager, taken, now_ms, entry.note)
            await audit_log.record(tx, change)
            await bonus_notes.add_note(tx, guild_id, member.user_id, MicroUSD(-amount))
        return Revoked(member.user_id, amount, unspent)

    revoked = await context.database.transact(record_revocation)
    _log.info("grant revoked", server=guild_id, by=manager.user_id, micro_usd=revoked.amount)
    return revoked


def _defaults(defaults: Limits) -> dict[LimitKind, int | None]:
    return {
        LimitKind.DAY: defaults.member_day,
        LimitKind.MONTH: defaults.member_month,
        LimitKind.COOLDOWN: defaults.cooldown_s,
        LimitKind.IN_FLIGHT: defaults.in_flight,
    }


async def _change_limit(
    context: Context, limit: Limit, manager: Actor, *, clear: bool
) -> Limit | None:
    now_ms, after = context.now_ms(), None if clear else limit

    async def record_limit(tx: AsyncConnection) -> Limit | None:
        await guild_settings.lock_guild(tx, limit.guild_id)
        before = await limits.get(tx, limit)
        if before == after:
            return before
        if after is None:
            await limits.remove(tx, limit)
        else:
            await limits.put(tx, after)
        change = NewChange(
            at_ms=now_ms,
            guild_id=limit.guild_id,
            actor=str(manager.user_id),
            what="limit",
            subject=f"{limit.target}:{limit.subject_id}:{limit.kind}",
            before=_format_limit(before),
            after=_format_limit(after),
            interaction_id=manager.interaction_id,
        )
        await audit_log.record(tx, change)
        return before

    before = await context.database.transact(record_limit)
    _log.info("limit changed", server=limit.guild_id, by=manager.user_id, limit=limit.target)
    return before


def _format_limit(limit: Limit | None) -> str | None:
    return None if limit is None else format_limit_en(limit.kind, limit.amount)


def _grant_change(
    what: str, member: Member, manager: Actor, granted: Granted, now_ms: int, note: str
) -> NewChange:
    return NewChange(
        at_ms=now_ms,
        guild_id=member.guild_id,
        actor=str(manager.user_id),
        what=what,
        subject=f"member:{member.user_id}",
        before=format_usd_en(MicroUSD(granted.unspent - granted.amount)),
        after=format_usd_en(granted.unspent),
        note=note,
        interaction_id=manager.interaction_id,
        entry_id=granted.grant_id,
    )
