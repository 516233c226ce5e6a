"""What a person can have done on the page, and what is refused, with a word about it."""

import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import DiscordConfig, Permission
from tests.harness.page_client import Json, PageClient, open_page
from tests.harness.stock_client import RestClient
from tests.sandbox.discord.test_malformed_requests import RUBBISH, spoil

EPHEMERAL = 1 << 6
MIB = 1024 * 1024
COMMANDS: list[dict[str, Any]] = [
    {
        "name": "animate",
        "description": "d",
        "options": [
            {"type": 11, "name": "image", "description": "d", "required": True},
            {"type": 11, "name": "mask", "description": "d"},
            {"type": 6, "name": "user", "description": "d"},
            {"type": 7, "name": "channel", "description": "d"},
            {"type": 8, "name": "role", "description": "d"},
            {"type": 9, "name": "whom", "description": "d"},
            {"type": 4, "name": "duration", "description": "d", "max_value": 12},
            {"type": 10, "name": "speed", "description": "d"},
            {"type": 3, "name": "prompt", "description": "d", "autocomplete": True},
        ],
    },
    {"name": "late", "description": "For adults", "nsfw": True},
    {
        "name": "quota",
        "description": "d",
        "default_member_permissions": str(int(Permission.MANAGE_GUILD)),
        "options": [{"type": 1, "name": "set", "description": "d"}],
    },
    {"name": "private", "description": "d", "contexts": [1]},
]
BUTTONS = [
    {
        "type": 1,
        "components": [
            {"type": 2, "style": 1, "label": "Go", "custom_id": "go"},
            {"type": 2, "style": 1, "label": "Off", "custom_id": "off", "disabled": True},
            {"type": 2, "style": 5, "label": "Out", "url": "https://example.com"},
            {"type": 2, "style": 6, "sku_id": "1"},
        ],
    },
    {
        "type": 1,
        "components": [
            {
                "type": 3,
                "custom_id": "menu",
                "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}],
            }
        ],
    },
]


@pytest.fixture
async def fake_discord(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DemoDiscord]:
    """Open a stand-in whose files a test can look at, with commands registered."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    options = DiscordConfig(sends_per_window=50, ack_seconds=30, request_bytes=40 * MIB)
    async with DemoDiscord(options) as found:
        found.commands.overwrite(None, COMMANDS)
        yield found


@pytest.fixture
async def page(fake_discord: DemoDiscord) -> AsyncIterator[PageClient]:
    """Open the page as Ada in #videos."""
    async with open_page(fake_discord) as found:
        await found.go_to(fake_discord.member("Ada"), fake_discord.channel("videos"))
        yield found


def kept(folder: Path) -> list[int]:
    """List the sizes of the files that lie on disk."""
    return sorted(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def test_a_typed_command_carries_its_values_things_and_files(
    page: PageClient, fake_discord: DemoDiscord, tmp_path: Path
) -> None:
    """Each as Discord's client sends it; the file stays as the interaction's attachment only."""
    ben, videos = fake_discord.member("Ben"), fake_discord.channel("videos")
    role = next(
        found for found in fake_discord.world.guild().roles.values() if found.name == "Manager"
    )
    answer = await page.act_ok(
        {"image": ("lake.png", b"png")},
        do="type",
        command="animate",
        values={"duration": 5, "speed": 1.5, "prompt": "calm"},
        things={
            "user": str(ben.id),
            "channel": str(videos.id),
            "role": str(role.id),
            "whom": str(ben.id),
        },
    )
    (typed,) = fake_discord.interactions
    assert answer == {"ok": True, "interaction": str(typed.id), "choices": None}
    given = {option["name"]: option["value"] for option in typed.data["options"]}
    assert (given["duration"], given["speed"], given["prompt"]) == (5, 1.5, "calm")
    assert given["user"] == given["whom"] == str(ben.id)
    assert (given["channel"], given["role"]) == (str(videos.id), str(role.id))
    resolved = typed.data["resolved"]
    assert set(resolved) == {"attachments", "users", "members", "channels", "roles"}
    assert resolved["attachments"][given["image"]]["filename"] == "lake.png"
    assert kept(tmp_path) == [3]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({}, "needs the option image"),
        ({"command": "missing"}, "no command"),
        ({"command": ""}, "no command"),
        ({"command": "quota set"}, "not offered"),
        ({"command": "late"}, "age-restricted"),
        ({"command": "private"}, "not offered in servers"),
        ({"values": {"image": "lake.png"}}, "image is a file"),
        ({"values": {"duration": 13}}, "duration is"),
        ({"values": {"duration": "5"}}, "number"),
        ({"values": {"strange": 1}}, "no option strange"),
        ({"things": {"user": "7"}}, "no such user"),
        ({"things": {"user": ["7"]}}, "no such user"),
        ({"values": []}, "values is of the wrong kind"),
        ({"command": ["animate"]}, "command is of the wrong kind"),
    ],
)
async def test_what_discords_client_would_not_send_is_refused(
    page: PageClient, fake_discord: DemoDiscord, tmp_path: Path, order: dict[str, Any], said: str
) -> None:
    """The bot hears nothing of it, and no file is left."""
    files = {"mask": ("mask.png", b"png")}
    if "duration" in str(order) or "strange" in str(order) or "things" in order:
        files["image"] = ("lake.png", b"png")
    order = {"do": "type", "command": "animate", **order}
    assert said in await page.act_refused(files, **order)
    assert list(fake_discord.interactions) == []
    assert kept(tmp_path) == []


