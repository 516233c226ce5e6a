"""Signed links: good for one file until one moment, and for nothing else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NoReturn

import aiohttp
import pytest

from bot.web import media
from bot.web.server import serve
from sandbox.apixo.clips import minimal_clip
from storage.errors import BucketFailed
from storage.media import MediaFolder
from tests.harness.inputs import keep_input
from workflow.urls.signed_urls import SignedUrls
from workflow.urls.signing import Signer

VIDEO = "0123456789abcdefghjk.mp4"
NOW_MS = 1_800_000_000_000
LATER_MS = NOW_MS + 3_600_000
SEAL = Signer(b"a secret of this test", "links")


class Bucket(MediaFolder):
    """A store that does not answer."""

    def use_video(self, name: str) -> NoReturn:
        raise BucketFailed(name)


@dataclass
class Visitor:
    """A client with a link; `links` makes them."""

    session: aiohttp.ClientSession
    links: SignedUrls
    folder: MediaFolder
    clip: bytes
    now_ms: int = NOW_MS

    async def get(self, address: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        async with self.session.get(address, headers=headers) as answer:
            return answer.status, await answer.read(), dict(answer.headers)


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    folder, clip = MediaFolder(tmp_path / "media"), minimal_clip()

    async def chunks() -> AsyncIterator[bytes]:
        yield clip

    await folder.save_video(VIDEO, chunks(), max_bytes=len(clip))
    async with aiohttp.ClientSession() as session:
        made = Visitor(session, SignedUrls("", SEAL), folder, clip)
        routes = media.routes(SignedUrls("", SEAL), folder, lambda: made.now_ms)
        async with serve("127.0.0.1", 0, routes) as port:
            made.links = SignedUrls(f"http://127.0.0.1:{port}", SEAL)
            yield made


async def test_a_link_shows_the_video_in_a_browser(visitor: Visitor):
    """Whole, as a video, shown in place, kept by no proxy, and not beyond its end."""
    address = visitor.links.url_for_result(VIDEO, LATER_MS)
    status, body, headers = await visitor.get(address)
    assert (status, body) == (200, visitor.clip)
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Disposition"] == f'inline; filename="{VIDEO}"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, max-age=3600"


async def test_parts_of_a_video_can_be_asked_for(visitor: Visitor):
    """So that a player may jump: 206 with the range, 416 beyond the end."""
    address = visitor.links.url_for_result(VIDEO, LATER_MS)
    status, body, headers = await visitor.get(address, Range="bytes=4-11")
    assert (status, body) == (206, visitor.clip[4:12])
    assert headers["Content-Range"] == f"bytes 4-11/{len(visitor.clip)}"
    assert headers["Content-Type"] == "video/mp4"
    status, _, _ = await visitor.get(address, Range="bytes=999999999-")
    assert status == 416


async def test_a_link_to_an_input_gives_the_members_file(visitor: Visitor):
    """With its own type: APIXO looks at it."""
    name = await keep_input(visitor.folder, b"\x89PNG and so on", "png")
    address = visitor.links.url_for_input(name, LATER_MS)
    status, body, headers = await visitor.get(address)
    assert (status, body) == (200, b"\x89PNG and so on")
    assert headers["Content-Type"] == "image/png"


async def test_a_link_runs_out(visitor: Visitor):
    """410 from its end on, and 410 for a file that is not kept."""
    address = visitor.links.url_for_result(VIDEO, LATER_MS)
    visitor.now_ms = LATER_MS
    assert (await visitor.get(address))[0] == 200
    visitor.now_ms = LATER_MS + 1
    assert (await visitor.get(address))[0] == 410
    gone = visitor.links.url_for_result("gone.mp4", visitor.now_ms + 1)
    assert (await visitor.get(gone))[0] == 410


async def test_what_was_not_signed_leads_nowhere(visitor: Visitor, tmp_path: Path):
    """404 for a longer time, another file, another kind, another's signature."""
    (tmp_path / "secret.mp4").write_bytes(visitor.clip)
    address = visitor.links.url_for_result(VIDEO, LATER_MS)
    root, _, signed = address.rpartition("/")
    mark = signed.split(".")[0]
    forged = [
        f"{mark}.r.{LATER_MS + 1}.{VIDEO}",
        f"{mark}.i.{LATER_MS}.{VIDEO}",
        f"{mark}.r.{LATER_MS}.other.mp4",
        f"{Signer(b'another', 'links').sign(f'r.{LATER_MS}.{VIDEO}')}.r.{LATER_MS}.{VIDEO}",
        f"{Signer(b'a secret of this test', 'callbacks').sign('')}.",
        *("", "x", ".", "....", "%2e%2e%2fsecret.mp4", "..%2Fsecret.mp4", "%00", "%ff%fe"),
        *(VIDEO, f"r.{LATER_MS}.{VIDEO}", signed + "x", signed[:-1], signed.swapcase()),
    ]
    for wrong in forged:
        status, body, _ = await visitor.get(f"{root}/{wrong}")
        assert status == 404, wrong
        assert visitor.clip not in body


def test_no_mutant_of_a_link_is_read():
    """Fifty thousand near misses; the link itself is read."""
    links, dice = SignedUrls("", SEAL), Random(5)  # noqa: S311 - chance, repeatable
    signed = links.url_for_result(VIDEO, LATER_MS).rpartition("/")[2]
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_./é"
    assert links.parse(signed) is not None
    for _ in range(50_000):
        at = dice.randrange(len(signed))
        mutant = signed[:at] + dice.choice(letters) + signed[at + dice.randrange(2) :]
        assert mutant == signed or links.parse(mutant) is None, mutant


async def test_a_store_that_does_not_answer_is_asked_again_later(tmp_path: Path):
    """That is no link that leads nowhere."""
    links = SignedUrls("", SEAL)
    routes = media.routes(links, Bucket(tmp_path), lambda: NOW_MS)
    async with serve("127.0.0.1", 0, routes) as port, aiohttp.ClientSession() as session:
        address = f"http://127.0.0.1:{port}{links.url_for_result(VIDEO, LATER_MS)}"
        async with session.get(address) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
