"""Checks of everything the service needs, one line each."""

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
import discord
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.client import ApixoClient
from apixo.errors import Unauthorized
from bot.command_drift import compare_commands
from bot.command_registration import CommandRecord
from bot.errors import CannotStart
from bot.media_store import media_folder_path, open_media
from bot.settings import Settings
from bot.web import media
from bot.web.server import serve
from domain.errors import DailiesError
from domain.money import MicroUSD, format_usd_en
from storage.database import Database
from storage.database_url import SqliteAddress, parse_database_url
from storage.key_value import KeyValueStore
from storage.media import MediaFolder
from workflow.billing import reconciliation
from workflow.billing.reconciliation import Reconciliation, WeeklyReconciliation
from workflow.disk_space import measure_disk_space
from workflow.urls.signed_urls import MEDIA_PATH, SignedUrls
from workflow.urls.signing import Signer

_TIMEOUT = aiohttp.ClientTimeout(total=15)


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


UNEXPLAINED_TOLERANCE: Final = MicroUSD(10_000)
"""One cent a week; APIXO's own balance may be rounded to a hundredth of a cent."""


async def describe(tx: AsyncConnection, now_ms: int) -> tuple[str, bool]:
    """Return how the readings of the last seven days fit the ledger; False if they do not."""
    reading = await reconciliation.reconcile_latest(tx)
    if reading is None:
        return "APIXO's balance was not read yet", True
    week = await reconciliation.reconcile_week(tx, now_ms)
    return (
        f"{_describe_reading(reading)}; {_describe_week(week)}",
        week.unexplained < UNEXPLAINED_TOLERANCE,
    )


def _describe_reading(reading: Reconciliation) -> str:
    at = datetime.fromtimestamp(reading.at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M")
    text = f"balance {format_usd_en(reading.balance)} at {at} UTC"
    if reading.top_up:
        return f"{text}, filled by about {format_usd_en(reading.top_up)}"
    text += f", difference to the ledger {format_usd_en(reading.difference)}"
    return (
        f"{text} (up to {format_usd_en(reading.in_flight)} in flight)"
        if reading.in_flight
        else text
    )


def _describe_week(week: WeeklyReconciliation) -> str:
    filled = f", filled by about {format_usd_en(week.top_up)}" if week.top_up else ""
    unexplained = f"{format_usd_en(week.unexplained)} unexplained in {week.readings} readings"
    return f"last 7 days: {unexplained}{filled}"


_DISCORD = "https://discord.com/api/v10"
_NEEDED_PERMISSIONS: Final = {
    "View Channels": discord.Permissions(view_channel=True),
    "Send Messages": discord.Permissions(send_messages=True),
    "Attach Files": discord.Permissions(attach_files=True),
    "Read Message History": discord.Permissions(read_message_history=True),
    "Send Messages in Threads": discord.Permissions(send_messages_in_threads=True),
}
"""By the names that Discord's settings give them."""


class CheckFailed(DailiesError):
    """A failed check; the message is for the operator."""


async def run_checks(settings: Settings) -> int:
    """Print one line per check and return the exit code: 1 if any failed."""
    checks: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "token": _token,
        "permissions": _permissions,
        "servers": _servers,
        "key and balance": _balance,
        "database": _database,
        "reconciliation": _reconciliation,
        "disk": _disk,
        "commands": _commands,
    }
    if settings.public_url is not None:
        checks["public address"] = _public_address
    click.echo("ok    settings: every one can be used")
    results = [await _run_check(name, check, settings) for name, check in checks.items()]
    return 0 if all(results) else 1


async def _run_check(
    name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings
) -> bool:
    try:
        result = await check(settings)
    except Exception as error:  # noqa: BLE001 - the other checks go on
        click.echo(f"FAIL  {name}: {error or type(error).__name__}")
        return False
    click.echo(f"ok    {name}: {result}")
    return True


async def _token(settings: Settings) -> str:
    me = await _get_discord(settings, "/users/@me")
    return f"logs in as {me['username']}"


