"""Attachments that are damaged, or no longer what they say, through the look into each."""

import io
import json
from dataclasses import asdict
from functools import cache
from random import Random
from typing import Any

from PIL import Image
from pydantic import TypeAdapter

from domain.models import MAX_IMAGE_SIDE
from domain.requests import Clip, round_clip_ms
from qa.fuzz.memory import limited_memory
from qa.fuzz.mutators import mutate_bytes
from qa.fuzz.target import FuzzTarget
from tests.harness.media_samples import make_audio, make_video
from workflow.media_probe import worker
from workflow.media_probe.types import ClipInfo, MediaInfo, MediaKind, PictureInfo, RejectedMedia

_ANSWER: TypeAdapter[Any] = TypeAdapter(MediaInfo | RejectedMedia)


def random_file(dice: Random) -> tuple[MediaKind, bytes]:
    """Make a file: a real one that is changed, now and then two in one or of another kind."""
    kind = dice.choice([*MediaKind])
    data = dice.choice(_real(kind if dice.random() < 0.9 else dice.choice([*MediaKind])))
    if dice.random() < 0.1:
        data += dice.choice(_real(dice.choice([*MediaKind])))
    return kind, mutate_bytes(data, dice)


def _file(dice: Random) -> str:
    """Look into a file as the process does that is there for it."""
    kind, data = random_file(dice)
    is_cut = kind is not MediaKind.PICTURE and dice.random() < 0.1
    with limited_memory():
        found, _ = worker._answer(kind, data, is_cut=is_cut)  # pyright: ignore[reportPrivateUsage]
    assert _ANSWER.validate_json(json.dumps(asdict(found))) == found
    match found:
        case PictureInfo():
            assert kind is MediaKind.PICTURE
            assert 0 < found.width <= MAX_IMAGE_SIDE
            assert 0 < found.height <= MAX_IMAGE_SIDE
        case ClipInfo():
            assert kind is not MediaKind.PICTURE
            assert found.microseconds > 0
            Clip(url="u", name="n", duration_ms=round_clip_ms(found.microseconds))
        case RejectedMedia():
            return "refused"
    return "taken"


ATTACHMENT_TARGETS = (FuzzTarget("attachments", 10_000, _file),)


@cache
def _real(kind: MediaKind) -> tuple[bytes, ...]:
    match kind:
        case MediaKind.PICTURE:
            return tuple(_picture(name) for name in ("PNG", "JPEG", "WEBP", "GIF"))
        case MediaKind.VIDEO:
            return (
                *(make_video(400, kind=kind, sound_ms=400) for kind in ("mp4", "mov")),
                make_video(400, fragmented=True),
            )
        case MediaKind.AUDIO:
            return make_audio(300), make_audio(300, "wav"), make_audio(300, write_xing="0")


def _picture(name: str) -> bytes:
    data = io.BytesIO()
    Image.effect_noise((320, 300), 40).convert("RGB").save(data, name)
    return data.getvalue()
