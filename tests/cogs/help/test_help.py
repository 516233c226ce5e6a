"""What members are told of the commands, of prices and limits, and of what is kept of them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cogs.help import privacy
from cogs.help.views import render_help
from cogs.ui.i18n import format_usd
from cogs.ui.notify_button import NotifyButton
from domain.guild_settings import GuildSettings
from domain.models import MODELS
from domain.money import MicroUSD
from domain.quotas import EffectiveLimit, LimitKind, RemainingQuota
from sandbox.demo.job_posts import is_about
from sandbox.discord import FakeDiscord, MemberClient, Permission
from sandbox.discord.models import walk_components
from storage import guild_settings
from storage.personal_data import NOT_PERSONAL
from storage.schema import metadata
from tests.harness.bot import BotHarness
from tests.harness.workflow import member_limits
from workflow.billing.quotas import QuotaStatus

SUBCOMMAND, CHAT = 1, 1
NAME = "Wilhelmina Quillfeather"
LAKE = Path("sandbox/demo/pictures/lake.jpg")

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    stopped_harness.policy = replace(
        stopped_harness.policy, limits=member_limits(member=5), leaver_data_days=30
    )
    await stopped_harness.start()
    return stopped_harness


@pytest.fixture
def boss(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member who manages the server."""
    boss = fake_discord.member("Ben")
    role = fake_discord.world.add_role(boss.guild, "keepers", Permission.MANAGE_GUILD)
    fake_discord.world.set_roles(boss.guild, boss.user, role)
    return boss


async def ask(harness: BotHarness, person: MemberClient, name: str) -> str:
    """Ask, and read the answer: private, and within what Discord shows."""
    asked = await person.run_command(harness.channel, name)
    message = (await asked.until_answered(10)).message
    assert message is not None
    assert asked.ephemeral
    assert len(walk_components(message.components)) <= 40
    assert len(message.text) <= 4_000
    return message.text


def registered(fake_discord: FakeDiscord) -> list[dict[str, Any]]:
    return [dict(command) for command in fake_discord.commands.registered_in(None)]


def mentions_of(command: dict[str, Any]) -> list[str]:
    """Write the mentions of a command, or of all its subcommands."""
    names = [o["name"] for o in command.get("options", []) if o["type"] == SUBCOMMAND]
    full = [f"{command['name']} {name}" for name in names] or [command["name"]]
    return [f"</{name}:{command['id']}>" for name in full]


async def test_no_command_is_forgotten(
    harness: BotHarness, boss: MemberClient, fake_discord: FakeDiscord
) -> None:
    """Every one that Discord has is there, to be clicked, with what it says of itself.

    That of the service's operator is for no member, not even for a manager.
    """
    text = await ask(harness, boss, "help")
    commands = [c for c in registered(fake_discord) if c["name"] != "operator"]
    assert "operator" not in text
    assert {"video", "quota", "jobs", "help"} <= {command["name"] for command in commands}
    for command in commands:
        if command["type"] != CHAT:
            assert f"**{command['name']}**" in text
            continue
        assert command["description"] in text
        for mentioned in mentions_of(command):
            assert mentioned in text


