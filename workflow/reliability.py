"""Reliable writes: commits retried through outages, and actions run once per key."""

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
"""Seconds between attempts; during an outage the last one repeats."""


async def commit_with_retry(
    context: Context, work: Callable[[AsyncConnection], Awaitable[object]]
) -> None:
    """Run `work` in a transaction, and retry until it commits.

    An outage of the database is waited out, however long it lasts. Any other database error is
    raised after the last attempt: it is a bug, which waiting does not fix.
    """
    waits_s = iter(_WRITE_AGAIN_S)
    while True:
        try:
            await context.database.transact(work)
        except (Outage, SQLAlchemyError, OSError) as error:
            wait_s = next(waits_s, _WRITE_AGAIN_S[-1] if isinstance(error, Outage) else None)
            if wait_s is None:
                raise
            _log.error("commit failed, retrying", error=str(error))
            await asyncio.sleep(wait_s)
        else:
            return


CLAIM_MS: Final = 60_000
"""How long a claim is valid; longer than any of the actions takes."""


async def run_once_per(
    context: Context,
    name: str,
    key: str,
    work: Callable[[int | None], Awaitable[bool]],
) -> None:
    """Run an action once per key (one word), across restarts and processes.

    Nothing runs if the action is done for this key, or was claimed by another process within
    `CLAIM_MS`. `work` gets the time of an earlier claim that was never completed, in Unix
    milliseconds, or None, and returns whether it is done; if not, the next call tries again. Only
    the last key is stored for each name.
    """
    before = await context.database.read(lambda tx: key_value.get(tx, name))
    stored_key, _, claimed = (before or "").partition(" ")
    claimed_ms = int(claimed) if claimed and stored_key == key else None
    now_ms = context.now_ms()
    if stored_key == key and (claimed_ms is None or now_ms - claimed_ms < CLAIM_MS):
        return
    claim = f"{key} {now_ms}"
    if not await _swap(context, name, before, claim):
        return
    is_done = await work(claimed_ms)
    await _swap(context, name, claim, key if is_done else "")


async def reset_run_once(context: Context, name: str) -> None:
    """Forget the last key of a name, so that the next call runs."""
    if await context.database.read(lambda tx: key_value.get(tx, name)):
        await context.database.transact(lambda tx: key_value.put(tx, name, ""))


async def _swap(context: Context, name: str, before: str | None, value: str) -> bool:
    async def swap(tx: AsyncConnection) -> bool:
        return await key_value.compare_and_set(tx, name, before, value)

    return await context.database.transact(swap)
