"""What can be posted, changed and deleted where: in threads, forums, voice and other channels."""

import discord
import pytest

from sandbox.discord import Channel, FakeDiscord, Permission
from sandbox.discord.errors import ClientActionRefused
from sandbox.discord.models import ChannelType
from tests.harness.stock_client import RestClient, StockClient, run_bot

SAID = {"content": "said"}


@pytest.fixture
def thread(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.channel("videos-talk")


@pytest.fixture
def place(thread: Channel) -> str:
    return f"/channels/{thread.id}/messages"


async def post(rest: RestClient, place: str) -> str:
    """Post a message, and give its path."""
    status, posted = await rest("POST", place, SAID)
    assert status == 200
    return f"{place}/{posted['id']}"


async def test_an_archived_thread_takes_posts_and_deletions_alone(
    fake_discord: FakeDiscord, rest: RestClient, thread: Channel, place: str
) -> None:
    """A post takes it up again; a deletion does not, and an edit is refused."""
    message = await post(rest, place)
    fake_discord.world.archive_thread(thread)
    assert await rest.request_refused("PATCH", message, SAID) == (400, 50083)
    assert (await rest("DELETE", message))[0] == 204
    assert thread.archived
    await post(rest, place)
    assert not thread.archived


async def test_a_member_who_may_write_there_unarchives_a_thread(
    fake_discord: FakeDiscord, rest: RestClient, thread: Channel, place: str
) -> None:
    """Then its messages can be edited; to put it away takes more."""
    message = await post(rest, place)
    fake_discord.world.archive_thread(thread)
    path = f"/channels/{thread.id}"
    status, answer = await rest("PATCH", path, {"archived": False})
    assert (status, answer["thread_metadata"]["archived"]) == (200, False)
    assert (await rest("PATCH", message, SAID))[0] == 200
    assert await rest.request_refused("PATCH", path, {"archived": True}) == (403, 50013)
    fake_discord.world.deny(thread, Permission.SEND_MESSAGES_IN_THREADS)
    fake_discord.world.archive_thread(thread)
    assert await rest.request_refused("PATCH", path, {"archived": False}) == (403, 50013)


async def test_a_locked_thread_takes_the_permission_to_manage_threads(
    fake_discord: FakeDiscord, rest: RestClient, thread: Channel, place: str
) -> None:
    """Archived too, not even a deletion is left."""
    message, other = await post(rest, place), await post(rest, place)
    fake_discord.world.lock_thread(thread)
    assert await rest.request_refused("POST", place, SAID) == (403, 160005)
    assert await rest.request_refused("PATCH", message, SAID) == (403, 160005)
    assert (await rest("DELETE", other))[0] == 204
    fake_discord.world.archive_thread(thread)
    assert await rest.request_refused("POST", place, SAID) == (403, 160005)
    assert await rest.request_refused("PATCH", message, SAID) == (400, 50083)
    assert await rest.request_refused("DELETE", message) == (400, 50083)
    path = f"/channels/{thread.id}"
    assert await rest.request_refused("PATCH", path, {"archived": False}) == (403, 50013)
    fake_discord.world.allow(thread, Permission.MANAGE_THREADS)
    assert (await rest("PATCH", path, {"archived": False}))[0] == 200
    assert (await rest("PATCH", message, SAID))[0] == 200


async def test_commands_are_not_typed_into_an_archived_thread(
    fake_discord: FakeDiscord, thread: Channel
) -> None:
    """Nor into a forum, which has no place to type."""
    async with run_bot(fake_discord, StockClient(discord.Intents(guilds=True))) as bot:
        bot.tree.add_command(
            discord.app_commands.Command(name="video", description="d", callback=_do)
        )
        await bot.tree.sync()
        ada = fake_discord.member("Ada")
        fake_discord.world.archive_thread(thread)
        forum = fake_discord.world.add_channel(ada.guild, "forum", kind=ChannelType.FORUM)
        for closed in (thread, forum):
            with pytest.raises(ClientActionRefused):
                await ada.run_command(closed, "video")


async def _do(_: discord.Interaction) -> None:
    """Do nothing."""


KINDS = {
    ChannelType.TEXT: discord.TextChannel,
    ChannelType.ANNOUNCEMENT: discord.TextChannel,
    ChannelType.VOICE: discord.VoiceChannel,
    ChannelType.STAGE: discord.StageChannel,
    ChannelType.FORUM: discord.ForumChannel,
    ChannelType.MEDIA: discord.ForumChannel,
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_channel_but_forums_takes_messages(
    fake_discord: FakeDiscord, rest: RestClient, kind: ChannelType
) -> None:
    """A forum's or media channel's threads do; the library reads each by its kind."""
    guild = fake_discord.world.guild()
    channel = fake_discord.world.add_channel(guild, "place", kind=kind)
    thread = fake_discord.world.add_thread(channel, "place-talk")
    place = f"/channels/{channel.id}/messages"
    if kind.holds_threads_only:
        assert await rest.request_refused("POST", place, SAID) == (400, 40058)
    else:
        await post(rest, place)
    await post(rest, f"/channels/{thread.id}/messages")
    async with run_bot(fake_discord, StockClient(discord.Intents(guilds=True))) as bot:
        assert type(bot.get_channel(channel.id)) is KINDS[kind]


async def test_an_archived_thread_is_not_brought_by_the_gateway(
    fake_discord: FakeDiscord, thread: Channel
) -> None:
    """It is there when it is asked for."""
    fake_discord.world.archive_thread(thread)
    async with run_bot(fake_discord, StockClient(discord.Intents(guilds=True))) as bot:
        assert bot.get_channel(thread.id) is None
        fetched = await bot.fetch_channel(thread.id)
    assert isinstance(fetched, discord.Thread)
    assert fetched.archived
