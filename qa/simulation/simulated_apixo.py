"""APIXO within the process: the client's interface over the stand-in's rules, tasks and faults.

Requests and answers are the bytes that would go over the wire; only the wire itself is missing.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Final, TypeVar

from apixo.errors import (
    ApixoError,
    NoAnswer,
    NotSent,
    ResultBroken,
    ResultForbidden,
    ResultGone,
    Unreadable,
)
from apixo.requests import submission
from apixo.responses import Answer, Question, read_answer
from apixo.schemas import TaskState, TaskStatus, read_balance, read_status, read_task_id
from domain.models import ModelId
from domain.money import MicroUSD
from domain.requests import VideoRequest
from qa.simulation.event_log import Journal
from qa.simulation.fault_schedule import Weather
from qa.simulation.rate_limit_monitor import Meter
from sandbox.apixo import Fault, State, Task
from sandbox.apixo.callbacks import RETRY_GAPS
from sandbox.apixo.clock import Clock, Pace
from sandbox.apixo.prices import dollars, price_of
from sandbox.apixo.prompt_directives import Script
from sandbox.apixo.responses import Answer as Told
from sandbox.apixo.responses import Number, failure, success
from sandbox.apixo.rules import MODELS, Order, read_order
from sandbox.apixo.tasks import FAILS_AFTER_SECONDS, generation_seconds, status_data

T = TypeVar("T")

FILES: Final = "https://file.apixo.ai/files"
_SUBMIT_S, _ASK_S = 90, 30
"""How long the client waits for an answer."""

_FILE_LIVES_S = 24 * 3600
_MENDED_SHARE = 0.15
"""Of the downloads that go wrong, after how many the file is whole: some are given up before."""

_MOST_BODY = 1024 * 1024

Receiver = Callable[[str, str], Awaitable[bool]]
"""Takes a callback's address and task; tells whether it was answered with 200."""

InFlight = Callable[[], Awaitable[int]]
"""Counts the jobs that the service has at APIXO."""


