"""Attachments as they come: from Discord's CDN or somewhere else, media or anything else."""

import asyncio
import gzip
import io
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from PIL import Image

from cogs.generation.attachments import (
    AttachmentLoader,
    LoadedAttachments,
    forwardable_url,
    is_discord_url,
)
from cogs.ui.violations import format_violation
from domain.errors import RulesViolated
from domain.models import MAX_IMAGE_BYTES, MAX_VIDEO_BYTES
from domain.pricing import quote
from domain.requests import Conversion, Draft, GenerationCommand, build_request
from domain.violations import ViolationCode
from sandbox.apixo import ManualClock
from sandbox.apixo.clips import minimal_clip
from sandbox.discord import Channel, DiscordConfig, FakeDiscord, MemberClient, Upload
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.media_measures import measure
from tests.harness.media_samples import make_audio, make_video
from tests.harness.member_turns import TurnLoader, member_turn
from tests.harness.rendering import rendered_markup
from workflow.member_turns import MemberTurn

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_UNFETCHED = "I couldn't get lake.png from Discord. Attach it again."
_FOREIGN = "isn't on Discord's servers. Attach it here."
_NO_PICTURE = "I can't read lake.png as a picture. Attach a PNG, JPEG,"
_DAMAGED = "is a damaged or incomplete picture."
_TOO_MANY_PIXELS = "has too many pixels."
_TOO_LARGE = "is too large"
_MAX_FETCHED = 30_000_000


class Server:
    """A host that answers every request as a test wants, and notes what was asked for."""

    def __init__(self) -> None:
        self.answer: Answer = self._send_picture
        self.asked: list[str] = []
        self.port = 0

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    def url(self, path: str = "/cdn/lake.png") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def note(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.raw_path)
        return await self.answer(request)

    async def _send_picture(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=picture())


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Listen, in the place of the CDN that a stand-in has."""
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.note)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(trust_env=False) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    """Name the folder that inputs are kept in."""
    return MediaFolder(tmp_path / "media")


@pytest.fixture
def turn(database: Database, folder: MediaFolder) -> MemberTurn:
    return member_turn(database, folder)


@pytest.fixture
def loader(session: aiohttp.ClientSession, server: Server, turn: MemberTurn) -> TurnLoader:
    return TurnLoader(AttachmentLoader(session, server.api_url), turn)


@pytest.fixture
def live(session: aiohttp.ClientSession, fake_discord: FakeDiscord, turn: MemberTurn) -> TurnLoader:
    """Take attachments in from the stand-in's CDN."""
    return TurnLoader(AttachmentLoader(session, fake_discord.api_url), turn)


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 360), **options: Any) -> bytes:
    """Draw a picture with some noise, so that it has some length."""
    data = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(data, kind, **options)
    return data.getvalue()


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def animation(kind: str) -> bytes:
    """Draw a picture that moves."""
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("navy", "teal")]
    data = io.BytesIO()
    frames[0].save(data, kind, save_all=True, append_images=frames[1:])
    return data.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write a part of a PNG file."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def hollow_png(width: int, height: int) -> bytes:
    """Write a tiny PNG that claims to be of any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def attachment(url: str, name: str = "lake.png", size: int = 1000) -> discord.Attachment:
    """Make an attachment as the library makes it of a command's option."""
    data: Any = {"id": "1", "filename": name, "size": size, "url": url, "proxy_url": url}
    client = discord.Client(intents=discord.Intents.none())
    return discord.Attachment(data=data, state=client._connection)


async def given(person: MemberClient, channel: Channel, *files: Upload) -> list[discord.Attachment]:
    """Let a member attach files, and take their links from the stand-in's CDN."""
    message = await person.send_message(channel, "look", files)
    return [attachment(made.url, made.filename, made.size) for made in message.attachments]


