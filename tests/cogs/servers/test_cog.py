"""Nothing is bought that could not be posted: servers without the bot, channels closed to it."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from domain.jobs import JobState
from domain.obstacles import ObstacleKind
from sandbox.discord import (
    Channel,
    FakeDiscord,
    Fault,
    Interaction,
    MemberClient,
    Permission,
    Upload,
)
from sandbox.discord.events import GatewayEvent, Intent
from sandbox.discord.serializers import channel_json
from storage import audit
from tests.harness.bot import BotHarness
from tests.harness.service import make_picture
from workflow.context import Policy

S, K = JobState, ObstacleKind
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
SLOW: dict[str, Any] = {**VIDEO, "prompt": "a lake [[slow:90000]]"}
SCALE = 600

pytestmark = pytest.mark.time_scale(SCALE)


@pytest.fixture
def narrow(stopped_harness: BotHarness) -> BotHarness:
    """Take a service that makes one video at a time."""
    limits = stopped_harness.policy.limits
    stopped_harness.policy = Policy(limits=limits, max_tasks=1, time_scale=SCALE)
    return stopped_harness


async def answered(
    person: MemberClient, channel: Channel, command: str, **options: Any
) -> Interaction:
    return await (await person.run_command(channel, command, options)).until_answered(20)


async def clean(harness: BotHarness) -> None:
    verdict = await harness.database.read(audit.run_audit)
    assert verdict.ok, verdict.violations


async def queue_behind(
    harness: BotHarness, person: MemberClient, count: int
) -> tuple[str, list[str]]:
    """Have a video at APIXO, and others that wait behind it."""
    first = await harness.order_video(person, "video", SLOW)
    await harness.wait_for_state(first, S.GENERATING)
    return first, [await harness.order_video(person, "video", VIDEO) for _ in range(count)]


def finish(harness: BotHarness) -> None:
    """Let what is at APIXO be done."""
    for task in harness.apixo.tasks:
        task.seconds = 1


def requests(discord: FakeDiscord) -> Counter[str]:
    return Counter(
        f"{entry.method} {entry.path.split('/api/v10')[-1]}" for entry in discord.journal
    )


async def until_read(person: MemberClient, words: str) -> str:
    message = await person.direct_channel.wait_for(lambda m: words in m.text, 20, repr(words))
    return message.text


@pytest.mark.parametrize("command", ["video", "animate", "reference"])
async def test_invited_for_its_commands_alone_it_buys_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, command: str
) -> None:
    """`app_permissions` would allow it. Refused in words before a file is fetched or money held."""
    world = fake_discord.world
    guild = world.add_guild("Commands only", ada.user, commands_only=True)
    lobby = world.add_channel(guild, "lobby")
    person = fake_discord.member("Ada", "Commands only")
    file: dict[str, Upload] = {} if command == "video" else {"image": make_picture("p.png")}
    file = {"image1": file["image"]} if command == "reference" else file
    answer = await answered(person, lobby, command, prompt="a lake", **file)
    assert "Only my commands are in this server" in answer.text
    assert await harness.job_count() == 0
    assert not [entry for entry in fake_discord.journal if "attachments" in entry.path]
    form = await answered(person, lobby, "compose")
    assert "Only my commands are in this server" in form.text
    world.add_bot(guild)
    taken = await answered(person, lobby, command, prompt="a lake", **file)
    assert "on its way" in taken.text


async def test_thrown_out_it_releases_what_waits_and_tells_each_member_once(
    narrow: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """Nothing more is bought, and what is at APIXO goes to its member.

    Ada, whom another server shares with the bot, hears of it once; Ben, who cannot be written to,
    is tried once.
    """
    await narrow.start()
    first, waiting = await queue_behind(narrow, ada, 4)
    waiting += [await narrow.order_video(ben, "video", VIDEO) for _ in range(4)]
    before = requests(fake_discord)
    fake_discord.world.remove_bot(ada.guild)
    for job in waiting:
        found = await narrow.wait_for_state(job, S.CANCELLED)
        assert found.fail_code == K.SERVER_LEFT
        assert await narrow.ledger_kinds(job) == ["hold", "release"]
    finish(narrow)
    told = await until_read(ada, "4 of your videos were waiting")
    assert "you weren't charged" in told
    await narrow.wait_for_state(first, S.DELIVERED)
    async with asyncio.timeout(120):
        while any([(await narrow.job(job)).told_at_ms is None for job in waiting]):
            await asyncio.sleep(0.01)
    after = requests(fake_discord) - before
    assert len(narrow.submitted_inputs()) == 1
    assert after["POST /users/@me/channels"] <= 2
    assert [len(m.attachments) for m in ada.direct_channel.messages].count(0) == 1
    assert not [path for path in after if narrow.channel.id in map(str, path.split("/"))]
    await clean(narrow)


async def test_an_outage_of_a_server_is_temporary(
    narrow: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """What waits is neither released nor bought; when the server is back it goes on."""
    await narrow.start()
    first, (job,) = await queue_behind(narrow, ada, 1)
    fake_discord.world.set_available(ada.guild, available=False)
    finish(narrow)
    async with asyncio.timeout(120):
        while (found := await narrow.job(job)).submissions < 2:
            await asyncio.sleep(0.01)
    assert found.state in (S.QUEUED, S.SUBMITTING)
    assert len(narrow.submitted_inputs()) == 1
    fake_discord.world.set_available(ada.guild, available=True)
    await narrow.wait_for_state(first, S.DELIVERED)
    await narrow.wait_for_state(job, S.DELIVERED)
    await clean(narrow)


@pytest.mark.parametrize("obstacle", [K.CHANNEL_GONE, K.PERMISSIONS_MISSING])
async def test_a_channel_that_closes_while_a_job_waits_ends_it(
    narrow: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, obstacle: ObstacleKind
) -> None:
    """Deleted, or closed to the bot: not bought, the money is back, and the member hears why."""
    await narrow.start()
    _, (job,) = await queue_behind(narrow, ada, 1)
    if obstacle is K.CHANNEL_GONE:
        videos = narrow.channel
        fake_discord.world.delete_channel(videos)
    else:
        fake_discord.world.deny(narrow.channel, Permission.ATTACH_FILES)
    finish(narrow)
    found = await narrow.wait_for_state(job, S.CANCELLED)
    assert found.fail_code == obstacle
    assert await narrow.ledger_kinds(job) == ["hold", "release"]
    await until_read(ada, "you weren't charged")
    if obstacle is K.PERMISSIONS_MISSING:
        await narrow.wait_for_status(job, "I can't post in this channel anymore")
    assert len(narrow.submitted_inputs()) == 1
    await clean(narrow)


def archive(discord: FakeDiscord, thread: Channel) -> None:
    """Let the gateway say that a thread is archived, whereupon the library forgets it."""
    data = channel_json(thread)
    data["thread_metadata"]["archived"] = True
    assert thread.guild is not None
    discord.world.emit(GatewayEvent("THREAD_UPDATE", data, Intent.GUILDS, thread.guild.id))


async def test_an_archived_thread_is_asked_for_and_an_outage_of_that_waits(
    narrow: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The gateway does not have it. While Discord does not answer, the job waits."""
    await narrow.start()
    first, _ = await queue_behind(narrow, ada, 0)
    talk = fake_discord.channel("videos-talk")
    typed = await answered(ada, talk, "video", **VIDEO)
    assert "on its way" in typed.text
    archive(fake_discord, talk)
    finish(narrow)
    fake_discord.faults.add("GET", f"/channels/{talk.id}", Fault(status=503), 2)
    await narrow.wait_for_state(first, S.DELIVERED)
    await talk.wait_for(lambda m: bool(m.attachments), 30, "the video in the thread")
    await clean(narrow)
