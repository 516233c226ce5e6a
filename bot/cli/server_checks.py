"""The check of who can have the operator's money spent."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from bot.cli.database_checks import open_existing
from bot.cli.discord_api import DiscordApi
from bot.cli.findings import CheckFailed, Finding, warn
from bot.settings import Settings
from domain.servers import Server
from storage import servers

_ACCEPTED: Final = 2
_OPERATOR_ROLES: Final = ("admin", "developer")
_MOST_ASKED: Final = 25
"""Servers whose owner is asked for: the bot has registered those of more already."""


async def check_servers(settings: Settings) -> Finding:
    """Say who can have the operator's money spent; it is a failure if nobody can."""
    api = DiscordApi.of(settings)
    application = await api.get("/oauth2/applications/@me")
    guild_ids = [int(guild["id"]) for guild in await api.list_guilds()]
    allowed = settings.allowed_servers
    if allowed.by_admission:
        rule = "only your own servers may spend, and those that you admit"
        if guild_ids and not await _may_any_spend(settings, api, application, guild_ids):
            raise CheckFailed(
                f"{rule}, and the bot is in none of them: admit one with /operator servers, or "
                "invite it to one of yours"
            )
    elif allowed.every:
        rule = "ALLOWED_SERVERS lets every server spend"
    else:
        rule = f"ALLOWED_SERVERS lets {len(allowed.ids)} server(s) spend"
        if not allowed.ids & {*guild_ids}:
            raise CheckFailed(f"{rule}, and the bot is in none of them: no member can ask for any")
    return _describe_access(application, rule, is_open=allowed.every)


def _describe_access(application: Mapping[str, Any], rule: str, *, is_open: bool) -> Finding:
    if not application["bot_public"]:
        return Finding(f"{rule}; nobody else can invite the bot")
    if is_open:
        return warn(f"{rule}, and the application is a Public Bot: anybody can invite it and spend")
    return Finding(f"{rule}; the application is a Public Bot, so anybody can invite it")


async def _may_any_spend(
    settings: Settings, api: DiscordApi, application: Mapping[str, Any], guild_ids: Collection[int]
) -> bool:
    """Return whether one of the bot's servers is admitted, or will be when it is registered."""
    known = await _read_servers(settings)
    if any(known[guild_id].is_admitted for guild_id in known.keys() & {*guild_ids}):
        return True
    operators = _operator_ids(application)
    fresh = [guild_id for guild_id in guild_ids if guild_id not in known][:_MOST_ASKED]
    for guild_id in fresh:
        if int((await api.get(f"/guilds/{guild_id}"))["owner_id"]) in operators:
            return True
    return False


async def _read_servers(settings: Settings) -> dict[int, Server]:
    async with open_existing(settings) as database:
        if database is None:
            return {}
        await database.ping()
        return {one.guild_id: one for one in await database.read(servers.list_all)}


def _operator_ids(application: Mapping[str, Any]) -> set[int]:
    """Return the ids of who operates the bot, as `cogs.operator.owners` has them."""
    team = application["team"]
    if team is None:
        return {int(application["owner"]["id"])}
    members = {
        int(member["user"]["id"])
        for member in team["members"]
        if member["membership_state"] == _ACCEPTED and member["role"] in _OPERATOR_ROLES
    }
    return members | {int(team["owner_user_id"])}
