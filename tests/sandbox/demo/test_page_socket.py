"""What an open page is told: all of a room when it enters, then only what changes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import Channel, Permission, Person
from tests.harness.page_client import Page, opened
from tests.harness.stock_client import Wire

LAKE = Path("sandbox/demo/pictures/lake.jpg")


@pytest.fixture
async def page(stand_in: DemoDiscord) -> AsyncIterator[Page]:
    """Open the page."""
    async with opened(stand_in) as found:
        yield found


@pytest.fixture
def ada(stand_in: DemoDiscord) -> Person:
    return stand_in.member("Ada")


@pytest.fixture
def videos(stand_in: DemoDiscord) -> Channel:
    return stand_in.channel("videos")


def texts(page: Page) -> list[str]:
    return [entry["content"] for entry in page.entries.values()]


async def test_the_world_is_told_first(page: Page, stand_in: DemoDiscord) -> None:
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
    ada = stand_in.member("Ada")
    assert direct[str(ada.id)] == str(ada.direct_channel.id)
    assert (page.world["connected"], page.world["welcome"], page.world["backstage"]) == (
        False,
        None,
        False,
    )


async def test_only_what_changed_is_told(
    page: Page, ada: Person, videos: Channel, wire: Wire
) -> None:
    """A new message, an edit and a deletion each bring that one message and no other."""
    for number in range(20):
        await ada.say(videos, f"word {number}")
    await page.go(ada, videos)
    assert page.room["reset"]
    assert len(page.entries) == 20
    _, posted = await wire("POST", f"/channels/{videos.id}/messages", {"content": "new"})
    await page.entry(lambda entry: entry["content"] == "new")
    first = page.entries[posted["id"]]["key"]
    assert [entry["id"] for entry in page.room["entries"]] == [posted["id"]]
    assert (page.room["reset"], page.room["gone"]) == (False, [])
    await wire("PATCH", f"/channels/{videos.id}/messages/{posted['id']}", {"content": "edited"})
    await page.entry(lambda entry: entry["content"] == "edited")
    assert [entry["id"] for entry in page.room["entries"]] == [posted["id"]]
    assert page.entries[posted["id"]]["key"] != first
    await wire("DELETE", f"/channels/{videos.id}/messages/{posted['id']}")
    await page.until(lambda: posted["id"] not in page.entries)
    assert (page.room["entries"], page.room["gone"]) == ([], [posted["id"]])
    assert len(page.entries) == 20


async def test_what_happens_elsewhere_brings_nothing(
    page: Page, stand_in: DemoDiscord, ada: Person, videos: Channel
) -> None:
    """News of other channels, and links that are signed anew, do not touch the room."""
    await ada.say(videos, "look", [LAKE])
    await page.go(ada, videos)
    (entry,) = page.entries.values()
    frames = len(page.frames)
    await ada.say(stand_in.channel("general"), "elsewhere")
    stand_in.world.changes.tell()
    assert videos.messages[0].attachments[0].url
    await ada.say(videos, "here")
    await page.entry(lambda found: found["content"] == "here")
    assert len(page.frames) == frames + 1
    assert page.entries[entry["id"]] == entry
    link = entry["attachments"][0]
    assert (link["width"], link["height"], link["content_type"]) == (1280, 720, "image/jpeg")
    assert await page.get(link["url"]) == (200, LAKE.read_bytes())


async def test_many_changes_at_once_make_few_frames(
    page: Page, ada: Person, videos: Channel
) -> None:
    """What happens within one turn is told together."""
    await page.go(ada, videos)
    frames = len(page.frames)
    for number in range(50):
        await ada.say(videos, f"word {number}")
    await page.entry(lambda entry: entry["content"] == "word 49")
    assert len(page.frames) - frames < 10
    assert texts(page) == [f"word {number}" for number in range(50)]


async def test_a_reply_follows_the_message_that_it_answers(
    page: Page, ada: Person, videos: Channel, wire: Wire, stand_in: DemoDiscord
) -> None:
    """An edit, or the end, of the one is seen in the other; the author is notified."""
    _, asked = await wire("POST", f"/channels/{videos.id}/messages", {"content": "well?"})
    ben = stand_in.member("Ben")
    spoken = await ben.say(videos, "first")
    await page.go(ben, videos)
    await page.go(ada, videos)
    await page.done(do="reply", message=str(spoken.id), text="second")
    reply = await page.entry(lambda entry: entry["content"] == "second")
    assert reply["referenced_message"]["content"] == "first"
    assert (reply["type"], reply["pings_me"]) == (19, False)
    await page.done(do="reply", message=asked["id"], text="yes")
    reply = await page.entry(lambda entry: entry["content"] == "yes")
    place = f"/channels/{videos.id}/messages/{asked['id']}"
    await wire("PATCH", place, {"content": "really?"})
    await page.until(
        lambda: page.entries[reply["id"]]["referenced_message"]["content"] == "really?"
    )
    await wire("DELETE", place)
    await page.until(lambda: page.entries[reply["id"]]["referenced_message"] is None)
    await page.go(ben, videos)
    assert next(e for e in page.entries.values() if e["content"] == "second")["pings_me"]


async def test_two_pages_each_see_their_own(
    page: Page, stand_in: DemoDiscord, ada: Person, videos: Channel, wire: Wire
) -> None:
    """Both get the news; a private answer, and a ping, only those that they are for."""
    stand_in.commands.overwrite(None, [{"name": "hello", "description": "d"}])
    ben = stand_in.member("Ben")
    async with opened(stand_in) as other:
        await page.go(ada, videos)
        await other.go(ben, videos)
        typed = await ada.type(videos, "hello")
        place = f"/interactions/{typed.id}/{typed.token}/callback"
        await wire("POST", place, {"type": 4, "data": {"content": "hush", "flags": 64}})
        said = f"<@{ben.id}> look"
        await wire("POST", f"/channels/{videos.id}/messages", {"content": said})
        for one in (page, other):
            await one.entry(lambda entry: entry["content"] == said)
        assert texts(page) == ["hush", said]
        assert texts(other) == [said]
        assert [entry["pings_me"] for entry in page.entries.values()] == [False, False]
        assert [entry["pings_me"] for entry in other.entries.values()] == [True]


async def test_every_place_begins_anew(
    page: Page, stand_in: DemoDiscord, ada: Person, videos: Channel
) -> None:
    """Also one that was left and entered again at once; looking backstage is no move."""
    await ada.say(videos, "one")
    await page.go(ada, videos)
    rooms = [
        {"member": str(ada.id), "channel": str(one.id)}
        for one in (stand_in.channel("general"), videos)
    ]
    for room in rooms:
        await page.socket.send_json({"watch": room})
    resets = lambda: [f for f in page.frames if f.get("reset") and f["channel"] == str(videos.id)]  # noqa: E731
    await page.until(lambda: len(resets()) == 2)
    await page.go(ada, videos, backstage=True)
    await ada.say(videos, "two")
    await page.entry(lambda entry: entry["content"] == "two")
    assert not page.room["reset"]
    assert len(resets()) == 2


async def test_a_page_that_comes_back_is_told_everything(
    stand_in: DemoDiscord, ada: Person, videos: Channel
) -> None:
    """What was said while it was away is there, and what was deleted is not."""
    gone = await ada.say(videos, "one")
    async with opened(stand_in) as page:
        await page.go(ada, videos)
    stand_in.world.delete_message(gone)
    await ada.say(videos, "two")
    async with opened(stand_in) as page:
        await page.go(ada, videos)
        assert page.room["reset"]
        assert texts(page) == ["two"]


async def test_two_thousand_messages_are_shown_at_most(
    page: Page, ada: Person, videos: Channel
) -> None:
    """The newest of them; with each new one the oldest goes."""
    for number in range(2001):
        await ada.say(videos, f"{number}")
    await page.go(ada, videos)
    assert len(page.entries) == 2000
    assert texts(page)[0] == "1"
    await ada.say(videos, "last")
    await page.entry(lambda entry: entry["content"] == "last")
    assert (len(page.room["entries"]), len(page.room["gone"])) == (1, 1)
    assert texts(page)[0] == "2"


async def test_what_a_member_may_is_told(page: Page, stand_in: DemoDiscord) -> None:
    """Nil sees no room; a change of permissions shows at once."""
    nil, ada, videos = stand_in.member("Nil"), stand_in.member("Ada"), stand_in.channel("videos")
    await ada.say(videos, "hello")
    for channel in stand_in.world.channels_of(stand_in.world.guild()):
        await page.go(nil, channel)
        assert (page.room["hidden"], page.room["entries"], page.room["may"]) == (True, [], {})
    world = stand_in.world
    await page.go(nil, videos)
    world.allow(videos, Permission.VIEW_CHANNEL, nil.user)
    await page.until(lambda: not page.room["hidden"])
    assert page.room["may"] == {"write": False, "command": False, "attach": False}
    assert texts(page) == ["hello"]
    world.allow(videos, Permission.SEND_MESSAGES, nil.user)
    await page.until(lambda: page.room["may"]["write"])
    assert not page.room["may"]["attach"]
    world.deny(videos, Permission.VIEW_CHANNEL, nil.user)
    await page.until(lambda: page.room["hidden"])
    assert page.entries == {}
    world.delete_channel(stand_in.channel("general"))
    await page.until(lambda: len(page.world["guilds"][0]["channels"]) == 4)


async def test_a_bot_that_comes_and_goes_is_told(page: Page, stand_in: DemoDiscord) -> None:
    """By the connection at the gateway."""
    async with page.session.ws_connect(stand_in.gateway_url) as gateway:
        identify: dict[str, Any] = {"token": stand_in.token, "intents": 1, "properties": {}}
        await gateway.send_json({"op": 2, "d": identify})
        await page.until(lambda: page.world["connected"])
    await page.until(lambda: not page.world["connected"])


async def test_the_end_of_the_stand_in_ends_the_pages() -> None:
    """With the code for going away, so that they try again."""
    async with DemoDiscord() as stand_in:
        page = opened(stand_in)
        found = await page.__aenter__()
        receiving = asyncio.create_task(found.socket.receive(timeout=5))
    assert (await receiving).data == 1001
    await page.__aexit__(None, None, None)
