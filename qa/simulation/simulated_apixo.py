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
    DownloadExpired,
    DownloadFailed,
    DownloadNotAllowed,
    InvalidResponse,
    NoResponse,
    NotSent,
)
from apixo.requests import build_submission
from apixo.responses import RawResponse, RequestContext, parse_response
from apixo.schemas import TaskState, TaskStatus, parse_balance, parse_status, parse_task_id
from domain.models import ModelId
from domain.money import MicroUSD
from domain.requests import VideoRequest
from qa.simulation.event_log import EventLog
from qa.simulation.fault_schedule import FaultSchedule
from qa.simulation.rate_limit_monitor import RateLimitMonitor
from sandbox.apixo import Fault, State, Task
from sandbox.apixo.callbacks import RETRY_GAPS
from sandbox.apixo.clock import Clock, ScaledClock
from sandbox.apixo.prices import format_usd, price_micro_usd
from sandbox.apixo.prompt_directives import Directives
from sandbox.apixo.responses import ApiResponse as Told
from sandbox.apixo.responses import JsonNumber, error_response, success_response
from sandbox.apixo.rules import MODELS, Submission, parse_submission
from sandbox.apixo.tasks import FAILS_AFTER_SECONDS, pick_generation_seconds, status_json

T = TypeVar("T")

FILE_BASE_URL: Final = "https://file.apixo.ai/files"
_SUBMIT_S, _ASK_S = 90, 30
"""How long the client waits for an answer."""

_FILE_LIVES_S = 24 * 3600
_RECOVERED_SHARE = 0.15
"""Of the downloads that go wrong, after how many the file is whole: some are given up before."""

_MOST_BODY = 1024 * 1024

VIDEO_TAIL: Final = b"\0the end"
"""What only a whole file ends with."""

VIDEO_SECONDS: Final = 8

CallbackReceiver = Callable[[str, str], Awaitable[bool]]
"""Takes a callback's address and task; returns whether it was answered with 200."""

InFlightCounter = Callable[[], Awaitable[int]]
"""Counts the jobs that the service has at APIXO."""


