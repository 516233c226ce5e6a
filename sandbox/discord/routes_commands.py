"""Knows the routes by which the bot registers its commands, globally and for a server."""

from aiohttp import web

from sandbox.discord.app_state import Rooms
from sandbox.discord.errors import missing_access, unknown
from sandbox.discord.json_response import answer, nothing, number
from sandbox.discord.paths import API
from sandbox.discord.request_body import read_json

_GLOBAL = f"{API}/applications/{{application}}/commands"
_GUILD = f"{API}/applications/{{application}}/guilds/{{guild}}/commands"


class CommandRoutes:
    """Registers commands."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
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
        """List the commands of one place."""
        return answer(self._book.of(self._scope(request)))

    async def overwrite(self, request: web.Request) -> web.Response:
        """Replace all commands of one place."""
        scope = self._scope(request)
        made = self._book.overwrite(scope, (await read_json(request)).value)
        self._rooms.world.changes.tell()
        return answer(made)

    async def upsert(self, request: web.Request) -> web.Response:
        """Register one command, or replace the one of its name."""
        scope = self._scope(request)
        made, new = self._book.upsert(scope, (await read_json(request)).payload)
        self._rooms.world.changes.tell()
        return answer(made, 201 if new else 200)

    async def show_one(self, request: web.Request) -> web.Response:
        """Tell about a command."""
        return answer(self._book.get(self._scope(request), number(request, "command")))

    async def change(self, request: web.Request) -> web.Response:
        """Change some fields of a command."""
        scope, changes = self._scope(request), (await read_json(request)).payload
        made = self._book.change(scope, number(request, "command"), changes)
        self._rooms.world.changes.tell()
        return answer(made)

    async def remove(self, request: web.Request) -> web.Response:
        """Take a command away."""
        self._book.remove(self._scope(request), number(request, "command"))
        self._rooms.world.changes.tell()
        return nothing()

    def _scope(self, request: web.Request) -> int | None:
        if number(request, "application") != self._rooms.world.bot.id:
            raise unknown("Application", 10002)
        if "guild" not in request.match_info:
            return None
        guild = self._rooms.world.guilds.get(number(request, "guild"))
        if guild is None or self._rooms.world.bot.id not in guild.members:
            raise missing_access()
        return guild.id
