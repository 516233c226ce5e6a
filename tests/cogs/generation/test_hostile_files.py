"""Held limits through the real command: clear words, no request anywhere, no file left behind."""

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

from cogs.generation import attachments
from sandbox.discord import DiscordConfig, FakeDiscord, Fault, MemberClient, Upload
from tests.harness.bot import BotHarness
from tests.harness.media_samples import make_encoded_video, make_video, mp4_box

pytestmark = pytest.mark.time_scale(600)

FILES = "/cdn/*/*/*/*"
PIXELS = "has too many pixels"
COMPLEX = "is too complex for me"
DAMAGED = "is a damaged"
ELSEWHERE = "keeps its pictures or sound in another file"
OTHER = "is really a"
UNREADABLE = "I can't read"


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a Discord that does not mind how busy this machine is."""
    options = DiscordConfig(sends_per_window=5_000, requests_per_second=5_000, ack_seconds=120)
    async with FakeDiscord(options) as opened:
        yield opened


@dataclass
class Bait:
    """A server that nobody is to ask."""

    port: int = 0
    asked: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/x.mp4"


@pytest.fixture
async def bait() -> AsyncIterator[Bait]:
    laid = Bait()

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        laid.asked += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    laid.port = server.sockets[0].getsockname()[1]
    async with server:
        yield laid


def png(width: int, height: int, data: bytes) -> bytes:
    """Write a PNG of one bit a pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(data, 9)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def gif(frames: int, size: tuple[int, int]) -> bytes:
    """Write a GIF that repeats one small frame very often."""
    out = io.BytesIO()
    other = Image.new("P", size, 1)
    Image.new("P", size).save(out, "GIF", save_all=True, append_images=[other], duration=20)
    whole = out.getvalue()
    start = whole.index(b"!\xf9")
    return whole[:start] + whole[start:-1] * (frames // 2) + b";"


def wav(seconds: int, rate: int) -> bytes:
    """Write a WAV that is small and lasts very long."""
    size = seconds * rate
    form = struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)
    return (
        struct.pack("<4sI4s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16)
        + form
        + struct.pack("<4sI", b"data", size)
        + b"\x80" * size
    )


def referring(url: str) -> bytes:
    """Write a MOV whose samples lie at an address."""
    data = make_video(2_000, kind="mov")
    own = mp4_box(b"url ", b"\0\0\0\x01")
    other = mp4_box(b"url ", b"\0\0\0\0", url.encode() + b"\0")
    grown = len(other) - len(own)
    at = data.index(own)
    made = bytearray(data[:at] + other + data[at + len(own) :])
    for kind in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = made.index(kind) - 4
        (size,) = struct.unpack_from(">I", made, place)
        struct.pack_into(">I", made, place, size + grown)
    return bytes(made)


Make = Callable[[str], bytes]
"""Makes a file that may refer to an address."""

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n"
DASH = '<?xml version="1.0"?><MPD><Period><BaseURL>{url}</BaseURL></Period></MPD>'
CONCAT = "ffconcat version 1.0\nfile {url}\nfile /etc/hostname\n"
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n"


@cache
def large_frames() -> bytes:
    return make_encoded_video(2, size=(7680, 4320), rate=Fraction(1))


@cache
def many_frames() -> bytes:
    return make_encoded_video(20_000, size=(16, 16), rate=Fraction(10_000))


def text(pattern: str) -> Make:
    return lambda url: pattern.format(url=url).encode()


HOSTILE: dict[str, dict[str, tuple[Make, str]]] = {
    "image": {
        "a picture of 3.6 thousand million pixels": (lambda _: png(60_000, 60_000, b""), PIXELS),
        "a picture that swells": (lambda _: png(20_000, 20_000, bytes(50_000_000)), PIXELS),
        "a vector with a picture from elsewhere": (
            text('<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'),
            OTHER,
        ),
    },
    "video": {
        "8K": (lambda _: large_frames(), PIXELS),
        "10,000 frames a second": (lambda _: many_frames(), COMPLEX),
        "an animation of many frames": (lambda _: gif(6_000, (320, 320)), COMPLEX),
        "an animation of too large frames": (lambda _: gif(2, (8_000, 8_000)), PIXELS),
        "a playlist": (text(PLAYLIST), OTHER),
        "a DASH manifest": (text(DASH), OTHER),
        "a concat script": (text(CONCAT), OTHER),
        "a session description": (lambda _: SDP.encode(), UNREADABLE),
        "a playlist in an MP4": (
            lambda url: (
                mp4_box(b"ftyp", b"isom\0\0\0\0")
                + mp4_box(b"mdat", PLAYLIST.format(url=url).encode())
            ),
            DAMAGED,
        ),
        "samples at an address": (referring, ELSEWHERE),
        "samples in a file": (lambda _: referring("file:///etc/hostname"), ELSEWHERE),
    },
    "audio": {
        "more than an hour": (lambda _: wav(3_700, 500), "lasts 3,700 s"),
        "a playlist behind a tag": (
            lambda url: b"ID3\4\0\0\0\0\0\0" + PLAYLIST.format(url=url).encode(),
            DAMAGED,
        ),
        "a concat script": (text(CONCAT), OTHER),
    },
}
AT_ONCE = {"image": 9, "video": 3, "audio": 3}


def left_behind(harness: BotHarness) -> list[Path]:
    """List the files in the folder of media."""
    return [path for path in harness.folder.rglob("*") if path.is_file() and "media" in path.parts]


async def test_what_is_hostile_is_refused_in_words_and_asks_nobody(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, bait: Bait
) -> None:
    """Bombs, 8K, 10,000 frames a second, endless files, lists and references to elsewhere."""
    for kind, cases in HOSTILE.items():
        rows = [*cases.items()]
        for start in range(0, len(rows), AT_ONCE[kind]):
            batch = rows[start : start + AT_ONCE[kind]]
            files = {
                f"{kind}{number}": Upload(f"hostile{number}.bin", make(bait.url))
                for number, (_, (make, _)) in enumerate(batch, 1)
            }
            command = await ada.run_command(
                harness.channel, "reference", {"prompt": "like these", **files}
            )
            answer = (await command.until_answered(120)).text
            lines = [line for line in answer.splitlines() if "hostile" in line]
            lines.sort(key=lambda line: line.partition("hostile")[2])
            assert len(lines) == len(batch), answer
            for line, (name, (_, said)) in zip(lines, batch, strict=True):
                assert said in line, (name, line)
    assert bait.asked == 0
    assert await harness.job_count() == 0
    assert left_behind(harness) == []


@pytest.mark.parametrize(
    ("option", "pause_s", "said"),
    [
        ("image", 0.0, "hostile.mp4 is too large. Use up to 30 MB."),
        ("video1", 0.1, "I couldn't get hostile.mp4 from Discord."),
    ],
)
async def test_a_file_that_never_ends_is_left(
    harness: BotHarness,
    fake_discord: FakeDiscord,
    ada: MemberClient,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    pause_s: float,
    said: str,
) -> None:
    """At its limit of bytes or, if it comes slowly, of time; the connection is closed."""
    if pause_s:
        monkeypatch.setattr(attachments, "_TIMEOUT", aiohttp.ClientTimeout(total=1))
    fake_discord.faults.add("GET", FILES, Fault(ending="endless", pause=pause_s))
    typed = {"prompt": "it drifts", option: Upload("hostile.mp4", make_video(2_000))}
    command = "animate" if option == "image" else "reference"
    answer = await (await ada.run_command(harness.channel, command, typed)).until_answered(120)
    assert said in answer.text
    async with asyncio.timeout(120):
        (served,) = fake_discord.journal.requests_to("GET", FILES)
        while served.took_s is None:
            await asyncio.sleep(0.01)
    assert await harness.job_count() == 0
    assert left_behind(harness) == []
