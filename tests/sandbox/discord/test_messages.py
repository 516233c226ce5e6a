"""What becomes of a message that is accepted."""

import asyncio
import io
from typing import Any

import aiohttp
import pytest

from sandbox.discord import Channel, FakeDiscord, Permission, Upload, WaitTimeoutError
from tests.harness.stock_client import RestClient

V2 = 1 << 15


@pytest.fixture
def videos(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.channel("videos")


@pytest.fixture
def place(videos: Channel) -> str:
    return f"/channels/{videos.id}/messages"


async def test_one_nonce_makes_one_message(rest: RestClient, videos: Channel, place: str) -> None:
    """The same nonce gives the same message, also to requests at once; enforcing is asked for."""
    body = {"content": "once", "nonce": "job", "enforce_nonce": True}
    answers = await asyncio.gather(*[rest("POST", place, body) for _ in range(5)])
    assert len({answer["id"] for _, answer in answers}) == 1
    assert [message.nonce for message in videos.messages] == ["job"]
    await rest("POST", place, {**body, "enforce_nonce": False})
    assert len(videos.messages) == 2


async def test_a_deleted_message_is_not_posted_again(
    rest: RestClient, videos: Channel, place: str
) -> None:
    """Its nonce then leads to an unknown message."""
    body = {"content": "once", "nonce": "job", "enforce_nonce": True}
    _, posted = await rest("POST", place, body)
    await rest("DELETE", f"{place}/{posted['id']}")
    assert await rest.request_refused("POST", place, body) == (404, 10008)
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
    fake_discord: FakeDiscord,
    rest: RestClient,
    videos: Channel,
    place: str,
    allowed: dict[str, Any] | None,
    notified: set[str],
) -> None:
    """What is said in text displays counts, cut down to what is allowed."""
    ids = {name: fake_discord.member(name).id for name in ("Ada", "Ben", "Nil")}
    said = "".join(f"<@{number}>" for number in ids.values())
    body: dict[str, Any] = {"flags": V2, "components": [{"type": 10, "content": said}]}
    if allowed is not None:
        users = [str(ids["Ada"])] if "users" in allowed else []
        body["allowed_mentions"] = {**allowed, **({"users": users} if users else {})}
    assert (await rest("POST", place, body))[0] == 200
    assert videos.messages[0].notified_user_ids == {ids[name] for name in notified}


async def test_everyone_is_notified_only_with_permission(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """Without Mention Everyone the word stays a word."""
    await rest("POST", place, {"content": "@everyone"})
    fake_discord.world.allow(videos, Permission.MENTION_EVERYONE)
    await rest("POST", place, {"content": "@everyone"})
    first, second = videos.messages
    assert first.notified_user_ids == set()
    assert fake_discord.member("Ben").id in second.notified_user_ids
    assert fake_discord.member("Nil").id not in second.notified_user_ids


async def test_an_edit_notifies_nobody(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """A mention that is added later is shown, but reaches nobody."""
    _, posted = await rest("POST", place, {"content": "soon"})
    ada = fake_discord.member("Ada").id
    await rest("PATCH", f"{place}/{posted['id']}", {"content": f"<@{ada}>"})
    message = videos.messages[0]
    assert (message.text, message.edit_count, message.notified_user_ids) == (f"<@{ada}>", 1, set())


async def test_a_reply_notifies_whom_it_answers_if_allowed(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """`replied_user` decides, and the answered message is shown with it."""
    ada = fake_discord.member("Ada")
    said = await ada.send_message(videos, "hello")
    for replied in (False, True):
        body: dict[str, Any] = {
            "content": "well",
            "message_reference": {"message_id": str(said.id)},
            "allowed_mentions": {"parse": [], "replied_user": replied},
        }
        _, posted = await rest("POST", place, body)
        assert posted["referenced_message"]["content"] == "hello"
    assert [message.notified_user_ids for message in videos.messages[1:]] == [set(), {ada.id}]


async def test_history_is_paged_as_discord_does(rest: RestClient, place: str) -> None:
    """Newest first always; `after` gives the oldest that follow."""
    ids = [(await rest("POST", place, {"content": f"{n}"}))[1]["id"] for n in range(5)]

    async def said(query: str) -> str:
        return "".join(message["content"] for message in (await rest("GET", place + query))[1])

    assert await said("") == "43210"
    assert await said("?limit=2") == "43"
    assert await said(f"?before={ids[2]}") == "10"
    assert await said(f"?after={ids[1]}&limit=2") == "32"
    assert await said(f"?around={ids[2]}&limit=3") == "321"
    assert await rest.request_refused("GET", f"{place}?limit=101") == (400, 50035)


async def test_an_attachment_is_served_to_whoever_has_the_link(
    fake_discord: FakeDiscord, rest: RestClient, videos: Channel, place: str
) -> None:
    """With a fresh link on every look, in parts if wanted, and not with a changed link."""
    form = aiohttp.FormData(quote_fields=False)
    payload = (
        '{"flags": 32768, "attachments": [{"id": 0, "description": "a lake"}], "components":'
        ' [{"type": 12, "items": [{"media": {"url": "attachment://clip.mp4"}}]}]}'
    )
    form.add_field("payload_json", payload)
    form.add_field("files[0]", io.BytesIO(b"0123456789"), filename="clip.mp4")
    status, posted = await rest("POST", place, data=form)
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
    rest: RestClient, videos: Channel, place: str
) -> None:
    """Without `attachments` all files stay; with it, only those that are named."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", '{"content": "two"}')
    for number in range(2):
        form.add_field(f"files[{number}]", io.BytesIO(b"x"), filename=f"{number}.txt")
    _, posted = await rest("POST", place, data=form)
    mine = f"{place}/{posted['id']}"
    _, edited = await rest("PATCH", mine, {"content": "still two"})
    assert len(edited["attachments"]) == 2
    kept = {"attachments": [{"id": edited["attachments"][1]["id"]}]}
    _, edited = await rest("PATCH", mine, kept)
    assert [file["filename"] for file in edited["attachments"]] == ["1.txt"]
    assert len(videos.messages[0].attachments) == 1


async def test_waiting_in_vain_tells_what_is_there(
    fake_discord: FakeDiscord, videos: Channel
) -> None:
    """The error is a TimeoutError, names what was awaited, and lists the messages."""
    await fake_discord.member("Ada").send_message(videos, "hello", [Upload("lake.png", b"x")])
    with pytest.raises(TimeoutError, match=r"(?s)a clip in #videos.*Ada: 'hello' \[lake.png\]"):
        await videos.wait_for(lambda _: False, within=0.01, awaited="a clip")
    with pytest.raises(WaitTimeoutError, match="no bot with no commands"):
        await fake_discord.wait_for_commands({"video"}, within=0.01)
