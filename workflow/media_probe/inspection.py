"""Inspection of one clip: it goes on as it came, or as a clean copy; what goes on is measured."""

import io
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from av.container import InputContainer
from av.error import FFmpegError

from domain.models import MAX_AUDIO_BYTES, MAX_CLIP_MS, MAX_VIDEO_BYTES
from workflow.media_probe import cleaning
from workflow.media_probe.animations import encode_animation
from workflow.media_probe.clips import (
    Decoded,
    Tracks,
    check_size,
    declared_seconds,
    decode,
    open_clip,
)
from workflow.media_probe.file_parts import has_other_bytes, has_other_parts
from workflow.media_probe.formats import MOVIE_DEMUXER, FileFormat, identify
from workflow.media_probe.types import (
    ClipInfo,
    ClipSuffix,
    MediaFault,
    MediaKind,
    UnusableMedia,
)

_SUFFIXES: Final[Mapping[str, ClipSuffix]] = {
    "MP4": "mp4",
    "MOV": "mov",
    "MP3": "mp3",
    "WAV": "wav",
}
"""The formats that APIXO takes."""

_SILENT_TAGS: Final = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder", "handler_name"),
        *("language", "vendor_id"),
    }
)
"""Metadata that tells nothing of people; with any other a clip is copied without it."""

_ENCODER: Final = re.compile(r"(Lav[cf]|LAME)?[ 0-9.]*(libx26[45])?", re.ASCII)

_MAX_MISSING_S: Final = Fraction(1, 2)
"""A longer gap between a video's declared and its played end means that it is cut off."""

_REFERENCE: Final = struct.Struct(">I4xI")
"""A data reference: its size and, behind its kind, its flags."""

_IN_THIS_FILE: Final = 1

_TOO_LONG_S: Final = Fraction(MAX_CLIP_MS + 1000, 1000)
"""More than rounding and padding add to the longest clip that is taken."""

_MAX_US: Final = MAX_CLIP_MS * 1000
_PADDING_US: Final = 200_000
"""More than an encoder of MP3 pads."""

_CUT_S: Final = Fraction(MAX_CLIP_MS - 100, 1000)
"""Encoders pad the end of the sound, so a cut keeps a distance from the limit."""


def inspect(kind: MediaKind, data: bytes, *, is_cut: bool = False) -> tuple[ClipInfo, bytes]:
    """Return what is sent on for a clip, and its properties.

    Args:
        kind: what the file was given as, a video or audio.
        data: the file.
        is_cut: keep only as much of the beginning as APIXO takes.

    Raises:
        UnusableMedia: it cannot be used.
    """
    file_format = identify(data)
    name = file_format and file_format.name
    try:
        return _inspect(kind, data, file_format, is_cut=is_cut)
    except UnusableMedia as error:
        raise UnusableMedia(error.fault, name) from None
    except (FFmpegError, ValueError, OSError):
        raise UnusableMedia(MediaFault.DAMAGED, name) from None


def _inspect(
    kind: MediaKind, data: bytes, file_format: FileFormat | None, *, is_cut: bool
) -> tuple[ClipInfo, bytes]:
    if file_format is not None and file_format.content == "animation" and kind is MediaKind.VIDEO:
        return _measured_copy(encode_animation(data, _CUT_S if is_cut else None), "mp4")
    if file_format is None or file_format.demuxer is None:
        raise UnusableMedia(MediaFault.UNSUPPORTED_FORMAT)
    if _refers_elsewhere(data, file_format.demuxer):
        raise UnusableMedia(MediaFault.DATA_ELSEWHERE)
    source = _Source(data, file_format, kind)
    if is_cut:
        return _measured_copy(source.encode(_CUT_S), source.encoded_suffix)
    if (length := source.length_beyond_use()) is not None:
        microseconds = _to_microseconds(length)
        return ClipInfo(suffix=source.copy_suffix, microseconds=microseconds), data
    suffix = _SUFFIXES.get(file_format.name)
    if suffix is not None and (length := source.length_as_it_is(suffix)) is not None:
        info, sent = ClipInfo(suffix=suffix, microseconds=_to_microseconds(length)), data
    else:
        info, sent = source.clean()
    is_padded = kind is MediaKind.AUDIO and _MAX_US < info.microseconds < _MAX_US + _PADDING_US
    return source.unpadded(info, sent) if is_padded else (info, sent)


