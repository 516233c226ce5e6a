"""The routes about channels and their messages."""

from aiohttp import web

from sandbox.discord import messages, permissions, serializers
from sandbox.discord.app_state import AppState
from sandbox.discord.errors import (
    ApiError,
    invalid_field,
    missing_access,
    missing_permissions,
    thread_archived,
    thread_locked,
    unknown_resource,
)
from sandbox.discord.json_response import json_response, no_content, path_id
from sandbox.discord.json_values import as_id
from sandbox.discord.models import Channel, ChannelType, Message, MessageFlag, Permission
from sandbox.discord.paths import API_PREFIX
from sandbox.discord.request_body import RequestBody, UploadLimits, read_body, read_json

_MESSAGES = f"{API_PREFIX}/channels/{{channel}}/messages"


class ChannelRoutes:
    """Lets the bot read and write in channels."""

    def __init__(self, rooms: AppState) -> None:
        self._state = rooms

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get(f"{API_PREFIX}/channels/{{channel}}", self.show),
            web.patch(f"{API_PREFIX}/channels/{{channel}}", self.change),
            web.post(f"{API_PREFIX}/channels/{{channel}}/typing", self.type),
            web.get(_MESSAGES, self.history),
            web.post(_MESSAGES, self.post),
            web.get(f"{_MESSAGES}/{{message}}", self.show_message),
            web.patch(f"{_MESSAGES}/{{message}}", self.edit),
            web.delete(f"{_MESSAGES}/{{message}}", self.delete),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Return a channel."""
        return json_response(serializers.channel_json(self._channel(request)))

    async def change(self, request: web.Request) -> web.Response:
        """Archive a thread, or take it up again; no other change is known here."""
        channel, body = self._channel(request), await read_json(request)
        archived = body.payload.get("archived")
        if channel.type is not ChannelType.THREAD or not isinstance(archived, bool):
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        granted = self._granted(channel)
        manages = bool(granted & Permission.MANAGE_THREADS)
        takes_up = not archived and not channel.locked
        if not manages and not (takes_up and granted & permissions.send_permission(channel)):
            raise missing_permissions()
        self._state.world.archive_thread(channel, archived=archived)
        return json_response(serializers.channel_json(channel))

    async def type(self, request: web.Request) -> web.Response:
        """Show that the bot is typing, which nobody here looks at."""
        channel = self._channel(request)
        if not self._granted(channel) & permissions.send_permission(channel):
            raise missing_permissions()
        return no_content()

    async def history(self, request: web.Request) -> web.Response:
        """List messages, newest first; none to a bot that may not read the history."""
        channel = self._channel(request)
        limit = _limit(request)
        if not self._granted(channel) & Permission.READ_MESSAGE_HISTORY:
            return json_response([])
        found = _page(channel.messages, request, limit)
        return json_response([serializers.message_json(message) for message in found])

    async def post(self, request: web.Request) -> web.Response:
        """Post a message, or give the one that was posted with the same nonce."""
        world, channel = self._state.world, self._channel(request)
        body = await self._read(request, channel)
        draft = messages.parse_new_message(body, body.payload)
        draft.flags &= ~MessageFlag.EPHEMERAL
        draft.reference = messages.parse_reference(body.payload, channel)
        messages.check_permissions(draft, channel, world.bot_user)
        if channel.recipient is not None and not world.shares_guild(channel.recipient):
            raise ApiError(403, 50278, "Cannot send messages to this user: no mutual guilds")
        attachments = await messages.store_attachments(
            draft, self._state.cdn, channel, ephemeral=False
        )
        # From here on nothing waits, so that of two requests with one nonce only one posts.
        enforced = body.payload.get("enforce_nonce") and draft.nonce
        posted = self._posted_before(draft.nonce) if enforced and draft.nonce else None
        if posted is None:
            posted = messages.build_message(draft, attachments, channel, world.bot_user, world.ids)
            messages.set_mentions(posted, draft.allowed_mentions)
            world.post(posted)
            if draft.nonce:
                world.nonces[draft.nonce] = (world.now(), posted)
        return json_response(serializers.message_json(posted))

    async def show_message(self, request: web.Request) -> web.Response:
        """Give one message."""
        channel = self._channel(request)
        if not self._granted(channel) & Permission.READ_MESSAGE_HISTORY:
            raise missing_permissions()
        return json_response(serializers.message_json(_message(channel, request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Change what one of the bot's messages says."""
        world, channel = self._state.world, self._channel(request)
        message = _message(channel, request)
        if message.author is not world.bot_user:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        if channel.archived:
            raise thread_archived()
        if not permissions.is_unlocked(channel, world.bot_user.id):
            raise thread_locked()
        body = await self._read(request, channel)
        draft = messages.parse_edit(body, body.payload, message)
        attachments = await messages.store_attachments(
            draft, self._state.cdn, channel, ephemeral=False
        )
        messages.apply_edit(message, draft, attachments)
        world.message_edited(message)
        return json_response(serializers.message_json(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message: one of the bot's own, or any where it manages messages."""
        channel = self._channel(request)
        message = _message(channel, request)
        own = message.author is self._state.world.bot_user
        if not own and not self._granted(channel) & Permission.MANAGE_MESSAGES:
            raise missing_permissions()
        unlocked = permissions.is_unlocked(channel, self._state.world.bot_user.id)
        if channel.archived and not unlocked:
            raise thread_archived()
        self._state.world.delete_message(message)
        return no_content()

    def _channel(self, request: web.Request) -> Channel:
        channel = self._state.world.channels.get(path_id(request, "channel"))
        if channel is None:
            raise unknown_resource("Channel", 10003)
        if not self._granted(channel) & Permission.VIEW_CHANNEL:
            raise missing_access()
        return channel

    async def _read(self, request: web.Request, channel: Channel) -> RequestBody:
        limits = UploadLimits(channel.upload_bytes, self._state.config.message_bytes)
        return await read_body(request, self._state.cdn, limits)

    def _granted(self, channel: Channel) -> Permission:
        return permissions.channel_permissions(channel, self._state.world.bot_user.id)

    def _posted_before(self, nonce: str) -> Message | None:
        """Find what the bot posted with a nonce in the past few minutes.

        Raises:
            Refused: 10008, it has been deleted since; Discord does not post it again.
        """
        world = self._state.world
        at, message = world.nonces.get(nonce, (0.0, None))
        if message is None or world.now() - at > self._state.config.nonce_seconds:
            return None
        if message not in message.channel.messages:
            raise unknown_resource("Message", 10008)
        return message


def _message(channel: Channel, request: web.Request) -> Message:
    message = channel.message(path_id(request, "message"))
    if message is None:
        raise unknown_resource("Message", 10008)
    return message


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "50")
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise invalid_field("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    return int(text)


def _page(found: list[Message], request: web.Request, limit: int) -> list[Message]:
    """Cut out what `before`, `after` or `around` ask for, newest first."""
    marks = {name: as_id(request.query[name]) or 0 for name in request.query if name != "limit"}
    newer = [message for message in found if message.id > marks.get("after", 0)]
    if "after" in marks:
        return newer[:limit][::-1]
    if "around" in marks:
        older = sum(1 for message in found if message.id < marks["around"])
        first = max(older - limit // 2, 0)
        return found[first : first + limit][::-1]
    before = marks.get("before")
    return [message for message in found if before is None or message.id < before][-limit:][::-1]
