"""Does something once for each occasion, over restarts and by one process of several."""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notes
from workflow.context import Context

CLAIM_MS: Final = 60_000
"""How long whoever has begun is waited for; it is longer than the doing takes."""


async def once(
    context: Context,
    name: str,
    occasion: str,
    work: Callable[[int | None], Awaitable[bool]],
) -> None:
    """Do work for an occasion (one word) unless it is done, or begun a moment ago.

    `work` gets the moment at which somebody began it and was not heard of again, or None, and
    tells whether it is done; if not, the next call tries again. Under each name the last occasion
    is remembered.
    """
    before = await context.database.read(lambda tx: notes.get(tx, name))
    done_for, _, began = (before or "").partition(" ")
    began_ms = int(began) if began and done_for == occasion else None
    now_ms = context.now_ms()
    if done_for == occasion and (began_ms is None or now_ms - began_ms < CLAIM_MS):
        return
    claim = f"{occasion} {now_ms}"
    if not await _swap(context, name, before, claim):
        return
    is_done = await work(began_ms)
    await _swap(context, name, claim, occasion if is_done else "")


async def forget(context: Context, name: str) -> None:
    """Let the next occasion be a new one, whatever it is called."""
    if await context.database.read(lambda tx: notes.get(tx, name)):
        await context.database.transact(lambda tx: notes.put(tx, name, ""))


async def _swap(context: Context, name: str, before: str | None, value: str) -> bool:
    async def work(tx: AsyncConnection) -> bool:
        return await notes.swap(tx, name, before, value)

    return await context.database.transact(work)
