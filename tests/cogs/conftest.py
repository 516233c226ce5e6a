"""A stand-in of Discord, a stock client logged in to it, and the real bot with its parts."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.harness.stock_client import StockClient, run_bot

# isort: split
import discord

import cogs.jobs.cog
import cogs.jobs.extend
import cogs.operator.cog
import cogs.servers.cog
import cogs.settings.cog
from bot.client import DailiesBot
from cogs.publishing.publisher import DiscordPublisher
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.apixo.clips import minimal_clip
from sandbox.discord import Channel, DiscordConfig, FakeDiscord, MemberClient
from storage.database import Database
from tests.conftest import SqliteTemplate, Template
from tests.harness.bot import BotHarness
from tests.harness.private_replies import private_replies
from tests.harness.workflow import NO_LIMITS
from workflow.context import Policy

FORM_DEADLINES = (
    *((cogs.jobs.cog, "_MODAL_READ_S"), (cogs.jobs.extend, "_MODAL_READ_S")),
    *((cogs.operator.cog, "_FORM_READ_S"), (cogs.settings.cog, "_FORM_READ_S")),
    (cogs.servers.cog, "_FORM_CHECK_S"),
)
"""How long a click waits for what its form is to show: Discord waits no longer, this one does."""


@pytest.fixture(scope="session", autouse=True)
def patience_with_forms() -> Iterator[None]:
    """Open every form, however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in FORM_DEADLINES:
            patch.setattr(module, name, 120)
        yield


@pytest.fixture
def template(sqlite_template: SqliteTemplate) -> Template:
    """Take the embedded database: what members touch is the same on both engines."""
    return sqlite_template


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a stand-in that takes many posts a second and is patient; else it is as Discord."""
    options = DiscordConfig(
        sends_per_window=5_000, requests_per_second=5_000, ack_seconds=120, identify_seconds=0
    )
    async with FakeDiscord(options) as opened:
        yield opened


@pytest.fixture
async def client(fake_discord: FakeDiscord) -> AsyncIterator[StockClient]:
    """Log a stock client in."""
    async with run_bot(fake_discord, StockClient(discord.Intents(guilds=True))) as bot:
        yield bot


@pytest.fixture
def publisher(client: StockClient, database: Database) -> DiscordPublisher:
    return DiscordPublisher(client, private_replies(client, database))


@pytest.fixture
def videos(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.channel("videos")


@pytest.fixture
def ada(fake_discord: FakeDiscord) -> MemberClient:
    return fake_discord.member("Ada")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an MP4 that plays."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    path.write_bytes(minimal_clip())
    return path


@pytest.fixture
def ben(fake_discord: FakeDiscord) -> MemberClient:
    return fake_discord.member("Ben")


@pytest.fixture
async def apixo(request: pytest.FixtureRequest) -> AsyncIterator[FakeApixo]:
    """Open an APIXO that answers as fast as APIXO does, or as the mark `time_scale` says."""
    mark = request.node.get_closest_marker("time_scale")
    scale = 1 if mark is None else mark.args[0]
    async with FakeApixo(ApixoConfig(clips="tiny", time_scale=scale)) as opened:
        yield opened


@pytest.fixture
async def stopped_harness(
    fake_discord: FakeDiscord, apixo: FakeApixo, database: Database, tmp_path: Path
) -> AsyncIterator[BotHarness]:
    """Build the service; it is to be started."""
    policy = Policy(limits=NO_LIMITS, max_tasks=5, time_scale=apixo.config.time_scale)
    built = BotHarness(fake_discord, apixo, database, tmp_path, policy)
    yield built
    await built.stop()


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    """Run the real bot, and whatever else belongs to the service."""
    await stopped_harness.start()
    return stopped_harness


@pytest.fixture
async def dailies(stopped_harness: BotHarness) -> DailiesBot:
    """Run the real bot, with its commands registered."""
    await stopped_harness.start()
    return stopped_harness.bot
