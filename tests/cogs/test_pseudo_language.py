"""In a language of brackets around every sentence, nothing that a member reads is without them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from domain.jobs import JobState
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Message, Permission
from sandbox.discord.models import walk_components
from tests.harness.bot import BotHarness
from tests.harness.languages import marked_translations, speak_english, speak_only
from tests.harness.workflow import member_limits

OPENS, CLOSES = "⟦", "⟧"
SHOWN = ("content", "label", "placeholder", "description", "title", "value")
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}

NOT_SENTENCES = (
    r"`[^`]*`",  # ids, and what is to be typed
    r"</?[^<>]*>",  # mentions, times and commands
    r"\[[^\]]*\]\([^)]*\)",  # links carry their own text
    r"\b[0-9a-z]{20}\b",  # a job's id
    r"a lake at dusk",
    r"Seedance [\d.]+( Pro)?",
    r"\b(480p|720p|1080p|auto|Ada|Ben|Bo)\b",
    r"#[\w-]+|@[\w-]+",
)

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
def brackets() -> Iterator[None]:
    """Speak the language of brackets, made of the template, which writes figures as German does."""
    speak_only(marked_translations("de", OPENS, CLOSES))
    yield
    speak_english()


@pytest.fixture
async def harness(brackets: None, stopped_harness: BotHarness) -> BotHarness:
    stopped_harness.policy = replace(stopped_harness.policy, limits=member_limits(member=5))
    await stopped_harness.start()
    return stopped_harness


@pytest.fixture
def boss(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member who manages the server."""
    boss = fake_discord.member("Ben")
    role = fake_discord.world.add_role(boss.guild, "keepers", Permission.MANAGE_GUILD)
    fake_discord.world.set_roles(boss.guild, boss.user, role)
    return boss


def texts(message: Message) -> Iterator[str]:
    """Give every text on a message that a person reads."""
    yield message.content
    for part in walk_components(message.components):
        for shown in (part, *part.get("options", ())):
            yield from (str(shown[key]) for key in SHOWN if key in shown and key != "value")


def bare(text: str) -> str:
    """Return the words of a text that are outside of every bracket."""
    depth, outside = 0, ""
    for char in text:
        depth += (char == OPENS) - (char == CLOSES)
        outside += char if depth == 0 and char != CLOSES else ""
    for pattern in NOT_SENTENCES:
        outside = re.sub(pattern, "", outside)
    return " ".join(re.findall(r"[^\W\d_]{2,}", outside))


def all_said(message: Message | None) -> None:
    """See that a message says something, and nothing past the catalogue."""
    assert message is not None
    assert any(OPENS in text for text in texts(message))
    assert [(bare(text), text) for text in texts(message) if bare(text)] == []


async def asked(
    harness: BotHarness, person: MemberClient, name: str, options: Any = None
) -> Interaction:
    typed = await person.run_command(harness.channel, name, options)
    return await typed.until_answered(20)


def test_the_measure_finds_what_is_not_said() -> None:
    """Nested values are inside; markup, ids and mentions are no words."""
    assert bare("⟦Price: ⟦{a}⟧ now⟧ and **then** <@1> `id`") == "and then"
    assert bare("-# ⟦Seedance⟧ · 0123456789abcdefghjk") == ""


async def test_a_video_is_made_in_it(harness: BotHarness, ada: MemberClient) -> None:
    """The private answer, the public card while it waits, and the post."""
    answer = await asked(harness, ada, "video", VIDEO)
    all_said(answer.message)
    job = job_id_in(answer)
    await harness.wait_for_state(job, JobState.DELIVERED)
    all_said(await harness.wait_for_result(job))
    for name in ("jobs", "spend"):
        all_said((await asked(harness, ada, name)).message)


@pytest.mark.parametrize(
    "options",
    [
        {**VIDEO, "prompt": "a"},
        {**VIDEO, "duration": 15},
        {**VIDEO, "resolution": "1080p", "prompt": " "},
        {**VIDEO, "aspect_ratio": "auto", "web_search": True},
    ],
)
async def test_a_refusal_is_said_in_it(
    harness: BotHarness, ada: MemberClient, options: dict[str, Any]
) -> None:
    """Every broken rule of it."""
    all_said((await asked(harness, ada, "video", options)).message)


async def test_what_is_over_a_limit_is_refused_in_it(
    harness: BotHarness, ada: MemberClient
) -> None:
    """With the amounts as the language writes them."""
    dear = {"model": "seedance-2-0", "duration": 15, "resolution": "1080p", "prompt": "a lake"}
    answer = await asked(harness, ada, "video", dear)
    all_said(answer.message)
    assert "7,35\N{NO-BREAK SPACE}$" in answer.text


@pytest.mark.parametrize("name", ["help", "price", "jobs", "spend", "privacy", "quota"])
async def test_a_member_is_answered_in_it(
    harness: BotHarness, ada: MemberClient, name: str
) -> None:
    """Also where there is nothing to show yet."""
    all_said((await asked(harness, ada, name)).message)


@pytest.mark.parametrize("name", ["settings", "report", "help", "quota"])
async def test_a_manager_is_answered_in_it(
    harness: BotHarness, boss: MemberClient, name: str
) -> None:
    """What only managers see."""
    all_said((await asked(harness, boss, name)).message)


async def test_what_commands_do_is_registered_in_it(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Every command, group and option of one; their names stay English."""
    described = [part for one in fake_discord.commands.visible_in(ada.guild) for part in every(one)]
    assert len(described) > 50
    for part in described:
        translated = f"{OPENS}{part['description']}{CLOSES}"
        if len(translated) <= 100:
            assert part["description_localizations"] == {"de": translated}
        assert not part.get("name_localizations")


def every(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Go through a command, its subcommands and their options, whatever has a description."""
    if command.get("description"):
        yield command
    for option in command.get("options") or ():
        yield from every(option)
