"""Discord's refusals and connection errors as the workflow's publish errors."""

from collections.abc import Awaitable
from typing import TypeVar

import aiohttp
import discord

from cogs.publishing.refusals import to_refusal_error
from workflow.errors import PublishError, TemporaryPublishError

T = TypeVar("T")


async def call_discord(request: Awaitable[T]) -> T:
    """Await a request to Discord, and raise its errors as publish errors."""
    try:
        return await request
    except Exception as error:
        raise to_publish_error(error) from error


def to_publish_error(error: Exception) -> Exception:
    """Return the publish error for an error of a request to Discord."""
    match error:
        case PublishError():
            return error
        case discord.HTTPException():
            return to_refusal_error(error)
        case discord.RateLimited():
            return TemporaryPublishError(f"rate limited for {error.retry_after:.0f} s")
        case aiohttp.ClientError() | OSError() | TimeoutError():
            return TemporaryPublishError(f"no answer from Discord ({type(error).__name__})")
        case _:
            # discord.py raises anything on a malformed response: a proxy's, or one cut off.
            return TemporaryPublishError(f"an odd answer from Discord ({type(error).__name__})")