def problem(gathered: LoadedAttachments) -> str:
    """Take the only problem there is, where nothing is usable."""
    assert gathered.pictures == ()
    (violation,) = gathered.violations
    return format_violation(violation)


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [
        ("PNG", "lake.png", {}),
        ("JPEG", "lake.jpg", {}),
        ("WEBP", "lake.webp", {}),
        ("WEBP", "lake.webp", {"lossless": True}),
        ("PNG", "lake.gif", {}),
        ("JPEG", "lake.png", {"progressive": True}),
        ("WEBP", "lake", {}),
    ],
)
async def test_a_picture_is_what_its_bytes_say(
    live: TurnLoader,
    ada: MemberClient,
    videos: Channel,
    kind: str,
    name: str,
    options: dict[str, Any],
) -> None:
    """Format, pixels and length, whatever the name says; the link is kept as it was."""
    data = picture(kind, (701, 333), **options)
    files = await given(ada, videos, Upload(name, data))
    gathered = await live.load_pictures(files)
    assert gathered.violations == ()
    (found,) = gathered.pictures
    assert (found.format, found.width, found.height) == (kind, 701, 333)
    assert (found.size, found.url) == (len(data), files[0].url)


_BAD_FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "svg": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"/>',
        "is really another kind of file: web page. Attach a PNG",
    ),
    "text": (lambda: b"a lake at dusk", _NO_PICTURE),
    "pdf": (
        lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF",
        "is really another kind of file: PDF. Attach a PNG",
    ),
    "mp4": (minimal_clip, "is really another kind of file: MP4. Attach a PNG"),
    "nothing": (bytes, _NO_PICTURE),
    "a signature alone": (lambda: picture()[:8], _DAMAGED),
    "half a PNG": (lambda: half(picture()), _DAMAGED),
    "half a JPEG": (lambda: half(picture("JPEG")), _DAMAGED),
    "half a WebP": (lambda: half(picture("WEBP")), _DAMAGED),
    "a hollow PNG": (lambda: hollow_png(5000, 5000), _DAMAGED),
    "a bomb": (lambda: hollow_png(60_000, 60_000), _TOO_MANY_PIXELS),
}


@pytest.mark.parametrize("name", _BAD_FILES)
async def test_what_is_no_usable_picture_is_named(
    live: TurnLoader,
    ada: MemberClient,
    videos: Channel,
    name: str,
) -> None:
    """With its name and what is wrong with it; nothing is raised."""
    draw, said = _BAD_FILES[name]
    files = await given(ada, videos, Upload("lake.png", draw()))
    gathered = await live.load_pictures(files)
    assert said in problem(gathered)
    assert "lake.png" in problem(gathered)


async def test_ten_megabytes_are_sent_at_most(
    live: TurnLoader, ada: MemberClient, videos: Channel
) -> None:
    """More is taken, and made smaller."""
    padded = picture().ljust(MAX_IMAGE_BYTES + 1, b"\0")
    files = await given(ada, videos, Upload("lake.png", padded))
    gathered = await live.load_pictures(files)
    assert gathered.violations == ()
    assert gathered.pictures[0].size < MAX_IMAGE_BYTES
    assert gathered.pictures[0].url == ""


async def test_of_an_animation_the_first_picture_is_used_and_told(
    live: TurnLoader, ada: MemberClient, videos: Channel
) -> None:
    files = await given(ada, videos, Upload("cat.webp", animation("WEBP")))
    gathered = await live.load_pictures(files)
    assert gathered.conversions == (Conversion("cat.webp", is_first_frame=True),)


@pytest.mark.parametrize("side", [12_000, 60_000])
async def test_a_picture_of_too_many_pixels_is_refused_without_being_decoded(
    server: Server, loader: TurnLoader, side: int
) -> None:
    """A few hundred bytes that claim gigabytes."""

    async def send(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=hollow_png(side, side))

    server.answer = send
    gathered = await loader.load_pictures([attachment(server.url())])
    assert problem(gathered).startswith(f"lake.png {_TOO_MANY_PIXELS}")


async def test_a_file_announced_as_too_large_is_not_fetched(
    server: Server, loader: TurnLoader
) -> None:
    """What Discord says of its length is enough."""
    gathered = await loader.load_pictures([attachment(server.url(), size=_MAX_FETCHED + 1)])
    assert problem(gathered).startswith(f"lake.png {_TOO_LARGE}")
    assert server.asked == []


