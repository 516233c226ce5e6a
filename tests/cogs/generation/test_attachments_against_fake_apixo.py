"""Real files at the edges of the rules: our verdict on them and the stand-in's must agree."""

import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from PIL import Image

from cogs.generation.attachments import AttachmentLoader, LoadedAttachments
from domain.errors import RulesViolated
from domain.models import MAX_AUDIO_BYTES, MAX_IMAGE_BYTES, MAX_VIDEO_BYTES
from domain.requests import Draft, GenerationCommand, build_request
from sandbox.apixo.media import MediaFetcher
from sandbox.apixo.rules import MODELS, InvalidSubmission, parse_submission
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.media_samples import make_audio, make_video, mp4_box
from tests.harness.member_turns import TurnLoader, member_turn


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is given with one request."""

    pictures: tuple[bytes, ...] = ()
    videos: tuple[bytes, ...] = ()
    audios: tuple[bytes, ...] = ()


Make = Callable[[], Files]
"""Each test draws and records its own, so that to collect them costs nothing."""


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(data, kind)
    return data.getvalue()


def padded(ms: int, size: int) -> bytes:
    """Make a video of exactly so many bytes."""
    plain = make_video(ms)
    return plain + mp4_box(b"free", bytes(size - len(plain) - 8))


def lengths(*all_ms: int) -> Files:
    return Files(videos=tuple(map(make_video, all_ms)))


@cache
def lake() -> bytes:
    return picture(640, 360)


FIT: dict[str, Make] = {
    "the smallest picture": lambda: Files(pictures=(picture(300, 300),)),
    "the longest picture": lambda: Files(pictures=(picture(6000, 2400, "JPEG"),)),
    "the narrowest picture": lambda: Files(pictures=(picture(300, 750, "WEBP"),)),
    "the heaviest picture": lambda: Files(pictures=(lake().ljust(MAX_IMAGE_BYTES, b"\0"),)),
    "the shortest video": lambda: lengths(2000),
    "the longest video": lambda: lengths(15_000),
    "a MOV": lambda: Files(videos=(make_video(3337, kind="mov", sound_ms=3000),)),
    "three videos": lambda: lengths(5000, 5000, 5000),
    "the heaviest video": lambda: Files(videos=(padded(2000, MAX_VIDEO_BYTES),)),
    "the shortest MP3": lambda: Files(pictures=(lake(),), audios=(make_audio(2000),)),
    "the longest MP3": lambda: Files(pictures=(lake(),), audios=(make_audio(14_950),)),
    "an MP3 that padding makes too long": lambda: Files(
        pictures=(lake(),), audios=(make_audio(15_000),)
    ),
    "the longest video with sound": lambda: Files(videos=(make_video(15_000, sound_ms=15_000),)),
    "the longest WAV": lambda: Files(pictures=(lake(),), audios=(make_audio(15_000, "wav"),)),
    "three sounds": lambda: Files(
        videos=(make_video(2000),), audios=(make_audio(5000, "wav"),) * 3
    ),
    "a picture to be scaled down": lambda: Files(pictures=(picture(6001, 3000),)),
    "a picture to be made smaller": lambda: Files(
        pictures=(lake().ljust(MAX_IMAGE_BYTES + 1, b"\0"),)
    ),
    "a GIF": lambda: Files(pictures=(picture(640, 360, "GIF"),)),
    "a sound to be made smaller": lambda: Files(
        pictures=(lake(),), audios=(make_audio(2000, "wav").ljust(MAX_AUDIO_BYTES + 1, b"\0"),)
    ),
}
UNFIT: dict[str, Make] = {
    "too low a picture": lambda: Files(pictures=(picture(300, 299),)),
    "too narrow a picture": lambda: Files(pictures=(picture(300, 751),)),
    "half a picture": lambda: Files(pictures=(picture(640, 360, "JPEG")[:-500],)),
    "too short a video": lambda: lengths(1999),
    "too long a video": lambda: lengths(15_001),
    "too long videos": lambda: lengths(5000, 5000, 5001),
    "too heavy a video": lambda: Files(videos=(padded(2000, MAX_VIDEO_BYTES + 1),)),
    "a picture as video": lambda: Files(videos=(lake(),)),
    "sound as video": lambda: Files(videos=(make_audio(3000),)),
    "too short an MP3": lambda: Files(pictures=(lake(),), audios=(make_audio(1900),)),
    "too long an MP3": lambda: Files(pictures=(lake(),), audios=(make_audio(15_060),)),
    "too long a WAV": lambda: Files(pictures=(lake(),), audios=(make_audio(15_001, "wav"),)),
    "a picture as sound": lambda: Files(pictures=(lake(),), audios=(lake(),)),
    "sound alone": lambda: Files(audios=(make_audio(3000),)),
}


@pytest.fixture
async def host() -> AsyncIterator[tuple[str, dict[str, bytes]]]:
    """Serve files to both who judge them."""
    served = dict[str, bytes]()

    async def send(request: web.Request) -> web.Response:
        return web.Response(body=served[request.path])

    app = web.Application()
    app.router.add_get("/{path:.*}", send)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", served
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(trust_env=False) as opened:
        yield opened


def attached(url: str, size: int) -> discord.Attachment:
    data: Any = {"id": "1", "filename": "x", "size": size, "url": url, "proxy_url": url}
    client = discord.Client(intents=discord.Intents.none())
    return discord.Attachment(data=data, state=client._connection)


def we_take(gathered: LoadedAttachments) -> bool:
    try:
        build_request(
            Draft(
                command=GenerationCommand.REFERENCE,
                prompt="like these",
                pictures=gathered.pictures,
                videos=gathered.videos,
                audios=gathered.audios,
                violations=gathered.violations,
            )
        )
    except RulesViolated:
        return False
    return True


async def they_bill(session: aiohttp.ClientSession, urls: dict[str, list[str]]) -> int | None:
    """Give the milliseconds of video that the stand-in bills; None where it takes none of it."""
    fields = {"mode": "omni_reference", "prompt": "like these", **urls}
    try:
        order = parse_submission(MODELS["seedance-2-0"], {"input": fields})
        fetched = await MediaFetcher(session).fetch(order)
    except InvalidSubmission:
        return None
    return None if fetched.is_unusable else fetched.video_ms or 0


@pytest.mark.parametrize(
    ("make", "fits"),
    [*((make, True) for make in FIT.values()), *((make, False) for make in UNFIT.values())],
    ids=[*FIT, *UNFIT],
)
async def test_a_file_is_taken_by_both_or_by_neither(
    host: tuple[str, dict[str, bytes]],
    session: aiohttp.ClientSession,
    database: Database,
    tmp_path: Path,
    make: Make,
    fits: bool,
) -> None:
    """The stand-in fetches what it is given and measures it with FFmpeg."""
    (root, served), files = host, make()
    urls, attachments = dict[str, list[str]](), list[list[discord.Attachment]]()
    for kind, contents in (
        ("image_urls", files.pictures),
        ("video_urls", files.videos),
        ("audio_urls", files.audios),
    ):
        paths = [f"/{kind}/{n}" for n in range(len(contents))]
        served.update(zip(paths, contents, strict=True))
        urls[kind] = [root + path for path in paths]
        attachments.append([attached(root + path, len(served[path])) for path in paths])
    folder = MediaFolder(tmp_path)
    loader = TurnLoader(AttachmentLoader(session, f"{root}/api/v10"), member_turn(database, folder))
    gathered = await loader.load_references(*attachments)
    assert we_take(gathered) is fits
    if not fits:
        assert await they_bill(session, urls) is None
        return
    # What is sent may be a copy: it is taken, and billed to the millisecond.
    sent = {"image": gathered.pictures, "video": gathered.videos, "audio": gathered.audios}
    for kind, media in sent.items():
        for number, medium in enumerate(media):
            path = folder.input_path(medium.kept or "")
            assert path is not None
            served[f"/{kind}_urls/{number}"] = path.read_bytes()
    assert await they_bill(session, urls) == sum(clip.duration_ms for clip in gathered.videos)
