"""What is told of audio: real files, lying headers, cut ones, and what is none."""

import struct

import pytest

from tests.harness.media_samples import make_audio, make_video
from workflow.media_probe.audio import probe
from workflow.media_probe.types import ClipInfo, MediaFault, UnusableMedia

LENGTHS = (1999, 2000, 2500, 5000, 14_999, 15_000, 15_001)


def fault(data: bytes) -> MediaFault:
    with pytest.raises(UnusableMedia) as refused:
        probe(data)
    return refused.value.fault


def wav(samples: bytes = bytes(88_200), **changes: int) -> bytes:
    """Write a WAV: one channel, 22,050 samples a second of 16 bits, unless changed."""
    layout = {"coding": 1, "channels": 1, "rate": 22_050, "per_second": 44_100}
    layout |= {"block": 2, "bits": 16} | {k: v for k, v in changes.items() if k != "claimed"}
    head = b"fmt " + struct.pack("<IHHIIHH", 16, *layout.values())
    data = b"data" + struct.pack("<I", changes.get("claimed", len(samples))) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(head) + len(data)) + b"WAVE" + head + data


def with_frames(data: bytes, frames: int) -> bytes:
    """Make the header within an MP3 claim a number of frames."""
    at = next(at for at in (data.find(b"Xing"), data.find(b"Info")) if at != -1)
    changed = bytearray(data)
    struct.pack_into(">I", changed, at + 8, frames)
    return bytes(changed)


@pytest.mark.parametrize("kind", ["mp3", "wav"])
@pytest.mark.parametrize("ms", LENGTHS)
def test_a_length_is_told_to_the_millisecond(ms: int, kind: str) -> None:
    """What an encoder of MP3 puts around the sound does not count: it says how much that is."""
    found = probe(make_audio(ms, kind))
    assert found.suffix == kind
    assert abs(found.microseconds - ms * 1000) <= 23


def test_an_mp3_without_a_header_is_counted_frame_by_frame() -> None:
    """So is one behind a tag with a picture in it, and one with junk in between."""
    plain = make_audio(5000, write_xing="0", write_id3v2="0", id3v2_version="0")
    expected = ClipInfo(suffix="mp3", microseconds=5_041_633)
    assert probe(plain) == expected
    assert probe(b"ID3\x04\0\0\0\0\x08\0" + b"\xff\xfb\x90" * 341 + b"\0" + plain) == expected
    assert probe(plain + b"TAG" + bytes(125)) == expected


@pytest.mark.parametrize("frames", [20, 400_000])
def test_an_mp3_whose_header_lies_is_refused(frames: int) -> None:
    """Whether it claims less or more than there is."""
    assert fault(with_frames(make_audio(5000), frames)) is MediaFault.DAMAGED


def test_half_an_mp3_is_refused() -> None:
    """Its header tells of the other half."""
    whole = make_audio(8000)
    assert fault(whole[: len(whole) // 2]) is MediaFault.DAMAGED


def test_an_hour_of_sound_is_an_hour() -> None:
    """In a small MP3, with and without a header that tells of 5 s."""
    frames = (b"\xff\xf3\x14\xc4" + bytes(20)) * 150_000
    assert probe(frames).microseconds == 3_600_000_000
    assert fault(make_audio(5000) + frames) is MediaFault.DAMAGED


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (wav(claimed=0xFFFF_FFFF), MediaFault.DAMAGED),
        (wav()[:-1], MediaFault.DAMAGED),
        (wav(block=20), MediaFault.DAMAGED),
        (wav(rate=0), MediaFault.DAMAGED),
        (wav(channels=0, block=0), MediaFault.DAMAGED),
        (wav()[:36], MediaFault.DAMAGED),
        (wav() + wav()[36:], MediaFault.DAMAGED),
        (wav(b""), MediaFault.LENGTH_UNKNOWN),
        (wav(coding=2, bits=4), MediaFault.COMPRESSED_WAV),
    ],
)
def test_a_wav_that_contradicts_itself_is_refused(data: bytes, expected: MediaFault) -> None:
    """More claimed than there is, samples of no sensible size, two lots of them, none, packed."""
    assert probe(wav()).microseconds == 2_000_000
    assert fault(data) is expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        b"ID3\x04\0\0\0\0\0\0",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"\xff\xfb",
        b"\xff\xf1" + bytes(500),
        b"\x89PNG\r\n\x1a\n",
        b"fLaC" + bytes(90),
        make_audio(3000, "ogg"),
        make_audio(3000, "mp4"),
        make_video(3000),
    ],
)
def test_what_is_no_mp3_or_wav_is_told(data: bytes) -> None:
    """By its bytes, whatever its name."""
    assert fault(data) is MediaFault.UNSUPPORTED_FORMAT
