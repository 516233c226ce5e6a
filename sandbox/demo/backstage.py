"""Backstage of the demo's page: what is shown there, and what each control does."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from sandbox.apixo import FakeApixo
from sandbox.demo import widgets
from sandbox.demo.controls import DemoControls
from sandbox.demo.process import Supervisor
from sandbox.demo.snapshot_types import Snapshot, SnapshotReader
from sandbox.demo.tables import jobs_table, ledger_table, tasks_table
from sandbox.demo.widgets import Json, button, figure, format_usd
from sandbox.discord import ClientActionRefused, FakeDiscord

_NOTHING: Final = Snapshot(held_micro=0, charged_micro=0, released_micro=0, jobs=[], ledger=[])


class DemoBackstage:
    """Shows what members do not see, and lets a visitor turn the levers.

    Args:
        apixo, discord, supervisor: what is shown.
        levers: what can be turned.
        open_books: gives the service's books; called once, in a thread, as it may take a moment.
    """

    def __init__(
        self,
        apixo: FakeApixo,
        discord: FakeDiscord,
        supervisor: Supervisor,
        levers: DemoControls,
        open_books: Callable[[], SnapshotReader],
    ) -> None:
        self._apixo = apixo
        self._discord = discord
        self._supervisor = supervisor
        self._levers = levers
        self._open_books = open_books
        self._books: SnapshotReader | None = None
        self._is_closed = False
        self._reading = asyncio.Lock()

    async def close(self) -> None:
        """Call off what was still to go wrong, and close the books for good."""
        await self._levers.fault_switches.turn_all_off()
        async with self._reading:
            self._is_closed = True
            if self._books is not None:
                await self._books.close()

    async def panels(self) -> list[Json]:
        """Write everything as it is now."""
        overview, world = await self._overview(), self._discord.world
        return [
            self._money(overview),
            self._time(),
            widgets.switches(
                "mishaps",
                "Break something",
                [mishap.to_json() for mishap in self._levers.fault_switches],
                "Each happens once. Nobody pays twice, and nothing is lost in silence.",
            ),
            self._bot(),
            jobs_table(overview, world, time.time_ns() // 1_000_000),
            tasks_table(self._apixo),
            ledger_table(overview, world),
        ]

    async def use_control(self, panel: str, control: str, value: object) -> None:
        """Do what a visitor wants.

        Raises:
            ClientActionRefused: there is no such control or value, or it did not work.
        """
        try:
            match panel:
                case "time":
                    await self._levers.set_speed(self._speed(value))
                case "mishaps":
                    await self._break(control, value)
                case "bot":
                    await self._press(control)
                case _:
                    raise ClientActionRefused(f"there is no panel {panel!r}")
        except OSError as error:
            raise ClientActionRefused(f"the bot can not be started: {error}") from error

    async def _overview(self) -> Snapshot | None:
        async with self._reading:
            if self._is_closed:
                return None
            if self._books is None:
                self._books = await asyncio.to_thread(self._open_books)
            return await self._books.read(self._supervisor.service.environment["DATABASE_URL"])

    def _money(self, overview: Snapshot | None) -> Json:
        balance = self._apixo.balance.micro
        sums = overview or _NOTHING
        shown = [
            figure("On APIXO's key", format_usd(balance), "bad" if balance <= 0 else None),
            figure("On hold", format_usd(sums["held_micro"])),
            figure("Charged", format_usd(sums["charged_micro"])),
            figure("Given back", format_usd(sums["released_micro"])),
        ]
        return widgets.figures("money", "Money", shown)

    def _time(self) -> Json:
        control: Json = {
            "id": "speed",
            "label": "Time runs",
            "value": self._apixo.scaled_clock.scale,
            "steps": self._levers.speeds,
            "unit": "×",
        }
        hint = "A change starts the bot again; it goes on with what is under way."
        return widgets.slider("time", "Time", control, hint)

    def _bot(self) -> Json:
        alive = self._supervisor.is_alive
        shown = [
            button(
                "kill",
                "Kill the bot (SIGKILL) and start it again" if alive else "Start the bot again",
                "It goes on where it stood: what is being made is posted once and charged once.",
            ),
            button("empty", "Empty APIXO's balance", "New videos wait in line for it."),
            button(
                "fill", "Fill APIXO's balance", "What waits goes on within five of its minutes."
            ),
            button(
                "reset",
                "Begin again",
                "Empties the channels, APIXO and the ledger, and starts the bot on fresh data.",
                confirm="Remove every message, video and entry of this demo?",
            ),
        ]
        return widgets.buttons("bot", "The bot", shown, self._state())

    def _state(self) -> str:
        if not self._supervisor.is_alive:
            return "It does not run. The console shows the end of its log."
        if self._discord.gateway.has_client:
            return "It runs in a process of its own, and is connected."
        return "It runs, and is not connected yet."

    def _speed(self, value: object) -> float:
        for speed in self._levers.speeds:
            if value == speed and not isinstance(value, bool):
                return speed
        raise ClientActionRefused(f"time can not run {value!r} times as fast")

    async def _break(self, control: str, value: object) -> None:
        mishap = self._levers.fault_switches.get(control)
        if mishap is None or not isinstance(value, bool):
            raise ClientActionRefused(f"there is no switch {control!r} for {value!r}")
        await mishap.set_on(on=value)

    async def _press(self, control: str) -> None:
        match control:
            case "kill":
                await self._levers.kill()
            case "reset":
                await self._levers.reset()
            case "empty":
                self._levers.set_balance(0)
            case "fill":
                self._levers.set_balance(self._apixo.config.balance_micro)
            case _:
                raise ClientActionRefused(f"there is no button {control!r}")
