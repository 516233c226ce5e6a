"""Knows the routes by which the bot answers interactions; their token is all they ask for."""

from collections.abc import Iterator

from aiohttp import web

from sandbox.discord import messages, serializers
from sandbox.discord.app_state import Rooms
from sandbox.discord.commands import check_choice_value
from sandbox.discord.components import check_modal, numbered
from sandbox.discord.errors import Form, invalid, unknown
from sandbox.discord.interactions import Interaction, Kind, Reply
from sandbox.discord.json_response import answer, nothing, number
from sandbox.discord.json_values import Json, as_object, objects
from sandbox.discord.models import Message, MessageFlag
from sandbox.discord.paths import API
from sandbox.discord.request_body import Body, read_body

_WEBHOOK = f"{API}/webhooks/{{application}}/{{token}}"
_COMMAND_REPLIES = (Reply.MESSAGE, Reply.DEFERRED_MESSAGE, Reply.MODAL)
_UPDATES = (Reply.DEFERRED_UPDATE, Reply.UPDATE)
_ALLOWED = {
    Kind.COMMAND: _COMMAND_REPLIES,
    Kind.COMPONENT: (*_COMMAND_REPLIES, *_UPDATES),
    Kind.AUTOCOMPLETE: (Reply.CHOICES,),
    Kind.MODAL: (Reply.MESSAGE, Reply.DEFERRED_MESSAGE, *_UPDATES),
}


