"""What becomes of a message that is accepted."""

import asyncio
import io
from typing import Any

import aiohttp
import pytest

from sandbox.discord import Channel, DiscordStandIn, NotSeen, Permission, Upload
from tests.harness.stock_client import Wire

V2 = 1 << 15


@pytest.fixture
def videos(stand_in: DiscordStandIn) -> Channel:
    return stand_in.channel("videos")


@pytest.fixture
def place(videos: Channel) -> str:
    return f"/channels/{videos.id}/messages"


async def test_one_nonce_makes_one_message(wire: Wire, videos: Channel, place: str) -> None:
    """The same nonce gives the same message, also to requests at once; enforcing is asked for."""
    body = {"content": "once", "nonce": "job", "enforce_nonce": True}
    answers = await asyncio.gather(*[wire("POST", place, body) for _ in range(5)])
    assert len({answer["id"] for _, answer in answers}) == 1
    assert [message.nonce for message in videos.messages] == ["job"]
    await wire("POST", place, {**body, "enforce_nonce": False})
    assert len(videos.messages) == 2


async def test_a_deleted_message_is_not_posted_again(
    wire: Wire, videos: Channel, place: str
) -> None:
    """Its nonce then leads to an unknown message."""
    body = {"content": "once", "nonce": "job", "enforce_nonce": True}
    _, posted = await wire("POST", place, body)
    await wire("DELETE", f"{place}/{posted['id']}")
    assert await wire.refused("POST", place, body) == (404, 10008)
    assert videos.messages == []


@pytest.mark.parametrize(
    ("allowed", "notified"),
    [
        (None, {"Ada", "Ben"}),
        ({"parse": []}, set[str]()),
        ({"parse": ["users"]}, {"Ada", "Ben"}),
        ({"parse": [], "users": ["ADA"]}, {"Ada"}),
    ],
)
async def test_only_allowed_mentions_notify(
    stand_in: DiscordStandIn,
    wire: Wire,
    videos: Channel,
    place: str,
    allowed: dict[str, Any] | None,
    notified: set[str],
) -> None:
    """What is said in text displays counts, cut down to what is allowed."""
    ids = {name: stand_in.member(name).id for name in ("Ada", "Ben", "Nil")}
    said = "".join(f"<@{number}>" for number in ids.values())
    body: dict[str, Any] = {"flags": V2, "components": [{"type": 10, "content": said}]}
    if allowed is not None:
        users = [str(ids["Ada"])] if "users" in allowed else []
        body["allowed_mentions"] = {**allowed, **({"users": users} if users else {})}
    assert (await wire("POST", place, body))[0] == 200
    assert videos.messages[0].pinged == {ids[name] for name in notified}


async def test_everyone_is_notified_only_with_permission(
    stand_in: DiscordStandIn, wire: Wire, videos: Channel, place: str
) -> None:
    """Without Mention Everyone the word stays a word."""
    await wire("POST", place, {"content": "@everyone"})
    stand_in.world.allow(videos, Permission.MENTION_EVERYONE)
    await wire("POST", place, {"content": "@everyone"})
    first, second = videos.messages
    assert first.pinged == set()
    assert stand_in.member("Ben").id in second.pinged
    assert stand_in.member("Nil").id not in second.pinged


async def test_an_edit_notifies_nobody(
    stand_in: DiscordStandIn, wire: Wire, videos: Channel, place: str
) -> None:
    """A mention that is added later is shown, but reaches nobody."""
    _, posted = await wire("POST", place, {"content": "soon"})
    ada = stand_in.member("Ada").id
    await wire("PATCH", f"{place}/{posted['id']}", {"content": f"<@{ada}>"})
    message = videos.messages[0]
    assert (message.text, message.edits, message.pinged) == (f"<@{ada}>", 1, set())


