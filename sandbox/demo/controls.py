"""Controls of the demo: its speed, APIXO's balance, a crash, and back to the beginning."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sandbox.apixo import FakeApixo
from sandbox.demo.fault_switches import FaultSwitches
from sandbox.demo.process import ServiceProcess, Supervisor, new_data_folder, service_for
from sandbox.discord import FakeDiscord

_SPEEDS: Final = (1, 5, 10, 30, 60)


class DemoControls:
    """Changes the stand-ins and the service together; `say` prints to the console."""

    def __init__(
        self,
        apixo: FakeApixo,
        discord: FakeDiscord,
        supervisor: Supervisor,
        say: Callable[[str], None],
    ) -> None:
        self.fault_switches = FaultSwitches(apixo, discord)
        self._apixo = apixo
        self._discord = discord
        self._supervisor = supervisor
        self._echo = say
        self._speed = apixo.scaled_clock.scale
        self._retiming = asyncio.Lock()

    @property
    def speeds(self) -> list[float]:
        """The speeds to choose from, the one at the start among them."""
        return sorted({*_SPEEDS, self._apixo.config.time_scale})

    async def set_speed(self, speed: float) -> None:
        """Let APIXO and the service's waits go at another speed; the service starts again.

        Raises:
            OSError: the service cannot be started.
        """
        self._speed = speed
        async with self._retiming:
            # Whoever waited here finds that the newest wish has been granted.
            if self._speed != self._apixo.scaled_clock.scale:
                await self._supervisor.restart(self._at_new_speed)

    async def kill(self) -> None:
        """Kill the service and start it again.

        Raises:
            OSError: the service cannot be started.
        """
        self._echo("the bot is killed (SIGKILL) and started again")
        await self._supervisor.restart(kill=True)

    async def reset(self) -> None:
        """End the service, empty both stand-ins, and start it again on fresh data.

        Raises:
            OSError: the service cannot be started, or there is no place for its data.
        """
        await self._supervisor.restart(self._from_the_beginning)

    def set_balance(self, micro: int) -> None:
        """Set the money on APIXO's key, in micro-dollars."""
        self._apixo.balance.micro = micro

    async def _at_new_speed(self) -> ServiceProcess:
        self._echo(f"time runs {self._speed:g} times as fast; the bot starts again")
        self._apixo.scaled_clock.adjust(scale=self._speed)
        service = self._supervisor.service
        return replace(service, environment={**service.environment, **self._timing()})

    async def _from_the_beginning(self) -> ServiceProcess:
        folder = new_data_folder()
        await self.fault_switches.turn_all_off()
        await self._apixo.reset()
        _empty(self._discord)
        self._echo(f"all over again, with data and log in {folder}")
        before = self._supervisor.service
        return service_for(
            self._apixo,
            self._discord,
            command=before.command,
            folder=folder,
            settings=self._timing(),
            launch=before.launch,
        )

    def _timing(self) -> dict[str, str]:
        return {"TIME_SCALE": f"{self._apixo.scaled_clock.scale:g}"}


def _empty(discord: FakeDiscord) -> None:
    """Take every message away, private ones, open forms and notices too."""
    world = discord.world
    for channel in world.channels.values():
        for message in [*channel.messages, *channel.ephemeral_messages]:
            world.delete_message(message)
    for interaction in discord.interactions:
        interaction.closed = interaction.dismissed = True
    world.changes.notify()
