"""Routes under `/_sandbox`, for tests that run the stand-in in another process."""

from decimal import Decimal
from typing import Annotated, Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.apixo.api import AppState
from sandbox.apixo.faults import Fault, Route
from sandbox.apixo.journal import RequestJournal
from sandbox.apixo.prices import format_usd
from sandbox.apixo.rules import is_loopback
from sandbox.apixo.tasks import Task

ADMIN_PREFIX = "/_sandbox/"

_Body = TypeVar("_Body", bound=BaseModel)


class _FaultOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    on: Route
    fault: Fault
    times: Annotated[int, Field(ge=1, le=10_000)] = 1


class _ClockOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    time_scale: Annotated[float, Field(gt=0)] | None = None
    skip: Annotated[float, Field(ge=0)] = 0.0


class _BalanceOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    usd: Annotated[Decimal, Field(decimal_places=6)]


def build_admin_app(rooms: AppState, journal: RequestJournal) -> web.Application:
    """Make the application that is served under `PREFIX`."""
    app = web.Application(middlewares=[loopback_only])
    app.add_routes(AdminRoutes(rooms, journal).routes())
    return app


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests from other machines."""
    if not is_loopback(request.remote):
        raise web.HTTPForbidden(reason="Only this machine may do that")
    return await handler(request)


class AdminRoutes:
    """Shows and changes the stand-in's inside."""

    def __init__(self, rooms: AppState, journal: RequestJournal) -> None:
        self._state = rooms
        self._journal = journal

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get("/journal", self.show_journal),
            web.get("/tasks", self.show_tasks),
            web.post("/faults", self.add_fault),
            web.delete("/faults", self.clear_faults),
            web.post("/clock", self.change_clock),
            web.post("/balance", self.change_balance),
        ]

    async def show_journal(self, _: web.Request) -> web.Response:
        """Give every request and every callback, oldest first."""
        deliveries = [
            {"at": made.at, "task_id": made.task_id, "url": made.url, "result": made.result}
            for made in self._state.callbacks.attempts
        ]
        return web.json_response({"requests": self._journal.as_json(), "callbacks": deliveries})

    async def show_tasks(self, _: web.Request) -> web.Response:
        """Give every task with its money and state, oldest first."""
        micro = self._state.tasks.balance.micro
        tasks = [self._describe(task) for task in self._state.tasks]
        return web.json_response({"tasks": tasks, "balance_usd": format_usd(micro)})

    async def add_fault(self, request: web.Request) -> web.Response:
        """Queue a fault: `{"on": "status", "times": 3, "fault": {"status": 502}}`."""
        order = await _read(request, _FaultOrder)
        self._state.faults.add(order.on, order.fault, order.times)
        return web.json_response({"ok": True})

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Forget the faults that are waiting."""
        self._state.faults.clear()
        return web.json_response({"ok": True})

    async def change_clock(self, request: web.Request) -> web.Response:
        """Change the time scale, skip generation seconds, or both."""
        order = await _read(request, _ClockOrder)
        self._state.scaled_clock.adjust(scale=order.time_scale, skip=order.skip)
        return web.json_response({"time_scale": self._state.scaled_clock.scale})

    async def change_balance(self, request: web.Request) -> web.Response:
        """Set the key's balance in dollars, given as a string or an exact number."""
        order = await _read(request, _BalanceOrder)
        balance = self._state.tasks.balance
        balance.micro = int(order.usd * 1_000_000)
        return web.json_response({"balance_usd": format_usd(balance.micro)})

    def _describe(self, task: Task) -> dict[str, Any]:
        return {
            "id": task.id,
            "model": task.submission.model.id,
            "mode": task.submission.mode,
            "prompt": task.submission.prompt,
            "state": task.state_at(self._state.scaled_clock.now()),
            "created": task.created_at,
            "price_micro": task.price_micro,
            "charged_micro": task.charged_micro,
            "fail_code": task.fail_code,
            "callback_url": task.submission.callback_url,
        }


async def _read(request: web.Request, kind: type[_Body]) -> _Body:
    try:
        return kind.model_validate_json(await request.read())
    except ValidationError as error:
        raise web.HTTPBadRequest(reason=f"{error.errors()[0]['msg']}") from None
