"""Checks of what is on this machine: limits, disk, port, and the public address."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import aiohttp

from bot.cli.findings import CheckFailed, Finding, warn
from bot.errors import CannotStart
from bot.limits import describe_limits
from bot.media_store import media_folder_path, open_media
from bot.settings import Settings
from bot.web import media
from bot.web.server import serve
from storage.media import MediaFolder
from workflow.disk_space import measure_disk_space
from workflow.urls.signed_urls import MEDIA_PATH, SignedUrls
from workflow.urls.signing import Signer

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15)
_AT_ONCE: Final = aiohttp.ClientTimeout(total=2)


_IN_VAIN: Final = (
    "Callbacks and links do not arrive: videos of words alone come late, those of pictures not at "
    "all"
)


async def check_limits(settings: Settings) -> Finding:
    """Print the limits in force."""
    await asyncio.sleep(0)
    text = f"a day: {describe_limits(settings)}"
    if settings.global_daily_limit_usd is None:
        return warn(f"{text}: nothing bounds what may be spent a day")
    return Finding(text)


async def check_disk(settings: Settings) -> Finding:
    """Write to the media store and look how much room there is."""
    store, _ = await asyncio.to_thread(open_media, settings.media_store, lambda: 0)
    disk_space = measure_disk_space(store, settings.apixo_max_tasks)
    text = f"{disk_space.free_bytes / 1e9:.1f} GB free in {settings.media_store}"
    if disk_space.is_low:
        raise CheckFailed(
            f"{text}: below {disk_space.min_free_bytes / 1e9:.1f} GB nothing is submitted"
        )
    return Finding(text)


async def check_port(settings: Settings) -> Finding:
    """Take the HTTP port for a moment, or find this service there."""
    place = f"{settings.http_host}:{settings.http_port}"
    try:
        async with serve(settings.http_host, settings.http_port, ()):
            return Finding(f"{place} is free")
    except CannotStart:
        if await read_readiness(settings) is not None:
            return Finding(f"the service answers at {place}")
        raise


async def read_readiness(settings: Settings) -> Mapping[str, Any] | None:
    """Return what the service that runs says of itself; None if none answers at its port.

    That it lives it says at once; how it is may take some seconds.
    """
    root = f"http://{settings.http_host}:{settings.http_port}"
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session:
            async with session.get(f"{root}/healthz", timeout=_AT_ONCE) as answer:
                await answer.json()
            async with session.get(f"{root}/readyz") as answer:
                readiness: Mapping[str, Any] = await answer.json()
            return readiness if {"ready", "failing"} <= readiness.keys() else None
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError):
        return None


async def check_public_address(settings: Settings) -> Finding:
    """Look whether the public address leads here; without it most videos are made all the same."""
    assert settings.public_url is not None, "only then there is something to check"
    try:
        leads_here = await is_publicly_reachable(settings, settings.public_url)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return warn(f"PUBLIC_URL: nothing answers there ({type(error).__name__}). {_IN_VAIN}")
    if not leads_here:
        return warn(f"PUBLIC_URL: something else than this service answers there. {_IN_VAIN}")
    return Finding("leads here")


async def is_publicly_reachable(settings: Settings, public_url: str) -> bool:
    """Return whether the public URL leads to this service, by requesting an unsigned link.

    If the service is not running, its port is served here meanwhile.

    Raises:
        aiohttp.ClientError: nothing answers at the public URL.
        TimeoutError: likewise.
    """
    async with AsyncExitStack() as stack:
        unsigned_urls = SignedUrls(public_url, Signer(secrets.token_bytes(32), "none"))
        routes = media.routes(
            unsigned_urls, MediaFolder(media_folder_path(settings.media_store)), lambda: 0
        )
        with suppress(CannotStart):  # the port is taken: the service itself answers
            await stack.enter_async_context(serve(settings.http_host, settings.http_port, routes))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False)
        )
        address = f"{public_url}{MEDIA_PATH}doctor"
        async with session.get(address, allow_redirects=False) as answer:
            return answer.status == 404 and await answer.text() == media.NO_SUCH_LINK
