"""Servers that throw the bot out and invite it again, and what must not happen meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import text

from domain.obstacles import Obstacle, ObstacleKind
from qa.simulation.event_log import EventLog
from qa.simulation.fault_schedule import FaultSchedule
from qa.simulation.plan import SimulationPlan
from qa.simulation.process import ProcessDied
from qa.simulation.simulated_discord import SimulatedDiscord
from storage.database import Database
from storage.errors import DatabaseUnavailable
from workflow.context import Context
from workflow.servers.release import release_waiting

T = TypeVar("T")

_LEFT: Final = Obstacle(ObstacleKind.SERVER_LEFT)
_ABSENCES_S: Final = (1_200, 7_200, 43_200)
_HEARD_S: Final = 5
"""After how long a process has heard of a removal, unless it looks by itself before it buys."""

_RELEASED_S: Final = 600
"""How long a process may live beside a removal before all that waited must be released."""


class World(Protocol):
    """What is thrown out, and what is looked at."""

    database: Database
    discord: SimulatedDiscord
    fault_schedule: FaultSchedule

    @property
    def life_s(self) -> float:
        """Return for how many seconds a process lives; 0 if there is none."""
        ...

    async def call(self, work: Callable[[Context], Coroutine[Any, Any, T]]) -> T:
        """Have the service do something, if it lives (else ProcessDied)."""
        ...


class RemovalActor:
    """Throws the bot out of a server now and then; hours later it is back."""

    def __init__(self, world: World, plan: SimulationPlan, dice: Random, journal: EventLog) -> None:
        self._world = world
        self._plan = plan
        self._dice = dice
        self._journal = journal

    async def run(self) -> None:
        """Go on until the last day is over."""
        while self._plan.removal_every_s is not None:
            await asyncio.sleep(self._dice.expovariate(1 / self._plan.removal_every_s))
            if self._world.fault_schedule.is_stopped:
                return
            guild_id = 1 + self._dice.randrange(self._plan.guild_count)
            self._world.discord.throw_out(guild_id)
            await self._tell(guild_id)
            await asyncio.sleep(self._dice.choice(_ABSENCES_S))
            await self._check_released(guild_id)
            self._world.discord.invite(guild_id)

    def check_purchase(self, guild_id: int | None) -> None:
        """Watch a submission go out for a job of a server."""
        removed_s = self._world.discord.removed_for_s(guild_id)
        if removed_s is not None and removed_s > _HEARD_S:
            self._journal.report_violation(
                f"bought: {removed_s:.0f} s after server {guild_id} threw the bot out"
            )

    async def _tell(self, guild_id: int) -> None:
        """Let the process hear of it, as from the gateway; else it finds out by itself."""
        if not self._world.discord.is_connected:
            return
        try:
            count = await self._world.call(lambda ctx: release_waiting(ctx, guild_id, _LEFT))
        except (ProcessDied, DatabaseUnavailable):
            self._journal.record("removals not heard of")
        else:
            self._journal.record("removals heard of", count)
            for _ in range(count):
                self._journal.record("jobs released at once")

    async def _check_released(self, guild_id: int) -> None:
        waiting = text("SELECT count(*) FROM jobs WHERE state = 'queued' AND guild_id = :guild")
        count = await self._world.database.read(lambda tx: tx.execute(waiting, {"guild": guild_id}))
        is_due = self._world.life_s > _RELEASED_S and self._world.discord.is_connected
        if is_due and (left := count.scalar_one()):
            self._journal.report_violation(
                f"silent: {left} jobs wait on server {guild_id}, which threw the bot out"
            )
