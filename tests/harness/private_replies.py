"""Private replies of a client that is not the whole service."""

import time

import discord

from cogs.publishing.ephemeral_replies import EphemeralReplies, PrivateReply
from storage.database import Database
from workflow.pending_interactions import PendingStore
from workflow.token_cipher import TokenCipher


def private_replies(client: discord.Client, database: Database) -> EphemeralReplies:
    """Keep private replies in a database."""
    store = PendingStore(
        database, lambda: time.time_ns() // 1_000_000, "private reply", PrivateReply
    )
    return EphemeralReplies(client, store, TokenCipher("a token"))
