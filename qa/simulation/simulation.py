"""A month in one process, out of a seed: the real worker and database, everyone else simulated.

`simulate(plan)` runs it and returns what came of it. The same plan leads to the same history.
"""

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Generator, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar
from unittest.mock import patch

import structlog
from sqlalchemy import text

from qa.simulation import process, removals
from qa.simulation.actors import MemberActors, OperatorActor
from qa.simulation.event_log import EventLog
from qa.simulation.fault_schedule import FaultSchedule, StormSide
from qa.simulation.invariants import ExternalState, audit_ledger, check_invariants, is_at_rest
from qa.simulation.memory import reachable_bytes, resident_bytes
from qa.simulation.plan import DAY_S, SimulationPlan
from qa.simulation.process import FailingDatabase, ProcessDied, SimulatedProcess, task_factory
from qa.simulation.removals import RemovalActor
from qa.simulation.restores import CopyKeeper
from qa.simulation.simulated_apixo import SimulatedApixo
from qa.simulation.simulated_discord import SimulatedDiscord
from qa.simulation.simulated_playback import SimulatedPlaybackCheck
from qa.simulation.virtual_time import VirtualTimeLoop
from sandbox.apixo import Task
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.media import MediaFolder
from tests.harness.memory import find_memory
from workflow import worker
from workflow.context import Context, Policy
from workflow.stages import submit
from workflow.throttle import Throttle
from workflow.urls.callback_urls import CALLBACK_PATH, SignedCallbackUrls
from workflow.urls.callbacks import record_callback
from workflow.urls.signing import Signer

T = TypeVar("T")

EPOCH_S: Final = 1_802_736_000.0
"""The 15th of February 2027, 00:00 UTC: a simulated month sees a month end."""

_ROUND_S = 900
_LAST_DAYS = 5
"""How long everything may take to come to rest after the last day."""

_WARM_SHARE = 0.2
"""Of the jobs, after how many the service holds on to all that it ever will."""

_MOST_GROWTH = 2
"""Times what the service held then: ten thousand jobs must not stay in memory."""

_PICTURE_BYTES = 3 * 1024 * 1024
_FIRST_MONEY = 100_000_000


@dataclass(slots=True)
class SimulationResult:
    """What came of a simulation: the journal's counts and digest, and what was measured.

    `held` are the bytes that the service held on to after so many results: a fifth of all, and all.
    """

    plan: SimulationPlan
    counts: dict[str, int] = field(default_factory=dict[str, int])
    final_states: dict[str, int] = field(default_factory=dict[str, int])
    violations: list[str] = field(default_factory=list[str])
    digest: str = ""
    simulated_s: float = 0.0
    real_s: float = 0.0
    max_requests_per_minute: int = 0
    max_in_flight: int = 0
    reachable_bytes: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    resident_bytes: tuple[int, int] = (0, 0)

    @property
    def growth(self) -> float:
        """Return what the service held at last, as a multiple of what it held after a fifth."""
        return self.reachable_bytes[-1][1] / self.reachable_bytes[0][1]


OnProgress = Callable[[float, int], None]
"""Hears now and then how far it is: the simulated days, and the jobs that were asked for."""


def simulate(
    plan: SimulationPlan, tell: OnProgress = lambda _days, _jobs: None
) -> SimulationResult:
    """Play a plan from its beginning until all is at rest, and judge it."""
    began, first = time.perf_counter(), resident_bytes()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=find_memory())))
        stack.enter_context(_without_guard(plan.disabled_guard))
        runner = stack.enter_context(asyncio.Runner(loop_factory=VirtualTimeLoop))
        runner.get_loop().set_task_factory(task_factory)
        findings = runner.run(_play(plan, folder, tell))
    findings.real_s = time.perf_counter() - began
    findings.resident_bytes = (first, resident_bytes())
    return findings


