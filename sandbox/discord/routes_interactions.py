"""The routes by which the bot answers interactions; their token is all they ask for."""

from collections.abc import Iterator

from aiohttp import web

from sandbox.discord import messages, serializers
from sandbox.discord.app_state import AppState
from sandbox.discord.commands import check_choice_value
from sandbox.discord.components import check_modal, with_ids
from sandbox.discord.errors import FieldErrors, invalid_field, unknown_resource
from sandbox.discord.interactions import Interaction, InteractionResponseType, InteractionType
from sandbox.discord.json_response import json_response, no_content, path_id
from sandbox.discord.json_values import Json, as_object, as_objects
from sandbox.discord.models import Message, MessageFlag
from sandbox.discord.paths import API_PREFIX
from sandbox.discord.request_body import RequestBody, UploadLimits, read_body

_WEBHOOK = f"{API_PREFIX}/webhooks/{{application}}/{{token}}"
_COMMAND_REPLIES = (
    InteractionResponseType.MESSAGE,
    InteractionResponseType.DEFERRED_MESSAGE,
    InteractionResponseType.MODAL,
)
_UPDATES = (InteractionResponseType.DEFERRED_UPDATE, InteractionResponseType.UPDATE)
_ALLOWED = {
    InteractionType.COMMAND: _COMMAND_REPLIES,
    InteractionType.COMPONENT: (*_COMMAND_REPLIES, *_UPDATES),
    InteractionType.AUTOCOMPLETE: (InteractionResponseType.CHOICES,),
    InteractionType.MODAL: (
        InteractionResponseType.MESSAGE,
        InteractionResponseType.DEFERRED_MESSAGE,
        *_UPDATES,
    ),
}


