"""What members are told of the commands, of prices and limits, and of what is kept of them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cogs.help import privacy
from cogs.help.views import mention, page
from cogs.ui.notify_button import TellButton
from domain.guild_settings import ServerSettings
from domain.models import MODELS
from domain.money import MicroUSD, show_usd
from domain.quotas import Kind, Left, Ruling
from sandbox.discord import DiscordStandIn, Fault, Permission, Person
from sandbox.discord.models import walk
from storage import guild_settings
from storage.schema import metadata
from tests.harness.bot import House
from tests.harness.workflow import limits
from workflow.billing.quotas import Standing

SUBCOMMAND, CHAT = 1, 1
LAKE = Path("sandbox/demo/pictures/lake.jpg")

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
async def home(house: House) -> House:
    house.policy = replace(house.policy, limits=limits(member=5))
    await house.start()
    return house


@pytest.fixture
def boss(stand_in: DiscordStandIn) -> Person:
    """Give a member who manages the server."""
    boss = stand_in.member("Ben")
    role = stand_in.world.add_role(boss.guild, "keepers", Permission.MANAGE_GUILD)
    stand_in.world.set_roles(boss.guild, boss.user, role)
    return boss


async def ask(home: House, person: Person, name: str) -> str:
    """Ask, and read the answer: private, and within what Discord shows."""
    asked = await person.type(home.channel, name)
    message = (await asked.until_answered(10)).message
    assert message is not None
    assert asked.ephemeral
    assert len(walk(message.components)) <= 40
    assert len(message.text) <= 4_000
    return message.text


def registered(stand_in: DiscordStandIn) -> list[dict[str, Any]]:
    return [dict(command) for command in stand_in.commands.of(None)]


def mentions_of(command: dict[str, Any]) -> list[str]:
    """Write the mentions of a command, or of all its subcommands."""
    names = [o["name"] for o in command.get("options", []) if o["type"] == SUBCOMMAND]
    full = [f"{command['name']} {name}" for name in names] or [command["name"]]
    return [f"</{name}:{command['id']}>" for name in full]


async def test_no_command_is_forgotten(home: House, boss: Person, stand_in: DiscordStandIn) -> None:
    """Every one that Discord has is there, to be clicked, with what it says of itself.

    That of the service's operator is for no member, not even for a manager.
    """
    text = await ask(home, boss, "help")
    commands = [c for c in registered(stand_in) if c["name"] != "operator"]
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
    home: House, ada: Person, stand_in: DiscordStandIn
) -> None:
    """What Discord offers to managers alone is left out."""
    text = await ask(home, ada, "help")
    kept = {c["name"]: c.get("default_member_permissions") for c in registered(stand_in)}
    assert kept["grant"] is not None
    for name, needed in kept.items():
        shown = re.search(rf"</{name}[ :]|\*\*{name}\*\*", text)
        assert (shown is None) == (needed is not None)
    assert "Manage Server" not in text


async def test_the_ids_are_known_after_a_restart_too(home: House, ada: Person) -> None:
    """The commands are not registered anew then; Discord is asked for the ids."""
    before = await ask(home, ada, "help")
    await home.restart()
    after = await ask(home, ada, "help")
    assert re.findall(r"</[^>]+>", after) == re.findall(r"</[^>]+>", before) != []


async def test_without_ids_the_commands_are_named_plainly(
    home: House, ada: Person, stand_in: DiscordStandIn
) -> None:
    """Discord does not tell them just now; the next time it does."""
    stand_in.faults.on("GET", "/applications/*/commands", Fault(status=403))
    text = await ask(home, ada, "help")
    assert "`/video`" in text
    assert "`/quota show`" in text
    assert "</" not in text
    assert "</video:" in await ask(home, ada, "help")


async def test_prices_and_limits_are_those_of_today(home: House, ada: Person) -> None:
    """Each rate of each model; what this member has left; how many may wait."""
    await home.type(ada, "video", {"prompt": "a lake", "duration": 4})
    text = await ask(home, ada, "help")
    for model in MODELS.values():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{model.label}: ")]
        for resolution, rate in model.rates.items():
            assert f"{resolution} {show_usd(MicroUSD(rate.plain * 1000))}" in line
            assert f"{resolution} {show_usd(MicroUSD(rate.featured * 1000))}" in line
    assert "**$4.92** left of $5.00" in text
    assert f"{home.policy.max_queued_per_member} of your videos" in text
    assert "A video that fails costs nothing." in text


def test_the_help_says_that_failures_cost_where_they_do(house: House) -> None:
    """As the operator has set it."""
    nobody = dict.fromkeys(Kind, Ruling(None, None))
    standing = Standing(Left((), MicroUSD(0)), nobody, ())
    charging = replace(house.policy, charge_failed_tasks=True)
    shown = json.dumps(page([], {}, standing, charging, TellButton(1, wanted=True)).to_components())
    assert "fails costs its price too" in shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("video", "</video:7>"),
        ("quota show", "</quota show:8>"),
        ("grant", "`/grant`"),
    ],
)
def test_a_mention_is_what_discord_makes_a_link_of(name: str, said: str) -> None:
    """A subcommand has the id of its command."""
    assert mention(name, {"video": 7, "quota": 8}) == said


TOLD = {
    "jobs": "Your requests",
    "job_events": "what came of it",
    "billing": "each amount held, charged and given back",
    "billing_buckets": "each amount held",
    "quota_buckets": "Limits",
    "daily_sums": "what you spent each day",
    "limits": "the limits and grants that managers set for you",
    "changes": "who changed them and when",
    "members": "whether you want to be told",
}
"""What `/privacy` says of each table that has something of members."""

NOT_OF_MEMBERS = {"guilds", "presets", "belt", "balance_readings", "notes"}


def test_privacy_speaks_of_every_table() -> None:
    """A new table has to be spoken of, or be one without anything of members."""
    assert set(metadata.tables) == {*TOLD, *NOT_OF_MEMBERS}
    said = "\n".join(privacy.texts(None, ServerSettings()))
    for told in TOLD.values():
        assert told in said
    for name in NOT_OF_MEMBERS:
        assert {"user_id", "subject_id", "actor"}.isdisjoint(metadata.tables[name].c.keys())


async def test_privacy_is_told_with_whom_to_ask(
    home: House, ada: Person, stand_in: DiscordStandIn
) -> None:
    """The owner of the bot; that is a mention, and pings nobody."""
    text = await ask(home, ada, "privacy")
    for heading in ("What is kept", "For how long", "Where it goes", "How to have it deleted"):
        assert f"**{heading}**" in text
    assert f"<@{stand_in.world.guild().owner_id}>" in text


async def test_privacy_tells_how_long_this_server_keeps_files(home: House, ada: Person) -> None:
    """The days are those that its managers have set."""
    assert "40 days after their last use" in await ask(home, ada, "privacy")
    text = ServerSettings(keep_inputs_days=3, keep_results_days=2).model_dump_json()
    await home.database.transact(lambda tx: guild_settings.save(tx, ada.guild.id, text, 0))
    said = await ask(home, ada, "privacy")
    assert "3 days after their last use" in said
    assert "2 days after they were delivered" in said


async def test_what_privacy_says_is_so(home: House, ada: Person) -> None:
    """APIXO gets neither name nor id; a file is kept; *Delete* takes message and file away."""
    options = {"prompt": "a lake", "image": LAKE, "duration": 4, "resolution": "480p"}
    result = await home.made(ada, "animate", options)
    job = result.attachments[0].filename[:20]
    sent = json.dumps([entry.body for entry in home.apixo.journal.to("/generateTask/")])
    assert str(ada.id) not in sent
    assert ada.name not in sent
    (picture,) = (await home.job(job)).request.pictures
    assert home.context.media.input_path(picture.kept or "") is not None
    question = await (await ada.click(result, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert result not in home.channel.messages
    assert not home.context.media.exists(f"{job}.mp4")
    kept = await home.job(job)
    assert (kept.request.prompt, await home.ledger(job)) == ("a lake", ["hold", "charge"])
    await home.status(job, "deleted")
