"""Says in the workflow's words what Discord refused, and what went wrong on the way to it."""

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
    """The channel's word filter refused the text."""


async def call_discord(request: Awaitable[T]) -> T:
    """Await a request to Discord, with its errors in the workflow's words."""
    try:
        return await request
    except Exception as error:
        raise to_publish_error(error) from error


def to_publish_error(error: Exception) -> Exception:
    """Give the workflow's error for one of a request to Discord."""
    match error:
        case PublishError():
            return error
        case discord.HTTPException():
            return _refusal(error)
        case aiohttp.ClientError() | OSError() | TimeoutError():
            return TemporaryPublishError(f"no answer from Discord ({type(error).__name__})")
        case _:
            # An answer that the library stumbles over: a proxy's, or cut off.
            return TemporaryPublishError(f"an odd answer from Discord ({type(error).__name__})")


def _refusal(error: discord.HTTPException) -> PublishError:
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
