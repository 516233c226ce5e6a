"""Attachments that are damaged, or no longer what they say, through the look into each."""

import io
import json
import sys
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any

from PIL import Image
from pydantic import TypeAdapter

from domain.models import MAX_IMAGE_SIDE
from domain.requests import Clip, clip_ms
from qa.fuzz.mutators import changed_bytes
from qa.fuzz.target import Target
from tests.harness.media_samples import sound, video
from workflow.media_probe import audio, images, worker
from workflow.media_probe import video as video_probe
from workflow.media_probe.types import ClipFound, Finding, Kind, PictureFound, Refused

_LOOKS = {Kind.PICTURE: images.look, Kind.VIDEO: video_probe.look, Kind.AUDIO: audio.look}
_ANSWER: TypeAdapter[Any] = TypeAdapter(Finding | Refused)


def odd_file(dice: Random) -> tuple[Kind, bytes]:
    """Make a file: a real one that is changed, now and then two in one or of another kind."""
    kind = dice.choice([*Kind])
    data = dice.choice(_real(kind if dice.random() < 0.9 else dice.choice([*Kind])))
    if dice.random() < 0.1:
        data += dice.choice(_real(dice.choice([*Kind])))
    return kind, changed_bytes(data, dice)


def _file(dice: Random) -> str:
    """Look into a file as the process does that is there for it."""
    kind, data = odd_file(dice)
    with _given(data):
        found = worker._answer(_LOOKS[kind])  # pyright: ignore[reportPrivateUsage]
    assert _ANSWER.validate_json(json.dumps(asdict(found))) == found
    match found:
        case PictureFound():
            assert kind is Kind.PICTURE
            assert 0 < found.width <= MAX_IMAGE_SIDE
            assert 0 < found.height <= MAX_IMAGE_SIDE
        case ClipFound():
            assert kind is not Kind.PICTURE
            assert found.microseconds > 0
            Clip(url="u", name="n", duration_ms=clip_ms(found.microseconds))
        case Refused():
            return "refused"
    return "taken"


FILES = (Target("attachments", 10_000, _file),)


@contextmanager
def _given(data: bytes):
    kept, sys.stdin = sys.stdin, SimpleNamespace(buffer=io.BytesIO(data))
    try:
        yield
    finally:
        sys.stdin = kept


@cache
def _real(kind: Kind) -> tuple[bytes, ...]:
    match kind:
        case Kind.PICTURE:
            return tuple(_picture(name) for name in ("PNG", "JPEG", "WEBP", "GIF"))
        case Kind.VIDEO:
            return (
                *(video(400, kind=kind, sound_ms=400) for kind in ("mp4", "mov")),
                video(400, fragmented=True),
            )
        case Kind.AUDIO:
            return sound(300), sound(300, "wav"), sound(300, write_xing="0")


def _picture(name: str) -> bytes:
    data = io.BytesIO()
    Image.effect_noise((320, 300), 40).convert("RGB").save(data, name)
    return data.getvalue()
