"""Fetching results: whole, within the cap, from where they may lie, and from nowhere else."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator

import aiohttp
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader, is_public_address
from apixo.errors import DownloadError, DownloadExpired, DownloadFailed, DownloadNotAllowed
from sandbox.apixo import FakeApixo, ManualClock
from tests.harness.raw_http_server import (
    Reply,
    reply_body,
    reply_endless,
    reply_nothing,
    reply_raw,
    reply_reset,
    reply_slowly,
    serve_replies,
)
from tests.harness.video_requests import PRO, pro_text_to_video

MEGABYTE = 1024 * 1024
VIDEO = reply_body(b"\0" * 100_000)


@pytest.fixture
async def fetcher() -> AsyncIterator[ResultDownloader]:
    async with ResultDownloader(("apixo.ai",), "127.0.0.1") as opened:
        yield opened


async def fetch(fetcher: ResultDownloader, url: str, max_bytes: int = MEGABYTE) -> bytes:
    async with fetcher.stream(url, max_bytes=max_bytes) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def finished(client: ApixoClient, clock: ManualClock, prompt: str) -> str:
    """Have a video made and give its address."""
    task_id = await client.submit(pro_text_to_video(prompt))
    clock.advance(200)
    return (await client.fetch_status(PRO, task_id)).result_urls[0]


async def test_a_video_arrives_whole(
    apixo: FakeApixo, client: ApixoClient, clock: ManualClock, fetcher: ResultDownloader
) -> None:
    """As an MP4, and the key was not shown to the host of the files."""
    video = await fetch(fetcher, await finished(client, clock, "a lake"))
    assert video[4:8] == b"ftyp"
    assert apixo.journal.requests_to("/files/")[-1].authorization == "missing"


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("403", DownloadExpired),
        ("404", DownloadExpired),
        ("410", DownloadExpired),
        ("500", DownloadFailed),
        ("cut", DownloadFailed),
        ("reset", DownloadFailed),
        ("elsewhere", DownloadNotAllowed),
        ("plain", DownloadNotAllowed),
        ("file", DownloadNotAllowed),
        ("private", DownloadNotAllowed),
        ("metadata", DownloadNotAllowed),
        ("foreign", DownloadNotAllowed),
        ("userinfo", DownloadNotAllowed),
    ],
)
async def test_a_result_that_can_not_be_had_says_why(
    client: ApixoClient,
    clock: ManualClock,
    fetcher: ResultDownloader,
    result: str,
    kind: type[DownloadError],
) -> None:
    """Expired, broken, or not to be asked."""
    url = await finished(client, clock, f"a lake [[result:{result}]]")
    with pytest.raises(kind) as caught:
        await fetch(fetcher, url)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "reply",
    [
        reply_endless,
        reply_slowly,
        reply_nothing,
        reply_reset,
        reply_raw(b""),
        reply_raw(b"no http\r\n\r\n"),
        reply_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nshort"),
        reply_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"),
        reply_body(b"x" * (MEGABYTE + 1)),
        reply_body(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"),
        reply_body(b"", "204 No Content"),
    ],
)
async def test_a_spoiled_download_is_broken(reply: Reply) -> None:
    """However it is spoiled, it ends, and no piece of it passes for the whole."""
    timeout = aiohttp.ClientTimeout(total=0.3 if reply in (reply_nothing, reply_slowly) else 30)
    async with (
        serve_replies(reply) as wire,
        ResultDownloader((), "127.0.0.1", timeout=timeout) as fetcher,
    ):
        with pytest.raises(DownloadFailed) as caught:
            await fetch(fetcher, f"{wire.origin}/a.mp4")
    assert caught.value.__context__ is None


async def test_no_more_than_the_cap_is_handed_on(fetcher: ResultDownloader) -> None:
    """The cap counts what came, not what was announced."""
    sizes: list[int] = []

    async def take(url: str) -> None:
        async with fetcher.stream(url, max_bytes=MEGABYTE) as chunks:
            async for chunk in chunks:
                sizes.append(len(chunk))
                assert sum(sizes) <= MEGABYTE

    async with serve_replies(reply_endless) as wire:
        with pytest.raises(DownloadFailed, match="larger"):
            await take(wire.origin)


async def test_a_result_as_large_as_the_cap_is_taken(fetcher: ResultDownloader) -> None:
    """The cap itself is allowed."""
    async with serve_replies(VIDEO) as wire:
        assert len(await fetch(fetcher, wire.origin, max_bytes=100_000)) == 100_000


async def test_an_error_of_the_taker_is_not_the_fetchers(fetcher: ResultDownloader) -> None:
    """A full disk is no broken result."""
    async with serve_replies(VIDEO) as wire:
        with pytest.raises(OSError, match="disk full"):
            async with fetcher.stream(wire.origin, max_bytes=MEGABYTE):
                raise OSError("disk full")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x.mp4",
        "https://apixo.ai.evil.example/x.mp4",
        "https://evilapixo.ai/x.mp4",
        "https://file.apixo.ai@evil.example/x.mp4",
        "https://user:word@file.apixo.ai/x.mp4",
        "https://@file.apixo.ai/x.mp4",
        "https://file.apixo.ai:8443/x.mp4",
        "https://file.apixo.ai:80/x.mp4",
        "https://file.apixo.ai\\@evil.example/x.mp4",
        "https://аpixo.ai/x.mp4",  # noqa: RUF001 - a Cyrillic letter is the point
        "http://file.apixo.ai/x.mp4",
        "ftp://file.apixo.ai/x.mp4",
        "ftp://127.0.0.1/x.mp4",
        "file:///etc/passwd",
        "https://127.0.0.2/x.mp4",
        "https://2130706433/x.mp4",
        "https://0x7f000001/x.mp4",
        "https://[::1]/x.mp4",
        "https://[::ffff:127.0.0.1]/x.mp4",
        "http://localhost/x.mp4",
        "https://10.0.0.1/x.mp4",
        "https://169.254.169.254/latest/meta-data/",
        "http://file.apixo.ai:99999/",
        "https://[/",
        "https://.apixo.ai/x.mp4",
        "https://file..apixo.ai/x.mp4",
        f"https://{'x' * 64}.apixo.ai/x.mp4",
        f"https://{'x.' * 125}apixo.ai/x.mp4",
        f"https://{'ü' * 60}.apixo.ai/x.mp4",
        "https://xn--a.apixo.ai/x.mp4",
        "https://%00.apixo.ai/x.mp4",
        "https://\u3002apixo.ai/x.mp4",
        "//file.apixo.ai/x.mp4",
        "x.mp4",
        "",
    ],
)
async def test_an_address_is_judged_by_its_spelling(fetcher: ResultDownloader, url: str) -> None:
    """HTTPS on the usual port of an allowed host, or the stand-in's own name; nothing else."""
    with pytest.raises(DownloadNotAllowed):
        await fetch(fetcher, url)


