"""A bucket with a cache in front, against two makes of S3."""

import asyncio
import hashlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.media_store import WORK_FOLDER, open_media
from sandbox.apixo.clips import minimal_clip
from storage.errors import BucketFailed, MediaTooLarge, NotAVideo, StorageError
from storage.s3_bucket import S3Bucket
from storage.s3_media import S3MediaFolder
from tests.harness.inputs import keep_input
from tests.harness.s3 import Gate, S3Server, moto_server, nanio_server
from workflow.urls.presigned_urls import PresignedUrls

NAME = "0123456789abcdefghjk.mp4"
OTHER = "another.mp4"
URL = "s3://videos/dailies"
NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
MOST = 20_000_000
PICTURE = b"a picture"


ONE_MAKE = pytest.mark.parametrize("gate", ["nanio"], indirect=True)
"""For what does not depend on the make of S3: the stricter one."""


@pytest.fixture(scope="module", params=["moto", "nanio"])
def gate(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gate]:
    """Start an S3 server, and a gate before it."""
    make = moto_server() if request.param == "moto" else nanio_server(tmp_path_factory.mktemp("s3"))
    with make as started, closing(Gate(started.endpoint)) as gate:
        yield gate


@pytest.fixture(autouse=True)
def s3(gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Server]:
    """Point the service at the server, in an empty bucket and an empty folder."""
    server = gate.server
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    bucket = server.bucket("videos")
    bucket.create()
    yield server
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture
def media() -> S3MediaFolder:
    return open_store()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3MediaFolder:
    """The store as another host has it, which has seen no file."""
    with monkeypatch.context() as there:
        folder = tmp_path / "another host"
        folder.mkdir()
        there.chdir(folder)
        return open_store()


def open_store(**options: Any) -> S3MediaFolder:
    opened, _ = open_media(URL, lambda: NOW_MS, **options)
    assert isinstance(opened, S3MediaFolder)
    return opened


