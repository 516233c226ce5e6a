"""Writes what must not be lost, through whatever keeps the database from taking it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from workflow.context import Context

_log = structlog.get_logger(__name__)

_WRITE_AGAIN_S: Final = (0.1, 0.2, 0.5, 1, 2, *[5] * 20)
"""Seconds between the tries; the last is for all that follow."""


async def surely(context: Context, work: Callable[[AsyncConnection], Awaitable[object]]) -> None:
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
