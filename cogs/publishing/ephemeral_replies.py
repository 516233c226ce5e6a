"""Interactions by which private videos can be sent, kept for as long as their tokens are valid.

An interaction's token is valid for 15 minutes and acts for its member, so it is kept encrypted. Its
posts have no nonce: of all processes, one may post with it, once.
"""

from dataclasses import dataclass
from typing import Final

import discord

from cogs.publishing.errors import to_publish_error
from cogs.publishing.video_messages import OutgoingMessage, open_videos
from cogs.ui.acknowledgements import AnswerLost
from cogs.ui.routing import Interaction
from domain.job_view import JobView
from workflow.errors import PostUnconfirmed
from workflow.pending_interactions import PendingStore
from workflow.token_cipher import TokenCipher

TOKEN_MINUTES: Final = 14
"""A little less than the token is valid for, because sending takes time."""


@dataclass(frozen=True, slots=True)
class PrivateReply:
    """The interaction of a reply."""

    application_id: int
    encrypted_token: str


class EphemeralReplies:
    """The latest interaction of each user about a private job; no user gets another's."""

    def __init__(
        self, client: discord.Client, replies: PendingStore[PrivateReply], cipher: TokenCipher
    ) -> None:
        self._client = client
        self._replies = replies
        self._cipher = cipher

    async def remember(self, job_id: str, interaction: Interaction) -> None:
        """Keep an interaction."""
        user_id = interaction.user.id
        key = _key(job_id, user_id)
        token = self._cipher.encrypt(interaction.token, key)
        reply = PrivateReply(interaction.application_id, token)
        await self._replies.put(key, user_id, reply)

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
        return interaction_webhook(self._client, reply.application_id, token)


def interaction_webhook(client: discord.Client, application_id: int, token: str) -> discord.Webhook:
    """Return what edits and follows up an interaction's answer with its token."""
    webhook = discord.Webhook.partial(application_id, token, client=client)
    webhook.type = discord.WebhookType.application
    return webhook


async def send_followup(webhook: discord.Webhook, message: OutgoingMessage) -> int:
    """Send a result to its member alone, as a follow-up to an interaction.

    Raises:
        PostUnconfirmed: the answer is lost; nobody but the member sees whether it is there.
    """
    with open_videos(message.videos) as files:
        view = message.build_view(without_prompt=False)
        send = webhook.send(view=view, files=files, ephemeral=True, wait=True)
        try:
            return (await send).id
        except AnswerLost as error:
            raise PostUnconfirmed from error
        except Exception as error:
            raise to_publish_error(error) from error


def _key(job_id: str, user_id: int) -> str:
    return f"{job_id}:{user_id}"
