"""Examines what the service needs, one line each, before it is started or when it ails."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import click

from apixo.client import ApixoClient
from bot.settings import Settings
from domain.errors import DailiesError
from domain.money import show_usd
from storage.database import Database

_DISCORD = "https://discord.com/api/v10"
_TIMEOUT = aiohttp.ClientTimeout(total=15)
_NEEDED_BYTES = 2 * 1024**3
_NEEDED_PERMISSIONS = {
    "View Channels": 1 << 10,
    "Send Messages": 1 << 11,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
}
_ADMINISTRATOR = 1 << 3


class Ailment(DailiesError):
    """What is wrong, in words for the operator."""


async def examine(settings: Settings) -> int:
    """Print one line for each examination and return the exit code: 1 if any found something."""
    checks: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "token": _token,
        "permissions": _permissions,
        "key and balance": _balance,
        "database": _database,
        "disk": _disk,
    }
    click.echo("ok    settings: every one can be used")
    found = [await _line(name, check, settings) for name, check in checks.items()]
    return 0 if all(found) else 1


async def _line(name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> bool:
    try:
        good = await check(settings)
    except (DailiesError, aiohttp.ClientError, OSError, TimeoutError) as error:
        click.echo(f"FAIL  {name}: {error or type(error).__name__}")
        return False
    click.echo(f"ok    {name}: {good}")
    return True


async def _token(settings: Settings) -> str:
    me = await _ask_discord(settings, "/users/@me")
    return f"logs in as {me['username']}"


async def _permissions(settings: Settings) -> str:
    guilds = await _ask_discord(settings, "/users/@me/guilds")
    lacking = [
        f"{guild['name']} ({', '.join(missing)})"
        for guild in guilds
        if (missing := _missing(int(guild["permissions"])))
    ]
    if lacking:
        raise Ailment(f"lacking in {'; '.join(lacking)}")
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
            raise Ailment("DISCORD_TOKEN: Discord does not accept this token")
        if answer.status != 200:
            raise Ailment(f"Discord answered {answer.status}")
        return await answer.json(content_type=None)


async def _balance(settings: Settings) -> str:
    async with ApixoClient(settings.apixo_base_url, settings.apixo_api_key) as apixo:
        return f"{show_usd(await apixo.balance())} left at APIXO"


async def _database(settings: Settings) -> str:
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.database_url.startswith("sqlite:") and not path.exists():
        return f"{path} will be made at the first start"
    async with await Database.open(settings.database_url, read_only=True) as database:
        await database.ping()
    return "answers"


async def _disk(settings: Settings) -> str:
    folder = settings.media_store.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _NEEDED_BYTES:
        raise Ailment(f"{free / 1e9:.1f} GB free under {folder}: 2 GB at least are wanted")
    return f"{free / 1e9:.0f} GB free under {settings.media_store}"
