"""Answers go wrong on order, and requests come too fast."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from sandbox.discord import Channel, DiscordConfig, FakeDiscord, Fault, Upload
from tests.harness.stock_client import RestClient, StockClient, run_bot

POSTS = "/channels/*/messages"


@pytest.fixture
def videos(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.channel("videos")


@pytest.fixture
def place(videos: Channel) -> str:
    return f"/channels/{videos.id}/messages"


async def test_a_fault_hits_as_often_as_ordered(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """Without effect nothing is posted; another route or method is not hit."""
    fake_discord.faults.add("POST", POSTS, Fault(status=503), times=2)
    body = {"content": "said"}
    assert (await rest("GET", place))[0] == 200
    assert [(await rest("POST", place, body))[0] for _ in range(3)] == [503, 503, 200]
    assert len(videos.messages) == 1
    counts = [
        fake_discord.journal.count_requests(method, POSTS) for method in ("POST", "GET", "PATCH")
    ]
    assert counts == [3, 1, 0]


async def test_a_fault_can_come_after_the_work(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """The message is there, although the answer is an error or no answer at all."""
    fake_discord.faults.add("POST", POSTS, Fault(status=502, takes_effect=True))
    assert (await rest("POST", place, {"content": "one"}))[0] == 502
    for effect in (True, False):
        fake_discord.faults.add("POST", POSTS, Fault(ending="reset", takes_effect=effect))
        with pytest.raises(aiohttp.ClientError):
            await rest("POST", place, {"content": f"{effect}"})
    assert [message.text for message in videos.messages] == ["one", "True"]
    assert [entry.status for entry in fake_discord.journal.requests_to("POST", POSTS)] == [
        502,
        None,
        None,
    ]


async def test_an_answer_can_go_on_for_as_long_as_somebody_listens(
    fake_discord: FakeDiscord, videos: Channel
) -> None:
    """Links to files are served so, too."""
    ada = fake_discord.member("Ada")
    message = await ada.send_message(videos, "look", [Upload("lake.png", b"short")])
    fake_discord.faults.add("GET", "/cdn/attachments/*/*/*", Fault(ending="endless"))
    async with (
        aiohttp.ClientSession() as session,
        session.get(message.attachments[0].url) as response,
    ):
        assert await response.content.readexactly(1_000_000) == bytes(1_000_000)
    async with asyncio.timeout(120):
        (served,) = fake_discord.journal.requests_to("GET", "/cdn/attachments/*/*/*")
        while served.took_s is None:
            await asyncio.sleep(0.01)
    assert served.status is None


async def test_a_channel_refuses_with_a_code_until_cleared(
    fake_discord: FakeDiscord, rest: RestClient, place: str
) -> None:
    """The status and text are those that belong to the code; other channels go on."""
    fake_discord.faults.add_post_refusal(fake_discord.channel("videos").id, 200000)
    body = {"content": "said"}
    assert await rest.request_refused("POST", place, body) == (400, 200000)
    assert await rest.request_refused("POST", place, body) == (400, 200000)
    general = fake_discord.channel("general").id
    assert (await rest("POST", f"/channels/{general}/messages", body))[0] == 200
    fake_discord.faults.clear()
    assert (await rest("POST", place, body))[0] == 200


@pytest.mark.parametrize(("status", "raw"), [(404, b"<html>"), (403, b""), (200, b"<html>")])
async def test_an_answer_can_be_none_of_discords(
    fake_discord: FakeDiscord, videos: Channel, status: int, raw: bytes
) -> None:
    """It is HTML or nothing, with any status, and the work may have been done or not."""
    url = f"{fake_discord.api_url}/channels/{videos.id}/messages"
    headers = {"Authorization": f"Bot {fake_discord.token}"}
    for effect in (False, True):
        fake_discord.faults.add("POST", POSTS, Fault(status=status, raw=raw, takes_effect=effect))
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(url, json={"content": "said"}) as answer,
        ):
            assert (answer.status, await answer.read()) == (status, raw)
            assert answer.content_type == "text/html"
        assert len(videos.messages) == int(effect)


class TestLimits:
    """A stand-in with Discord's own limits, on a clock that is stopped."""

    @pytest.fixture
    async def fake_discord(self) -> AsyncIterator[FakeDiscord]:
        async with FakeDiscord(now=lambda: 1_800_000_000.0) as opened:
            yield opened

    async def test_the_sixth_message_within_five_seconds_is_refused(
        self, fake_discord: FakeDiscord, rest: RestClient, place: str
    ) -> None:
        """The 429 says how long to wait; another channel has a bucket of its own."""
        body = {"content": "said"}
        answers = [await rest("POST", place, body) for _ in range(6)]
        assert [status for status, _ in answers] == [200] * 5 + [429]
        assert answers[-1][1]["retry_after"] == 5.0
        general = fake_discord.channel("general").id
        assert (await rest("POST", f"/channels/{general}/messages", body))[0] == 200

    async def test_headers_tell_what_is_left(self, fake_discord: FakeDiscord, place: str) -> None:
        """As discord.py reads them, and with the `Via` that distinguishes a 429 from a ban."""
        headers = {"Authorization": f"Bot {fake_discord.token}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(headers=headers) as session:
            for left in ("4", "3", "2", "1", "0", "0"):
                url = fake_discord.api_url + place
                async with session.post(url, data='{"content": "said"}') as answer:
                    assert answer.headers["X-RateLimit-Remaining"] == left
            assert (answer.status, answer.headers["Via"]) == (429, "1.1 google")
            assert answer.headers["Retry-After"] == "5"

    async def test_the_bot_has_fifty_requests_a_second(self, rest: RestClient) -> None:
        """Beyond them the limit is global."""
        answers = await asyncio.gather(*[rest("GET", "/gateway") for _ in range(51)])
        refused = [answer for status, answer in answers if status == 429]
        assert [answer["global"] for answer in refused] == [True]


async def test_discord_py_waits_out_a_429() -> None:
    """The library takes a scripted 429 for Discord's, waits, and tries again."""
    async with FakeDiscord(DiscordConfig()) as fake_discord:
        bot = StockClient(discord.Intents(guilds=True))
        async with run_bot(fake_discord, bot):
            fault = Fault(status=429, retry_after=0.01)
            fake_discord.faults.add("POST", POSTS, fault, times=2)
            videos = fake_discord.channel("videos")
            await bot.get_partial_messageable(videos.id).send("said")
            assert len(videos.messages) == 1
            assert fake_discord.journal.count_requests("POST", POSTS) == 3