class InteractionRoutes:
    """Takes first answers, edits of them, and what follows."""

    def __init__(self, rooms: AppState) -> None:
        self._state = rooms

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        original = f"{_WEBHOOK}/messages/{{message}}"
        return [
            web.post(
                f"{API_PREFIX}/interactions/{{interaction}}/{{token}}/callback", self.acknowledge
            ),
            web.post(_WEBHOOK, self.follow_up),
            web.get(original, self.show),
            web.patch(original, self.edit),
            web.delete(original, self.delete),
        ]

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Take the first answer to an interaction."""
        book, place = self._state.interactions, path_id(request, "interaction")
        interaction = book.find_unacknowledged(place, request.match_info["token"])
        body = await self._read(request, interaction)
        reply = _read_reply(interaction, body.payload)
        data = as_object(body.payload.get("data")) or {}
        # Others may have answered while the body came in.
        book.find_unacknowledged(place, request.match_info["token"])
        await self._take(interaction, reply, data, body)
        self._state.world.changes.notify()
        if request.query.get("with_response", "").lower() not in ("1", "true"):
            return no_content()
        return json_response(_callback(interaction, reply))

    async def follow_up(self, request: web.Request) -> web.Response:
        """Post a further message; the first after a deferral is the deferred one."""
        interaction = self._interaction(request)
        body = await self._read(request, interaction)
        original = interaction.original
        if original is not None and original.flags & MessageFlag.LOADING:
            return json_response(await self._rewrite(interaction, original, body))
        draft = messages.parse_new_message(body, body.payload)
        message = await self._post(interaction, draft)
        interaction.followups.append(message)
        if interaction.message is None:
            interaction.message = message
        self._state.world.changes.notify()
        return json_response(serializers.message_json(message))

    async def show(self, request: web.Request) -> web.Response:
        """Give one of the interaction's messages."""
        interaction = self._interaction(request)
        return json_response(serializers.message_json(_message(interaction, request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Change what one of the interaction's messages says."""
        interaction = self._interaction(request)
        message = _message(interaction, request)
        body = await self._read(request, interaction)
        return json_response(await self._rewrite(interaction, message, body))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete one of the interaction's messages."""
        interaction = self._interaction(request)
        message = _message(interaction, request)
        self._state.world.delete_message(message)
        if message is interaction.original:
            interaction.original = None
        else:
            interaction.followups.remove(message)
        self._state.world.changes.notify()
        return no_content()

    async def _take(
        self,
        interaction: Interaction,
        reply: InteractionResponseType,
        data: Json,
        body: RequestBody,
    ) -> None:
        """Do what a first answer says; a refused one leaves the interaction unanswered."""
        match reply:
            case InteractionResponseType.MESSAGE:
                draft = messages.parse_new_message(body, data, prefix="data")
                self._state.interactions.acknowledge(interaction, reply)
                interaction.original = await self._post(interaction, draft)
                interaction.message = interaction.original
            case InteractionResponseType.DEFERRED_MESSAGE:
                self._state.interactions.acknowledge(interaction, reply)
                interaction.original = self._post_loading(interaction, data)
            case InteractionResponseType.DEFERRED_UPDATE:
                self._state.interactions.acknowledge(interaction, reply)
                interaction.original = interaction.source_message
            case InteractionResponseType.UPDATE:
                await self._update(interaction, data, body)
            case InteractionResponseType.CHOICES:
                interaction.choices = _read_choices(interaction, data)
                self._state.interactions.acknowledge(interaction, reply)
            case InteractionResponseType.MODAL:
                check_modal(data)
                parts = with_ids(as_objects(data.get("components")))
                interaction.modal = {**data, "components": parts}
                self._state.interactions.acknowledge(interaction, reply)

    async def _update(self, interaction: Interaction, data: Json, body: RequestBody) -> None:
        source = interaction.source_message
        assert source is not None, "only what came from a message may update one"
        draft = messages.parse_edit(body, data, source)
        self._state.interactions.acknowledge(interaction, InteractionResponseType.UPDATE)
        interaction.original = source
        await self._apply(interaction, source, draft)

    async def _post(self, interaction: Interaction, draft: messages.MessageDraft) -> Message:
        ephemeral = bool(draft.flags & MessageFlag.EPHEMERAL)
        channel, world = interaction.channel, self._state.world
        files = await messages.store_attachments(
            draft, self._state.cdn, channel, ephemeral=ephemeral
        )
        message = messages.build_message(draft, files, channel, world.bot_user, world.ids)
        message.interaction = self._state.interactions.message_metadata(interaction)
        message.visible_to = interaction.user.id if ephemeral else None
        message.invoked_command = interaction.invoked_command
        messages.set_mentions(message, draft.allowed_mentions)
        world.post(message)
        return message

    def _post_loading(self, interaction: Interaction, data: Json) -> Message:
        flags = data.get("flags")
        ephemeral = isinstance(flags, int) and bool(flags & MessageFlag.EPHEMERAL)
        world = self._state.world
        message = Message(world.ids.next(), interaction.channel, world.bot_user)
        message.flags = MessageFlag.LOADING
        message.flags |= MessageFlag.EPHEMERAL if ephemeral else MessageFlag.NONE
        message.interaction = self._state.interactions.message_metadata(interaction)
        message.visible_to = interaction.user.id if ephemeral else None
        message.invoked_command = interaction.invoked_command
        world.post(message)
        return message

    async def _rewrite(self, interaction: Interaction, message: Message, body: RequestBody) -> Json:
        draft = messages.parse_edit(body, body.payload, message)
        await self._apply(interaction, message, draft)
        return serializers.message_json(message)

    async def _apply(
        self, interaction: Interaction, message: Message, draft: messages.MessageDraft
    ) -> None:
        channel = interaction.channel
        files = await messages.store_attachments(
            draft, self._state.cdn, channel, ephemeral=message.ephemeral
        )
        messages.apply_edit(message, draft, files)
        if message is interaction.original:
            interaction.message = message
        self._state.world.message_edited(message)

    async def _read(self, request: web.Request, interaction: Interaction) -> RequestBody:
        limits = UploadLimits(interaction.upload_bytes, self._state.config.message_bytes)
        return await read_body(request, self._state.cdn, limits)

    def _interaction(self, request: web.Request) -> Interaction:
        application = path_id(request, "application")
        found = self._state.interactions.find_by_token(application, request.match_info["token"])
        if found.channel.id not in self._state.world.channels:
            raise unknown_resource("Channel", 10003)
        return found


def _read_reply(interaction: Interaction, payload: Json) -> InteractionResponseType:
    value = payload.get("type")
    allowed = _ALLOWED[interaction.kind]
    if interaction.source_message is None:
        allowed = tuple(reply for reply in allowed if reply not in _UPDATES)
    if isinstance(value, bool) or value not in allowed:
        listed = ", ".join(str(int(reply)) for reply in allowed)
        raise invalid_field("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
    return InteractionResponseType(value)


def _read_choices(interaction: Interaction, data: Json) -> list[Json]:
    choices, form = as_objects(data.get("choices")), FieldErrors()
    form.check_count("data.choices", len(choices), 0, 25)
    focused = next(_focused(as_objects(interaction.data.get("options"))), Json())
    for index, choice in enumerate(choices):
        place = f"data.choices.{index}"
        form.check_length(f"{place}.name", choice.get("name"), 1, 100)
        check_choice_value(form, f"{place}.value", choice.get("value"), focused.get("type"))
    form.raise_if_any()
    return choices


def _focused(options: list[Json]) -> Iterator[Json]:
    for option in options:
        if option.get("focused"):
            yield option
        yield from _focused(as_objects(option.get("options")))


def _message(interaction: Interaction, request: web.Request) -> Message:
    wanted = request.match_info["message"]
    own = [interaction.original] if interaction.original is not None else []
    for message in [*own, *interaction.followups]:
        original = message is interaction.original and wanted == "@original"
        if original or str(message.id) == wanted:
            return message
    raise unknown_resource("Message", 10008)


def _callback(interaction: Interaction, reply: InteractionResponseType) -> Json:
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
    if (
        reply in (InteractionResponseType.MESSAGE, InteractionResponseType.UPDATE)
        and shown is not None
    ):
        resource["message"] = serializers.message_json(shown)
    return {"interaction": body, "resource": resource}
