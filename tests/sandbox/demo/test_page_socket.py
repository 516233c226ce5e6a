"""What an open page is told: all of a room when it enters, then only what changes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import Channel, MemberClient, Permission
from tests.harness.page_client import PageClient, open_page
from tests.harness.stock_client import RestClient

LAKE = Path("sandbox/demo/pictures/lake.jpg")


@pytest.fixture
async def page(fake_discord: DemoDiscord) -> AsyncIterator[PageClient]:
    """Open the page."""
    async with open_page(fake_discord) as found:
        yield found


@pytest.fixture
def ada(fake_discord: DemoDiscord) -> MemberClient:
    return fake_discord.member("Ada")


@pytest.fixture
def videos(fake_discord: DemoDiscord) -> Channel:
    return fake_discord.channel("videos")


def texts(page: PageClient) -> list[str]:
    return [entry["content"] for entry in page.entries.values()]


async def test_the_world_is_told_first(page: PageClient, fake_discord: DemoDiscord) -> None:
    """Servers with channels, threads, members and roles, and everyone's direct channel."""
    studio, screen = page.world["guilds"]
    assert (studio["name"], studio["tier"], screen["name"], screen["tier"]) == (
        "Dailies Studio",
        0,
        "Big Screen",
        2,
    )
    assert screen["upload_bytes"] == 50 * 1024 * 1024
    names = [channel["name"] for channel in studio["channels"]]
    assert names == ["videos", "videos-talk", "general", "night", "quiet"]
    by_name = {channel["name"]: channel for channel in studio["channels"]}
    assert by_name["videos-talk"]["parent"] == by_name["videos"]["id"]
    assert by_name["videos-talk"]["thread"]
    assert by_name["night"]["nsfw"]
    notes = {member["name"]: member["note"] for member in studio["members"]}
    assert notes == {
        "Olga": "Owner",
        "Max": "Manager",
        "Ada": "",
        "Ben": "",
        "Nil": "No permissions",
    }
    maxim = next(member for member in studio["members"] if member["name"] == "Max")
    assert int(maxim["permissions"]) & Permission.MANAGE_GUILD
    assert maxim["roles"] == ["Manager"]
    direct = {found["member"]: found["channel"] for found in page.world["directs"]}
    ada = fake_discord.member("Ada")
    assert direct[str(ada.id)] == str(ada.direct_channel.id)
    assert (page.world["connected"], page.world["welcome"], page.world["backstage"]) == (
        False,
        None,
        False,
    )


async def test_only_what_changed_is_told(
    page: PageClient, ada: MemberClient, videos: Channel, rest: RestClient
) -> None:
    """A new message, an edit and a deletion each bring that one message and no other."""
    for number in range(20):
        await ada.send_message(videos, f"word {number}")
    await page.go_to(ada, videos)
    assert page.channel["reset"]
    assert len(page.entries) == 20
    _, posted = await rest("POST", f"/channels/{videos.id}/messages", {"content": "new"})
    await page.wait_for_entry(lambda entry: entry["content"] == "new")
    first = page.entries[posted["id"]]["key"]
    assert [entry["id"] for entry in page.channel["entries"]] == [posted["id"]]
    assert (page.channel["reset"], page.channel["gone"]) == (False, [])
    await rest("PATCH", f"/channels/{videos.id}/messages/{posted['id']}", {"content": "edited"})
    await page.wait_for_entry(lambda entry: entry["content"] == "edited")
    assert [entry["id"] for entry in page.channel["entries"]] == [posted["id"]]
    assert page.entries[posted["id"]]["key"] != first
    await rest("DELETE", f"/channels/{videos.id}/messages/{posted['id']}")
    await page.until(lambda: posted["id"] not in page.entries)
    assert (page.channel["entries"], page.channel["gone"]) == ([], [posted["id"]])
    assert len(page.entries) == 20


