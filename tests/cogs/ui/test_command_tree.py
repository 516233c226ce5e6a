"""Commands as another version of the client, or one of somebody's own making, sends them."""

from typing import Any

import pytest

from sandbox.discord import FakeDiscord, Interaction, MemberClient
from sandbox.discord.interactions import InteractionType
from tests.harness.bot import BotHarness

Json = dict[str, Any]
UNKNOWN = "That doesn't work anymore"
IN_SERVERS = "This only works in servers"


def text(name: str, value: Any, kind: int = 3, **more: Any) -> Json:
    return {"name": name, "type": kind, "value": value, **more}


def step(name: str, *options: Json) -> Json:
    return {"name": name, "type": 1, "options": [*options]}


ODD: list[tuple[str, list[Json]]] = [
    ("unknown", []),
    ("video", []),
    ("video", [text("prompt", 5)]),
    ("video", [text("prompt", None)]),
    ("video", [text("prompt", "x" * 6_001)]),
    ("video", [{"name": "prompt", "type": 3}]),
    ("video", [text("prompt", "x", kind=4)]),
    ("video", [text("prompt", "x"), text("takes_two", "x")]),
    ("video", [text("prompt", "x"), text("duration", "8", kind=4)]),
    ("video", [text("prompt", "x"), text("duration", value=True, kind=4)]),
    ("video", [text("prompt", "x"), text("duration", 2**63, kind=4)]),
    ("video", [text("prompt", "x"), text("sound", "yes", kind=5)]),
    ("animate", [text("prompt", "x"), text("image", "1", kind=11)]),
    ("price", [text("reference_seconds", "two", kind=10)]),
    ("grant", [text("user", "1", kind=6), text("amount", "5")]),
    ("limits", []),
    ("quota", [step("unknown")]),
    ("quota", [text("set", "day")]),
    ("limits", [step("unknown")]),
    (
        "limits",
        [step("set", text("amount", "5"), text("period", "day"), text("role", "9", kind=8))],
    ),
]


def send(
    fake_discord: FakeDiscord, member: MemberClient, harness: BotHarness, data: Json, **more: Any
) -> Interaction:
    """Send what no client of Discord's would."""
    channel = more.get("channel", harness.channel)
    kind = more.get("kind", InteractionType.COMMAND)
    whole = {"id": "1", "type": 1, **data}
    return fake_discord.interactions.dispatch(kind, member.user, channel, whole)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Any:
    yield
    assert "Traceback" not in capsys.readouterr().out
    assert "Traceback" not in caplog.text


@pytest.mark.usefixtures("logged")
async def test_odd_commands_and_options_get_one_sentence(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Nothing is logged as a fault of ours, and nothing is made."""
    sent = [
        send(fake_discord, ada, harness, {"name": name, "options": options})
        for name, options in ODD
    ]
    for (name, options), interaction in zip(ODD, sent, strict=True):
        await interaction.until_answered()
        assert UNKNOWN in interaction.text, (name, options)
        assert len(interaction.text.splitlines()) == 1
        assert interaction.ephemeral
    assert await harness.job_count() == 0


@pytest.mark.parametrize(
    ("before", "now"), [("show", "quota"), ("set", "limits set"), ("clear", "limits clear")]
)
@pytest.mark.usefixtures("logged")
async def test_a_client_that_offers_an_old_command_is_told_the_new_one(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, before: str, now: str
) -> None:
    """Discord's clients go on offering what they have heard of until they load it once more."""
    typed = step(before, text("period", "day"))
    sent = send(fake_discord, ada, harness, {"name": "quota", "options": [typed]})
    await sent.until_answered()
    known = {one["name"]: one["id"] for one in fake_discord.commands.visible_in(ada.guild.id)}
    assert sent.text == f"Use </{now}:{known[now.split(maxsplit=1)[0]]}> for this now."
    assert sent.ephemeral


@pytest.mark.usefixtures("logged")
async def test_odd_entries_of_menus_get_one_sentence(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """One that is not there, one of another kind, one about no message."""
    for data in (
        {"name": "Animate", "type": 3, "target_id": "1"},
        {"name": "Animate this image", "type": 2, "target_id": "1"},
        {"name": "Animate this image", "type": 3, "target_id": "1"},
        {"name": "Animate this image", "type": 9, "target_id": "1"},
    ):
        sent = await send(fake_discord, ada, harness, data).until_answered()
        assert UNKNOWN in sent.text


@pytest.mark.usefixtures("logged")
async def test_commands_in_direct_messages_get_one_sentence(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """They are registered for servers alone, but for what somebody who has left may need."""
    names = {command.name for command in harness.bot.tree.get_commands()} - {"privacy"}
    for name in sorted(names):
        data = {"name": name, "options": []}
        sent = send(fake_discord, ada, harness, data, channel=ada.direct_channel)
        await sent.until_answered()
        assert IN_SERVERS in sent.text, name


@pytest.mark.usefixtures("logged")
async def test_odd_suggestions_are_answered_with_none(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """What is typed beside may be anything."""
    typed = text("duration", "x", kind=4, focused=True)
    for name, options, channel in (
        ("video", [typed], ada.direct_channel),
        ("video", [text("prompt", "x")], harness.channel),
        ("video", [text("model", "x", focused=True)], harness.channel),
        ("reference", [typed, text("image1", "9" * 30, kind=11)], harness.channel),
        ("unknown", [typed], harness.channel),
    ):
        data = {"name": name, "options": options}
        kind = InteractionType.AUTOCOMPLETE
        sent = send(fake_discord, ada, harness, data, kind=kind, channel=channel)
        await sent.until_answered()
        assert sent.choices == [], (name, options)
