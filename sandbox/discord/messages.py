"""Discord's rules for a message's content, and makes messages of requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.discord import components, mentions, permissions
from sandbox.discord.cdn import Cdn, UploadedFile, sanitize_filename
from sandbox.discord.errors import (
    ApiError,
    FieldErrors,
    invalid_field,
    missing_permissions,
    thread_locked,
)
from sandbox.discord.json_values import Json, as_id, as_object, as_objects
from sandbox.discord.models import (
    Attachment,
    Channel,
    Message,
    MessageFlag,
    Permission,
    User,
    walk_components,
)
from sandbox.discord.request_body import RequestBody
from sandbox.discord.snowflakes import SnowflakeGenerator

_SETTABLE: Final = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.COMPONENTS_V2
)
_EMBED_TEXTS: Final = {"title": 256, "description": 4096}
_EMBED_CHARACTERS: Final = 6000
_MOST_FILES: Final = 10


@dataclass(slots=True)
class MessageDraft:
    """A message's content that has passed every check, its new files not yet attached."""

    content: str = ""
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    flags: MessageFlag = MessageFlag.NONE
    kept_attachments: list[Attachment] = field(default_factory=list[Attachment])
    uploads: list[tuple[UploadedFile, str | None]] = field(
        default_factory=list[tuple[UploadedFile, str | None]]
    )
    allowed_mentions: mentions.AllowedMentions = field(default_factory=mentions.AllowedMentions)
    nonce: str | None = None
    reference: int | None = None


def parse_new_message(body: RequestBody, data: Json, prefix: str = "") -> MessageDraft:
    """Check what a new message is to say; `prefix` is where it is in the request.

    Raises:
        Refused: 50035 with everything that is wrong, or 50006 if it says nothing.
    """
    form = FieldErrors()
    draft = MessageDraft(flags=MessageFlag(_flags(data) & _SETTABLE))
    draft.nonce = _nonce(form, data)
    draft.allowed_mentions = mentions.parse_allowed_mentions(form, data.get("allowed_mentions"))
    _fill(draft, data, body)
    _check(form, draft, data)
    if prefix:
        form = form.nested(prefix)
    form.raise_if_any()
    _must_say_something(draft)
    return draft


def parse_edit(body: RequestBody, data: Json, message: Message) -> MessageDraft:
    """Check what a message is to say from now on; what is not given stays.

    Raises:
        Refused: 50035 with everything that is wrong, or 50006 if it says nothing.
    """
    form = FieldErrors()
    was_v2 = message.flags & MessageFlag.COMPONENTS_V2
    draft = MessageDraft(
        message.content, message.embeds, message.components, kept_attachments=message.attachments
    )
    draft.flags = MessageFlag(_flags(data) & _SETTABLE) | was_v2 if "flags" in data else was_v2
    draft.flags &= ~MessageFlag.EPHEMERAL
    draft.allowed_mentions = mentions.parse_allowed_mentions(form, data.get("allowed_mentions"))
    _fill(draft, data, body)
    _check(form, draft, data)
    form.raise_if_any()
    _must_say_something(draft)
    return draft


def check_permissions(draft: MessageDraft, channel: Channel, user: User) -> None:
    """Refuse what a user may not send to a channel.

    Raises:
        Refused: 40058, 50001, 50007, 50013, 160002 or 160005.
    """
    if channel.type.holds_threads_only:
        raise ApiError(400, 40058, "Cannot send a message in a forum channel")
    granted = permissions.channel_permissions(channel, user.id)
    needed = permissions.send_permission(channel)
    if draft.uploads:
        needed |= Permission.ATTACH_FILES
    if draft.embeds:
        needed |= Permission.EMBED_LINKS
    if granted & needed != needed:
        raise missing_permissions()
    if not permissions.is_unlocked(channel, user.id):
        raise thread_locked()
    if channel.recipient is not None and user.bot and not channel.recipient.accepts_dms:
        raise ApiError(403, 50007, "Cannot send messages to this user")
    if draft.reference is not None and not granted & Permission.READ_MESSAGE_HISTORY:
        raise ApiError(403, 160002, "Cannot reply without permission to read message history")


