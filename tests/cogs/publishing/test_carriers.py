"""Messages that carry a job's further files, over a real client, and whole jobs that need them."""

import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image
from yarl import URL

from cogs.publishing.publisher import DiscordPublisher
from domain.jobs import JobState
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import Channel, FakeDiscord, MemberClient, Upload
from storage.jobs import Job
from tests.harness.bot import BotHarness
from tests.harness.media_samples import make_audio, make_video, mp4_box
from tests.harness.rendering import make_job
from workflow.errors import ChannelUnavailable
from workflow.publisher import MessageKind, StatusView

MIB = 1024 * 1024
DAY_LATER_MS = 30 * 3_600_000


@pytest.fixture
def job(videos: Channel, ada: MemberClient) -> Job:
    return make_job(videos, ada, JobState.QUEUED)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Make a picture and a sound as they are kept."""
    picture, sound = tmp_path / "5c.jpg", tmp_path / "5d.mp3"
    picture.write_bytes(Path("sandbox/demo/pictures/lake.jpg").read_bytes())
    sound.write_bytes(b"ID3 sound")
    return [picture, sound]


async def test_a_carrier_offers_its_files_and_pings_nobody(
    publisher: DiscordPublisher, videos: Channel, job: Job, files: list[Path]
) -> None:
    """Sent twice it is one message; it gets what it lacks, and its addresses are fresh."""
    for chosen in (files[:1], files[:1], files):
        posted, urls = await publisher.attach_to_carrier(StatusView(job), 1, chosen, None)
        assert [*urls] == [file.name for file in chosen]
    known, urls = await publisher.attach_to_carrier(StatusView(job), 1, files, posted)
    (message,) = videos.messages
    assert (known, message.id) == (posted, posted)
    assert (message.notified_user_ids, len(message.attachments)) == (set(), 2)
    async with ClientSession() as session:
        for file in files:
            async with session.get(URL(urls[file.name], encoded=True)) as answer:
                assert await answer.read() == file.read_bytes()


async def test_a_carrier_is_found_by_its_part_and_deleted(
    publisher: DiscordPublisher, videos: Channel, ada: MemberClient, job: Job, files: list[Path]
) -> None:
    """It is neither a status message nor a result, and another job's is not its own."""
    began = time.time_ns() // 1_000_000
    own = {
        part: (await publisher.attach_to_carrier(StatusView(job), part, files[:1], None))[0]
        for part in (1, 12)
    }
    other = make_job(videos, ada)
    kept, _ = await publisher.attach_to_carrier(StatusView(other), 1, files[:1], None)
    assert await publisher.find_carriers(job, began) == own
    for kind in MessageKind:
        assert await publisher.find_message(job, kind, began) is None
    for _ in range(2):
        for message_id in own.values():
            await publisher.delete_carrier(job, message_id)
    assert [message.id for message in videos.messages] == [kept]


async def test_a_carrier_that_is_gone_offers_nothing(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    job: Job,
    files: list[Path],
) -> None:
    """Its channel is deleted."""
    posted, _ = await publisher.attach_to_carrier(StatusView(job), 1, files, None)
    fake_discord.world.delete_channel(videos)
    with pytest.raises(ChannelUnavailable):
        await publisher.attach_to_carrier(StatusView(job), 1, files, posted)


def picture(number: int) -> Upload:
    data = io.BytesIO()
    Image.new("RGB", (640, 360), (number, 30, 80)).save(data, "PNG")
    return Upload(f"{number}.png", data.getvalue())


def video(number: int, size: int = 0) -> Upload:
    padding = mp4_box(b"free", bytes(size)) if size else b""
    return Upload(f"{number}.mp4", make_video(2_000 + 40 * number) + padding)


def fifteen_files() -> dict[str, Any]:
    """Make as many files as `/reference` takes."""
    return {
        **{f"image{n}": picture(n) for n in range(1, 10)},
        **{f"video{n}": video(n) for n in range(1, 4)},
        **{f"audio{n}": Upload(f"{n}.mp3", make_audio(2_000 + 100 * n)) for n in range(1, 4)},
    }


def heavy_files() -> dict[str, Any]:
    """Make three videos that each fit a message, but not together."""
    return {f"video{n}": video(n, 9 * MIB) for n in range(1, 4)}


@pytest.mark.time_scale(600)
class TestService:
    """The whole service, a day after the links of what was given have run out."""

    @pytest.mark.parametrize(
        ("make_files", "counts"), [(fifteen_files, [10, 5]), (heavy_files, [2, 1])]
    )
    async def test_again_hands_over_more_than_a_message_takes(
        self,
        harness: BotHarness,
        ada: MemberClient,
        make_files: Any,
        counts: list[int],
    ) -> None:
        """APIXO gets every file, and in the end there are the two videos."""
        files = make_files()
        options = {"prompt": "a dance [[slow:900]]", "duration": 4, **files}
        typed = await ada.run_command(harness.channel, "reference", options)
        # Each file is looked into by a process of its own.
        ordered = job_id_in(await typed.until_answered(within=90))
        first = await harness.wait_for_result(ordered)
        harness.clock_offset_ms = DAY_LATER_MS
        job = job_id_in(await (await ada.click(first, "Again")).until_answered())
        await harness.wait_for_status(job, "Making your video")
        given = [message.attachments for message in harness.channel.messages if message.attachments]
        assert [len(found) for found in given if found is not first.attachments] == counts
        _, sent = harness.submitted_inputs()
        kinds = ("image_urls", "video_urls", "audio_urls")
        urls = [url for kind in kinds for url in sent.get(kind, ())]
        assert len({*urls}) == len(urls) == len(files)
        await harness.wait_for_result(job)
        await harness.wait_for_end(job)
        messages = harness.channel.messages
        await harness.discord.world.changes.wait_until(
            lambda: len(messages) == 2 or None, 20, "a message for each video", lambda: "more"
        )

    async def test_a_file_that_discord_takes_from_its_member_alone_is_named(
        self, harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
    ) -> None:
        """A member with Nitro may upload it, the bot may not; nothing is held for it."""
        fake_discord.world.give_nitro(ada.user)
        options = {"prompt": "a dance", "duration": 4, "video1": video(1, 11 * MIB)}
        first = await harness.make_video(ada, "reference", options)
        harness.clock_offset_ms = DAY_LATER_MS
        answer = await (await ada.click(first, "Again")).until_answered()
        assert "video1 (11.0 MB > 10.0 MB)" in answer.text
        assert await harness.job_count() == 1

    async def test_a_file_that_becomes_too_large_in_the_line_is_named_on_the_card(
        self, stopped_harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
    ) -> None:
        """Its link runs out while the job waits: the card says what is too much, and of what."""
        harness = stopped_harness
        harness.policy = replace(harness.policy, max_tasks=0)
        await harness.start()
        fake_discord.world.give_nitro(ada.user)
        options = {"prompt": "a dance", "duration": 4, "video1": video(1, 11 * MIB)}
        job = await harness.order_video(ada, "reference", options)
        harness.clock_offset_ms = DAY_LATER_MS
        harness.policy = replace(harness.policy, max_tasks=5)
        await harness.restart()
        card = await harness.wait_for_status(job, "Too large to post here again")
        assert "video1 (11.0 MB > 10.0 MB)" in card.text
        assert await harness.ledger_kinds(job) == ["hold", "release"]
