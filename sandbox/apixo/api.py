"""APIXO's three routes and the host of its result files."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sandbox.apixo.callbacks import CallbackSender
from sandbox.apixo.clip_renderer import ClipRenderer
from sandbox.apixo.clock import Clock, ScaledClock
from sandbox.apixo.config import ApixoConfig
from sandbox.apixo.faults import (
    DelayTimer,
    Fault,
    FaultQueue,
    RawResponse,
    Route,
    reset_connection,
    send_response,
)
from sandbox.apixo.journal import RecordedRequest
from sandbox.apixo.media import FetchedMedia, MediaFetcher
from sandbox.apixo.prices import format_usd, price_micro_usd
from sandbox.apixo.prompt_directives import (
    FILE_FAULTS,
    RESULT_LINK,
    Directives,
    apply_directives,
    parse_directives,
)
from sandbox.apixo.rate_limits import RateLimits
from sandbox.apixo.responses import (
    ApiResponse,
    JsonNumber,
    encode_result_json,
    error_response,
    success_response,
)
from sandbox.apixo.rules import MODELS, InvalidSubmission, Submission, parse_submission
from sandbox.apixo.task_store import TaskStore
from sandbox.apixo.tasks import State, Task, status_json

RECORDED_REQUEST: Final = web.RequestKey("entry", RecordedRequest)

FaultedResponse = tuple[ApiResponse, Fault | None]
"""An answer and the fault that the prompt wants it to suffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """Everything that the routes work with."""

    config: ApixoConfig
    clock: Clock
    scaled_clock: ScaledClock
    tasks: TaskStore
    queued_directives: list[str]
    faults: FaultQueue
    rate_limits: RateLimits
    media_fetcher: MediaFetcher
    clip_renderer: ClipRenderer
    callbacks: CallbackSender
    files_url: str
    delays: DelayTimer


