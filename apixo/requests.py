"""Request bodies for APIXO: one strict schema per mode and model family.

Source: the request bodies on APIXO's pages for seedance-1-5-pro and seedance-2-0. Optional fields
are sent too, so that no default of APIXO's decides.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from apixo.errors import BadRequest
from domain.loopback import LOOPBACK_HOSTS
from domain.models import MODELS, AspectRatio, Family, Mode, Resolution
from domain.requests import Clip, OmniReference, Picture, VideoRequest


def build_submission(request: VideoRequest, callback_url: str | None = None) -> dict[str, Any]:
    """Return the body that submits a request; with `callback_url` APIXO reports the end there.

    Raises:
        BadRequest: no schema of the model accepts the request, or the URL is not public HTTPS.
    """
    schema = _SCHEMAS.get((MODELS[request.model].family, request.mode))
    if schema is None:
        raise BadRequest(f"{request.model} has no mode {request.mode}")
    try:
        fields = schema.model_validate(_fields(request, schema))
        delivery = _Delivery.model_validate(
            {
                "request_type": "callback" if callback_url else "async",
                "callback_url": callback_url,
            }
        )
    except ValidationError as error:
        failure = BadRequest(_problems(error))
    else:
        envelope = delivery.model_dump(mode="json", exclude_none=True)
        return {**envelope, "input": fields.model_dump(mode="json", exclude_none=True)}
    raise failure  # outside the handler: the rejected values must not be its context


class _Schema(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


def _https(url: str) -> str:
    parts = URL(url)
    is_local_fake = parts.scheme == "http" and parts.host in LOOPBACK_HOSTS
    if not is_local_fake and not (parts.scheme == "https" and parts.host):
        raise ValueError("must be a public HTTPS address")
    return url


class _Delivery(_Schema):
    request_type: Literal["async", "callback"]
    callback_url: Annotated[str, AfterValidator(_https)] | None


_Url = Annotated[str, Field(min_length=1)]
_Frames = Annotated[tuple[_Url, ...], Field(min_length=1, max_length=2)]
_References = Annotated[tuple[_Url, ...], Field(min_length=1, max_length=9)]
_ReferenceClips = Annotated[tuple[_Url, ...], Field(min_length=1, max_length=3)]
_SixRatios = Literal[
    AspectRatio.SQUARE,
    AspectRatio.PORTRAIT,
    AspectRatio.CLASSIC,
    AspectRatio.TALL,
    AspectRatio.WIDE,
    AspectRatio.CINEMA,
]


class _ProSchema(_Schema):
    """Seedance 1.5."""

    prompt: Annotated[str, Field(min_length=3, max_length=2500)]
    resolution: Literal[Resolution.P480, Resolution.P720]
    duration: Annotated[int, Field(ge=4, le=12)]
    sound: bool
    aspect_ratio: _SixRatios
    fixed_lens: bool


class _ProTextToVideo(_ProSchema):
    mode: Literal[Mode.TEXT_TO_VIDEO]


class _ProImageToVideo(_ProSchema):
    mode: Literal[Mode.IMAGE_TO_VIDEO]
    image_urls: _Frames


class _TwoSchema(_Schema):
    """Seedance 2.0."""

    prompt: Annotated[str, Field(min_length=1)]
    resolution: Resolution
    duration: Annotated[int, Field(ge=4, le=15)]
    aspect_ratio: AspectRatio
    sound: bool
    web_search: bool


class _TwoTextToVideo(_TwoSchema):
    mode: Literal[Mode.TEXT_TO_VIDEO]


class _TwoFirstAndLastFrames(_TwoSchema):
    mode: Literal[Mode.FIRST_AND_LAST_FRAMES]
    image_urls: _Frames


class _TwoOmniReference(_TwoSchema):
    """Seedance 2.0 with reference files.

    A kind without files is left out, because an empty array might count as "provided".
    """

    mode: Literal[Mode.OMNI_REFERENCE]
    image_urls: _References | None
    video_urls: _ReferenceClips | None
    audio_urls: _ReferenceClips | None


_SCHEMAS: Mapping[tuple[Family, Mode], type[_Schema]] = MappingProxyType(
    {
        (Family.V1_5, Mode.TEXT_TO_VIDEO): _ProTextToVideo,
        (Family.V1_5, Mode.IMAGE_TO_VIDEO): _ProImageToVideo,
        (Family.V2_0, Mode.TEXT_TO_VIDEO): _TwoTextToVideo,
        (Family.V2_0, Mode.FIRST_AND_LAST_FRAMES): _TwoFirstAndLastFrames,
        (Family.V2_0, Mode.OMNI_REFERENCE): _TwoOmniReference,
    }
)


def _fields(request: VideoRequest, schema: type[_Schema]) -> dict[str, object]:
    """Return the fields that the schema needs, plus every option that the request sets.

    An option that the schema lacks is then rejected instead of being dropped silently.
    """
    fields: dict[str, object] = {
        "mode": request.mode,
        "prompt": request.prompt,
        "resolution": request.resolution,
        "duration": request.seconds,
        "sound": request.sound,
        "aspect_ratio": request.aspect_ratio,
    }
    optional: dict[str, object] = {
        "fixed_lens": request.fixed_lens,
        "web_search": request.web_search,
        "image_urls": _urls(request.pictures),
    }
    if isinstance(request, OmniReference):
        optional["video_urls"] = _urls(request.videos)
        optional["audio_urls"] = _urls(request.audios)
    present = {
        name: value for name, value in optional.items() if value or name in schema.model_fields
    }
    return fields | present


def _urls(media: tuple[Picture, ...] | tuple[Clip, ...]) -> tuple[str, ...] | None:
    return tuple(medium.url for medium in media) or None


def _problems(error: ValidationError) -> str:
    problems = (
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(problems)
