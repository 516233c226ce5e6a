"""The routes by which the bot registers its commands, globally and for a server."""

from aiohttp import web

from sandbox.discord.app_state import AppState
from sandbox.discord.command_shape import without_localizations
from sandbox.discord.errors import missing_access, unknown_resource
from sandbox.discord.json_response import json_response, no_content, path_id
from sandbox.discord.paths import API_PREFIX
from sandbox.discord.request_body import read_json

_GLOBAL = f"{API_PREFIX}/applications/{{application}}/commands"
_GUILD = f"{API_PREFIX}/applications/{{application}}/guilds/{{guild}}/commands"


class CommandRoutes:
    """Registers commands."""

    def __init__(self, rooms: AppState) -> None:
        self._state = rooms
        self._book = rooms.commands

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        found: list[web.RouteDef] = []
        for place in (_GLOBAL, _GUILD):
            found += [
                web.get(place, self.show),
                web.put(place, self.overwrite),
                web.post(place, self.upsert),
                web.get(f"{place}/{{command}}", self.show_one),
                web.patch(f"{place}/{{command}}", self.change),
                web.delete(f"{place}/{{command}}", self.remove),
            ]
        return found

    async def show(self, request: web.Request) -> web.Response:
        """List the commands of one place, without translations unless they are asked for."""
        registered = self._book.registered_in(self._scope(request))
        if request.query.get("with_localizations") not in ("true", "True", "1"):
            registered = [without_localizations(command) for command in registered]
        return json_response(registered)

    async def overwrite(self, request: web.Request) -> web.Response:
        """Replace all commands of one place."""
        scope = self._scope(request)
        made = self._book.overwrite(scope, (await read_json(request)).value)
        self._state.world.changes.notify()
        return json_response(made)

    async def upsert(self, request: web.Request) -> web.Response:
        """Register one command, or replace the one of its name."""
        scope = self._scope(request)
        made, new = self._book.upsert(scope, (await read_json(request)).payload)
        self._state.world.changes.notify()
        return json_response(made, 201 if new else 200)

    async def show_one(self, request: web.Request) -> web.Response:
        """Return a command."""
        return json_response(self._book.get(self._scope(request), path_id(request, "command")))

    async def change(self, request: web.Request) -> web.Response:
        """Change some fields of a command."""
        scope, changes = self._scope(request), (await read_json(request)).payload
        made = self._book.update(scope, path_id(request, "command"), changes)
        self._state.world.changes.notify()
        return json_response(made)

    async def remove(self, request: web.Request) -> web.Response:
        """Take a command away."""
        self._book.remove(self._scope(request), path_id(request, "command"))
        self._state.world.changes.notify()
        return no_content()

    def _scope(self, request: web.Request) -> int | None:
        if path_id(request, "application") != self._state.world.bot_user.id:
            raise unknown_resource("Application", 10002)
        if "guild" not in request.match_info:
            return None
        guild = self._state.world.guilds.get(path_id(request, "guild"))
        if guild is None or self._state.world.bot_user.id not in guild.members:
            raise missing_access()
        return guild.id