class ApiRoutes:
    """Answers as APIXO does, unless a fault is waiting."""

    def __init__(self, rooms: AppState) -> None:
        self._state = rooms

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.post("/api/v1/generateTask/{model}", self.submit),
            web.get("/api/v1/statusTask/{model}", self.status),
            web.get("/api/v1/apikeys/current-balance", self.balance),
            web.get("/files/{name}", self.download),
        ]

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Accept a task, or say what is wrong with it."""
        fault = self._state.faults.pop("submit")
        if fault is not None and not fault.takes_effect:
            return await self._fail_at_once(request, fault)
        answer, directed = await self._checked(request, self._accept)
        return await self._send(request, answer, fault or directed)

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Return how a task is doing."""
        return await self._read(request, "status", self._status_response)

    async def balance(self, request: web.Request) -> web.StreamResponse:
        """Return what is left on the key."""
        return await self._read(request, "balance", self._weigh)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Serve a result until it expires; this host asks for no key."""
        task = self._state.tasks.find_by_file_name(request.match_info["name"])
        if task is None or not self._is_available(task):
            return web.Response(status=404, text="Not found")
        request[RECORDED_REQUEST].task_id = task.id
        fault = (
            self._state.faults.pop("file")
            or FILE_FAULTS.get(request.query.get("result", ""))
            or task.directives.download_fault
        )
        path = self._state.clip_renderer.clip_path(task)
        if fault is None:
            return web.FileResponse(path)
        data = await asyncio.to_thread(path.read_bytes)
        payload = RawResponse(200, data, {"Content-Type": "video/mp4"})
        return await self._write(request, fault.apply_to_payload(payload), fault)

    async def _fail_at_once(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.ending == "reset":
            return reset_connection(request)
        await _note_body(request)
        return await self._send(request, ApiResponse(200, "success", None), fault)

    async def _read(
        self,
        request: web.Request,
        route: Route,
        answer: Callable[[web.Request], Awaitable[FaultedResponse]],
    ) -> web.StreamResponse:
        fault = self._state.faults.pop(route)
        told, directed = await self._checked(request, answer)
        return await self._send(request, told, fault or directed)

    async def _checked(
        self, request: web.Request, answer: Callable[[web.Request], Awaitable[FaultedResponse]]
    ) -> FaultedResponse:
        if request[RECORDED_REQUEST].authorization != "ok":
            return error_response(401), None
        model = request.match_info.get("model")
        if model is not None and model not in MODELS:
            return error_response(404, "Unknown model ID"), None
        if (refusal := self._state.rate_limits.check_request()) is not None:
            return refusal, None
        try:
            return await answer(request)
        except InvalidSubmission as refused:
            return error_response(400, str(refused)), None

    async def _accept(self, request: web.Request) -> FaultedResponse:
        rooms = self._state
        body = await _note_body(request)
        if request.content_type != "application/json":
            raise InvalidSubmission("Content-Type must be application/json")
        order = parse_submission(MODELS[request.match_info["model"]], body)
        script = parse_directives(order.prompt)
        if script.submit_refusal is not None:
            return ApiResponse(200, "success", None), script.submit_refusal
        media = await rooms.media_fetcher.fetch(order)
        if (refusal := rooms.rate_limits.check_task(rooms.tasks.in_flight_count)) is not None:
            return refusal, None
        price = price_micro_usd(order, media.video_ms)
        if not rooms.tasks.can_afford(price):
            return error_response(402), None
        task = await self._create(order, script, media, price)
        request[RECORDED_REQUEST].task_id = task.id
        return success_response({"taskId": task.id}), script.submit_fault

    async def _create(
        self, order: Submission, script: Directives, media: FetchedMedia, price: int
    ) -> Task:
        rooms = self._state
        if rooms.queued_directives:
            apply_directives(script, rooms.queued_directives.pop(0))
        fail_code = script.fail_code or ("ImageFormatIncorrect" if media.is_unusable else None)
        task = rooms.tasks.create(order, script, price, fail_code)
        needs_clip = fail_code is None and task.seconds is not None
        drawing = rooms.clip_renderer.render(task, media.pictures) if needs_clip else None
        rooms.callbacks.schedule(task, drawing, lambda: self._data(task))
        if script.callback_mode == "early" and order.callback_url is not None:
            link = encode_result_json(f"{rooms.files_url}/{task.file_name}")
            claim = {"state": State.SUCCESS, "resultJson": link}
            await rooms.callbacks.send_now(task, {**self._data(task), **claim})
        return task

    async def _status_response(self, request: web.Request) -> FaultedResponse:
        task_id = request.query.get("taskId")
        if not task_id:
            raise InvalidSubmission("Missing required parameter: taskId")
        task = self._state.tasks.get(task_id, request.match_info["model"])
        if task is None:
            return error_response(404, "Task not found"), None
        request[RECORDED_REQUEST].task_id = task.id
        statuses = task.directives.status_faults
        fault = statuses.pop(0) if statuses else task.directives.persistent_status_fault
        return success_response(self._data(task)), fault

    async def _weigh(self, _: web.Request) -> FaultedResponse:
        return success_response(JsonNumber(format_usd(self._state.tasks.balance.micro))), None

    def _data(self, task: Task) -> dict[str, Any]:
        data = status_json(task, self._state.scaled_clock, self._state.files_url)
        outcome = task.directives.success_fault
        if outcome is None or data["state"] != State.SUCCESS:
            return data
        changed = success_response(data).replace_data(outcome.fields, outcome.without).data
        if isinstance(named := changed.get("resultJson"), str):
            link = f"{self._state.files_url}/{task.file_name}"
            changed["resultJson"] = named.replace(RESULT_LINK, link)
        return changed

    def _is_available(self, task: Task) -> bool:
        pace = self._state.scaled_clock
        if task.ends_at is None or task.state_at(pace.now()) is not State.SUCCESS:
            return False
        age = self._state.clock.now() - pace.wall_time_at(task.ends_at)
        return age < self._state.config.result_lifetime

    async def _send(
        self, request: web.Request, answer: ApiResponse, fault: Fault | None
    ) -> web.StreamResponse:
        payload = RawResponse.from_response(answer) if fault is None else fault.apply_to(answer)
        return await self._write(request, payload, fault)

    async def _write(
        self, request: web.Request, payload: RawResponse, fault: Fault | None
    ) -> web.StreamResponse:
        if fault is None or fault.ending in ("answer", "cut"):
            request[RECORDED_REQUEST].status = payload.status
        return await send_response(request, payload, fault, self._state.delays)


async def _note_body(request: web.Request) -> object:
    data = await request.read()
    try:
        body = json.loads(data.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        body = data.decode("utf-8", "replace")
    request[RECORDED_REQUEST].body = body
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
