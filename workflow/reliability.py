"""Writes what must not be lost, through whatever keeps the database from taking it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from storage import key_value
from workflow.context import Context

_log = structlog.get_logger(__name__)

_WRITE_AGAIN_S: Final = (0.1, 0.2, 0.5, 1, 2, *[5] * 20)
"""Seconds between the tries; the last is for all that follow."""


async def commit_with_retry(
    context: Context, work: Callable[[AsyncConnection], Awaitable[object]]
) -> None:
    """Do `work` in a transaction, again and again until it is done.

    An outage of the database is waited out however long it lasts. Another fault of the database
    comes out in the end: then it is ours, and does not pass.
    """
    waits_s = iter(_WRITE_AGAIN_S)
    while True:
        try:
            await context.database.transact(work)
        except (Outage, SQLAlchemyError, OSError) as error:
            wait_s = next(waits_s, _WRITE_AGAIN_S[-1] if isinstance(error, Outage) else None)
            if wait_s is None:
                raise
            _log.error("not written yet", why=str(error))
            await asyncio.sleep(wait_s)
        else:
            return


CLAIM_MS: Final = 60_000
"""How long whoever has begun is waited for; it is longer than the doing takes."""


async def run_once_per(
    context: Context,
    name: str,
    key: str,
    work: Callable[[int | None], Awaitable[bool]],
) -> None:
    """Do work for an occasion (one word) unless it is done, or begun a moment ago.

    `work` gets the moment at which somebody began it and was not heard of again, or None, and
    tells whether it is done; if not, the next call tries again. Under each name the last occasion
    is remembered.
    """
    before = await context.database.read(lambda tx: key_value.get(tx, name))
    done_for, _, began = (before or "").partition(" ")
    began_ms = int(began) if began and done_for == key else None
    now_ms = context.now_ms()
    if done_for == key and (began_ms is None or now_ms - began_ms < CLAIM_MS):
        return
    claim = f"{key} {now_ms}"
    if not await _swap(context, name, before, claim):
        return
    is_done = await work(began_ms)
    await _swap(context, name, claim, key if is_done else "")


async def reset_run_once(context: Context, name: str) -> None:
    """Let the next occasion be a new one, whatever it is called."""
    if await context.database.read(lambda tx: key_value.get(tx, name)):
        await context.database.transact(lambda tx: key_value.put(tx, name, ""))


async def _swap(context: Context, name: str, before: str | None, value: str) -> bool:
    async def swap(tx: AsyncConnection) -> bool:
        return await key_value.compare_and_set(tx, name, before, value)

    return await context.database.transact(swap)
