"""Attachments as media: the kind of a file is decided by its bytes, not by its name."""

import asyncio
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

import aiohttp
import structlog
from yarl import URL

from cogs.generation.fair_slots import FairSlots
from cogs.ui import text
from domain.errors import RulesViolated
from domain.loopback import LOOPBACK_HOSTS
from domain.models import (
    MAX_AUDIO_BYTES,
    MAX_CLIP_MS,
    MAX_IMAGE_BYTES,
    MAX_VIDEO_BYTES,
)
from domain.requests import Clip, Conversion, Draft, Picture, round_clip_ms
from domain.violations import Param, Source, Violation, ViolationCode
from workflow.errors import FetchBudgetSpent
from workflow.fetch_budget import FetchCounter
from workflow.media_probe.probe import InspectedMedia, MediaProbe
from workflow.media_probe.types import (
    ClipInfo,
    MediaFault,
    MediaKind,
    PictureFormat,
    PictureInfo,
    UnusableMedia,
)
from workflow.member_turns import MemberTurn

_log = structlog.get_logger(__name__)

_CDN_ORIGINS: Final = (URL("https://cdn.discordapp.com"), URL("https://media.discordapp.net"))
_PROXIES: Final = re.compile(r"https://images-ext-[0-9]{1,3}\.discordapp\.net", re.ASCII)
"""Discord's copies of external pictures that messages show."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
_SUFFIXES: Final[Mapping[PictureFormat, str]] = MappingProxyType(
    {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
)


_AT_ONCE: Final = 2
"""Files in memory, over all members; with the copies that are made of them at most 220 MB."""

_UNPACKED: Final = {"Accept-Encoding": "identity"}
_MAX_BYTES: Final = {
    MediaKind.PICTURE: 30_000_000,
    MediaKind.VIDEO: MAX_VIDEO_BYTES,
    MediaKind.AUDIO: MAX_VIDEO_BYTES,
}

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

    def as_references(self, draft: Draft) -> Draft:
        """Add these media to a draft as references, with what was found in loading them."""
        return replace(
            draft,
            pictures=self.pictures,
            videos=self.videos,
            audios=self.audios,
            violations=(*draft.violations, *self.violations),
            conversions=(*draft.conversions, *self.conversions),
        )


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A usable file, and what a member is to know of its conversion."""

    medium: Picture | Clip
    conversion: Conversion | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """A member's turn, and the counter of what is fetched in it."""

    turn: MemberTurn
    counter: FetchCounter


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

    def __init__(self, session: aiohttp.ClientSession, api_url: str | None) -> None:
        self._session = session
        self._local_origin = _loopback_origin(api_url)
        self._media_probe = MediaProbe()
        self._slots = FairSlots(_AT_ONCE)

    async def load_pictures(
        self, turn: MemberTurn, attachments: Sequence[AttachmentLike]
    ) -> LoadedAttachments:
        """Load pictures in their member's turn, as `load_references` does."""
        return await self.load_references(turn, attachments, (), ())

    async def load_references(
        self,
        turn: MemberTurn,
        pictures: Sequence[AttachmentLike],
        videos: Sequence[AttachmentLike],
        audios: Sequence[AttachmentLike],
    ) -> LoadedAttachments:
        """Load references in their member's turn; what is wrong with one is among the violations.

        Pictures are loaded two at a time, clips, which may take long, one after the other.

        Raises:
            RulesViolated: the day's budget of the member does not cover them; nothing is fetched.
        """
        announced = sum(
            self._announced_bytes(kind, file)
            for kind, files in (
                (MediaKind.PICTURE, pictures),
                (MediaKind.VIDEO, videos),
                (MediaKind.AUDIO, audios),
            )
            for file in files
        )
        if not announced:
            return await self._load_all(_Look(turn, FetchCounter()), pictures, videos, audios)
        try:
            async with turn.fetching(announced) as counter:
                look = _Look(turn, counter)
                return await self._load_all(look, pictures, videos, audios)
        except FetchBudgetSpent as error:
            raise RulesViolated([_budget_violation(error)]) from None

    async def _load_all(
        self,
        look: _Look,
        pictures: Iterable[AttachmentLike],
        videos: Iterable[AttachmentLike],
        audios: Iterable[AttachmentLike],
    ) -> LoadedAttachments:
        async def load_clips() -> tuple[list[_Loaded | Violation], list[_Loaded | Violation]]:
            return (
                [await self._clip(look, MediaKind.VIDEO, video) for video in videos],
                [await self._clip(look, MediaKind.AUDIO, audio) for audio in audios],
            )

        picture_results, (video_results, audio_results) = await asyncio.gather(
            asyncio.gather(*(self._picture(look, picture) for picture in pictures)), load_clips()
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

    async def _picture(self, look: _Look, attachment: AttachmentLike) -> _Loaded | Violation:
        name = _display_name(attachment)
        try:
            inspected, kept = await self._load(look, MediaKind.PICTURE, attachment)
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

    async def _clip(
        self, look: _Look, kind: MediaKind, attachment: AttachmentLike
    ) -> _Loaded | Violation:
        name = _display_name(attachment)
        try:
            inspected, kept = await self._load(look, kind, attachment)
        except _UnusableFile as error:
            return error.to_violation(name)
        info = inspected.info
        assert isinstance(info, ClipInfo), "a clip was inspected"
        length_ms = round_clip_ms(info.microseconds)
        url = "" if info.is_converted else attachment.url
        clip = Clip(url=url, name=name, duration_ms=length_ms, kept=kept)
        return _Loaded(clip, Conversion(name, length_ms) if info.is_converted else None)

    async def cut_clips(self, turn: MemberTurn, draft: Draft) -> Draft:
        """Replace each clip that is too long by its beginning, in its member's turn.

        Raises:
            RulesViolated: one cannot be cut, or has expired.
        """
        videos = [await self._cut(turn, MediaKind.VIDEO, clip) for clip in draft.videos]
        audios = [await self._cut(turn, MediaKind.AUDIO, clip) for clip in draft.audios]
        conversions = [one.conversion for one in (*videos, *audios) if one.conversion is not None]
        cut = {one.name for one in conversions}
        others = [one for one in draft.conversions if one.name not in cut]
        return replace(
            draft,
            videos=_media(Clip, videos),
            audios=_media(Clip, audios),
            conversions=(*others, *conversions),
        )

    async def _cut(self, turn: MemberTurn, kind: MediaKind, clip: Clip) -> _Loaded:
        if clip.duration_ms <= MAX_CLIP_MS:
            return _Loaded(clip)
        try:
            async with self._slots.take(turn.user_id):
                data = await turn.read_input(clip.kept or "")
                inspected = await self._inspect(kind, data, is_cut=True)
                info = inspected.info
                assert isinstance(info, ClipInfo), "a clip was inspected"
                kept = await _store(turn, inspected.data, info.suffix)
        except _UnusableFile as error:
            raise RulesViolated([error.to_violation(clip.name)]) from None
        except (FileNotFoundError, ValueError):
            gone = Violation.of(ViolationCode.INPUTS_GONE, Source.ATTACHMENT)
            raise RulesViolated([gone]) from None
        length_ms = round_clip_ms(info.microseconds)
        shorter = Clip(url="", name=clip.name, duration_ms=length_ms, kept=kept)
        return _Loaded(shorter, Conversion(clip.name, length_ms))

    async def _load(
        self, look: _Look, kind: MediaKind, attachment: AttachmentLike
    ) -> tuple[InspectedMedia, str]:
        """Fetch and inspect a file, and store what is sent on for it; return it and its name."""
        self._check_announced(kind, attachment)
        async with self._slots.take(look.turn.user_id):
            data = await self._fetch(look.counter, kind, attachment)
            inspected = await self._inspect(kind, data)
            info = inspected.info
            suffix = _SUFFIXES[info.format] if isinstance(info, PictureInfo) else info.suffix
            return inspected, await _store(look.turn, inspected.data, suffix)

    def _announced_bytes(self, kind: MediaKind, attachment: AttachmentLike) -> int:
        """Return how much may be fetched of a file, by what Discord says of it."""
        try:
            self._check_announced(kind, attachment)
        except _UnusableFile:
            return 0
        return attachment.size or _MAX_BYTES[kind]

    def _check_announced(self, kind: MediaKind, attachment: AttachmentLike) -> None:
        most = _MAX_BYTES[kind]
        if not self._is_trusted(attachment.url):
            raise _UnusableFile(ViolationCode.FILE_NOT_AT_DISCORD)
        if attachment.size > most:
            raise _UnusableFile(ViolationCode.FILE_TOO_LARGE, size=attachment.size, most=most)

    async def _fetch(
        self, counter: FetchCounter, kind: MediaKind, attachment: AttachmentLike
    ) -> bytes:
        try:
            async with self._session.get(
                URL(attachment.url, encoded=True),
                headers=_UNPACKED,
                auto_decompress=False,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                if response.status != 200 or _is_packed(response):
                    raise _UnusableFile(ViolationCode.FILE_NOT_FETCHED)
                return await _read_capped(response, counter, _MAX_BYTES[kind])
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise _UnusableFile(ViolationCode.FILE_NOT_FETCHED) from None

    async def _inspect(
        self, kind: MediaKind, data: bytes, *, is_cut: bool = False
    ) -> InspectedMedia:
        try:
            return await self._media_probe.inspect(kind, data, is_cut=is_cut)
        except UnusableMedia as error:
            raise _to_unusable(error, kind) from None
        except OSError:
            _log.exception("input not probed")
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


def _is_packed(response: aiohttp.ClientResponse) -> bool:
    """Return whether a file comes compressed, though that was not asked for: it is not unpacked."""
    return response.headers.get("Content-Encoding", "identity").lower() != "identity"


def _budget_violation(error: FetchBudgetSpent) -> Violation:
    return Violation.of(
        ViolationCode.FETCH_BUDGET_SPENT,
        Source.QUOTA,
        most=error.limit,
        resets_at_ms=error.resets_at_ms,
    )


async def _store(turn: MemberTurn, data: bytes, suffix: str) -> str:
    try:
        return await turn.save_input(data, suffix)
    except OSError:
        _log.exception("input not stored")
        raise _UnusableFile(ViolationCode.FILE_NOT_TAKEN) from None


async def _read_capped(
    response: aiohttp.ClientResponse, counter: FetchCounter, max_bytes: int
) -> bytes:
    # BytesIO shares its buffer with getvalue(): no second copy of a large file.
    data = io.BytesIO()
    async for chunk in response.content.iter_chunked(65536):
        data.write(chunk)
        counter.add(len(chunk))
        if data.tell() > max_bytes:
            raise _UnusableFile(ViolationCode.FILE_TOO_LARGE, most=max_bytes)
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
        MediaFault.DATA_ELSEWHERE: ViolationCode.FILE_DATA_ELSEWHERE,
        MediaFault.RESOURCE_LIMIT: ViolationCode.FILE_TOO_COMPLEX,
    }
)