class Simulation:
    """The world of one plan; it holds the process that lives just now, if one does."""

    def __init__(self, plan: SimulationPlan, database: Database, folder: Path) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self.plan = plan
        self.database = database
        self.event_log = EventLog(loop.time)
        self.fault_schedule = FaultSchedule(self._dice("weather"), plan.rates, plan.storms)
        self.media = _Folder(folder / "media")
        self.discord = SimulatedDiscord(self.fault_schedule, self.event_log, loop.time)
        self.apixo = SimulatedApixo(
            self._dice("apixo"),
            self,
            self.fault_schedule,
            self.event_log,
            places=plan.max_in_flight,
        )
        self.members = MemberActors(self, plan, self._dice("members"), self.event_log)
        self._operator = OperatorActor(self, self.members, self._dice("operator"), self.event_log)
        self._callbacks = SignedCallbackUrls(
            "https://bot.example", Signer(b"a secret", "callbacks")
        )
        self._fate = self._dice("fate")
        self._copies = CopyKeeper(folder, plan, self._dice("copies"), self.event_log)
        self._removals = RemovalActor(self, plan, self._dice("removals"), self.event_log)
        self._process: SimulatedProcess | None = None
        self._started_s = 0.0
        self._pictures = 0
        self.apixo.balance_micro = _FIRST_MONEY if not plan.is_cheap else 10**12
        self.apixo.receiver = self._receive
        self.apixo.in_flight = self._in_flight
        self.apixo.on_submission = self._check_purchase
        loop.set_exception_handler(self._unhandled)

    def now(self) -> float:
        """Return the seconds since the Unix epoch."""
        return EPOCH_S + self._loop.time()

    def now_ms(self) -> int:
        """Return the time, Unix milliseconds."""
        return round(self.now() * 1000)

    async def call(self, work: Callable[[Context], Coroutine[Any, Any, T]]) -> T:
        """Have the service do something, if it lives (else Died)."""
        process = self._process
        if process is None:
            raise ProcessDied
        return await process.call(work(process.context))

    def task_for(self, prompt: str) -> Task | None:
        """Find the task at APIXO that was made for a prompt."""
        made = self.apixo.tasks.values()
        return next((task for task in made if task.submission.prompt == prompt), None)

    def expect_poll(self, task_id: str, *, ended: bool) -> None:
        """Expect a question for a task at once; whether it has to have ended by now."""
        self.apixo.rate_limit_monitor.on_operator_decision(task_id)
        if ended:
            self.apixo.ended.add(task_id)

    def top_up(self, least_micro: int, micro: int) -> None:
        """Bring money to APIXO, if there is less than so much."""
        if self.apixo.balance_micro < least_micro:
            self.apixo.balance_micro += micro
            self.event_log.record("top-ups")

    async def run_processes(self) -> None:
        """Start a process, and another one whenever one has died, for ever."""
        while True:
            life = self.plan.requests_per_process_life
            last = None if life is None or self.fault_schedule.is_stopped else 1 + self._lot(life)
            process = self._process = SimulatedProcess(
                self._context(),
                self.event_log,
                last=last,
                gathering_s=self.plan.ordering_period_s,
                watches_servers=self.plan.removal_every_s is not None,
            )
            self._started_s = self._loop.time()
            self.apixo.rate_limit_monitor.on_restart()
            process.start()
            self.event_log.record("starts")
            stopping = asyncio.create_task(self._stop_some_time(process))
            await process.ended.wait()
            stopping.cancel()
            self._process = None
            await asyncio.sleep(self._fate.choice(self.plan.downtimes_s))
            await self._copies.put_back_some_time(self)
            self.members.forget(self._copies.lost_jobs)

    def has_left(self, guild_id: int) -> bool:
        """Return whether the bot is out of a server."""
        return self.discord.has_left(guild_id)

    async def keep_picture(self) -> str:
        """Keep a picture of 3 MiB as a member's upload, and return its name."""
        self._pictures += 1
        name = (await self.media.save_input(b"picture %d" % self._pictures, "png")).name
        await self.media.keep_input(name)
        path = self.media.input_path(name)
        assert path is not None, "it was kept just now"
        os.truncate(path, _PICTURE_BYTES)
        return name

    @property
    def life_s(self) -> float:
        """Return for how many seconds a process lives; 0 if there is none."""
        return 0.0 if self._process is None else self._loop.time() - self._started_s

    async def remove_bot(self) -> None:
        """Have servers throw the bot out and invite it again."""
        await self._removals.run()

    async def take_copies(self) -> None:
        """Have copies of the database taken."""
        await self._copies.take_copies(self)

    async def disconnect_gateway(self) -> None:
        """Lose the connection to Discord in every other of its storms."""
        storms = [storm for storm in self.plan.storms if storm.side is StormSide.DISCORD]
        for storm in sorted(storms[::2], key=lambda storm: storm.start_s):
            await asyncio.sleep(max(0.0, storm.start_s - self._loop.time()))
            self.discord.is_ready = False
            await asyncio.sleep(max(0.0, storm.end_s - self._loop.time()))
            self.discord.is_ready = True

    @property
    def is_alive(self) -> bool:
        """Return whether a process lives just now."""
        return self._process is not None

    @property
    def is_warm(self) -> bool:
        """Return whether enough jobs are done for the service to have filled its caches."""
        return self.event_log.counts["posted: result"] >= _WARM_SHARE * self.plan.job_count

    async def run_operator(self) -> None:
        """Have the operator at work."""
        await self._operator.run()

    def process_parts(self) -> list[object]:
        """Give what the living process consists of, to be measured."""
        assert self._process is not None, "measured while it lives"
        context = self._process.context
        parts = (context.throttle, context.random, context.callback_urls, self.media)
        return [vars(self._process.worker), self.database, *parts]

    def external_state(self) -> ExternalState:
        """Gather what others know, for the judge."""
        return ExternalState(
            accepted=self.members.accepted,
            demand_counts=self.members.demand_counts,
            erased=self.members.erased,
            lost_prompts=self._copies.lost_prompts,
            is_restored=self.event_log.counts["copies put back"] > 0,
            tasks=self.apixo.tasks.values(),
            discord=self.discord,
            media=self.media,
        )

    async def close(self) -> None:
        """End the process, and whatever is on its way."""
        if self._process is not None:
            await self._process.stop()
        await self.apixo.close()

    def _context(self) -> Context:
        calls_back = self._fate.random() < 0.7
        return Context(
            database=FailingDatabase(self.database, self._fails),
            apixo=self.apixo,
            results=self.apixo,
            media=self.media,
            playback=SimulatedPlaybackCheck(self.fault_schedule),
            publisher=self.discord,
            policy=Policy(
                limits=self.plan.limits,
                max_tasks=self.plan.max_in_flight,
                exposure_limit=self.plan.exposure_limit,
                max_queued_per_server=5_000,
            ),
            now_ms=self.now_ms,
            random=Random(self._fate.random()),  # noqa: S311 - jitter
            callback_urls=self._callbacks if calls_back else None,
        )

    async def _stop_some_time(self, process: SimulatedProcess) -> None:
        """End a process in order: for a new version, or to go to rest at last."""
        if self.plan.requests_per_process_life is not None:
            await asyncio.sleep(self._fate.expovariate(1 / DAY_S))
            await process.stop()

    async def _receive(self, address: str, task_id: str) -> bool:
        submission = self._callbacks.parse(address.rpartition(CALLBACK_PATH)[2])
        assert submission is not None, "it is one of ours"
        try:
            await self.call(lambda context: record_callback(context, submission, task_id))
        except (ProcessDied, DatabaseUnavailable):
            return False
        return True

    async def _in_flight(self) -> int:
        counted = text("SELECT count(*) FROM jobs WHERE state IN ('submitting', 'generating')")
        return (await self.database.read(lambda tx: tx.execute(counted))).scalar_one()

    def _check_purchase(self, prompt: str) -> None:
        self._removals.check_purchase(self.members.guilds.get(prompt))

    def _fails(self) -> bool:
        if not self.fault_schedule.draw_write_failure():
            return False
        self.event_log.record("faults: database")
        self.apixo.rate_limit_monitor.allow_repeated_polls()
        return True

    def _lot(self, mean: int) -> int:
        return round(self._fate.expovariate(1 / mean))

    def _dice(self, whose: str) -> Random:
        return Random(f"{whose} {self.plan.seed}")  # noqa: S311 - chance, repeatable

    def _unhandled(self, _: object, found: dict[str, Any]) -> None:
        if not isinstance(found.get("exception"), asyncio.CancelledError):
            self.event_log.report_violation(
                f"unhandled: {found['message']} {found.get('exception')!r}"
            )


