"""Presets and recent prompts, as members meet them while they type a command."""

from typing import Any

import pytest

from domain.models import AspectRatio, ModelId, Resolution
from domain.presets import Preset
from sandbox.discord import FakeDiscord, MemberClient
from tests.harness.bot import BotHarness
from workflow.billing.quotas import Actor
from workflow.guilds import presets

NOIR = Preset(
    name="Film Noir",
    suffix="black and white",
    model=ModelId.SEEDANCE_2_0,
    seconds=8,
    resolution=Resolution.P480,
    aspect_ratio=AspectRatio.CINEMA,
    sound=False,
)
TINY = Preset(name="Tiny", resolution=Resolution.P480, seconds=4)
LAKE = {"prompt": "a lake at dusk"}
LONG = "a lake at dusk, and " + "another, and " * 20 + "no more"
NOT_FOR_A_CHOICE = [
    LONG,
    "a lake\nat dusk",
    "\U0001f3ac" * 51,
    "mirrored \u202elake",
    "x" * 101,
]
"""Too long, of several lines, too long as Discord counts, with what nobody sees, one too many."""

NOT_FITTING = "The preset doesn't fit"

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    """Open a server with two presets."""
    await stopped_harness.start()
    for number, preset in enumerate((TINY, NOIR), 1):
        await save(stopped_harness, preset, number)
    return stopped_harness


async def save(harness: BotHarness, preset: Preset, number: int) -> None:
    """Save a preset, as a manager does by an interaction of this number."""
    guild = harness.channel.guild
    assert guild is not None
    await presets.save(harness.context, guild.id, Actor(7, number), preset)


async def suggested(
    harness: BotHarness, person: MemberClient, option: str, typed: str = "", command: str = "video"
) -> list[tuple[str, str]]:
    """List the names and values that are suggested."""
    choices = await person.autocomplete(harness.channel, command, {}, (option, typed))
    return [(choice["name"], choice["value"]) for choice in choices]


async def refused(
    harness: BotHarness, person: MemberClient, options: dict[str, Any], name: str = "video"
) -> str:
    answer = await (await person.run_command(harness.channel, name, options)).until_answered()
    assert "I can't make this yet" in answer.text
    assert await harness.job_count() == 0
    return answer.text


async def test_presets_are_suggested_by_any_part_of_their_name(
    harness: BotHarness, ada: MemberClient
) -> None:
    """On every command that makes videos, whatever the case; nothing for what there is not."""
    for command in ("video", "animate", "reference"):
        for typed, names in (("", ["Film Noir", "Tiny"]), ("NOI", ["Film Noir"]), ("zz", [])):
            found = await suggested(harness, ada, "preset", typed, command)
            assert found == [(name, name) for name in names]


async def test_a_preset_fills_what_was_left_open_and_is_shown(
    harness: BotHarness, ada: MemberClient
) -> None:
    """APIXO gets it all; the card shows the suffix as part of the prompt."""
    job = await harness.order_video(ada, "video", {**LAKE, "preset": "film noir", "duration": 4})
    request = (await harness.job(job)).request
    assert request.prompt == "a lake at dusk, black and white"
    assert (request.model, request.seconds) == (ModelId.SEEDANCE_2_0, 4)
    assert (request.resolution, request.aspect_ratio) == (Resolution.P480, AspectRatio.CINEMA)
    assert not request.sound
    assert "a lake at dusk, black and white" in (await harness.wait_for_status(job, "for <@")).text


async def test_an_unknown_preset_is_named_with_every_other_broken_rule(
    harness: BotHarness, ada: MemberClient
) -> None:
    """One answer; no job."""
    text = await refused(harness, ada, {**LAKE, "preset": "Nior", "resolution": "1080p"})
    assert "I can't find that preset" in text
    assert "can't make 1080p" in text