async def _permissions(settings: Settings) -> str:
    guilds = await _get_discord(settings, "/users/@me/guilds")
    if not guilds:
        me = await _get_discord(settings, "/users/@me")
        permissions = discord.Permissions(sum(one.value for one in _NEEDED_PERMISSIONS.values()))
        invitation = discord.utils.oauth_url(me["id"], permissions=permissions)
        raise CheckFailed(f"it is in no server yet; invite it: {invitation}")
    guilds_lacking_permissions = [
        f"{guild['name']} ({', '.join(missing)})"
        for guild in guilds
        if (missing := _missing_permissions(discord.Permissions(int(guild["permissions"]))))
    ]
    if guilds_lacking_permissions:
        raise CheckFailed(f"lacking in {'; '.join(guilds_lacking_permissions)}")
    return f"{len(guilds)} server(s), nothing lacking"


async def _servers(settings: Settings) -> str:
    """Say who can have the operator's money spent."""
    application = await _get_discord(settings, "/oauth2/applications/@me")
    allowed = settings.allowed_servers
    if allowed.by_admission:
        rule = "only your own servers may spend, and those that you admit"
    elif allowed.every:
        rule = "ALLOWED_SERVERS lets every server spend"
    else:
        rule = f"ALLOWED_SERVERS lets {len(allowed.ids)} server(s) spend"
    if not application["bot_public"]:
        return f"{rule}; nobody else can invite the bot"
    if allowed.every:
        return f"{rule}, and the application is a Public Bot: anybody can invite it and spend"
    return f"{rule}; the application is a Public Bot, so anybody can invite it"


def _missing_permissions(granted: discord.Permissions) -> list[str]:
    if granted.administrator:
        return []
    return [name for name, one in _NEEDED_PERMISSIONS.items() if not granted.is_superset(one)]


async def _get_discord(settings: Settings, path: str) -> Any:
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    async with (
        aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session,
        session.get((settings.discord_api_url or _DISCORD) + path, headers=headers) as answer,
    ):
        # A 401 that is not JSON is a proxy's.
        if answer.status == 401 and answer.content_type == "application/json":
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


def _missing_file(settings: Settings) -> Path | None:
    """Return the path of a SQLite database that was never started, else None."""
    address = parse_database_url(settings.database_url)
    if not isinstance(address, SqliteAddress) or address.path.exists():
        return None
    return address.path


async def _database(settings: Settings) -> str:
    if (path := _missing_file(settings)) is not None:
        return f"{path} will be made at the first start"
    async with await Database.open(settings.database_url, read_only=True) as database:
        await database.ping()
    return "answers"


async def _reconciliation(settings: Settings) -> str:
    if _missing_file(settings) is not None:
        return "nothing was spent yet"
    async with await Database.open(settings.database_url, read_only=True) as database:
        await database.ping()
        now_ms = time.time_ns() // 1_000_000
        summary, fits = await database.read(lambda tx: describe(tx, now_ms))
    if not fits:
        raise CheckFailed(summary)
    return summary


async def _disk(settings: Settings) -> str:
    media, _ = await asyncio.to_thread(open_media, settings.media_store, lambda: 0)
    disk_space = measure_disk_space(media, settings.apixo_max_tasks)
    text = f"{disk_space.free_bytes / 1e9:.1f} GB free in {settings.media_store}"
    if disk_space.is_low:
        raise CheckFailed(
            f"{text}: below {disk_space.min_free_bytes / 1e9:.1f} GB nothing is submitted"
        )
    return text


async def _commands(settings: Settings) -> str:
    application = await _get_discord(settings, "/oauth2/applications/@me")
    place = f"/applications/{application['id']}/commands?with_localizations=true"
    registered = await _get_discord(settings, place)
    record = await _read_command_record(settings, int(application["id"]))
    if record is None:
        return "they will be registered at the first start"
    if drift := compare_commands(record.definitions, registered):
        raise CheckFailed(
            f"Discord's differ from those of {record.version} ({drift}): start the service, and it "
            "registers them"
        )
    return f"{len(registered)} registered, as in {record.version}"


async def _read_command_record(settings: Settings, application_id: int) -> CommandRecord | None:
    if _missing_file(settings) is not None:
        return None
    async with await Database.open(settings.database_url, read_only=True) as database:
        await database.ping()
        return await CommandRecord.read(KeyValueStore(database), application_id)


async def _public_address(settings: Settings) -> str:
    assert settings.public_url is not None, "only then there is something to check"
    if not await is_publicly_reachable(settings, settings.public_url):
        raise CheckFailed("PUBLIC_URL: something else than this service answers there")
    return "leads here"