async def test_what_happens_elsewhere_brings_nothing(
    page: PageClient, fake_discord: DemoDiscord, ada: MemberClient, videos: Channel
) -> None:
    """Events of other channels, and links that are signed again, do not change the room."""
    await ada.send_message(videos, "look", [LAKE])
    await page.go_to(ada, videos)
    (entry,) = page.entries.values()
    frames = len(page.frames)
    await ada.send_message(fake_discord.channel("general"), "elsewhere")
    fake_discord.world.changes.notify()
    assert videos.messages[0].attachments[0].url
    await ada.send_message(videos, "here")
    await page.wait_for_entry(lambda found: found["content"] == "here")
    assert len(page.frames) == frames + 1
    assert page.entries[entry["id"]] == entry
    link = entry["attachments"][0]
    assert (link["width"], link["height"], link["content_type"]) == (1280, 720, "image/jpeg")
    assert await page.get(link["url"]) == (200, LAKE.read_bytes())


async def test_many_changes_at_once_make_few_frames(
    page: PageClient, ada: MemberClient, videos: Channel
) -> None:
    """What happens within one turn is told together."""
    await page.go_to(ada, videos)
    frames = len(page.frames)
    for number in range(50):
        await ada.send_message(videos, f"word {number}")
    await page.wait_for_entry(lambda entry: entry["content"] == "word 49")
    assert len(page.frames) - frames < 10
    assert texts(page) == [f"word {number}" for number in range(50)]


async def test_a_reply_follows_the_message_that_it_answers(
    page: PageClient,
    ada: MemberClient,
    videos: Channel,
    rest: RestClient,
    fake_discord: DemoDiscord,
) -> None:
    """An edit, or the end, of the one is seen in the other; the author is notified."""
    _, asked = await rest("POST", f"/channels/{videos.id}/messages", {"content": "well?"})
    ben = fake_discord.member("Ben")
    spoken = await ben.send_message(videos, "first")
    await page.go_to(ben, videos)
    await page.go_to(ada, videos)
    await page.act_ok(do="reply", message=str(spoken.id), text="second")
    reply = await page.wait_for_entry(lambda entry: entry["content"] == "second")
    assert reply["referenced_message"]["content"] == "first"
    assert (reply["type"], reply["pings_me"]) == (19, False)
    await page.act_ok(do="reply", message=asked["id"], text="yes")
    reply = await page.wait_for_entry(lambda entry: entry["content"] == "yes")
    place = f"/channels/{videos.id}/messages/{asked['id']}"
    await rest("PATCH", place, {"content": "really?"})
    await page.until(
        lambda: page.entries[reply["id"]]["referenced_message"]["content"] == "really?"
    )
    await rest("DELETE", place)
    await page.until(lambda: page.entries[reply["id"]]["referenced_message"] is None)
    await page.go_to(ben, videos)
    assert next(e for e in page.entries.values() if e["content"] == "second")["pings_me"]


async def test_two_pages_each_see_their_own(
    page: PageClient,
    fake_discord: DemoDiscord,
    ada: MemberClient,
    videos: Channel,
    rest: RestClient,
) -> None:
    """Both get the event; a private answer, and a ping, only those that they are for."""
    fake_discord.commands.overwrite(None, [{"name": "hello", "description": "d"}])
    ben = fake_discord.member("Ben")
    async with open_page(fake_discord) as other:
        await page.go_to(ada, videos)
        await other.go_to(ben, videos)
        typed = await ada.run_command(videos, "hello")
        place = f"/interactions/{typed.id}/{typed.token}/callback"
        await rest("POST", place, {"type": 4, "data": {"content": "hush", "flags": 64}})
        said = f"<@{ben.id}> look"
        await rest("POST", f"/channels/{videos.id}/messages", {"content": said})
        for one in (page, other):
            await one.wait_for_entry(lambda entry: entry["content"] == said)
        assert texts(page) == ["hush", said]
        assert texts(other) == [said]
        assert [entry["pings_me"] for entry in page.entries.values()] == [False, False]
        assert [entry["pings_me"] for entry in other.entries.values()] == [True]


