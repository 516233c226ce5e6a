"""What a visitor can do behind the page, with the real process between both stand-ins."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.snapshot_reader import SnapshotReader
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.backstage import DemoBackstage
from sandbox.demo.controls import DemoControls
from sandbox.demo.discord import DemoDiscord
from sandbox.demo.examples import WELCOME
from sandbox.demo.process import Supervisor
from sandbox.discord import ClientActionRefused
from tests.harness.service import PATIENT, TIMEOUT_S, ServiceHarness

ROOT = Path(__file__).parents[3]
SPEED = 1_000
HALTED = 1e-3
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4}


@dataclass
class Behind:
    """A backstage with everything that it works on, and what the console was told."""

    harness: ServiceHarness
    supervisor: Supervisor
    backstage: DemoBackstage
    told: list[str]
    deaths: list[int]

    async def panel(self, name: str) -> Any:
        (found,) = [panel for panel in await self.backstage.panels() if panel["id"] == name]
        return found

    async def switch(self, name: str) -> Any:
        shown = (await self.panel("mishaps"))["switches"]
        (found,) = [switch for switch in shown if switch["id"] == name]
        return found

    async def arm(self, name: str) -> None:
        assert not (await self.switch(name))["on"]
        await self.backstage.use_control("mishaps", name, value=True)
        switch = await self.switch(name)
        assert switch["on"]
        assert switch["note"]

    async def rows(self, name: str) -> list[list[str]]:
        """Give a table's texts."""
        rows = (await self.panel(name))["rows"]
        return [[c if isinstance(c, str) else c["text"] for c in row["cells"]] for row in rows]

    async def kinds(self) -> list[str]:
        """Name the ledger's rows, oldest first, each with its amount."""
        return [f"{kind} {amount}" for _, kind, amount, _, _ in reversed(await self.rows("ledger"))]

    async def until_job(self, state: str) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while [row[2] for row in await self.rows("jobs")] != [state]:
                await asyncio.sleep(0.02)

    async def until_entries(self, *entries: str) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while await self.kinds() != list(entries):
                await asyncio.sleep(0.02)

    async def ready(self) -> None:
        await self.harness.wait_until_ready()

    async def order(self) -> str:
        return await self.harness.order_video("video", VIDEO)