async def test_suggestions_take_what_is_given_so_far(
    page: PageClient, fake_discord: DemoDiscord, rest: RestClient
) -> None:
    """Unfinished values and things among it; nonsense is refused before the bot is asked."""
    order: dict[str, Any] = {"do": "suggest", "command": "animate", "option": "prompt", "text": "c"}
    hostile: list[Json] = [
        {"values": {"duration": [5]}},
        {"values": {"duration": True}},
        {"values": {"user": {}}},
        {"things": {"duration": str(fake_discord.member("Ben").id)}},
        {"option": "duration"},
        {"option": "missing"},
        {"text": 7},
    ]
    for wrong in hostile:
        await page.act_refused(**{**order, **wrong})
    assert list(fake_discord.interactions) == []
    ben = str(fake_discord.member("Ben").id)

    async def suggest() -> None:
        await fake_discord.world.changes.wait_until(
            lambda: next(iter(fake_discord.interactions), None), 5, "a question", str
        )
        (asked,) = fake_discord.interactions
        choices = [{"name": "Calm", "value": "calm"}]
        place = f"/interactions/{asked.id}/{asked.token}/callback"
        await rest("POST", place, {"type": 8, "data": {"choices": choices}})

    async with asyncio.TaskGroup() as group:
        group.create_task(suggest())
        answer = await page.act_ok(**order, values={"duration": 99}, things={"user": ben})
    assert answer["choices"] == [{"name": "Calm", "value": "calm"}]
    (asked,) = fake_discord.interactions
    assert {"name": "duration", "type": 4, "value": 99} in asked.data["options"]
    assert {"name": "user", "type": 6, "value": ben} in asked.data["options"]


async def test_a_bot_that_suggests_nothing_is_told() -> None:
    """As Discord does; it is no failure in the room."""
    async with (
        DemoDiscord(DiscordConfig(ack_seconds=0.1)) as fake_discord,
        open_page(fake_discord) as page,
    ):
        fake_discord.commands.overwrite(None, COMMANDS)
        await page.go_to(fake_discord.member("Ada"), fake_discord.channel("videos"))
        order: Json = {"do": "suggest", "command": "animate", "option": "prompt", "text": "c"}
        assert await page.act_refused(**order) == "Loading options failed"
        await page.act_ok(do="say", text="after")
        await page.wait_for_entry(lambda entry: entry.get("content") == "after")
        assert len(page.entries) == 1


async def test_words_are_said_with_files_and_within_limits(
    page: PageClient, fake_discord: DemoDiscord, tmp_path: Path
) -> None:
    """Up to ten files and 2,000 characters, where the member may write and attach."""
    await page.act_ok({"a": ("a.txt", b"1"), "b": ("b.txt", b"22")}, do="say", text="look")
    entry = await page.wait_for_entry(lambda found: found["content"] == "look")
    assert [file["filename"] for file in entry["attachments"]] == ["a.txt", "b.txt"]
    await page.act_ok({"a": ("only.txt", b"333")}, do="say")
    assert kept(tmp_path) == [1, 2, 3]
    eleven = {f"f/{number}": ("f.txt", b"x") for number in range(11)}
    for files, text in ((None, ""), (None, " \n"), (None, "x" * 2001), (eleven, "look")):
        await page.act_refused(files, do="say", text=text)
    assert "text" in await page.act_refused(do="say", text=["look"])
    assert "gone" in await page.act_refused(do="reply", message="7", text="yes")
    fake_discord.world.deny(
        fake_discord.channel("videos"), Permission.ATTACH_FILES, fake_discord.member("Ada").user
    )
    assert "attach" in await page.act_refused({"a": ("a.txt", b"1")}, do="say", text="look")
    await page.act_ok(do="say", text="without")
    await page.go_to(fake_discord.member("Nil"), fake_discord.channel("videos"))
    assert "may not write" in await page.act_refused(do="say", text="hello")
    assert kept(tmp_path) == [1, 2, 3]


