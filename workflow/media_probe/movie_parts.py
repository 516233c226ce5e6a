"""Boxes of an MP4 or MOV: whether they hold anything but what plays."""

from collections.abc import Iterator
from typing import Final

_BOXES: Final = frozenset(
    {
        *(b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"pdin", b"wide"),
        *(b"mvhd", b"trak", b"tkhd", b"edts", b"elst", b"mdia", b"mdhd", b"hdlr", b"minf"),
        *(b"vmhd", b"smhd", b"dinf", b"dref", b"stbl", b"stsd", b"stts", b"ctts", b"cslg"),
        *(b"stss", b"stps", b"sdtp", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp"),
        *(b"mvex", b"mehd", b"trex", b"iods", b"tapt", b"load", b"gmhd"),
        *(b"mfhd", b"traf", b"tfhd", b"tfdt", b"trun", b"tfra", b"mfro"),
        *(b"udta", b"meta", b"ilst", b"\xa9too", b"\xa9swr"),
    }
)
_BRANCHES: Final = {
    **dict.fromkeys((b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"mvex"), 8),
    **dict.fromkeys((b"moof", b"traf", b"mfra", b"udta", b"ilst", b"dinf"), 8),
    b"meta": 12,
}
"""Where the boxes that a box holds begin; of tags only the encoder's is known."""

_BLANK: Final = (b"free", b"skip")
_DATED: Final = (b"mvhd", b"tkhd", b"mdhd")
_REFERENCES_AT: Final = 8
_REFERENCE_BYTES: Final = 12
"""Of a reference to the file itself, without a name."""

_HANDLER_NAME_AT: Final = 24
_HANDLER_NAMES: Final = frozenset(
    {
        *(b"", b"VideoHandler", b"SoundHandler", b"DataHandler", b"VideoHandle", b"SoundHandle"),
        *(b"Core Media Video", b"Core Media Audio", b"Core Media Data Handler"),
        *(b"Apple Video Media Handler", b"Apple Sound Media Handler"),
        *(b"Apple Alias Data Handler", b"L-SMASH Video Handler", b"L-SMASH Audio Handler"),
        b"ISO Media file produced by Google Inc.",
    }
)
"""What libraries write; any other may be a person's or a camera's."""

_SAMPLES_AT: Final = 8
_VIDEO_SAMPLES: Final = (b"avc1", b"avc3", b"hvc1", b"hev1")
_COMPRESSOR: Final = slice(42, 74)
_VIDEO_BOXES_AT: Final = 78
_SOUND_BOXES_AT: Final = 28
_SAMPLE_BOXES: Final = frozenset(
    {
        *(b"avcC", b"hvcC", b"pasp", b"colr", b"btrt", b"fiel", b"clap", b"mdcv", b"clli"),
        *(b"esds", b"chan", b"sgpd", b"dvcC", b"dvvC", b"amve", b"lhvC", b"ccst"),
    }
)
_COLOURS: Final = (b"nclx", b"nclc")


def is_plain_movie(data: bytes) -> bool:
    """Return whether an MP4 or MOV has known boxes only, no dates, and no name of anybody."""
    return all(_is_plain(kind, body) for kind, body in _boxes(memoryview(data), descend=True))


def media_bytes(data: bytes) -> int:
    """Return how many bytes an MP4 or MOV has for samples, whether or not they are used."""
    boxes = _boxes(memoryview(data), descend=False)
    return sum(len(body) for kind, body in boxes if kind == b"mdat")


def _boxes(data: memoryview, *, descend: bool) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the boxes of a movie, and those that they hold; what is no box has no name."""
    at = 0
    while at < len(data) and bytes(data[at : at + 5]) != b"\0\0\0\0":
        size, kind = int.from_bytes(data[at : at + 4]), bytes(data[at + 4 : at + 8])
        head = 16 if size == 1 else 8
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16]) or 1
        end = len(data) if size == 0 else at + size
        if size in range(1, head) or end > len(data):
            yield b"", data[:0]
            return
        yield kind, data[at + head : end]
        if descend and kind in _BRANCHES:
            yield from _boxes(data[at + _BRANCHES[kind] : end], descend=True)
        at = end


def _is_plain(kind: bytes, body: memoryview) -> bool:
    if kind in _BLANK:
        return not any(body)
    if kind in _DATED:
        return not any(body[4 : 20 if bytes(body[:1]) == b"\1" else 12])
    if kind == b"hdlr":
        return _handler_name(bytes(body[_HANDLER_NAME_AT:])) in _HANDLER_NAMES
    if kind == b"dref":
        count = int.from_bytes(body[4:_REFERENCES_AT])
        return len(body) == _REFERENCES_AT + count * _REFERENCE_BYTES
    if kind == b"stsd":
        return all(_is_plain_sample(*it) for it in _boxes(body[_SAMPLES_AT:], descend=False))
    return kind in _BOXES


def _handler_name(text: bytes) -> bytes:
    """Return the name of a handler, which in a MOV begins with its length."""
    if text and text[0] == len(text) - 1:
        text = text[1:]
    return text.rstrip(b"\0")


def _is_plain_sample(kind: bytes, body: memoryview) -> bool:
    """Return whether the description of a track's samples names no device."""
    is_video = kind in _VIDEO_SAMPLES
    if is_video:
        name = bytes(body[_COMPRESSOR])
        if any(name) and not name[1:].startswith((b"Lavc", b"AVC Coding", b"HEVC Coding")):
            return False
    inner = body[_VIDEO_BOXES_AT if is_video else _SOUND_BOXES_AT :]
    return all(
        box in _SAMPLE_BOXES and (box != b"colr" or bytes(part[:4]) in _COLOURS)
        for box, part in _boxes(inner, descend=False)
    )
