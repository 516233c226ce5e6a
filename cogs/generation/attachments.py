"""Turns attachments into media: what a file is, is told by its bytes, not by its name."""

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

import aiohttp
import structlog
from yarl import URL

from cogs.ui import text
from domain.loopback import LOOPBACK_HOSTS
from domain.models import (
    MAX_AUDIO_BYTES,
    MAX_IMAGE_BYTES,
    MAX_IMAGE_SIDE,
    MAX_VIDEO_BYTES,
)
from domain.requests import Clip, Picture, round_clip_ms
from domain.violations import Param, Source, Violation, ViolationCode
from workflow.media_probe.probe import MediaProbe
from workflow.media_probe.types import (
    ClipInfo,
    MediaFault,
    MediaKind,
    PictureFormat,
    PictureInfo,
    UnusableMedia,
)

SaveFile = Callable[[bytes, str], Awaitable[str]]
"""Keeps a file's bytes under a name that it tells; the text is the suffix of the file's format."""

_log = structlog.get_logger(__name__)

_CDN_ORIGINS: Final = (URL("https://cdn.discordapp.com"), URL("https://media.discordapp.net"))
_PROXIES: Final = re.compile(r"https://images-ext-[0-9]{1,3}\.discordapp\.net", re.ASCII)
"""Where Discord keeps copies of pictures that lie elsewhere and are shown in messages."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
_SUFFIXES: Final[Mapping[PictureFormat, str]] = MappingProxyType(
    {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
)


@dataclass(frozen=True, slots=True)
class _Slot:
    """What may be given in one place: the most bytes, how many files are in memory at a time."""

    max_bytes: int
    at_once: int


_SLOTS: Final = {
    MediaKind.PICTURE: _Slot(max_bytes=MAX_IMAGE_BYTES, at_once=4),
    MediaKind.VIDEO: _Slot(max_bytes=MAX_VIDEO_BYTES, at_once=2),
    MediaKind.AUDIO: _Slot(max_bytes=MAX_AUDIO_BYTES, at_once=2),
}
"""Together 170 MB at most."""

T = TypeVar("T")


class AttachmentLike(Protocol):
    """A file at Discord: an attachment as the library knows it, or a `File`."""

    @property
    def filename(self) -> str:
        """Give its name."""
        ...

    @property
    def url(self) -> str:
        """Give its address."""
        ...

    @property
    def size(self) -> int:
        """Give its bytes as Discord tells them; 0 where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at Discord that came with a form, or that a message shows."""

    filename: str
    url: str
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedAttachments:
    """What became of the attachments: the usable media, and what is wrong with the others.

    `frames` are the pictures once more, each in its place, with None for those that are unusable.
    """

    pictures: tuple[Picture, ...] = ()
    videos: tuple[Clip, ...] = ()
    audios: tuple[Clip, ...] = ()
    violations: tuple[Violation, ...] = ()
    frames: tuple[Picture | None, ...] = ()


class _Unfit(Exception):
    """A file that can not be used, and why; the parameters but for its name."""

    def __init__(self, code: ViolationCode, **params: Param) -> None:
        super().__init__(code.value)
        self._code = code
        self._params = params

    def about(self, name: str) -> Violation:
        """Say why the file of this name can not be used."""
        return Violation.of(self._code, Source.ATTACHMENT, name=name, **self._params)


class AttachmentLoader:
    """Fetches attachments from Discord's own hosts, has them looked into, and keeps the good ones.

    `api_url` is the address of a stand-in or proxy for Discord, if one is set: on loopback, its
    host and port serve attachments too.
    """

    def __init__(
        self, session: aiohttp.ClientSession, api_url: str | None, save_file: SaveFile
    ) -> None:
        self._session = session
        self._stand_in = _loopback_origin(api_url)
        self._save_file = save_file
        self._inspector = MediaProbe()
        self._slots = {kind: asyncio.Semaphore(slot.at_once) for kind, slot in _SLOTS.items()}

    async def load_pictures(self, attachments: Iterable[AttachmentLike]) -> LoadedAttachments:
        """Take pictures in, all at once; nothing is raised, everything wrong is named."""
        return await self.load_references(attachments, (), ())

    async def load_references(
        self,
        pictures: Iterable[AttachmentLike],
        videos: Iterable[AttachmentLike],
        audios: Iterable[AttachmentLike],
    ) -> LoadedAttachments:
        """Take references in, all at once; nothing is raised, everything wrong is named."""
        seen, watched, heard = await asyncio.gather(
            asyncio.gather(*map(self._picture, pictures)),
            asyncio.gather(*(self._clip(MediaKind.VIDEO, video) for video in videos)),
            asyncio.gather(*(self._clip(MediaKind.AUDIO, audio) for audio in audios)),
        )
        return LoadedAttachments(
            pictures=_usable(Picture, seen),
            videos=_usable(Clip, watched),
            audios=_usable(Clip, heard),
            violations=_usable(Violation, (*seen, *watched, *heard)),
            frames=tuple(item if isinstance(item, Picture) else None for item in seen),
        )

    async def _picture(self, attachment: AttachmentLike) -> Picture | Violation:
        name = _shown_name(attachment)
        try:
            async with self._slots[MediaKind.PICTURE]:
                data = await self._fetch(MediaKind.PICTURE, attachment)
                found = await self._look(MediaKind.PICTURE, data)
                assert isinstance(found, PictureInfo), "a picture was looked for"
                kept = await self._store(data, _SUFFIXES[found.format])
        except _Unfit as error:
            return error.about(name)
        return Picture(
            url=forwardable_url(attachment.url),
            name=name,
            format=found.format,
            width=found.width,
            height=found.height,
            size=len(data),
            kept=kept,
        )

    async def _clip(self, kind: MediaKind, attachment: AttachmentLike) -> Clip | Violation:
        name = _shown_name(attachment)
        try:
            async with self._slots[kind]:
                data = await self._fetch(kind, attachment)
                found = await self._look(kind, data)
                assert isinstance(found, ClipInfo), "a clip was looked for"
                kept = await self._store(data, found.suffix)
        except _Unfit as error:
            return error.about(name)
        length = round_clip_ms(found.microseconds)
        return Clip(url=attachment.url, name=name, duration_ms=length, kept=kept)

    async def _fetch(self, kind: MediaKind, attachment: AttachmentLike) -> bytes:
        slot = _SLOTS[kind]
        if not self._is_discords(attachment.url):
            raise _Unfit(ViolationCode.FILE_NOT_AT_DISCORD)
        if attachment.size > slot.max_bytes:
            raise _Unfit(ViolationCode.FILE_TOO_LARGE, size=attachment.size, most=slot.max_bytes)
        try:
            async with self._session.get(
                URL(attachment.url, encoded=True), timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise _Unfit(ViolationCode.FILE_NOT_FETCHED)
                return await _read_capped(answer, slot)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise _Unfit(ViolationCode.FILE_NOT_FETCHED) from None

    async def _look(self, kind: MediaKind, data: bytes) -> PictureInfo | ClipInfo:
        try:
            return await self._inspector.probe(kind, data)
        except UnusableMedia as error:
            raise _what_is_wrong(error.fault, kind) from None
        except OSError:
            _log.exception("an input could not be looked into")
            raise _Unfit(ViolationCode.FILE_NOT_TAKEN) from None

    async def _store(self, data: bytes, suffix: str) -> str:
        try:
            return await self._save_file(data, suffix)
        except OSError:
            _log.exception("an input could not be kept")
            raise _Unfit(ViolationCode.FILE_NOT_TAKEN) from None

    def _is_discords(self, address: str) -> bool:
        if is_discord_url(address):
            return True
        return self._stand_in is not None and _origin(address) == self._stand_in


def _loopback_origin(api_url: str | None) -> URL | None:
    if api_url is None:
        return None
    url = URL(api_url)
    return url.origin() if url.host in LOOPBACK_HOSTS else None


def is_discord_url(url: str) -> bool:
    """Tell whether an address lies on one of Discord's own hosts for files."""
    origin = _origin(url)
    return origin is not None and (origin in _CDN_ORIGINS or _is_proxy(origin))