async def test_a_locked_thread_takes_no_words(page: PageClient, fake_discord: DemoDiscord) -> None:
    """But of those who manage threads."""
    thread = fake_discord.channel("videos-talk")
    fake_discord.world.lock_thread(thread)
    await page.go_to(fake_discord.member("Ada"), thread)
    assert not page.channel["may"]["write"]
    await page.act_refused(do="say", text="hello")
    await page.go_to(fake_discord.member("Olga"), thread)
    await page.act_ok(do="say", text="hello")


async def test_components_that_can_not_be_used_are_refused(
    page: PageClient, fake_discord: DemoDiscord, rest: RestClient
) -> None:
    """Disabled, linking, for sale, missing, not offered, or on a message that is not seen."""
    place = f"/channels/{fake_discord.channel('videos').id}/messages"
    _, posted = await rest("POST", place, {"content": "x", "components": BUTTONS})
    message = posted["id"]
    for custom_id in ("off", "Out", "", "missing", None, 7, ["go"]):
        await page.act_refused(do="click", message=message, custom_id=custom_id)
    for chosen in ([], ["c"], ["a", "b"], "a", [["a"]], {"a": 1}, None):
        await page.act_refused(do="choose", message=message, custom_id="menu", chosen=chosen)
    await page.go_to(fake_discord.member("Nil"), fake_discord.channel("videos"))
    assert "does not see" in await page.act_refused(do="click", message=message, custom_id="go")
    await page.go_to(fake_discord.member("Ada"), fake_discord.channel("general"))
    assert "gone" in await page.act_refused(do="click", message=message, custom_id="go")
    assert list(fake_discord.interactions) == []
    await page.go_to(fake_discord.member("Ada"), fake_discord.channel("videos"))
    await page.act_ok(do="click", message=message, custom_id="go")
    await page.act_ok(do="choose", message=message, custom_id="menu", chosen=["b"])
    assert len(list(fake_discord.interactions)) == 2


async def test_what_is_private_is_nobody_elses(
    page: PageClient, fake_discord: DemoDiscord, rest: RestClient
) -> None:
    """Its buttons, its form and its place in the room are the member's own."""
    typed = await fake_discord.member("Max").run_command(
        fake_discord.channel("videos"), "quota set"
    )
    data = {"content": "hush", "flags": EPHEMERAL, "components": BUTTONS}
    place = f"/interactions/{typed.id}/{typed.token}/callback"
    await rest("POST", place, {"type": 4, "data": data})
    assert typed.message is not None
    message = str(typed.message.id)
    orders: list[Json] = [{"do": "click", "custom_id": "go"}, {"do": "dismiss"}, {"do": "reply"}]
    for order in orders:
        assert "does not see" in await page.act_refused(message=message, text="x", **order)
    await page.go_to(fake_discord.member("Max"), fake_discord.channel("videos"))
    assert message in page.entries
    assert "can not be answered" in await page.act_refused(do="reply", message=message, text="x")
    await page.act_ok(do="dismiss", message=message)
    await page.until(lambda: message not in page.entries)
    assert "gone" in await page.act_refused(do="click", message=message, custom_id="go")


@pytest.mark.parametrize(
    ("member", "channel"),
    [
        ("7", None),
        (None, "7"),
        ([], {}),
        (True, 1.5),
        ("9" * 5000, "-1"),
        (None, "dm"),
        ("bot", None),
    ],
)
async def test_an_order_names_a_member_and_a_channel_of_his(
    page: PageClient, fake_discord: DemoDiscord, member: Any, channel: Any
) -> None:
    """Nobody acts as the bot, in another's direct channel, or in a server that he is not in."""
    world, ada = fake_discord.world, fake_discord.member("Ada")
    named = {None: str(ada.id), "bot": str(world.bot_user.id)}
    who = named.get(member, member) if isinstance(member, str | None) else member
    places = {None: fake_discord.channel("videos"), "dm": fake_discord.member("Ben").direct_channel}
    place = places.get(channel, channel) if isinstance(channel, str | None) else channel
    where = str(getattr(place, "id", "")) or place
    await page.act_refused(do="say", text="hello", member=who, channel=where)
    foreign: Json = {"member": str(fake_discord.member("Ben").id)}
    foreign["channel"] = str(fake_discord.channel("videos", "Big Screen").id)
    assert "no member" in await page.act_refused(do="say", text="hello", **foreign)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"x"', "[" * 100_000, '{"do": NaN}', '{"do": "\\ud800"}', "\x00"],
)
async def test_what_is_no_json_object_is_refused(page: PageClient, text: str) -> None:
    """With a word, never with an accident."""
    status, answer = await page.post(text)
    assert (status, answer["ok"]) == (200, False)
    assert answer["error"]


