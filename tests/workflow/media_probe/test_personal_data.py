"""What identifies people is in none of the bytes that are sent on, wherever it stood in a file."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import av
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from tests.harness.media_samples import make_audio, make_video, mp4_box
from workflow.media_probe import images, inspection
from workflow.media_probe.types import MediaKind

NAME = "Ada-Lovelace-52.5163N"
RAW = NAME.encode()


def picture(kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((640, 360)).save(data, kind, **options)
    return data.getvalue()


def exif(*, ifd: int | None = None, tag: int = ExifTags.Base.Artist) -> bytes:
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = 1
    (made if ifd is None else made.get_ifd(ifd))[tag] = NAME
    return made.tobytes()


def thumbnail_exif() -> bytes:
    """Write EXIF that says something of its thumbnail alone."""
    text = RAW + b"\0"
    first = struct.pack("<HHHIII", 1, 274, 3, 1, 1, 26)
    second = struct.pack("<HHHIII", 1, 270, 2, len(text), 44, 0)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + text


def segment(marker: int, body: bytes, data: bytes | None = None) -> bytes:
    """Put a segment behind the first of a JPEG."""
    jpeg = data or picture("JPEG")
    at = 4 + int.from_bytes(jpeg[4:6])
    return jpeg[:at] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[at:]


def jfif_thumbnail() -> bytes:
    """Put a small picture into the first segment of a JPEG."""
    jpeg = picture("JPEG")
    assert jpeg[2:6] == b"\xff\xe0\0\x10"
    return jpeg[:4] + bytes([0, 16 + len(RAW)]) + jpeg[6:18] + b"\7\1" + RAW + jpeg[20:]


def chunk(kind: bytes, body: bytes) -> bytes:
    """Put a chunk before the pixels of a PNG."""
    png, crc = picture("PNG"), zlib.crc32(kind + body)
    made = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)
    return png[:33] + made + png[33:]


def riff(data: bytes, kind: bytes, body: bytes) -> bytes:
    """Add a chunk to a WAV or WebP."""
    whole = data[8:] + kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def png_text(**options: Any) -> bytes:
    texts = PngImagePlugin.PngInfo()
    for add in ("add_text", "add_itxt"):
        getattr(texts, add)("Author", NAME, **options)
    return picture("PNG", pnginfo=texts)


PICTURES: dict[str, Callable[[], bytes]] = {
    "EXIF of a JPEG": lambda: picture("JPEG", exif=exif()),
    "EXIF: camera": lambda: picture("JPEG", exif=exif(ifd=ExifTags.IFD.Exif, tag=0xA431)),
    "EXIF: GPS": lambda: picture("JPEG", exif=exif(ifd=ExifTags.IFD.GPSInfo, tag=29)),
    "EXIF: thumbnail": lambda: picture("JPEG", exif=thumbnail_exif()),
    "EXIF twice": lambda: segment(0xE1, exif(), segment(0xE1, thumbnail_exif())),
    "XMP of a JPEG": lambda: segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + RAW),
    "IPTC": lambda: segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x1a" + RAW),
    "a comment": lambda: segment(0xFE, RAW),
    "FlashPix": lambda: segment(0xE2, b"FPXR\0" + RAW),
    "JFIF: small picture": jfif_thumbnail,
    "a profile": lambda: picture("JPEG", icc_profile=RAW * 8),
    "a profile of a WebP": lambda: picture("WEBP", icc_profile=RAW * 8),
    "JFXX": lambda: segment(0xE0, b"JFXX\0\x10" + RAW),
    "a second picture behind": lambda: picture("JPEG") + picture("JPEG", comment=RAW),
    "EXIF of a PNG": lambda: picture("PNG", exif=exif()),
    "texts": png_text,
    "packed texts": lambda: png_text(zip=True),
    "a private chunk": lambda: chunk(b"prVt", RAW),
    "a picture behind a PNG": lambda: picture("PNG") + chunk(b"prVt", RAW),
    "EXIF of a WebP": lambda: picture("WEBP", exif=exif()),
    "XMP of a WebP": lambda: picture("WEBP", xmp=RAW),
    "an unknown chunk of a WebP": lambda: riff(picture("WEBP"), b"ABCD", RAW),
    "bytes behind a WebP": lambda: picture("WEBP") + RAW,
    "TIFF": lambda: picture("TIFF", exif=exif()),
    "AVIF": lambda: picture("AVIF", exif=exif()),
    "GIF": lambda: picture("GIF", comment=RAW),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_sent_on_without_it(name: str) -> None:
    """Of its metadata, of what belongs to no picture, of what follows it."""
    data = PICTURES[name]()
    assert RAW in data or name == "packed texts"
    _, sent = images.inspect(data)
    assert RAW not in sent
    with Image.open(io.BytesIO(sent)) as image:
        assert not {"xmp", "comment"} & set(image.info)
        assert not getattr(image, "text", None)


def tagged(data: bytes, kind: str, **tags: str) -> bytes:
    """Copy a clip, with tags of the file and of its tracks."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(out, "w", format=kind) as target:
        target.metadata.update(tags)
        streams: list[Any] = [*source.streams]
        copies = {each.index: target.add_stream_from_template(each) for each in streams}
        for copy in copies.values():
            copy.metadata.update({"title": NAME, "handler_name": NAME})
        for packet in source.demux(streams):
            if packet.size:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
    return out.getvalue()


def movie() -> bytes:
    return make_video(2000, sound_ms=2000, movflags="+faststart")


