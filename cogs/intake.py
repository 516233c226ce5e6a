"""Turns attachments into media: what a file is, is told by its bytes, not by its name."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

import aiohttp
import discord
import structlog
from yarl import URL

from cogs import words
from cogs.probe.findings import ClipFound, Fault, Kind, PictureFormat, PictureFound, Unusable
from cogs.probe.inspector import Inspector
from domain.models import (
    MAX_AUDIO_BYTES,
    MAX_IMAGE_BYTES,
    MAX_IMAGE_SIDE,
    MAX_VIDEO_BYTES,
)
from domain.requests import Clip, Picture, clip_ms

Keep = Callable[[bytes, str], Awaitable[str]]
"""Keeps a file's bytes under a name that it tells; the text is the suffix of the file's format."""

_log = structlog.get_logger(__name__)

_CDN_ORIGINS: Final = (URL("https://cdn.discordapp.com"), URL("https://media.discordapp.net"))
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
_UNFETCHED: Final = "could not be fetched from Discord. Attach it again."
_NOT_NOW: Final = "could not be taken in just now. Try again later."
_SUFFIXES: Final[Mapping[PictureFormat, str]] = MappingProxyType(
    {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
)


@dataclass(frozen=True, slots=True)
class _Slot:
    """What may be given in one place: the most bytes, how many files are in memory at a time."""

    max_bytes: int
    at_once: int
    formats: str
    noun: str


_SLOTS: Final = {
    Kind.PICTURE: _Slot(MAX_IMAGE_BYTES, 4, "a PNG, JPEG or WebP picture", "picture"),
    Kind.VIDEO: _Slot(MAX_VIDEO_BYTES, 2, "an MP4 or MOV video", "video"),
    Kind.AUDIO: _Slot(MAX_AUDIO_BYTES, 2, "an MP3 or WAV file", "audio file"),
}
"""Together 170 MB at most."""

Medium = TypeVar("Medium", Picture, Clip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What became of the attachments: the usable media, and what is wrong with the others."""

    pictures: tuple[Picture, ...] = ()
    videos: tuple[Clip, ...] = ()
    audios: tuple[Clip, ...] = ()
    problems: tuple[str, ...] = ()


class _Unfit(Exception):
    """A file that can not be used; says why, in words for the member."""