@pytest.mark.parametrize("seed", range(4))
async def test_no_order_is_answered_with_an_accident(
    page: PageClient, fake_discord: DemoDiscord, rest: RestClient, seed: int
) -> None:
    """Whatever is in place of its values."""
    chance = random.Random(seed)  # noqa: S311 - rubbish need not be secret
    ada, videos = fake_discord.member("Ada"), fake_discord.channel("videos")
    said = await ada.send_message(videos, "word")
    _, posted = await rest("POST", f"/channels/{videos.id}/messages", {"components": BUTTONS})
    values = {"duration": 5, "prompt": "calm", "speed": 2.5}
    about = {"member": str(ada.id), "channel": str(videos.id), "message": str(said.id)}
    for order in (
        {"do": "type", "command": "animate", "values": values, "things": {"user": str(ada.id)}},
        {"do": "suggest", "command": "animate", "option": "mask", "text": "", "values": values},
        {"do": "say", "text": "hello"},
        {"do": "reply", "text": "hello"},
        {"do": "click", "message": posted["id"], "custom_id": "go"},
        {"do": "choose", "message": posted["id"], "custom_id": "menu", "chosen": ["a"]},
        {"do": "menu", "command": "Quote"},
        {"do": "menu", "user": str(ada.id), "command": "Who"},
        {"do": "submit", "interaction": "1", "values": values},
        {"do": "close", "interaction": "1"},
        {"do": "dismiss"},
    ):
        for _ in range(12):
            status, answer = await page.post(json.dumps(spoil({**about, **order}, chance)))
            assert status == 200
            assert answer["ok"] in (True, False)
    for rubbish in RUBBISH:
        assert (await page.post(json.dumps({**about, "do": rubbish})))[0] == 200


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain"])
async def test_what_is_no_form_is_refused(
    page: PageClient, fake_discord: DemoDiscord, kind: str
) -> None:
    """So is a form that begins with a file: it is not yet clear whose it is."""
    url = f"{fake_discord.page_url}_page/do"
    headers = {"Content-Type": kind}
    async with page.session.post(url, data=b'{"do": "say"}', headers=headers) as answer:
        assert (answer.status, (await answer.json())["ok"]) == (200, False)
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("image", b"png", filename="lake.png")
    form.add_field("order", "{}")
    async with page.session.post(url, data=form) as answer:
        assert "before any file" in (await answer.json())["error"]


async def test_a_file_above_the_limit_is_cut_off(
    page: PageClient, fake_discord: DemoDiscord, tmp_path: Path
) -> None:
    """Told as too large, nothing of it kept; the server's own limit counts."""
    large = {"image": ("large.bin", bytes(20 * MIB))}
    order = {
        "member": str(fake_discord.member("Ada").id),
        "channel": str(fake_discord.channel("videos").id),
        "do": "say",
    }
    status, answer = await page.post(json.dumps(order), large)
    assert (status, answer["ok"]) == (413, False)
    assert "large.bin is over 10 MiB" in answer["error"]
    assert kept(tmp_path) == []
    order["channel"] = str(fake_discord.channel("videos", "Big Screen").id)
    assert (await page.post(json.dumps(order), large))[1]["ok"]
    enormous = {"image": ("enormous.bin", bytes(41 * MIB))}
    status, answer = await page.post(json.dumps(order), enormous)
    assert (status, answer["error"]) == (413, "Your files are too large: 40 MiB at most")
    assert kept(tmp_path) == [20 * MIB]


async def test_a_name_leads_nowhere_else(page: PageClient, tmp_path: Path) -> None:
    """A file lies where the stand-in puts it, whatever it is called."""
    await page.act_ok({"a": ("../../../../evil.sh", b"x")}, do="say")
    entry = await page.wait_for_entry(lambda found: found["attachments"])
    assert "/" not in entry["attachments"][0]["filename"]
    assert [path.parent.parent.parent for path in tmp_path.rglob("*evil*")] == [tmp_path]
