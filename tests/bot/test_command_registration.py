"""The commands at Discord are compared, and repaired by the highest version alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from structlog.testing import capture_logs

from tests.harness.stock_client import discord, pointed_library

# isort: split
from discord import app_commands

from bot.command_registration import CommandRecord, CommandRegistration
from cogs.ui.i18n import N_
from sandbox.discord import DiscordConfig, FakeDiscord, Fault
from storage.database import Database
from storage.key_value import KeyValueStore
from tests.conftest import SqliteTemplate, Template

COMMANDS = "/applications/*/commands"


@pytest.fixture
def template(sqlite_template: SqliteTemplate) -> Template:
    return sqlite_template


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as opened:
        yield opened


class Deployment:
    """One version of a bot with a few commands; `pauses_s` are those that it made."""

    def __init__(
        self, database: Database, version: str, *names: str, older: Sequence[bool] = ()
    ) -> None:
        self.client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=60)
        self.tree = app_commands.CommandTree(
            self.client, allowed_contexts=app_commands.AppCommandContext(guild=True)
        )
        for name in names:
            self.tree.add_command(
                app_commands.Command(name=name, description=N_("Anything"), callback=_anything)
            )
        self.pauses_s: list[float] = []
        self.key_values = KeyValueStore(database)
        self._registration = CommandRegistration(
            *(self.client, self.tree, self.key_values),
            has_older=self._has_older,
            version=version,
            sleep=self._sleep,
        )
        self._older = iter(older)

    async def start(self, fake_discord: FakeDiscord) -> None:
        async with pointed_library(fake_discord), self.client:
            await self.client.login(fake_discord.token)
            await self._registration.run()

    async def _has_older(self) -> bool:
        await asyncio.sleep(0)
        return next(self._older, False)

    async def _sleep(self, pause_s: float) -> None:
        self.pauses_s.append(pause_s)
        await asyncio.sleep(0)


@app_commands.describe(words="Any words", number="Any number")
@app_commands.choices(number=[app_commands.Choice(name="none", value=0)])
async def _anything(
    interaction: discord.Interaction,
    words: app_commands.Range[str, 3, 2500],
    number: int = 0,
    picture: discord.Attachment | None = None,
) -> None:
    """Stand for any command."""


async def test_what_is_registered_is_left_alone_and_what_is_not_is_repaired(
    fake_discord: FakeDiscord, database: Database
):
    """A start without a difference registers nothing; another deployment's doing is undone."""
    await Deployment(database, "0.3.0", "video", "help").start(fake_discord)
    await Deployment(database, "0.3.0", "video", "help").start(fake_discord)
    assert fake_discord.commands.syncs == 1
    fake_discord.commands.overwrite(None, [{"name": "play", "description": "Play music"}])
    with capture_logs() as logged:
        await Deployment(database, "0.3.0", "video", "help").start(fake_discord)
    assert names_at(fake_discord) == {"video", "help"}
    [said] = [entry for entry in logged if entry["event"] == "commands registered"]
    assert said["drift"] == "missing: /help, /video; unknown: 1"


async def test_a_lower_version_reports_and_changes_nothing(
    fake_discord: FakeDiscord, database: Database
):
    """Of two deployments on one database, the newer one's commands stay."""
    await Deployment(database, "0.10.0", "video", "help", "film").start(fake_discord)
    with capture_logs() as logged:
        await Deployment(database, "0.9.0", "video", "help").start(fake_discord)
    assert names_at(fake_discord) == {"video", "help", "film"}
    [said] = [entry for entry in logged if entry["log_level"] == "warning"]
    assert said["event"] == "commands of a newer version kept"
    assert (said["registered_by"], said["drift"]) == ("0.10.0", "unknown: 1")
    newest = Deployment(database, "0.10.0", "video", "help")
    await newest.start(fake_discord)
    assert names_at(fake_discord) == {"video", "help"}
    assert newest.client.application_id is not None
    record = await CommandRecord.read(newest.key_values, newest.client.application_id)
    assert record is not None
    assert record.version == "0.10.0"


async def test_nothing_is_registered_while_older_processes_answer_members(
    fake_discord: FakeDiscord, database: Database
):
    """They would not know the new commands; the older one's record stays meanwhile."""
    await Deployment(database, "0.9.0", "video").start(fake_discord)
    bot = Deployment(database, "0.10.0", "video", "film", older=[True, True, True])
    with capture_logs() as logged:
        await bot.start(fake_discord)
    assert bot.pauses_s == [5.0, 5.0]
    assert names_at(fake_discord) == {"video", "film"}
    assert [one["event"] for one in logged] == [
        "commands wait for older processes",
        "commands registered",
    ]


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_what_passes_is_waited_for_in_growing_pauses(
    fake_discord: FakeDiscord, database: Database, method: str
):
    """5xx, HTML of any status, a broken connection, limits: as long as asked for."""
    faults = [
        Fault(status=503),
        Fault(status=429, raw=b"error code: 1015"),
        Fault(status=403, raw=b"<html>blocked</html>"),
        Fault(ending="reset"),
        Fault(status=200, raw=b"<html>"),
        Fault(status=429, retry_after=1_800),
    ]
    if method == "PUT":
        faults = [
            *(fault for fault in faults if fault.status != 200),
            Fault(status=400, code=30034),
        ]
    for fault in faults:
        # aiohttp itself repeats a request whose connection breaks, once.
        times = 2 if fault.ending == "reset" else 1
        fake_discord.faults.add(method, COMMANDS, fault, times)
    bot = Deployment(database, "0.3.0", "video")
    await bot.start(fake_discord)
    assert names_at(fake_discord) == {"video"}
    assert len(bot.pauses_s) == len(faults)
    growing = bot.pauses_s[: 4 if method == "PUT" else 5]
    assert all(2**n <= pause_s <= 2 ** (n + 1) for n, pause_s in enumerate(growing))
    assert bot.pauses_s[len(growing)] == 1_800
    assert method == "GET" or bot.pauses_s[-1] == 3_600


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_what_discord_refuses_for_good_is_tried_once_a_start(
    fake_discord: FakeDiscord, database: Database, status: int
):
    """The operator reads of it in the log."""
    fake_discord.faults.add("PUT", COMMANDS, Fault(status=status, code=50001), times=None)
    bot = Deployment(database, "0.3.0", "video")
    with capture_logs() as logged:
        await bot.start(fake_discord)
    assert fake_discord.journal.count_requests("PUT", COMMANDS) == 1
    assert bot.pauses_s == []
    assert [entry["event"] for entry in logged] == ["commands refused by Discord"]


def names_at(fake_discord: FakeDiscord) -> set[str]:
    return {command["name"] for command in fake_discord.commands.registered_in(None)}