def forwardable_url(url: str) -> str:
    """Give no address of a copy whose original a stranger may change: the kept file counts."""
    origin = _origin(url)
    return "" if origin is not None and _is_proxy(origin) else url


def _origin(address: str) -> URL | None:
    """Tell whose address this is; None if that can not be told, or somebody logs in by it."""
    try:
        url, origin = URL(address), URL(address).origin()
    except ValueError:
        return None
    return origin if url.user is None and url.password is None else None


def _is_proxy(origin: URL) -> bool:
    return _PROXIES.fullmatch(str(origin)) is not None


def _usable(kind: type[T], items: Iterable[object]) -> tuple[T, ...]:
    return tuple(item for item in items if isinstance(item, kind))


def _shown_name(attachment: AttachmentLike) -> str:
    return text.sanitize(attachment.filename, 60)


async def _read_capped(answer: aiohttp.ClientResponse, slot: _Slot) -> bytes:
    # It hands out what it holds without another copy.
    data = io.BytesIO()
    async for chunk in answer.content.iter_chunked(65536):
        data.write(chunk)
        if data.tell() > slot.max_bytes:
            raise _Unfit(ViolationCode.FILE_TOO_LARGE, most=slot.max_bytes)
    return data.getvalue()


def _what_is_wrong(fault: MediaFault, kind: MediaKind) -> _Unfit:
    match fault:
        case MediaFault.UNSUPPORTED_FORMAT | MediaFault.DAMAGED:
            return _Unfit(_CODES[fault], kind=kind)
        case MediaFault.TOO_MANY_PIXELS:
            return _Unfit(_CODES[fault], side=MAX_IMAGE_SIDE)
        case _:
            return _Unfit(_CODES[fault])


_CODES: Final[Mapping[MediaFault, ViolationCode]] = MappingProxyType(
    {
        MediaFault.UNSUPPORTED_FORMAT: ViolationCode.FILE_OTHER_FORMAT,
        MediaFault.DAMAGED: ViolationCode.FILE_DAMAGED,
        MediaFault.TOO_MANY_PIXELS: ViolationCode.FILE_TOO_MANY_PIXELS,
        MediaFault.ANIMATED: ViolationCode.FILE_ANIMATED,
        MediaFault.COMPRESSED_WAV: ViolationCode.FILE_COMPRESSED_WAV,
        MediaFault.NO_VIDEO_TRACK: ViolationCode.FILE_WITHOUT_VIDEO,
        MediaFault.LENGTH_UNKNOWN: ViolationCode.FILE_LENGTH_UNKNOWN,
        MediaFault.RESOURCE_LIMIT: ViolationCode.FILE_TOO_COMPLEX,
    }
)
