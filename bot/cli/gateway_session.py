"""A session at Discord's gateway, begun as the service begins one, and ended at once.

Nothing else shows whether the gateway takes the token and the intents. It costs one of the day's
1,000 sessions, so none is begun while the service runs and says that it is connected.
"""

import asyncio
import json
import sys
from typing import Any, Final

import aiohttp
from discord.gateway import DiscordWebSocket
from yarl import URL

from bot.cli.findings import CheckFailed, Unreachable
from bot.settings import Settings
from bot.sharding.connection import INTENTS, REFUSALS

_TIMEOUT_S: Final = 20
_DISPATCH, _IDENTIFY, _INVALID_SESSION = 0, 2, 9


async def begin_session(settings: Settings, shards: int) -> None:
    """Begin a session for the first of so many shards, and end it.

    Raises:
        CheckFailed: Discord refuses it for a reason that only a person can repair.
        Unreachable: the gateway does not answer.
    """
    url = URL(settings.discord_gateway_url or str(DiscordWebSocket.DEFAULT_GATEWAY))
    try:
        async with (
            asyncio.timeout(_TIMEOUT_S),
            aiohttp.ClientSession(trust_env=False) as session,
            session.ws_connect(
                url.with_query(v="10", encoding="json"), max_msg_size=0, heartbeat=None
            ) as socket,
        ):
            await socket.receive_json()  # how often a heartbeat is wanted
            await socket.send_json({"op": _IDENTIFY, "d": _identity(settings, shards)})
            await _await_ready(socket)
    except aiohttp.WSServerHandshakeError as error:
        raise Unreachable(f"the gateway answered {error.status}") from None
    except (aiohttp.ClientError, TimeoutError, OSError, TypeError, ValueError) as error:
        raise Unreachable(f"the gateway cannot be reached ({type(error).__name__})") from None


def _identity(settings: Settings, shards: int) -> dict[str, Any]:
    library = "discord.py"
    return {
        "token": settings.discord_token.get_secret_value(),
        "properties": {"os": sys.platform, "browser": library, "device": library},
        "intents": INTENTS.value,
        "shard": [0, shards],
    }


async def _await_ready(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Return when the session is ready, or was put off because another one has just begun."""
    while True:
        message = await socket.receive()
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            break
        frame = json.loads(message.data)
        if frame["op"] == _INVALID_SESSION or (frame["op"] == _DISPATCH and frame["t"] == "READY"):
            return
    code = socket.close_code
    if (refusal := REFUSALS.get(code or 0)) is not None:
        raise CheckFailed(f"{refusal} (close code {code})")
    raise Unreachable(f"the gateway ends the connection (close code {code})")
