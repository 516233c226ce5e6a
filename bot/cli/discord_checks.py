"""Checks at Discord: token, permissions, who may spend, gateway, clock, commands."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
import discord

from bot.cli.findings import CheckFailed, Finding, warn
from bot.cli.local_checks import open_existing
from bot.command_drift import compare_commands
from bot.command_registration import CommandRecord
from bot.settings import Settings
from storage.key_value import KeyValueStore

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15)
_DISCORD: Final = "https://discord.com/api/v10"
_PAGE: Final = 200
"""Servers in one answer of Discord's, at most."""

_MAX_CLOCK_DIFFERENCE_S: Final = 30
_NEEDED_PERMISSIONS: Final = {
    "View Channels": discord.Permissions(view_channel=True),
    "Send Messages": discord.Permissions(send_messages=True),
    "Attach Files": discord.Permissions(attach_files=True),
    "Read Message History": discord.Permissions(read_message_history=True),
    "Send Messages in Threads": discord.Permissions(send_messages_in_threads=True),
}
"""By the names that Discord's settings give them."""


async def check_token(settings: Settings) -> Finding:
    """Ask Discord whose token it is."""
    me = await _get(settings, "/users/@me")
    return Finding(f"logs in as {me['username']}")


async def check_permissions(settings: Settings) -> Finding:
    """Look at the bot's permissions in all of its servers."""
    guilds = await _list_guilds(settings)
    if not guilds:
        me = await _get(settings, "/users/@me")
        permissions = discord.Permissions(sum(one.value for one in _NEEDED_PERMISSIONS.values()))
        invitation = discord.utils.oauth_url(me["id"], permissions=permissions)
        raise CheckFailed(f"it is in no server yet; invite it: {invitation}")
    lacking = [
        f"{guild['name']} ({', '.join(missing)})"
        for guild in guilds
        if (missing := _missing_permissions(discord.Permissions(int(guild["permissions"]))))
    ]
    text = f"lacking in {'; '.join(lacking)}"
    if len(lacking) == len(guilds):
        raise CheckFailed(text)
    return warn(text) if lacking else Finding(f"{len(guilds)} server(s), nothing lacking")


async def _list_guilds(settings: Settings) -> list[Any]:
    guilds: list[Any] = await _get(settings, f"/users/@me/guilds?limit={_PAGE}")
    page = guilds
    while len(page) == _PAGE:
        last = max(int(guild["id"]) for guild in page)
        page = await _get(settings, f"/users/@me/guilds?limit={_PAGE}&after={last}")
        guilds = [*guilds, *page]
    return guilds


def _missing_permissions(granted: discord.Permissions) -> list[str]:
    if granted.administrator:
        return []
    return [name for name, one in _NEEDED_PERMISSIONS.items() if not granted.is_superset(one)]


async def check_servers(settings: Settings) -> Finding:
    """Say who can have the operator's money spent."""
    application = await _get(settings, "/oauth2/applications/@me")
    allowed = settings.allowed_servers
    if allowed.by_admission:
        rule = "only your own servers may spend, and those that you admit"
    elif allowed.every:
        rule = "ALLOWED_SERVERS lets every server spend"
    else:
        rule = f"ALLOWED_SERVERS lets {len(allowed.ids)} server(s) spend"
    if not application["bot_public"]:
        return Finding(f"{rule}; nobody else can invite the bot")
    if allowed.every:
        return warn(f"{rule}, and the application is a Public Bot: anybody can invite it and spend")
    return Finding(f"{rule}; the application is a Public Bot, so anybody can invite it")


async def check_gateway(settings: Settings) -> Finding:
    """Ask for the gateway, and how often the bot may still identify today."""
    answer = await _get(settings, "/gateway/bot")
    left = answer["session_start_limit"]["remaining"]
    if not left:
        wait_min = answer["session_start_limit"]["reset_after"] / 60_000
        raise CheckFailed(f"Discord lets no session begin for {wait_min:.0f} minutes")
    return Finding(f"{answer['url']}, {left} sessions may begin today")


async def check_clock(settings: Settings) -> Finding:
    """Compare this machine's clock with Discord's."""
    async with _request(settings, "/gateway") as answer:
        theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    difference_s = abs(time.time() - theirs)
    if difference_s > _MAX_CLOCK_DIFFERENCE_S:
        raise CheckFailed(f"it differs from Discord's by {difference_s:.0f} s: set it by NTP")
    return Finding("as Discord's")


async def check_commands(settings: Settings) -> Finding:
    """Compare the registered commands with those of the last version that ran."""
    application = await _get(settings, "/oauth2/applications/@me")
    place = f"/applications/{application['id']}/commands?with_localizations=true"
    registered = await _get(settings, place)
    record = await _read_command_record(settings, int(application["id"]))
    if record is None:
        return Finding("they will be registered at the first start")
    if drift := compare_commands(record.definitions, registered):
        return warn(
            f"Discord's differ from those of {record.version} ({drift}): start the service, and it "
            "registers them"
        )
    return Finding(f"{len(registered)} registered, as in {record.version}")


async def _read_command_record(settings: Settings, application_id: int) -> CommandRecord | None:
    async with open_existing(settings) as database:
        if database is None:
            return None
        await database.ping()
        return await CommandRecord.read(KeyValueStore(database), application_id)


@asynccontextmanager
async def _request(settings: Settings, path: str) -> AsyncGenerator[aiohttp.ClientResponse]:
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
        yield answer


async def _get(settings: Settings, path: str) -> Any:
    async with _request(settings, path) as answer:
        return await answer.json(content_type=None)
