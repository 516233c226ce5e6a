"""One pair of stand-ins, and the lives of the service that are played between them.

A play: the service starts, something goes wrong for the others, a member orders a video, the
service dies where it is told to, starts anew, perhaps dies again, and at last comes to rest.
"""

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import select

from domain.guild_settings import ServerSettings
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from qa.crash_matrix.databases import Databases
from qa.crash_matrix.faults import Trouble
from qa.crash_matrix.fork_server import KILLED, Life, Nursery
from qa.crash_matrix.invariants import judge
from qa.crash_matrix.run_record import SECRET_WORDS, Cell, Traces
from sandbox.apixo import ApixoOptions, ApixoStandIn
from sandbox.demo.process import beside
from sandbox.discord import Channel, DiscordOptions, DiscordStandIn, NotSeen
from storage import audit, guild_settings, jobs, schema
from storage.database import Database
from storage.errors import DatabaseDown
from storage.jobs import Job
from tests.harness.service import picture
from workflow.scheduling import NEVER_MS

SCALE: Final = 1_000
CALLBACK_SCALE: Final = 50
"""How much faster than APIXO; less where it calls back, for it does so four times and no more."""

HASTE: Final = "10"
PATIENCE_S: Final = 60
_LOOK_S: Final = 0.5
_MOST_LIVES: Final = 12
_MOST_ORDERS: Final = 6
_SECOND_THOUGHTS_S: Final = 0.25
"""How much longer a member waits each time before they ask once more."""

_UNCOUNTED: Final = 1_000_000
"""The limits on requests are tested elsewhere; many lives in a row must not meet them."""

_WITH_LARGE_FILES = ("none", "download", "disk")
"""Axes on which a video takes several chunks, so that there is a middle to die in."""

_PICTURE = picture("lake.png", size=(320, 320))
_AT_REST = ENDED_WITHOUT_VIDEO | PARKED | {JobState.DELIVERED}

T = TypeVar("T")


class Over(Exception):
    """The process has ended before what was waited for came."""


