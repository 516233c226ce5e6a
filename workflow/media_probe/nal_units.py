"""Units of H.264 and HEVC that are no pictures: text and data that encoders and cameras add."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from av.video.stream import VideoStream

_USER_DATA: Final = (4, 5)
"""Payloads of a supplemental message that hold whatever somebody put there."""

_ENCODERS: Final = (
    bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef") + b"x264 - core ",
    bytes.fromhex("2ca2de09b51747dbbb55a4fe7fc2fc4e") + b"x265 (build ",
)
"""How the settings that x264 and x265 note begin."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """Where a codec keeps what.

    Attributes:
        message: the types of supplemental messages.
        others: the types that are neither messages nor needed for pictures.
        head: the bytes ahead of a unit's contents.
        length_at: where the configuration says how many bytes a unit's length takes.
    """

    message: tuple[int, ...]
    others: range
    head: int
    length_at: int

    def type_of(self, unit: bytes) -> int:
        return unit[0] & 31 if self.head == 1 else unit[0] >> 1 & 63


_CODECS: Final = {
    "h264": _Codec((6,), range(12, 32), 1, 4),
    "hevc": _Codec((39, 40), range(38, 64), 2, 21),
}


@dataclass(frozen=True, slots=True)
class NalUnits:
    """The units of one track of H.264 or HEVC."""

    _codec: _Codec
    _length_bytes: int
    _configuration: bytes

    @classmethod
    def of(cls, track: object) -> Self | None:
        """Return the units of a track, None if it has none."""
        if not isinstance(track, VideoStream) or track.codec_context.name not in _CODECS:
            return None
        codec = _CODECS[track.codec_context.name]
        extra = track.codec_context.extradata or b""
        is_framed = extra[:1] == b"\1" and len(extra) > codec.length_at
        return cls(codec, (extra[codec.length_at] & 3) + 1 if is_framed else 0, extra)

    def hold_more(self, data: bytes) -> bool:
        """Return whether a packet holds more than pictures and the settings of their encoder."""
        return not self._length_bytes or any(map(self._is_other, self._units(data)))

    def without_more(self, data: bytes) -> bytes:
        """Return a packet without it, where units have lengths."""
        kept = (unit for unit in self._units(data) if not self._is_other(unit))
        return b"".join(len(unit).to_bytes(self._length_bytes) + unit for unit in kept)

    @property
    def can_be_copied(self) -> bool:
        """Return whether units have lengths, and none besides those of pictures is configured.

        Only the configuration of HEVC may have others.
        """
        if not self._length_bytes or self._codec.head == 1:
            return bool(self._length_bytes)
        return not any(map(self._is_other, _configured_units(self._configuration)))

    def _units(self, data: bytes) -> Iterator[bytes]:
        at = 0
        while at + self._length_bytes < len(data):
            start = at + self._length_bytes
            at = start + int.from_bytes(data[at:start])
            yield data[start:at]

    def _is_other(self, unit: bytes) -> bool:
        if not unit:
            return False
        kind = self._codec.type_of(unit)
        if kind in self._codec.message:
            return any(map(_is_foreign, _messages(unit[self._codec.head :])))
        return kind in self._codec.others


def _configured_units(configuration: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(configuration[22] if len(configuration) > 22 else 0):
        count = int.from_bytes(configuration[at + 1 : at + 3])
        at += 3
        for _ in range(count):
            size = int.from_bytes(configuration[at : at + 2])
            yield configuration[at + 2 : at + 2 + size]
            at += 2 + size


def _messages(unit: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the type and contents of each message of a unit."""
    data, at = unit.replace(b"\0\0\3", b"\0\0"), 0
    while at + 2 < len(data):
        kind, at = _number(data, at)
        size, at = _number(data, at)
        yield kind, data[at : at + size]
        at += size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a number that is the sum of bytes up to the first below 255, and where it ends."""
    end = at
    while data[end : end + 1] == b"\xff":
        end += 1
    return (end - at) * 255 + (data[end] if end < len(data) else 0), end + 1


def _is_foreign(message: tuple[int, bytes]) -> bool:
    kind, contents = message
    return kind in _USER_DATA and not contents.startswith(_ENCODERS)