async def test_a_preset_for_another_model_than_the_commands_is_named(
    harness: BotHarness, ada: MemberClient
) -> None:
    """`/reference` is of Seedance 2.0 alone."""
    await save(harness, Preset(name="Old", model=ModelId.SEEDANCE_1_5_PRO), 9)
    text = await refused(harness, ada, {**LAKE, "preset": "Old"}, "reference")
    assert NOT_FITTING in text
    text = await refused(harness, ada, {**LAKE, "preset": "Tiny", "duration": 13})
    assert NOT_FITTING not in text, "the member's own mistake"


async def test_own_prompts_are_suggested_newest_first_and_once(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Those of nobody else; by any part; also after a restart."""
    for prompt in ("a lake", "A Fox", "a lake", "the sea"):
        await harness.order_video(ada, "video", {"prompt": prompt})
    await harness.order_video(ben, "video", {"prompt": "a secret lake"})
    assert [name for name, _ in await suggested(harness, ada, "prompt")] == [
        "the sea",
        "a lake",
        "A Fox",
    ]
    await harness.restart()
    assert await suggested(harness, ada, "prompt", "FOX") == [("A Fox", "A Fox")]
    assert await suggested(harness, ada, "prompt", "secret") == []
    assert await suggested(harness, ben, "prompt") == [("a secret lake", "a secret lake")]


async def test_at_most_25_prompts_are_suggested(harness: BotHarness, ada: MemberClient) -> None:
    """Discord takes no more."""
    for number in range(26):
        await harness.order_video(ada, "video", {"prompt": f"lake number {number}"})
    found = await suggested(harness, ada, "prompt")
    assert [prompt for prompt, *_ in found] == [
        f"lake number {25 - number}" for number in range(25)
    ]


async def test_a_prompt_that_no_choice_can_hold_is_found_again_whole(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The choice is short and names the whole; it works after a restart."""
    for prompt in NOT_FOR_A_CHOICE:
        await harness.order_video(ada, "video", {"prompt": prompt})
    await harness.restart()
    found = await suggested(harness, ada, "prompt")
    for (name, value), prompt in zip(found, reversed(NOT_FOR_A_CHOICE), strict=True):
        assert len(value) <= 100
        assert len(name.encode("utf-16-le")) // 2 <= 100
        job = await harness.order_video(ada, "video", {"prompt": value})
        assert (await harness.job(job)).request.prompt == prompt


async def test_a_prompt_of_100_characters_is_suggested_as_it_is(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The longest that fits."""
    await harness.order_video(ada, "video", {"prompt": "x" * 100})
    assert await suggested(harness, ada, "prompt") == [("x" * 100, "x" * 100)]


async def test_a_token_of_somebody_elses_is_a_prompt_like_any_other(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """So are words that only look like one: nothing typed by hand is read as something else."""
    await harness.order_video(ada, "video", {"prompt": LONG})
    ((_, token),) = await suggested(harness, ada, "prompt")
    for typed in (token, "↺ 00000000000000000000", "↺ again", f"{token} and more"):
        job = await harness.order_video(ben, "video", {"prompt": typed})
        assert (await harness.job(job)).request.prompt == typed


async def test_prompts_of_another_server_are_not_suggested(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Each server sees what was asked for there."""
    await harness.order_video(ada, "video", LAKE)
    guild = fake_discord.world.add_guild("Elsewhere", ada.user)
    fake_discord.world.add_bot(guild)
    films = fake_discord.world.add_channel(guild, "films")
    there = fake_discord.member("Ada", "Elsewhere")
    choices = await there.autocomplete(films, "video", {}, ("prompt", ""))
    assert choices == []


async def test_a_fault_suggests_nothing(
    harness: BotHarness, ada: MemberClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typing goes on; no error is shown."""
    monkeypatch.setattr(harness.database, "read", _broken)
    for option in ("prompt", "preset"):
        assert await suggested(harness, ada, option, "a") == []


async def _broken(_work: object) -> None:
    raise OSError("disk gone")
