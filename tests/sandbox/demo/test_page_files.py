"""The page's files, and who may have them."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import DiscordConfig
from tests.harness.page_client import open_page

CLIENT = Path("sandbox/demo/static")


async def test_the_page_is_served_and_may_load_nothing_from_elsewhere(
    fake_discord: DemoDiscord,
) -> None:
    """Its policy forbids foreign and inline code; it is revalidated, with a 304 if unchanged."""
    async with aiohttp.ClientSession() as session:
        async with session.get(fake_discord.page_url) as answer:
            assert answer.content_type == "text/html"
            assert await answer.read() == (CLIENT / "index.html").read_bytes()
            policy = answer.headers["Content-Security-Policy"]
            tag, caching = answer.headers["ETag"], answer.headers["Cache-Control"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert caching == "no-cache"
        async with session.get(fake_discord.page_url, headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [(".js", "text/javascript"), (".css", "text/css"), (".woff2", "font/woff2")],
)
async def test_every_file_of_the_page_has_its_type(
    fake_discord: DemoDiscord, suffix: str, kind: str
) -> None:
    """As it lies in the folder; a browser takes a module of no other type."""
    found = sorted(CLIENT.glob(f"*{suffix}"))
    assert found
    async with aiohttp.ClientSession() as session:
        for path in found:
            url = f"{fake_discord.page_url}_page/client/{path.name}"
            async with session.get(url) as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert await answer.read() == path.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "../page.py",
        "..%2fpage.py",
        "%2e%2e%2fpage.py",
        "..%5cpage.py",
        "%2fetc%2fpasswd",
        "..",
        ".",
        "",
        "main.js%00",
        "main.js/",
        "missing.js",
        "MAIN.JS",
        "__init__.py",
    ],
)
async def test_no_other_file_is_served(fake_discord: DemoDiscord, name: str) -> None:
    """However the path is written."""
    url = URL(f"{fake_discord.page_url}_page/client/{name}", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 404
        assert b"import" not in await answer.read()


def test_no_text_becomes_html_and_no_address_is_foreign() -> None:
    """The files put nothing in as HTML, and name no other machine."""
    for path in [*CLIENT.glob("*.js"), *CLIENT.glob("*.html"), *CLIENT.glob("*.css")]:
        text = path.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, path
        assert " style=" not in text or path.suffix != ".html", path
        assert "url(http" not in text, path
        assert 'from "http' not in text, path


async def test_another_loopback_address_can_be_listened_on() -> None:
    """The page, and the links in it, work there."""
    async with DemoDiscord(DiscordConfig(host="127.0.0.2")) as stand_in:
        assert stand_in.page_url.startswith("http://127.0.0.2:")
        async with open_page(stand_in) as page:
            assert page.world["guilds"]


async def test_only_so_many_pages_are_open_at_once(fake_discord: DemoDiscord) -> None:
    """One more is refused until another is closed, and none leaves anything behind."""
    before = len(asyncio.all_tasks())
    url = f"{fake_discord.page_url}_page/socket"
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(url) for _ in range(64)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
        assert refused.value.status == 503
        await sockets.pop().close()
        sockets.append(await session.ws_connect(url))
        for socket in sockets:
            await socket.close()
    async with asyncio.timeout(120):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[",
        "[]",
        "null",
        "7",
        '{"watch": 7}',
        '{"watch": {"member": [], "channel": {}}}',
        '{"watch": {"member": "9", "channel": "' + "9" * 4000 + '"}}',
        "[" * 4000,
        json.dumps({"watch": {"member": "1", "channel": "2", "backstage": "yes"}}),
    ],
)
async def test_rubbish_on_the_socket_does_no_harm(fake_discord: DemoDiscord, frame: str) -> None:
    """The page's connection stays, and shows what is asked for next."""
    async with open_page(fake_discord) as page:
        await page.socket.send_str(frame)
        await page.go_to(fake_discord.member("Ada"), fake_discord.channel("videos"))
        assert page.channel["reset"]


async def test_a_frame_that_is_too_large_ends_the_connection(fake_discord: DemoDiscord) -> None:
    """With the code for it."""
    async with open_page(fake_discord) as page:
        await page.socket.send_str("x" * 5000)
        message = await page.socket.receive(timeout=120)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1009)