_LABELS = st.sampled_from(
    ["", "file", "x" * 64, "ü", "xn--a", "\u3002", "%2e", "a_b", "-", " ", "[", "@"]
)
_PARTS = st.one_of(_LABELS, st.text(max_size=8))
_ODD_URLS = st.one_of(
    st.text(max_size=60),
    st.builds(
        lambda scheme, labels, rest: f"{scheme}{'.'.join(labels)}.localhost{rest}",
        st.sampled_from(["https://", "http://", "https:", "//", ""]),
        st.lists(_PARTS, max_size=4),
        st.one_of(
            st.sampled_from(["", "/x.mp4", ":443", ":99999", ":x", "?", "#"]), st.text(max_size=9)
        ),
    ),
)


@given(url=_ODD_URLS, is_redirect=st.booleans())
@example(url="https://.localhost/x", is_redirect=False)
@example(url=f"https://{'x' * 64}.localhost/x", is_redirect=True)
@settings(max_examples=150)
def test_whatever_an_address_is_it_ends_in_one_of_the_errors(url: str, is_redirect: bool) -> None:
    """Also where a server redirects to it: no other exception comes out."""
    asyncio.run(_try_odd_address(url, is_redirect=is_redirect))


async def _try_odd_address(url: str, *, is_redirect: bool) -> None:
    location = url.encode("utf-8", "surrogateescape").translate(None, b"\r\n\0")
    reply = reply_raw(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n")
    async with (
        serve_replies(reply) as wire,
        ResultDownloader(("localhost",), "127.0.0.1", timeout=aiohttp.ClientTimeout(5)) as fetcher,
    ):
        with pytest.raises(DownloadError):
            await fetch(fetcher, wire.origin if is_redirect else url)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[fd00::1]"]
)
async def test_an_allowed_name_may_not_lead_inside(host: str) -> None:
    """What a name resolves to, or says literally, is looked at when the connection is made."""
    async with ResultDownloader((host.strip("[]"),)) as fetcher:
        with pytest.raises(DownloadNotAllowed, match="does not lead"):
            await fetch(fetcher, f"https://{host}/x.mp4")


