"""Sentences of violations about files: their kind, size, shape and length."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cogs.ui.i18n import N_, _, format_number
from domain.violations import ViolationCode


def _seconds(ms: int) -> str:
    return format_number(ms / 1000, decimals=3)


def _megabytes(size: int) -> str:
    return format_number(size / 1e6, decimals=1)


_UNREADABLE: Final = MappingProxyType(
    {
        "picture": N_("I can't read {name} as a picture."),
        "video": N_("I can't read {name} as a video."),
        "audio": N_("I can't read {name} as sound."),
    }
)
_READABLE: Final = MappingProxyType(
    {
        "picture": N_("Attach a PNG, JPEG, WebP, HEIC, AVIF, GIF, BMP or TIFF."),
        "video": N_("Attach an MP4, MOV, WebM, MKV, 3GP, GIF or animated WebP."),
        "audio": N_("Attach an MP3, WAV, M4A, AAC, FLAC, OGG or WebM."),
    }
)
_DAMAGED: Final = MappingProxyType(
    {
        "picture": N_("{name} is a damaged or incomplete picture. Attach another one."),
        "video": N_("{name} is a damaged or incomplete video. Attach another one."),
        "audio": N_("{name} is a damaged or incomplete sound. Attach another one."),
    }
)


def _picture_too_large(*, name: str, size: int) -> str:
    return _("{name} is too large ({size} MB). Use up to 10 MB.", name=name, size=_megabytes(size))


def _picture_too_narrow(*, name: str, width: int, height: int, most: float) -> str:
    sentence = (
        N_(
            "{name} is too wide ({width} × {height}). Crop it to at most {most} times as "
            "wide as tall."
        )
        if width > height
        else N_(
            "{name} is too tall ({width} × {height}). Crop it to at most {most} times as "
            "tall as wide."
        )
    )
    return _(sentence, name=name, width=width, height=height, most=format_number(most, decimals=1))


def _picture_sides(*, name: str, width: int, height: int, least: int, most: int) -> str:
    if min(width, height) < least:
        return _(
            "{name} is too small. Use a picture with at least {least} pixels on each side.",
            name=name,
            least=least,
        )
    return _(
        "{name} is too large. Use a picture with at most {most} pixels on each side.",
        name=name,
        most=format_number(most),
    )


def _video_length(*, name: str, duration_ms: int) -> str:
    return _(
        "{name} lasts {seconds} s. Reference clips need 2 to 15 s.",
        name=name,
        seconds=_seconds(duration_ms),
    )


def _videos_too_long(*, duration_ms: int) -> str:
    return _(
        "Reference clips can last 15 s in total. Yours last {seconds} s.",
        seconds=_seconds(duration_ms),
    )


def _audio_length(*, name: str, duration_ms: int) -> str:
    return _(
        "{name} lasts {seconds} s. Reference sounds need 2 to 15 s.",
        name=name,
        seconds=_seconds(duration_ms),
    )


def _audios_too_long(*, duration_ms: int) -> str:
    return _(
        "Reference sounds can last 15 s in total. Yours last {seconds} s.",
        seconds=_seconds(duration_ms),
    )


def _file_too_large(*, name: str, most: int, size: int | None = None) -> str:
    most_mb = most // 1_000_000
    if size is None:
        return _("{name} is too large. Use up to {most} MB.", name=name, most=most_mb)
    return _(
        "{name} is too large ({size} MB). Use up to {most} MB.",
        name=name,
        size=_megabytes(size),
        most=most_mb,
    )


def _file_other_format(*, kind: str, name: str, format: str | None) -> str:  # noqa: A002 - as in params
    if format is None:
        return f"{_(_UNREADABLE[kind], name=name)} {_(_READABLE[kind])}"
    found = _("{name} is really another kind of file: {format}.", name=name, format=format)
    return f"{found} {_(_READABLE[kind])}"


def _file_damaged(*, kind: str, name: str) -> str:
    return _(_DAMAGED[kind], name=name)


FILE_FORMATTERS: Final[Mapping[ViolationCode, Callable[..., str]]] = MappingProxyType(
    {
        ViolationCode.PICTURE_TOO_LARGE: _picture_too_large,
        ViolationCode.PICTURE_SIDES: _picture_sides,
        ViolationCode.PICTURE_TOO_NARROW: _picture_too_narrow,
        ViolationCode.VIDEO_LENGTH: _video_length,
        ViolationCode.VIDEOS_TOO_LONG: _videos_too_long,
        ViolationCode.AUDIO_LENGTH: _audio_length,
        ViolationCode.AUDIOS_TOO_LONG: _audios_too_long,
        ViolationCode.FILE_TOO_LARGE: _file_too_large,
        ViolationCode.FILE_OTHER_FORMAT: _file_other_format,
        ViolationCode.FILE_DAMAGED: _file_damaged,
    }
)
"""Those that need more than a violation's parameters as they are."""
