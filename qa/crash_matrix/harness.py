"""One pair of stand-ins, and the lives of the service that are played between them.

A play: the service starts, something goes wrong for the others, a member orders a video, the
service dies where it is told to, starts again, perhaps dies again, and at last comes to rest.
"""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from qa.crash_matrix.cell_run import (
    CALLBACK_TIME_SCALE,
    TIME_SCALE,
    TIMEOUT_S,
    CellRun,
    end_process,
)
from qa.crash_matrix.databases import DatabasePool
from qa.crash_matrix.fault import InjectedFault
from qa.crash_matrix.hand_over import HandOverRun
from qa.crash_matrix.invariants import check_invariants
from qa.crash_matrix.run_record import Cell, RunRecord
from qa.crash_matrix.wishes import allow_private, create_shards, store_wishes
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.discord import (
    Channel,
    DiscordConfig,
    FakeDiscord,
)

_HEARD_S: Final = 12.0
"""After how long the service must have heard that the bot was thrown out, however slow it is."""

_UNCOUNTED: Final = 1_000_000
"""The limits on requests are tested elsewhere; many lives in a row must not meet them."""


class MatrixHarness:
    """Stand-ins of APIXO and Discord, and a member who types; `play` plays one cell on them."""

    def __init__(self, databases: DatabasePool, folder: Path) -> None:
        self._forgets = False
        self.apixo = FakeApixo(ApixoConfig(clips="tiny", time_scale=TIME_SCALE))
        self.discord = FakeDiscord(_unlimited())
        self.database_url = ""
        self.heard_of_removal_s: float | None = None
        """When the service must have heard that the bot was thrown out, by APIXO's clock."""

        self._databases = databases
        self._folder = folder
        self._plays = 0
        self._endings: list[Callable[[], None]] = []

    @classmethod
    @asynccontextmanager
    async def start(cls, databases: DatabasePool, folder: Path) -> AsyncIterator["MatrixHarness"]:
        """Open the stand-ins, and let the service see its first start, with all its migrations."""
        stage = cls(databases, folder)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(stage.apixo)
            await stack.enter_async_context(stage.discord)
            stage.member = stage.discord.member("Ada")
            stage.use_new_channel()
            await stage._premiere()
            yield stage

    @property
    def database_file(self) -> Path:
        """Return where the SQLite file of this play lies."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    async def put_back(self, copy: Path) -> None:
        """Put a copy in the place of the database of this play."""
        await self._databases.put_back(self.database_url, copy)

    @property
    def has_heard_of_removal(self) -> bool:
        """Return whether the bot was thrown out, and the service must have heard of it."""
        return self.is_thrown_out and self.apixo.clock.now() >= (self.heard_of_removal_s or 0)

    @property
    def is_thrown_out(self) -> bool:
        """Return whether the bot was thrown out of the server."""
        return self.heard_of_removal_s is not None

    def throw_out(self) -> None:
        """Throw the bot out of the server in which members order, until the play is over."""
        world, guild = self.discord.world, self.discord.world.guild()
        world.remove_bot(guild)
        self.heard_of_removal_s = self.apixo.clock.now() + _HEARD_S
        self.add_cleanup(lambda: world.add_bot(guild))

    def note_release(self) -> None:
        """Note that the service has heard of it: nothing waits any longer."""
        if self.heard_of_removal_s is not None:
            self.heard_of_removal_s = min(self.heard_of_removal_s, self.apixo.clock.now())

    def add_cleanup(self, undo: Callable[[], None]) -> None:
        """Call something when the play is over."""
        self._endings.append(undo)

    def use_new_channel(self) -> None:
        """Have a channel in which members order from now on."""
        world = self.discord.world
        self.channel = world.add_channel(world.guild(), f"videos-{self._plays}")

    def forget_nonces(self) -> None:
        """Let Discord forget every nonce at each death from now on, as it does in a few minutes."""
        self._forgets = True

    async def run_cell(self, cell: Cell, *, watch: bool = False) -> RunRecord:
        """Play one cell to its end and judge it; with `watch`, also note each point passed."""
        play = await self._set_up(cell, watch=watch)
        try:
            await play.run()
            play.traces.violations = check_invariants(play.traces, self.apixo, self.discord)
        finally:
            await self._clear_up(play)
        return play.traces

    def on_killed(self) -> None:
        """Let pass what passes while the service is dead."""
        if self._forgets:
            self.discord.world.nonces.clear()

    async def _premiere(self) -> None:
        play = await self._set_up(Cell(InjectedFault(axis="", name="")), watch=False)
        life = await play.start("")
        await life.while_running(self.discord.wait_for_commands({"animate"}, within=TIMEOUT_S))
        await end_process(life.process)
        await allow_private(self.database_url, self.discord.world.guild().id)
        await create_shards(self.database_url, 1)  # whose sessions are no other stage's to resume
        await self._databases.set_template(self.database_url)

    async def _set_up(self, cell: Cell, *, watch: bool) -> CellRun:
        self._plays += 1
        await self.apixo.reset()
        calls_back = cell.fault.uses_callbacks
        self.apixo.scaled_clock.adjust(scale=CALLBACK_TIME_SCALE if calls_back else TIME_SCALE)
        self.discord.faults.clear()
        for channel in self.discord.world.channels.values():
            _empty(channel)
        self.database_url = await self._databases.create()
        channels = {
            field: self.discord.channel(name).id
            for field, name in cell.fault.server_settings.items()
        }
        wanting = self.member.id if cell.fault.wants_notification else None
        await store_wishes(self.database_url, self.discord.world.guild().id, channels, wanting)
        folder = self._folder / f"play-{self._plays}"
        folder.mkdir(parents=True)
        kind = HandOverRun if cell.fault.hands_over else CellRun
        return kind(self, cell, folder, watch=watch)

    async def _clear_up(self, play: CellRun) -> None:
        await play.close()
        for undo in self._endings:
            undo()
        self._endings.clear()
        self._forgets, self.heard_of_removal_s = False, None
        await self._databases.drop(self.database_url)
        shutil.rmtree(play.folder)


def _empty(channel: Channel) -> None:
    for message in (*channel.messages, *channel.ephemeral_messages):
        for attachment in message.attachments:
            shutil.rmtree(attachment.path.parent, ignore_errors=True)
    channel.messages.clear()
    channel.ephemeral_messages.clear()


def _unlimited() -> DiscordConfig:
    return DiscordConfig(
        sends_per_window=_UNCOUNTED,
        token_sends_per_window=_UNCOUNTED,
        requests_per_second=_UNCOUNTED,
        command_creates_per_day=_UNCOUNTED,
        identify_seconds=0,
    )
