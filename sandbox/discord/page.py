"""Knows the page on which a person can use the stand-in, and the small interface behind it."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import BodyPartReader, WSMsgType, web
from yarl import URL

from sandbox.discord.bodies import save
from sandbox.discord.errors import ClientRefused, NotSeen
from sandbox.discord.interactions import Interaction
from sandbox.discord.json_values import Json, as_id, as_list, as_object
from sandbox.discord.models import MIB, Channel, Message, Role, User
from sandbox.discord.people import Person
from sandbox.discord.rooms import Rooms
from sandbox.discord.view import channel_view, world_view

_HTML: Final = Path(__file__).with_name("page.html")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_PAUSE_SECONDS: Final = 0.1
_FILE_BYTES: Final = 100 * MIB
_SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src 'self' https: data:; media-src 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Page:
    """Serves the page, keeps it up to date, and does what is asked on it."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get("/", self.show),
            web.get("/_page/socket", self.watch),
            web.post("/_page/do", self.do),
        ]

    async def close(self) -> None:
        """End every page's connection."""
        for socket in list(self._sockets):
            await socket.close(code=1001)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Serve the page itself."""
        _require_own(request)
        html = await asyncio.to_thread(_HTML.read_text)
        return web.Response(text=html, content_type="text/html", headers=_SECURITY)

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """Send what the member in the chosen channel sees, now and after every change.

        The page sends `{"member": id, "channel": id}` to choose.
        """
        _require_own(request)
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=4096)
        await socket.prepare(request)
        self._sockets.add(socket)
        choice: dict[str, int] = {}
        pushing = asyncio.create_task(self._push(socket, choice))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    choice |= _chosen(frame.data)
                    self._rooms.world.changes.tell()
        finally:
            self._sockets.discard(socket)
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
        return socket

    async def do(self, request: web.Request) -> web.Response:
        """Do what a member asks for: `order` as JSON, and files by the names of their fields."""
        _require_own(request)
        try:
            order, files = await self._read(request)
            return web.json_response({"ok": True, "choices": await self._carry_out(order, files)})
        except (ClientRefused, NotSeen, LookupError, ValueError) as refusal:
            return web.json_response({"ok": False, "error": str(refusal)})

    async def _push(self, socket: web.WebSocketResponse, choice: Mapping[str, int]) -> None:
        shown = ""
        while not socket.closed:
            changed = self._rooms.world.changes.next()
            text = json.dumps(self._view(choice))
            if text != shown:
                shown = text
                await socket.send_str(text)
            await changed.wait()
            await asyncio.sleep(_PAUSE_SECONDS)

    def _view(self, choice: Mapping[str, int]) -> Json:
        world = self._rooms.world
        view = world_view(self._rooms)
        user = world.users.get(choice.get("member", 0))
        channel = world.channels.get(choice.get("channel", 0))
        if user is not None and channel is not None:
            view |= {"channel": str(channel.id), "member": str(user.id)}
            view |= channel_view(self._rooms, channel, user)
        return view

    async def _read(self, request: web.Request) -> tuple[Json, dict[str, list[Path]]]:
        order, files = Json(), dict[str, list[Path]]()
        if not request.content_type.startswith("multipart/"):
            raise ClientRefused("the order has to come as a form")
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "order":
                order = as_object(json.loads(await part.text())) or {}
            elif part.filename and part.name:
                upload = await save(part, self._rooms.cdn, _FILE_BYTES)
                if upload is None:
                    raise ClientRefused(f"{part.filename} is too large")
                files.setdefault(part.name, []).append(upload.path)
        return order, files

    async def _carry_out(self, order: Json, files: Mapping[str, list[Path]]) -> list[Json] | None:
        person, channel = self._who(order)
        values = {**(as_object(order.get("values")) or {})}
        match order.get("do"):
            case "type":
                singles = {name: paths[0] for name, paths in files.items()}
                values = self._with_things(order, values)
                await person.type(channel, str(order["command"]), {**values, **singles})
            case "suggest":
                name, text = str(order["option"]), str(order["text"])
                return await person.autocomplete(
                    channel, str(order["command"]), values, (name, text)
                )
            case "say":
                paths = [path for found in files.values() for path in found]
                await person.say(channel, str(order.get("text", "")), paths)
            case "click":
                await person.click(self._message(channel, order), str(order["custom_id"]))
            case "choose":
                chosen = as_list(order.get("chosen")) or []
                message = self._message(channel, order)
                await person.choose(message, str(order["custom_id"]), chosen)
            case "menu":
                await person.invoke_menu(self._message(channel, order), str(order["command"]))
            case "submit":
                await person.submit_modal(self._interaction(order), {**values, **files})
            case _:
                raise ClientRefused("nothing that a member could do")
        return None

    def _who(self, order: Json) -> tuple[Person, Channel]:
        world = self._rooms.world
        user = world.users.get(as_id(order.get("member")) or 0)
        channel = world.channels.get(as_id(order.get("channel")) or 0)
        if user is None or channel is None or channel.guild is None:
            raise ClientRefused("no such member or channel")
        if user.id not in channel.guild.members:
            raise ClientRefused(f"{user.name} is no member of {channel.guild.name}")
        return Person(self._rooms, user, channel.guild), channel

    def _with_things(self, order: Json, values: Json) -> Json:
        """Put users, channels and roles in place of their ids, for options that take them."""
        things = {name: self._thing(number) for name, number in _things(order)}
        return {**values, **{name: thing for name, thing in things.items() if thing is not None}}

    def _thing(self, number: int) -> User | Channel | Role | None:
        world = self._rooms.world
        roles = {
            number: role for guild in world.guilds.values() for number, role in guild.roles.items()
        }
        return world.users.get(number) or world.channels.get(number) or roles.get(number)

    def _message(self, channel: Channel, order: Json) -> Message:
        number = as_id(order.get("message")) or 0
        found = channel.message(number)
        for interaction in self._rooms.interactions:
            for message in (interaction.original, *interaction.followups):
                if message is not None and message.id == number:
                    found = found or message
        if found is None:
            raise ClientRefused("the message is gone")
        return found

    def _interaction(self, order: Json) -> Interaction:
        for interaction in self._rooms.interactions:
            if str(interaction.id) == order.get("interaction"):
                return interaction
        raise ClientRefused("no form is open")


def _things(order: Json) -> list[tuple[str, int]]:
    given = as_object(order.get("things")) or {}
    return [(name, number) for name, value in given.items() if (number := as_id(value)) is not None]


def _chosen(text: str) -> dict[str, int]:
    try:
        given = as_object(json.loads(text)) or {}
    except ValueError:
        return {}
    pairs = {name: as_id(given.get(name)) for name in ("member", "channel")}
    return {name: number for name, number in pairs.items() if number is not None}


def _require_own(request: web.Request) -> None:
    """Refuse whatever another site makes a browser ask for: its name, or its origin, shows it."""
    try:
        host = URL(f"http://{request.headers.get('Host', '')}")
        origin = request.headers.get("Origin")
        foreign = origin is not None and URL(origin).origin() != host.origin()
    except ValueError:
        raise web.HTTPForbidden(text="only for this machine") from None
    if host.host not in _LOOPBACK or foreign:
        raise web.HTTPForbidden(text="only for this machine")
