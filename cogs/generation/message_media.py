"""Pictures, videos and sounds of a message: its files, and what its embeds and layout show."""

import mimetypes
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final, cast

import discord
from discord.ext import commands
from yarl import URL

from cogs.generation.attachments import RemoteFile, is_discord_url
from cogs.publishing.errors import call_discord
from cogs.ui.routing import Interaction
from domain.errors import RulesViolated
from domain.violations import Source, Violation, ViolationCode
from workflow.errors import ChannelDeleted, ChannelUnavailable, MessageDeleted, PublishError
from workflow.media_probe.types import MediaKind

MAX_PICTURES: Final = 25
"""Discord's limit of options in a menu."""

_KINDS: Final = {
    "image": MediaKind.PICTURE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
}


def pictures_in(message: discord.Message) -> tuple[RemoteFile, ...]:
    """Return the pictures of a message in display order, each once."""
    return media_in(message)[MediaKind.PICTURE][:MAX_PICTURES]


def media_in(message: discord.Message) -> dict[MediaKind, tuple[RemoteFile, ...]]:
    """Return the media of a message by kind, in display order, each once.

    The kind is what Discord's content type or the name says; bytes are checked later.
    """
    media = {kind: dict[str, RemoteFile]() for kind in MediaKind}
    for part in (message, *message.message_snapshots):
        for kind, file in _media_of(part):
            media[kind].setdefault(file.url.partition("?")[0], file)
    return {kind: tuple(files.values()) for kind, files in media.items()}


def by_kind(files: Iterable[RemoteFile]) -> dict[MediaKind, tuple[RemoteFile, ...]]:
    """Return uploaded files by the kind that their names say; others count as pictures."""
    media = {kind: list[RemoteFile]() for kind in MediaKind}
    for file in files:
        media[_kind_of(None, file.filename) or MediaKind.PICTURE].append(file)
    return {kind: tuple(found) for kind, found in media.items()}


async def fetch_message(
    interaction: Interaction, message_id: int, gone: ViolationCode
) -> discord.Message:
    """Fetch a message of the interaction's channel.

    Raises:
        RulesViolated: it cannot be read; `gone` if it does not exist, or not for this member.
    """
    if not interaction.permissions.read_message_history or interaction.channel_id is None:
        raise unreadable(gone)
    client = cast("commands.Bot", interaction.client)
    channel = client.get_partial_messageable(interaction.channel_id, guild_id=interaction.guild_id)
    try:
        return await call_discord(channel.fetch_message(message_id))
    except (MessageDeleted, ChannelDeleted):
        raise unreadable(gone) from None
    except ChannelUnavailable:
        raise unreadable(ViolationCode.MESSAGES_HIDDEN) from None
    except PublishError:
        raise unreadable(ViolationCode.DISCORD_SILENT) from None


def unreadable(code: ViolationCode) -> RulesViolated:
    """Return the refusal of a message whose files cannot be had."""
    return RulesViolated([Violation.of(code, Source.ATTACHMENT)])


def _media_of(
    part: discord.Message | discord.MessageSnapshot,
) -> Iterator[tuple[MediaKind, RemoteFile]]:
    for attachment in part.attachments:
        kind = _kind_of(attachment.content_type, attachment.filename)
        if kind is not None:
            yield kind, RemoteFile(attachment.filename, attachment.url, attachment.size)
    for embed in part.embeds:
        yield from _remote_media((embed.image, embed.thumbnail))
    yield from _remote_media(_component_media(part.components))


def _component_media(components: Iterable[Any]) -> Iterator[Any]:
    """Yield the media that components show."""
    for component in components:
        match component:
            case discord.MediaGalleryComponent():
                yield from (item.media for item in component.items)
            case discord.SectionComponent():
                yield from _component_media((component.accessory,))
            case discord.ThumbnailComponent() | discord.FileComponent():
                yield component.media
            case discord.Container():
                yield from _component_media(component.children)
            case _:
                pass


def _remote_media(items: Iterable[Any]) -> Iterator[tuple[MediaKind, RemoteFile]]:
    """Yield media at URLs that Discord itself serves where there are any."""
    for media in items:
        url: str | None = media.url
        if not url:
            continue
        name = _name(url)
        # An embed gives no content type for its images.
        kind = _kind_of(getattr(media, "content_type", None), name, MediaKind.PICTURE)
        if kind is not None:
            proxy: str | None = media.proxy_url
            yield kind, RemoteFile(name, url if is_discord_url(url) or not proxy else proxy)


def _name(url: str) -> str:
    try:
        return PurePosixPath(URL(url).path).name or "picture"
    except ValueError:
        return "picture"


def _kind_of(
    content_type: str | None, name: str, default: MediaKind | None = None
) -> MediaKind | None:
    """Return the kind that Discord's content type says, else the name; `default` if neither."""
    told = [kind for kind in (content_type, mimetypes.guess_type(name)[0]) if kind]
    known = (_KINDS.get(kind.partition("/")[0]) for kind in told)
    return next((kind for kind in known if kind is not None), None if told else default)
