"""The background loop that turns the belt, from the start of the process to its end."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final

import structlog
from discord.ext import commands, tasks

from cogs.desk import Desk
from domain.errors import Outage
from workflow.belt import Belt

_log = structlog.get_logger(__name__)

_LAST_S: Final = 5
_DRAIN_S: Final = 14
_ERROR_REST_S: Final = 1


class Turning(commands.Cog):
    """Keeps the belt turning, and ends it in order."""

    def __init__(self, belt: Belt, desk: Desk) -> None:
        self._belt = belt
        self._desk = desk

    async def cog_load(self) -> None:
        """Make good what a crash left, and start the loop."""
        await self._belt.start()
        self._turn.start()

    async def cog_unload(self) -> None:
        """Stop the loop and let what is under way finish, while Discord can still be reached."""
        turning = self._turn.get_task()
        self._turn.stop()
        self._belt.wake()
        last: list[Awaitable[Any]] = [self._desk.close()]
        if turning is not None:
            last.append(asyncio.wait([turning], timeout=_LAST_S))
        await asyncio.gather(*last)
        if turning is not None:
            turning.cancel()
        await self._belt.drain(_DRAIN_S)

    @tasks.loop(seconds=0)
    async def _turn(self) -> None:
        """Turn the belt and rest; a fault of one turn is logged and the next one comes."""
        try:
            await self._belt.turn()
            await self._belt.rest()
        except Outage as error:
            _log.error("the belt stands still", why=str(error))
            await asyncio.sleep(_ERROR_REST_S)
        except Exception:  # noqa: BLE001 - whatever it is, the belt goes on
            _log.exception("a turn of the belt failed")
            await asyncio.sleep(_ERROR_REST_S)
