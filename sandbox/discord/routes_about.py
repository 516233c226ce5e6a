"""The routes about the bot itself, its servers, users and the gateway's address."""

from aiohttp import web

from sandbox.discord import serializers
from sandbox.discord.app_state import AppState
from sandbox.discord.errors import ApiError, invalid_field, missing_access, unknown_resource
from sandbox.discord.json_response import json_response, no_content, path_id
from sandbox.discord.json_values import as_id
from sandbox.discord.models import Guild
from sandbox.discord.paths import API_PREFIX
from sandbox.discord.permissions import guild_permissions
from sandbox.discord.request_body import read_json

_MAX_GUILDS = 200


class AboutRoutes:
    """Answers who is who."""

    def __init__(self, rooms: AppState) -> None:
        self._state = rooms

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get(f"{API_PREFIX}/users/@me", self.me),
            web.get(f"{API_PREFIX}/users/@me/guilds", self.my_guilds),
            web.delete(f"{API_PREFIX}/users/@me/guilds/{{guild}}", self.leave),
            web.get(f"{API_PREFIX}/users/{{user}}", self.user),
            web.post(f"{API_PREFIX}/users/@me/channels", self.open_direct_channel),
            web.get(f"{API_PREFIX}/oauth2/applications/@me", self.application),
            web.get(f"{API_PREFIX}/applications/@me", self.application),
            web.get(f"{API_PREFIX}/gateway", self.gateway),
            web.get(f"{API_PREFIX}/gateway/bot", self.gateway_bot),
            web.get(f"{API_PREFIX}/guilds/{{guild}}", self.guild),
            web.get(f"{API_PREFIX}/guilds/{{guild}}/channels", self.channels),
            web.get(f"{API_PREFIX}/guilds/{{guild}}/roles", self.roles),
            web.get(f"{API_PREFIX}/guilds/{{guild}}/members/{{user}}", self.member),
        ]

    async def me(self, _request: web.Request) -> web.Response:
        """Return the bot's user."""
        body = serializers.user_json(self._state.world.bot_user)
        return json_response(body | {"verified": True, "mfa_enabled": False, "locale": "en-US"})

    async def my_guilds(self, request: web.Request) -> web.Response:
        """List the servers that the bot is in, a page at a time."""
        world = self._state.world
        after = as_id(request.query.get("after")) or 0
        limit = as_id(request.query.get("limit", str(_MAX_GUILDS))) or 0
        if not 1 <= limit <= _MAX_GUILDS:
            raise invalid_field("limit", "NUMBER_TYPE_MAX", "int value should be 1 to 200.")
        guilds = [
            found
            for _, found in sorted(world.guilds.items())
            if world.bot_user.id in found.members and found.id > after
        ][:limit]
        return json_response(
            [
                {
                    "id": str(found.id),
                    "name": found.name,
                    "owner": found.owner_id == world.bot_user.id,
                    "permissions": str(int(guild_permissions(found, world.bot_user.id))),
                    "features": list[str](),
                }
                for found in guilds
            ]
        )

    async def leave(self, request: web.Request) -> web.Response:
        """Let the bot leave a server."""
        self._state.world.remove_bot(self._guild(request))
        return no_content()

    async def user(self, request: web.Request) -> web.Response:
        """Return a user."""
        found = self._state.world.users.get(path_id(request, "user"))
        if found is None:
            raise unknown_resource("User", 10013)
        return json_response(serializers.user_json(found))

    async def open_direct_channel(self, request: web.Request) -> web.Response:
        """Open the direct channel to a user; whether posts get there is seen when posting."""
        payload = (await read_json(request)).payload
        user = self._state.world.users.get(as_id(payload.get("recipient_id")) or 0)
        if user is None or user.bot:
            raise invalid_field("recipient_id", "INVALID_RECIPIENT", "Invalid Recipient(s)")
        return json_response(serializers.channel_json(self._state.world.direct_channel(user)))

    async def application(self, _request: web.Request) -> web.Response:
        """Return the application."""
        world = self._state.world
        owner = world.application_owner or world.users[world.guild().owner_id]
        return json_response(
            {
                "id": str(world.bot_user.id),
                "name": world.bot_user.name,
                "icon": None,
                "description": "",
                "rpc_origins": [],
                "bot_public": world.is_bot_public,
                "bot_require_code_grant": world.requires_code_grant,
                "summary": "",
                "verify_key": "0" * 64,
                "flags": 0,
                "team": serializers.team_json(world.team) if world.team else None,
                "owner": serializers.user_json(owner),
                "approximate_guild_count": len(world.guilds),
                "interactions_endpoint_url": None,
                "integration_types_config": {"0": {}},
            }
        )

    async def gateway(self, _request: web.Request) -> web.Response:
        """Return the gateway's address."""
        return json_response({"url": self._state.gateway.url})

    async def gateway_bot(self, _request: web.Request) -> web.Response:
        """Return the gateway's address, and the recommended number of shards."""
        gateway, config = self._state.gateway, self._state.config
        return json_response(
            {
                "url": gateway.url,
                "shards": config.shards,
                "session_start_limit": gateway.session_limits.to_json(),
            }
        )

    async def guild(self, request: web.Request) -> web.Response:
        """Return a server; one that the bot is not in is unknown, whether it exists or not."""
        try:
            return json_response(serializers.guild_json(self._guild(request)))
        except ApiError:
            raise unknown_resource("Guild", 10004) from None

    async def channels(self, request: web.Request) -> web.Response:
        """List a server's channels without its threads."""
        found = self._state.world.channels_of(self._guild(request))
        return json_response([serializers.channel_json(one) for one in found if one.parent is None])

    async def roles(self, request: web.Request) -> web.Response:
        """List a server's roles."""
        return json_response(serializers.guild_json(self._guild(request))["roles"])

    async def member(self, request: web.Request) -> web.Response:
        """Return a member of a server; a user who is not on it is known, or is none at all."""
        user_id = path_id(request, "user")
        found = self._guild(request).members.get(user_id)
        if user_id not in self._state.world.users:
            raise unknown_resource("User", 10013)
        if found is None:
            raise unknown_resource("Member", 10007)
        return json_response(serializers.member_json(found))

    def _guild(self, request: web.Request) -> Guild:
        world = self._state.world
        found = world.guilds.get(path_id(request, "guild"))
        if found is None:
            raise unknown_resource("Guild", 10004)
        if world.bot_user.id not in found.members:
            raise missing_access()
        return found
