"""Turns attachments into media: what a file is, is told by its bytes, not by its name."""

import asyncio
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord
from PIL import Image, UnidentifiedImageError
from yarl import URL

from cogs import words
from domain.models import IMAGE_FORMATS, MAX_IMAGE_BYTES, MAX_IMAGE_SIDE
from domain.requests import Picture

_CDN_ORIGINS: Final = (URL("https://cdn.discordapp.com"), URL("https://media.discordapp.net"))
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
_AT_ONCE: Final = 4
"""Pictures held in memory at a time: ten megabytes each, and what their pixels take."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of the attachments: the usable pictures, and what is wrong with the others."""

    pictures: tuple[Picture, ...]
    problems: tuple[str, ...]


class Unusable(Exception):
    """A file that can not be used; says why, in words for the member."""


class Intake:
    """Fetches attachments from Discord's own hosts and looks into them.

    `api_url` is the address of a stand-in or proxy for Discord, if one is set: on loopback, its
    host and port serve attachments too.
    """

    def __init__(self, session: aiohttp.ClientSession, api_url: str | None) -> None:
        self._session = session
        self._stand_in = _loopback_origin(api_url)
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def pictures(self, attachments: Iterable[discord.Attachment]) -> Gathered:
        """Look into pictures, all at once; nothing is raised, every problem is named."""
        looks = [self._picture(attachment) for attachment in attachments]
        found = await asyncio.gather(*looks)
        return Gathered(
            tuple(item for item in found if isinstance(item, Picture)),
            tuple(item for item in found if isinstance(item, str)),
        )

    async def _picture(self, attachment: discord.Attachment) -> Picture | str:
        name = words.harmless(attachment.filename, 60)
        try:
            async with self._room:
                data = await self._fetch(attachment.url, attachment.size)
                kind, width, height = await asyncio.to_thread(_look, data)
        except Unusable as error:
            return f"{name} {error}"
        return Picture(
            url=attachment.url, name=name, format=kind, width=width, height=height, size=len(data)
        )

    async def _fetch(self, address: str, announced: int) -> bytes:
        if not self._is_discords(address):
            raise Unusable("does not lie on Discord's servers.")
        if announced > MAX_IMAGE_BYTES:
            raise Unusable(f"is too large: {announced / 1e6:.1f} MB, 10 MB at most.")
        try:
            async with self._session.get(
                URL(address, encoded=True), timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise Unusable("could not be fetched from Discord. Attach it again.")
                return await _read_capped(answer)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Unusable("could not be fetched from Discord. Attach it again.") from None

    def _is_discords(self, address: str) -> bool:
        try:
            url, origin = URL(address), URL(address).origin()
        except ValueError:
            return False
        if url.user is not None or url.password is not None:
            return False
        if origin in _CDN_ORIGINS:
            return True
        return self._stand_in is not None and origin == self._stand_in


def _loopback_origin(api_url: str | None) -> URL | None:
    if api_url is None:
        return None
    url = URL(api_url)
    return url.origin() if url.host in ("127.0.0.1", "localhost", "::1") else None


async def _read_capped(answer: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        data += chunk
        if len(data) > MAX_IMAGE_BYTES:
            raise Unusable("is too large: 10 MB at most.")
    return bytes(data)


def _look(data: bytes) -> tuple[str, int, int]:
    """Tell a picture's format, width and height, having decoded all of it."""
    try:
        with Image.open(io.BytesIO(data), formats=tuple(IMAGE_FORMATS)) as image:
            width, height = image.size
            if max(width, height) <= MAX_IMAGE_SIDE:
                image.load()
            # A phone's JPEG with a preview inside is a "multi-picture object" to Pillow.
            return "JPEG" if image.format == "MPO" else str(image.format), width, height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable(f"has too many pixels: {MAX_IMAGE_SIDE} a side at most.") from None
    except UnidentifiedImageError:
        raise Unusable("is not a PNG, JPEG or WebP picture.") from None
    except (OSError, SyntaxError, ValueError):
        raise Unusable("is a damaged picture.") from None