async def chunks(data: bytes, size: int = 1_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def keys(s3: S3Server) -> list[str]:
    """List the keys below our prefix, but for the marks of inputs."""
    found = [key.removeprefix("dailies/") for key in s3.keys("videos")]
    return [key for key in found if not key.startswith("touched-inputs/")]


async def read_video(media: S3MediaFolder, name: str = NAME) -> bytes:
    async with media.use_video(name) as path:
        return path.read_bytes()


async def read_input(media: S3MediaFolder, name: str) -> bytes:
    async with media.use_input(name) as path:
        return path.read_bytes()


async def test_a_video_is_in_the_folder_and_in_the_bucket(media: S3MediaFolder, s3: S3Server):
    """Under the prefix, byte for byte; what is only half there is in neither."""
    clip = minimal_clip()
    stored = await media.save_video(NAME, chunks(clip), max_bytes=MOST)
    assert (stored.size, stored.sha256) == (len(clip), hashlib.sha256(clip).hexdigest())
    assert media.video_path(NAME).read_bytes() == clip
    assert keys(s3) == [NAME]
    kept = s3.bucket("videos").Object(f"dailies/{NAME}").get()
    assert kept["Body"].read() == clip
    assert kept["ContentType"] == "video/mp4"
    for data, error in ((b"no video at all", NotAVideo), (clip * 3, MediaTooLarge)):
        with pytest.raises(error):
            await media.save_video("another.mp4", chunks(data), max_bytes=len(clip))
    assert keys(s3) == [NAME]


@ONE_MAKE
async def test_the_highest_mark_of_all_processes_counts(media: S3MediaFolder, s3: S3Server):
    """As in a folder: a process removes its own earlier mark, a start what others left."""
    other, _ = open_media(URL, lambda: NOW_MS)
    assert await media.read_high_water() == 0
    for writer, number in ((media, 2), (other, 10), (media, 9), (media, 11)):
        await writer.raise_high_water(number)
    assert keys(s3) == ["high-water/10", "high-water/11"]
    assert await other.read_high_water() == 11
    assert keys(s3) == ["high-water/11"]


async def test_a_bucket_that_does_not_answer_tells_no_mark(media: S3MediaFolder, s3: S3Server):
    """It is an error, and no mark of 0: a copy must not pass for the present."""
    s3.bucket("videos").delete()
    try:
        with pytest.raises(OSError, match="the bucket"):
            await media.read_high_water()
        with pytest.raises(OSError, match="the bucket"):
            await media.raise_high_water(3)
    finally:
        s3.bucket("videos").create()


@ONE_MAKE
async def test_what_the_disk_has_lost_comes_back(media: S3MediaFolder):
    """With the same bytes; what was never kept does not come, and leaves nothing behind."""
    clip = minimal_clip()
    stored = await media.save_video(NAME, chunks(clip), max_bytes=MOST)
    shutil.rmtree(WORK_FOLDER)
    assert await media.has_video(NAME)
    assert await media.restore_video(NAME, max_bytes=MOST) == stored
    assert media.video_path(NAME).read_bytes() == clip
    assert await media.restore_video("never.mp4", max_bytes=MOST) is None
    assert not await media.has_video("never.mp4")
    with pytest.raises(FileNotFoundError):
        await read_video(media, "never.mp4")
    assert [path.name for path in WORK_FOLDER.iterdir()] == [NAME]


async def test_another_host_has_what_this_one_stored(
    media: S3MediaFolder, elsewhere: S3MediaFolder
):
    """Videos, large ones in parts, and inputs of jobs and of drafts; four users share a fetch."""
    large = minimal_clip() + os.urandom(12_000_000)
    await media.save_video(NAME, chunks(large, 1_000_000), max_bytes=MOST)
    kept = await keep_input(media, PICTURE, "png")
    draft = (await media.save_input(b"a draft's", "jpg")).name
    assert not await elsewhere.has_input(draft)
    assert media.touch_input(draft)
    shutil.rmtree(WORK_FOLDER)
    assert await asyncio.gather(*(read_video(elsewhere) for _ in range(4))) == [large] * 4
    assert await elsewhere.has_input(kept)
    assert await read_input(elsewhere, kept) == PICTURE
    assert elsewhere.touch_input(draft)
    assert await elsewhere.keep_input(draft) is not None
    assert await read_input(elsewhere, draft) == b"a draft's"
    assert not elsewhere.touch_input(f"{'0' * 64}.png")


@ONE_MAKE
async def test_what_another_host_removed_is_not_used(
    media: S3MediaFolder, elsewhere: S3MediaFolder
):
    """Though the disk still has it; the sweep then finds it."""
    for name in (NAME, OTHER):
        await media.save_video(name, chunks(minimal_clip()), max_bytes=MOST)
        await read_video(elsewhere, name)
    name = await keep_input(media, PICTURE, "png")
    await read_input(elsewhere, name)
    media.remove_video(NAME)
    assert media.remove_old_inputs(-60) == 1
    with pytest.raises(FileNotFoundError):
        await read_video(elsewhere)
    with pytest.raises(FileNotFoundError):
        await read_input(elsewhere, name)
    assert elsewhere.list_dropped_videos(-60) == [NAME]
    assert elsewhere.list_dropped_videos(60) == []
    assert elsewhere.list_old_inputs(-60) == [name]
    assert elsewhere.remove_old_inputs(-60) == 0
    assert elsewhere.input_path(name) is None


@ONE_MAKE
async def test_the_cache_keeps_its_size_and_what_is_in_use(media: S3MediaFolder):
    """What was used last stays, and what is being read, however long ago that began."""
    small = open_store(cache_gb=5e-6)
    clip = minimal_clip()[:1_500].ljust(2_000, b"\0")
    names = [f"video{number}.mp4" for number in range(5)]
    async with AsyncExitStack() as stack:
        for name in names[:2]:
            await small.save_video(name, chunks(clip), max_bytes=MOST)
        first = await stack.enter_async_context(small.use_video(names[0]))
        for name in names[2:]:
            await small.save_video(name, chunks(clip), max_bytes=MOST)
        assert first.read_bytes() == clip
        assert sorted(path.name for path in small.list_files()) == [names[0], names[4]]
        assert await read_video(small, names[1]) == clip
    assert {path.name for path in small.list_files()} == {names[0], names[1]}
    huge = open_store(cache_gb=1e-9)
    assert await read_video(huge, names[4]) == clip


@ONE_MAKE
async def test_what_only_the_disk_has_is_not_evicted(
    media: S3MediaFolder, s3: S3Server, gate: Gate
):
    """A video that could not be put into the bucket yet is the only one of its kind."""
    small = open_store(cache_gb=1e-9)
    with gate.shut(), pytest.raises(BucketFailed):
        await small.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)
    await small.save_video(OTHER, chunks(minimal_clip()), max_bytes=MOST)
    assert small.video_path(NAME).is_file()
    assert small.list_dropped_videos(-60) == [NAME]
    stored = await small.restore_video(NAME, max_bytes=MOST)
    assert stored is not None
    assert keys(s3) == sorted([NAME, OTHER])


