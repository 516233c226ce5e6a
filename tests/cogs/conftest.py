"""A stand-in of Discord, a stock client logged in to it, and the real bot with its parts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import aiohttp
import pytest
from pydantic import SecretStr

from tests.sandbox.discord.stock import StockBot, pointed, running

# isort: split
import discord

from apixo.client import ApixoClient
from apixo.results import ResultFetcher
from bot.client import DailiesBot
from cogs.generation import Generation
from cogs.intake import Intake
from cogs.publisher import DiscordPublisher
from sandbox.apixo import ApixoOptions, ApixoStandIn
from sandbox.apixo.clips import tiny_clip
from sandbox.discord import Channel, DiscordOptions, DiscordStandIn, Person
from storage.database import Database
from storage.media import MediaFolder
from tests.conftest import SqliteTemplate, Template
from tests.workflow.world import NO_LIMITS
from workflow.belt import Belt
from workflow.context import Context, Policy
from workflow.notes import Notes


@pytest.fixture
def template(sqlite_template: SqliteTemplate) -> Template:
    """Take the embedded database: what members touch is the same on both engines."""
    return sqlite_template


@pytest.fixture
async def stand_in() -> AsyncIterator[DiscordStandIn]:
    """Open a stand-in that takes many posts a second; its other rules are Discord's."""
    options = DiscordOptions(sends_per_window=5_000, requests_per_second=5_000)
    async with DiscordStandIn(options) as opened:
        yield opened


@pytest.fixture
async def client(stand_in: DiscordStandIn) -> AsyncIterator[StockBot]:
    """Log a stock client in."""
    async with running(stand_in, StockBot(discord.Intents(guilds=True))) as bot:
        yield bot


@pytest.fixture
def publisher(client: StockBot) -> DiscordPublisher:
    return DiscordPublisher(client)


@pytest.fixture
def videos(stand_in: DiscordStandIn) -> Channel:
    return stand_in.channel("videos")


@pytest.fixture
def ada(stand_in: DiscordStandIn) -> Person:
    return stand_in.member("Ada")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an MP4 that plays."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    path.write_bytes(tiny_clip())
    return path


@pytest.fixture
async def dailies(
    stand_in: DiscordStandIn, database: Database, tmp_path: Path
) -> AsyncIterator[DailiesBot]:
    """Run the real bot, with its commands registered."""
    async with AsyncExitStack() as stack:
        apixo = await stack.enter_async_context(ApixoStandIn(ApixoOptions(clips="tiny")))
        bot = await _build(stack, stand_in, apixo, database, tmp_path)
        await stack.enter_async_context(pointed(stand_in))
        task = asyncio.create_task(bot.start(stand_in.token))
        stack.push_async_callback(asyncio.gather, task, return_exceptions=True)
        stack.push_async_callback(bot.close)
        await stand_in.until_commands({"video"})
        yield bot


async def _build(
    stack: AsyncExitStack,
    stand_in: DiscordStandIn,
    apixo: ApixoStandIn,
    database: Database,
    folder: Path,
) -> DailiesBot:
    client = ApixoClient(apixo.base_url, SecretStr(apixo.key))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    intake = Intake(session, stand_in.api_url)
    bot = DailiesBot(lambda: [Generation(context, belt, intake)], Notes(database))
    context = Context(
        database=database,
        apixo=await stack.enter_async_context(client),
        results=await stack.enter_async_context(ResultFetcher(("apixo.ai",), "127.0.0.1")),
        media=MediaFolder(folder / "media"),
        publisher=DiscordPublisher(bot),
        policy=Policy(limits=NO_LIMITS, max_tasks=5),
        now_ms=lambda: time.time_ns() // 1_000_000,
        random=Random(7),  # noqa: S311 - jitter
    )
    belt = Belt(context, "test")
    # How long the library waits for servers that do not come; here all have come.
    bot._connection.guild_ready_timeout = 0.02
    return bot
