"""Attachments as media: the kind of a file is decided by its bytes, not by its name."""

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
    MAX_VIDEO_BYTES,
)
from domain.requests import Clip, Conversion, Picture, round_clip_ms
from domain.violations import Param, Source, Violation, ViolationCode
from workflow.media_probe.probe import InspectedMedia, MediaProbe
from workflow.media_probe.types import (
    ClipInfo,
    MediaFault,
    MediaKind,
    PictureFormat,
    PictureInfo,
    UnusableMedia,
)

SaveFile = Callable[[bytes, str], Awaitable[str]]
"""Stores a file's bytes, given the suffix of its format, and returns the stored name."""

_log = structlog.get_logger(__name__)

_CDN_ORIGINS: Final = (URL("https://cdn.discordapp.com"), URL("https://media.discordapp.net"))
_PROXIES: Final = re.compile(r"https://images-ext-[0-9]{1,3}\.discordapp\.net", re.ASCII)
"""Discord's copies of external pictures that messages show."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
_SUFFIXES: Final[Mapping[PictureFormat, str]] = MappingProxyType(
    {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
)


@dataclass(frozen=True, slots=True)
class _Slot:
    """The limits of one kind of file: its size, and how many are in memory at once."""

    max_bytes: int
    at_once: int


_SLOTS: Final = {
    MediaKind.PICTURE: _Slot(max_bytes=30_000_000, at_once=2),
    MediaKind.VIDEO: _Slot(max_bytes=MAX_VIDEO_BYTES, at_once=1),
    MediaKind.AUDIO: _Slot(max_bytes=MAX_VIDEO_BYTES, at_once=1),
}
"""With the copies that are made of them, at most 320 MB in memory altogether."""

_SENT_BYTES: Final = {
    MediaKind.PICTURE: MAX_IMAGE_BYTES,
    MediaKind.VIDEO: MAX_VIDEO_BYTES,
    MediaKind.AUDIO: MAX_AUDIO_BYTES,
}

T = TypeVar("T")


class AttachmentLike(Protocol):
    """A file at Discord: discord.py's attachment, or a `RemoteFile`."""

    @property
    def filename(self) -> str:
        """Return the file's name."""
        ...

    @property
    def url(self) -> str:
        """Return the file's URL."""
        ...

    @property
    def size(self) -> int:
        """Return the size in bytes as Discord reports it; 0 where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at Discord that came with a modal, or that a message shows."""

    filename: str
    url: str
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedAttachments:
    """The usable media of some attachments, and the violations of the others.

    `frames` are the pictures once more, each at its index, with None for an unusable one.
    """

    pictures: tuple[Picture, ...] = ()
    videos: tuple[Clip, ...] = ()
    audios: tuple[Clip, ...] = ()
    violations: tuple[Violation, ...] = ()
    frames: tuple[Picture | None, ...] = ()
    conversions: tuple[Conversion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A usable file, and what a member is to know of its conversion."""

    medium: Picture | Clip
    conversion: Conversion | None = None


class _UnusableFile(Exception):
    """A file cannot be used; the parameters are those of its violation, but for the name."""

    def __init__(self, code: ViolationCode, **params: Param) -> None:
        super().__init__(code.value)
        self._code = code
        self._params = params

    def to_violation(self, name: str) -> Violation:
        """Return the violation of the file of this name."""
        return Violation.of(self._code, Source.ATTACHMENT, name=name, **self._params)


class AttachmentLoader:
    """Fetches attachments from Discord's own hosts, probes them, and stores the usable ones.

    `api_url` is the URL of a stand-in or proxy for Discord, if one is configured: on loopback, its
    host and port serve attachments too.
    """

    def __init__(
        self, session: aiohttp.ClientSession, api_url: str | None, save_file: SaveFile
    ) -> None:
        self._session = session
        self._local_origin = _loopback_origin(api_url)
        self._save_file = save_file
        self._media_probe = MediaProbe()
        self._slots = {kind: asyncio.Semaphore(slot.at_once) for kind, slot in _SLOTS.items()}

    async def load_pictures(self, attachments: Iterable[AttachmentLike]) -> LoadedAttachments:
        """Load pictures concurrently; return violations instead of raising."""
        return await self.load_references(attachments, (), ())

    async def load_references(
        self,
        pictures: Iterable[AttachmentLike],
        videos: Iterable[AttachmentLike],
        audios: Iterable[AttachmentLike],
    ) -> LoadedAttachments:
        """Load references concurrently; return violations instead of raising."""
        picture_results, video_results, audio_results = await asyncio.gather(
            asyncio.gather(*map(self._picture, pictures)),
            asyncio.gather(*(self._clip(MediaKind.VIDEO, video) for video in videos)),
            asyncio.gather(*(self._clip(MediaKind.AUDIO, audio) for audio in audios)),
        )
        everything = (*picture_results, *video_results, *audio_results)
        loaded = [result for result in everything if isinstance(result, _Loaded)]
        return LoadedAttachments(
            pictures=_media(Picture, picture_results),
            videos=_media(Clip, video_results),
            audios=_media(Clip, audio_results),
            violations=tuple(it for it in everything if isinstance(it, Violation)),
            frames=tuple(
                it.medium if isinstance(it, _Loaded) and isinstance(it.medium, Picture) else None
                for it in picture_results
            ),
            conversions=tuple(it.conversion for it in loaded if it.conversion is not None),
        )

    async def _picture(self, attachment: AttachmentLike) -> _Loaded | Violation:
        name = _display_name(attachment)
        try:
            inspected, kept = await self._load(MediaKind.PICTURE, attachment)
        except _UnusableFile as error:
            return error.to_violation(name)
        info = inspected.info
        assert isinstance(info, PictureInfo), "a picture was inspected"
        picture = Picture(
            url="" if info.is_converted else forwardable_url(attachment.url),
            name=name,
            format=info.format,
            width=info.width,
            height=info.height,
            size=len(inspected.data),
            kept=kept,
        )
        if info.is_first_frame:
            return _Loaded(picture, Conversion(name, is_first_frame=True))
        return _Loaded(picture)

    async def _clip(self, kind: MediaKind, attachment: AttachmentLike) -> _Loaded | Violation:
        name = _display_name(attachment)
        try:
            inspected, kept = await self._load(kind, attachment)
        except _UnusableFile as error:
            return error.to_violation(name)
        info = inspected.info
        assert isinstance(info, ClipInfo), "a clip was inspected"
        length_ms = round_clip_ms(info.microseconds)
        url = "" if info.is_converted else attachment.url
        clip = Clip(url=url, name=name, duration_ms=length_ms, kept=kept)
        return _Loaded(clip, Conversion(name, length_ms) if info.is_converted else None)

    async def _load(
        self, kind: MediaKind, attachment: AttachmentLike
    ) -> tuple[InspectedMedia, str]:
        """Fetch and inspect a file, and store what is sent on for it; return it and its name."""
        async with self._slots[kind]:
            data = await self._fetch(kind, attachment)
            inspected = await self._inspect(kind, data)
            info = inspected.info
            suffix = _SUFFIXES[info.format] if isinstance(info, PictureInfo) else info.suffix
            return inspected, await self._store(inspected.data, suffix)

    async def _fetch(self, kind: MediaKind, attachment: AttachmentLike) -> bytes:
        slot = _SLOTS[kind]
        if not self._is_trusted(attachment.url):
            raise _UnusableFile(ViolationCode.FILE_NOT_AT_DISCORD)
        if attachment.size > slot.max_bytes:
            raise _UnusableFile(
                ViolationCode.FILE_TOO_LARGE, size=attachment.size, most=slot.max_bytes
            )
        try:
            async with self._session.get(
                URL(attachment.url, encoded=True), timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise _UnusableFile(ViolationCode.FILE_NOT_FETCHED)
                return await _read_capped(response, slot)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise _UnusableFile(ViolationCode.FILE_NOT_FETCHED) from None

    async def _inspect(self, kind: MediaKind, data: bytes) -> InspectedMedia:
        try:
            return await self._media_probe.inspect(kind, data)
        except UnusableMedia as error:
            raise _to_unusable(error, kind) from None
        except OSError:
            _log.exception("input not probed")
            raise _UnusableFile(ViolationCode.FILE_NOT_TAKEN) from None

    async def _store(self, data: bytes, suffix: str) -> str:
        try:
            return await self._save_file(data, suffix)
        except OSError:
            _log.exception("input not stored")
            raise _UnusableFile(ViolationCode.FILE_NOT_TAKEN) from None

    def _is_trusted(self, url: str) -> bool:
        if is_discord_url(url):
            return True
        return self._local_origin is not None and _origin(url) == self._local_origin


def _loopback_origin(api_url: str | None) -> URL | None:
    if api_url is None:
        return None
    url = URL(api_url)
    return url.origin() if url.host in LOOPBACK_HOSTS else None


def is_discord_url(url: str) -> bool:
    """Return whether a URL is on one of Discord's own hosts for files."""
    origin = _origin(url)
    return origin is not None and (origin in _CDN_ORIGINS or _is_proxy(origin))


def forwardable_url(url: str) -> str:
    """Return a URL that APIXO may fetch, or an empty one for Discord's copy of an external picture.

    A stranger may change its original, so only the stored file counts.
    """
    origin = _origin(url)
    return "" if origin is not None and _is_proxy(origin) else url


def _origin(url: str) -> URL | None:
    """Return the origin of a URL; None if it is malformed or contains credentials."""
    try:
        parsed = URL(url)
        origin = parsed.origin()
    except ValueError:
        return None
    return origin if parsed.user is None and parsed.password is None else None


def _is_proxy(origin: URL) -> bool:
    return _PROXIES.fullmatch(str(origin)) is not None


def _media(kind: type[T], results: Iterable[_Loaded | Violation]) -> tuple[T, ...]:
    media = (result.medium for result in results if isinstance(result, _Loaded))
    return tuple(medium for medium in media if isinstance(medium, kind))


def _display_name(attachment: AttachmentLike) -> str:
    return text.sanitize(attachment.filename, 60)


async def _read_capped(response: aiohttp.ClientResponse, slot: _Slot) -> bytes:
    # BytesIO shares its buffer with getvalue(): no second copy of a large file.
    data = io.BytesIO()
    async for chunk in response.content.iter_chunked(65536):
        data.write(chunk)
        if data.tell() > slot.max_bytes:
            raise _UnusableFile(ViolationCode.FILE_TOO_LARGE, most=slot.max_bytes)
    return data.getvalue()


def _to_unusable(error: UnusableMedia, kind: MediaKind) -> _UnusableFile:
    code = _CODES[error.fault]
    match error.fault:
        case MediaFault.UNSUPPORTED_FORMAT:
            return _UnusableFile(code, kind=kind, format=error.format_name)
        case MediaFault.DAMAGED:
            return _UnusableFile(code, kind=kind)
        case MediaFault.TOO_LARGE:
            return _UnusableFile(code, most=_SENT_BYTES[kind])
        case _:
            return _UnusableFile(code)


_CODES: Final[Mapping[MediaFault, ViolationCode]] = MappingProxyType(
    {
        MediaFault.UNSUPPORTED_FORMAT: ViolationCode.FILE_OTHER_FORMAT,
        MediaFault.DAMAGED: ViolationCode.FILE_DAMAGED,
        MediaFault.TOO_MANY_PIXELS: ViolationCode.FILE_TOO_MANY_PIXELS,
        MediaFault.NO_VIDEO_TRACK: ViolationCode.FILE_WITHOUT_VIDEO,
        MediaFault.NO_AUDIO_TRACK: ViolationCode.FILE_WITHOUT_SOUND,
        MediaFault.TOO_LARGE: ViolationCode.FILE_TOO_LARGE,
        MediaFault.RESOURCE_LIMIT: ViolationCode.FILE_TOO_COMPLEX,
    }
)