@ONE_MAKE
async def test_while_the_bucket_does_not_answer_the_disk_counts(
    media: S3MediaFolder, elsewhere: S3MediaFolder, gate: Gate
):
    """What is here is used; what is not is an outage, and never "gone"."""
    await media.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)
    name = await keep_input(media, PICTURE, "png")
    with gate.shut():
        assert await media.has_video(NAME)
        assert await read_video(media) == minimal_clip()
        assert await read_input(media, name) == PICTURE
        for ask in (elsewhere.has_video(NAME), read_video(elsewhere), elsewhere.has_input(name)):
            with pytest.raises(BucketFailed):
                await ask
        with pytest.raises(BucketFailed):
            await media.restore_video(NAME, max_bytes=MOST)
        assert await elsewhere.restore_video(NAME, max_bytes=MOST) is None
        with pytest.raises(BucketFailed):
            media.list_old_videos(-60)
    assert await read_video(elsewhere) == minimal_clip()


async def test_a_bucket_that_is_gone_is_no_bucket_without_files(media: S3MediaFolder, s3: S3Server):
    """S3 says "not found" of both, and a video that is not found would be bought again."""
    await media.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)
    shutil.rmtree(WORK_FOLDER)
    s3.bucket("videos").objects.all().delete()
    s3.bucket("videos").delete()
    try:
        for ask in (media.has_video(NAME), read_video(media), media.keep_input("0" * 64 + ".png")):
            with pytest.raises(BucketFailed):
                await ask
    finally:
        s3.bucket("videos").create()


async def test_what_is_removed_is_nowhere(media: S3MediaFolder, s3: S3Server):
    """A video that its member deletes, an input that nobody has asked for; twice does no harm."""
    await media.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)
    name = await keep_input(media, PICTURE, "png")
    assert keys(s3) == [f"{NAME}", f"inputs/{name}"]
    media.remove_video(NAME)
    media.remove_video(NAME)
    assert media.remove_old_inputs(-60) == 1
    assert s3.keys("videos") == []
    assert not await media.has_video(NAME)
    assert media.input_path(name) is None


async def test_an_input_reaches_the_bucket_with_its_job(media: S3MediaFolder, s3: S3Server):
    """What is refused never does, or is taken out again, but for what was there before."""
    saved = await media.save_input(PICTURE, "png")
    assert s3.keys("videos") == []
    kept = await media.keep_input(saved.name)
    assert keys(s3) == [f"inputs/{saved.name}"]
    assert kept is not None
    assert media.discard_input(kept)
    assert s3.keys("videos") == []
    await keep_input(media, PICTURE, "png")
    shutil.rmtree(WORK_FOLDER)
    other = await media.keep_input((await media.save_input(PICTURE, "png")).name)
    assert other is not None
    assert not media.discard_input(other)
    assert keys(s3) == [f"inputs/{saved.name}"]


@ONE_MAKE
async def test_an_input_that_another_host_has_kept_since_is_not_taken_out(
    media: S3MediaFolder, elsewhere: S3MediaFolder, s3: S3Server
):
    """Its job relies on the one copy that there is."""
    kept = await media.keep_input((await media.save_input(PICTURE, "png")).name)
    assert kept is not None
    assert await elsewhere.keep_input((await elsewhere.save_input(PICTURE, "png")).name) is not None
    media.discard_input(kept)
    assert keys(s3) == [f"inputs/{kept.name}"]
    assert await read_input(media, kept.name) == PICTURE


