"""The page and the small interface behind it, as a browser uses them."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.discord import DiscordStandIn
from tests.sandbox.discord.stock import Wire


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session that is no bot's."""
    async with aiohttp.ClientSession() as session:
        yield session


async def do(
    browser: aiohttp.ClientSession, stand_in: DiscordStandIn, files: dict[str, bytes], **order: Any
) -> dict[str, Any]:
    """Do something as Ada in #videos."""
    ada, videos = stand_in.member("Ada"), stand_in.channel("videos")
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    form.add_field("order", json.dumps({"member": ada.id, "channel": videos.id, **order}))
    for name, content in files.items():
        form.add_field(name, io.BytesIO(content), filename=f"{name}.png")
    async with browser.post(f"{stand_in.page_url}_page/do", data=form) as answer:
        return await answer.json()


async def test_the_page_needs_no_other_address(
    browser: aiohttp.ClientSession, stand_in: DiscordStandIn
) -> None:
    """One file with everything in it, that puts no text in as HTML."""
    async with browser.get(stand_in.page_url) as answer:
        text = await answer.text()
        assert answer.content_type == "text/html"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", 'src="'):
        assert word not in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "_page/socket"), ("POST", "_page/do")]
)
async def test_another_site_gets_nothing(
    browser: aiohttp.ClientSession,
    stand_in: DiscordStandIn,
    headers: dict[str, str],
    method: str,
    path: str,
) -> None:
    """Neither under another name for this machine nor from another origin."""
    url = stand_in.page_url + path
    async with browser.request(method, url, headers=headers) as answer:
        assert answer.status == 403


async def test_the_page_shows_what_the_member_sees(
    browser: aiohttp.ClientSession, stand_in: DiscordStandIn, wire: Wire
) -> None:
    """Over one socket: the world at first, then the chosen channel, then every change."""
    ada, videos = stand_in.member("Ada"), stand_in.channel("videos")
    async with browser.ws_connect(f"{stand_in.page_url}_page/socket") as socket:
        first = await socket.receive_json(timeout=5)
        assert [guild["name"] for guild in first["guilds"]] == ["Dailies Studio", "Big Screen"]
        await socket.send_json({"member": str(ada.id), "channel": str(videos.id)})
        while "messages" not in (view := await socket.receive_json(timeout=5)):
            pass
        await wire("POST", f"/channels/{videos.id}/messages", {"content": "<b>said</b>"})
        while not view["messages"]:
            view = await socket.receive_json(timeout=5)
        assert view["messages"][0]["content"] == "<b>said</b>"
        nil = stand_in.member("Nil")
        await socket.send_json({"member": str(nil.id)})
        while view["member"] != str(nil.id):
            view = await socket.receive_json(timeout=5)
        assert view["hidden"]
        assert view["messages"] == []


async def test_members_act_on_the_page(
    browser: aiohttp.ClientSession, stand_in: DiscordStandIn
) -> None:
    """A typed command carries its files and things; the client's own refusals are told."""
    command: dict[str, Any] = {
        "name": "animate",
        "description": "d",
        "options": [
            {"type": 11, "name": "image", "description": "d", "required": True},
            {"type": 6, "name": "user", "description": "d"},
            {"type": 4, "name": "duration", "description": "d", "max_value": 12},
        ],
    }
    stand_in.commands.overwrite(None, [command])
    order: dict[str, Any] = {"do": "type", "command": "animate"}
    refused = await do(browser, stand_in, {}, **order)
    assert refused == {"ok": False, "error": "/animate needs the option image"}
    ben = stand_in.member("Ben")
    done = await do(
        browser,
        stand_in,
        {"image": b"png"},
        **order,
        values={"duration": 5},
        things={"user": str(ben.id)},
    )
    assert done["ok"]
    (typed,) = stand_in.interactions
    given = {option["name"]: option["value"] for option in typed.data["options"]}
    assert given["duration"] == 5
    assert given["user"] == str(ben.id)
    assert typed.data["resolved"]["attachments"][given["image"]]["filename"] == "image.png"
    assert (await do(browser, stand_in, {"a": b"x"}, do="say", text="look"))["ok"]
    assert stand_in.channel("videos").messages[0].attachments[0].size == 1
    assert not (await do(browser, stand_in, {}, do="nothing"))["ok"]
    assert not (await do(browser, stand_in, {}, do="click", message="1", custom_id="x"))["ok"]
