"""Logging in at Discord: outages are waited out, and what a person must repair ends it."""

import asyncio

import discord
import structlog

from bot.client import DailiesBot
from bot.errors import CannotStart
from bot.pauses import growing_pause_s
from bot.rest_failures import describe_failure, is_refusal, requested_pause_s

_log = structlog.get_logger(__name__)


async def stay_connected(bot: DailiesBot, token: str) -> None:
    """Log in and keep the gateway connected, through every outage, until the bot is closed.

    Raises:
        CannotStart: Discord does not accept the token.
        GatewayRefused: Discord refuses the connection for a reason that only a person can repair.
    """
    failures = 0
    while (pause_s := await _log_in(bot, token, failures)) is not None:
        failures += 1
        await asyncio.sleep(pause_s)
    await bot.connect()


async def _log_in(bot: DailiesBot, token: str, failures: int) -> float | None:
    """Log in; return None, or the seconds to wait before the next attempt."""
    try:
        await bot.login(token)
    except Exception as error:  # noqa: BLE001 - the library raises anything on a malformed answer
        if isinstance(error, discord.LoginFailure) and is_refusal(error.__cause__):
            raise CannotStart("DISCORD_TOKEN: Discord does not accept this token") from None
        await _forget_session(bot)
        pause_s = max(growing_pause_s(failures + 1), requested_pause_s(error))
        _log.warning(
            "Discord not reached", error=describe_failure(error), retry_in_s=round(pause_s, 1)
        )
        return pause_s
    return None


async def _forget_session(bot: DailiesBot) -> None:
    """Close the library's HTTP session: each attempt to log in opens one."""
    await bot.http.close()
    bot.http.clear()
    bot.http.connector = discord.utils.MISSING