class Stage:
    """Stand-ins of APIXO and Discord, and a member who types; `play` plays one cell on them."""

    def __init__(self, nursery: Nursery, databases: Databases, folder: Path) -> None:
        self._forgets = False
        self.apixo = ApixoStandIn(ApixoOptions(clips="tiny", time_scale=SCALE))
        self.discord = DiscordStandIn(_unlimited())
        self.database_url = ""
        self._nursery = nursery
        self._databases = databases
        self._folder = folder
        self._plays = 0
        self._endings: list[Callable[[], None]] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls, nursery: Nursery, databases: Databases, folder: Path
    ) -> AsyncIterator["Stage"]:
        """Open the stand-ins, and let the service see its first start, with all its migrations."""
        stage = cls(nursery, databases, folder)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(stage.apixo)
            await stack.enter_async_context(stage.discord)
            stage.ada = stage.discord.member("Ada")
            stage.new_channel()
            await stage._premiere()
            yield stage

    @property
    def database_file(self) -> Path:
        """Tell where the SQLite file of this play lies."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    def at_the_end(self, undo: Callable[[], None]) -> None:
        """Call something when the play is over."""
        self._endings.append(undo)

    def new_channel(self) -> None:
        """Have a channel in which members order from now on."""
        world = self.discord.world
        self.channel = world.add_channel(world.guild(), f"videos-{self._plays}")

    def forget_nonces(self) -> None:
        """Let Discord forget every nonce at each death from now on, as it does in a few minutes."""
        self._forgets = True

    async def play(self, cell: Cell, *, watch: bool = False) -> Traces:
        """Play one cell to its end and judge it; with `watch`, also note each point passed."""
        play = await self._set_up(cell, watch=watch)
        try:
            await play.run()
            play.traces.complaints = judge(play.traces, self.apixo, self.discord)
        finally:
            await self._clear_up(play)
        return play.traces

    def died(self) -> None:
        """Let pass what passes while the service is dead."""
        if self._forgets:
            self.discord.world.nonces.clear()

    async def _premiere(self) -> None:
        play = await self._set_up(Cell(Trouble(axis="", name="")), watch=False)
        life = await play.start("")
        await self.discord.until_commands({"animate"}, within=PATIENCE_S)
        await life.end()
        await _allow_private(self.database_url, self.discord.world.guild().id)
        await self._databases.keep(self.database_url)

    async def _set_up(self, cell: Cell, *, watch: bool) -> "_Play":
        self._plays += 1
        await self.apixo.empty()
        calls_back = cell.trouble.calls_back
        self.apixo.pace.change(scale=CALLBACK_SCALE if calls_back else SCALE)
        self.discord.faults.clear()
        for channel in self.discord.world.channels.values():
            _empty(channel)
        self.database_url = await self._databases.fresh()
        folder = self._folder / f"play-{self._plays}"
        folder.mkdir(parents=True)
        return _Play(self, self._nursery, cell, folder, watch=watch)

    async def _clear_up(self, play: "_Play") -> None:
        await play.close()
        for undo in self._endings:
            undo()
        self._endings.clear()
        self._forgets = False
        await self._databases.drop(self.database_url)
        shutil.rmtree(play.folder)


class _Play:
    def __init__(
        self, stage: Stage, nursery: Nursery, cell: Cell, folder: Path, *, watch: bool
    ) -> None:
        self.folder = folder
        self.traces = Traces(cell, marker=f"take {folder.name}")
        self._stage = stage
        self._nursery = nursery
        self._cell = cell
        self._life: Life | None = None
        self._armed: asyncio.Task[None] | None = None
        self._log = folder / "bot.log"
        self._passed = folder / "passed"
        self._environment = self._settings(watch=watch)
        self._orders = 0
        self._database: Database | None = None

    async def run(self) -> None:
        """Let the service live and die until it is at rest, and gather what is left."""
        dooms = [*self._cell.dooms]
        for _ in range(_MOST_LIVES):
            code = await self._live(dooms.pop(0) if dooms else "")
            if code == 0:
                break
            if code == KILLED:
                self.traces.kills += 1
            self._stage.died()
        else:
            self.traces.complaints.append(f"silent: it does not live, {_MOST_LIVES} times")
        await self._gather()

    async def start(self, doom: str) -> Life:
        """Start the service, to die at a point, or to live."""
        environment = {**self._environment, "DOOM": doom}
        self._life = await self._nursery.bring_up(self.folder, environment, self._log)
        return self._life

    async def close(self) -> None:
        """Leave nothing running."""
        if self._armed is not None:
            self._armed.cancel()
            await asyncio.gather(self._armed, return_exceptions=True)
        if self._life is not None:
            await self._life.kill()
        if self._database is not None:
            await self._database.close()

    async def _live(self, doom: str) -> int:
        """Live one life and give its exit code."""
        self._orders = 0
        begun_s, before = time.monotonic(), self._stage.discord.gateway.identifies
        life = await self.start(doom)
        try:
            await _unless_over(life, self._connected(before))
            self.traces.restarts_s.append(time.monotonic() - begun_s)
            await self._arm()
            while not await self._ordered(life):
                await _unless_over(life, self._order())
            await _unless_over(life, self._until_rest())
            return await life.end()
        except Over:
            return life.ended.result()
        except (TimeoutError, NotSeen) as error:
            self.traces.complaints.append(f"silent: {await self._describe()} ({error})")
            await life.kill()
            return 0

    async def _connected(self, before: int) -> None:
        gateway, changes = self._stage.discord.gateway, self._stage.discord.world.changes
        await changes.until(
            lambda: (gateway.identifies > before and gateway.connected) or None,
            PATIENCE_S,
            "a connection to the gateway",
            lambda: "none",
        )

    async def _arm(self) -> None:
        if self._armed is None:
            lasting = self._cell.trouble.arm(self._stage)
            self._armed = asyncio.create_task(_finish(lasting))

    async def _ordered(self, life: Life) -> bool:
        """Tell whether there is a job; a member whose order was lost asks again, not for ever."""
        return self._orders >= _MOST_ORDERS or life.is_over or bool(await self._jobs())

    async def _order(self) -> None:
        await asyncio.sleep(self._orders * _SECOND_THOUGHTS_S)
        self._orders += 1
        trouble = self._cell.trouble
        size = "[[size:1]]" if trouble.axis in _WITH_LARGE_FILES else ""
        options: dict[str, Any] = {
            "prompt": f"{SECRET_WORDS}, {self.traces.marker} {size}",
            "duration": 4,
            **({"image": _PICTURE} if trouble.animates else {}),
            **({"private": True} if trouble.is_private else {}),
        }
        command = "animate" if trouble.animates else "video"
        answer = await self._stage.ada.type(self._stage.channel, command, options)
        with suppress(NotSeen):
            await answer.until_answered(within=5)

    async def _until_rest(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            changes = self._stage.discord.world.changes
            while True:
                changed = changes.next()
                if all(map(_is_at_rest, await self._jobs())):
                    return
                # Unlike `wait_for`, this hears of a cancellation at the moment of a change.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await changed.wait()
                # What was shown is written down a moment later.
                await asyncio.sleep(0.05)

    async def _jobs(self) -> list[Job]:
        return await self._read(_every_job)

    async def _read(self, work: Callable[[Any], Awaitable[T]]) -> T:
        if self._database is None:
            self._database = await Database.open(self._stage.database_url, read_only=True)
        while True:
            try:
                return await self._database.read(work)
            except DatabaseDown:  # its connection, too, may be taken away
                await asyncio.sleep(0.05)

    async def _describe(self) -> str:
        found = await self._jobs()
        told = [f"{job.state}, shown {job.status_shown}, {job.reason}" for job in found]
        return "; ".join(told) or "no job"

    async def _gather(self) -> None:
        traces, media = self.traces, self.folder / "media"
        traces.jobs = await self._jobs()
        traces.audit = await self._read(audit.check)
        traces.log = self._log.read_text(errors="replace") if self._log.exists() else ""
        traces.leftovers = [path.name for path in media.rglob("*.part")]
        traces.files = {path.name: path.read_bytes() for path in media.glob("*.mp4")}
        if self._passed.exists():
            traces.passed = self._passed.read_text().splitlines()

    def _settings(self, *, watch: bool) -> dict[str, str]:
        stage, trouble = self._stage, self._cell.trouble
        port = str(_free_port())
        settings = {
            "DATABASE_URL": stage.database_url,
            "HASTE": HASTE,
            "HTTP_PORT": port,
            "LOG_FORMAT": "json",
            "TIME_SCALE": str(CALLBACK_SCALE if trouble.calls_back else SCALE),
            **({"PUBLIC_URL": f"http://127.0.0.1:{port}"} if trouble.calls_back else {}),
            **({"PASSED": str(self._passed)} if watch else {}),
            **({"BLIND": self._cell.blind} if self._cell.blind else {}),
            **trouble.settings,
        }
        service = beside(
            stage.apixo, stage.discord, command=(), folder=self.folder, settings=settings
        )
        return {**service.environment}


async def _unless_over(life: Life, work: Coroutine[Any, Any, T]) -> T:
    """Do some work that needs the service.

    Raises:
        Over: it ended before.
    """
    working = asyncio.create_task(work)
    try:
        await asyncio.wait((working, life.ended), return_when=asyncio.FIRST_COMPLETED)
        if life.is_over:
            raise Over
        return working.result()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _finish(lasting: Awaitable[None] | None) -> None:
    if lasting is not None:
        await lasting


def _empty(channel: Channel) -> None:
    for message in (*channel.messages, *channel.private):
        for attachment in message.attachments:
            shutil.rmtree(attachment.path.parent, ignore_errors=True)
    channel.messages.clear()
    channel.private.clear()


async def _allow_private(url: str, guild_id: int) -> None:
    text = ServerSettings(private_allowed=True).model_dump_json()
    async with await Database.open(url) as database:
        await database.transact(lambda tx: guild_settings.save(tx, guild_id, text, 0))


async def _every_job(tx: Any) -> list[Job]:
    ids = (await tx.execute(select(schema.jobs.c.id).order_by(schema.jobs.c.id))).scalars()
    found = [await jobs.get(tx, each) for each in ids]
    return [job for job in found if job is not None]


def _is_at_rest(job: Job) -> bool:
    is_decided = job.state is not JobState.SUBMIT_UNKNOWN or job.due_at_ms >= NEVER_MS
    return job.state in _AT_REST and job.status_shown is job.state and is_decided


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _unlimited() -> DiscordOptions:
    return DiscordOptions(
        sends_per_window=_UNCOUNTED,
        token_sends_per_window=_UNCOUNTED,
        requests_per_second=_UNCOUNTED,
        command_creates_per_day=_UNCOUNTED,
    )
