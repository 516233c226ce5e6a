"""Answers go wrong on order, and requests come too fast."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from sandbox.discord import Channel, DiscordOptions, DiscordStandIn, Fault
from tests.harness.stock_client import StockBot, Wire, running

POSTS = "/channels/*/messages"


@pytest.fixture
def videos(stand_in: DiscordStandIn) -> Channel:
    return stand_in.channel("videos")


@pytest.fixture
def place(videos: Channel) -> str:
    return f"/channels/{videos.id}/messages"


async def test_a_fault_hits_as_often_as_ordered(
    stand_in: DiscordStandIn, wire: Wire, videos: Channel, place: str
) -> None:
    """Without effect nothing is posted; another route or method is not hit."""
    stand_in.faults.on("POST", POSTS, Fault(status=503), times=2)
    body = {"content": "said"}
    assert (await wire("GET", place))[0] == 200
    assert [(await wire("POST", place, body))[0] for _ in range(3)] == [503, 503, 200]
    assert len(videos.messages) == 1
    counts = [stand_in.journal.count(method, POSTS) for method in ("POST", "GET", "PATCH")]
    assert counts == [3, 1, 0]


async def test_a_fault_can_come_after_the_work(
    stand_in: DiscordStandIn, wire: Wire, videos: Channel, place: str
) -> None:
    """The message is there, although the answer is an error or no answer at all."""
    stand_in.faults.on("POST", POSTS, Fault(status=502, effect=True))
    assert (await wire("POST", place, {"content": "one"}))[0] == 502
    for effect in (True, False):
        stand_in.faults.on("POST", POSTS, Fault(ending="reset", effect=effect))
        with pytest.raises(aiohttp.ClientError):
            await wire("POST", place, {"content": f"{effect}"})
    assert [message.text for message in videos.messages] == ["one", "True"]
    assert [entry.status for entry in stand_in.journal.to("POST", POSTS)] == [502, None, None]


async def test_a_channel_refuses_with_a_code_until_cleared(
    stand_in: DiscordStandIn, wire: Wire, place: str
) -> None:
    """The status and text are those that belong to the code; other channels go on."""
    stand_in.faults.in_channel(stand_in.channel("videos").id, 200000)
    body = {"content": "said"}
    assert await wire.refused("POST", place, body) == (400, 200000)
    assert await wire.refused("POST", place, body) == (400, 200000)
    general = stand_in.channel("general").id
    assert (await wire("POST", f"/channels/{general}/messages", body))[0] == 200
    stand_in.faults.clear()
    assert (await wire("POST", place, body))[0] == 200


class TestLimits:
    """A stand-in with Discord's own limits, on a clock that stands still."""

    @pytest.fixture
    async def stand_in(self) -> AsyncIterator[DiscordStandIn]:
        async with DiscordStandIn(now=lambda: 1_800_000_000.0) as opened:
            yield opened

    async def test_the_sixth_message_within_five_seconds_is_refused(
        self, stand_in: DiscordStandIn, wire: Wire, place: str
    ) -> None:
        """The 429 tells how long to wait; another channel has a bucket of its own."""
        body = {"content": "said"}
        answers = [await wire("POST", place, body) for _ in range(6)]
        assert [status for status, _ in answers] == [200] * 5 + [429]
        assert answers[-1][1]["retry_after"] == 5.0
        general = stand_in.channel("general").id
        assert (await wire("POST", f"/channels/{general}/messages", body))[0] == 200

    async def test_headers_tell_what_is_left(self, stand_in: DiscordStandIn, place: str) -> None:
        """As discord.py reads them, and with the `Via` that tells a 429 from a ban."""
        headers = {"Authorization": f"Bot {stand_in.token}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(headers=headers) as session:
            for left in ("4", "3", "2", "1", "0", "0"):
                url = stand_in.api_url + place
                async with session.post(url, data='{"content": "said"}') as answer:
                    assert answer.headers["X-RateLimit-Remaining"] == left
            assert (answer.status, answer.headers["Via"]) == (429, "1.1 google")
            assert answer.headers["Retry-After"] == "5"

    async def test_the_bot_has_fifty_requests_a_second(self, wire: Wire) -> None:
        """Beyond them the limit is global."""
        answers = await asyncio.gather(*[wire("GET", "/gateway") for _ in range(51)])
        refused = [answer for status, answer in answers if status == 429]
        assert [answer["global"] for answer in refused] == [True]


async def test_discord_py_waits_out_a_429() -> None:
    """The library takes a scripted 429 for Discord's, waits, and tries again."""
    async with DiscordStandIn(DiscordOptions()) as stand_in:
        bot = StockBot(discord.Intents(guilds=True))
        async with running(stand_in, bot):
            fault = Fault(status=429, retry_after=0.01)
            stand_in.faults.on("POST", POSTS, fault, times=2)
            videos = stand_in.channel("videos")
            await bot.get_partial_messageable(videos.id).send("said")
            assert len(videos.messages) == 1
            assert stand_in.journal.count("POST", POSTS) == 3
