"""Examines what the service needs, one line each, before it is started or when it ails."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import click
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.client import ApixoClient
from apixo.errors import Unauthorized
from bot.errors import CannotStart
from bot.media_store import media_folder_path, open_media
from bot.settings import Settings
from bot.web import media
from bot.web.server import serve
from domain.errors import DailiesError
from domain.money import MicroUSD, format_usd_en
from storage.database import Database
from storage.media import MediaFolder
from workflow.billing import reconciliation
from workflow.billing.reconciliation import Reconciliation, WeeklyReconciliation
from workflow.disk_space import measure_disk_space
from workflow.urls.signed_urls import MEDIA_PATH, SignedUrls
from workflow.urls.signing import Signer

_TIMEOUT = aiohttp.ClientTimeout(total=15)


async def is_publicly_reachable(settings: Settings, public_url: str) -> bool:
    """Ask the public address for a link that nobody signed, and tell whether we said that.

    Where the service is not running, its port is answered here meanwhile.

    Raises:
        aiohttp.ClientError: nothing answers at the public address.
        TimeoutError: as above.
    """
    async with AsyncExitStack() as stack:
        nothing = SignedUrls(public_url, Signer(secrets.token_bytes(32), "none"))
        routes = media.routes(
            nothing, MediaFolder(media_folder_path(settings.media_store)), lambda: 0
        )
        with suppress(CannotStart):  # where the port is taken, the service itself answers
            await stack.enter_async_context(serve(settings.http_host, settings.http_port, routes))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False)
        )
        address = f"{public_url}{MEDIA_PATH}doctor"
        async with session.get(address, allow_redirects=False) as answer:
            return answer.status == 404 and await answer.text() == media.NO_SUCH_LINK


UNEXPLAINED_TOLERANCE: Final = MicroUSD(10_000)
"""An unexplained cent in a week; APIXO's own balance may be rounded to a hundredth of one."""


async def describe(tx: AsyncConnection, now_ms: int) -> tuple[str, bool]:
    """Say how the last reading and those of the last seven days fit; False if they do not."""
    reading = await reconciliation.reconcile_latest(tx)
    if reading is None:
        return "APIXO's balance was not read yet", True
    week = await reconciliation.reconcile_week(tx, now_ms)
    return f"{_last(reading)}; {_over(week)}", week.unexplained < UNEXPLAINED_TOLERANCE


def _last(reading: Reconciliation) -> str:
    at = datetime.fromtimestamp(reading.at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M")
    said = f"balance {format_usd_en(reading.balance)} at {at} UTC"
    if reading.top_up:
        return f"{said}, filled by about {format_usd_en(reading.top_up)}"
    said += f", difference to the ledger {format_usd_en(reading.difference)}"
    return (
        f"{said} (up to {format_usd_en(reading.in_flight)} in flight)"
        if reading.in_flight
        else said
    )


def _over(week: WeeklyReconciliation) -> str:
    filled = f", filled by about {format_usd_en(week.top_up)}" if week.top_up else ""
    unexplained = f"{format_usd_en(week.unexplained)} unexplained in {week.readings} readings"
    return f"last 7 days: {unexplained}{filled}"


_DISCORD = "https://discord.com/api/v10"
_NEEDED_PERMISSIONS = {
    "View Channels": 1 << 10,
    "Send Messages": 1 << 11,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Send Messages in Threads": 1 << 38,
}
_ADMINISTRATOR = 1 << 3
_INVITATION = (
    "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands"
    f"&permissions={sum(_NEEDED_PERMISSIONS.values())}"
)


class CheckFailed(DailiesError):
    """What is wrong, in words for the operator."""


async def run_checks(settings: Settings) -> int:
    """Print one line for each examination and return the exit code: 1 if any found something."""
    checks: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "token": _token,
        "permissions": _permissions,
        "key and balance": _balance,
        "database": _database,
        "reconciliation": _reconciliation,
        "disk": _disk,
    }
    if settings.public_url is not None:
        checks["public address"] = _public_address
    click.echo("ok    settings: every one can be used")
    found = [await _line(name, check, settings) for name, check in checks.items()]
    return 0 if all(found) else 1


async def _line(name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> bool:
    try:
        good = await check(settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        click.echo(f"FAIL  {name}: {error or type(error).__name__}")
        return False
    click.echo(f"ok    {name}: {good}")
    return True


async def _token(settings: Settings) -> str:
    me = await _ask_discord(settings, "/users/@me")
    return f"logs in as {me['username']}"


async def _permissions(settings: Settings) -> str:
    guilds = await _ask_discord(settings, "/users/@me/guilds")
    if not guilds:
        me = await _ask_discord(settings, "/users/@me")
        raise CheckFailed(f"it is in no server yet; invite it: {_INVITATION.format(me['id'])}")
    lacking = [
        f"{guild['name']} ({', '.join(missing)})"
        for guild in guilds
        if (missing := _missing(int(guild["permissions"])))
    ]
    if lacking:
        raise CheckFailed(f"lacking in {'; '.join(lacking)}")
    return f"{len(guilds)} server(s), nothing lacking"


def _missing(permissions: int) -> list[str]:
    if permissions & _ADMINISTRATOR:
        return []
    return [name for name, bit in _NEEDED_PERMISSIONS.items() if not permissions & bit]


async def _ask_discord(settings: Settings, path: str) -> Any:
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    async with (
        aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session,
        session.get((settings.discord_api_url or _DISCORD) + path, headers=headers) as answer,
    ):
        if answer.status == 401:
            raise CheckFailed("DISCORD_TOKEN: Discord does not accept this token")
        if answer.status != 200:
            raise CheckFailed(f"Discord answered {answer.status}")
        return await answer.json(content_type=None)


async def _balance(settings: Settings) -> str:
    async with ApixoClient(settings.apixo_base_url, settings.apixo_api_key) as apixo:
        try:
            left = await apixo.fetch_balance()
        except Unauthorized:
            raise CheckFailed("APIXO_API_KEY: APIXO does not accept this key") from None
        return f"{format_usd_en(left)} left at APIXO"


async def _database(settings: Settings) -> str:
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.database_url.startswith("sqlite:") and not path.exists():
        return f"{path} will be made at the first start"
    async with await Database.open(settings.database_url, read_only=True) as database:
        await database.ping()
    return "answers"


async def _reconciliation(settings: Settings) -> str:
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.database_url.startswith("sqlite:") and not path.exists():
        return "nothing was spent yet"
    async with await Database.open(settings.database_url, read_only=True) as database:
        await database.ping()
        now_ms = time.time_ns() // 1_000_000
        found, fits = await database.read(lambda tx: describe(tx, now_ms))
    if not fits:
        raise CheckFailed(found)
    return found


async def _disk(settings: Settings) -> str:
    media, _ = await asyncio.to_thread(open_media, settings.media_store, lambda: 0)
    room = measure_disk_space(media, settings.apixo_max_tasks)
    said = f"{room.free_bytes / 1e9:.1f} GB free in {settings.media_store}"
    if room.is_low:
        raise CheckFailed(f"{said}: below {room.min_free_bytes / 1e9:.1f} GB nothing is submitted")
    return said


async def _public_address(settings: Settings) -> str:
    assert settings.public_url is not None, "only then there is something to check"
    if not await is_publicly_reachable(settings, settings.public_url):
        raise CheckFailed("PUBLIC_URL: something else than this service answers there")
    return "leads here"