async def test_members_are_told_of_what_they_may_use(
    harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """What Discord offers to managers alone is left out."""
    text = await ask(harness, ada, "help")
    kept = {c["name"]: c.get("default_member_permissions") for c in registered(fake_discord)}
    assert kept["grant"] is not None
    for name, needed in kept.items():
        shown = re.search(rf"</{name}[ :]|\*\*{name}\*\*", text)
        assert (shown is None) == (needed is not None)
    assert "Manage Server" not in text


async def test_the_ids_are_known_after_a_restart_too(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The commands are not registered again then; Discord is asked for the ids."""
    before = await ask(harness, ada, "help")
    await harness.restart()
    after = await ask(harness, ada, "help")
    assert re.findall(r"</[^>]+>", after) == re.findall(r"</[^>]+>", before) != []


async def test_prices_and_limits_are_those_of_today(harness: BotHarness, ada: MemberClient) -> None:
    """Each rate of each model; what this member has left; how many may wait."""
    await harness.order_video(ada, "video", {"prompt": "a lake", "duration": 4})
    text = await ask(harness, ada, "help")
    for model in MODELS.values():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{model.label}: ")]
        for resolution, rate in model.rates.items():
            assert f"{resolution} {format_usd(MicroUSD(rate.plain * 1000))}" in line
            assert f"{resolution} {format_usd(MicroUSD(rate.featured * 1000))}" in line
    assert "$4.92 of $5.00 left" in text
    assert f"{harness.policy.max_queued_per_member} of your videos" in text
    assert "You only pay for videos that work." in text


def test_the_help_says_that_failures_cost_where_they_do(stopped_harness: BotHarness) -> None:
    """As the operator has set it."""
    nobody = dict.fromkeys(LimitKind, EffectiveLimit(None, None))
    status = QuotaStatus(RemainingQuota((), MicroUSD(0)), nobody, ())
    charging = replace(stopped_harness.policy, charge_failed_tasks=True)
    shown = json.dumps(
        render_help([], status, charging, NotifyButton(1, enabled=True)).to_components()
    )
    assert "also pay for videos that fail" in shown


TOLD = {
    "jobs": "Your requests",
    "films": "each finished video",
    "orders": "Your requests",
    "storyboards": "Your requests",
    "storyboard_shots": "Your requests",
    "job_events": "how it went",
    "billing": "each amount reserved, charged and refunded",
    "billing_buckets": "each amount reserved",
    "quota_buckets": "Limits",
    "daily_sums": "what you spent each day",
    "limits": "the limits and bonuses managers set for you",
    "changes": "who changed them and when",
    "members": "whether you want DMs",
    "servers": "its owner's ID",
    "notes": "Refused requests",
    "fetched_bytes": "how many bytes you added each day",
    "erasures": "a mark with your ID",
    "memberships": "whether you're still on a server",
    "pending_interactions": "Refused requests",
}
"""What `/privacy` says of each table that has something of members."""

NOT_OF_MEMBERS = {*NOT_PERSONAL, "belt"}
"""The pause in `belt` has the operator's id alone."""


def test_privacy_speaks_of_every_table() -> None:
    """A new table has to be spoken of, or be one without anything of members."""
    assert set(metadata.tables) == {*TOLD, *NOT_OF_MEMBERS}
    said = "\n".join(privacy.privacy_sections(None, GuildSettings()))
    assert "If you leave" not in said
    for told in TOLD.values():
        assert told in said
    for name in NOT_OF_MEMBERS:
        assert {"user_id", "subject_id", "actor"}.isdisjoint(metadata.tables[name].c.keys())


async def test_privacy_is_told_with_whom_to_ask(
    harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """The owner of the bot; that is a mention, and pings nobody."""
    text = await ask(harness, ada, "privacy")
    for heading in (
        "What we store",
        "How long we keep it",
        "Where it goes",
        "How to get it, or delete it",
    ):
        assert f"**{heading}**" in text
    assert f"<@{fake_discord.world.guild().owner_id}>" in text


async def test_privacy_tells_how_long_this_server_keeps_files(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The days are those that its managers have set."""
    said = await ask(harness, ada, "privacy")
    assert "40 days after you last use them" in said
    assert "videos and settings there go 30 days later, unless you're back by then" in said
    text = GuildSettings(keep_inputs_days=3, keep_results_days=2).model_dump_json()
    await harness.database.transact(
        lambda tx: guild_settings.save_settings(tx, ada.guild.id, text, 0)
    )
    said = await ask(harness, ada, "privacy")
    assert "3 days after you last use them" in said
    assert "we delete them 2 days after delivery" in said


async def test_no_members_name_is_kept(harness: BotHarness, fake_discord: FakeDiscord) -> None:
    """A member asks for a video, and looks at everything: no table has heard their name."""
    world = fake_discord.world
    world.add_member(world.guild(), world.add_user(NAME))
    person = fake_discord.member(NAME)
    await harness.make_video(person, "video", {"prompt": "a lake", "duration": 4})
    for command in ("jobs", "spend", "help", "privacy"):
        await (await person.run_command(harness.channel, command)).until_answered(20)
    for table in metadata.sorted_tables:
        rows = await harness.database.read(lambda tx, t=table: tx.execute(select(t)))
        assert [row for row in rows if NAME in repr(row)] == [], table.name


async def test_what_privacy_says_is_so(harness: BotHarness, ada: MemberClient) -> None:
    """APIXO gets neither name nor id; a file is kept; *Delete* takes message and file away."""
    options = {"prompt": "a lake", "image": LAKE, "duration": 4, "resolution": "480p"}
    result = await harness.make_video(ada, "animate", options)
    job = result.attachments[0].filename[:20]
    sent = json.dumps([entry.body for entry in harness.apixo.journal.requests_to("/generateTask/")])
    assert str(ada.id) not in sent
    assert ada.name not in sent
    (picture,) = (await harness.job(job)).request.pictures
    assert harness.context.media.input_path(picture.kept or "") is not None
    question = await (await ada.click(result, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert result not in harness.channel.messages
    assert not await harness.context.media.has_video(f"{job}.mp4")
    kept = await harness.job(job)
    assert (kept.request.prompt, await harness.ledger_kinds(job)) == ("a lake", ["hold", "charge"])
    assert not any(is_about(message, job) for message in harness.channel.messages)
