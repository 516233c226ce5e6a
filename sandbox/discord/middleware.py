"""Middleware that every request passes: the journal, the token, the limits, and the faults."""

from collections.abc import Mapping
from email.utils import formatdate

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from sandbox.discord.app_state import AppState
from sandbox.discord.errors import ApiError, payload_too_large, unauthorized
from sandbox.discord.json_response import json_response
from sandbox.discord.paths import API_PREFIX
from sandbox.discord.rate_limits import TooManyRequests
from sandbox.discord.recording import record_call
from sandbox.discord.request_body import RECORDED_REQUEST

_LIMITS: web.RequestKey[Mapping[str, str]] = web.RequestKey("limits", Mapping[str, str])
_WITHOUT_TOKEN = (f"{API_PREFIX}/webhooks/", f"{API_PREFIX}/interactions/")


class ApiMiddleware:
    """Lets requests in, and puts every refusal into Discord's form."""

    def __init__(self, rooms: AppState) -> None:
        self._state = rooms

    @web.middleware
    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request pass, as aiohttp's middleware."""
        if not request.path.startswith(("/api/", "/cdn/")):
            return await handler(request)
        return await self._note(request, handler)

    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        now = self._state.world.now
        entry = self._state.journal.record(now(), request.method, request.path)
        request[RECORDED_REQUEST] = entry
        response = await self._refusals(request, handler)
        if request.transport is not None and not request.transport.is_closing():
            entry.status = response.status
        entry.took_s = now() - entry.at
        folder = self._state.config.record_folder
        if folder is not None and request.path.startswith("/api/"):
            record_call(folder, request, response.status)
        return response

    async def _refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await self._let_in(request, handler)
        except ApiError as refusal:
            return json_response(refusal.to_json(), refusal.status, request.get(_LIMITS))
        except TooManyRequests as limited:
            return json_response(limited.body, 429, limited.headers)
        except web.HTTPException as error:
            body = {"message": f"{error.status}: {error.reason}", "code": 0}
            return json_response(body, error.status)

    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        headers: Mapping[str, str] = {}
        if request.path.startswith("/api/"):
            headers = self._admit(request)
        fault = self._state.faults.pop(request.method, request.path)
        if fault is None:
            response = await handler(request)
        else:
            response = await fault.apply(request, lambda: handler(request))
        if not response.prepared:
            response.headers.update(headers)
            response.headers[hdrs.DATE] = formatdate(self._state.world.now(), usegmt=True)
        return response

    def _admit(self, request: web.Request) -> Mapping[str, str]:
        """Check the token, count the request, and look at the size that it announces."""
        resource = request.match_info.route.resource
        if resource is None:
            return {}
        granted = f"Bot {self._state.config.token}"
        own = not request.path.startswith(_WITHOUT_TOKEN)
        is_reset = self._state.gateway.session_limits.are_exceeded
        if own and (is_reset or request.headers.get("Authorization") != granted):
            raise unauthorized()
        template = resource.canonical.removeprefix(API_PREFIX)
        headers = self._state.rate_limits.check(request, template)
        request[_LIMITS] = headers
        if (request.content_length or 0) > self._state.config.request_bytes:
            raise payload_too_large()
        return headers