class _Folder(MediaFolder):
    """A folder on a disk with room, however full this machine's is."""

    def free_bytes(self) -> int:
        return 1 << 40


async def _play(plan: SimulationPlan, folder: Path, tell: OnProgress) -> SimulationResult:
    async with await Database.open(f"sqlite:///{folder}/dailies.db") as database:
        await database.migrate()
        world = Simulation(plan, database, folder)
        findings = SimulationResult(plan)
        with _hearing_the_log(world.event_log):
            background = [
                *(world.run_processes(), world.take_copies()),
                *(world.disconnect_gateway(), world.run_operator(), world.remove_bot()),
            ]
            tasks = [asyncio.create_task(work) for work in background]
            asking = asyncio.create_task(world.members.submit_orders())
            await _go_through_days(world, asking, findings, tell)
            await world.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await check_invariants(world.database, world.external_state(), world.event_log)
        told = await _told(world, findings)
        await world.database.close()  # another one than the first, if a copy was put back
        return told


async def _go_through_days(
    world: Simulation, asking: asyncio.Task[None], findings: SimulationResult, tell: OnProgress
) -> None:
    """Let time pass until everyone has asked and all is at rest, and look on."""
    loop, days = asyncio.get_running_loop(), 0
    last_s = world.plan.days * DAY_S
    while loop.time() < last_s + _LAST_DAYS * DAY_S:
        await asyncio.sleep(_ROUND_S)
        if loop.time() >= last_s:
            world.fault_schedule.is_stopped = True
            world.top_up(_FIRST_MONEY, _FIRST_MONEY)
        if loop.time() // DAY_S > days:
            days += 1
            await audit_ledger(world.database, world.event_log)
        tell(loop.time() / DAY_S, len(world.members.accepted))
        if not findings.reachable_bytes and world.is_warm:
            await _measure(world, findings)
        over = asking.done() and not world.members.have_pending_actions
        if over and await is_at_rest(world.database):
            break
    await _measure(world, findings)
    if findings.growth > _MOST_GROWTH:
        world.event_log.report_violation(
            f"the service holds {findings.growth:.1f} times what it held before"
        )