def with_udta(box: bytes) -> bytes:
    """Add a box to the header of a silent movie, which is at its end."""
    data = make_video(2000)
    at = data.index(b"moov") - 4
    head = data[at:]
    return data[:at] + struct.pack(">I", len(head) + len(box)) + head[4:] + box


VIDEOS: dict[str, Callable[[], bytes]] = {
    "tags of an MP4": lambda: tagged(movie(), "mp4", title=NAME, artist=NAME, location=NAME),
    "tags of a MOV": lambda: tagged(movie(), "mov", title=NAME),
    "tags of an MKV": lambda: tagged(movie(), "matroska", title=NAME),
    "a camera's box": lambda: with_udta(mp4_box(b"udta", mp4_box(b"CAME", RAW))),
    "a place": lambda: with_udta(
        mp4_box(b"udta", mp4_box(b"\xa9xyz", struct.pack(">HH", len(RAW), 0), RAW))
    ),
    "XMP of an MP4": lambda: movie() + mp4_box(b"uuid", bytes(16), RAW),
    "a free box": lambda: movie() + mp4_box(b"free", RAW),
    "a box that nobody knows": lambda: movie() + mp4_box(b"abcd", RAW),
    "XMP of a silent MP4": lambda: make_video(2000) + mp4_box(b"uuid", bytes(16), RAW),
    "a free box of a silent MP4": lambda: make_video(2000) + mp4_box(b"free", RAW),
    "bytes behind a silent MP4": lambda: make_video(2000) + RAW,
}


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_is_sent_on_without_it(name: str) -> None:
    """In tags, in boxes that FFmpeg does not read, behind the last box."""
    data = VIDEOS[name]()
    assert RAW in data
    assert RAW not in inspection.inspect(MediaKind.VIDEO, data)[1]


def id3(frame: bytes, body: bytes) -> bytes:
    made = frame + struct.pack(">IH", len(body), 0) + body
    return b"ID3\x03\0\0" + bytes([0, 0, len(made) >> 7, len(made) & 127]) + made


def split_mp3(number: int) -> tuple[bytes, bytes]:
    """Split a sound ahead of a packet."""
    data = make_audio(2000)
    with av.open(io.BytesIO(data)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    at = data.index(packets[0]) + sum(map(len, packets[:number]))
    return data[:at], data[at:]


def between_frames() -> bytes:
    return RAW.join(split_mp3(20))


SOUNDS: dict[str, Callable[[], bytes]] = {
    "ID3": lambda: id3(b"TPE1", b"\0" + RAW) + make_audio(2000),
    "ID3: private": lambda: id3(b"PRIV", b"x\0" + RAW) + make_audio(2000),
    "ID3 in the middle": lambda: make_audio(1500) + id3(b"TPE1", b"\0" + RAW) + make_audio(1500),
    "ID3: an object": lambda: id3(b"GEOB", b"\0" + RAW) + make_audio(2000),
    "ID3v1": lambda: make_audio(2000) + b"TAG" + RAW.ljust(125, b"\0"),
    "APE": lambda: make_audio(2000) + b"APETAGEX" + RAW.ljust(400, b"\0"),
    "LIST of a WAV": lambda: riff(
        make_audio(2000, "wav"), b"LIST", b"INFOIART" + struct.pack("<I", len(RAW)) + RAW
    ),
    "the encoder of a WAV": lambda: riff(
        make_audio(2000, "wav"), b"LIST", b"INFOISFT" + struct.pack("<I", len(RAW)) + RAW
    ),
    "bytes between frames": between_frames,
    "bytes ahead of the first frame": lambda: RAW.join(split_mp3(0)),
    "the encoder of an MP3": lambda: id3(b"TSSE", b"\0" + RAW) + make_audio(2000),
    "iXML": lambda: riff(make_audio(2000, "wav"), b"iXML", RAW),
    "bext": lambda: riff(make_audio(2000, "wav"), b"bext", RAW.ljust(602, b"\0")),
    "bytes behind a WAV": lambda: make_audio(2000, "wav") + RAW,
    "tags of an M4A": lambda: tagged(make_audio(2000, "mp4"), "ipod", title=NAME, artist=NAME),
    "comments of an OGG": lambda: tagged(make_audio(2000, "ogg"), "ogg", title=NAME),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_sent_on_without_it(name: str) -> None:
    """In tags at either end and in between, in chunks that FFmpeg does not read."""
    data = SOUNDS[name]()
    assert RAW in data
    assert RAW not in inspection.inspect(MediaKind.AUDIO, data)[1]


def test_the_day_that_a_wav_notes_beside_its_peak_is_not_sent_on() -> None:
    peak = struct.pack("<IIfI", 1, 1_777_629_600, 0.5, 0)
    data = riff(make_audio(2000, "wav"), b"PEAK", peak)
    assert peak[4:8] not in inspection.inspect(MediaKind.AUDIO, data)[1]


def test_what_holds_nothing_else_goes_as_it_came() -> None:
    """As ordinary programs write it, with their own name in it at most."""
    for kind, data in (
        (MediaKind.VIDEO, make_video(2000)),
        (MediaKind.VIDEO, make_video(2000, kind="mov")),
        (MediaKind.AUDIO, make_audio(2000, "wav")),
    ):
        assert inspection.inspect(kind, data)[1] is data
    for data in (picture("PNG"), picture("JPEG"), picture("JPEG", progressive=True)):
        assert images.inspect(data)[1] is data
    for data in (picture("WEBP"), picture("JPEG", exif=orientation_alone())):
        assert images.inspect(data)[1] is data


def orientation_alone() -> bytes:
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = 6
    return made.tobytes()
