"""A bucket behind the media folder, against a local stand-in of S3."""

import hashlib
import shutil
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from bot.media_store import WORK_FOLDER, open_media
from sandbox.apixo.clips import minimal_clip
from storage.errors import MediaTooLarge, NotAVideo, StorageError
from storage.s3_media import S3Bucket, S3MediaFolder
from tests.harness.inputs import keep_input
from workflow.urls.presigned_urls import PresignedUrls

NAME = "0123456789abcdefghjk.mp4"
URL = "s3://videos/dailies"
NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
MOST = 10_000_000


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Start a stand-in of S3 on a free port of this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the stand-in's libraries have to say to each other
        # Read here: that takes seconds, and every worker collects this file.
        from moto.server import ThreadedMotoServer  # noqa: PLC0415

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Point the service at the stand-in, in an empty bucket and an empty folder."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "canary-id",
        "AWS_SECRET_ACCESS_KEY": "canary-secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    bucket = _bucket(endpoint)
    bucket.create()
    yield
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture
def media() -> S3MediaFolder:
    opened, _ = open_media(URL, lambda: NOW_MS)
    assert isinstance(opened, S3MediaFolder)
    return opened


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1_000):
        yield data[start : start + 1_000]


def keys(endpoint: str) -> list[str]:
    return sorted(found.key for found in _bucket(endpoint).objects.all())


async def test_a_video_is_in_the_folder_and_in_the_bucket(media: S3MediaFolder, endpoint: str):
    """Under the prefix, byte for byte; what is only half there is in neither."""
    clip = minimal_clip()
    stored = await media.save_video(NAME, chunks(clip), max_bytes=MOST)
    assert (stored.size, stored.sha256) == (len(clip), hashlib.sha256(clip).hexdigest())
    assert media.video_path(NAME).read_bytes() == clip
    assert keys(endpoint) == [f"dailies/{NAME}"]
    kept = _bucket(endpoint).Object(f"dailies/{NAME}").get()
    assert kept["Body"].read() == clip
    assert kept["ContentType"] == "video/mp4"
    for data, error in ((b"no video at all", NotAVideo), (clip * 3, MediaTooLarge)):
        with pytest.raises(error):
            await media.save_video("another.mp4", chunks(data), max_bytes=len(clip))
    assert keys(endpoint) == [f"dailies/{NAME}"]


async def test_the_highest_mark_of_all_processes_counts(media: S3MediaFolder, endpoint: str):
    """As in a folder: a process removes its own earlier mark, a start what others left."""
    other, _ = open_media(URL, lambda: NOW_MS)
    assert await media.read_high_water() == 0
    for writer, number in ((media, 2), (other, 10), (media, 9), (media, 11)):
        await writer.raise_high_water(number)
    assert keys(endpoint) == ["dailies/high-water/10", "dailies/high-water/11"]
    assert await other.read_high_water() == 11
    assert keys(endpoint) == ["dailies/high-water/11"]


async def test_a_bucket_that_does_not_answer_tells_no_mark(media: S3MediaFolder, endpoint: str):
    """It is an error, and no mark of 0: a copy must not pass for the present."""
    _bucket(endpoint).delete()
    try:
        with pytest.raises(OSError, match="the bucket"):
            await media.read_high_water()
        with pytest.raises(OSError, match="the bucket"):
            await media.raise_high_water(3)
    finally:
        _bucket(endpoint).create()


async def test_what_the_disk_has_lost_comes_back(media: S3MediaFolder):
    """With the same bytes; what was never kept does not come, and leaves nothing behind."""
    clip = minimal_clip()
    stored = await media.save_video(NAME, chunks(clip), max_bytes=MOST)
    shutil.rmtree(WORK_FOLDER)
    assert not media.has_video(NAME)
    assert await media.restore_video(NAME, max_bytes=MOST) == stored
    assert media.video_path(NAME).read_bytes() == clip
    assert await media.restore_video("never.mp4", max_bytes=MOST) is None
    assert [path.name for path in WORK_FOLDER.iterdir()] == [NAME]


async def test_what_is_removed_is_nowhere(media: S3MediaFolder, endpoint: str):
    """A video that its member deletes, an input that nobody has asked for; twice does no harm."""
    await media.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)
    name = await keep_input(media, b"a picture", "png")
    assert keys(endpoint) == [f"dailies/{NAME}", f"dailies/inputs/{name}"]
    media.remove_video(NAME)
    media.remove_video(NAME)
    assert media.remove_old_inputs(-1) == 1
    assert keys(endpoint) == []
    assert not media.has_video(NAME)
    assert media.input_path(name) is None


async def test_an_input_reaches_the_bucket_with_its_job(media: S3MediaFolder, endpoint: str):
    """What is refused never does, or is taken out again, but for what was there before."""
    saved = await media.save_input(b"a picture", "png")
    assert keys(endpoint) == []
    kept = await media.keep_input(saved.name)
    assert keys(endpoint) == [f"dailies/inputs/{saved.name}"]
    assert kept is not None
    assert media.discard_input(kept)
    assert keys(endpoint) == []
    await keep_input(media, b"a picture", "png")
    shutil.rmtree(WORK_FOLDER)
    other = await media.keep_input((await media.save_input(b"a picture", "png")).name)
    assert other is not None
    assert not media.discard_input(other)
    assert keys(endpoint) == [f"dailies/inputs/{saved.name}"]


async def test_links_lead_into_the_bucket(media: S3MediaFolder):
    """A client with a link gets the file without credentials; altered, the link is refused."""
    clip = minimal_clip()
    await media.save_video(NAME, chunks(clip), max_bytes=MOST)
    name = await keep_input(media, b"a picture", "png")
    links = PresignedUrls(S3Bucket(URL), lambda: NOW_MS)
    result = links.url_for_result(NAME, NOW_MS + HOUR_MS)
    async with aiohttp.ClientSession() as session:
        async with session.get(result) as answer:
            assert (answer.status, await answer.read()) == (200, clip)
            assert answer.content_type == "video/mp4"
        async with session.get(links.url_for_input(name, NOW_MS + HOUR_MS)) as answer:
            assert (answer.status, await answer.read()) == (200, b"a picture")
    assert "X-Amz-Expires=3600&" in result
    assert "X-Amz-Expires=604800&" in links.url_for_result(NAME, NOW_MS + 9_000 * HOUR_MS)
    assert "canary-secret" not in result


async def test_a_bucket_that_is_not_there_is_named(media: S3MediaFolder):
    """At the start in words; later as a fault of the disk, which the worker waits out."""
    with pytest.raises(StorageError, match="the bucket nowhere") as refusal:
        open_media("s3://nowhere", lambda: NOW_MS)
    assert "canary" not in str(refusal.value)
    lost = S3MediaFolder(WORK_FOLDER, S3Bucket("s3://nowhere"))
    with pytest.raises(OSError, match="the bucket nowhere"):
        await lost.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)


def test_a_folder_needs_no_bucket(tmp_path: Path):
    """And makes no links."""
    folder, links = open_media(str(tmp_path / "media"), lambda: NOW_MS)
    assert not isinstance(folder, S3MediaFolder)
    assert links is None


def _bucket(endpoint: str):
    import boto3  # noqa: PLC0415 - as above

    return boto3.resource("s3", endpoint_url=endpoint).Bucket("videos")
