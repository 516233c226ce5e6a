"""One play: the lives of the service, one after the other, between a pair of stand-ins."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import select

from domain.films import WORKED_ON
from domain.jobs import ENDED_WITHOUT_VIDEO, NEVER_MS, PARKED, JobState
from qa.crash_matrix.process import fork_bot_to_kill
from qa.crash_matrix.run_record import SECRET_PROMPT, Cell, RunRecord
from sandbox.demo.process import (
    Process,
    RunningService,
    ServiceExited,
    ServiceProcess,
    service_for,
    terminate,
)
from sandbox.discord import ClientActionRefused, WaitTimeoutError
from storage import audit, film_tables, films, jobs, released_jobs, schema, storyboards
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.films import Film
from storage.jobs import Job
from tests.harness.forked_bot import BOT_COMMAND
from tests.harness.ports import free_port
from tests.harness.service import make_picture

if TYPE_CHECKING:
    from qa.crash_matrix.harness import MatrixHarness

TIME_SCALE: Final = 1_000
CALLBACK_TIME_SCALE: Final = 50
"""How much faster than APIXO; less where it calls back, for it does so four times and no more."""

FAST_SETTINGS: Final = "10"
TIMEOUT_S: Final = 60
_END_S: Final = 25
_LOOK_S: Final = 0.5
_MOST_LIVES: Final = 12
_MOST_ORDERS: Final = 6
_SECOND_THOUGHTS_S: Final = 0.25
"""How much longer a member waits each time before they ask once more."""

_WITH_LARGE_FILES = ("none", "download", "disk")
"""Axes on which a video takes several chunks, so that there is a middle to die in."""

_PICTURE = make_picture("lake.png", size=(320, 320))
_WAITING = JobState.QUEUED, JobState.SUBMITTING
_AT_REST = ENDED_WITHOUT_VIDEO | PARKED | {JobState.DELIVERED}

T = TypeVar("T")


class CellRun:
    """One play on a stage: `run` lets it happen, `traces` keeps what it left behind."""

    def __init__(
        self,
        stage: "MatrixHarness",
        cell: Cell,
        folder: Path,
        *,
        watch: bool,
    ) -> None:
        self.folder = folder
        self.traces = RunRecord(cell, marker=f"take {folder.name}")
        self._stage = stage
        self._cell = cell
        self._life: RunningService | None = None
        self._armed: asyncio.Task[None] | None = None
        self._passed = folder / "passed"
        self._service = self._set_up_service(watch=watch)
        self._orders = 0
        self._database: Database | None = None

    async def run(self) -> None:
        """Let the service live and die until it is at rest, and gather what is left."""
        dooms = [*self._cell.kill_points]
        if dooms and self._cell.fault.restores_copy:
            await self._replace_by_copy(dooms.pop(0))
        for _ in range(_MOST_LIVES):
            code = await self._live(dooms.pop(0) if dooms else "")
            if code == 0:
                break
            if code == -signal.SIGKILL:
                self.traces.kill_count += 1
            self._stage.on_killed()
        else:
            self.traces.violations.append(f"silent: it does not live, {_MOST_LIVES} times")
        await self._gather()

    async def _replace_by_copy(self, point: str) -> None:
        """Live a whole life, and put back the copy that was taken at a point of it.

        So much later that Discord has forgotten every nonce.
        """
        copy = self.folder / "copy"
        await self._live(point, copy)
        if not copy.exists():
            return  # the point was passed less often than in the undisturbed life
        self.traces.jobs_before = await self._jobs()
        await self._close_database()
        await self._stage.put_back(copy)
        self._stage.discord.world.nonces.clear()

    async def start(self, doom: str, copy: Path | None = None) -> RunningService:
        """Start the service, to die at a point, to be copied there, or to live."""
        service = self._service
        later = "1" if self.traces.is_restored else ""
        fate = {"DOOM": doom, "COPY": str(copy or ""), "LATER": later}
        killed = replace(service, environment={**service.environment, **fate})
        self._life = RunningService(await killed.start(), killed)
        return self._life

    async def close(self) -> None:
        """Leave nothing running."""
        if self._armed is not None:
            self._armed.cancel()
            await asyncio.gather(self._armed, return_exceptions=True)
        if self._life is not None:
            await terminate(self._life.process, 0)
        await self._close_database()

    async def _close_database(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def _live(self, doom: str, copy: Path | None = None) -> int:
        """Live one life and give its exit code."""
        self._orders = 0
        begun_s, before = time.monotonic(), self._stage.discord.gateway.identify_count
        life = await self.start(doom, copy)
        try:
            await life.while_running(self._connected(before))
            self.traces.restarts_s.append(time.monotonic() - begun_s)
            await self._arm()
            while not await self._ordered(life.process):
                await life.while_running(self._order())
            await life.while_running(self._until_rest())
            await life.while_running(self._see_the_rest())
            return await end_process(life.process)
        except ServiceExited:
            return await life.process.wait()
        except (TimeoutError, WaitTimeoutError) as error:
            self.traces.violations.append(f"silent: {await self._describe()} ({error})")
            await terminate(life.process, 0)
            return 0

    async def _connected(self, before: int) -> None:
        gateway, changes = self._stage.discord.gateway, self._stage.discord.world.changes
        await changes.wait_until(
            lambda: (gateway.identify_count > before and gateway.has_client) or None,
            TIMEOUT_S,
            "a connection to the gateway",
            lambda: "none",
        )

    async def _arm(self) -> None:
        if self._armed is None:
            lasting = self._cell.fault.arm(self._stage)
            self._armed = asyncio.create_task(_finish(lasting))

    async def _ordered(self, process: Process) -> bool:
        """Return whether there is a job; a member whose order was lost asks again, not for ever.

        What was ordered after the copy was taken is lost with what was replaced by it.
        """
        is_over = process.returncode is not None or self.traces.is_restored
        if is_over or self._orders >= _MOST_ORDERS or self._stage.is_thrown_out:
            return True
        fault = self._cell.fault
        return len(await self._jobs()) >= max(fault.order_count, fault.shot_count)

    async def _order(self) -> None:
        trouble = self._cell.fault
        is_next = 0 < self._orders < trouble.order_count
        await asyncio.sleep(0 if is_next else self._orders * _SECOND_THOUGHTS_S)
        self._orders += 1
        if trouble.shot_count:
            await self._order_storyboard(trouble.shot_count)
            return
        size = "[[size:1]]" if trouble.axis in _WITH_LARGE_FILES else ""
        options: dict[str, Any] = {
            "prompt": f"{SECRET_PROMPT}, {self.traces.marker} {size}",
            "duration": 4,
            **({"image": _PICTURE} if trouble.needs_picture else {}),
            **({"private": True} if trouble.is_private else {}),
            **({"takes": trouble.takes} if trouble.takes > 1 else {}),
        }
        command = "animate" if trouble.needs_picture else "video"
        try:
            answer = await self._stage.member.run_command(self._stage.channel, command, options)
        except ClientActionRefused:
            if not self._stage.is_thrown_out:
                raise
            return
        with suppress(WaitTimeoutError):
            await answer.until_answered(within=5)

    async def _order_storyboard(self, count: int) -> None:
        """Have shots made; a member whose answer was lost asks again."""
        stage, shot = self._stage, f"{SECRET_PROMPT}, {self.traces.marker}"
        text = " ".join(f"{number}. {shot}" for number in range(1, count + 1))
        options = {"prompt": text, "duration": 4}
        card = await stage.member.run_command(stage.channel, "storyboard", options)
        with suppress(WaitTimeoutError, ClientActionRefused):
            await card.until_answered(within=5)
            await stage.member.click(card, f"Make it for ${count * 0.08:.2f}")
            await card.until_text(lambda shown: "Got it!" in shown, within=5)

    async def _until_shots_are_decided(self) -> bool:
        """Skip the shots that a death has parked; return whether the film is at rest, too."""
        if not self._cell.fault.shot_count:
            return True
        stage = self._stage
        for message in [*stage.channel.messages]:
            if any(one.startswith("shot:skip:") for one in message.custom_ids):
                with suppress(WaitTimeoutError, ClientActionRefused):
                    clicked = await stage.member.click(message, "Skip this shot")
                    await clicked.until_answered(within=5)
        return not await self._read(storyboards.list_open) and all(
            film.state not in WORKED_ON for film in await self._read(_list_films)
        )

    async def _until_rest(self) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            changes = self._stage.discord.world.changes
            while True:
                changed = changes.next_change()
                found = await self._jobs()
                if not any(job.state in _WAITING for job in found):
                    self._stage.note_release()
                is_decided = await self._until_shots_are_decided()
                if is_decided and all(map(is_at_rest, found)):
                    return
                # Unlike `wait_for`, this hears of a cancellation at the moment of a change.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await changed.wait()
                # What was shown is written down a moment later.
                await asyncio.sleep(0.05)

    async def _see_the_rest(self) -> None:
        """Wait for the summary of the week or the notice of a removal, and share the video.

        If that is part of the fault.
        """
        fault = self._cell.fault
        if self._stage.is_thrown_out:
            await self._until_told()
        if channel := fault.server_settings.get("summary_channel"):
            await self._stage.discord.channel(channel).wait_for(
                lambda message: message.author.bot, within=TIMEOUT_S, awaited="the week's summary"
            )
        if fault.shares:
            await self._share()

    async def _until_told(self) -> None:
        """Wait until members were told of what was released, or could not be."""
        async with asyncio.timeout(TIMEOUT_S):
            while await self._read(lambda tx: released_jobs.list_next_untold(tx, NEVER_MS)):
                await asyncio.sleep(0.05)

    async def _share(self) -> None:
        """Have the member share the video, and click again where no answer came.

        Where a death has parked the job there is none.
        """
        stage = self._stage
        for job in await self._jobs():
            if job.state is not JobState.DELIVERED:
                continue
            result = await stage.channel.wait_for(
                lambda message, name=f"{job.id}.mp4": any(
                    file.filename == name for file in message.attachments
                ),
                within=60,
                awaited="the video to be shared",
            )
            told = ""
            while "hared! See it here" not in told:
                clicked = await stage.member.click(result, "Share")
                with suppress(WaitTimeoutError):
                    told = (await clicked.until_answered(within=5)).text

    async def _jobs(self) -> list[Job]:
        return await self._read(list_jobs)

    async def _read(self, work: Callable[[Any], Awaitable[T]]) -> T:
        if self._database is None:
            self._database = await Database.open(self._stage.database_url, read_only=True)
        while True:
            try:
                return await self._database.read(work)
            except DatabaseUnavailable:  # its connection, too, may be taken away
                await asyncio.sleep(0.05)

    async def _describe(self) -> str:
        found = await self._jobs()
        told = [f"{job.state}, shown {job.status_shown}, {job.reason}" for job in found]
        return "; ".join(told) or "no job"

    async def _gather(self) -> None:
        traces, media = self.traces, self.folder / "media"
        traces.jobs, traces.heard_of_removal_s = await self._jobs(), self._stage.heard_of_removal_s
        traces.films = await self._read(_list_films)
        traces.audit = await self._read(audit.run_audit)
        log = self._service.log
        traces.log = log.read_text(errors="replace") if log.exists() else ""
        traces.leftovers = [path.name for path in media.rglob("*.part")]
        traces.files = {path.name: path.read_bytes() for path in media.glob("*.mp4")}
        if self._passed.exists():
            traces.points_passed = self._passed.read_text().splitlines()

    def _set_up_service(self, *, watch: bool) -> ServiceProcess:
        stage, trouble = self._stage, self._cell.fault
        port = str(free_port())
        settings = {
            "DATABASE_URL": stage.database_url,
            "HASTE": FAST_SETTINGS,
            "HTTP_PORT": port,
            "LOG_FORMAT": "json",
            "TIME_SCALE": str(CALLBACK_TIME_SCALE if trouble.uses_callbacks else TIME_SCALE),
            **({"PUBLIC_URL": f"http://127.0.0.1:{port}"} if trouble.uses_callbacks else {}),
            **({"PASSED": str(self._passed)} if watch else {}),
            **({"BLIND": self._cell.disabled_guard} if self._cell.disabled_guard else {}),
            **trouble.settings,
        }
        return service_for(
            stage.apixo,
            stage.discord,
            command=BOT_COMMAND,
            folder=self.folder,
            settings=settings,
            launch=fork_bot_to_kill,
        )


async def end_process(process: Process) -> int:
    """Ask the service to end and give its exit code.

    Raises:
        TimeoutError: it did not end.
    """
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(_END_S):
        return await process.wait()


async def _finish(lasting: Awaitable[None] | None) -> None:
    if lasting is not None:
        await lasting


async def list_jobs(tx: Any) -> list[Job]:
    """List every job, the oldest first."""
    ids = (await tx.execute(select(schema.jobs.c.id).order_by(schema.jobs.c.id))).scalars()
    found = [await jobs.get(tx, each) for each in ids]
    return [job for job in found if job is not None]


async def _list_films(tx: Any) -> list[Film]:
    ids = (await tx.execute(select(film_tables.films.c.id))).scalars()
    found = [await films.get(tx, each) for each in ids]
    return [film for film in found if film is not None]


def is_at_rest(job: Job) -> bool:
    """Return whether a job has ended, or waits for a person, and its card says so."""
    is_decided = job.state is not JobState.SUBMIT_UNKNOWN or job.due_at_ms >= NEVER_MS
    return job.state in _AT_REST and job.status_shown is job.state and is_decided