async def test_more_than_was_announced_is_cut_off(server: Server, loader: TurnLoader) -> None:
    data = picture() + bytes(_MAX_FETCHED + 1)

    async def send(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=data)

    server.answer = send
    assert problem(await loader.load_pictures([attachment(server.url())])) == (
        "lake.png is too large. Use up to 30 MB."
    )


async def test_a_file_that_never_ends_is_left(server: Server, loader: TurnLoader) -> None:
    """The connection is closed at the cap."""
    left = asyncio.Event()

    async def send(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(65_536))
        except (ConnectionError, asyncio.CancelledError):
            left.set()
            raise

    server.answer = send
    assert _TOO_LARGE in problem(await loader.load_pictures([attachment(server.url())]))
    async with asyncio.timeout(120):
        await left.wait()


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "5000"})
    await response.prepare(request)
    await response.write(picture()[:500])
    assert request.transport is not None
    request.transport.close()
    return response


async def _close(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _packed(_request: web.Request) -> web.StreamResponse:
    packed = gzip.compress(picture())
    return web.Response(body=packed, headers={"Content-Encoding": "gzip"})


async def _wrongly_packed(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=picture(), headers={"Content-Encoding": "gzip"})


def _status(status: int) -> Answer:
    async def send(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=picture())

    return send


@pytest.mark.parametrize(
    "answer",
    [
        _cut,
        _close,
        _packed,
        _wrongly_packed,
        *map(_status, [204, 206, 304, 403, 404, 410, 429, 500, 503]),
    ],
)
async def test_what_can_not_be_fetched_is_to_be_attached_again(
    server: Server, loader: TurnLoader, answer: Answer
) -> None:
    """A broken transfer, one that is compressed though nobody asked, or any answer but 200."""
    server.answer = answer
    gathered = await loader.load_pictures([attachment(server.url())])
    assert problem(gathered) == _UNFETCHED


async def test_a_host_that_is_not_there_is_told(
    session: aiohttp.ClientSession, turn: MemberTurn, unused_tcp_port: int
) -> None:
    """A refused connection is a problem like any other."""
    root = f"http://127.0.0.1:{unused_tcp_port}"
    loader = TurnLoader(AttachmentLoader(session, f"{root}/api/v10"), turn)
    gathered = await loader.load_pictures([attachment(f"{root}/x.png")])
    assert problem(gathered) == _UNFETCHED


async def test_an_expired_link_is_to_be_attached_again(
    session: aiohttp.ClientSession, turn: MemberTurn
) -> None:
    """Discord answers 404 once a link's time is over."""
    clock = ManualClock()
    options = DiscordConfig()
    async with FakeDiscord(options, clock.now) as fake_discord:
        loader = TurnLoader(AttachmentLoader(session, fake_discord.api_url), turn)
        upload = Upload("lake.png", picture())
        files = await given(fake_discord.member("Ada"), fake_discord.channel("videos"), upload)
        assert (await loader.load_pictures(files)).violations == ()
        clock.advance(options.link_seconds + 1)
        assert problem(await loader.load_pictures(files)) == _UNFETCHED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(server: Server, loader: TurnLoader, status: int) -> None:
    """Not even to the same host."""

    async def send(request: web.Request) -> web.StreamResponse:
        if request.path == "/cdn/lake.png":
            return web.Response(status=status, headers={"Location": "/elsewhere.png"})
        return web.Response(body=picture())

    server.answer = send
    gathered = await loader.load_pictures([attachment(server.url())])
    assert problem(gathered) == _UNFETCHED
    assert server.asked == ["/cdn/lake.png"]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{other}/x.png",
        "http://127.0.0.1/x.png",
        "http://localhost:{port}/x.png",
        "http://[::1]:{port}/x.png",
        "http://2130706433:{port}/x.png",
        "https://127.0.0.1:{port}/x.png",
        "http://127.0.0.1:{port}@127.0.0.1:{other}/x.png",
        "http://127.0.0.1:{port}\\@127.0.0.1:{other}/x.png",
        "http://127.0.0.1@evil.example/x.png",
        "http://user@127.0.0.1:{port}/x.png",
        "http://user:word@127.0.0.1:{port}/x.png",
        "http://:word@127.0.0.1:{port}/x.png",
        "https://cdn.discordapp.com@127.0.0.1:{other}/x.png",
        "https://cdn.discordapp.com.evil.example/x.png",
        "https://evilcdn.discordapp.com/x.png",
        "http://cdn.discordapp.com/x.png",
        "https://cdn.discordapp.com:8443/x.png",
        "https://user@cdn.discordapp.com/x.png",
        "http://images-ext-1.discordapp.net/x.png",
        "https://images-ext-1.discordapp.net:8443/x.png",
        "https://images-ext-1.discordapp.net.evil.example/x.png",
        "https://images-ext-1.discordapp.com/x.png",
        "https://images-ext-.discordapp.net/x.png",
        "https://images-ext-1a.discordapp.net/x.png",
        "https://images-ext-٤.discordapp.net/x.png",
        "https://images-ext-1@127.0.0.1:{other}/x.png",
        "https://user@images-ext-1.discordapp.net/x.png",
        "http://127.0.0.1:99999/x.png",
        "http://[::1/x.png",
        "//127.0.0.1:{port}/x.png",
        "/x.png",
        "file:///etc/hostname",
        "ftp://127.0.0.1:{port}/x.png",
        "data:image/png;base64,AAAA",
        "not an address",
        "",
    ],
)
async def test_only_discords_own_hosts_are_asked(
    server: Server, loader: TurnLoader, address: str
) -> None:
    """Another host, port or scheme, and a name before an @, are refused before any request."""
    other = Server()
    runner = web.ServerRunner(web.Server(other.note))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = address.format(port=server.port, other=runner.addresses[0][1])
    assert problem(await loader.load_pictures([attachment(url)])) == f"lake.png {_FOREIGN}"
    assert (server.asked, other.asked) == ([], [])
    await runner.cleanup()


