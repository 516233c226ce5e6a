"""Videos above the limit of their place, over the wire: a smaller copy, and the original kept."""

from typing import Any

import pytest

from sandbox.discord import DiscordStandIn, Person
from tests.harness.bot import House, job_in
from tests.harness.color_videos import seen

MIB = 1024 * 1024
LARGE: dict[str, Any] = {"prompt": "a lake [[size:11]]", "duration": 4, "resolution": "480p"}

pytestmark = pytest.mark.time_scale(600)


async def test_a_copy_that_plays_is_posted_and_says_so(house: House, ada: Person) -> None:
    """Under the same name, the member mentioned; *Post again* has a copy ready."""
    await house.start()
    result = await house.made(ada, "video", LARGE)
    (file,) = result.attachments
    media = house.context.media
    original = media.path(file.filename)
    data = file.path.read_bytes()
    assert len(data) < 10 * MIB < original.stat().st_size
    assert media.copy_path(file.filename).read_bytes() == data
    (pictures, about), (before, was) = seen(data), seen(original.read_bytes())
    assert (len(pictures), about["seconds"]) == (len(before), was["seconds"])
    assert "This is a smaller copy; the original is kept." in result.text
    assert result.pinged == {ada.id}


async def test_a_boosted_server_gets_the_whole(house: House, stand_in: DiscordStandIn) -> None:
    """Its limit is asked for, not the lowest one."""
    await house.start()
    ada, channel = stand_in.member("Ada", "Big Screen"), stand_in.channel("videos", "Big Screen")
    job = job_in(await (await ada.type(channel, "video", LARGE)).until_answered())
    result = await channel.wait_for(
        lambda message: bool(message.attachments), within=20, awaited="the video"
    )
    assert result.attachments[0].path.stat().st_size > 10 * MIB
    assert not house.context.media.copy_path(f"{job}.mp4").exists()
    assert "copy" not in result.text


async def test_without_a_decoder_the_member_is_told(house: House, ada: Person) -> None:
    """Nothing is attached; the file is kept."""
    house.lab = None
    await house.start()
    job = await house.type(ada, "video", LARGE)
    result = await house.channel.wait_for(
        lambda message: "too large for here" in message.text, within=20, awaited="the news"
    )
    assert result.attachments == []
    assert house.context.media.exists(f"{job}.mp4")
