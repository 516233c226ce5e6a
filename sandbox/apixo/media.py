"""Media of a submission: how they are fetched, and what is wrong with them.

Only loopback addresses are asked: the stand-in never touches a network.
"""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import asyncio
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import aiohttp
from av.error import FFmpegError
from PIL import Image, ImageOps
from yarl import URL

from sandbox.apixo.probe import probe_clip
from sandbox.apixo.rules import InvalidSubmission, Submission, is_loopback

IMAGE_BYTES: Final = 10_000_000
VIDEO_BYTES: Final = 50_000_000
AUDIO_BYTES: Final = 15_000_000

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_SIDES: Final = (300, 6000)
_RATIOS: Final = (0.4, 2.5)
_CLIP_MS: Final = (2_000, 15_000)
_TOTAL_MS: Final = 15_000
_FETCH_SECONDS: Final = 30
_PICTURE_SIDE: Final = 1280


@dataclass(frozen=True, slots=True)
class FetchedMedia:
    """The media of one order.

    Attributes:
        pictures: the images, else the first frames of the reference videos; upright RGB.
        video_ms: the reference videos together, None without any.
        unusable: whether an image cannot be had, or is one that upstream will find fault with.
    """

    pictures: tuple[Image.Image, ...] = ()
    video_ms: int | None = None
    is_unusable: bool = False


class MediaFetcher:
    """Fetches an order's media."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def fetch(self, order: Submission) -> FetchedMedia:
        """Fetch and judge all media of an order.

        Raises:
            Refused: a video or audio cannot be had or breaks the limits. Of these APIXO's page
                says that they are checked before there is a task; a bad image fails the task.
        """
        pictures = [await self._picture(url) for url in order.image_urls]
        usable = tuple(picture for picture in pictures if picture is not None)
        videos = await self._probe("video", order.video_urls, VIDEO_BYTES)
        await self._probe("audio", order.audio_urls, AUDIO_BYTES)
        frames = tuple(clip.frame for clip in videos if clip.frame is not None)
        return FetchedMedia(
            pictures=usable or frames,
            video_ms=sum(clip.ms for clip in videos) if videos else None,
            is_unusable=len(usable) < len(pictures),
        )

    async def _picture(self, url: str) -> Image.Image | None:
        try:
            data = await self._get(url, IMAGE_BYTES + 1)
        except InvalidSubmission:
            return None
        return await asyncio.to_thread(_read_picture, data)

    async def _probe(self, kind: str, urls: Sequence[str], cap: int) -> list["_Clip"]:
        clips: list[_Clip] = []
        for url in urls:
            data = await self._get(url, cap + 1)
            if len(data) > cap:
                raise InvalidSubmission(f"Reference {kind} is larger than {cap // 1_000_000} MB")
            clips.append(await asyncio.to_thread(_read_clip, kind, data))
        if sum(clip.ms for clip in clips) > _TOTAL_MS:
            raise InvalidSubmission(f"The reference {kind}s are longer than 15 seconds together")
        return clips

    async def _get(self, address: str, cap: int) -> bytes:
        url = URL(address)
        if not is_loopback(url.host):
            raise InvalidSubmission(
                f"{url.host} cannot be fetched: the stand-in asks only this machine"
            )
        timeout = aiohttp.ClientTimeout(total=_FETCH_SECONDS)
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as response:
                if response.status != 200:
                    raise InvalidSubmission(f"{url.path} cannot be fetched: HTTP {response.status}")
                return await _read_capped(response.content, cap)
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise InvalidSubmission(f"{url.path} cannot be fetched: no answer") from None


@dataclass(frozen=True, slots=True)
class _Clip:
    ms: int
    frame: Image.Image | None


async def _read_capped(stream: aiohttp.StreamReader, cap: int) -> bytes:
    data = bytearray()
    while len(data) < cap and (chunk := await stream.read(min(65_536, cap - len(data)))):
        data += chunk
    return bytes(data)


def _read_picture(data: bytes) -> Image.Image | None:
    if len(data) > IMAGE_BYTES:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if not _fits(*image.size):
                return None
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        return None
    upright.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE))
    return upright


def _fits(width: int, height: int) -> bool:
    low, high = _SIDES
    sides_fit = low <= min(width, height) and max(width, height) <= high
    return sides_fit and _RATIOS[0] <= width / height <= _RATIOS[1]


def _read_clip(kind: str, data: bytes) -> _Clip:
    try:
        length = probe_clip(data, kind)
    except FFmpegError:
        raise InvalidSubmission(f"Reference {kind} cannot be read") from None
    ms = math.ceil(length.seconds * 1000)
    if not _CLIP_MS[0] <= ms <= _CLIP_MS[1]:
        raise InvalidSubmission(f"Reference {kind} lasts {ms / 1000} seconds: 2 to 15 are allowed")
    frame = length.picture
    return _Clip(ms, None if frame is None else cast("Image.Image", frame.to_image()))