class Intake:
    """Fetches attachments from Discord's own hosts, has them looked into, and keeps the good ones.

    `api_url` is the address of a stand-in or proxy for Discord, if one is set: on loopback, its
    host and port serve attachments too.
    """

    def __init__(self, session: aiohttp.ClientSession, api_url: str | None, keep: Keep) -> None:
        self._session = session
        self._stand_in = _loopback_origin(api_url)
        self._keep = keep
        self._inspector = Inspector()
        self._room = {kind: asyncio.Semaphore(slot.at_once) for kind, slot in _SLOTS.items()}

    async def pictures(self, attachments: Iterable[discord.Attachment]) -> Gathered:
        """Take pictures in, all at once; nothing is raised, every problem is named."""
        return await self.references(attachments, (), ())

    async def references(
        self,
        pictures: Iterable[discord.Attachment],
        videos: Iterable[discord.Attachment],
        audios: Iterable[discord.Attachment],
    ) -> Gathered:
        """Take references in, all at once; nothing is raised, every problem is named."""
        seen, watched, heard = await asyncio.gather(
            asyncio.gather(*map(self._picture, pictures)),
            asyncio.gather(*(self._clip(Kind.VIDEO, video) for video in videos)),
            asyncio.gather(*(self._clip(Kind.AUDIO, audio) for audio in audios)),
        )
        return Gathered(
            pictures=_usable(Picture, seen),
            videos=_usable(Clip, watched),
            audios=_usable(Clip, heard),
            problems=tuple(item for item in (*seen, *watched, *heard) if isinstance(item, str)),
        )

    async def _picture(self, attachment: discord.Attachment) -> Picture | str:
        name = _shown_name(attachment)
        try:
            async with self._room[Kind.PICTURE]:
                data = await self._fetch(Kind.PICTURE, attachment)
                found = await self._look(Kind.PICTURE, data)
                assert isinstance(found, PictureFound), "a picture was looked for"
                kept = await self._store(data, _SUFFIXES[found.format])
        except _Unfit as error:
            return f"{name} {error}"
        return Picture(
            url=attachment.url,
            name=name,
            format=found.format,
            width=found.width,
            height=found.height,
            size=len(data),
            kept=kept,
        )

    async def _clip(self, kind: Kind, attachment: discord.Attachment) -> Clip | str:
        name = _shown_name(attachment)
        try:
            async with self._room[kind]:
                data = await self._fetch(kind, attachment)
                found = await self._look(kind, data)
                assert isinstance(found, ClipFound), "a clip was looked for"
                kept = await self._store(data, found.suffix)
        except _Unfit as error:
            return f"{name} {error}"
        length = clip_ms(found.microseconds)
        return Clip(url=attachment.url, name=name, duration_ms=length, kept=kept)

    async def _fetch(self, kind: Kind, attachment: discord.Attachment) -> bytes:
        slot = _SLOTS[kind]
        if not self._is_discords(attachment.url):
            raise _Unfit("does not lie on Discord's servers.")
        if attachment.size > slot.max_bytes:
            raise _Unfit(f"is too large: {attachment.size / 1e6:.1f} MB, {_most(slot)}.")
        try:
            async with self._session.get(
                URL(attachment.url, encoded=True), timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise _Unfit(_UNFETCHED)
                return await _read_capped(answer, slot)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise _Unfit(_UNFETCHED) from None

    async def _look(self, kind: Kind, data: bytes) -> PictureFound | ClipFound:
        try:
            return await self._inspector.look(kind, data)
        except Unusable as error:
            raise _Unfit(_what_is_wrong(error.fault, _SLOTS[kind])) from None
        except OSError:
            _log.exception("an input could not be looked into")
            raise _Unfit(_NOT_NOW) from None

    async def _store(self, data: bytes, suffix: str) -> str:
        try:
            return await self._keep(data, suffix)
        except OSError:
            _log.exception("an input could not be kept")
            raise _Unfit(_NOT_NOW) from None

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


def _usable(kind: type[Medium], items: Iterable[Medium | str]) -> tuple[Medium, ...]:
    return tuple(item for item in items if isinstance(item, kind))


def _shown_name(attachment: discord.Attachment) -> str:
    return words.harmless(attachment.filename, 60)


def _most(slot: _Slot) -> str:
    return f"{slot.max_bytes // 1_000_000} MB at most"


async def _read_capped(answer: aiohttp.ClientResponse, slot: _Slot) -> bytes:
    # It hands out what it holds without another copy.
    data = io.BytesIO()
    async for chunk in answer.content.iter_chunked(65536):
        data.write(chunk)
        if data.tell() > slot.max_bytes:
            raise _Unfit(f"is too large: {_most(slot)}.")
    return data.getvalue()


def _what_is_wrong(fault: Fault, slot: _Slot) -> str:
    """Say in words for the member, after the file's name, what is wrong with it."""
    return _WRONG[fault].format(slot=slot, side=MAX_IMAGE_SIDE)


_WRONG: Final[Mapping[Fault, str]] = MappingProxyType(
    {
        Fault.OTHER_FORMAT: "is not {slot.formats}.",
        Fault.DAMAGED: "is a damaged {slot.noun}, or a part of one.",
        Fault.TOO_MANY_PIXELS: "has too many pixels: {side} a side at most.",
        Fault.ANIMATED: "is animated: only still pictures can be used.",
        Fault.COMPRESSED_WAV: "is a compressed WAV: save it as an MP3 or a plain WAV.",
        Fault.NO_VIDEO_TRACK: "has no video in it, or only sound.",
        Fault.LENGTH_UNKNOWN: "does not tell how long it lasts: save it anew with another program.",
        Fault.TOO_COSTLY: "takes too much time or memory to look into: save it in a simpler form.",
    }
)