class _Source:
    """A file that is read as often as needed."""

    def __init__(self, data: bytes, file_format: FileFormat, kind: MediaKind) -> None:
        self.data = data
        self.demuxer = str(file_format.demuxer)
        self.kind = kind
        self._format_name = file_format.name
        with self.opened() as container:
            tracks = self.tracks(container)
            self._declared = declared_seconds(container, tracks)
            self._is_plain = tracks.others == 0 and not self._has_metadata(container)
            self.copy_suffix: ClipSuffix = "mp4"
            if tracks.video is None:
                is_pcm = cleaning.can_copy(tracks, "wav")
                self.copy_suffix = "wav" if is_pcm and self._fits(len(self.data)) else "mp3"
            self._can_copy = cleaning.can_copy(tracks, self.copy_suffix)

    @property
    def encoded_suffix(self) -> ClipSuffix:
        """Return the format of what is encoded: a WAV is copied as it is, or becomes an MP3."""
        return "mp3" if self.copy_suffix == "wav" else self.copy_suffix

    def opened(self) -> InputContainer:
        return open_clip(io.BytesIO(self.data), self.demuxer)

    def tracks(self, container: InputContainer) -> Tracks:
        """Choose the tracks.

        Raises:
            UnusableMedia: there is none of the kind, or its frames are too large.
        """
        tracks = Tracks.of(container)
        if self.kind is MediaKind.AUDIO:
            if tracks.audio is None:
                raise UnusableMedia(MediaFault.NO_AUDIO_TRACK)
            return replace(tracks, video=None)
        if tracks.video is None:
            raise UnusableMedia(MediaFault.NO_VIDEO_TRACK)
        check_size(tracks.video.width, tracks.video.height)
        return tracks

    def length_beyond_use(self) -> Fraction | None:
        """Return how long it plays if it says so, or nothing, and that is longer than is taken.

        It will be refused for its length, so most of it is not decoded.
        """
        if 0 < max(self._declared) <= _TOO_LONG_S:
            return None
        with self.opened() as container:
            length = decode(container, self.tracks(container), most_s=_TOO_LONG_S).seconds
        return length if length > _TOO_LONG_S else None

    def length_as_it_is(self, suffix: ClipSuffix) -> Fraction | None:
        """Return the length if every reader agrees on it and nothing is hidden; None otherwise."""
        declared = [*self._declared, *_movie_headers(self.data, self.demuxer)]
        is_named_so = self.kind is MediaKind.VIDEO or suffix == self.copy_suffix
        could_go = is_named_so and self._is_plain and self._can_copy and self._fits(len(self.data))
        if not could_go or not _are_equal(declared):
            return None
        decoded = self._decoded()
        lengths = [*declared, decoded.seconds]
        if not _is_whole(decoded) or not _are_equal(lengths) or self._holds_more(decoded):
            return None
        return max(*lengths, *_padded_lengths(decoded, self.copy_suffix))

    def clean(self) -> tuple[ClipInfo, bytes]:
        """Return a clean copy: copied where all of it plays, else encoded.

        Raises:
            UnusableMedia: neither can be done.
        """
        copied = self._copied() if self._can_copy else None
        if copied is not None:
            info, decoded = _measure(copied, self.copy_suffix)
            if _is_whole(decoded) and not has_other_parts(copied, self.copy_suffix.upper()):
                return self._checked(info, copied)
        encoded = self.encode(None)
        info, _ = _measure(encoded, self.encoded_suffix)
        return self._checked(info, encoded)

    def unpadded(self, info: ClipInfo, sent: bytes) -> tuple[ClipInfo, bytes]:
        """Return sound as a WAV if what makes it too long is the padding of an MP3 alone."""
        with self.opened() as container:
            wav = cleaning.encode(container, self.tracks(container), "wav")
        exact, _ = _measure(wav, "wav")
        return (exact, wav) if exact.microseconds <= _MAX_US else (info, sent)

    def encode(self, until: Fraction | None) -> bytes:
        """Encode what plays, up to a moment."""
        with self.opened() as container:
            encoded = cleaning.encode(container, self.tracks(container), self.encoded_suffix, until)
        if self.encoded_suffix != "mp4":
            return encoded
        with open_clip(io.BytesIO(encoded), MOVIE_DEMUXER) as container:
            tracks = Tracks.of(container)
            return cleaning.copy_packets(container, tracks, "mp4") or encoded

    def _copied(self) -> bytes | None:
        with self.opened() as container:
            return cleaning.copy_packets(container, self.tracks(container), self.copy_suffix)

    def _decoded(self) -> Decoded:
        with self.opened() as container:
            return decode(container, self.tracks(container))

    def _checked(self, info: ClipInfo, copy: bytes) -> tuple[ClipInfo, bytes]:
        if not self._fits(len(copy)):
            raise UnusableMedia(MediaFault.TOO_LARGE)
        # The length of bare sound is estimated, a video's is declared track by track.
        declared = self._declared[1] if self.kind is MediaKind.VIDEO else Fraction()
        if declared - Fraction(info.microseconds, 1_000_000) > _MAX_MISSING_S:
            raise UnusableMedia(MediaFault.DAMAGED)
        return info, copy

    def _fits(self, size: int) -> bool:
        return size <= (MAX_VIDEO_BYTES if self.kind is MediaKind.VIDEO else MAX_AUDIO_BYTES)

    def _holds_more(self, decoded: Decoded) -> bool:
        """Return whether there is more than what plays between the samples, or in them."""
        if any(track.holds_more for track in decoded.tracks.values()):
            return True
        used = sum(track.size for track in decoded.tracks.values())
        return has_other_bytes(self.data, self._format_name, used)

    def _has_metadata(self, container: InputContainer) -> bool:
        tags = [container.metadata, *(stream.metadata for stream in container.streams)]
        if set().union(*tags) - _SILENT_TAGS or container.chapters():
            return True
        if not all(_ENCODER.fullmatch(each.get("encoder", "")) for each in tags):
            return True
        return has_other_parts(self.data, self._format_name)


