"""Discord's rules for what a form, a menu and a button may be, on the wire."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.discord import DiscordConfig, FakeDiscord
from tests.harness.stock_client import RestClient
from tests.sandbox.discord.test_malformed_requests import spoil

Json = dict[str, Any]


def options(number: int, **more: Any) -> list[Json]:
    """Make options that differ."""
    return [{"label": f"l{n}", "value": f"v{n}", **more} for n in range(number)]


def field(kind: int, **more: Any) -> Json:
    """Make a field of a form."""
    return {"type": kind, "custom_id": "c", **more}


def label(component: Any, **more: Any) -> Json:
    """Put a field below its label."""
    return {"type": 18, "label": "l", "component": component, **more}


TEXT = field(4, style=1)
GOOD: list[Json] = [
    label(TEXT),
    label(field(4, style=2, min_length=0, max_length=4000, label=None), description="d" * 100),
    {"type": 1, "components": [field(4, style=1, label="l" * 45)]},
    {"type": 10, "content": "text"},
    label(field(3, options=options(25), min_values=1, max_values=25, disabled=False)),
    label(field(3, options=options(2), min_values=0, required=False)),
    *(label(field(kind)) for kind in (5, 6, 7, 8)),
    label(field(5, default_values=[{"id": "1", "type": "user"}])),
    label(field(8, channel_types=[0, 11], min_values=None, max_values=None)),
    label(field(19)),
    label(field(19, min_values=0, max_values=10, required=False)),
    label(field(21, options=options(2))),
    label(field(21, options=options(10, description="d" * 100), required=False)),
    label(field(22, options=options(1))),
    label(field(22, options=options(10), min_values=3, max_values=10)),
    label(field(22, options=options(3), min_values=2)),
    label(field(23)),
    label(field(23, default=True)),
]
BAD: list[Json] = [
    label(TEXT, label="l" * 46),
    label(TEXT, label=""),
    label(TEXT, description="d" * 101),
    label(None),
    label([TEXT]),
    label({"type": 10, "content": "text"}),
    label(field(2, style=1, label="l")),
    label(field(20)),
    label(field(99)),
    label(field(4, style=3)),
    label(field(4, style=1, max_length=4001)),
    label(field(4, style=1, min_length=10, max_length=5)),
    label(field(4, style=1, value="v" * 4001)),
    label(field(4, style=1, custom_id="")),
    label(field(3, options=options(0))),
    label(field(3, options=options(26))),
    label(field(3, options=options(2), min_values=0)),
    label(field(3, options=options(2), disabled=True)),
    label(field(3, options=options(2, default=True))),
    label(field(3, options=options(1, description="d" * 101))),
    label(field(3, options=options(1) * 2)),
    label(field(5, max_values=26)),
    label(field(5, min_values=3, max_values=2)),
    label(field(5, disabled=True)),
    label(field(5, default_values=[{"id": "1", "type": "role"}])),
    label(field(5, default_values=[{"id": "1", "type": "user"}] * 2)),
    label(field(5, default_values=[{"id": "x", "type": "user"}])),
    label(field(8, channel_types=["text"])),
    label(field(19, max_values=11)),
    label(field(19, max_values=0)),
    label(field(19, min_values=0)),
    label(field(21, options=options(1))),
    label(field(21, options=options(11))),
    label(field(21, options=options(2, default=True))),
    label(field(22, options=options(0))),
    label(field(22, options=options(11))),
    label(field(22, options=options(2), max_values=11)),
    label(field(22, options=options(2), min_values=0)),
    label(field(23, custom_id="c" * 101)),
    {"type": 1, "components": [TEXT]},
    {"type": 1, "components": [field(2, style=1, label="l")]},
    {"type": 1, "components": [field(3, options=options(1))]},
    TEXT,
    field(19),
    {"type": 17, "components": [{"type": 10, "content": "text"}]},
    {"type": True, "components": [TEXT]},
]


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a stand-in with long deadlines, and a command to answer."""
    made = DiscordConfig(sends_per_window=10_000, requests_per_second=10_000, ack_seconds=60)
    async with FakeDiscord(made) as found:
        found.commands.overwrite(None, [{"name": "fill", "description": "d"}])
        yield found


async def opens(fake_discord: FakeDiscord, wire: RestClient, modal: Any) -> tuple[int, Any]:
    """Answer a command with a form."""
    typed = await fake_discord.member("Ada").run_command(fake_discord.channel("videos"), "fill")
    place = f"/interactions/{typed.id}/{typed.token}/callback"
    return await wire("POST", place, {"type": 9, "data": modal})


@pytest.mark.parametrize("part", GOOD)
async def test_a_form_that_keeps_to_the_rules_is_opened(
    fake_discord: FakeDiscord, rest: RestClient, part: Json
) -> None:
    """Limits are part of what is allowed."""
    modal = {"custom_id": "m", "title": "t", "components": [part]}
    assert await opens(fake_discord, rest, modal) == (204, None)


