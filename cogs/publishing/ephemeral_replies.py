"""Private replies to requests for private videos, kept for as long as they can be edited.

An interaction's token is valid for 15 minutes and acts for its member, so it is kept encrypted. Its
posts have no nonce: of all processes, one may post with it, once.
"""

from dataclasses import dataclass
from typing import Final, cast

import aiohttp
import discord
import structlog
from discord import ui

from cogs.ui.routing import Interaction
from domain.job_view import JobView
from workflow.pending_interactions import PendingStore
from workflow.token_cipher import TokenCipher

_log = structlog.get_logger(__name__)

TOKEN_MINUTES: Final = 14
"""A little less than the token is valid for, because sending takes time."""

_ORIGINAL: Final = cast("int", "@original")
"""Discord's name for the reply, in the place of a message's id."""


@dataclass(frozen=True, slots=True)
class PrivateReply:
    """The interaction of a reply; with `shows_status` the reply may show its job's status."""

    application_id: int
    encrypted_token: str
    shows_status: bool


class EphemeralReplies:
    """The latest interaction of each user about a private job; no user gets another's."""

    def __init__(
        self, client: discord.Client, replies: PendingStore[PrivateReply], cipher: TokenCipher
    ) -> None:
        self._client = client
        self._replies = replies
        self._cipher = cipher

    async def remember(self, job_id: str, interaction: Interaction, *, shows_status: bool) -> None:
        """Keep an interaction; with `shows_status`, its own reply may show the job's status."""
        user_id = interaction.user.id
        key = _key(job_id, user_id)
        token = self._cipher.encrypt(interaction.token, key)
        reply = PrivateReply(interaction.application_id, token, shows_status)
        await self._replies.put(key, user_id, reply)

    async def update_status(self, job: JobView, view: ui.LayoutView) -> None:
        """Show a job's status in the private reply to its request, if it can still be edited."""
        reply = await self._find(job)
        webhook = None if reply is None or not reply.shows_status else self._webhook(job, reply)
        if webhook is None:
            return
        try:
            await webhook.edit_message(_ORIGINAL, view=view)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.warning("private reply not updated", job=job.id, error=error)

    async def find_webhook(self, job: JobView) -> discord.Webhook | None:
        """Return what sends a result to its member as a follow-up; None if nothing does."""
        reply = await self._find(job)
        return None if reply is None else self._webhook(job, reply)

    async def use(self, job: JobView) -> bool:
        """Mark the interaction as used before it sends the result; False if it may have sent it."""
        return await self._replies.use(_key(job.id, job.user_id), job.user_id)

    async def release(self, job: JobView) -> None:
        """Take the mark back: Discord has refused the result, or was not asked."""
        await self._replies.release(_key(job.id, job.user_id))

    async def _find(self, job: JobView) -> PrivateReply | None:
        return await self._replies.get(_key(job.id, job.user_id), job.user_id)

    def _webhook(self, job: JobView, reply: PrivateReply) -> discord.Webhook | None:
        token = self._cipher.decrypt(reply.encrypted_token, _key(job.id, job.user_id))
        if token is None:
            return None
        webhook = discord.Webhook.partial(reply.application_id, token, client=self._client)
        webhook.type = discord.WebhookType.application
        return webhook


def _key(job_id: str, user_id: int) -> str:
    return f"{job_id}:{user_id}"