async def test_what_is_touched_while_it_is_swept_stays(
    media: S3MediaFolder, elsewhere: S3MediaFolder, s3: S3Server, monkeypatch: pytest.MonkeyPatch
):
    """A host touches it at the last moment at which it still sees it."""
    name = await keep_input(media, PICTURE, "png")
    delete, touched = S3Bucket.delete, list[bool]()

    def touch_first(bucket: S3Bucket, key: str) -> None:
        if key == f"inputs/{name}" and not touched:
            touched.append(elsewhere.touch_input(name))
        delete(bucket, key)

    before_s = time.time()
    await asyncio.sleep(max(0.0, 2 - time.time() % 1))  # S3 tells times in seconds
    monkeypatch.setattr(S3Bucket, "delete", touch_first)
    assert media.remove_old_inputs(time.time() - before_s - 1) == 0
    assert touched == [True]
    assert keys(s3) == [f"inputs/{name}"]
    assert await read_input(elsewhere, name) == PICTURE


async def test_the_sweep_goes_by_the_last_use_in_the_bucket(
    media: S3MediaFolder, elsewhere: S3MediaFolder, s3: S3Server
):
    """What is excluded or young stays; marks without a file and what a crash left go."""
    name = await keep_input(media, PICTURE, "png")
    await media.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)
    assert elsewhere.list_old_inputs(-60) == [name]
    assert elsewhere.list_old_videos(-60) == [NAME]
    assert elsewhere.list_old_videos(60) == elsewhere.list_old_inputs(60) == []
    assert elsewhere.remove_old_inputs(-60, {name}) == elsewhere.remove_old_inputs(60) == 0
    bucket = s3.bucket("videos")
    for key in (f"removed-inputs/x.{name}", f"touched-inputs/{'0' * 64}.png", "inputs/of-others"):
        bucket.put_object(Key=f"dailies/{key}", Body=b"")
    assert elsewhere.remove_old_inputs(-60) == 1
    assert s3.keys("videos") == ["dailies/0123456789abcdefghjk.mp4", "dailies/inputs/of-others"]


async def test_links_lead_into_the_bucket(media: S3MediaFolder):
    """A client with a link gets the file without credentials; altered, the link is refused."""
    clip = minimal_clip()
    await media.save_video(NAME, chunks(clip), max_bytes=MOST)
    name = await keep_input(media, PICTURE, "png")
    links = PresignedUrls(S3Bucket(URL), lambda: NOW_MS)
    result = links.url_for_result(NAME, NOW_MS + HOUR_MS)
    async with aiohttp.ClientSession() as session:
        async with session.get(result) as answer:
            assert (answer.status, await answer.read()) == (200, clip)
            assert answer.content_type == "video/mp4"
        async with session.get(links.url_for_input(name, NOW_MS + HOUR_MS)) as answer:
            assert (answer.status, await answer.read()) == (200, PICTURE)
    assert "X-Amz-Expires=3600&" in result
    assert "X-Amz-Expires=604800&" in links.url_for_result(NAME, NOW_MS + 9_000 * HOUR_MS)
    assert "canary-secret" not in result


async def test_a_bucket_that_is_not_there_is_named(media: S3MediaFolder):
    """At the start in words; later as a fault of the disk, which the worker waits out."""
    with pytest.raises(StorageError, match="the bucket nowhere") as refusal:
        open_media("s3://nowhere", lambda: NOW_MS)
    assert "canary" not in str(refusal.value)
    lost = S3MediaFolder(WORK_FOLDER, S3Bucket("s3://nowhere"), MOST)
    with pytest.raises(OSError, match="the bucket nowhere"):
        await lost.save_video(NAME, chunks(minimal_clip()), max_bytes=MOST)


def test_a_folder_needs_no_bucket(tmp_path: Path):
    """And makes no links."""
    folder, links = open_media(str(tmp_path / "media"), lambda: NOW_MS)
    assert not isinstance(folder, S3MediaFolder)
    assert links is None


@ONE_MAKE
def test_plain_http_is_for_this_machine_unless_it_is_said(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
):
    """Credentials would be read on the way; in a network of one's own they may go."""
    with closing(Gate(gate.server.endpoint, "127.0.0.2")) as other:
        monkeypatch.setenv("AWS_ENDPOINT_URL", other.server.endpoint)
        with pytest.raises(StorageError):
            open_store()
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        open_store()