def _measured_copy(copy: bytes, suffix: ClipSuffix) -> tuple[ClipInfo, bytes]:
    return _measure(copy, suffix)[0], copy


def _measure(copy: bytes, suffix: ClipSuffix) -> tuple[ClipInfo, Decoded]:
    """Measure a copy of ours: the longest of what it declares and what plays."""
    file_format = identify(copy)
    if file_format is None or file_format.demuxer is None:
        raise UnusableMedia(MediaFault.DAMAGED)  # nothing was left to be copied
    with open_clip(io.BytesIO(copy), file_format.demuxer) as container:
        tracks = Tracks.of(container)
        lengths = declared_seconds(container, tracks)
        decoded = decode(container, tracks)
    lengths += [decoded.seconds, *_movie_headers(copy, file_format.demuxer)]
    lengths += _padded_lengths(decoded, suffix)
    microseconds = _to_microseconds(max(lengths))
    return ClipInfo(suffix=suffix, microseconds=microseconds, is_converted=True), decoded


def _padded_lengths(decoded: Decoded, suffix: ClipSuffix) -> list[Fraction]:
    """Return the lengths of an MP3 with what its encoder padded, which old readers count."""
    return [track.whole for track in decoded.tracks.values()] if suffix == "mp3" else []


def _movie_headers(data: bytes, demuxer: str) -> list[Fraction]:
    """Return what the headers of an MP4 or MOV declare, which old readers believe and new do not.

    A header that is compressed or missing gives none, two give a length that equals no other.
    """
    if not demuxer.startswith("mov"):
        return []
    lengths = list[Fraction]()
    for found in re.finditer(rb"mvhd([\0\1])", data):
        layout = ">QQIQ" if found[1] == b"\1" else ">4I"
        _, _, ticks, length = struct.unpack_from(layout, data, found.start() + 8)
        lengths.append(Fraction(length, ticks) if ticks else Fraction())
    return lengths if len(lengths) == 1 else [Fraction(-1)]


def _refers_elsewhere(data: bytes, demuxer: str) -> bool:
    """Return whether a track of an MP4 or MOV says that its samples are in another file.

    FFmpeg opens none, but who gets the file next may. What has a compressed header is copied.
    """
    if not demuxer.startswith("mov"):
        return False
    for found in re.finditer(rb"dref\0{6}\0.", data, re.DOTALL):
        at = found.end()
        for _ in range(data[at - 1]):
            if len(data) < at + _REFERENCE.size:
                break
            size, flags = _REFERENCE.unpack_from(data, at)
            if not flags & _IN_THIS_FILE:
                return True
            at += max(size, _REFERENCE.size)
    return False


def _is_whole(decoded: Decoded) -> bool:
    """Return whether everything in the file plays, packet by packet."""
    return not decoded.errors and all(
        not track.hidden and track.frames == track.packets for track in decoded.tracks.values()
    )


def _are_equal(lengths: list[Fraction]) -> bool:
    return len({math.ceil(length * 1000) for length in lengths}) == 1


def _to_microseconds(seconds: Fraction) -> int:
    if not seconds:
        raise UnusableMedia(MediaFault.DAMAGED)
    return math.ceil(seconds * 1_000_000)
