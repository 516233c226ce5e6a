"""What is told of videos: real ones, lying ones, cut ones, and what is none."""

import struct

import pytest

from tests.harness.media_samples import make_audio, make_video, mp4_box
from workflow.media_probe.types import ClipInfo, MediaFault, UnusableMedia
from workflow.media_probe.video import probe

LENGTHS = (1999, 2000, 2500, 3337, 5000, 7500, 10_000, 14_999, 15_000, 15_001)


def fault(data: bytes) -> MediaFault:
    with pytest.raises(UnusableMedia) as refused:
        probe(data)
    return refused.value.fault


def with_header(data: bytes, seconds: int) -> bytes:
    """Make the header of an MP4 claim a length, in its movie and in the header of each track."""
    at = data.index(b"mvhd") + 4
    (ticks,) = struct.unpack_from(">I", data, at + 12)
    changed = bytearray(data)
    struct.pack_into(">I", changed, at + 16, seconds * ticks)
    return bytes(changed)


@pytest.mark.parametrize("kind", ["mp4", "mov"])
@pytest.mark.parametrize("ms", LENGTHS)
def test_a_length_is_told_to_the_millisecond(ms: int, kind: str) -> None:
    """The very milliseconds that the video was made with."""
    assert probe(make_video(ms, kind=kind)) == ClipInfo(suffix=kind, microseconds=ms * 1000)


@pytest.mark.parametrize("options", [{}, {"movflags": "+faststart"}])
def test_an_encoders_silence_ahead_of_the_sound_is_not_counted(options: dict[str, str]) -> None:
    """AAC begins with some samples that nobody hears; the length is the one that plays."""
    assert probe(make_video(5000, sound_ms=5000, **options)).microseconds == 5_000_000


def test_the_longest_track_counts() -> None:
    """Where the sound goes on after the last picture, it is played to its end."""
    assert probe(make_video(3000, sound_ms=4500)).microseconds == 4_500_000


def test_a_header_that_claims_too_little_is_not_believed() -> None:
    """Reference video is billed by its length: what lies in the file counts."""
    assert probe(with_header(make_video(14_000), 2)).microseconds == 14_000_000


def test_a_header_that_claims_too_much_is_believed() -> None:
    """The worst case is taken, whoever is right."""
    assert probe(with_header(make_video(2000), 7200)).microseconds == 7_200_000_000


def test_a_trimmed_video_counts_with_all_that_lies_in_it() -> None:
    """An edit list shows less than there is; whether APIXO heeds it is not known."""
    data = bytearray(make_video(8000))
    at = data.index(b"elst")
    struct.pack_into(">I", data, at + 12, 3000)
    assert probe(with_header(bytes(data), 3)).microseconds == 8_000_000


def test_a_video_without_a_length_in_its_header_is_refused() -> None:
    """A fragmented MP4 tells its length nowhere, and a clock of no ticks tells none."""
    assert fault(make_video(3000, fragmented=True)) is MediaFault.LENGTH_UNKNOWN
    stopped = bytearray(make_video(3000))
    struct.pack_into(">I", stopped, stopped.index(b"mdhd") + 16, 0)
    assert fault(bytes(stopped)) is MediaFault.LENGTH_UNKNOWN
    empty = bytearray(make_video(3000))
    struct.pack_into(">I", empty, empty.index(b"stts") + 8, 0)
    assert fault(bytes(empty)) is MediaFault.LENGTH_UNKNOWN


def wide_video() -> bytes:
    """Write an MP4 of 3.5 s as programs do that expect much: every number with 64 bits."""
    wide = struct.pack(">B3xQQIQ", 1, 0, 0, 1000, 3500)
    times = mp4_box(b"stts", struct.pack(">4xIII", 1, 35, 100))
    edits = mp4_box(b"edts", mp4_box(b"elst", struct.pack(">B3xIQqI", 1, 1, 3200, 0, 1 << 16)))
    tracks = b"".join(
        mp4_box(
            b"trak",
            edits if kind == b"soun" else b"",
            mp4_box(
                b"mdia",
                mp4_box(b"mdhd", wide),
                mp4_box(b"hdlr", bytes(8), kind, bytes(13)),
                mp4_box(b"minf", mp4_box(b"stbl", times)),
            ),
        )
        for kind in (b"vide", b"soun", b"text")
    )
    movie = mp4_box(b"moov", mp4_box(b"mvhd", wide, bytes(80)), tracks)
    samples = struct.pack(">I4sQ", 1, b"mdat", 16 + 40) + bytes(40)
    return mp4_box(b"ftyp", b"isom", bytes(4)) + movie + samples + b"\0\0\0\0free" + bytes(99)


def test_a_video_with_wide_numbers_is_read() -> None:
    """And one whose last box goes on to the end of the file, whatever that is."""
    assert probe(wide_video()) == ClipInfo(suffix="mp4", microseconds=3_500_000)
    longer = wide_video().replace(struct.pack(">Qq", 3200, 0), struct.pack(">Qq", 4200, 0))
    assert probe(longer).microseconds == 4_200_000


def test_sound_alone_is_no_video() -> None:
    """An MP4 with nothing but sound, whatever its name."""
    assert fault(make_audio(3000, "mp4")) is MediaFault.NO_VIDEO_TRACK


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\x18ftyp",
        b"\x89PNG\r\n\x1a\n" + bytes(90),
        b"\x1aE\xdf\xa3 webm",
        b"GIF89a" + bytes(90),
        make_audio(3000, "mp3"),
        make_audio(3000, "wav"),
        mp4_box(b"ftyp", b"heic" + bytes(12)) + mp4_box(b"meta", bytes(40)),
        mp4_box(b"ftyp", b"isom" + bytes(4)) + mp4_box(b"mdat", bytes(90)),
    ],
)
def test_what_is_no_mp4_or_mov_is_told(data: bytes) -> None:
    """By its bytes; a photo of a phone begins like a video and is none."""
    assert fault(data) in {MediaFault.UNSUPPORTED_FORMAT, MediaFault.DAMAGED}


@pytest.mark.parametrize("options", [{}, {"movflags": "+faststart"}])
def test_a_video_that_is_cut_off_anywhere_is_refused(options: dict[str, str]) -> None:
    """With its header at the end or ahead, a part of it is not taken for the whole."""
    whole = make_video(2000, **options)
    for end in range(0, len(whole) - 8, 37):
        with pytest.raises((UnusableMedia, struct.error)):
            probe(whole[:end])


def test_two_of_what_must_be_one_are_refused() -> None:
    """Of two headers, one reader would take the first and another the last."""
    whole = make_video(2000)
    (size,) = struct.unpack_from(">I", whole, whole.index(b"moov") - 4)
    movie = whole[whole.index(b"moov") - 4 :][:size]
    assert fault(whole + movie) is MediaFault.DAMAGED
