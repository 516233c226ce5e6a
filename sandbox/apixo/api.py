"""Knows APIXO's three routes and the host of its result files."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sandbox.apixo.callbacks import Callbacks
from sandbox.apixo.clip_renderer import Studio
from sandbox.apixo.clock import Clock, Pace
from sandbox.apixo.config import ApixoOptions
from sandbox.apixo.faults import Fault, FaultQueue, Patience, Payload, Route, reset, send
from sandbox.apixo.journal import Entry
from sandbox.apixo.media import Fetcher, Media
from sandbox.apixo.prices import dollars, price_of
from sandbox.apixo.prompt_directives import Script, direct, read_script
from sandbox.apixo.rate_limits import Limits
from sandbox.apixo.responses import Answer, Number, failure, result_json, success
from sandbox.apixo.rules import MODELS, Order, Refused, read_order
from sandbox.apixo.task_store import TaskBook
from sandbox.apixo.tasks import State, Task, status_data

ENTRY: Final = web.RequestKey("entry", Entry)

Spoiled = tuple[Answer, Fault | None]
"""An answer and the fault that the prompt wants it to suffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Everything that the routes work with."""

    options: ApixoOptions
    clock: Clock
    pace: Pace
    tasks: TaskBook
    cues: list[str]
    faults: FaultQueue
    limits: Limits
    fetcher: Fetcher
    studio: Studio
    callbacks: Callbacks
    files_url: str
    patience: Patience


class Api:
    """Answers as APIXO does, unless a fault is waiting."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.post("/api/v1/generateTask/{model}", self.submit),
            web.get("/api/v1/statusTask/{model}", self.status),
            web.get("/api/v1/apikeys/current-balance", self.balance),
            web.get("/files/{name}", self.file),
        ]

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Accept a task, or say what is wrong with it."""
        fault = self._rooms.faults.take("submit")
        if fault is not None and not fault.effect:
            return await self._fail_at_once(request, fault)
        answer, directed = await self._checked(request, self._accept)
        return await self._send(request, answer, fault or directed)

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Tell how a task is doing."""
        return await self._read(request, "status", self._tell)

    async def balance(self, request: web.Request) -> web.StreamResponse:
        """Tell what is left on the key."""
        return await self._read(request, "balance", self._weigh)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a result until it expires; this host asks for no key."""
        task = self._rooms.tasks.with_file(request.match_info["name"])
        if task is None or not self._is_available(task):
            return web.Response(status=404, text="Not found")
        request[ENTRY].task_id = task.id
        fault = self._rooms.faults.take("file") or task.script.file
        path = self._rooms.studio.file(task)
        if fault is None:
            return web.FileResponse(path)
        data = await asyncio.to_thread(path.read_bytes)
        payload = Payload(200, data, {"Content-Type": "video/mp4"})
        return await self._write(request, fault.spoil_bytes(payload), fault)

    async def _fail_at_once(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.ending == "reset":
            return reset(request)
        await _note_body(request)
        return await self._send(request, Answer(200, "success", None), fault)

    async def _read(
        self,
        request: web.Request,
        route: Route,
        answer: Callable[[web.Request], Awaitable[Spoiled]],
    ) -> web.StreamResponse:
        fault = self._rooms.faults.take(route)
        told, directed = await self._checked(request, answer)
        return await self._send(request, told, fault or directed)

    async def _checked(
        self, request: web.Request, answer: Callable[[web.Request], Awaitable[Spoiled]]
    ) -> Spoiled:
        if request[ENTRY].authorization != "ok":
            return failure(401), None
        model = request.match_info.get("model")
        if model is not None and model not in MODELS:
            return failure(404, "Unknown model ID"), None
        if (refusal := self._rooms.limits.refuse_request()) is not None:
            return refusal, None
        try:
            return await answer(request)
        except Refused as refused:
            return failure(400, str(refused)), None

    async def _accept(self, request: web.Request) -> Spoiled:
        rooms = self._rooms
        body = await _note_body(request)
        if request.content_type != "application/json":
            raise Refused("Content-Type must be application/json")
        order = read_order(MODELS[request.match_info["model"]], body)
        script = read_script(order.prompt)
        if script.refusal is not None:
            return Answer(200, "success", None), script.refusal
        media = await rooms.fetcher.fetch(order)
        if (refusal := rooms.limits.refuse_task(rooms.tasks.in_flight)) is not None:
            return refusal, None
        price = price_of(order, media.video_ms)
        if not rooms.tasks.affords(price):
            return failure(402), None
        task = await self._create(order, script, media, price)
        request[ENTRY].task_id = task.id
        return success({"taskId": task.id}), script.answer

    async def _create(self, order: Order, script: Script, media: Media, price: int) -> Task:
        rooms = self._rooms
        if rooms.cues:
            direct(script, rooms.cues.pop(0))
        fail_code = script.fail_code or ("ImageFormatIncorrect" if media.unusable else None)
        task = rooms.tasks.create(order, script, price, fail_code)
        needs_clip = fail_code is None and task.seconds is not None
        drawing = rooms.studio.order(task, media.pictures) if needs_clip else None
        rooms.callbacks.promise(task, drawing, lambda: self._data(task))
        if script.callback == "early" and order.callback_url is not None:
            link = result_json(f"{rooms.files_url}/{task.file_name}")
            claim = {"state": State.SUCCESS, "resultJson": link}
            await rooms.callbacks.claim(task, {**self._data(task), **claim})
        return task

    async def _tell(self, request: web.Request) -> Spoiled:
        task_id = request.query.get("taskId")
        if not task_id:
            raise Refused("Missing required parameter: taskId")
        task = self._rooms.tasks.get(task_id, request.match_info["model"])
        if task is None:
            return failure(404, "Task not found"), None
        request[ENTRY].task_id = task.id
        statuses = task.script.statuses
        fault = statuses.pop(0) if statuses else task.script.every_status
        return success(self._data(task)), fault

    async def _weigh(self, _: web.Request) -> Spoiled:
        return success(Number(dollars(self._rooms.tasks.balance.micro))), None

    def _data(self, task: Task) -> dict[str, Any]:
        data = status_data(task, self._rooms.pace, self._rooms.files_url)
        outcome = task.script.outcome
        if outcome is None or data["state"] != State.SUCCESS:
            return data
        return success(data).with_data(outcome.fields, outcome.without).data

    def _is_available(self, task: Task) -> bool:
        pace = self._rooms.pace
        if task.ends is None or task.state(pace.now()) is not State.SUCCESS:
            return False
        age = self._rooms.clock.now() - pace.wall_at(task.ends)
        return age < self._rooms.options.result_lifetime

    async def _send(
        self, request: web.Request, answer: Answer, fault: Fault | None
    ) -> web.StreamResponse:
        payload = Payload.of(answer) if fault is None else fault.spoil(answer)
        return await self._write(request, payload, fault)

    async def _write(
        self, request: web.Request, payload: Payload, fault: Fault | None
    ) -> web.StreamResponse:
        if fault is None or fault.ending in ("answer", "cut"):
            request[ENTRY].status = payload.status
        return await send(request, payload, fault, self._rooms.patience)


async def _note_body(request: web.Request) -> object:
    data = await request.read()
    try:
        body = json.loads(data.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        body = data.decode("utf-8", "replace")
    request[ENTRY].body = body
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
