"""Clean copies of clips: one video and at most one audio track, exactly what plays, nothing else.

Tracks are copied packet by packet where APIXO takes their codec and all of them plays; else they
are encoded, with H.264 and AAC in an MP4, or as an MP3.
"""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import io
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from workflow.media_probe.clips import Frame, Track, Tracks, decode
from workflow.media_probe.nal_units import NalUnits
from workflow.media_probe.types import ClipSuffix
from workflow.video_tools.encoders import AudioEncoder, SoundCodec, VideoEncoder

_COPIED_VIDEO: Final = ("h264", "hevc")
_COPIED_MOVIE_SOUND: Final = ("aac",)
_SOUND_BITS: Final = 192_000
QUALITY: Final = 18
"""x264's CRF: no difference is seen."""
_DELAY_S: Final = 1
"""More than a decoder holds back."""

_RATE: Final = 48_000
_TOGETHER_S: Final = Fraction(1, 20)
"""About one packet of sound."""
_SOUND_CODECS: Final[Mapping[ClipSuffix, SoundCodec]] = {
    "mp4": "aac",
    "mp3": "libmp3lame",
    "wav": "pcm_s16le",
}


def copy_packets(source: InputContainer, tracks: Tracks, suffix: ClipSuffix) -> bytes | None:
    """Copy the tracks without decoding; None where the copy would hold video that does not play.

    Sound that does not play, such as an encoder's padding, is left out; so is a last packet of
    sound that would outlast the video, since readers differ in how long it makes the file.
    """
    out, start = io.BytesIO(), _start(tracks)
    end = _common_end(tracks) if source.format.name.startswith("mov") else None
    with create_file(out, suffix) as target:
        copies = {track.index: _Copy(target, track, start, end) for track in tracks.all}
        for packet in source.demux(tracks.all):
            if packet.size and not copies[packet.stream.index].add(packet):
                return None
        if not all(copy.has_begun for copy in copies.values()):
            return None
    return out.getvalue()


def _start(tracks: Tracks) -> Fraction:
    """Return when a file begins to play: a copy begins at once, or readers count the wait too."""
    starts = [(track.start_time or 0) * (track.time_base or Fraction()) for track in tracks.all]
    return max(Fraction(), min(starts, default=Fraction()))


def _common_end(tracks: Tracks) -> Fraction | None:
    """Return when video and sound end together, as a file declares it; None if they do not."""
    if tracks.audio is None or not all(track.duration for track in tracks.all):
        return None
    video_s, audio_s, *_ = (
        ((track.start_time or 0) + (track.duration or 0)) * (track.time_base or Fraction())
        for track in (*tracks.all, tracks.audio)
    )
    return None if audio_s > video_s + _TOGETHER_S else max(video_s, audio_s)


class _Copy:
    """Copies one track, with its times counted from `start` on, and without sound beyond `end`."""

    def __init__(
        self, target: OutputContainer, track: Track, start: Fraction, end: Fraction | None
    ) -> None:
        self.has_begun = False
        self._offset = round(start / (track.time_base or 1))
        self._target = target
        self._is_video = isinstance(track, VideoStream)
        self._stream = target.add_stream_from_template(track)
        self._next_pts = 0
        self._units = NalUnits.of(track)
        self._is_pcm = track.codec_context.name.startswith("pcm_")
        self._last_pts: Fraction | None = None
        if isinstance(track, AudioStream) and end is not None and track.time_base:
            length = Fraction(track.codec_context.frame_size or 0, track.codec_context.sample_rate)
            self._last_pts = (end - length) / track.time_base

    def add(self, packet: "Packet[Any]") -> bool:
        """Copy a packet; return whether the copy may go on."""
        # The last packet of a WAV whose header promises more is no whole one.
        is_damaged = packet.is_corrupt and not self._is_pcm
        if is_damaged or (packet.is_discard and self._is_video):
            return False
        if packet.is_discard:
            return True
        if packet.pts is None:
            if self._is_video:
                return False
            packet.pts = packet.dts = self._next_pts + self._offset
        if not self.has_begun and not packet.is_keyframe:
            return False
        if self.has_begun and self._last_pts is not None and packet.pts > self._last_pts:
            return True
        self.has_begun = True
        packet.pts -= self._offset
        packet.dts = None if packet.dts is None else packet.dts - self._offset
        self._next_pts = packet.pts + (packet.duration or 0)
        packet = self._without_more(packet)
        if not packet.size:
            return True
        packet.stream = self._stream
        self._target.mux(packet)
        return True

    def _without_more(self, packet: "Packet[Any]") -> "Packet[Any]":
        """Leave out what is in a packet besides pictures."""
        data = bytes(packet)
        if self._units is None or not self._units.hold_more(data):
            return packet
        kept = Packet(self._units.without_more(data))
        kept.pts, kept.dts, kept.duration = packet.pts, packet.dts, packet.duration
        kept.time_base, kept.is_keyframe = packet.time_base, packet.is_keyframe
        return kept


def can_copy(tracks: Tracks, suffix: ClipSuffix) -> bool:
    """Return whether APIXO takes the codecs of the tracks as they are, within a kind of file."""
    video, audio = (track and track.codec_context.name for track in (tracks.video, tracks.audio))
    units = NalUnits.of(tracks.video)
    match suffix:
        case "mp4":
            if units is not None and not units.can_be_copied:
                return False
            return video in _COPIED_VIDEO and audio in (None, *_COPIED_MOVIE_SOUND)
        case "mp3":
            return audio in ("mp3", "mp3float")
        case _:
            return str(audio).startswith("pcm_")


def encode(
    source: InputContainer, tracks: Tracks, suffix: ClipSuffix, until: Fraction | None = None
) -> bytes:
    """Encode what plays, up to a moment in seconds if there is one."""
    out, start = io.BytesIO(), _start(tracks)
    with create_file(out, suffix) as target:
        video, audio = _encoders(target, tracks, suffix)

        def add(frame: Frame) -> None:
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(start / frame.time_base)
            if until is not None and (frame.time or 0) >= until:
                return
            if isinstance(frame, VideoFrame) and video is not None:
                video.add(frame)
            elif isinstance(frame, AudioFrame) and audio is not None:
                audio.add(frame)

        decode(source, tracks, add, None if until is None else start + until + _DELAY_S)
        for encoder in (video, audio):
            if encoder is not None:
                encoder.end()
    return out.getvalue()


def _encoders(
    target: OutputContainer, tracks: Tracks, suffix: ClipSuffix
) -> tuple[VideoEncoder | None, AudioEncoder | None]:
    video = audio = None
    if tracks.video is not None:
        video = VideoEncoder.like(target, tracks.video, quality=QUALITY)
    if tracks.audio is not None:
        audio = AudioEncoder(
            target, _SOUND_CODECS[suffix], rate=_RATE, layout="stereo", bits=_SOUND_BITS
        )
    return video, audio


def create_file(out: io.BytesIO, suffix: ClipSuffix) -> OutputContainer:
    """Open a file for writing that says nothing of its origin."""
    options = {"fflags": "+bitexact"} | ({"id3v2_version": "0"} if suffix == "mp3" else {})
    return av.open(out, "w", format=suffix, options=options)
