"""Odd MP4 and MOV files: real ones whose boxes are moved, doubled, appended or made to lie."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Final, Self

from tests.harness.media_samples import make_video, mp4_box

_PARENTS: Final = frozenset(
    {*(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"), *(b"moof", b"traf", b"mvex")}
)
_HANDLERS: Final = (b"vide", b"soun", b"auxv", b"xxxx", b"meta", b"text", b"tmcd", b"hint")
_LENGTHS: Final = (0, 1, 500, 2_000, 5_000, 14_000, 60_000, 2**31 - 1, 2**32 - 1)
_BRANDS: Final = (b"isom", b"qt  ", b"3gp4", b"avc1", b"M4V ", b"dash", b"iso6")


@dataclass(slots=True)
class Box:
    """A box of an MP4: its contents, or the boxes in it."""

    kind: bytes
    body: bytearray = field(default_factory=bytearray)
    boxes: list[Self] = field(default_factory=list)

    def dump(self) -> bytes:
        """Write the box."""
        return mp4_box(self.kind, self.body, *(box.dump() for box in self.boxes))


def random_movie(dice: Random) -> bytes:
    """Make a movie that is odd in one to three ways."""
    boxes = parse_boxes(dice.choice(_movies()))
    for _ in range(dice.randrange(1, 4)):
        dice.choice(_WAYS)(boxes, dice)
    data = b"".join(box.dump() for box in boxes)
    return data + (dice.randbytes(dice.randrange(40)) if dice.random() < 0.1 else b"")


def parse_boxes(data: bytes) -> list[Box]:
    """Read the boxes of a file that is in order."""
    boxes, at = list[Box](), 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + size]
        if kind in _PARENTS:
            boxes.append(Box(kind, boxes=parse_boxes(body)))
        else:
            boxes.append(Box(kind, bytearray(body)))
        at += size
    return boxes


def _find(boxes: Sequence[Box], *kinds: bytes) -> list[Box]:
    return [box for box in _walk(boxes) if box.kind in kinds]


def _walk(boxes: Sequence[Box]) -> Iterator[Box]:
    for box in boxes:
        yield box
        yield from _walk(box.boxes)


@cache
def _movies() -> tuple[bytes, ...]:
    return (
        make_video(2_400),
        make_video(2_400, sound_ms=2_600),
        make_video(2_600, kind="mov", sound_ms=2_300),
        make_video(2_200, sound_ms=5_000),
        make_video(3_000, fragmented=True),
        make_video(3_000, sound_ms=3_000, fragmented=True),
    )


def _move(boxes: list[Box], dice: Random) -> None:
    """Move a box: what lies before the samples shifts them away, unless it is the first."""
    place = _some_list(boxes, dice)
    place.insert(dice.randrange(len(place) + 1), place.pop(dice.randrange(len(place))))


def _double(boxes: list[Box], dice: Random) -> None:
    place = _some_list(boxes, dice)
    place.append(place[dice.randrange(len(place))])


def _append(boxes: list[Box], dice: Random) -> None:
    kind = dice.choice((b"free", b"skip", b"uuid", b"wide", b"udta", b"mdat", b"sidx"))
    boxes.append(Box(kind, bytearray(dice.randbytes(dice.choice((0, 8, 300))))))


def _append_movie(boxes: list[Box], dice: Random) -> None:
    """Append the boxes of another movie, or its header alone."""
    others = parse_boxes(dice.choice(_movies()))
    boxes += others if dice.random() < 0.5 else _find(others, b"moov")


def _add_track(boxes: list[Box], dice: Random) -> None:
    """Give a movie a track of another one, whose samples lie elsewhere or nowhere."""
    tracks = _find(parse_boxes(dice.choice(_movies())), b"trak")
    for movie in _find(boxes, b"moov")[:1]:
        movie.boxes.append(dice.choice(tracks))


def _edit_list(boxes: list[Box], dice: Random) -> None:
    """Replace the edits of a track: empty ones, cuts, repeats, too long ones."""
    edits = [
        struct.pack(
            ">IiHH",
            dice.choice((0, 500, 1_000, 2_400, 5_000, 60_000)),
            dice.choice((-1, 0, 512, 10_000, 30_000)),
            dice.choice((1, 1, 1, 2, 0)),
            0,
        )
        for _ in range(dice.randrange(1, 4))
    ]
    table = struct.pack(">II", 0, len(edits)) + b"".join(edits)
    for track in _some(_find(boxes, b"trak"), dice):
        track.boxes = [box for box in track.boxes if box.kind != b"edts"]
        track.boxes.insert(1, Box(b"edts", boxes=[Box(b"elst", bytearray(table))]))


def _handler(boxes: list[Box], dice: Random) -> None:
    for box in _some(_find(boxes, b"hdlr"), dice):
        box.body[8:12] = dice.choice(_HANDLERS)


def _lying_length(boxes: list[Box], dice: Random) -> None:
    """Change what the header of the movie, a track or its media says of its length."""
    for box in _some(_find(boxes, b"mvhd", b"tkhd", b"mdhd", b"mehd"), dice):
        at = {b"mvhd": 16, b"tkhd": 20, b"mdhd": 16, b"mehd": 4}[box.kind]
        box.body[at : at + 4] = struct.pack(">I", dice.choice(_LENGTHS))


def _time_scale(boxes: list[Box], dice: Random) -> None:
    for box in _some(_find(boxes, b"mvhd", b"mdhd"), dice):
        box.body[12:16] = struct.pack(">I", dice.choice((1, 100, 600, 1_000, 12_800, 90_000)))


def _table_entry(boxes: list[Box], dice: Random) -> None:
    """Change a number in the table of times, sizes, places or fragments."""
    tables = (b"stts", b"ctts", b"stsz", b"stsc", b"stco", b"stss", b"trun", b"tfdt", b"tfhd")
    for box in _some(_find(boxes, *tables, b"trex"), dice):
        if len(box.body) >= 12:
            at = dice.randrange(2, len(box.body) // 4) * 4
            number = dice.choice((0, 1, 2, 100, 512, 5_000, 60_000, 2**31, 2**32 - 1))
            box.body[at : at + 4] = struct.pack(">I", number)


def _fragment(boxes: list[Box], dice: Random) -> None:
    """Double, drop or swap fragments."""
    places = [at for at, box in enumerate(boxes) if box.kind == b"moof"]
    if not places:
        return
    at = dice.choice(places)
    match dice.randrange(3):
        case 0:
            boxes[at:at] = boxes[at : at + 2]
        case 1:
            del boxes[at : at + 2]
        case _:
            boxes += boxes[at : at + 2]


def _brand(boxes: list[Box], dice: Random) -> None:
    for box in _find(boxes, b"ftyp")[:1]:
        box.body[:4] = dice.choice(_BRANDS)
    if dice.random() < 0.3:
        boxes[:] = [box for box in boxes if box.kind != b"ftyp"]


def _data_elsewhere(boxes: list[Box], dice: Random) -> None:
    """Say that the samples of a track lie in another file."""
    for box in _some(_find(boxes, b"dref"), dice):
        place = dice.choice((b"http://127.0.0.1:9/x.mp4\0", b"file:///etc/hostname\0", b""))
        box.body[:] = struct.pack(">II", 0, 1) + mp4_box(b"url ", b"\0\0\0\0", place)


def _some(found: Sequence[Box], dice: Random) -> list[Box]:
    """Choose one of them, or all; none where there are none."""
    return [*found] if dice.random() < 0.2 else dice.sample([*found], min(1, len(found)))


def _some_list(boxes: list[Box], dice: Random) -> list[Box]:
    """Choose the boxes of the file, or those in one of them."""
    inner = [box.boxes for box in _walk(boxes) if box.boxes]
    return boxes if not inner or dice.random() < 0.5 else dice.choice(inner)


_WAYS: Final[tuple[Callable[[list[Box], Random], None], ...]] = (
    _move,
    _double,
    _append,
    _append_movie,
    _add_track,
    _edit_list,
    _handler,
    _lying_length,
    _time_scale,
    _table_entry,
    _fragment,
    _brand,
    _data_elsewhere,
)
