"""Servers that the bot has left: what waits there is released at once."""

import discord
import structlog
from discord.ext import commands

from domain.errors import Outage
from domain.obstacles import Obstacle, ObstacleKind
from workflow.context import Context
from workflow.servers.release import release_waiting

_log = structlog.get_logger(__name__)


class ServersCog(commands.Cog):
    """Listens to what the gateway says of the bot's servers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @commands.Cog.listener("on_guild_remove")
    async def release(self, guild: discord.Guild) -> None:
        """Release what waits on a server that the bot was removed from.

        Discord's own outages make a server unavailable, and it stays the bot's.
        """
        try:
            await release_waiting(self._context, guild.id, Obstacle(ObstacleKind.SERVER_LEFT))
        except Outage as error:  # a periodic task looks for it again
            _log.warning("server release delayed by outage", server=guild.id, reason=str(error))