class InteractionRoutes:
    """Takes first answers, edits of them, and what follows."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        original = f"{_WEBHOOK}/messages/{{message}}"
        return [
            web.post(f"{API}/interactions/{{interaction}}/{{token}}/callback", self.acknowledge),
            web.post(_WEBHOOK, self.follow_up),
            web.get(original, self.show),
            web.patch(original, self.edit),
            web.delete(original, self.delete),
        ]

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Take the first answer to an interaction."""
        book, place = self._rooms.interactions, number(request, "interaction")
        interaction = book.to_acknowledge(place, request.match_info["token"])
        limit = interaction.upload_bytes
        body = await read_body(request, self._rooms.cdn, limit)
        reply = _read_reply(interaction, body.payload)
        data = as_object(body.payload.get("data")) or {}
        # Others may have answered while the body came in.
        book.to_acknowledge(place, request.match_info["token"])
        await self._take(interaction, reply, data, body)
        self._rooms.world.changes.tell()
        if request.query.get("with_response", "").lower() not in ("1", "true"):
            return nothing()
        return answer(_callback(interaction, reply))

    async def follow_up(self, request: web.Request) -> web.Response:
        """Post a further message; the first after a deferral is the deferred one."""
        interaction = self._interaction(request)
        body = await read_body(request, self._rooms.cdn, interaction.upload_bytes)
        original = interaction.original
        if original is not None and original.flags & MessageFlag.LOADING:
            return answer(await self._rewrite(interaction, original, body))
        draft = messages.read_new(body, body.payload)
        message = await self._post(interaction, draft)
        interaction.followups.append(message)
        if interaction.message is None:
            interaction.message = message
        self._rooms.world.changes.tell()
        return answer(serializers.message_json(message))

    async def show(self, request: web.Request) -> web.Response:
        """Give one of the interaction's messages."""
        interaction = self._interaction(request)
        return answer(serializers.message_json(_message(interaction, request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Change what one of the interaction's messages says."""
        interaction = self._interaction(request)
        message = _message(interaction, request)
        body = await read_body(request, self._rooms.cdn, interaction.upload_bytes)
        return answer(await self._rewrite(interaction, message, body))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete one of the interaction's messages."""
        interaction = self._interaction(request)
        message = _message(interaction, request)
        self._rooms.world.delete_message(message)
        if message is interaction.original:
            interaction.original = None
        else:
            interaction.followups.remove(message)
        self._rooms.world.changes.tell()
        return nothing()

    async def _take(self, interaction: Interaction, reply: Reply, data: Json, body: Body) -> None:
        """Do what a first answer says; a refused one leaves the interaction unanswered."""
        match reply:
            case Reply.MESSAGE:
                draft = messages.read_new(body, data, prefix="data")
                self._rooms.interactions.acknowledge(interaction, reply)
                interaction.original = await self._post(interaction, draft)
                interaction.message = interaction.original
            case Reply.DEFERRED_MESSAGE:
                self._rooms.interactions.acknowledge(interaction, reply)
                interaction.original = self._post_loading(interaction, data)
            case Reply.DEFERRED_UPDATE:
                self._rooms.interactions.acknowledge(interaction, reply)
                interaction.original = interaction.source
            case Reply.UPDATE:
                await self._update(interaction, data, body)
            case Reply.CHOICES:
                interaction.choices = _read_choices(interaction, data)
                self._rooms.interactions.acknowledge(interaction, reply)
            case Reply.MODAL:
                check_modal(data)
                parts = numbered(objects(data.get("components")))
                interaction.modal = {**data, "components": parts}
                self._rooms.interactions.acknowledge(interaction, reply)

    async def _update(self, interaction: Interaction, data: Json, body: Body) -> None:
        source = interaction.source
        assert source is not None, "only what came from a message may update one"
        draft = messages.read_edit(body, data, source)
        self._rooms.interactions.acknowledge(interaction, Reply.UPDATE)
        interaction.original = source
        await self._apply(interaction, source, draft)

    async def _post(self, interaction: Interaction, draft: messages.Draft) -> Message:
        ephemeral = bool(draft.flags & MessageFlag.EPHEMERAL)
        channel, world = interaction.channel, self._rooms.world
        files = await messages.attach(draft, self._rooms.cdn, channel, ephemeral=ephemeral)
        message = messages.make(draft, files, channel, world.bot, world.ids)
        message.interaction = self._rooms.interactions.origin(interaction)
        message.visible_to = interaction.user.id if ephemeral else None
        message.used = interaction.used
        messages.notify(message, draft.allowed)
        world.post(message)
        return message

    def _post_loading(self, interaction: Interaction, data: Json) -> Message:
        flags = data.get("flags")
        ephemeral = isinstance(flags, int) and bool(flags & MessageFlag.EPHEMERAL)
        world = self._rooms.world
        message = Message(world.ids.next(), interaction.channel, world.bot)
        message.flags = MessageFlag.LOADING
        message.flags |= MessageFlag.EPHEMERAL if ephemeral else MessageFlag.NONE
        message.interaction = self._rooms.interactions.origin(interaction)
        message.visible_to = interaction.user.id if ephemeral else None
        message.used = interaction.used
        world.post(message)
        return message

    async def _rewrite(self, interaction: Interaction, message: Message, body: Body) -> Json:
        draft = messages.read_edit(body, body.payload, message)
        await self._apply(interaction, message, draft)
        return serializers.message_json(message)

    async def _apply(
        self, interaction: Interaction, message: Message, draft: messages.Draft
    ) -> None:
        channel = interaction.channel
        files = await messages.attach(draft, self._rooms.cdn, channel, ephemeral=message.ephemeral)
        messages.rewrite(message, draft, files)
        if message is interaction.original:
            interaction.message = message
        self._rooms.world.changed(message)

    def _interaction(self, request: web.Request) -> Interaction:
        application = number(request, "application")
        found = self._rooms.interactions.by_token(application, request.match_info["token"])
        if found.channel.id not in self._rooms.world.channels:
            raise unknown("Channel", 10003)
        return found


def _read_reply(interaction: Interaction, payload: Json) -> Reply:
    value = payload.get("type")
    allowed = _ALLOWED[interaction.kind]
    if interaction.source is None:
        allowed = tuple(reply for reply in allowed if reply not in _UPDATES)
    if isinstance(value, bool) or value not in allowed:
        listed = ", ".join(str(int(reply)) for reply in allowed)
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
    return Reply(value)


def _read_choices(interaction: Interaction, data: Json) -> list[Json]:
    choices, form = objects(data.get("choices")), Form()
    form.count("data.choices", len(choices), 0, 25)
    focused = next(_focused(objects(interaction.data.get("options"))), Json())
    for index, choice in enumerate(choices):
        place = f"data.choices.{index}"
        form.length(f"{place}.name", choice.get("name"), 1, 100)
        check_choice_value(form, f"{place}.value", choice.get("value"), focused.get("type"))
    form.close()
    return choices


def _focused(options: list[Json]) -> Iterator[Json]:
    for option in options:
        if option.get("focused"):
            yield option
        yield from _focused(objects(option.get("options")))


def _message(interaction: Interaction, request: web.Request) -> Message:
    wanted = request.match_info["message"]
    own = [interaction.original] if interaction.original is not None else []
    for message in [*own, *interaction.followups]:
        original = message is interaction.original and wanted == "@original"
        if original or str(message.id) == wanted:
            return message
    raise unknown("Message", 10008)


def _callback(interaction: Interaction, reply: Reply) -> Json:
    shown = interaction.original
    body: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
    if shown is not None:
        body |= {
            "response_message_id": str(shown.id),
            "response_message_loading": bool(shown.flags & MessageFlag.LOADING),
            "response_message_ephemeral": shown.ephemeral,
            "channel_id": str(shown.channel.id),
        }
    resource: Json = {"type": int(reply)}
    if reply in (Reply.MESSAGE, Reply.UPDATE) and shown is not None:
        resource["message"] = serializers.message_json(shown)
    return {"interaction": body, "resource": resource}