class SimulatedApixo:
    """Has `ApixoClient`'s methods and `ResultFetcher`'s, under a weather.

    `balance_micro` is the money on the key, in micro-dollars; `places` the tasks it takes at once.
    """

    def __init__(
        self, dice: Random, clock: Clock, weather: Weather, journal: Journal, *, places: int
    ) -> None:
        self.tasks: dict[str, Task] = {}
        self.ended = set[str]()
        self.meter = Meter(journal, self._seconds, places)
        self.balance_micro = 0
        self.receiver: Receiver = _nobody
        self.in_flight: InFlight = _nothing
        self._dice = dice
        self._clock = clock
        self._pace = Pace(clock, 1.0)
        self._weather = weather
        self._journal = journal
        self._places = places
        self._open: list[Task] = []
        self._files: dict[str, Task] = {}
        self._calling: set[asyncio.Task[None]] = set()

    async def submit(self, request: VideoRequest, callback_url: str | None = None) -> str:
        """Submit a request and return the task's id, as `ApixoClient.submit` does."""
        self.meter.submitted(await self.in_flight())
        begun_s = self._seconds()
        order = read_order(MODELS[request.model], submission(request, callback_url))
        try:
            task_id = await self._submit(order, Question(prompt=request.prompt))
        except ApixoError as error:
            self.meter.refused(begun_s, error)
            raise
        self.meter.accepted()
        return task_id

    async def status(self, model: ModelId, task_id: str) -> TaskStatus:
        """Ask how a task does, as `ApixoClient.status` does."""
        self.meter.asked(task_id)
        question = Question(task_id=task_id)
        try:
            told = await self._ask(
                lambda: self._tell(model, task_id),
                question,
                lambda data: read_status(data, task_id),
            )
        except ApixoError:
            self.meter.told(task_id, well=False, final=False)
            raise
        final = told.state is TaskState.FAILED or bool(told.result_urls)
        self.meter.told(task_id, well=task_id not in self.ended, final=final)
        if told.state is TaskState.SUCCESS:
            self.ended.add(task_id)
        return told

    async def balance(self) -> MicroUSD:
        """Ask what is left on the key, as `ApixoClient.balance` does."""

        def tell() -> tuple[Told, Fault | None]:
            return success(Number(dollars(self.balance_micro))), None

        return await self._ask(tell, Question(), read_balance)

    @asynccontextmanager
    async def open(self, url: str, *, max_bytes: int) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Fetch a result, as `ResultFetcher.open` does."""
        await self._travel()
        task = self._files.get(url.removeprefix(f"{FILES}/"))
        if not url.startswith(FILES):
            raise ResultForbidden("the address may not be asked for a result")
        if task is None or (task.ends or 0) + _FILE_LIVES_S < self._pace.now():
            raise ResultGone("the result has expired: HTTP 404")
        fault = task.script.file or self._weather.answer(self._seconds())
        if task.script.file is not None and self._dice.random() < _MENDED_SHARE:
            task.script.file = None
        if fault is not None:
            self._journal.note("faults: APIXO", "file", fault.status, fault.ending)
        yield self._chunks(task, fault or Fault())

    async def close(self) -> None:
        """Call nobody back any more."""
        for calling in self._calling:
            calling.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)

    async def _submit(self, order: Order, question: Question) -> str:
        if self._weather.unreachable():
            raise NotSent("connection refused")
        await self._travel()
        script = self._weather.script()
        fault = script.refusal or self._weather.answer(self._seconds()) or script.answer
        told = Told(200, "success", None)
        if fault is None or fault is script.answer or fault.effect:
            told = self._accept(order, script)
        self._note(fault, "submit")
        await self._travel()
        return await self._hear(told, fault, question, read_task_id, _SUBMIT_S)

    async def _ask(
        self,
        tell: Callable[[], tuple[Told, Fault | None]],
        question: Question,
        read: Callable[[object], T],
    ) -> T:
        if self._weather.unreachable():
            raise NotSent("connection refused")
        await self._travel()
        told, scripted = tell()
        fault = scripted or self._weather.answer(self._seconds())
        self._note(fault, "ask")
        await self._travel()
        return await self._hear(told, fault, question, read, _ASK_S)

    def _accept(self, order: Order, script: Script) -> Told:
        now = self._pace.now()
        self._open = [t for t in self._open if t.state(now) in (State.PENDING, State.PROCESSING)]
        if len(self._open) >= self._places + 1:
            return failure(429)
        price = price_of(order, None)
        if self.balance_micro < price:
            self._journal.note("refused for want of money")
            return failure(402)
        task = self._make(order, script, price)
        if order.callback_url is not None:
            self._promise(task, order.callback_url)
        return success({"taskId": task.id})

    def _make(self, order: Order, script: Script, price: int) -> Task:
        now = self._pace.now()
        usual = FAILS_AFTER_SECONDS if script.fail_code else generation_seconds(order, self._dice)
        seconds = None if script.never else script.seconds or usual
        task = Task(
            id=f"{self._dice.getrandbits(128):032x}",
            order=order,
            script=script,
            created=self._clock.now(),
            started=now,
            seconds=seconds,
            price_micro=price,
            fail_code=script.fail_code,
            has_cost_time=True,
            file_name=f"{self._dice.getrandbits(128):032x}.mp4",
            charged_micro=price,
            ready=now,
        )
        self.balance_micro -= price
        self.tasks[task.id] = self._files[task.file_name] = task
        self._open.append(task)
        self._journal.note("tasks", task.id, order.prompt)
        return task

    def _tell(self, model: ModelId, task_id: str) -> tuple[Told, Fault | None]:
        task = self.tasks.get(task_id)
        if task is None or task.order.model.id != model:
            return failure(404), None
        script = task.script
        if script.statuses:
            return success(self._data(task)), script.statuses.pop(0)
        done = task.state(self._pace.now()) is State.SUCCESS
        return success(self._data(task)), script.every_status or (script.outcome if done else None)

    def _data(self, task: Task) -> dict[str, object]:
        return status_data(task, self._pace, FILES)

    async def _hear(
        self,
        told: Told,
        fault: Fault | None,
        question: Question,
        read: Callable[[object], T],
        patience_s: float,
    ) -> T:
        """Read an answer as the client would, after what its way does to it."""
        fault = fault or Fault()
        match fault.ending:
            case "hang":
                await asyncio.sleep(patience_s)
                raise NoAnswer("no answer in time")
            case "reset":
                raise NoAnswer("the connection broke before an answer came")
            case "cut":
                raise Unreadable("the answer was cut off or is no HTTP")
            case "answer":
                sent = fault.spoil(told)
        if len(sent.body) * fault.repeat > _MOST_BODY:
            raise Unreadable("the answer is too long", http_status=sent.status)
        answer = Answer(sent.status, sent.body, sent.headers.get("Retry-After"))
        return read_answer(answer, question, read)

    async def _chunks(self, task: Task, fault: Fault) -> AsyncGenerator[bytes]:
        await self._travel()
        if fault.status in (403, 404, 410):
            raise ResultGone(f"the result has expired: HTTP {fault.status}")
        if fault.status is not None or fault.ending in ("reset", "hang"):
            raise ResultBroken("the result's server did not answer")
        yield fault.raw if fault.raw is not None else film(task.order.prompt)
        if fault.ending == "cut":
            raise ResultBroken("the result broke off")

    def _promise(self, task: Task, url: str) -> None:
        if task.script.callback != "never" and task.seconds is not None:
            calling = asyncio.create_task(self._call_back(task, url), name=f"callback {task.id}")
            self._calling.add(calling)
            calling.add_done_callback(self._calling.discard)

    async def _call_back(self, task: Task, url: str) -> None:
        if task.script.callback in ("early", "twice"):
            await self._call(task, url)
        await asyncio.sleep(max(0.0, (task.ends or 0) - self._pace.now()))
        for gap in (*RETRY_GAPS, None):
            if await self._call(task, url) or gap is None:
                return
            await asyncio.sleep(gap)

    async def _call(self, task: Task, url: str) -> bool:
        await self._travel()
        self.meter.hurry(task.id)
        answered = await self.receiver(url, task.id)
        # The question that was due anyway may have gone out meanwhile.
        self.meter.hurry(task.id)
        self._journal.note("callbacks", task.id, answered)
        return answered

    async def _travel(self) -> None:
        await asyncio.sleep(0.05 + min(5.0, self._dice.expovariate(5)))

    def _note(self, fault: Fault | None, where: str) -> None:
        if fault is not None:
            self._journal.note("faults: APIXO", where, fault.status, fault.ending, fault.effect)

    def _seconds(self) -> float:
        return self._pace.now()


def film(prompt: str) -> bytes:
    """Make the file of a task: it begins like an MP4, and holds its prompt."""
    return b"\x00\x00\x00\x18ftypisom" + prompt.encode()


async def _nobody(_address: str, _task: str) -> bool:
    return False


async def _nothing() -> int:
    return 0