async def _measure(world: Simulation, findings: SimulationResult) -> None:
    """Measure the service's memory, with a process at work."""
    while not world.is_alive:
        await asyncio.sleep(1)
    done = world.event_log.counts["posted: result"]
    findings.reachable_bytes.append((done, reachable_bytes(world.process_parts())))


async def _told(world: Simulation, findings: SimulationResult) -> SimulationResult:
    counted = text("SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state")
    rows = (await world.database.read(lambda tx: tx.execute(counted))).all()
    findings.final_states = {str(state): count for state, count in rows}
    findings.counts = dict(world.event_log.counts)
    findings.violations = world.event_log.violations
    findings.digest = world.event_log.digest
    findings.simulated_s = asyncio.get_running_loop().time()
    findings.max_requests_per_minute = world.apixo.rate_limit_monitor.max_requests_per_minute
    findings.max_in_flight = world.apixo.rate_limit_monitor.max_in_flight
    return findings


@contextmanager
def _hearing_the_log(journal: EventLog) -> Generator[None]:
    """Have every exception that the service logs be a complaint, but for those made here."""

    def hear(_: object, method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        error = sys.exc_info()[1] if said.get("exc_info") is True else said.get("exc_info")
        if isinstance(error, BaseException) and not isinstance(error, DatabaseUnavailable):
            journal.report_violation(f"logged: {said['event']}: {error!r}")
        journal.record(f"log: {method}", said["event"])
        raise structlog.DropEvent

    before = structlog.get_config()
    quick = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(processors=[hear], wrapper_class=quick, cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _without_guard(guard: str) -> Iterator[None]:
    """Take a guard of the service out, to see that it is missed."""
    match guard:
        case "unknown":
            wrong: Any = patch.object(submit, "_lost_answer", _sent_again)
        case "pace":
            wrong = patch.object(Throttle, "slow_down", lambda *_: None)
        case "history":
            wrong = patch.object(SimulatedDiscord, "find_message", _sees_nothing)
        case "restore":
            wrong = patch.object(worker, "check_high_water", _takes_for_present)
        case "removal":
            wrong = _without_looks()
        case _:
            yield
            return
    with wrong:
        yield


@contextmanager
def _without_looks() -> Iterator[None]:
    """Have a removal neither heard of nor looked for before a purchase."""
    with (
        patch.object(submit, "_find_obstacle", _sees_nothing),
        patch.object(removals, "release_waiting", _sees_nothing),
        patch.object(process, "release_where_left", _sees_nothing),
    ):
        yield


async def _sent_again(context: Context, job: Any, _: Exception) -> None:
    submit._slow_down(context, job)
    await submit.requeue(context, job, due_at_ms=context.now_ms(), failures=job.failures)


async def _takes_for_present(context: Context) -> None:
    context.high_water.is_checked = True


async def _sees_nothing(*_: object) -> None:
    return None