@pytest.mark.parametrize("part", BAD)
async def test_a_form_with_a_part_that_breaks_a_rule_is_refused(
    fake_discord: FakeDiscord, rest: RestClient, part: Json
) -> None:
    """With the place of the fault."""
    modal = {"custom_id": "m", "title": "t", "components": [part]}
    status, answer = await opens(fake_discord, rest, modal)
    assert (status, answer["code"]) == (400, 50035)
    assert "components" in answer["errors"]["data"]


async def test_ids_are_unique_and_given_where_there_is_none(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Each part is numbered in turn, around the numbers that are taken."""
    parts = [label(TEXT, id=2), label(field(23, custom_id="d"))]
    modal: Json = {"custom_id": "m", "title": "t", "components": parts}
    assert (await opens(fake_discord, rest, modal))[0] == 204
    opened = list(fake_discord.interactions)[-1].modal
    assert opened is not None
    numbers = [(part["id"], part["component"]["id"]) for part in opened["components"]]
    assert numbers == [(2, 1), (3, 4)]
    parts[1]["id"] = 2
    assert (await opens(fake_discord, rest, modal))[0] == 400


@pytest.mark.parametrize("seed", range(3))
async def test_no_form_is_answered_with_an_accident(
    fake_discord: FakeDiscord, rest: RestClient, seed: int
) -> None:
    """Whatever is in place of its values."""
    chance = random.Random(seed)  # noqa: S311 - rubbish need not be secret
    for start in range(0, len(GOOD), 3):
        modal: Json = {"custom_id": "m", "title": "t", "components": GOOD[start : start + 1]}
        for _ in range(8):
            status, answer = await opens(fake_discord, rest, spoil(modal, chance))
            assert status in (204, 400), answer


@pytest.mark.parametrize(
    ("button", "allowed"),
    [
        ({"style": 1, "label": "l", "custom_id": "c"}, True),
        ({"style": 1, "emoji": {"name": "x"}, "custom_id": "c"}, True),
        ({"style": 5, "label": "l", "url": "https://example.com"}, True),
        ({"style": 6, "sku_id": "1"}, True),
        ({"style": 6}, False),
        ({"style": 6, "sku_id": "1", "label": "l"}, False),
        ({"style": 6, "sku_id": "1", "custom_id": "c"}, False),
        ({"style": 6, "sku_id": "1", "emoji": {"name": "x"}}, False),
        ({"style": 5, "label": "l", "url": "https://example.com", "custom_id": "c"}, False),
        ({"style": 5, "label": "l", "url": "javascript:alert(1)"}, False),
        ({"style": 2, "label": "l", "custom_id": "c", "url": "https://example.com"}, False),
        ({"style": 2, "label": "l", "custom_id": "c", "sku_id": "1"}, False),
        ({"style": 2, "custom_id": "c"}, False),
        ({"style": 7, "label": "l", "custom_id": "c"}, False),
        ({"style": True, "label": "l", "custom_id": "c"}, False),
    ],
)
async def test_each_style_of_button_has_its_own_fields(
    fake_discord: FakeDiscord, rest: RestClient, button: Json, allowed: bool
) -> None:
    """Those of another style are refused."""
    body = {"components": [{"type": 1, "components": [{"type": 2, **button}]}]}
    status, _ = await rest("POST", f"/channels/{fake_discord.channel('videos').id}/messages", body)
    assert status == (200 if allowed else 400)


async def test_what_is_chosen_at_first_is_named_by_text(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Ids have more digits than a number of JavaScript's; libraries send them as numbers."""
    videos = fake_discord.channel("videos")
    menu = field(8, default_values=[{"id": videos.id, "type": "channel"}])
    body = {"components": [{"type": 1, "components": [menu]}]}
    status, message = await rest("POST", f"/channels/{videos.id}/messages", body)
    assert status == 200
    shown = message["components"][0]["components"][0]
    assert shown["default_values"] == [{"id": str(videos.id), "type": "channel"}]


@pytest.mark.parametrize("kind", [0, 4, 15, 16, 18, 19, 20, 21, 22, 23, 24, 99, "10", None, [10]])
async def test_a_component_that_no_message_has_is_refused(
    fake_discord: FakeDiscord, rest: RestClient, kind: Any
) -> None:
    """Fields of forms, and types that there are not."""
    part = {"type": kind, "content": "text", "custom_id": "c", "label": "l", "options": options(2)}
    body = {"flags": 1 << 15, "components": [part]}
    status, _ = await rest("POST", f"/channels/{fake_discord.channel('videos').id}/messages", body)
    assert status == 400