def test_discords_copies_of_other_hosts_pictures_are_taken_and_their_bytes_handed_on() -> None:
    """Of what is not Discord's own, only the kept file counts: its original may change any time."""
    copy = "https://images-ext-1.discordapp.net/external/x/https/evil.example/x.png?width=9"
    own = "https://cdn.discordapp.com/attachments/1/2/x.png?ex=1"
    assert [is_discord_url(url) for url in (copy, own, "https://evil.example/x.png")] == [
        True,
        True,
        False,
    ]
    assert [forwardable_url(url) for url in (copy, own)] == ["", own]


@pytest.mark.parametrize("api_url", [None, "http://proxy.invalid/api/v10"])
async def test_only_a_stand_in_on_loopback_serves_attachments(
    server: Server, session: aiohttp.ClientSession, turn: MemberTurn, api_url: str | None
) -> None:
    """A proxy somewhere else does not, and without either nothing on loopback is asked."""
    loader = TurnLoader(AttachmentLoader(session, api_url), turn)
    for url in (server.url(), "http://proxy.invalid/cdn/lake.png"):
        gathered = await loader.load_pictures([attachment(url)])
        assert problem(gathered) == f"lake.png {_FOREIGN}"
    assert server.asked == []


async def test_no_compressed_transfer_is_asked_for(server: Server, loader: TurnLoader) -> None:
    asked = list[str | None]()

    async def send(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Accept-Encoding"))
        return web.Response(body=picture(), headers={"Content-Encoding": "identity"})

    server.answer = send
    assert (await loader.load_pictures([attachment(server.url())])).violations == ()
    assert asked == ["identity"]


async def test_a_signed_link_arrives_unchanged(server: Server, loader: TurnLoader) -> None:
    """Its signature holds for these very characters."""
    path = "/cdn/attachments/1/2/a%20b%2Bc.png?ex=6a&is=69&hm=0%2f%2F+x&"
    gathered = await loader.load_pictures([attachment(server.url(path))])
    assert gathered.violations == ()
    assert server.asked == [path]


async def test_every_bad_file_is_named_and_the_good_ones_stay_in_order(
    server: Server, loader: TurnLoader
) -> None:
    """One answer lists everything to correct."""
    sizes = {"/1.png": (400, 300), "/3.png": (300, 400)}

    async def send(request: web.Request) -> web.StreamResponse:
        size = sizes.get(request.path)
        return web.Response(body=picture(size=size) if size else b"no picture")

    server.answer = send
    names = ["1.png", "2.png", "3.png", "4.png", "**@everyone**.png"]
    files = [attachment(server.url(f"/{name}"), name) for name in names[:4]]
    gathered = await loader.load_pictures([*files, attachment("http://evil.example", names[4])])
    assert [found.name for found in gathered.pictures] == ["1.png", "3.png"]
    assert [(found.width, found.height) for found in gathered.pictures] == list(sizes.values())
    said = [format_violation(violation) for violation in gathered.violations]
    assert ["2.png" in said[0], "4.png" in said[1]] == [True, True]
    assert "everyone" in said[2]
    assert rendered_markup(said[2]) == []


async def test_at_most_two_pictures_are_in_memory(server: Server, loader: TurnLoader) -> None:
    """Over all members; the others wait until one is done, and all are served."""
    here, most, arrived, go = 0, 0, asyncio.Condition(), asyncio.Event()
    lake = picture()

    async def send(request: web.Request) -> web.StreamResponse:
        nonlocal here, most
        if request.path == "/ping":
            return web.Response()
        async with arrived:
            here += 1
            most = max(most, here)
            arrived.notify_all()
        await go.wait()
        here -= 1
        return web.Response(body=lake)

    server.answer = send
    asks = [
        asyncio.create_task(
            loader.load_pictures([attachment(server.url(f"/{n}.png")) for n in range(6)])
        )
        for _ in range(3)
    ]
    async with asyncio.timeout(120), arrived:
        await arrived.wait_for(lambda: here == 2)
    await _exchange(server, times=50)
    assert here == 2
    go.set()
    served = await asyncio.gather(*asks)
    assert [len(gathered.pictures) for gathered in served] == [6, 6, 6]
    assert most == 2


async def _exchange(server: Server, times: int) -> None:
    """Ask and be answered many times, in which a third picture would have been asked for."""
    async with aiohttp.ClientSession() as session:
        for _ in range(times):
            async with session.get(server.url("/ping")) as answer:
                await answer.read()


async def test_references_are_told_apart_measured_and_kept(
    live: TurnLoader, folder: MediaFolder, ada: MemberClient, videos: Channel
) -> None:
    """Each in its place and order, with its length, and a copy that outlives Discord's link."""
    given_files = {
        "lake.jpg": picture("JPEG"),
        "walk.mp4": make_video(2500),
        "drive.mov": make_video(3337, kind="mov", sound_ms=3000),
        "voice.mp3": make_audio(4000),
        "bell.wav": make_audio(2000, "wav"),
    }
    uploads = [Upload(name, data) for name, data in given_files.items()]
    files = await given(ada, videos, *uploads)
    gathered = await live.load_references(files[:1], files[1:3], files[3:])
    assert gathered.violations == ()
    kept = [item.kept for item in (*gathered.pictures, *gathered.videos, *gathered.audios)]
    assert [str(name)[64:] for name in kept] == [".jpg", ".mp4", ".mp4", ".mp3", ".wav"]
    copies = [folder.input_path(str(name)) for name in kept]
    as_they_came = ("lake.jpg", "walk.mp4", "voice.mp3", "bell.wav")
    stored = {
        name: copy.read_bytes() for name, copy in zip(given_files, copies, strict=True) if copy
    }
    assert [name for name, data in stored.items() if data == given_files[name]] == [*as_they_came]
    sent = [measure(stored[name]).longest_ms for name in ("walk.mp4", "drive.mov", "bell.wav")]
    assert [clip.duration_ms for clip in (*gathered.videos, gathered.audios[1])] == sent
    assert [bool(clip.url) for clip in (*gathered.videos, *gathered.audios)] == [
        name in as_they_came for name in [*given_files][1:]
    ]
    assert [conversion.name for conversion in gathered.conversions] == ["drive.mov"]


def _misplaced() -> dict[str, tuple[bytes, str, str]]:
    clip, tone, wave = make_video(2000), make_audio(2000), make_audio(2000, "wav")
    damaged = "is a damaged or incomplete video."
    return {
        "a picture as video": (
            picture(),
            "video",
            "is really another kind of file: PNG. Attach an MP4, MOV,",
        ),
        "a sound as video": (tone, "video", "has no video in it."),
        "nothing as video": (b"", "video", "I can't read walk.mp4 as a video."),
        "WebM": (b"\x1aE\xdf\xa3" + bytes(99), "video", damaged),
        "half a video": (clip[: len(clip) // 2], "video", damaged),
        "sound in an MP4": (make_audio(2000, "mp4"), "video", "has no video in it."),
        "50 MB and a byte": (clip.ljust(MAX_VIDEO_BYTES + 1, b"\0"), "video", "is too large"),
        "a picture as audio": (
            picture(),
            "audio",
            "is really another kind of file: PNG. Attach an MP3, WAV,",
        ),
        "a video as audio": (clip, "audio", "has no sound."),
        "nothing as audio": (b"", "audio", "I can't read walk.mp4 as sound."),
        "a WAV without sound": (wave[:40], "audio", "is a damaged or incomplete sound."),
        "50 MB of sound": (tone.ljust(MAX_VIDEO_BYTES + 1, b"\0"), "audio", "is too large"),
    }


_MISPLACED = _misplaced()


@pytest.mark.parametrize(("data", "slot", "said"), _MISPLACED.values(), ids=_MISPLACED)
async def test_what_is_no_usable_clip_is_named_and_not_kept(
    server: Server, loader: TurnLoader, tmp_path: Path, data: bytes, slot: str, said: str
) -> None:
    """With its name and what is wrong with it; a file that lies about its size too."""

    async def send(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=data)

    server.answer = send
    files = [attachment(server.url("/cdn/walk.mp4"), "walk.mp4")]
    videos, audios = (files, []) if slot == "video" else ([], files)
    gathered = await loader.load_references([], videos, audios)
    (violation,) = gathered.violations
    assert said in format_violation(violation)
    assert "walk.mp4" in format_violation(violation)
    assert (gathered.videos, gathered.audios) == ((), ())
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.parametrize(
    ("lengths", "rule"),
    [
        ([2000], None),
        ([1999], ViolationCode.VIDEO_LENGTH),
        ([15_000], None),
        ([15_001], ViolationCode.VIDEO_LENGTH),
        ([5000, 5000, 5000], None),
        ([5000, 5000, 5001], ViolationCode.VIDEOS_TOO_LONG),
        ([2000, 2000, 2000, 2000], ViolationCode.TOO_MANY_VIDEOS),
    ],
)
async def test_measured_lengths_meet_the_rules_at_their_edges(
    server: Server, loader: TurnLoader, lengths: list[int], rule: ViolationCode | None
) -> None:
    """From real bytes to a request or a rule, on both sides of every boundary."""
    clips = {f"/{n}.mp4": make_video(ms) for n, ms in enumerate(lengths)}

    async def send(request: web.Request) -> web.StreamResponse:
        return web.Response(body=clips[request.path])

    server.answer = send
    files = [attachment(server.url(path), path[1:]) for path in clips]
    gathered = await loader.load_references([], files, [])
    assert gathered.violations == ()
    draft = Draft(command=GenerationCommand.REFERENCE, prompt="like these", videos=gathered.videos)
    if rule is None:
        assert quote(build_request(draft)).billed_ms == 5000 + sum(lengths)
        return
    with pytest.raises(RulesViolated) as caught:
        build_request(draft)
    assert [violation.code for violation in caught.value.violations] == [rule]


@pytest.mark.parametrize("full", ["the folder", "the temporary folder"])
async def test_a_disk_that_takes_no_more_is_told(
    server: Server,
    loader: TurnLoader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    full: str,
) -> None:
    """It is no fault of the file, which may be given again later."""
    if full == "the temporary folder":
        monkeypatch.setattr("tempfile.tempdir", "/dev/null/none")
    else:
        (tmp_path / "media").symlink_to("/dev/full")
    gathered = await loader.load_pictures([attachment(server.url())])
    assert problem(gathered) == "I couldn't take lake.png right now. Try again later."
