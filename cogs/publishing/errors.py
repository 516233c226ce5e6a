"""Discord's refusals and connection errors as the workflow's publish errors."""

from collections.abc import Awaitable
from typing import Final, TypeVar

import aiohttp
import discord

from workflow.errors import ChannelUnavailable, PublishError, TemporaryPublishError, TooLargeToPost

_TOO_LARGE: Final = 40005
_FILTERED: Final = frozenset({200000, 200001, 240000, 20009})
_GONE: Final = frozenset({10003, 10004, 10013, 40003, 50001, 50007, 50013, 50083, 50278, 160005})

T = TypeVar("T")


class BlockedByAutoMod(PublishError):
    """AutoMod of the channel refused the text."""


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
            return _from_http_error(error)
        case aiohttp.ClientError() | OSError() | TimeoutError():
            return TemporaryPublishError(f"no answer from Discord ({type(error).__name__})")
        case _:
            # discord.py raises anything on a malformed response: a proxy's, or one cut off.
            return TemporaryPublishError(f"an odd answer from Discord ({type(error).__name__})")


def _from_http_error(error: discord.HTTPException) -> PublishError:
    if error.code in _FILTERED:
        return BlockedByAutoMod(error.text)
    if error.status == 413 or error.code == _TOO_LARGE:
        return TooLargeToPost(error.text)
    if error.status >= 500 or error.status in (401, 429):
        return TemporaryPublishError(f"Discord answered {error.status}")
    if error.status == 403 and error.code == 0:
        return TemporaryPublishError("refused by something in front of Discord")
    if error.status in (403, 404) or error.code in _GONE:
        return ChannelUnavailable(error.text)
    return PublishError(f"Discord refused: {error.text}")
