"""Videos above the limit of their place, over the wire: a smaller copy, and the original kept."""

from typing import Any

import pytest

from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, MemberClient
from tests.harness.bot import BotHarness
from tests.harness.color_videos import decode_frames

MIB = 1024 * 1024
LARGE: dict[str, Any] = {"prompt": "a lake [[size:11]]", "duration": 4, "resolution": "480p"}

pytestmark = pytest.mark.time_scale(600)


async def test_a_copy_that_plays_is_posted_and_says_so(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """Under the same name, the member mentioned; *Post again* has a copy ready."""
    await stopped_harness.start()
    result = await stopped_harness.make_video(ada, "video", LARGE)
    (file,) = result.attachments
    media = stopped_harness.context.media
    original = media.video_path(file.filename)
    data = file.path.read_bytes()
    assert len(data) < 10 * MIB < original.stat().st_size
    assert media.copy_path(file.filename).read_bytes() == data
    (pictures, about), (before, was) = decode_frames(data), decode_frames(original.read_bytes())
    assert (len(pictures), about["seconds"]) == (len(before), was["seconds"])
    assert "Compressed to fit Discord." in result.text
    assert result.notified_user_ids == {ada.id}


async def test_a_boosted_server_gets_the_whole(
    stopped_harness: BotHarness, fake_discord: FakeDiscord
) -> None:
    """Its limit is asked for, not the lowest one."""
    await stopped_harness.start()
    ada, channel = (
        fake_discord.member("Ada", "Big Screen"),
        fake_discord.channel("videos", "Big Screen"),
    )
    job = job_id_in(await (await ada.run_command(channel, "video", LARGE)).until_answered())
    result = await channel.wait_for(
        lambda message: bool(message.attachments), within=120, awaited="the video"
    )
    assert result.attachments[0].path.stat().st_size > 10 * MIB
    assert not stopped_harness.context.media.copy_path(f"{job}.mp4").exists()
    assert "copy" not in result.text


async def test_without_a_decoder_the_member_is_told(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """Nothing is attached; the file is kept."""
    stopped_harness.video_tools = None
    await stopped_harness.start()
    job = await stopped_harness.order_video(ada, "video", LARGE)
    result = await stopped_harness.channel.wait_for(
        lambda message: "too large for Discord" in message.text, within=120, awaited="the news"
    )
    assert result.attachments == []
    assert await stopped_harness.context.media.has_video(f"{job}.mp4")
