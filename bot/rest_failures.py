"""Failed requests to Discord: final refusals, requested waits, and words for the log."""

from typing import Final

import aiohttp
import discord

_JSON: Final = "application/json"
_LONGEST_REQUESTED_PAUSE_S: Final = 3_600.0


def is_refusal(error: BaseException | None) -> bool:
    """Return whether Discord itself refused a request, which no waiting changes.

    What is not Discord's JSON comes from something in front of it, and passes.
    """
    return (
        isinstance(error, discord.HTTPException)
        and 400 <= error.status < 500
        and error.status not in (408, 429)
        and error.response.headers.get("Content-Type") == _JSON
    )


def requested_pause_s(error: Exception) -> float:
    """Return the seconds that Discord, or something in front of it, asks to wait: an hour at most.

    It is 0 if nothing was asked for.
    """
    if isinstance(error, discord.RateLimited):
        return min(error.retry_after, _LONGEST_REQUESTED_PAUSE_S)
    if isinstance(error, discord.HTTPException) and error.status == 429:
        requested = error.response.headers.get("Retry-After", "")
        if requested.isascii() and requested.isdecimal():
            return min(float(requested), _LONGEST_REQUESTED_PAUSE_S)
    return 0.0


def describe_failure(error: Exception) -> str:
    """Return what went wrong with a request, without quoting what a server answered."""
    match error:
        case discord.HTTPException(code=0):
            return f"HTTP {error.status}"
        case discord.HTTPException():
            return f"HTTP {error.status}, code {error.code}"
        case aiohttp.ClientConnectorDNSError():
            return "the name of Discord's server cannot be resolved"
        case aiohttp.ClientConnectorError():
            return "Discord's server cannot be reached"
        case discord.RateLimited() | aiohttp.ClientError() | OSError():
            return type(error).__name__
        case _:
            # The library raises anything on a malformed answer.
            return f"an odd answer ({type(error).__name__})"
