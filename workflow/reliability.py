"""Reliable writes: commits retried through outages, and actions run once per key."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Self

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from domain.polling import repeat_pause_ms
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
            _log.error("commit failed, retrying", error=error)
            await asyncio.sleep(wait_s)
        else:
            return


CLAIM_MS: Final = 60_000
"""How long a claim is valid; longer than any of the actions takes."""

MAX_ATTEMPTS: Final = 24
"""After these, most of a day, what failed each time is given up."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The record of an action that is not done: its key, first claim, next attempt, failures.

    `since_ms` is when it was first claimed, `next_ms` when it may be claimed again.
    """

    key: str
    since_ms: int
    next_ms: int
    failures: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the record; None if the text is the key of what is done, or empty.

        The version before wrote the key and the time of the claim.
        """
        match text.split(" "):
            case [key, since]:
                return cls(key, int(since), int(since) + CLAIM_MS)
            case [key, since, until, failures]:
                return cls(key, int(since), int(until), int(failures))
            case _:
                return None

    def __str__(self) -> str:
        return f"{self.key} {self.since_ms} {self.next_ms} {self.failures}"


async def run_once_per(
    context: Context,
    name: str,
    key: str,
    work: Callable[[int | None], Awaitable[bool]],
) -> None:
    """Run an action once per key (one word), across restarts and processes.

    Nothing runs if the action is done for this key, or was claimed by another process within
    `CLAIM_MS`. `work` gets the time of the first claim if there was an earlier one, in Unix
    milliseconds, or None, and returns whether it is done; if not, a later call tries again, after
    pauses that grow to an hour, `MAX_ATTEMPTS` times. Only the last key is stored for each name.
    """
    before = await context.database.read(lambda tx: key_value.get(tx, name))
    earlier, now_ms = _Attempt.parse(before or ""), context.now_ms()
    if before == key:
        return
    if earlier is None or earlier.key != key:
        earlier = None
    elif now_ms < earlier.next_ms:
        return
    since_ms, failures = (earlier.since_ms, earlier.failures) if earlier else (now_ms, 0)
    claim = _Attempt(key, since_ms, now_ms + CLAIM_MS, failures)
    if not await _swap(context, name, before, str(claim)):
        return
    try:
        is_done = await work(earlier.since_ms if earlier else None)
    except Exception:
        await _swap(context, name, str(claim), _after_failure(context, name, claim))
        raise
    await _swap(context, name, str(claim), key if is_done else _after_failure(context, name, claim))


def repeat_at_ms(context: Context, failures: int) -> int:
    """Return when a notice that failed `failures` times may be sent again."""
    return context.due_after(repeat_pause_ms(failures, context.random.random()))


def _after_failure(context: Context, name: str, claim: _Attempt) -> str:
    """Return the record after one more failure: the next attempt, or at last as if it were done."""
    failures = claim.failures + 1
    if failures >= MAX_ATTEMPTS:
        _log.error("repeated action given up", name=name, attempts=failures)
        return claim.key
    return str(replace(claim, next_ms=repeat_at_ms(context, failures), failures=failures))


async def reset_run_once(context: Context, name: str) -> None:
    """Forget the last key of a name, so that the next call runs."""
    if await context.database.read(lambda tx: key_value.get(tx, name)):
        await context.database.transact(lambda tx: key_value.put(tx, name, ""))


async def claim_turn(
    tx: AsyncConnection, context: Context, name: str, interval_ms: int
) -> int | None:
    """Claim the next turn of what happens once per interval over all processes.

    Else return when to ask again, Unix milliseconds.
    """
    before = await key_value.get(tx, name)
    next_ms = int(before or 0)
    if next_ms > context.now_ms():
        return next_ms
    until_ms = context.due_after(interval_ms)
    is_ours = await key_value.compare_and_set(tx, name, before, str(until_ms))
    return None if is_ours else until_ms


async def _swap(context: Context, name: str, before: str | None, value: str) -> bool:
    async def swap(tx: AsyncConnection) -> bool:
        return await key_value.compare_and_set(tx, name, before, value)

    return await context.database.transact(swap)
