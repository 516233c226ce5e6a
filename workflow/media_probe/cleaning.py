"""Clean copies of clips: one video and at most one audio track, exactly what plays, nothing else.

Tracks are copied packet by packet where APIXO takes their codec and all of them plays; else they
are encoded, with H.264 and AAC in an MP4, or as an MP3.
"""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final, cast

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from workflow.media_probe.clips import Frame, Track, Tracks, decode
from workflow.media_probe.types import ClipSuffix

_COPIED_VIDEO: Final = ("h264", "hevc")
_COPIED_MOVIE_SOUND: Final = ("aac",)
_SOUND_BITS: Final = 192_000
_CRF: Final = "18"
_RATE: Final = 48_000
_FRAME_RATE: Final = Fraction(25)


def copy_packets(source: InputContainer, tracks: Tracks, suffix: ClipSuffix) -> bytes | None:
    """Copy the tracks without decoding; None where the copy would hold video that does not play.

    Sound that does not play, such as an encoder's padding, is left out.
    """
    out = io.BytesIO()
    with _created(out, suffix) as target:
        copies = {track.index: _Copy(target, track) for track in tracks.all}
        for packet in source.demux(tracks.all):
            if packet.size and not copies[packet.stream.index].add(packet):
                return None
        if not all(copy.has_begun for copy in copies.values()):
            return None
    return out.getvalue()


class _Copy:
    """Copies one track."""

    def __init__(self, target: OutputContainer, track: Track) -> None:
        self.has_begun = False
        self._target = target
        self._is_video = isinstance(track, VideoStream)
        self._stream = target.add_stream_from_template(track)
        self._next_pts = 0

    def add(self, packet: "Packet[Any]") -> bool:
        """Copy a packet; return whether the copy may go on."""
        if packet.is_corrupt or (packet.is_discard and self._is_video):
            return False
        if packet.is_discard:
            return True
        if packet.pts is None:
            if self._is_video:
                return False
            packet.pts = packet.dts = self._next_pts
        if not self.has_begun and not packet.is_keyframe:
            return False
        self.has_begun = True
        self._next_pts = packet.pts + (packet.duration or 0)
        packet.stream = self._stream
        self._target.mux(packet)
        return True


def can_copy(tracks: Tracks, suffix: ClipSuffix) -> bool:
    """Return whether APIXO takes the codecs of the tracks as they are, within a kind of file."""
    video, audio = (track and track.codec_context.name for track in (tracks.video, tracks.audio))
    match suffix:
        case "mp4":
            return video in _COPIED_VIDEO and audio in (None, *_COPIED_MOVIE_SOUND)
        case "mp3":
            return audio in ("mp3", "mp3float")
        case _:
            return str(audio).startswith("pcm_")


def encode(
    source: InputContainer, tracks: Tracks, suffix: ClipSuffix, until: Fraction | None = None
) -> bytes:
    """Encode what plays, up to a moment in seconds if there is one."""
    out = io.BytesIO()
    with _created(out, suffix) as target:
        video = _video_encoder(target, tracks.video, until) if tracks.video is not None else None
        audio = _AudioEncoder(target, suffix, until) if tracks.audio is not None else None

        def add(frame: Frame) -> None:
            if isinstance(frame, VideoFrame) and video is not None:
                video.add(frame)
            elif isinstance(frame, AudioFrame) and audio is not None:
                audio.add(frame)

        decode(source, tracks, add)
        for encoder in (video, audio):
            if encoder is not None:
                encoder.end()
    return out.getvalue()


def _created(out: io.BytesIO, suffix: ClipSuffix) -> OutputContainer:
    """Begin a file without any word of its origin."""
    options = {"fflags": "+bitexact"} | ({"id3v2_version": "0"} if suffix == "mp3" else {})
    return av.open(out, "w", format=suffix, options=options)


class VideoEncoder:
    """Encodes frames in H.264, each for as long as it says, with even sides."""

    def __init__(
        self,
        target: OutputContainer,
        size: tuple[int, int],
        time_base: Fraction,
        *,
        rate: Fraction = _FRAME_RATE,
        until: Fraction | None = None,
    ) -> None:
        self._target = target
        self._until = until
        self._last = Fraction(-1)
        self._durations = dict[int, int]()
        self._stream = target.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = (max(2, side // 2 * 2) for side in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = time_base
        self._stream.options = {"preset": "veryfast", "crf": _CRF, "threads": "2"}

    def keep_shape(self, aspect_ratio: Fraction | None) -> None:
        """Show pixels as wide as those of the source."""
        if aspect_ratio is not None:
            self._stream.codec_context.sample_aspect_ratio = aspect_ratio

    def add(self, frame: VideoFrame) -> None:
        """Encode a frame that is later than the one before, and not too late."""
        if frame.pts is None or frame.time_base is None:
            return
        time = frame.pts * frame.time_base
        if time <= self._last or (self._until is not None and time >= self._until):
            return
        if self._last < 0 and frame.rotation:
            self._stream.set_display_rotation(frame.rotation)
        self._last = time
        self._durations[frame.pts] = frame.duration
        width, height = self._stream.width, self._stream.height
        scaled = frame.reformat(width=width, height=height, format="yuv420p")
        scaled.pict_type = PictureType.NONE  # else the encoder would follow the source's choice
        self._mux(self._encode(scaled))

    def end(self) -> None:
        """Encode what is left."""
        self._mux(self._encode(None))

    def _encode(self, frame: VideoFrame | None) -> "list[Packet[Any]]":
        return cast("list[Packet[Any]]", self._stream.encode(frame))

    def _mux(self, packets: "Iterable[Packet[Any]]") -> None:
        for packet in packets:
            # The encoder tells no lengths, and the last frame's would be guessed.
            if length := self._durations.pop(packet.pts or 0, 0):
                packet.duration = length
            self._target.mux(packet)


def _video_encoder(
    target: OutputContainer, track: VideoStream, until: Fraction | None
) -> VideoEncoder:
    rate = track.average_rate or track.guessed_rate or _FRAME_RATE
    size, time_base = (track.width, track.height), track.time_base or 1 / rate
    encoder = VideoEncoder(target, size, time_base, rate=rate, until=until)
    encoder.keep_shape(track.sample_aspect_ratio)
    return encoder


class _AudioEncoder:
    def __init__(self, target: OutputContainer, suffix: ClipSuffix, until: Fraction | None) -> None:
        self._target = target
        self._until = until
        codec = "aac" if suffix == "mp4" else "libmp3lame"
        self._stream = target.add_stream(codec, rate=_RATE)
        self._stream.layout = "stereo"
        self._stream.bit_rate = _SOUND_BITS
        self._seconds = Fraction()

    def add(self, frame: AudioFrame) -> None:
        if self._until is not None and self._seconds >= self._until:
            return
        self._seconds += Fraction(frame.samples, frame.sample_rate)
        self._target.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._target.mux(self._stream.encode(None))
