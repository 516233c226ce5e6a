"""Servers with the bot and without: what the gateway brings, and what REST answers."""

from sandbox.discord import FakeDiscord, Permission
from tests.harness.stock_client import RestClient, StockClient, discord, run_bot, wait_until


async def test_a_server_without_the_bot_is_unknown(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Itself with 10004, whether it exists or not; what is in it with 50001."""
    world = fake_discord.world
    guild = world.add_guild("Commands only", world.user("Ada"), commands_only=True)
    lobby = world.add_channel(guild, "lobby")
    assert await rest.request_refused("GET", f"/guilds/{guild.id}") == (404, 10004)
    assert await rest.request_refused("GET", "/guilds/1") == (404, 10004)
    for path in ("channels", "roles", f"members/{world.bot_user.id}"):
        assert await rest.request_refused("GET", f"/guilds/{guild.id}/{path}") == (403, 50001)
    assert await rest.request_refused("GET", f"/channels/{lobby.id}") == (403, 50001)


async def test_a_member_is_looked_up_without_the_members_intent(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Who has left is 10007; an account that is gone, 10013."""
    world = fake_discord.world
    guild, ada = world.guild(), world.user("Ada")
    _, found = await rest("GET", f"/guilds/{guild.id}/members/{ada.id}")
    assert found["user"]["id"] == str(ada.id)
    world.remove_member(guild, ada)
    path = f"/guilds/{guild.id}/members"
    assert await rest.request_refused("GET", f"{path}/{ada.id}") == (404, 10007)
    assert await rest.request_refused("GET", f"{path}/5") == (404, 10013)


async def test_commands_alone_bring_interactions_and_nothing_else(
    fake_discord: FakeDiscord,
) -> None:
    """`app_permissions` are everyone's there, so they do not show that the bot is no member."""
    world = fake_discord.world
    bot = StockClient(discord.Intents(guilds=True))
    heard: list[str] = []

    @bot.tree.command(name="ping", description="Answer")
    async def ping(interaction: discord.Interaction[StockClient]) -> None:
        heard.append(str(interaction.app_permissions.attach_files))
        await interaction.response.send_message("pong", ephemeral=True)

    async with run_bot(fake_discord, bot):
        await fake_discord.wait_for_commands({"ping"})
        guild = world.add_guild("Commands only", world.user("Ada"), commands_only=True)
        lobby = world.add_channel(guild, "lobby")
        ada = fake_discord.member("Ada", "Commands only")
        assert (await (await ada.run_command(lobby, "ping")).until_answered()).text == "pong"
        world.deny(lobby, Permission.ATTACH_FILES, guild.roles[guild.id])
        await (await ada.run_command(lobby, "ping")).until_answered()
        assert bot.get_guild(guild.id) is None
        world.add_bot(guild)
        await wait_until(bot, lambda: bot.get_guild(guild.id) is not None)
        assert (await (await ada.run_command(lobby, "ping")).until_answered()).text == "pong"
    assert heard == ["True", "False", "False"]


async def test_joining_leaving_and_an_outage_are_told_apart(fake_discord: FakeDiscord) -> None:
    """By `unavailable`, which only an outage sets."""
    world = fake_discord.world
    bot = StockClient(discord.Intents(guilds=True))
    async with run_bot(fake_discord, bot):
        guild = world.guild()
        world.set_available(guild, available=False)
        await bot.wait_for("guild_unavailable", timeout=120)
        world.set_available(guild, available=True)
        await bot.wait_for("guild_available", timeout=120)
        seen = bot.get_guild(guild.id)
        assert seen is not None
        await seen.leave()
        await bot.wait_for("guild_remove", timeout=120)
        assert not guild.has_commands
        world.add_bot(guild)
        await bot.wait_for("guild_join", timeout=120)
