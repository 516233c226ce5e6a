"""What Discord would refuse is refused, with Discord's status and code."""

import io
from typing import Any

import aiohttp
import pytest

from sandbox.discord import Channel, FakeDiscord, Permission
from sandbox.discord.models import MIB
from tests.harness.stock_client import RestClient

V2 = 1 << 15


def option(name: str, **more: Any) -> dict[str, Any]:
    return {"type": 3, "name": name, "description": "An option", **more}


def command(**more: Any) -> dict[str, Any]:
    return {"type": 1, "name": "video", "description": "A command", **more}


def text(said: str) -> dict[str, Any]:
    return {"type": 10, "content": said}


def button(custom_id: str, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": custom_id, **more}


def row(*inner: Any) -> dict[str, Any]:
    return {"type": 1, "components": list(inner)}


def gallery(*urls: str) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": url}} for url in urls]}


@pytest.fixture
def videos(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.channel("videos")


@pytest.fixture
def place(videos: Channel) -> str:
    return f"/channels/{videos.id}/messages"


@pytest.mark.parametrize(
    "bad",
    [
        command(name="v" * 33),
        command(name="Video"),
        command(name="two words"),
        command(description=""),
        command(description="d" * 101),
        command(options=[option(f"o{n}") for n in range(26)]),
        command(options=[option("a"), option("b", required=True)]),
        command(options=[option("a"), option("a")]),
        command(options=[option("a", choices=[{"name": f"{n}", "value": "v"} for n in range(26)])]),
        command(options=[option("a", description="d" * 101)]),
        command(
            options=[
                option(
                    f"o{n}",
                    choices=[{"name": "n" * 40 + f"{m}", "value": "v" * 60} for m in range(25)],
                )
                for n in range(4)
            ]
        ),
        {"type": 3, "name": "n" * 33},
        {"type": 3, "name": "Menu", "description": "Menus have none"},
    ],
)
async def test_a_command_that_breaks_a_rule_is_refused(
    fake_discord: FakeDiscord, rest: RestClient, bad: dict[str, Any]
) -> None:
    """Each broken rule is 50035, says where, and leaves what was registered as it was."""
    place = f"/applications/{fake_discord.world.bot_user.id}/commands"
    assert (await rest("PUT", place, [command()]))[0] == 200
    status, answer = await rest("PUT", place, [bad])
    assert (status, answer["code"]) == (400, 50035)
    assert "0" in answer["errors"]
    assert [found["name"] for found in (await rest("GET", place))[1]] == ["video"]


async def test_more_commands_than_fit_are_refused(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """There is room for a hundred typed commands and fifteen menu entries."""
    place = f"/applications/{fake_discord.world.bot_user.id}/commands"
    chats = [command(name=f"c{n}") for n in range(101)]
    menus = [{"type": 3, "name": f"Menu {n}"} for n in range(16)]
    assert (await rest("PUT", place, chats[:100] + menus[:15]))[0] == 200
    assert await rest.request_refused("PUT", place, chats) == (400, 30032)
    assert await rest.request_refused("PUT", place, menus) == (400, 30032)


async def test_a_registered_command_keeps_its_id(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Registering a name again changes the version, and a deleted command is unknown."""
    place = f"/applications/{fake_discord.world.bot_user.id}/commands"
    status, first = await rest("POST", place, command())
    again, second = await rest("POST", place, command(description="Another"))
    assert (status, again) == (201, 200)
    assert first["id"] == second["id"]
    assert first["version"] != second["version"]
    assert (await rest("DELETE", f"{place}/{first['id']}"))[0] == 204
    assert await rest.request_refused("GET", f"{place}/{first['id']}") == (404, 10063)


@pytest.mark.parametrize(
    "message",
    [
        {"content": "c" * 2001},
        {"content": "said", "nonce": "n" * 26},
        {"embeds": [{"description": "d" * 4096}, {"description": "d" * 1905}]},
        {"embeds": [{"title": "t" * 257}]},
        {"flags": V2, "content": "said", "components": [text("said")]},
        {"flags": V2, "embeds": [{"title": "said"}], "components": [text("said")]},
        {"flags": V2, "components": [text("t") for _ in range(41)]},
        {"flags": V2, "components": [text("t" * 2001), text("t" * 2000)]},
        {"flags": V2, "components": [gallery("attachment://missing.mp4")]},
        {"flags": V2, "components": [gallery("ftp://host/picture.png")]},
        {"flags": V2, "components": [gallery(*["https://host/picture.png"] * 11)]},
        {"flags": V2, "components": [{"type": 9, "components": [text("t")]}]},
        {"flags": V2, "components": [{"type": 17, "components": [{"type": 17}]}]},
        {"flags": V2, "components": [row(button("a"), button("a"))]},
        {"content": "said", "components": [text("V2 without its flag")]},
        {"content": "said", "components": [row(*[button(f"{n}") for n in range(6)])]},
        {"content": "said", "components": [row(button("i" * 101))]},
        {"content": "said", "components": [row(button("a", label="l" * 81))]},
        {"content": "said", "components": [row(button("a")), row(button("a"))]},
        {
            "content": "said",
            "components": [
                row({"type": 2, "style": 5, "label": "l", "url": f"https://h/{'u' * 512}"})
            ],
        },
        {"content": "said", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        {"content": "said", "message_reference": {"message_id": "1"}},
    ],
)
async def test_a_message_that_breaks_a_rule_is_refused(
    rest: RestClient, videos: Channel, place: str, message: dict[str, Any]
) -> None:
    """Each broken rule is 50035 and names a field, and nothing is posted."""
    status, answer = await rest("POST", place, message)
    assert (status, answer["code"]) == (400, 50035)
    assert answer["errors"]
    assert videos.messages == []


async def test_an_empty_message_is_refused(rest: RestClient, place: str) -> None:
    """A message has to say or show something."""
    assert await rest.request_refused("POST", place, {"content": ""}) == (400, 50006)


async def test_broken_json_and_unknown_routes_are_refused(rest: RestClient, place: str) -> None:
    """A body that is no JSON is 50109; a route that does not exist has code 0."""
    assert await rest.request_refused("POST", place, data="{broken") == (400, 50109)
    assert await rest.request_refused("POST", place, [1]) == (400, 50035)
    assert await rest.request_refused("GET", "/nowhere") == (404, 0)
    assert await rest.request_refused("PUT", place) == (405, 0)


async def test_a_wrong_token_is_refused(rest: RestClient, place: str) -> None:
    """A client with another token gets nothing of the bot's."""
    wrong = {"Authorization": "Bot wrong"}
    assert await rest.request_refused("GET", "/users/@me", headers=wrong) == (401, 0)
    assert await rest.request_refused("POST", place, {"content": "x"}, headers=wrong) == (401, 0)


async def test_answers_have_exactly_discords_content_type(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """The type has no charset, which discord.py would take for text."""
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bot {fake_discord.token}"}
        async with session.get(f"{fake_discord.api_url}/users/@me", headers=headers) as answer:
            assert answer.headers["Content-Type"] == "application/json"


async def send_file(
    wire: RestClient, place: str, size: int, payload: str = '{"content": "here"}'
) -> tuple[int, Any]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", payload)
    form.add_field("files[0]", io.BytesIO(bytes(size)), filename="clip.mp4")
    return await wire("POST", place, data=form)


async def test_a_file_above_the_servers_limit_is_refused(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """Without boosts a file has 10 MiB; the same file goes through at tier 2."""
    status, answer = await send_file(rest, place, 11 * MIB)
    assert (status, answer["code"]) == (413, 40005)
    assert videos.messages == []
    assert videos.guild is not None
    fake_discord.world.set_premium_tier(videos.guild, 2)
    status, answer = await send_file(rest, place, 11 * MIB)
    assert status == 200
    assert answer["attachments"][0]["size"] == 11 * MIB
    assert videos.messages[0].attachments[0].path.stat().st_size == 11 * MIB


async def send_files(wire: RestClient, place: str, sizes: list[int]) -> tuple[int, Any]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", '{"content": "here"}')
    for number, size in enumerate(sizes):
        name = f"{number}.bin"
        form.add_field(f"files[{number}]", io.BytesIO(bytes(size)), filename=name)
    return await wire("POST", place, data=form)


async def test_a_message_takes_ten_files(rest: RestClient, videos: Channel, place: str) -> None:
    """One more is a field of the form that is wrong."""
    assert (await send_files(rest, place, [10] * 10))[0] == 200
    status, answer = await send_files(rest, place, [10] * 11)
    assert (status, answer["code"]) == (400, 50035)
    assert "attachments" in answer["errors"]
    assert len(videos.messages) == 1


async def test_a_message_takes_25_mib(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """However small each file is, unless the server's boosts allow one file that is larger."""
    status, answer = await send_files(rest, place, [9 * MIB, 9 * MIB, 8 * MIB])
    assert (status, answer["code"]) == (413, 40005)
    assert (await send_files(rest, place, [9 * MIB, 9 * MIB, 6 * MIB]))[0] == 200
    assert videos.guild is not None
    fake_discord.world.set_premium_tier(videos.guild, 2)
    assert (await send_files(rest, place, [26 * MIB]))[0] == 200


async def test_a_reply_takes_the_history(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """Without Read Message History a message may be posted, but answers nothing."""
    _, posted = await rest("POST", place, {"content": "said"})
    fake_discord.world.deny(videos, Permission.READ_MESSAGE_HISTORY)
    reply = {"content": "so", "message_reference": {"message_id": posted["id"]}}
    assert await rest.request_refused("POST", place, reply) == (403, 160002)
    assert (await rest("POST", place, {"content": "so"}))[0] == 200


async def test_a_nonce_whose_message_was_deleted_posts_nothing(
    rest: RestClient, videos: Channel, place: str
) -> None:
    """Discord does not post it again; another nonce does."""
    body = {"content": "said", "nonce": "one", "enforce_nonce": True}
    _, posted = await rest("POST", place, body)
    await rest("DELETE", f"{place}/{posted['id']}")
    assert await rest.request_refused("POST", place, body) == (404, 10008)
    assert (await rest("POST", place, {**body, "nonce": "two"}))[0] == 200
    assert len(videos.messages) == 1


@pytest.mark.parametrize(
    ("denied", "status", "code"),
    [
        (Permission.VIEW_CHANNEL, 403, 50001),
        (Permission.SEND_MESSAGES, 403, 50013),
        (Permission.ATTACH_FILES, 403, 50013),
    ],
)
async def test_a_missing_permission_is_refused(
    fake_discord: FakeDiscord,
    rest: RestClient,
    videos: Channel,
    place: str,
    denied: Permission,
    status: int,
    code: int,
) -> None:
    """What the bot may not do in a channel is refused, until it is allowed again."""
    fake_discord.world.deny(videos, denied)
    refused, answer = await send_file(rest, place, 10)
    assert (refused, answer["code"]) == (status, code)
    fake_discord.world.allow(videos, denied)
    assert (await send_file(rest, place, 10))[0] == 200


async def test_embeds_need_their_permission(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """Without Embed Links an embed is refused, while plain text is not."""
    fake_discord.world.deny(videos, Permission.EMBED_LINKS)
    assert await rest.request_refused("POST", place, {"embeds": [{"title": "t"}]}) == (403, 50013)
    assert (await rest("POST", place, {"content": "said"}))[0] == 200


async def test_a_thread_has_a_permission_of_its_own(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Send Messages in Threads counts in a thread, and a locked one is closed."""
    thread = fake_discord.channel("videos-talk")
    place = f"/channels/{thread.id}/messages"
    fake_discord.world.deny(thread, Permission.SEND_MESSAGES)
    assert (await rest("POST", place, {"content": "said"}))[0] == 200
    fake_discord.world.lock_thread(thread)
    assert await rest.request_refused("POST", place, {"content": "said"}) == (403, 160005)
    fake_discord.world.deny(thread, Permission.SEND_MESSAGES_IN_THREADS)
    assert await rest.request_refused("POST", place, {"content": "said"}) == (403, 50013)


async def test_the_quiet_channel_is_closed_to_the_bot(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """The starting world has a channel where the bot may look but not write."""
    quiet = fake_discord.channel("quiet")
    assert (await rest("GET", f"/channels/{quiet.id}"))[0] == 200
    refused = await rest.request_refused(
        "POST", f"/channels/{quiet.id}/messages", {"content": "said"}
    )
    assert refused == (403, 50013)


async def test_history_without_permission_is_empty(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """Discord answers with an empty list, not with an error."""
    _, posted = await rest("POST", place, {"content": "said"})
    assert len((await rest("GET", place))[1]) == 1
    fake_discord.world.deny(videos, Permission.READ_MESSAGE_HISTORY)
    assert (await rest("GET", place)) == (200, [])
    assert await rest.request_refused("GET", f"{place}/{posted['id']}") == (403, 50013)


async def test_what_was_removed_is_unknown(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """A deleted message is 10008, a deleted channel 10003, a server without the bot 50001."""
    _, posted = await rest("POST", place, {"content": "said"})
    assert (await rest("DELETE", f"{place}/{posted['id']}"))[0] == 204
    assert await rest.request_refused("PATCH", f"{place}/{posted['id']}", {}) == (404, 10008)
    fake_discord.world.delete_channel(videos)
    assert await rest.request_refused("POST", place, {"content": "said"}) == (404, 10003)
    general = fake_discord.channel("general")
    assert general.guild is not None
    fake_discord.world.remove_bot(general.guild)
    place = f"/channels/{general.id}/messages"
    assert await rest.request_refused("POST", place, {"content": "said"}) == (403, 50001)
    assert not any(role.managed for role in general.guild.roles.values()), "its own role goes too"


async def test_closed_direct_messages_are_refused(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """The direct channel opens, but what is posted there is refused, until it is welcome."""
    ada = fake_discord.member("Ada")
    fake_discord.world.close_dms(ada.user)
    status, channel = await rest("POST", "/users/@me/channels", {"recipient_id": ada.id})
    assert status == 200
    place = f"/channels/{channel['id']}/messages"
    assert await rest.request_refused("POST", place, {"content": "said"}) == (403, 50007)
    fake_discord.world.open_dms(ada.user)
    assert (await rest("POST", place, {"content": "said"}))[0] == 200
    assert ada.direct_channel.messages[0].text == "said"
    assert await rest.request_refused("POST", "/users/@me/channels", {"recipient_id": 1}) == (
        400,
        50035,
    )


async def test_a_member_who_has_left_every_server_of_the_bots_is_not_written_to(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Whatever their settings say: there is no longer a server in common."""
    ben = fake_discord.member("Ben")
    place = f"/channels/{ben.direct_channel.id}/messages"
    assert (await rest("POST", place, {"content": "said"}))[0] == 200
    fake_discord.world.remove_member(ben.guild, ben.user)
    assert await rest.request_refused("POST", place, {"content": "said"}) == (403, 50278)


async def test_messages_of_others_can_not_be_edited(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Nor deleted without Manage Messages."""
    said = await fake_discord.member("Ada").send_message(fake_discord.channel("videos"), "hello")
    place = f"/channels/{said.channel.id}/messages/{said.id}"
    assert await rest.request_refused("PATCH", place, {"content": "x"}) == (403, 50005)
    assert await rest.request_refused("DELETE", place) == (403, 50013)
