from itertools import count

import pytest

from domain.guild_settings import AppliesTo, ChannelRules, GenerationRules
from domain.models import ModelId, Resolution
from domain.money import MicroUSD
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, MemberClient
from tests.harness.bot import BotHarness, button_labels
from workflow.billing.quotas import Actor
from workflow.guilds import settings

_numbers = count(1)
PROMPT = {"prompt": "a lake at dusk"}
ONE, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0

pytestmark = [pytest.mark.usefixtures("dailies"), pytest.mark.time_scale(600)]


async def decide(harness: BotHarness, **fields: object) -> None:
    """Let a manager set some fields."""
    guild = harness.channel.guild
    assert guild is not None
    manager = Actor(user_id=1, interaction_id=next(_numbers))
    await settings.change(
        harness.context, guild.id, manager, lambda now: now.model_copy(update=fields)
    )


async def answer(
    harness: BotHarness, person: MemberClient, options: dict[str, object]
) -> Interaction:
    """Ask for a video in the usual channel."""
    return await (await person.run_command(harness.channel, "video", options)).until_answered()


async def test_a_refusal_names_all_that_the_server_does_not_allow(
    stopped_harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """Channel, role, model, resolution, length, words and age come in one private answer."""
    others = fake_discord.channel("general")
    await decide(
        stopped_harness,
        rules=GenerationRules(models=(ONE,), resolutions=(Resolution.P480,), max_seconds=8),
        channels=(others.id,),
        roles=(77,),
        banned=("gun",),
        age_gate=AppliesTo.ALL,
    )
    options = {
        "prompt": "a g\u200bun",
        "model": "seedance-2-0",
        "resolution": "1080p",
        "duration": 15,
    }
    refused = await answer(stopped_harness, ada, options)
    for said in (
        f"Try <#{others.id}>",
        "one of these roles: <@&77>",
        "Seedance 2.0 isn't allowed here. Pick Seedance 1.5 Pro.",
        "1080p isn't allowed here",
        "up to 8 s here",
        '"gun"',
        "only for age-restricted channels",
    ):
        assert said in refused.text
    assert await stopped_harness.job_count() == 0


async def test_what_a_member_leaves_open_is_as_the_server_wants_it(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """The rules of the channel come before those of the server."""
    assert stopped_harness.channel.guild is not None
    own = ChannelRules(
        channel_id=stopped_harness.channel.id, rules=GenerationRules(default_seconds=8)
    )
    await decide(
        stopped_harness,
        rules=GenerationRules(default_model=TWO, default_seconds=12),
        overrides=(own,),
    )
    job = await stopped_harness.job(job_id_in(await answer(stopped_harness, ada, PROMPT)))
    assert (job.request.model, job.request.seconds) == (TWO, 8)


async def test_a_thread_counts_as_its_channel(
    stopped_harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """It may be used when its channel may, has its rules, and is for adults when that is."""
    night = fake_discord.channel("night")
    own = ChannelRules(channel_id=night.id, rules=GenerationRules(default_seconds=8))
    await decide(stopped_harness, channels=(night.id,), overrides=(own,), age_gate=AppliesTo.ALL)
    thread = fake_discord.world.add_thread(night, "stars")
    typed = await ada.run_command(thread, "video", PROMPT)
    job = await stopped_harness.job(job_id_in(await typed.until_answered()))
    assert (job.channel_id, job.request.seconds) == (thread.id, 8)


async def test_a_sensitive_prompt_belongs_where_only_adults_are(
    stopped_harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """Others go anywhere."""
    await decide(stopped_harness, age_gate=AppliesTo.SENSITIVE, sensitive=("war",))
    refused = await answer(stopped_harness, ada, {"prompt": "a war"})
    assert "age-restricted" in refused.text
    job_id_in(await answer(stopped_harness, ada, PROMPT))
    night = await ada.run_command(fake_discord.channel("night"), "video", {"prompt": "a war"})
    job_id_in(await night.until_answered())


async def test_a_button_passes_the_same_rules(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """What was allowed when a video was made may be forbidden since."""
    made = await stopped_harness.make_video(ada, "video", PROMPT)
    await decide(stopped_harness, banned=("lake",))
    again = await (await ada.click(made, "Again")).until_answered()
    assert '"lake"' in again.text
    assert await stopped_harness.job_count() == 1


async def test_a_dear_video_is_asked_about_first(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """Nothing is held until the button with the price on it is clicked."""
    await decide(stopped_harness, confirm_above=MicroUSD(79_999))
    asked = await answer(stopped_harness, ada, PROMPT)
    assert "This costs $0.08." in asked.text
    assert "You have no spending limit" in asked.text
    assert button_labels(asked) == ["Make it for $0.08"]
    assert await stopped_harness.job_count() == 0
    taken = await (await ada.click(asked, "Make it for $0.08")).until_answered()
    job = await stopped_harness.job(job_id_in(taken))
    assert job.price == 80_000


async def test_what_costs_just_what_is_set_is_not_asked_about(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """The question is for prices above it."""
    await decide(stopped_harness, confirm_above=MicroUSD(80_000))
    job_id_in(await answer(stopped_harness, ada, PROMPT))


async def test_a_double_click_on_the_question_is_one_job(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """Both clicks get the same answer."""
    await decide(stopped_harness, confirm_above=MicroUSD(0))
    asked = await answer(stopped_harness, ada, PROMPT)
    clicks = [await ada.click(asked, "Make it for $0.08") for _ in range(2)]
    jobs = {job_id_in(await click.until_answered()) for click in clicks}
    assert len(jobs) == 1
    assert await stopped_harness.job_count() == 1


async def test_a_question_is_answered_after_a_restart(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """However often it is clicked, one video is made of it."""
    await decide(stopped_harness, confirm_above=MicroUSD(0))
    asked = await answer(stopped_harness, ada, PROMPT)
    await stopped_harness.restart()
    clicks = [await ada.click(asked, "Make it for $0.08") for _ in range(2)]
    jobs = {job_id_in(await click.until_answered()) for click in clicks}
    assert len(jobs) == 1
    assert await stopped_harness.job_count() == 1


async def test_a_question_does_not_wait_for_ever(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """After a quarter of an hour it has to be asked for again."""
    await decide(stopped_harness, confirm_above=MicroUSD(0))
    asked = await answer(stopped_harness, ada, PROMPT)
    stopped_harness.clock_offset_ms += 15 * 60_000 + 60_000
    late = await (await ada.click(asked, "Make it for $0.08")).until_answered()
    assert "Run the command again" in late.text
    assert await stopped_harness.job_count() == 0


async def test_a_price_that_has_changed_is_asked_about_anew(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """Only the price on the button is spent."""
    await decide(stopped_harness, confirm_above=MicroUSD(0))
    asked = await answer(stopped_harness, ada, PROMPT)
    await decide(stopped_harness, rules=GenerationRules(default_seconds=8))
    anew = await (await ada.click(asked, "Make it for $0.08")).until_answered()
    assert button_labels(anew) == ["Make it for $0.16"]
    assert await stopped_harness.job_count() == 0
    job_id_in(await (await ada.click(anew, "Make it for $0.16")).until_answered())


async def test_what_is_not_allowed_any_more_is_refused_after_the_question(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """The rules of the moment count, and nothing is held."""
    await decide(stopped_harness, confirm_above=MicroUSD(0))
    asked = await answer(stopped_harness, ada, PROMPT)
    await decide(stopped_harness, banned=("lake",))
    refused = await (await ada.click(asked, "Make it for $0.08")).until_answered()
    assert '"lake"' in refused.text
    assert await stopped_harness.job_count() == 0


async def test_make_final_asks_once(stopped_harness: BotHarness, ada: MemberClient) -> None:
    """Its own question has the price on it already."""
    made = await stopped_harness.make_video(ada, "video", {**PROMPT, "resolution": "480p"})
    await decide(stopped_harness, confirm_above=MicroUSD(0))
    asked = await (await ada.click(made, "Make final")).until_answered()
    job_id_in(await (await ada.click(asked, "Make it for $0.08")).until_answered())


async def test_settings_outlive_the_process(stopped_harness: BotHarness, ada: MemberClient) -> None:
    """They are in the database."""
    await decide(stopped_harness, banned=("lake",))
    await stopped_harness.restart()
    assert '"lake"' in (await answer(stopped_harness, ada, PROMPT)).text
