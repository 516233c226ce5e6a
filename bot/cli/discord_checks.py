"""Checks at Discord: token, permissions, gateway, clock, commands."""

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import Final

import discord

from bot.cli.database_checks import open_existing
from bot.cli.discord_api import NEEDED_PERMISSIONS, DiscordApi
from bot.cli.findings import CheckFailed, Finding, Unreachable, warn
from bot.cli.gateway_session import begin_session
from bot.cli.local_checks import read_readiness
from bot.command_drift import compare_commands
from bot.command_registration import CommandRecord
from bot.settings import Settings
from storage.key_value import KeyValueStore

_MAX_CLOCK_DIFFERENCE_S: Final = 30


async def check_token(settings: Settings) -> Finding:
    """Ask Discord whose token it is."""
    me = await DiscordApi.of(settings).get("/users/@me")
    return Finding(f"logs in as {me['username']}")


async def check_permissions(settings: Settings) -> Finding:
    """Look at the bot's permissions in all of its servers."""
    api = DiscordApi.of(settings)
    guilds = await api.list_guilds()
    if not guilds:
        invitation = (await api.fetch_identity()).invitation
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


def _missing_permissions(granted: discord.Permissions) -> list[str]:
    if granted.administrator:
        return []
    return [name for name, one in NEEDED_PERMISSIONS.items() if not granted.is_superset(one)]


async def check_gateway(settings: Settings) -> Finding:
    """Begin a session at the gateway, unless the service runs and has one."""
    answer = await DiscordApi.of(settings).get("/gateway/bot")
    left = answer["session_start_limit"]["remaining"]
    if not left:
        wait_min = answer["session_start_limit"]["reset_after"] / 60_000
        raise Unreachable(f"Discord lets no session begin for {wait_min:.0f} minutes")
    await _require_session(settings, answer["shards"])
    return Finding(f"lets the bot in, {left} sessions may begin today")


async def _require_session(settings: Settings, shards: int) -> None:
    """Look whether the service that runs has a session; if none runs, begin one.

    A service that has just started gets some seconds for it.
    """
    for pause_s in (0.5, 1, 2, 4, 0):
        readiness = await read_readiness(settings)
        if readiness is None:
            return await begin_session(settings, shards)
        problem = readiness["failing"].get("gateway")
        if problem is None:
            return None
        await asyncio.sleep(pause_s)
    raise Unreachable(f"the service that runs says: {problem}")


async def check_clock(settings: Settings) -> Finding:
    """Compare this machine's clock with Discord's."""
    async with DiscordApi.of(settings).request("/gateway") as answer:
        theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    difference_s = abs(time.time() - theirs)
    if difference_s > _MAX_CLOCK_DIFFERENCE_S:
        raise CheckFailed(f"it differs from Discord's by {difference_s:.0f} s: set it by NTP")
    return Finding("as Discord's")


async def check_commands(settings: Settings) -> Finding:
    """Compare the registered commands with those of the last version that ran."""
    application = await DiscordApi.of(settings).get("/oauth2/applications/@me")
    place = f"/applications/{application['id']}/commands?with_localizations=true"
    registered = await DiscordApi.of(settings).get(place)
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
