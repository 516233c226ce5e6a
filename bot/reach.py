"""Tries whether what comes to the public address arrives here."""

import secrets
from contextlib import AsyncExitStack, suppress

import aiohttp

from bot.errors import CannotStart
from bot.keeping import folder_of
from bot.settings import Settings
from bot.web import media
from bot.web.server import serve
from storage.media import MediaFolder
from workflow.hosting.links import PATH, SignedLinks
from workflow.hosting.signing import Seal

_TIMEOUT = aiohttp.ClientTimeout(total=15)


async def is_reached(settings: Settings, public_url: str) -> bool:
    """Ask the public address for a link that nobody signed, and tell whether we said that.

    Where the service is not running, its port is answered here meanwhile.

    Raises:
        aiohttp.ClientError: nothing answers at the public address.
        TimeoutError: as above.
    """
    async with AsyncExitStack() as stack:
        nothing = SignedLinks(public_url, Seal(secrets.token_bytes(32), "none"))
        routes = media.routes(nothing, MediaFolder(folder_of(settings.media_store)), lambda: 0)
        with suppress(CannotStart):  # where the port is taken, the service itself answers
            await stack.enter_async_context(serve(settings.http_host, settings.http_port, routes))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False)
        )
        address = f"{public_url}{PATH}doctor"
        async with session.get(address, allow_redirects=False) as answer:
            return answer.status == 404 and await answer.text() == media.NO_SUCH_LINK
