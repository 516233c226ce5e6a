"""The page as a test sees it: what its socket sends, put together, and orders sent as it does."""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import Channel, MemberClient, User

Json = dict[str, Any]
Files = Mapping[str, tuple[str, bytes]]


class PageClient:
    """One open page; `frames` is all that its socket has told, `entries` what it shows now."""

    def __init__(
        self,
        fake_discord: DemoDiscord,
        session: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
    ) -> None:
        self.session = session
        self.socket = socket
        self.frames: list[Json] = []
        self.world: Json = {}
        self.channel: Json = {}
        self.panels: list[Json] = []
        self.entries: dict[str, Json] = {}
        self._stand_in = fake_discord
        self._location: Json = {}

    async def go_to(
        self, who: MemberClient | User, channel: Channel, *, backstage: bool = False
    ) -> None:
        """Be somebody somewhere, and wait for the room."""
        moved = {"member": str(who.id), "channel": str(channel.id)} != self._location
        self._location = {"member": str(who.id), "channel": str(channel.id)}
        await self.socket.send_json({"watch": {**self._location, "backstage": backstage}})
        if moved:
            self.channel = {}
            await self.until(lambda: bool(self.channel))

    async def until(self, condition: Callable[[], object]) -> None:
        """Take frames until a condition holds.

        Raises:
            TimeoutError: it did not within two minutes.
        """
        async with asyncio.timeout(120):
            while not condition():
                self._take(await self.socket.receive_json())

    async def wait_for_entry(self, wanted: Callable[[Json], object]) -> Json:
        """Give the newest entry that is as wanted, once there is one."""
        await self.until(lambda: any(map(wanted, self.entries.values())))
        return [found for found in self.entries.values() if wanted(found)][-1]

    async def wait_for_form(self) -> Json:
        """Give the form that is open, once there is one."""
        await self.until(lambda: self.channel.get("forms"))
        return self.channel["forms"][-1]

    async def act(self, files: Files | None = None, **order: Any) -> Json:
        """Order something as who and where the page is."""
        return (await self.post(json.dumps({**self._location, **order}), files))[1]

    async def act_ok(self, files: Files | None = None, **order: Any) -> Json:
        """Order something that has to be done."""
        answer = await self.act(files, **order)
        assert answer["ok"], answer
        return answer

    async def act_refused(self, files: Files | None = None, **order: Any) -> str:
        """Order something that has to be refused, and give what is said."""
        answer = await self.act(files, **order)
        assert answer["ok"] is False, answer
        return answer["error"]

    async def post(self, order: str, files: Files | None = None) -> tuple[int, Json]:
        """Send an order as it is, and return the answer's status and JSON."""
        form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
        form.add_field("order", order)
        for name, (filename, content) in (files or {}).items():
            form.add_field(name.partition("/")[0], io.BytesIO(content), filename=filename)
        url = f"{self._stand_in.page_url}_page/do"
        async with self.session.post(url, data=form) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> tuple[int, bytes]:
        """Fetch something from where the page comes from."""
        async with self.session.get(self._stand_in.page_url.rstrip("/") + path) as answer:
            return answer.status, await answer.read()

    def _take(self, frame: Json) -> None:
        self.frames.append(frame)
        if frame["type"] == "world":
            self.world = frame
        elif frame["type"] == "backstage":
            self.panels = frame["panels"]
        elif {"member": frame["member"], "channel": frame["channel"]} == self._location:
            self._enter(frame)

    def _enter(self, frame: Json) -> None:
        self.channel = frame
        if frame["reset"]:
            self.entries.clear()
        for number in frame["gone"]:
            self.entries.pop(number, None)
        self.entries |= {entry["id"]: entry for entry in frame["entries"]}
        self.entries = dict(sorted(self.entries.items(), key=lambda found: int(found[0])))


@asynccontextmanager
async def open_page(fake_discord: DemoDiscord) -> AsyncGenerator[PageClient]:
    """Open the page, with nobody chosen yet."""
    async with aiohttp.ClientSession() as session:
        url = f"{fake_discord.page_url}_page/socket"
        async with session.ws_connect(url, max_msg_size=0) as socket:
            page = PageClient(fake_discord, session, socket)
            await page.until(lambda: page.world)
            yield page
