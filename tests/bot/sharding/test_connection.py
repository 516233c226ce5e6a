"""The gateway connection comes back after outages, in growing pauses; few reasons end it."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.stock_client import discord, pointed_library

# isort: split
from bot.errors import GatewayRefused
from bot.sharding import connection
from bot.sharding.connection import REFUSALS, ReconnectPauses, ShardConnection
from sandbox.discord import DiscordConfig, FakeDiscord

_DAY_S = 86_400
_PAGE = Path(__file__).parents[3] / "docs" / "operating.md"


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a stand-in."""
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as opened:
        yield opened


@pytest.fixture
async def client(
    fake_discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[discord.Client]:
    """Log a client in whose pauses are too short to notice."""
    monkeypatch.setattr(connection, "growing_pause_s", lambda _: 0.001)
    monkeypatch.setattr(discord.Client, "before_identify_hook", _at_once)
    async with (
        pointed_library(fake_discord),
        discord.Client(intents=discord.Intents.none()) as made,
    ):
        await made.login(fake_discord.token)
        yield made


@pytest.mark.parametrize("code", REFUSALS)
async def test_what_only_a_person_can_repair_ends_the_connection(
    fake_discord: FakeDiscord, client: discord.Client, code: int
):
    """Each code has its own sentence, which names it."""
    fake_discord.gateway.identify_close_code = code
    with pytest.raises(GatewayRefused) as refusal:
        await ShardConnection(client, 0, _at_once).run()
    assert str(refusal.value) == f"{REFUSALS[code]} (close code {code})."
    assert fake_discord.gateway.identify_count == 1


def test_every_refusal_is_in_the_documentation():
    """A row for each close code, and the sentences differ."""
    rows = re.findall(r"^\| (4\d{3}) \|", _PAGE.read_text(), re.MULTILINE)
    assert [int(code) for code in rows] == sorted(REFUSALS)
    assert len(set(REFUSALS.values())) == len(REFUSALS)


@pytest.mark.parametrize("code", [1000, 1011, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009])
async def test_after_any_other_code_the_connection_comes_back(
    fake_discord: FakeDiscord, client: discord.Client, code: int
):
    """However often it is closed; then everything goes on."""
    fake_discord.gateway.identify_close_code = code
    connecting = asyncio.create_task(ShardConnection(client, 0, _at_once).run())
    await _until(lambda: fake_discord.gateway.identify_count > 4)
    fake_discord.gateway.identify_close_code = None
    await _until(lambda: fake_discord.gateway.has_client)
    await client.close()
    await connecting


async def test_a_gateway_that_nobody_serves_is_tried_again_and_resumed(
    fake_discord: FakeDiscord, client: discord.Client
):
    """From the first attempt on; a session that was lost for a moment is resumed."""
    fake_discord.gateway.is_unavailable = True
    connecting = asyncio.create_task(ShardConnection(client, 0, _at_once).run())
    await asyncio.sleep(0.05)
    assert not connecting.done()
    fake_discord.gateway.is_unavailable = False
    await asyncio.wait_for(client.wait_until_ready(), 120)
    await fake_discord.gateway.drop_connections()
    await _until(lambda: fake_discord.gateway.resume_count == 1)
    await client.close()
    await connecting


async def test_an_odd_frame_costs_the_connection_alone(
    fake_discord: FakeDiscord, client: discord.Client
):
    """The library trips over it; the connection is closed and opened again."""
    connecting = asyncio.create_task(ShardConnection(client, 0, _at_once).run())
    await asyncio.wait_for(client.wait_until_ready(), 120)
    [session] = fake_discord.gateway._alive()
    assert session.socket is not None
    await session.socket.send_str("no JSON at all")
    await _until(lambda: fake_discord.gateway.resume_count == 1)
    await client.close()
    await connecting


def test_a_gateway_that_closes_every_connection_costs_fewer_sessions_than_a_day_has():
    """Discord allows 1,000 a day; a connection that moves now and then comes back at once."""
    clock_s, connections = 0.0, 0
    pauses = ReconnectPauses(lambda: clock_s)
    assert pauses.next_s(failed=False) == 0
    while clock_s < _DAY_S:
        clock_s += pauses.next_s(failed=False)
        connections += 1
    assert connections < 1_000
    clock_s += 3_600
    assert pauses.next_s(failed=False) == 0
    assert pauses.next_s(failed=True) > 0


async def _at_once(*_: object, **__: object) -> None:
    await asyncio.sleep(0)


async def _until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(120):
        while not holds():
            await asyncio.sleep(0.005)
