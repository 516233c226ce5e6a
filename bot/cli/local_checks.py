"""Checks of what is on this machine: limits, database, disk, port, and the public address."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp

from bot.cli.findings import CheckFailed, Finding, warn
from bot.errors import CannotStart
from bot.media_store import media_folder_path, open_media
from bot.settings import Settings
from bot.web import media
from bot.web.server import serve
from domain.money import MicroUSD, format_usd_en
from storage.database import Database
from storage.database_url import SqliteAddress, parse_database_url
from storage.errors import SchemaTooOld
from storage.media import MediaFolder
from workflow.disk_space import measure_disk_space
from workflow.urls.signed_urls import MEDIA_PATH, SignedUrls
from workflow.urls.signing import Signer

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15)


async def check_limits(settings: Settings) -> Finding:
    """Print the limits in force."""
    shown = ", ".join(
        f"{name} {_describe_limit(amount)}"
        for name, amount in (
            ("member", settings.user_daily_limit_usd),
            ("server", settings.server_daily_limit_usd),
            ("everything", settings.global_daily_limit_usd),
        )
    )
    exposure = _describe_limit(settings.exposure_limit_usd)
    text = f"a day: {shown}; lost answers {exposure}"
    if settings.global_daily_limit_usd is None:
        return warn(f"{text}: nothing bounds what may be spent a day")
    return Finding(text)


def _describe_limit(amount: MicroUSD | None) -> str:
    return "without limit" if amount is None else format_usd_en(amount)


@asynccontextmanager
async def open_existing(settings: Settings) -> AsyncGenerator[Database | None]:
    """Open the database for reading; None if the service has never made its file or tables."""
    if _missing_file(settings) is not None:
        yield None
        return
    async with await Database.open(settings.database_url, read_only=True) as database:
        yield database if await database.read_schema() is not None else None


def _missing_file(settings: Settings) -> Path | None:
    """Return the path of a SQLite database that was never started, else None."""
    address = parse_database_url(settings.database_url)
    if not isinstance(address, SqliteAddress) or address.path.exists():
        return None
    return address.path


async def check_database(settings: Settings) -> Finding:
    """Open the database, if it was ever started."""
    if (path := _missing_file(settings)) is not None:
        return Finding(f"{path} will be made at the first start")
    async with open_existing(settings) as database:
        if database is None:
            return Finding("answers; its tables will be made at the first start")
        try:
            await database.ping()
        except SchemaTooOld as error:
            return warn(
                f"answers; its schema {error.revision} is brought to {error.newest} at the next "
                "start: `python -m bot backup` first"
            )
    return Finding("answers")


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
        if await _is_alive(f"http://{place}/healthz"):
            return Finding(f"the service answers at {place}")
        raise


async def _is_alive(address: str) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session,
            session.get(address) as answer,
        ):
            return (await answer.json())["alive"] is True
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
        return False


async def check_public_address(settings: Settings) -> Finding:
    """Look whether the public address leads here."""
    assert settings.public_url is not None, "only then there is something to check"
    if not await is_publicly_reachable(settings, settings.public_url):
        raise CheckFailed("PUBLIC_URL: something else than this service answers there")
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
