"""Finds the pictures that a message shows: attached, embedded, or laid out among its components."""

import mimetypes
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import discord
from yarl import URL

from cogs.intake import File, is_discords

MOST: Final = 25
"""Choices of a menu."""

_ANY: Final = "image/*"


def pictures_in(message: discord.Message) -> tuple[File, ...]:
    """List the pictures of a message in the order in which they are seen, each once."""
    found = dict[str, File]()
    for part in (message, *message.message_snapshots):
        for file in _of(part):
            found.setdefault(file.url.partition("?")[0], file)
    return tuple(found.values())[:MOST]


def _of(part: discord.Message | discord.MessageSnapshot) -> Iterator[File]:
    for attachment in part.attachments:
        if _is_picture(attachment.content_type, attachment.filename):
            yield File(attachment.filename, attachment.url, attachment.size)
    for embed in part.embeds:
        yield from _media((embed.image, embed.thumbnail))
    yield from _media(_laid_out(part.components))


def _laid_out(components: Iterable[Any]) -> Iterator[Any]:
    """Walk through components, and list the media that are shown as pictures."""
    for component in components:
        match component:
            case discord.MediaGalleryComponent():
                yield from (item.media for item in component.items)
            case discord.SectionComponent():
                yield from _laid_out((component.accessory,))
            case discord.ThumbnailComponent():
                yield component.media
            case discord.Container():
                yield from _laid_out(component.children)
            case _:
                pass


def _media(shown: Iterable[Any]) -> Iterator[File]:
    """Take media at the address that Discord itself serves, if there is one."""
    for media in shown:
        url: str | None = media.url
        if not url:
            continue
        name = _name(url)
        # What an embed shows as an image says nothing of its kind, and is one.
        if _is_picture(getattr(media, "content_type", None), name, otherwise=_ANY):
            proxy: str | None = media.proxy_url
            yield File(name, url if is_discords(url) or not proxy else proxy)


def _name(url: str) -> str:
    try:
        return PurePosixPath(URL(url).path).name or "picture"
    except ValueError:
        return "picture"


def _is_picture(content_type: str | None, name: str, otherwise: str = "") -> bool:
    """Tell it by either the type that Discord tells or the name; its bytes are looked at later."""
    kinds = (content_type or "", mimetypes.guess_type(name)[0] or "")
    known = [kind for kind in kinds if kind] or [otherwise]
    return any(kind.startswith("image/") for kind in known)
