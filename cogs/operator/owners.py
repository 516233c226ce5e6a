"""Knows who runs the service, as Discord tells it, and writes to them."""

from typing import Final

import aiohttp
import discord
import structlog
from discord import ui

_log = structlog.get_logger(__name__)

_NOBODY: Final = discord.AllowedMentions.none()
_MAY_RUN_IT: Final = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
_FAULTS: Final = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


class Operators:
    """The owner of the application, or of a team's application those who may change it."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def user_ids(self) -> frozenset[int]:
        """List their users' ids.

        Raises:
            discord.DiscordException, aiohttp.ClientError, OSError: Discord does not tell.
        """
        return _ids(await self._client.application_info())

    async def notify(self, said: str | ui.LayoutView) -> bool:
        """Write to each of them privately; False if it reached nobody. Raises nothing."""
        try:
            found = await self.user_ids()
        except _FAULTS as error:
            _log.error("operators not known", error=str(error))
            return False
        return any([await self._write(user_id, said) for user_id in sorted(found)])

    async def _write(self, user_id: int, said: str | ui.LayoutView) -> bool:
        view = _card(said) if isinstance(said, str) else said
        try:
            channel = await self._client.create_dm(discord.Object(user_id))
            await channel.send(view=view, allowed_mentions=_NOBODY)
        except _FAULTS as error:
            _log.error("operator not told", operator=user_id, error=str(error))
            return False
        return True


def _ids(application: discord.AppInfo) -> frozenset[int]:
    team = application.team
    if team is None:
        return frozenset({application.owner.id})
    accepted = discord.TeamMembershipState.accepted
    able = (m for m in team.members if m.membership_state is accepted and m.role in _MAY_RUN_IT)
    return frozenset({member.id for member in able} | ({team.owner_id} if team.owner_id else set()))


def _card(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay[ui.LayoutView](text))
    return view
