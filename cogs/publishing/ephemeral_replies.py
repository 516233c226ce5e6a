"""Private replies to requests for private videos, kept for as long as they can be edited.

An interaction's token is valid for 15 minutes, acts for its member, and stays in memory alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord
import structlog
from cachetools import TTLCache
from discord import ui

from cogs.ui.routing import Interaction
from domain.job_view import JobView

_log = structlog.get_logger(__name__)

_TTL_MS: Final = 14 * 60_000
"""A little less than the token is valid for, because sending takes time."""

_MAX_REPLIES: Final = 1_000


@dataclass(slots=True)
class _Reply:
    interaction: Interaction
    shows_status: bool
    is_used: bool = False


class EphemeralReplies:
    """The latest interaction of each user about a private job; no user gets another's."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._replies = TTLCache[tuple[str, int], _Reply](_MAX_REPLIES, ttl=_TTL_MS, timer=now_ms)

    def remember(self, job_id: str, interaction: Interaction, *, shows_status: bool) -> None:
        """Keep an interaction; with `shows_status`, its own reply may show the job's status."""
        self._replies[job_id, interaction.user.id] = _Reply(interaction, shows_status)

    async def update_status(self, job: JobView, view: ui.LayoutView) -> None:
        """Show a job's status in the private reply to its request, if it can still be edited."""
        reply = self._find(job)
        if reply is None or not reply.shows_status:
            return
        try:
            await reply.interaction.edit_original_response(view=view)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.warning("private reply not updated", job=job.id, error=error)

    def find_interaction(self, job: JobView) -> Interaction | None:
        """Return the interaction to send the result with, if it has not been used for that."""
        reply = self._find(job)
        return None if reply is None or reply.is_used else reply.interaction

    def set_used(self, job: JobView) -> None:
        """Note that the interaction has sent the result, perhaps: such a post has no nonce."""
        if (reply := self._find(job)) is not None:
            reply.is_used = True

    def _find(self, job: JobView) -> _Reply | None:
        return self._replies.get((job.id, job.user_id))
