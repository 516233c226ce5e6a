"""Pictures as phones write them: one or several HEVC frames in a HEIC, perhaps turned."""

import io
import struct
from functools import cache
from typing import Any

import av
from PIL import Image

from tests.harness.media_samples import mp4_box

SIDE = 320


@cache
def _encoded(color: str) -> tuple[bytes, bytes]:
    """Encode a square of a colour; return its configuration and its frame."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as target:
        stream: Any = target.add_stream("libx265", rate=1)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        stream.options = {"preset": "ultrafast", "x265-params": "log-level=error:keyint=1"}
        frame: Any = av.VideoFrame.from_image(Image.new("RGB", (SIDE, SIDE), color))
        frame.pts = 0
        target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    out.seek(0)
    with av.open(out) as source:
        packet = next(source.demux(video=0))
        return bytes(source.streams.video[0].codec_context.extradata or b""), bytes(packet)


def make_heic(
    *colors: str, columns: int = 1, size: tuple[int, int] = (SIDE, SIDE), turns: int = 0
) -> bytes:
    """Write a HEIC of squares, several as the tiles of a grid, cut to a size, turned leftwards."""
    tiles = [_encoded(color) for color in colors]
    items = [(b"hvc1", frame) for _, frame in tiles]
    if len(tiles) > 1:
        grid = struct.pack(">4B2H", 0, 0, len(tiles) // columns - 1, columns - 1, *size)
        items.append((b"grid", grid))
    head = mp4_box(b"ftyp", b"heic\0\0\0\0mif1heic")
    start = len(head) + len(_meta(items, tiles[0][0], size, turns, 0)) + 8
    meta = _meta(items, tiles[0][0], size, turns, start)
    return head + meta + mp4_box(b"mdat", *(data for _, data in items))


def _meta(
    items: list[tuple[bytes, bytes]],
    configuration: bytes,
    size: tuple[int, int],
    turns: int,
    start: int,
) -> bytes:
    count, at, places, kinds = len(items), start, list[bytes](), list[bytes]()
    for number, (kind, data) in enumerate(items, 1):
        places.append(struct.pack(">HHHII", number, 0, 1, at, len(data)))
        kinds.append(mp4_box(b"infe", struct.pack(">IHH", 2 << 24, number, 0), kind, b"\0"))
        at += len(data)
    tiles = range(1, count)
    parts = [
        mp4_box(b"hdlr", bytes(8), b"pict", bytes(13)),
        mp4_box(b"pitm", struct.pack(">IH", 0, count)),
        mp4_box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, count), *places),
        mp4_box(b"iinf", struct.pack(">IH", 0, count), *kinds),
        mp4_box(b"iprp", _properties(configuration, size, turns, count)),
    ]
    if count > 1:
        shown = struct.pack(f">HH{len(tiles)}H", count, len(tiles), *tiles)
        parts.append(mp4_box(b"iref", bytes(4), mp4_box(b"dimg", shown)))
    return mp4_box(b"meta", bytes(4), *parts)


def _properties(configuration: bytes, size: tuple[int, int], turns: int, count: int) -> bytes:
    """Write how tiles and the whole are to be shown."""
    made = mp4_box(
        b"ipco",
        mp4_box(b"hvcC", configuration),
        mp4_box(b"ispe", struct.pack(">3I", 0, SIDE, SIDE)),
        mp4_box(b"ispe", struct.pack(">3I", 0, *size)),
        mp4_box(b"irot", bytes([turns])),
    )
    uses = [struct.pack(">HB2B", number, 2, 0x81, 2) for number in range(1, count)]
    last = (0x81, 3, 0x84) if count == 1 else (3, 0x84)
    uses.append(struct.pack(f">HB{len(last)}B", count, len(last), *last))
    return made + mp4_box(b"ipma", struct.pack(">II", 0, count), *uses)