def parse_reference(data: Json, channel: Channel) -> int | None:
    """Find the message that a new one answers.

    Raises:
        Refused: it is not there, and the request does not do without it.
    """
    given = as_object(data.get("message_reference"))
    if given is None:
        return None
    number = as_id(given.get("message_id"))
    if number is not None and channel.message(number) is not None:
        return number
    if given.get("fail_if_not_exists", True):
        raise invalid_field("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return None


async def store_attachments(
    draft: MessageDraft, cdn: Cdn, channel: Channel, *, ephemeral: bool
) -> list[Attachment]:
    """Make attachments of a draft's new files, after those that it keeps."""
    made = [
        await cdn.attach(upload, channel.id, description=description, ephemeral=ephemeral)
        for upload, description in draft.uploads
    ]
    return [*draft.kept_attachments, *made]


def build_message(
    draft: MessageDraft,
    attachments: list[Attachment],
    channel: Channel,
    author: User,
    ids: SnowflakeGenerator,
) -> Message:
    """Make a message of a draft, and find out whom it notifies; it is not posted yet."""
    message = Message(ids.next(), channel, author, reference=draft.reference, nonce=draft.nonce)
    _write(message, draft, attachments)
    return message


def set_mentions(message: Message, allowed: mentions.AllowedMentions) -> None:
    """Find out whom a new message notifies."""
    target = None if message.reference is None else message.channel.message(message.reference)
    mentions.resolve_mentions(message, allowed, None if target is None else target.author)


def apply_edit(message: Message, draft: MessageDraft, attachments: list[Attachment]) -> None:
    """Let a message say what a draft says; an edit notifies nobody."""
    pinged = message.notified_user_ids
    _write(message, draft, attachments)
    set_mentions(message, draft.allowed_mentions)
    message.notified_user_ids = pinged


def _write(message: Message, draft: MessageDraft, attachments: list[Attachment]) -> None:
    kept = message.flags & MessageFlag.EPHEMERAL
    message.content = draft.content
    message.embeds = draft.embeds
    message.attachments = attachments
    message.flags = draft.flags | kept
    message.components = components.with_ids(draft.components)
    _resolve(message)


def _resolve(message: Message) -> None:
    """Say in the components' media which attachment each refers to."""
    by_name = {found.filename: found for found in message.attachments}
    by_name |= {found.url.partition("?")[0]: found for found in message.attachments}
    for component in walk_components(message.components):
        for holder in [component, *as_objects(component.get("items"))]:
            for name in ("media", "file"):
                media = as_object(holder.get(name))
                if media is not None:
                    _resolve_media(media, by_name, component if name == "file" else {})


def _resolve_media(media: Json, by_name: Mapping[str, Attachment], component: Json) -> None:
    name = str(media.get("url")).removeprefix("attachment://").partition("?")[0]
    file = by_name.get(name)
    if file is None:
        return
    media |= {
        "attachment_id": str(file.id),
        "content_type": file.content_type,
        "width": file.width,
        "height": file.height,
        "loading_state": 2,
    }
    if component:
        component |= {"name": file.filename, "size": file.size}


def _flags(data: Json) -> int:
    flags = data.get("flags")
    return flags if isinstance(flags, int) and flags >= 0 else 0


def _nonce(form: FieldErrors, data: Json) -> str | None:
    nonce = data.get("nonce")
    if nonce is None:
        return None
    form.check_length("nonce", str(nonce), 0, 25)
    return str(nonce)


def _fill(draft: MessageDraft, data: Json, body: RequestBody) -> None:
    if "content" in data:
        draft.content = "" if data["content"] is None else data["content"]
    if "embeds" in data:
        draft.embeds = as_objects(data["embeds"])
    if "components" in data:
        draft.components = as_objects(data["components"])
    descriptions: dict[int, str | None] = {}
    if "attachments" in data:
        listed = {as_id(item.get("id")): item for item in as_objects(data["attachments"])}
        draft.kept_attachments = [found for found in draft.kept_attachments if found.id in listed]
        descriptions = {n: listed[n].get("description") for n in body.files if n in listed}
    draft.uploads = [(body.files[n], descriptions.get(n)) for n in sorted(body.files)]


def _check(form: FieldErrors, draft: MessageDraft, data: Json) -> None:
    form.check_length("content", draft.content, 0, 2000)
    _check_embeds(form, draft.embeds)
    form.check_count(
        "attachments", len(draft.kept_attachments) + len(draft.uploads), 0, _MOST_FILES
    )
    v2 = bool(draft.flags & MessageFlag.COMPONENTS_V2)
    for name in ("content", "embeds") if v2 else ():
        if getattr(draft, name):
            said = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.add(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", said)
    if "components" in data:
        components.check_message_components(
            form, data["components"], v2=v2, files=_file_names(draft)
        )


def _file_names(draft: MessageDraft) -> frozenset[str]:
    new = (sanitize_filename(upload.filename) for upload, _ in draft.uploads)
    return frozenset([*(found.filename for found in draft.kept_attachments), *new])


def _check_embeds(form: FieldErrors, embeds: list[Json]) -> None:
    form.check_count("embeds", len(embeds), 0, 10)
    total = 0
    for index, embed in enumerate(embeds):
        for path, text, most in _embed_texts(embed):
            form.check_length(f"embeds.{index}.{path}", text, 0, most)
            total += len(str(text))
        form.check_count(f"embeds.{index}.fields", len(as_objects(embed.get("fields"))), 0, 25)
    if total > _EMBED_CHARACTERS:
        said = f"Embed size exceeds maximum size of {_EMBED_CHARACTERS}"
        form.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", said)


def _embed_texts(embed: Json) -> list[tuple[str, Any, int]]:
    """List an embed's texts: where each is, and how long it may be."""
    texts = [(name, embed[name], most) for name, most in _EMBED_TEXTS.items() if embed.get(name)]
    for index, part in enumerate(as_objects(embed.get("fields"))):
        texts.append((f"fields.{index}.name", part.get("name"), 256))
        texts.append((f"fields.{index}.value", part.get("value"), 1024))
    for name, key, most in (("footer", "text", 2048), ("author", "name", 256)):
        part = as_object(embed.get(name))
        if part is not None:
            texts.append((f"{name}.{key}", part.get(key), most))
    return texts


def _must_say_something(draft: MessageDraft) -> None:
    files = draft.kept_attachments or draft.uploads
    if not (draft.content or draft.embeds or draft.components or files):
        raise ApiError(400, 50006, "Cannot send an empty message")
