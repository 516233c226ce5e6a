"""What the stand-in writes down of requests."""

import json
from pathlib import Path

import aiohttp
import pytest

from sandbox.discord import DiscordConfig, FakeDiscord
from sandbox.discord.recording import RECORD_FOLDER, RecordedCall
from tests.harness.stock_client import RestClient


def read_calls(folder: Path) -> list[RecordedCall]:
    """Read all that was recorded."""
    lines = [line for path in folder.iterdir() for line in path.read_text().splitlines()]
    return [RecordedCall.from_json(line) for line in lines]


async def test_a_request_is_recorded_with_its_json_and_files(tmp_path: Path):
    """With JSON alone, with files, without a body, and refused."""
    async with (
        FakeDiscord(DiscordConfig(record_folder=tmp_path)) as fake_discord,
        aiohttp.ClientSession() as session,
    ):
        rest = RestClient(session, fake_discord)
        channel = fake_discord.channel("general").id
        await rest("POST", f"/channels/{channel}/messages", {"content": "a lake"})
        form = aiohttp.FormData({"payload_json": json.dumps({"content": "two files"})})
        form.add_field("files[0]", b"one", filename="one.txt")
        form.add_field("files[1]", b"two", filename="two.txt")
        await rest("POST", f"/channels/{channel}/messages", data=form)
        await rest("GET", f"/channels/{channel}/messages?limit=3")
        await rest("POST", f"/channels/{channel}/messages", {})
    sent = read_calls(tmp_path)
    assert [(call.method, call.status) for call in sent] == [
        ("POST", 200),
        ("POST", 200),
        ("GET", 200),
        ("POST", 400),
    ]
    assert [call.json and json.loads(call.json) for call in sent] == [
        {"content": "a lake"},
        {"content": "two files"},
        None,
        {},
    ]
    assert [call.files for call in sent] == [(), (0, 1), (), ()]
    assert [call.query for call in sent] == [(), (), (("limit", "3"),), ()]
    assert [call.content_type for call in sent[:2]] == ["application/json", "multipart/form-data"]


async def test_no_token_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither the bot's nor an interaction's; the environment names the folder."""
    monkeypatch.setenv(RECORD_FOLDER, str(tmp_path))
    async with FakeDiscord() as fake_discord, aiohttp.ClientSession() as session:
        rest = RestClient(session, fake_discord)
        await rest("POST", "/interactions/5/token-of-it/callback", {"type": 5})
        token = fake_discord.token
    (call,) = read_calls(tmp_path)
    assert call.path == "/interactions/5/*/callback"
    assert token not in call.to_json()
    assert "token-of-it" not in call.to_json()
