"""The loop that runs the workers of films and of storyboards."""

import asyncio
from typing import Final

import structlog
from discord.ext import commands

from domain.errors import Outage
from workflow.films.worker import FilmWorker
from workflow.storyboards.progress import StoryboardWorker

_log = structlog.get_logger(__name__)

_ERROR_PAUSE_S: Final = 1
_WAIT_S: Final = 2.0
_STORYBOARD_WAIT_S: Final = 0.5
"""While a shot may be done at any moment, and the next one is to begin."""


class FilmLoop(commands.Cog):
    """Runs the workers for the life of the process, unless other processes work."""

    def __init__(
        self, worker: FilmWorker, storyboards: StoryboardWorker, *, takes_jobs: bool
    ) -> None:
        self._worker = worker
        self._storyboards = storyboards
        self._takes_jobs = takes_jobs
        self._task: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Start the loop."""
        if self._takes_jobs:
            self._task = asyncio.create_task(self._run_forever(), name="films")

    async def cog_unload(self) -> None:
        """Stop the loop; a film that is being joined is made by the next process."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._worker.stop()

    async def _run_forever(self) -> None:
        is_recovered = False
        while True:
            try:
                if not is_recovered:
                    await self._worker.recover()
                    is_recovered = True
                has_open = await self._storyboards.run_once()
                await self._worker.run_once()
                await self._worker.wait_for_work(_STORYBOARD_WAIT_S if has_open else _WAIT_S)
            except Outage as error:
                _log.warning("films delayed by outage", reason=error)
                await asyncio.sleep(_ERROR_PAUSE_S)
            except Exception:  # noqa: BLE001 - one failed run must not end the loop
                _log.exception("films failed")
                await asyncio.sleep(_ERROR_PAUSE_S)
