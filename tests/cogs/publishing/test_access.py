"""What the bot may do where: by what the gateway has brought, else by what Discord answers."""

import pytest

from cogs.publishing.publisher import DiscordPublisher
from domain.obstacles import Obstacle, ObstacleKind
from sandbox.discord import Channel, FakeDiscord, Fault, Permission
from tests.harness.stock_client import StockClient, wait_until
from workflow.errors import TemporaryPublishError

LEFT = Obstacle(ObstacleKind.SERVER_LEFT)
GONE = Obstacle(ObstacleKind.CHANNEL_GONE)


def lacking(*permissions: str) -> Obstacle:
    return Obstacle(ObstacleKind.PERMISSIONS_MISSING, permissions)


def asked(discord: FakeDiscord) -> int:
    """Count the requests about servers and channels."""
    return sum("/guilds/" in e.path or "/channels/" in e.path for e in discord.journal)


def forget(client: StockClient, guild_id: int) -> None:
    """Have a client without a gateway, as a worker of its own would be."""
    guild = client.get_guild(guild_id)
    assert guild is not None
    client._connection._remove_guild(guild)


async def test_what_the_gateway_has_brought_takes_no_request(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel
) -> None:
    """Servers, channels, and threads with the permissions of their channel."""
    assert videos.guild is not None
    guild, before = videos.guild.id, asked(fake_discord)
    quiet, talk = fake_discord.channel("quiet"), fake_discord.channel("videos-talk")
    assert await publisher.find_obstacle(guild, None) is None
    assert await publisher.find_obstacle(guild, videos.id) is None
    assert await publisher.find_obstacle(guild, talk.id) is None
    assert await publisher.find_obstacle(guild, quiet.id) == lacking(
        "send_messages", "attach_files"
    )
    assert asked(fake_discord) == before


@pytest.mark.parametrize("by_gateway", [True, False], ids=["gateway", "REST"])
@pytest.mark.parametrize(
    ("denied", "obstacle"),
    [
        (Permission.VIEW_CHANNEL, lacking("view_channel", "send_messages", "attach_files")),
        (Permission.SEND_MESSAGES, lacking("send_messages", "attach_files")),
        (Permission.ATTACH_FILES, lacking("attach_files")),
        (Permission.READ_MESSAGE_HISTORY | Permission.EMBED_LINKS, None),
    ],
)
async def test_each_permission_that_a_post_takes_is_looked_at(
    fake_discord: FakeDiscord,
    client: StockClient,
    publisher: DiscordPublisher,
    videos: Channel,
    denied: Permission,
    obstacle: Obstacle | None,
    *,
    by_gateway: bool,
) -> None:
    """By the gateway's picture, and by Discord's answers where there is none."""
    assert videos.guild is not None
    guild = videos.guild.id
    fake_discord.world.deny(videos, denied)
    await client.wait_for("guild_channel_update", timeout=120)
    if not by_gateway:
        forget(client, guild)
        if denied is Permission.VIEW_CHANNEL:
            obstacle = lacking("view_channel")  # Discord says no more of a hidden channel
    assert publisher.is_destination_cached(guild, videos.id) is by_gateway
    assert await publisher.find_obstacle(guild, videos.id) == obstacle


async def test_a_locked_thread_takes_one_who_manages_threads(
    fake_discord: FakeDiscord, client: StockClient, publisher: DiscordPublisher
) -> None:
    """By the gateway and by Discord's answers."""
    talk = fake_discord.channel("videos-talk")
    assert talk.guild is not None
    fake_discord.world.lock_thread(talk)
    await client.wait_for("thread_update", timeout=120)
    assert await publisher.find_obstacle(talk.guild.id, talk.id) == lacking("manage_threads")
    forget(client, talk.guild.id)
    assert await publisher.find_obstacle(talk.guild.id, talk.id) == lacking("manage_threads")


async def test_what_is_gone_is_asked_for_once_in_a_while(
    fake_discord: FakeDiscord, client: StockClient, publisher: DiscordPublisher, videos: Channel
) -> None:
    """A deleted channel, a server that the bot was removed from, one that it was never in."""
    world = fake_discord.world
    assert videos.guild is not None
    guild = videos.guild.id
    world.delete_channel(videos)
    await wait_until(client, lambda: client.get_channel(videos.id) is None)
    assert await publisher.find_obstacle(guild, videos.id) == GONE
    never = world.add_guild("Commands only", world.user("Ada"), commands_only=True)
    assert await publisher.find_obstacle(never.id, None) == LEFT
    assert not publisher.has_left(guild)
    world.remove_bot(videos.guild)
    await wait_until(client, lambda: client.get_guild(guild) is None)
    assert publisher.has_left(guild)
    general = fake_discord.channel("general")
    assert await publisher.find_obstacle(guild, general.id) == LEFT
    before = asked(fake_discord)
    for _ in range(20):
        assert await publisher.find_obstacle(guild, general.id) == LEFT
        assert await publisher.find_obstacle(never.id, None) == LEFT
    assert asked(fake_discord) == before
    world.add_bot(videos.guild)
    await wait_until(client, lambda: client.get_guild(guild) is not None)
    assert await publisher.find_obstacle(guild, general.id) is None, "the gateway is up to date"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503),
        Fault(status=403, message="an error page, or a proxy"),
        Fault(status=404, message="an error page, or a proxy"),
        Fault(status=401),
    ],
    ids=str,
)
async def test_what_discord_does_not_say_is_not_known(
    fake_discord: FakeDiscord,
    client: StockClient,
    publisher: DiscordPublisher,
    videos: Channel,
    fault: Fault,
) -> None:
    """Nothing is taken for gone, or kept, but what Discord's own codes say."""
    assert videos.guild is not None
    guild = videos.guild.id
    forget(client, guild)
    fake_discord.faults.add("GET", f"/guilds/{guild}", fault)
    with pytest.raises(TemporaryPublishError):
        await publisher.find_obstacle(guild, videos.id)
    assert await publisher.find_obstacle(guild, videos.id) is None


async def test_an_unavailable_server_is_not_left(
    fake_discord: FakeDiscord, client: StockClient, publisher: DiscordPublisher, videos: Channel
) -> None:
    """It is Discord's outage, so it is unknown until it is over."""
    assert videos.guild is not None
    fake_discord.world.set_available(videos.guild, available=False)
    await client.wait_for("guild_unavailable", timeout=120)
    with pytest.raises(TemporaryPublishError):
        await publisher.find_obstacle(videos.guild.id, videos.id)
    assert not publisher.has_left(videos.guild.id)
    fake_discord.world.set_available(videos.guild, available=True)
    await client.wait_for("guild_available", timeout=120)
    assert await publisher.find_obstacle(videos.guild.id, videos.id) is None
