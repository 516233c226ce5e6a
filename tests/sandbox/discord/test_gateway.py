"""The gateway on the wire: who may speak, what closes a connection, what a session hears."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sandbox.discord import DiscordConfig, FakeDiscord
from sandbox.discord.events import Intent

GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 15
INVALID_SESSION = {"op": 9, "d": False, "s": None, "t": None}


class Socket:
    """A gateway connection, frame by frame."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, op: int, data: object) -> None:
        await self._socket.send_json({"op": op, "d": data})

    async def send_text(self, text: str) -> None:
        await self._socket.send_str(text)

    async def next(self) -> dict[str, Any]:
        return await self._socket.receive_json(timeout=120)

    async def event(self, name: str) -> dict[str, Any]:
        """Read on to an event and give its data."""
        while (frame := await self.next())["t"] != name:
            pass
        return frame["d"]

    async def close_code(self) -> int | None:
        """Read on to the end and give its code."""
        while (await self._socket.receive(timeout=120)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self._socket.close_code

    async def identify(self, stand_in: FakeDiscord, **changes: Any) -> None:
        data = {"token": stand_in.token, "intents": GUILDS, "properties": {"os": "linux"}}
        await self.send(2, {**data, **changes})


@asynccontextmanager
async def connected(stand_in: FakeDiscord, leave_with: int = 4000) -> AsyncGenerator[Socket]:
    """Connect, and read HELLO; leave with a close code."""
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(stand_in.gateway_url)
        opened = Socket(socket)
        assert (await opened.next())["op"] == 10
        yield opened
        await socket.close(code=leave_with)


async def everybody_left(stand_in: FakeDiscord) -> None:
    """Wait until no client is here."""
    await stand_in.world.changes.wait_until(
        lambda: not stand_in.gateway.has_client or None, 120, "the bot to leave", str
    )


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
    fake_discord: FakeDiscord, changes: dict[str, Any], code: int
) -> None:
    """Each with the code for its reason."""
    async with connected(fake_discord) as socket:
        await socket.identify(fake_discord, **changes)
        assert await socket.close_code() == code


async def test_every_identify_can_be_refused_on_order(fake_discord: FakeDiscord) -> None:
    """With the code that is set, until it is not; each counts."""
    fake_discord.gateway.identify_close_code = 4011
    async with connected(fake_discord) as socket:
        await socket.identify(fake_discord)
        assert await socket.close_code() == 4011
    fake_discord.gateway.identify_close_code = None
    async with connected(fake_discord) as socket:
        await socket.identify(fake_discord)
        assert (await socket.next())["t"] == "READY"
    assert fake_discord.gateway.identify_count == 2


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
    fake_discord: FakeDiscord, text: str, code: int
) -> None:
    """What is no frame, too long, unknown or too early."""
    async with connected(fake_discord) as socket:
        await socket.send_text(text)
        assert await socket.close_code() == code


async def test_a_second_identify_and_a_flood_close_the_connection(
    fake_discord: FakeDiscord,
) -> None:
    """A client identifies once, and sends at most 120 frames a minute."""
    async with connected(fake_discord) as socket:
        await socket.identify(fake_discord)
        await socket.identify(fake_discord)
        assert await socket.close_code() == 4005
    async with connected(fake_discord) as socket:
        await socket.identify(fake_discord)
        for _ in range(120):
            await socket.send(3, {})
        assert await socket.close_code() == 4008


async def test_a_client_without_a_heartbeat_is_dropped() -> None:
    """One that beats is told so; one that falls silent is closed."""
    async with (
        FakeDiscord(DiscordConfig(heartbeat_seconds=0.4)) as stand_in,
        connected(stand_in) as socket,
    ):
        await socket.send(1, None)
        assert (await socket.next())["op"] == 11
        assert await socket.close_code() == 4009


async def test_ready_brings_the_servers_that_the_shard_and_the_intents_cover(
    fake_discord: FakeDiscord,
) -> None:
    """READY names them, GUILD_CREATE fills them, and threads come with their server."""
    async with connected(fake_discord) as socket:
        await socket.identify(fake_discord)
        ready = await socket.event("READY")
        assert ready["resume_gateway_url"] == fake_discord.gateway_url
        assert ready["application"]["id"] == ready["user"]["id"]
        assert len(ready["guilds"]) == 2
        guild = await socket.event("GUILD_CREATE")
        assert [thread["name"] for thread in guild["threads"]] == ["videos-talk"]
        assert (await socket.event("GUILD_CREATE"))["premium_tier"] == 2


async def test_what_others_write_is_hidden_without_the_intent(fake_discord: FakeDiscord) -> None:
    """The event comes with its intent; the content only with the privileged one."""
    videos, ada = fake_discord.channel("videos"), fake_discord.member("Ada")
    fake_discord.gateway.granted_intents = Intent.MESSAGE_CONTENT
    for intents, content in ((GUILD_MESSAGES, ""), (GUILD_MESSAGES | MESSAGE_CONTENT, "hello")):
        async with connected(fake_discord) as socket:
            await socket.identify(fake_discord, intents=intents)
            await socket.event("READY")
            await ada.send_message(videos, "hello")
            assert (await socket.event("MESSAGE_CREATE"))["content"] == content


async def test_a_session_is_resumed_where_it_was_left(fake_discord: FakeDiscord) -> None:
    """Everything after the given number comes again, then RESUMED; no GUILD_CREATE."""
    async with connected(fake_discord) as socket:
        await socket.identify(fake_discord)
        session = (await socket.event("READY"))["session_id"]
    fake_discord.world.set_premium_tier(fake_discord.world.guild(), 1)
    resume = {"token": fake_discord.token, "session_id": session, "seq": 3}
    async with connected(fake_discord) as socket:
        await socket.send(6, resume)
        names = [(await socket.next())["t"] for _ in range(2)]
        assert names == ["GUILD_UPDATE", "RESUMED"]
    async with connected(fake_discord) as socket:
        await socket.send(6, {**resume, "seq": 99})
        assert await socket.close_code() == 4007


async def test_a_session_that_is_over_can_not_be_resumed() -> None:
    """Neither an unknown one nor one that was left too long ago."""
    time = [1_800_000_000.0]
    async with FakeDiscord(now=lambda: time[0]) as stand_in:
        async with connected(stand_in) as socket:
            await socket.identify(stand_in)
            session = (await socket.event("READY"))["session_id"]
        await everybody_left(stand_in)
        time[0] += 121
        for known in (session, "unknown"):
            assert await cannot_resume(stand_in, known)


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_client_that_says_goodbye_has_no_session_left(
    fake_discord: FakeDiscord, code: int
) -> None:
    """Any other close code keeps it."""
    async with connected(fake_discord, leave_with=code) as socket:
        await socket.identify(fake_discord)
        session = (await socket.event("READY"))["session_id"]
    await everybody_left(fake_discord)
    assert await cannot_resume(fake_discord, session)


async def cannot_resume(stand_in: FakeDiscord, session: str) -> bool:
    """Return whether a session is answered with op 9, after which only an identify helps."""
    async with connected(stand_in) as socket:
        await socket.send(6, {"token": stand_in.token, "session_id": session, "seq": 1})
        return await socket.next() == INVALID_SESSION