class SimulatedApixo:
    """Has `ApixoClient`'s methods and `ResultDownloader`'s, under a fault schedule.

    `balance_micro` is the money on the key, in micro-dollars; `places` the tasks it takes at once.
    """

    def __init__(
        self,
        dice: Random,
        clock: Clock,
        fault_schedule: FaultSchedule,
        journal: EventLog,
        *,
        places: int,
    ) -> None:
        self.tasks: dict[str, Task] = {}
        self.ended = set[str]()
        self.rate_limit_monitor = RateLimitMonitor(journal, self._seconds, places)
        self.balance_micro = 0
        self.receiver: CallbackReceiver = _nobody
        self.in_flight: InFlightCounter = _nothing
        self.on_submission: Callable[[str], None] = lambda _: None
        """Hears the prompt of each submission that goes out."""

        self._dice = dice
        self._clock = clock
        self._scaled_clock = ScaledClock(clock, 1.0)
        self._fault_schedule = fault_schedule
        self._journal = journal
        self._max_in_flight = places
        self._open: list[Task] = []
        self._files: dict[str, Task] = {}
        self._calling: set[asyncio.Task[None]] = set()

    async def submit(self, request: VideoRequest, callback_url: str | None = None) -> str:
        """Submit a request and return the task's id, as `ApixoClient.submit` does."""
        self.rate_limit_monitor.on_submit(await self.in_flight())
        self.on_submission(request.prompt)
        begun_s = self._seconds()
        order = parse_submission(MODELS[request.model], build_submission(request, callback_url))
        try:
            task_id = await self._submit(order, RequestContext(prompt=request.prompt))
        except ApixoError as error:
            self.rate_limit_monitor.on_submit_refused(begun_s, error)
            raise
        self.rate_limit_monitor.on_accepted()
        return task_id

    async def fetch_status(self, model: ModelId, task_id: str) -> TaskStatus:
        """Ask how a task does, as `ApixoClient.fetch_status` does."""
        self.rate_limit_monitor.on_poll(task_id)
        question = RequestContext(task_id=task_id)
        try:
            told = await self._ask(
                lambda: self._tell(model, task_id),
                question,
                lambda data: parse_status(data, task_id),
            )
        except ApixoError:
            self.rate_limit_monitor.on_poll_result(task_id, well=False, final=False)
            raise
        final = told.state is TaskState.FAILED or bool(told.result_urls)
        self.rate_limit_monitor.on_poll_result(task_id, well=task_id not in self.ended, final=final)
        if told.state is TaskState.SUCCESS:
            self.ended.add(task_id)
        return told

    async def fetch_balance(self) -> MicroUSD:
        """Ask what is left on the key, as `ApixoClient.fetch_balance` does."""

        def tell() -> tuple[Told, Fault | None]:
            return success_response(JsonNumber(format_usd(self.balance_micro))), None

        return await self._ask(tell, RequestContext(), parse_balance)

    @asynccontextmanager
    async def stream(self, url: str, *, max_bytes: int) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Fetch a result, as `ResultDownloader.stream` does."""
        await self._travel()
        task = self._files.get(url.removeprefix(f"{FILE_BASE_URL}/"))
        if not url.startswith(FILE_BASE_URL):
            raise DownloadNotAllowed("the address may not be asked for a result")
        if task is None or (task.ends_at or 0) + _FILE_LIVES_S < self._scaled_clock.now():
            raise DownloadExpired("the result has expired: HTTP 404")
        fault = task.directives.download_fault or self._fault_schedule.draw_response_fault(
            self._seconds()
        )
        if task.directives.download_fault is not None and self._dice.random() < _RECOVERED_SHARE:
            task.directives.download_fault = None
        if fault is not None:
            self._journal.record("faults: APIXO", "file", fault.status, fault.ending)
        yield self._chunks(task, fault or Fault())

    async def close(self) -> None:
        """Stop calling back."""
        for calling in self._calling:
            calling.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)

    async def _submit(self, order: Submission, question: RequestContext) -> str:
        if self._fault_schedule.draw_unreachable():
            raise NotSent("connection refused")
        await self._travel()
        script = self._fault_schedule.draw_directives()
        fault = (
            script.submit_refusal
            or self._fault_schedule.draw_response_fault(self._seconds())
            or script.submit_fault
        )
        told = Told(200, "success", None)
        if fault is None or fault is script.submit_fault or fault.takes_effect:
            told = self._accept(order, script)
        self._note(fault, "submit")
        await self._travel()
        return await self._hear(told, fault, question, parse_task_id, _SUBMIT_S)

    async def _ask(
        self,
        tell: Callable[[], tuple[Told, Fault | None]],
        question: RequestContext,
        read: Callable[[object], T],
    ) -> T:
        if self._fault_schedule.draw_unreachable():
            raise NotSent("connection refused")
        await self._travel()
        told, scripted = tell()
        fault = scripted or self._fault_schedule.draw_response_fault(self._seconds())
        self._note(fault, "ask")
        await self._travel()
        return await self._hear(told, fault, question, read, _ASK_S)

    def _accept(self, order: Submission, script: Directives) -> Told:
        now = self._scaled_clock.now()
        self._open = [t for t in self._open if t.state_at(now) in (State.PENDING, State.PROCESSING)]
        if len(self._open) >= self._max_in_flight + 1:
            return error_response(429)
        price = price_micro_usd(order, None)
        if self.balance_micro < price:
            self._journal.record("refused for want of money")
            return error_response(402)
        task = self._make(order, script, price)
        if order.callback_url is not None:
            self._promise(task, order.callback_url)
        return success_response({"taskId": task.id})

    def _make(self, order: Submission, script: Directives, price: int) -> Task:
        now = self._scaled_clock.now()
        usual = (
            FAILS_AFTER_SECONDS if script.fail_code else pick_generation_seconds(order, self._dice)
        )
        seconds = None if script.never_ends else script.generation_s or usual
        task = Task(
            id=f"{self._dice.getrandbits(128):032x}",
            submission=order,
            directives=script,
            created_at=self._clock.now(),
            started_at=now,
            seconds=seconds,
            price_micro=price,
            fail_code=script.fail_code,
            has_cost_time=True,
            file_name=f"{self._dice.getrandbits(128):032x}.mp4",
            charged_micro=price,
            ready_at=now,
        )
        self.balance_micro -= price
        self.tasks[task.id] = self._files[task.file_name] = task
        self._open.append(task)
        self._journal.record("tasks", task.id, order.prompt)
        return task

    def _tell(self, model: ModelId, task_id: str) -> tuple[Told, Fault | None]:
        task = self.tasks.get(task_id)
        if task is None or task.submission.model.id != model:
            return error_response(404), None
        script = task.directives
        if script.status_faults:
            return success_response(self._data(task)), script.status_faults.pop(0)
        done = task.state_at(self._scaled_clock.now()) is State.SUCCESS
        return success_response(self._data(task)), script.persistent_status_fault or (
            script.success_fault if done else None
        )

    def _data(self, task: Task) -> dict[str, object]:
        return status_json(task, self._scaled_clock, FILE_BASE_URL)

    async def _hear(
        self,
        told: Told,
        fault: Fault | None,
        question: RequestContext,
        read: Callable[[object], T],
        patience_s: float,
    ) -> T:
        """Read an answer as the client would, after what its way does to it."""
        fault = fault or Fault()
        match fault.ending:
            case "hang":
                await asyncio.sleep(patience_s)
                raise NoResponse("no answer in time")
            case "reset":
                raise NoResponse("the connection broke before an answer came")
            case "cut":
                raise InvalidResponse("the answer was cut off or is no HTTP")
            case "answer":
                sent = fault.apply_to(told)
        if len(sent.body) * fault.repeat > _MOST_BODY:
            raise InvalidResponse("the answer is too long", http_status=sent.status)
        answer = RawResponse(sent.status, sent.body, sent.headers.get("Retry-After"))
        return parse_response(answer, question, read)

    async def _chunks(self, task: Task, fault: Fault) -> AsyncGenerator[bytes]:
        await self._travel()
        if fault.status in (403, 404, 410):
            raise DownloadExpired(f"the result has expired: HTTP {fault.status}")
        if fault.status is not None or fault.ending in ("reset", "hang"):
            raise DownloadFailed("the result's server did not answer")
        whole = fault.raw if fault.raw is not None else video_bytes(task.submission.prompt)
        yield whole[: len(whole) // 2] if fault.is_half else whole
        if fault.ending == "cut":
            raise DownloadFailed("the result broke off")

    def _promise(self, task: Task, url: str) -> None:
        if task.directives.callback_mode != "never" and task.seconds is not None:
            calling = asyncio.create_task(self._call_back(task, url), name=f"callback {task.id}")
            self._calling.add(calling)
            calling.add_done_callback(self._calling.discard)

    async def _call_back(self, task: Task, url: str) -> None:
        if task.directives.callback_mode in ("early", "twice"):
            await self._call(task, url)
        await asyncio.sleep(max(0.0, (task.ends_at or 0) - self._scaled_clock.now()))
        for gap in (*RETRY_GAPS, None):
            if await self._call(task, url) or gap is None:
                return
            await asyncio.sleep(gap)

    async def _call(self, task: Task, url: str) -> bool:
        await self._travel()
        self.rate_limit_monitor.on_callback(task.id)
        answered = await self.receiver(url, task.id)
        # The question that was due anyway may have gone out meanwhile.
        self.rate_limit_monitor.on_callback(task.id)
        self._journal.record("callbacks", task.id, answered)
        return answered

    async def _travel(self) -> None:
        await asyncio.sleep(0.05 + min(5.0, self._dice.expovariate(5)))

    def _note(self, fault: Fault | None, where: str) -> None:
        if fault is not None:
            self._journal.record(
                "faults: APIXO", where, fault.status, fault.ending, fault.takes_effect
            )

    def _seconds(self) -> float:
        return self._scaled_clock.now()


def video_bytes(prompt: str) -> bytes:
    """Make the file of a task: it begins like an MP4, and holds its prompt."""
    return b"\x00\x00\x00\x18ftypisom" + prompt.encode() + VIDEO_TAIL


async def _nobody(_address: str, _task: str) -> bool:
    return False


async def _nothing() -> int:
    return 0
