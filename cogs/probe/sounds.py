"""Knows how to look into an MP3 or WAV."""

from cogs.probe import mp3, wav
from cogs.probe.findings import ClipFound, Fault, Unusable
from cogs.probe.lengths import microseconds


def look(data: bytes) -> ClipFound:
    """Tell what an audio file is.

    Raises:
        Unusable: it is neither MP3 nor WAV, cut off, compressed within a WAV, or of no length.
    """
    if wav.is_wav(data):
        return ClipFound(suffix="wav", microseconds=microseconds(wav.seconds(data)))
    if mp3.is_mp3(data):
        return ClipFound(suffix="mp3", microseconds=microseconds(mp3.seconds(data)))
    raise Unusable(Fault.OTHER_FORMAT)