async def test_the_stand_ins_name_may_not_lead_outside() -> None:
    """Plain HTTP is for this machine only."""
    async with ResultDownloader((), "10.0.0.1") as fetcher:
        with pytest.raises(DownloadNotAllowed, match="does not lead"):
            await fetch(fetcher, "http://10.0.0.1/x.mp4")


async def test_the_stand_ins_name_is_no_other_name_of_this_machine(
    fetcher: ResultDownloader,
) -> None:
    """`localhost` is not `127.0.0.1`, though it leads there."""
    async with serve_replies(VIDEO) as wire:
        with pytest.raises(DownloadNotAllowed):
            await fetch(fetcher, f"http://localhost:{wire.port}/")
        assert len(await fetch(fetcher, f"http://127.0.0.1:{wire.port}/")) == 100_000


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("0.0.0.0", False),  # noqa: S104 - not bound to
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.0.0.8", False),
        ("192.88.99.1", False),
        ("192.168.0.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:1.1.1.1", False),
        ("64:ff9b::a00:1", False),
        ("2001::1", False),
        ("2002:7f00:1::", False),
        ("fc00::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    """Nothing private, shared, local, reserved, multicast, or another address in disguise."""
    assert is_public_address(ipaddress.ip_address(address)) == public


def moved(location: str, status: str = "302 Found") -> Reply:
    return reply_body(b"", status, f"Location: {location}", "Set-Cookie: visitor=1")


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
async def test_a_few_redirects_are_followed(fetcher: ResultDownloader, status: str) -> None:
    """Three, relative ones too."""
    async with serve_replies(
        moved("/b?sig=a%2Fb", status), moved("c", status), moved("d"), VIDEO
    ) as wire:
        assert len(await fetch(fetcher, f"{wire.origin}/a")) == 100_000
    assert [_line(request) for request in wire.requests] == ["/a", "/b?sig=a%2Fb", "/c", "/d"]


async def test_no_cookie_is_carried_along() -> None:
    """Downloads do not know of each other."""
    async with (
        serve_replies(moved("/b"), VIDEO) as wire,
        ResultDownloader((), "localhost") as fetcher,
    ):
        await fetch(fetcher, f"http://localhost:{wire.port}/a")
    assert len(wire.requests) == 2
    assert not any(b"cookie" in request.lower() for request in wire.requests)


async def test_many_redirects_are_not(fetcher: ResultDownloader) -> None:
    """A fourth is too many, as is a loop."""
    async with serve_replies(moved("/again")) as wire:
        with pytest.raises(DownloadFailed, match="too often"):
            await fetch(fetcher, wire.origin)
    assert len(wire.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        "https://169.254.169.254/latest/meta-data/",
        "http://localhost:{port}/",
        "//evil.example/x",
        "http://a:b@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_a_redirect_is_judged_like_any_address(
    fetcher: ResultDownloader, location: str
) -> None:
    """Nothing is asked of where it leads."""
    async with serve_replies(reply_nothing) as wire:
        wire.replies = [moved(location.format(port=wire.port)), VIDEO]
        with pytest.raises(DownloadNotAllowed):
            await fetch(fetcher, wire.origin)
    assert len(wire.requests) == 1


async def test_a_signed_address_is_asked_as_it_is(fetcher: ResultDownloader) -> None:
    """Re-quoting would break its signature."""
    path = "/a%2Fb.mp4?X-Sig=a%2Fb%3D+c&e=%7e"
    async with serve_replies(VIDEO) as wire:
        await fetch(fetcher, f"{wire.origin}{path}")
    assert _line(wire.requests[0]) == path


async def test_an_address_with_a_space_is_quoted(fetcher: ResultDownloader) -> None:
    """A careless name of a file does not lose it."""
    async with serve_replies(VIDEO) as wire:
        await fetch(fetcher, f"{wire.origin}/my video é.mp4")
    assert _line(wire.requests[0]) == "/my%20video%20%C3%A9.mp4"


async def test_an_address_can_not_write_headers(fetcher: ResultDownloader) -> None:
    """Line breaks in it do not become lines of the request."""
    async with serve_replies(VIDEO) as wire:
        for path in ("/a HTTP/1.1\r\nX-Evil: 1\r\n", "/a\nX-Evil:1", "/\0"):
            with pytest.raises(DownloadNotAllowed):
                await fetch(fetcher, wire.origin + path)
    assert not wire.requests


def _line(request: bytes) -> str:
    return request.split(b" ", 2)[1].decode()