async def test_a_reply_notifies_whom_it_answers_if_allowed(
    stand_in: DiscordStandIn, wire: Wire, videos: Channel, place: str
) -> None:
    """`replied_user` decides, and the answered message is shown with it."""
    ada = stand_in.member("Ada")
    said = await ada.say(videos, "hello")
    for replied in (False, True):
        body: dict[str, Any] = {
            "content": "well",
            "message_reference": {"message_id": str(said.id)},
            "allowed_mentions": {"parse": [], "replied_user": replied},
        }
        _, posted = await wire("POST", place, body)
        assert posted["referenced_message"]["content"] == "hello"
    assert [message.pinged for message in videos.messages[1:]] == [set(), {ada.id}]


async def test_history_is_paged_as_discord_does(wire: Wire, place: str) -> None:
    """Newest first always; `after` gives the oldest that follow."""
    ids = [(await wire("POST", place, {"content": f"{n}"}))[1]["id"] for n in range(5)]

    async def said(query: str) -> str:
        return "".join(message["content"] for message in (await wire("GET", place + query))[1])

    assert await said("") == "43210"
    assert await said("?limit=2") == "43"
    assert await said(f"?before={ids[2]}") == "10"
    assert await said(f"?after={ids[1]}&limit=2") == "32"
    assert await said(f"?around={ids[2]}&limit=3") == "321"
    assert await wire.refused("GET", f"{place}?limit=101") == (400, 50035)


async def test_an_attachment_is_served_to_whoever_has_the_link(
    stand_in: DiscordStandIn, wire: Wire, videos: Channel, place: str
) -> None:
    """With a fresh link on every look, in parts if wanted, and not with a changed link."""
    form = aiohttp.FormData(quote_fields=False)
    payload = (
        '{"flags": 32768, "attachments": [{"id": 0, "description": "a lake"}], "components":'
        ' [{"type": 12, "items": [{"media": {"url": "attachment://clip.mp4"}}]}]}'
    )
    form.add_field("payload_json", payload)
    form.add_field("files[0]", io.BytesIO(b"0123456789"), filename="clip.mp4")
    status, posted = await wire("POST", place, data=form)
    assert status == 200
    media = posted["components"][0]["items"][0]["media"]
    file = videos.messages[0].attachments[0]
    assert posted["attachments"] == []  # a message of components lists none
    assert (file.filename, file.size, file.description) == ("clip.mp4", 10, "a lake")
    async with aiohttp.ClientSession() as session:
        async with session.get(media["url"], headers={"Range": "bytes=2-4"}) as part:
            assert (part.status, await part.read()) == (206, b"234")
            assert part.headers["Content-Type"] == "video/mp4"
        for broken in (media["url"].replace("hm=", "hm=0"), media["url"].partition("?")[0]):
            async with session.get(broken) as refused:
                assert refused.status == 404


async def test_a_file_stays_through_edits_that_keep_it(
    wire: Wire, videos: Channel, place: str
) -> None:
    """Without `attachments` all files stay; with it, only those that are named."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", '{"content": "two"}')
    for number in range(2):
        form.add_field(f"files[{number}]", io.BytesIO(b"x"), filename=f"{number}.txt")
    _, posted = await wire("POST", place, data=form)
    mine = f"{place}/{posted['id']}"
    _, edited = await wire("PATCH", mine, {"content": "still two"})
    assert len(edited["attachments"]) == 2
    kept = {"attachments": [{"id": edited["attachments"][1]["id"]}]}
    _, edited = await wire("PATCH", mine, kept)
    assert [file["filename"] for file in edited["attachments"]] == ["1.txt"]
    assert len(videos.messages[0].attachments) == 1


async def test_waiting_in_vain_tells_what_is_there(
    stand_in: DiscordStandIn, videos: Channel
) -> None:
    """The error is a TimeoutError, names what was awaited, and lists the messages."""
    await stand_in.member("Ada").say(videos, "hello", [Upload("lake.png", b"x")])
    with pytest.raises(TimeoutError, match=r"(?s)a clip in #videos.*Ada: 'hello' \[lake.png\]"):
        await videos.wait_for(lambda _: False, within=0.01, awaited="a clip")
    with pytest.raises(NotSeen, match="no bot with no commands"):
        await stand_in.until_commands({"video"}, within=0.01)
