"""The gateway on the wire: who may speak, what closes a connection, what a session hears."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sandbox.discord import DiscordOptions, DiscordStandIn
from sandbox.discord.events import Intent

GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 15


class Socket:
    """A gateway connection, frame by frame."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, op: int, data: object) -> None:
        await self._socket.send_json({"op": op, "d": data})

    async def send_text(self, text: str) -> None:
        await self._socket.send_str(text)

    async def next(self) -> dict[str, Any]:
        return await self._socket.receive_json(timeout=5)

    async def event(self, name: str) -> dict[str, Any]:
        """Read on to an event and give its data."""
        while (frame := await self.next())["t"] != name:
            pass
        return frame["d"]

    async def close_code(self) -> int | None:
        """Read on to the end and give its code."""
        while (await self._socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self._socket.close_code

    async def identify(self, stand_in: DiscordStandIn, **changes: Any) -> None:
        data = {"token": stand_in.token, "intents": GUILDS, "properties": {"os": "linux"}}
        await self.send(2, {**data, **changes})


@asynccontextmanager
async def connected(stand_in: DiscordStandIn) -> AsyncGenerator[Socket]:
    """Connect, and read HELLO."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(stand_in.gateway_url) as socket,
    ):
        opened = Socket(socket)
        assert (await opened.next())["op"] == 10
        yield opened


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"properties": None}, 4002),
        ({"shard": [2, 2]}, 4010),
        ({"intents": -1}, 4013),
        ({"intents": None}, 4013),
        ({"intents": MESSAGE_CONTENT}, 4014),
    ],
)
async def test_a_wrong_identify_closes_the_connection(
    stand_in: DiscordStandIn, changes: dict[str, Any], code: int
) -> None:
    """Each with the code that tells why."""
    async with connected(stand_in) as socket:
        await socket.identify(stand_in, **changes)
        assert await socket.close_code() == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", 4002),
        ('{"op": "2"}', 4002),
        (f'{{"op": 1, "d": "{"x" * 4096}"}}', 4002),
        ('{"op": 99, "d": null}', 4001),
        ('{"op": 3, "d": {}}', 4003),
    ],
)
async def test_a_wrong_frame_closes_the_connection(
    stand_in: DiscordStandIn, text: str, code: int
) -> None:
    """What is no frame, too long, unknown or too early."""
    async with connected(stand_in) as socket:
        await socket.send_text(text)
        assert await socket.close_code() == code


async def test_a_second_identify_and_a_flood_close_the_connection(
    stand_in: DiscordStandIn,
) -> None:
    """A client identifies once, and sends at most 120 frames a minute."""
    async with connected(stand_in) as socket:
        await socket.identify(stand_in)
        await socket.identify(stand_in)
        assert await socket.close_code() == 4005
    async with connected(stand_in) as socket:
        await socket.identify(stand_in)
        for _ in range(120):
            await socket.send(3, {})
        assert await socket.close_code() == 4008


async def test_a_client_without_a_heartbeat_is_dropped() -> None:
    """One that beats is told so; one that falls silent is closed."""
    async with (
        DiscordStandIn(DiscordOptions(heartbeat_seconds=0.4)) as stand_in,
        connected(stand_in) as socket,
    ):
        await socket.send(1, None)
        assert (await socket.next())["op"] == 11
        assert await socket.close_code() == 4009


async def test_ready_brings_the_servers_that_the_shard_and_the_intents_cover(
    stand_in: DiscordStandIn,
) -> None:
    """READY names them, GUILD_CREATE fills them, and threads come with their server."""
    async with connected(stand_in) as socket:
        await socket.identify(stand_in)
        ready = await socket.event("READY")
        assert ready["resume_gateway_url"] == stand_in.gateway_url
        assert ready["application"]["id"] == ready["user"]["id"]
        assert len(ready["guilds"]) == 2
        guild = await socket.event("GUILD_CREATE")
        assert [thread["name"] for thread in guild["threads"]] == ["videos-talk"]
        assert (await socket.event("GUILD_CREATE"))["premium_tier"] == 2


async def test_what_others_write_is_hidden_without_the_intent(stand_in: DiscordStandIn) -> None:
    """The event comes with its intent; the content only with the privileged one."""
    videos, ada = stand_in.channel("videos"), stand_in.member("Ada")
    stand_in.gateway.granted = Intent.MESSAGE_CONTENT
    for intents, content in ((GUILD_MESSAGES, ""), (GUILD_MESSAGES | MESSAGE_CONTENT, "hello")):
        async with connected(stand_in) as socket:
            await socket.identify(stand_in, intents=intents)
            await socket.event("READY")
            await ada.say(videos, "hello")
            assert (await socket.event("MESSAGE_CREATE"))["content"] == content


async def test_a_session_is_resumed_where_it_was_left(stand_in: DiscordStandIn) -> None:
    """Everything after the given number comes again, then RESUMED; no GUILD_CREATE."""
    async with connected(stand_in) as socket:
        await socket.identify(stand_in)
        session = (await socket.event("READY"))["session_id"]
    stand_in.world.set_tier(stand_in.world.guild(), 1)
    resume = {"token": stand_in.token, "session_id": session, "seq": 3}
    async with connected(stand_in) as socket:
        await socket.send(6, resume)
        names = [(await socket.next())["t"] for _ in range(2)]
        assert names == ["GUILD_UPDATE", "RESUMED"]
    async with connected(stand_in) as socket:
        await socket.send(6, {**resume, "seq": 99})
        assert await socket.close_code() == 4007


async def test_a_session_that_is_over_can_not_be_resumed() -> None:
    """Neither an unknown one nor one that was left too long ago."""
    time = [1_800_000_000.0]
    async with DiscordStandIn(now=lambda: time[0]) as stand_in:
        async with connected(stand_in) as socket:
            await socket.identify(stand_in)
            session = (await socket.event("READY"))["session_id"]
        await stand_in.world.changes.until(
            lambda: not stand_in.gateway.connected or None, 5, "the bot to leave", str
        )
        time[0] += 121
        for known in (session, "unknown"):
            async with connected(stand_in) as socket:
                await socket.send(6, {"token": stand_in.token, "session_id": known, "seq": 1})
                assert (await socket.next()) == {"op": 9, "d": False, "s": None, "t": None}
