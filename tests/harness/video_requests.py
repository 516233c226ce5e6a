"""Requests to submit: one of each mode of each model."""

from domain.models import AspectRatio, ModelId, Resolution
from domain.requests import (
    Clip,
    FirstAndLastFrames,
    ImageToVideo,
    OmniReference,
    Picture,
    TextToVideo,
    VideoRequest,
)

PRO, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0
PROMPT = "a calm seaside sunrise with gentle camera dolly movement"


def picture(url: str = "https://example.com/start-frame.jpg") -> Picture:
    return Picture(url=url, name="a.png", format="PNG", width=640, height=360, size=9_000)


def clip(url: str = "https://example.com/ref-motion.mp4") -> Clip:
    return Clip(url=url, name="v.mp4", duration_ms=3_000)


def pro_text(prompt: str = PROMPT) -> TextToVideo:
    return TextToVideo(
        model=PRO,
        prompt=prompt,
        resolution=Resolution.P720,
        seconds=8,
        aspect_ratio=AspectRatio.WIDE,
        sound=False,
    )


def two_text(prompt: str = PROMPT) -> TextToVideo:
    return TextToVideo(
        model=TWO,
        prompt=prompt,
        resolution=Resolution.P1080,
        seconds=10,
        aspect_ratio=AspectRatio.WIDE,
        sound=True,
        web_search=True,
    )


def pro_images(*urls: str) -> ImageToVideo:
    return ImageToVideo(
        model=PRO,
        prompt="animate this landscape",
        resolution=Resolution.P480,
        seconds=4,
        aspect_ratio=AspectRatio.SQUARE,
        sound=True,
        fixed_lens=True,
        pictures=tuple(picture(url) for url in urls),
    )


def two_frames(*urls: str) -> FirstAndLastFrames:
    return FirstAndLastFrames(
        model=TWO,
        prompt="turn the still frames into a move",
        resolution=Resolution.P720,
        seconds=5,
        aspect_ratio=AspectRatio.TALL,
        sound=True,
        pictures=tuple(picture(url) for url in urls),
    )


def two_omni(
    images: tuple[str, ...] = (), videos: tuple[str, ...] = (), audios: tuple[str, ...] = ()
) -> OmniReference:
    return OmniReference(
        model=TWO,
        prompt="a stylish product ad",
        resolution=Resolution.P720,
        seconds=6,
        aspect_ratio=AspectRatio.AUTO,
        sound=True,
        pictures=tuple(picture(url) for url in images),
        videos=tuple(clip(url) for url in videos),
        audios=tuple(clip(url) for url in audios),
    )


def every_mode(images: tuple[str, str], video: str, audio: str) -> list[VideoRequest]:
    """List a request of every mode, with as few and as many files as each takes."""
    first = images[:1]
    return [
        pro_text(),
        two_text(),
        pro_images(*first),
        pro_images(*images),
        two_frames(*first),
        two_frames(*images),
        two_omni(),
        two_omni(images=images),
        two_omni(videos=(video,)),
        two_omni(images=first, audios=(audio,)),
        two_omni(images * 4 + first, (video,) * 3, (audio,) * 3),
    ]
