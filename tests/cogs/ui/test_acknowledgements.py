"""Acknowledgements whose answer is lost, that are too late, or that somebody else gave."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from cogs.ui.acknowledgements import SharedInteractions
from sandbox.discord import (
    DiscordConfig,
    FakeDiscord,
    Fault,
    Interaction,
    MemberClient,
    Message,
    Permission,
)
from sandbox.discord.models import MessageFlag
from tests.harness.bot import BotHarness
from tests.harness.service import make_picture

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
CALLBACK = "/interactions/*/*/callback"
PATIENCE_S = 120
DONE = {
    "connection dies": Fault(ending="reset", takes_effect=True),
    "502": Fault(status=502, takes_effect=True),
    "503": Fault(status=503, takes_effect=True),
}
UNDONE = {
    "connection dies": Fault(ending="reset"),
    "502": Fault(status=502),
}

pytestmark = pytest.mark.time_scale(600)

Way = Callable[["Stage"], Awaitable[Interaction]]
WAYS: dict[str, tuple[Way, str]] = {
    "a command": (lambda s: s.ada.run_command(s.harness.channel, "jobs"), "Your videos"),
    "a click": (lambda s: s.ada.click(s.result, "Details"), "a lake at dusk"),
    "a choice on a private message": (
        lambda s: s.ada.select(s.report, "period:spend:30d:day", ["7d"]),
        "You spent",
    ),
    "a form": (lambda s: s.ada.submit_modal(s.compose, {"prompt": "a hill"}), "$"),
    "a form of a private message": (
        lambda s: s.ada.submit_modal(s.settings, {"text": "7"}),
        "$7",
    ),
    "a menu that is answered": (
        lambda s: s.ada.use_context_menu(s.pictures, "Animate this image"),
        "Which picture",
    ),
    "a refusal": (lambda s: s.ada.use_context_menu(s.text, "Animate this image"), "find a picture"),
    "a command that opens a form": (lambda s: s.ada.run_command(s.harness.channel, "compose"), ""),
    "a click that opens a form": (lambda s: s.ada.click(s.result, "Edit prompt"), ""),
}
"""The ways to an acknowledgement, and what its member reads at last; a form has no text."""


DEFERRED = {
    *("a command", "a click", "a choice on a private message"),
    *("a form", "a form of a private message"),
}
"""The ways that are acknowledged before they are answered."""


@dataclass
class Stage:
    """What a member can use: a result, private messages, open forms, and messages of others."""

    ada: MemberClient
    harness: BotHarness
    result: Message
    text: Message
    pictures: Message
    report: Interaction = field(init=False)
    compose: Interaction = field(init=False)
    settings: Interaction = field(init=False)

    @classmethod
    async def prepare(cls, harness: BotHarness, ada: MemberClient) -> "Stage":
        """Make a video, and write two messages."""
        files = [make_picture("a.png"), make_picture("b.png")]
        return cls(
            ada,
            harness,
            await harness.make_video(ada, "video", VIDEO),
            await ada.send_message(harness.channel, "find a picture"),
            await ada.send_message(harness.channel, "two pictures", files),
        )

    async def open_forms(self) -> None:
        """Open what can be used once."""
        ada, channel = self.ada, self.harness.channel
        self.report = await _answered(ada.run_command(channel, "spend"))
        self.compose = await _answered(ada.run_command(channel, "compose"))
        panel = await _answered(ada.run_command(channel, "settings"))
        await (await ada.select(panel, "settings:home:turn:", ["money"])).until_text(
            lambda text: "Confirm above" in text
        )
        self.settings = await _answered(ada.click(panel, "settings:money:confirm_above:"))

    async def go_every_way(self) -> dict[str, Interaction]:
        """Use everything at once."""
        return {name: await way(self) for name, (way, _) in WAYS.items()}


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a stand-in that waits for an acknowledgement as long as Discord does."""
    async with FakeDiscord(
        DiscordConfig(sends_per_window=5_000, requests_per_second=5_000, identify_seconds=0)
    ) as opened:
        yield opened


