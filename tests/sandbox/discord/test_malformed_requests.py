"""Whatever is sent, the answer is Discord's, never an accident of the stand-in."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.discord import DiscordConfig, FakeDiscord
from tests.harness.stock_client import RestClient

RUBBISH: list[Any] = [None, True, -1, 1.5, 10**30, "", "x" * 300, [], [None], {}, {"type": 1}, [[]]]

MESSAGE: dict[str, Any] = {
    "content": "said",
    "flags": 0,
    "nonce": "n",
    "enforce_nonce": True,
    "embeds": [{"title": "t", "fields": [{"name": "n", "value": "v"}], "footer": {"text": "f"}}],
    "attachments": [{"id": 0, "description": "d"}],
    "allowed_mentions": {"parse": ["users"], "roles": ["1"], "replied_user": True},
    "message_reference": {"message_id": "1", "fail_if_not_exists": False},
    "components": [
        {"type": 1, "components": [{"type": 2, "style": 1, "label": "l", "custom_id": "b"}]},
        {
            "type": 1,
            "components": [
                {
                    "type": 3,
                    "custom_id": "s",
                    "min_values": 1,
                    "max_values": 1,
                    "options": [{"label": "l", "value": "v"}],
                }
            ],
        },
    ],
}
LAYOUT: dict[str, Any] = {
    "flags": 1 << 15,
    "components": [
        {
            "type": 17,
            "id": 5,
            "accent_color": 255,
            "components": [
                {"type": 10, "content": "text"},
                {"type": 14, "spacing": 1},
                {
                    "type": 9,
                    "components": [{"type": 10, "content": "text"}],
                    "accessory": {"type": 11, "media": {"url": "https://host/p.png"}},
                },
                {"type": 12, "items": [{"media": {"url": "https://host/p.png"}}]},
            ],
        }
    ],
}
COMMAND: dict[str, Any] = {
    "name": "video",
    "type": 1,
    "description": "d",
    "options": [
        {"type": 4, "name": "a", "description": "d", "min_value": 1, "max_value": 2},
        {"type": 3, "name": "b", "description": "d", "choices": [{"name": "n", "value": "v"}]},
        {"type": 3, "name": "c", "description": "d", "min_length": 1, "max_length": 2},
    ],
}


def spoil(value: Any, chance: random.Random) -> Any:
    """Put rubbish in place of about one value within another."""
    if chance.random() < 0.08:
        return chance.choice(RUBBISH)
    if isinstance(value, dict):
        return {name: spoil(inner, chance) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [spoil(inner, chance) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a stand-in with long deadlines."""
    options = DiscordConfig(sends_per_window=10_000, requests_per_second=10_000)
    async with FakeDiscord(options) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(4))
async def test_no_body_is_answered_with_an_accident(
    fake_discord: FakeDiscord, rest: RestClient, seed: int
) -> None:
    """Each spoilt body is either taken or refused with one of Discord's codes."""
    chance = random.Random(seed)  # noqa: S311 - rubbish need not be secret
    posts = f"/channels/{fake_discord.channel('videos').id}/messages"
    registry = f"/applications/{fake_discord.world.bot_user.id}/commands"
    statuses: set[int] = set()
    for method, path, body in (
        ("POST", posts, MESSAGE),
        ("POST", posts, LAYOUT),
        ("POST", registry, COMMAND),
    ):
        assert (await rest(method, path, body))[0] in (200, 201)
        for _ in range(60):
            spoilt = spoil(body, chance)
            status, answer = await rest(method, path, spoilt)
            assert status < 500, (spoilt, answer)
            statuses.add(status)
    assert statuses >= {200, 400}
    assert (await rest("GET", posts))[0] == 200
