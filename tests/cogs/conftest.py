"""A stand-in of Discord, a stock client logged in to it, and the real bot with its parts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.stock_client import StockBot, running

# isort: split
import discord

from bot.client import DailiesBot
from cogs.publishing.ephemeral_replies import PrivateAnswers
from cogs.publishing.publisher import DiscordPublisher
from sandbox.apixo import ApixoOptions, ApixoStandIn
from sandbox.apixo.clips import tiny_clip
from sandbox.discord import Channel, DiscordOptions, DiscordStandIn, Person
from storage.database import Database
from tests.conftest import SqliteTemplate, Template
from tests.harness.bot import House
from tests.harness.workflow import NO_LIMITS
from workflow.context import Policy


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
    return DiscordPublisher(client, PrivateAnswers(lambda: 0))


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
def ben(stand_in: DiscordStandIn) -> Person:
    return stand_in.member("Ben")


@pytest.fixture
async def apixo(request: pytest.FixtureRequest) -> AsyncIterator[ApixoStandIn]:
    """Open an APIXO that answers as fast as APIXO does, or as the mark `time_scale` says."""
    mark = request.node.get_closest_marker("time_scale")
    scale = 1 if mark is None else mark.args[0]
    async with ApixoStandIn(ApixoOptions(clips="tiny", time_scale=scale)) as opened:
        yield opened


@pytest.fixture
async def house(
    stand_in: DiscordStandIn, apixo: ApixoStandIn, database: Database, tmp_path: Path
) -> AsyncIterator[House]:
    """Build the service; it is to be started."""
    policy = Policy(limits=NO_LIMITS, max_tasks=5, time_scale=apixo.options.time_scale)
    built = House(stand_in, apixo, database, tmp_path, policy)
    yield built
    await built.stop()


@pytest.fixture
async def home(house: House) -> House:
    """Run the real bot, and whatever else belongs to the service."""
    await house.start()
    return house


@pytest.fixture
async def dailies(house: House) -> DailiesBot:
    """Run the real bot, with its commands registered."""
    await house.start()
    return house.bot