@pytest.fixture
async def stage(harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient) -> Stage:
    role = fake_discord.world.add_role(ada.guild, "manager", Permission.MANAGE_GUILD)
    fake_discord.world.set_roles(ada.guild, ada.user, role)
    prepared = await Stage.prepare(harness, ada)
    await prepared.open_forms()
    return prepared


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Iterator[list[MutableMapping[str, Any]]]:
    """Collect the log; at the end neither the service nor the library has logged an error."""
    with capture_logs() as logs:
        yield logs
    assert [each for each in logs if each["log_level"] in ("error", "critical")] == []
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_work_goes_on_where_the_acknowledgement_stands(
    stage: Stage, fake_discord: FakeDiscord, events: list[MutableMapping[str, Any]]
) -> None:
    """In every way it is sent once, and the answer comes as ever."""
    for fault in DONE.values():
        await stage.open_forms()
        fake_discord.faults.add("POST", CALLBACK, fault, times=len(WAYS))
        used = await stage.go_every_way()
        for name, interaction in used.items():
            await _read(interaction, WAYS[name][1])
        assert _sent(fake_discord, used) == dict.fromkeys(used, 1)
    found = len(WAYS) * len(DONE)
    await _until(lambda: _counted(events, "acknowledgement found") == found)
    assert await stage.harness.job_count() == 1 + len(DONE)


async def test_nothing_is_done_where_the_acknowledgement_did_not_arrive(
    stage: Stage, fake_discord: FakeDiscord, events: list[MutableMapping[str, Any]]
) -> None:
    """In no way is it sent once more; the member sees that nothing came."""
    used = dict[str, Interaction]()
    for name, fault in UNDONE.items():
        fake_discord.faults.add("POST", CALLBACK, fault, times=len(WAYS))
        tried = await stage.go_every_way()
        used |= {f"{name}: {way}": interaction for way, interaction in tried.items()}
        await _until(lambda tried=tried: set(_sent(fake_discord, tried).values()) == {1})
    await _until(lambda: _counted(events, "acknowledgement lost") == len(used))
    assert all(interaction.failed for interaction in used.values())
    assert _sent(fake_discord, used) == dict.fromkeys(used, 1)
    assert stage.harness.dropped == Counter(lost=len(used))
    assert await stage.harness.job_count() == 1


async def test_nothing_is_done_too_late(
    stage: Stage, fake_discord: FakeDiscord, events: list[MutableMapping[str, Any]]
) -> None:
    """After three seconds Discord no longer has the interaction."""
    fake_discord.faults.add("POST", CALLBACK, Fault(delay=3.2), times=None)
    used = await stage.go_every_way()
    await _until(lambda: _counted(events, "interaction answered too late") == len(WAYS))
    assert _sent(fake_discord, used) == dict.fromkeys(used, 1)
    assert stage.harness.dropped == Counter(late=len(WAYS))
    assert await stage.harness.job_count() == 1


async def test_nothing_is_done_where_somebody_else_was_first(
    stage: Stage, fake_discord: FakeDiscord, events: list[MutableMapping[str, Any]]
) -> None:
    """Their answer stays as it is."""
    fake_discord.faults.add("POST", CALLBACK, Fault(delay=0.5), times=len(WAYS))
    used = await stage.go_every_way()
    await _until(lambda: set(_sent(fake_discord, used).values()) == {1})
    async with aiohttp.ClientSession() as session:
        for interaction in used.values():
            await _say(session, fake_discord, interaction, "mine")
    await _until(lambda: _counted(events, "interaction answered elsewhere") == len(WAYS))
    assert {interaction.text for interaction in used.values()} == {"mine"}
    assert stage.harness.dropped == Counter(answered=len(WAYS))
    assert await stage.harness.job_count() == 1


