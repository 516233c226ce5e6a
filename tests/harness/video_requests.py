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


def video_clip(url: str = "https://example.com/ref-motion.mp4") -> Clip:
    return Clip(url=url, name="v.mp4", duration_ms=3_000)


def pro_text_to_video(prompt: str = PROMPT) -> TextToVideo:
    return TextToVideo(
        model=PRO,
        prompt=prompt,
        resolution=Resolution.P720,
        seconds=8,
        aspect_ratio=AspectRatio.WIDE,
        sound=False,
    )


def v2_text_to_video(prompt: str = PROMPT) -> TextToVideo:
    return TextToVideo(
        model=TWO,
        prompt=prompt,
        resolution=Resolution.P1080,
        seconds=10,
        aspect_ratio=AspectRatio.WIDE,
        sound=True,
        web_search=True,
    )


def pro_image_to_video(*urls: str) -> ImageToVideo:
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


def v2_first_and_last_frames(*urls: str) -> FirstAndLastFrames:
    return FirstAndLastFrames(
        model=TWO,
        prompt="turn the still frames into a move",
        resolution=Resolution.P720,
        seconds=5,
        aspect_ratio=AspectRatio.TALL,
        sound=True,
        pictures=tuple(picture(url) for url in urls),
    )


def v2_omni_reference(
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
        videos=tuple(video_clip(url) for url in videos),
        audios=tuple(video_clip(url) for url in audios),
    )


def request_of_every_mode(images: tuple[str, str], video: str, audio: str) -> list[VideoRequest]:
    """List a request of every mode, with as few and as many files as each takes."""
    first = images[:1]
    return [
        pro_text_to_video(),
        v2_text_to_video(),
        pro_image_to_video(*first),
        pro_image_to_video(*images),
        v2_first_and_last_frames(*first),
        v2_first_and_last_frames(*images),
        v2_omni_reference(),
        v2_omni_reference(images=images),
        v2_omni_reference(videos=(video,)),
        v2_omni_reference(images=first, audios=(audio,)),
        v2_omni_reference(images * 4 + first, (video,) * 3, (audio,) * 3),
    ]
