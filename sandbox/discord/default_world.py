"""The world that a stand-in starts with: two servers, their members and channels."""

from sandbox.discord.models import Guild, Permission
from sandbox.discord.world import World


def build_default_world(world: World) -> None:
    """Make Dailies Studio (no boosts) and Big Screen (tier 2), both with the bot in them."""
    olga, maxim = world.add_user("Olga"), world.add_user("Max")
    ada, ben, nil = (world.add_user(name) for name in ("Ada", "Ben", "Nil"))
    studio = world.add_guild("Dailies Studio", olga)
    manager = world.add_role(studio, "Manager", Permission.MANAGE_GUILD)
    world.add_member(studio, maxim, manager)
    for user in (ada, ben, nil):
        world.add_member(studio, user)
    _open_channels(world, studio)
    for channel in world.channels_of(studio):
        world.deny(channel, Permission.ALL, nil)
    screen = world.add_guild("Big Screen", olga, tier=2)
    world.add_member(screen, ada)
    for name in ("videos", "general"):
        world.add_channel(screen, name)


def _open_channels(world: World, guild: Guild) -> None:
    videos = world.add_channel(guild, "videos")
    world.add_channel(guild, "general")
    world.add_channel(guild, "night", nsfw=True)
    quiet = world.add_channel(guild, "quiet")
    world.deny(quiet, Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS)
    world.add_thread(videos, "videos-talk")