async def test_nothing_is_done_with_what_another_process_has_claimed(
    stage: Stage, events: list[MutableMapping[str, Any]]
) -> None:
    """Where several receive it; of what is answered at once there is nothing to go on with."""
    claimed = list[int]()

    async def claim(interaction_id: int) -> bool:
        claimed.append(interaction_id)
        return False

    stage.harness.shared = SharedInteractions(claim, is_sole=False)
    await stage.harness.restart()
    used = await stage.go_every_way()
    for name, interaction in used.items():
        if name in DEFERRED:
            await _until(lambda one=interaction: one.id in claimed)
        else:
            await _read(interaction, WAYS[name][1])
    assert stage.harness.dropped == Counter(answered=len(DEFERRED))
    assert not [one for one in events if one["log_level"] == "warning"]


async def test_where_several_receive_it_too_late_is_no_warning(
    stage: Stage, fake_discord: FakeDiscord, events: list[MutableMapping[str, Any]]
) -> None:
    """It is counted: one of the others may have been in time."""
    stage.harness.shared = SharedInteractions(is_alone=lambda: False)
    await stage.harness.restart()
    fake_discord.faults.add("POST", CALLBACK, Fault(code=10062), times=None)
    used = await stage.go_every_way()
    await _until(lambda: stage.harness.dropped == Counter(late=len(used)))
    assert not [one for one in events if one["log_level"] == "warning"]


async def test_suggestions_that_are_lost_are_forgotten(
    harness: BotHarness,
    fake_discord: FakeDiscord,
    ada: MemberClient,
    events: list[MutableMapping[str, Any]],
) -> None:
    """Nothing is looked for: nothing follows suggestions."""
    faults = [*DONE.values(), *UNDONE.values(), Fault(delay=3.2)]
    for fault in faults:
        fake_discord.faults.add("POST", CALLBACK, fault)
    typed = [
        ada.autocomplete(harness.channel, "video", {}, ("duration", "4"), PATIENCE_S)
        for _ in faults
    ]
    shown = await asyncio.gather(*typed, return_exceptions=True)
    await _until(lambda: harness.dropped.total() == len(faults))
    assert harness.dropped == Counter(lost=len(faults) - 1, late=1)
    assert sum(isinstance(each, list) for each in shown) == len(DONE)
    assert fake_discord.journal.count_requests("GET", "/webhooks/*/*/messages/@original") == 0
    assert fake_discord.journal.count_requests("POST", CALLBACK) == len(faults)
    assert [event for event in events if event["log_level"] != "info"] == []


async def _read(interaction: Interaction, wanted: str) -> None:
    """Wait for some words, or for a form."""
    await interaction.until_answered(PATIENCE_S)
    if not wanted:
        assert interaction.modal is not None
        return
    await interaction.until_text(lambda text: wanted in text, PATIENCE_S)
    assert interaction.message is not None
    assert not interaction.message.flags & MessageFlag.LOADING


async def _answered(acting: Awaitable[Interaction]) -> Interaction:
    return await (await acting).until_answered()


async def _say(
    session: aiohttp.ClientSession, fake_discord: FakeDiscord, interaction: Interaction, text: str
) -> None:
    url = f"{fake_discord.api_url}/interactions/{interaction.id}/{interaction.token}/callback"
    body = {"type": 4, "data": {"content": text}}
    async with session.post(url, json=body) as answer:
        assert answer.status < 300


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.02)


def _counted(events: list[MutableMapping[str, Any]], event: str) -> int:
    return sum(each["event"] == event for each in events)


def _sent(fake_discord: FakeDiscord, used: dict[str, Interaction]) -> dict[str, int]:
    """Count the bot's acknowledgements of each interaction."""
    return {
        name: fake_discord.journal.count_requests("POST", f"/interactions/{one.id}/*/callback")
        for name, one in used.items()
    }
