"""Beside a refusal is a button for what would be taken, and a click makes it."""

from dataclasses import replace
from typing import Any

import pytest

from domain.guild_settings import GuildSettings
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import Interaction, MemberClient
from storage import guild_settings
from tests.harness.bot import BotHarness, button_labels
from tests.harness.workflow import member_limits

VIDEO: dict[str, Any] = {
    "prompt": "a lake at dusk",
    "model": "seedance-2-0",
    "duration": 5,
    "resolution": "1080p",
}

pytestmark = pytest.mark.time_scale(600)


async def refused(
    harness: BotHarness, ada: MemberClient, limit: float | None, **options: Any
) -> Interaction:
    """Ask for a video under a member's daily limit, and be refused."""
    harness.policy = replace(harness.policy, limits=member_limits(limit))
    await harness.restart()
    answer = await ada.run_command(harness.channel, "video", {**VIDEO, **options})
    await answer.until_answered()
    assert "I can't make this yet" in answer.text
    return answer


async def accepted(ada: MemberClient, answer: Interaction, label: str) -> str:
    clicked = await (await ada.click(answer, label)).until_answered()
    assert "Got it!" in clicked.text
    return job_id_in(clicked)


@pytest.mark.parametrize(
    ("limit", "offered", "seconds", "resolution"),
    [
        (1.3, "Make it at 720p for $", 5, "720p"),
        (0.6, "Make it at 480p for $", 5, "480p"),
        (0.45, "Make 4 s at 480p for $", 4, "480p"),
    ],
)
async def test_over_quota_the_best_that_fits_is_offered(
    harness: BotHarness,
    ada: MemberClient,
    limit: float,
    offered: str,
    seconds: int,
    resolution: str,
) -> None:
    """With fewer pixels, then shorter; its price is what is held."""
    answer = await refused(harness, ada, limit)
    (label, edit) = button_labels(answer)
    assert label.startswith(offered)
    assert edit == "Edit again"
    job = await harness.job(await accepted(ada, answer, label))
    assert (job.request.seconds, job.request.resolution) == (seconds, resolution)
    assert job.price <= limit * 1_000_000
    assert job.request.prompt == VIDEO["prompt"]


async def test_nothing_is_offered_where_nothing_fits(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The prompt is not lost."""
    assert button_labels(await refused(harness, ada, 0.1)) == ["Edit again"]


async def test_a_private_video_is_offered_in_public_where_private_ones_are_off(
    harness: BotHarness, ada: MemberClient
) -> None:
    """One click, and it is made; with another broken rule it is not offered."""
    assert harness.channel.guild is not None
    guild_id = harness.channel.guild.id
    text = GuildSettings(private_allowed=False).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild_id, text, 1))
    both = await refused(harness, ada, None, private=True, model="seedance-1-5-pro")
    assert button_labels(both) == ["Edit again"]
    answer = await refused(harness, ada, None, private=True)
    assert button_labels(answer) == ["Make it public", "Edit again"]
    job = await harness.job(await accepted(ada, answer, "Make it public"))
    assert not job.private
