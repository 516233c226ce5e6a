"""Leavers: what is kept of who has left a server, or on a server that the bot has left, goes.

Without the members' intent Discord sends no event of it, so it is asked once a day about each of
those with data, one at a time. Who is not there twice, the term apart, is erased there; who is seen
again in between is not.
"""

from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.obstacles import ObstacleKind
from storage import memberships
from storage.memberships import Membership
from workflow.context import Context
from workflow.errors import PublishError
from workflow.members.erasure import request_erasure

_log = structlog.get_logger(__name__)

_LOOK_EVERY_MS: Final = DAY_MS


async def add_memberships(context: Context) -> None:
    """Take up who has data on a server and was not looked for yet; call hourly."""
    if context.policy.leaver_data_days is None:
        return
    now_ms = context.now_ms()
    if new := await context.database.read(lambda tx: memberships.list_new(tx, now_ms)):
        await context.database.transact(lambda tx: memberships.add(tx, new))


async def check_next_membership(context: Context) -> None:
    """Ask Discord about one member whose turn it is; several processes take different ones."""
    days, publisher = context.policy.leaver_data_days, context.publisher
    if days is None or not publisher.is_ready:
        return
    now_ms = context.now_ms()
    due = await context.database.read(lambda tx: memberships.find_due(tx, now_ms - _LOOK_EVERY_MS))
    if due is None:
        return
    if not await context.database.transact(lambda tx: memberships.claim(tx, due, now_ms)):
        return
    try:
        is_there = await publisher.is_member(due.guild_id, due.user_id)
    except PublishError:
        return  # no answer, or the bot is not there either: asked again tomorrow
    await _record(context, due, days, is_there=is_there)


async def erase_left_servers(context: Context) -> None:
    """Erase the servers that the bot left as long ago as the term is; call hourly."""
    days = context.policy.leaver_data_days
    if days is None:
        return
    before_ms = context.now_ms() - days * DAY_MS
    for guild_id in await context.database.read(
        lambda tx: memberships.list_left_servers(tx, before_ms)
    ):
        try:
            obstacle = await context.publisher.find_obstacle(guild_id, None)
        except PublishError:
            continue
        if obstacle is not None and obstacle.kind is ObstacleKind.SERVER_LEFT:
            await _erase(context, 0, guild_id)


async def _record(context: Context, member: Membership, days: int, *, is_there: bool) -> None:
    now_ms = context.now_ms()
    left_at_ms = None if is_there else member.left_at_ms or now_ms
    if left_at_ms is not None and now_ms - left_at_ms >= days * DAY_MS:
        await _erase(context, member.user_id, member.guild_id)
        return

    async def record_look(tx: AsyncConnection) -> None:
        await memberships.record(tx, member, left_at_ms)

    if left_at_ms != member.left_at_ms:
        await context.database.transact(record_look)


async def _erase(context: Context, user_id: int, guild_id: int) -> None:
    """Have it erased in the background, as after *Delete my data*."""
    try:
        await request_erasure(context, user_id, guild_id)
    except OSError as error:
        _log.error("erasure not marked", user=user_id, server=guild_id, error=error)