@pytest.fixture
async def unstarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Behind]:
    """Open both stand-ins; the service does not run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    async with AsyncExitStack() as stack:
        options = ApixoConfig(clips="tiny", time_scale=SPEED)
        apixo = await stack.enter_async_context(FakeApixo(options))
        discord = await stack.enter_async_context(DemoDiscord(PATIENT))
        settings = {"TIME_SCALE": str(SPEED)}
        harness = ServiceHarness.create(apixo, discord, tmp_path / "service", settings)
        told, deaths = list[str](), list[int]()
        supervisor = Supervisor(harness.service, deaths.append)
        levers = DemoControls(apixo, discord, supervisor, told.append)
        backstage = DemoBackstage(apixo, discord, supervisor, levers, SnapshotReader)
        stack.push_async_callback(backstage.close)
        yield Behind(harness, supervisor, backstage, told, deaths)


@pytest.fixture
async def behind(unstarted: Behind) -> AsyncIterator[Behind]:
    """Run the service, too."""
    async with unstarted.supervisor:
        await unstarted.ready()
        yield unstarted


async def test_an_answer_that_is_lost_parks_the_job_and_its_hold_is_given_back(behind: Behind):
    """One task is made and paid at APIXO, one submission is sent; the ledger takes nothing."""
    await behind.arm("lost-answer")
    job = await behind.order()
    await behind.until_job("submit unknown")
    assert not (await behind.switch("lost-answer"))["on"]
    await behind.until_entries(
        "hold $0.08 held", "release $0.08 let go", "adjust (operator) -$0.08"
    )
    await behind.harness.wait_for_status(job, "You weren't charged")
    assert len(behind.harness.apixo.tasks) == 1
    assert (await behind.panel("money"))["figures"][0]["value"] == "$99.92"
    await behind.harness.audit()


async def test_a_minute_without_status_only_delays(behind: Behind):
    """The first question begins it; the video comes after it, and the next one unhindered."""
    await behind.arm("no-status")
    job = await behind.order()
    await behind.harness.wait_for_result(job)
    assert not (await behind.switch("no-status"))["on"]
    asked = behind.harness.apixo.journal.requests_to("statusTask")
    assert {entry.status for entry in asked} == {502, 200}
    assert await behind.kinds() == ["hold $0.08 held", "charge -$0.08"]


async def test_an_expired_link_gives_the_price_back(behind: Behind):
    """The job is lost after many tries; the member is refunded by the operator."""
    await behind.arm("dead-link")
    job = await behind.order()
    await behind.until_job("result lost")
    await behind.harness.wait_for_status(job, "we refunded you")
    assert not (await behind.switch("dead-link"))["on"]
    assert await behind.kinds() == ["hold $0.08 held", "charge -$0.08", "adjust +$0.08"]
    assert (await behind.panel("money"))["figures"][3]["value"] == "$0.08"


async def test_of_a_video_that_discord_does_not_take_something_else_is_delivered(behind: Behind):
    """The member is told what; no message carries the large file."""
    await behind.arm("too-large")
    await behind.harness.wait_for_end(await behind.order())
    assert not (await behind.switch("too-large"))["on"]
    ada = behind.harness.discord.member("Ada")
    messages = behind.harness.discord.channel("videos").messages
    (result,) = messages
    assert result.notified_user_ids == {ada.id}
    assert "Compressed to fit Discord" in result.text
    assert all(file.size < 10_000_000 for message in messages for file in message.attachments)


async def test_a_post_that_discord_made_and_denied_is_there_once(behind: Behind):
    """The library sends it again with its nonce; the channel has the usual message."""
    await behind.arm("posted-500")
    job = await behind.order()
    await behind.harness.wait_for_end(job)
    assert not (await behind.switch("posted-500"))["on"]
    discord = behind.harness.discord
    posts = [e for e in discord.journal if (e.method, e.path[-9:]) == ("POST", "/messages")]
    assert [entry.status for entry in posts] == [500, 200, 200]
    assert len(discord.channel("videos").messages) == 1


async def test_the_gateway_hangs_up_and_answers_again(behind: Behind):
    """The bot is gone from the page, comes back by itself, and takes commands."""
    discord = behind.harness.discord
    await behind.arm("gateway")
    await until(lambda: not discord.gateway.has_client)
    assert "not connected" in (await behind.panel("bot"))["hint"]
    await behind.ready()
    assert not (await behind.switch("gateway"))["on"]
    await behind.harness.wait_for_result(await behind.order())


async def test_what_is_called_off_does_not_happen(behind: Behind):
    """Every switch is armed and turned off; the next video is made as ever."""
    names = [switch["id"] for switch in (await behind.panel("mishaps"))["switches"]]
    for name in names:
        await behind.arm(name)
        await behind.backstage.use_control("mishaps", name, value=False)
        assert not (await behind.switch(name))["on"]
    await behind.ready()
    job = await behind.order()
    await behind.harness.wait_for_result(job)
    await behind.harness.wait_for_end(job)
    assert {entry.status for entry in behind.harness.apixo.journal.requests_to("statusTask")} == {
        200
    }
    assert len(behind.harness.discord.channel("videos").messages) == 1
    await behind.arm("posted-500")


async def test_a_killed_bot_goes_on_where_it_stood(behind: Behind):
    """SIGKILL while a video is being made: it is posted once and charged once."""
    await behind.backstage.use_control("time", "speed", 30)
    await behind.ready()
    behind.harness.apixo.scaled_clock.adjust(scale=HALTED)
    job = await behind.order()
    await behind.harness.wait_for_status(job, "Making your video")
    await behind.backstage.use_control("bot", "kill", value=True)
    await behind.backstage.use_control("time", "speed", SPEED)
    await behind.until_job("delivered")
    assert len(behind.harness.result_messages(job)) == 1
    assert await behind.kinds() == ["hold $0.08 held", "charge -$0.08"]
    assert behind.deaths == []


async def test_another_speed_is_that_of_the_stand_in_and_of_the_service(behind: Behind):
    """The service starts again with it; of several wishes at once only the last is granted."""
    wishes = [behind.backstage.use_control("time", "speed", speed) for speed in (5, 30, 60)]
    await asyncio.gather(*wishes)
    assert behind.harness.apixo.scaled_clock.scale == 60
    assert behind.supervisor.service.environment["TIME_SCALE"] == "60"
    slider = (await behind.panel("time"))["slider"]
    assert (slider["value"], slider["steps"]) == (60, [1, 5, 10, 30, 60, SPEED])
    assert len(behind.told) == 1
    await behind.ready()


async def test_begin_again_leaves_nothing_of_before(behind: Behind):
    """No message, job, task, row or armed switch; the whole balance, other data, same members."""
    apixo, discord = behind.harness.apixo, behind.harness.discord
    await behind.harness.wait_for_result(await behind.order())
    await behind.arm("lost-answer")
    await behind.arm("posted-500")
    old = behind.supervisor.service.folder
    await behind.backstage.use_control("bot", "reset", value=True)
    assert [await behind.rows(name) for name in ("jobs", "apixo", "ledger")] == [[], [], []]
    assert not any(switch["on"] for switch in (await behind.panel("mishaps"))["switches"])
    assert not [m for channel in discord.world.channels.values() for m in channel.messages]
    assert not [
        m for channel in discord.world.channels.values() for m in channel.ephemeral_messages
    ]
    assert apixo.balance.micro == 100_000_000
    folder = behind.supervisor.service.folder
    assert folder != old
    assert (await behind.panel("bot"))["hint"].startswith("It runs")
    await behind.ready()
    await behind.harness.wait_for_result(await behind.order())
    assert len(await behind.rows("jobs")) == 1


async def test_a_bot_that_dies_by_itself_stays_down_until_it_is_started(behind: Behind):
    """The page says so, the console hears its exit code, and one button brings it back."""
    assert behind.supervisor.pid is not None
    os.kill(behind.supervisor.pid, signal.SIGTERM)
    await until(lambda: behind.deaths == [0] and not behind.harness.discord.gateway.has_client)
    panel = await behind.panel("bot")
    assert "does not run" in panel["hint"]
    assert panel["buttons"][0]["label"] == "Start the bot again"
    await behind.backstage.use_control("bot", "kill", value=True)
    await behind.ready()
    assert behind.deaths == [0]


async def test_without_a_balance_videos_wait_in_line(behind: Behind):
    """Nothing is taken; once it is filled, they are made."""
    await behind.backstage.use_control("bot", "empty", value=True)
    assert (await behind.panel("money"))["figures"][0] == {
        "label": "On APIXO's key",
        "value": "$0.00",
        "tone": "bad",
    }
    job = await behind.order()
    await until(lambda: bool(behind.harness.apixo.journal.requests_to("generateTask")))
    assert len(behind.harness.apixo.tasks) == 0
    await behind.backstage.use_control("bot", "fill", value=True)
    await behind.harness.wait_for_result(job)


async def test_what_the_backstage_does_not_have_is_refused(unstarted: Behind):
    """Unknown panels, controls and values change nothing."""
    for panel, control, value in (
        ("time", "speed", 7),
        ("time", "speed", True),
        ("time", "speed", "fast"),
        ("mishaps", "earthquake", True),
        ("mishaps", "dead-link", 1),
        ("bot", "promote", True),
        ("nothing", "reset", True),
    ):
        with pytest.raises(ClientActionRefused):
            await unstarted.backstage.use_control(panel, control, value)
    assert unstarted.told == []
    assert unstarted.supervisor.pid is None


async def test_every_example_of_the_welcome_is_a_command_of_the_bot(behind: Behind):
    """With the options and files that the example fills in."""
    discord = behind.harness.discord
    commands = discord.commands.visible_in(discord.world.guild().id)
    options = {c["name"]: {o["name"] for o in c.get("options", ())} for c in commands}
    for example in WELCOME.examples:
        assert {*example.options, *example.files} <= options[example.command]
        assert all(path.is_file() for path in example.files.values())


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not is_so():
            await asyncio.sleep(0.02)