async def test_every_place_begins_anew(
    page: PageClient, fake_discord: DemoDiscord, ada: MemberClient, videos: Channel
) -> None:
    """Also one that was left and entered again at once; looking backstage is no move."""
    await ada.send_message(videos, "one")
    await page.go_to(ada, videos)
    rooms = [
        {"member": str(ada.id), "channel": str(one.id)}
        for one in (fake_discord.channel("general"), videos)
    ]
    for room in rooms:
        await page.socket.send_json({"watch": room})
    resets = lambda: [f for f in page.frames if f.get("reset") and f["channel"] == str(videos.id)]  # noqa: E731
    await page.until(lambda: len(resets()) == 2)
    await page.go_to(ada, videos, backstage=True)
    await ada.send_message(videos, "two")
    await page.wait_for_entry(lambda entry: entry["content"] == "two")
    assert not page.channel["reset"]
    assert len(resets()) == 2


async def test_a_page_that_comes_back_is_told_everything(
    fake_discord: DemoDiscord, ada: MemberClient, videos: Channel
) -> None:
    """What was said while it was away is there, and what was deleted is not."""
    gone = await ada.send_message(videos, "one")
    async with open_page(fake_discord) as page:
        await page.go_to(ada, videos)
    fake_discord.world.delete_message(gone)
    await ada.send_message(videos, "two")
    async with open_page(fake_discord) as page:
        await page.go_to(ada, videos)
        assert page.channel["reset"]
        assert texts(page) == ["two"]


async def test_two_thousand_messages_are_shown_at_most(
    page: PageClient, ada: MemberClient, videos: Channel
) -> None:
    """The newest of them; with each new one the oldest goes."""
    for number in range(2001):
        await ada.send_message(videos, f"{number}")
    await page.go_to(ada, videos)
    assert len(page.entries) == 2000
    assert texts(page)[0] == "1"
    await ada.send_message(videos, "last")
    await page.wait_for_entry(lambda entry: entry["content"] == "last")
    assert (len(page.channel["entries"]), len(page.channel["gone"])) == (1, 1)
    assert texts(page)[0] == "2"


async def test_what_a_member_may_is_told(page: PageClient, fake_discord: DemoDiscord) -> None:
    """Nil sees no room; a change of permissions shows at once."""
    nil, ada, videos = (
        fake_discord.member("Nil"),
        fake_discord.member("Ada"),
        fake_discord.channel("videos"),
    )
    await ada.send_message(videos, "hello")
    for channel in fake_discord.world.channels_of(fake_discord.world.guild()):
        await page.go_to(nil, channel)
        assert (page.channel["hidden"], page.channel["entries"], page.channel["may"]) == (
            True,
            [],
            {},
        )
    world = fake_discord.world
    await page.go_to(nil, videos)
    world.allow(videos, Permission.VIEW_CHANNEL, nil.user)
    await page.until(lambda: not page.channel["hidden"])
    assert page.channel["may"] == {"write": False, "command": False, "attach": False}
    assert texts(page) == ["hello"]
    world.allow(videos, Permission.SEND_MESSAGES, nil.user)
    await page.until(lambda: page.channel["may"]["write"])
    assert not page.channel["may"]["attach"]
    world.deny(videos, Permission.VIEW_CHANNEL, nil.user)
    await page.until(lambda: page.channel["hidden"])
    assert page.entries == {}
    world.delete_channel(fake_discord.channel("general"))
    await page.until(lambda: len(page.world["guilds"][0]["channels"]) == 4)


async def test_a_bot_that_comes_and_goes_is_told(
    page: PageClient, fake_discord: DemoDiscord
) -> None:
    """By the connection at the gateway."""
    async with page.session.ws_connect(fake_discord.gateway_url) as gateway:
        identify: dict[str, Any] = {"token": fake_discord.token, "intents": 1, "properties": {}}
        await gateway.send_json({"op": 2, "d": identify})
        await page.until(lambda: page.world["connected"])
    await page.until(lambda: not page.world["connected"])


async def test_the_end_of_the_stand_in_ends_the_pages() -> None:
    """With the code for going away, so that they try again."""
    async with DemoDiscord() as stand_in:
        page = open_page(stand_in)
        found = await page.__aenter__()
        receiving = asyncio.create_task(found.socket.receive(timeout=120))
    assert (await receiving).data == 1001
    await page.__aexit__(None, None, None)
