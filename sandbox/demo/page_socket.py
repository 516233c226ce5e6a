"""The socket of one open page: all of its room when it enters, then only what changes."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from sandbox.demo.channel_view import ChannelEntry, ChannelView
from sandbox.demo.page_content import PageContent
from sandbox.demo.world_view import world_json
from sandbox.discord.app_state import AppState
from sandbox.discord.json_values import Json, as_id, as_object
from sandbox.discord.models import User

_PAUSE_SECONDS: Final = 0.05
_BACKSTAGE_SECONDS: Final = 0.5
_AT_ONCE: Final = 100

Send = Callable[[str], Awaitable[None]]


class Location(NamedTuple):
    """Whom a page shows where, by their ids."""

    member: int
    channel: int


class UpdateCache:
    """Writes what is the same for every page, once for all of them."""

    def __init__(self, rooms: AppState, stage: PageContent) -> None:
        self.state = rooms
        self.content = stage
        self.channel_view = ChannelView(rooms)
        self._world, self._world_at = "", asyncio.Event()
        self._panels, self._panels_at = "", 0.0
        self._asking = asyncio.Lock()

    def world(self) -> str:
        """Write the world as it is since the last change."""
        at = self.state.world.changes.next_change()
        if at is not self._world_at:
            self._world, self._world_at = json.dumps(world_json(self.state, self.content)), at
        return self._world

    async def panels(self) -> str:
        """Write the panels as they are now, or were a moment ago; nothing if there are none."""
        backstage = self.content.backstage
        if backstage is None:
            return ""
        async with self._asking:
            if time.monotonic() - self._panels_at > _BACKSTAGE_SECONDS * 0.8:
                panels = await backstage.panels()
                self._panels = json.dumps({"type": "backstage", "panels": panels})
                self._panels_at = time.monotonic()
        return self._panels


class UpdateStream:
    """Follows the world for one page, and sends it what it does not know yet."""

    def __init__(self, update_cache: UpdateCache, send: Send) -> None:
        self._update_cache = update_cache
        self._send = send
        self._location: Location | None = None
        self._entered = False
        self._backstage = asyncio.Event()
        self._world = ""
        self._head: Json = {}
        self._keys: dict[int, str] = {}

    def handle_frame(self, text: str) -> None:
        """Take a frame of the page: where it is now, and whether it looks backstage."""
        given = _watch(text)
        place = _place(given)
        if place is not None and place != self._location:
            self._location, self._entered = place, True
            self._update_cache.state.world.changes.notify()
        if given.get("backstage") is True:
            self._backstage.set()
        else:
            self._backstage.clear()

    async def follow(self) -> None:
        """Send the page every change of the world and of its room, for ever."""
        changes = self._update_cache.state.world.changes
        while True:
            changed = changes.next_change()
            await self._send_world()
            await self._send_channel()
            await changed.wait()
            # What happens at the same time makes one frame.
            await asyncio.sleep(_PAUSE_SECONDS)

    async def follow_backstage(self) -> None:
        """Send the page how the panels change while it looks at them, for ever."""
        told = ""
        while True:
            if not self._backstage.is_set():
                told = ""
                await self._backstage.wait()
            panels = await self._update_cache.panels()
            if panels != told:
                told = panels
                await self._send(panels)
            await asyncio.sleep(_BACKSTAGE_SECONDS)

    async def _send_world(self) -> None:
        world = self._update_cache.world()
        if world != self._world:
            self._world = world
            await self._send(world)

    async def _send_channel(self) -> None:
        place, world = self._location, self._update_cache.state.world
        if place is None:
            return
        user, channel = world.users.get(place.member), world.channels.get(place.channel)
        head = self._update_cache.channel_view.header(channel, user)
        reset = self._entered or head["hidden"] != self._head.get("hidden")
        known = {} if reset else self._keys
        self._entered = False
        entries: dict[int, ChannelEntry] = {}
        texts: list[str] = []
        if user is not None and channel is not None and not head["hidden"]:
            entries = self._update_cache.channel_view.entries(channel, user)
            new = [entry for number, entry in entries.items() if known.get(number) != entry.key]
            texts = await self._write(new, user)
        gone = [str(number) for number in known if number not in entries]
        if reset or texts or gone or head != self._head:
            self._head, self._keys = head, {number: found.key for number, found in entries.items()}
            await self._send(_room(place, {"reset": reset, **head, "gone": gone}, texts))

    async def _write(self, entries: list[ChannelEntry], user: User) -> list[str]:
        """Write entries, letting others have their turn in between: there may be thousands."""
        texts: list[str] = []
        for index, entry in enumerate(entries, 1):
            texts.append(self._update_cache.channel_view.entry_json(entry, user))
            if index % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return texts


def _room(place: Location, head: Json, texts: list[str]) -> str:
    """Put a frame together of entries that are written already."""
    who = {"type": "room", "member": str(place.member), "channel": str(place.channel)}
    return f'{json.dumps({**who, **head})[:-1]}, "entries": [{", ".join(texts)}]}}'


def _watch(text: str) -> Json:
    try:
        return as_object((as_object(json.loads(text)) or {}).get("watch")) or {}
    except (ValueError, RecursionError):
        return {}


def _place(given: Json) -> Location | None:
    member, channel = as_id(given.get("member")), as_id(given.get("channel"))
    return None if member is None or channel is None else Location(member, channel)
