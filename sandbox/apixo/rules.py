"""Which submissions APIXO accepts, as data: the tables of its two model pages.

What the pages leave open is decided here, strictly where a client could go wrong:

- Fields that a model or mode does not know are ignored (the journal still shows them).
- `null` is a wrong value, never a missing one.
- A prompt of nothing but white space is empty.
- Only Seedance 2.0 takes pictures as objects with a `url`; only its page mentions them.
- Half a character (a lone surrogate) makes a prompt invalid.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from yarl import URL

_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9", "21:9")


class InvalidSubmission(Exception):
    """A submission that ends with HTTP 400 before a task exists; the text names what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRules:
    """What one model accepts; `media` maps a mode to the fewest and most files of each kind."""

    id: str
    label: str
    resolutions: tuple[str, ...]
    ratios: tuple[str, ...]
    durations: tuple[int, int]
    prompt_lengths: tuple[int, int | None]
    media: Mapping[str, Mapping[str, tuple[int, int]]]
    defaults: Mapping[str, Any]
    booleans: tuple[str, ...]
    pictures_as_objects: bool
    needs_request_type: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One accepted submission, with the defaults filled in."""

    model: ModelRules
    mode: str
    prompt: str
    resolution: str
    duration: int
    aspect_ratio: str
    sound: bool
    callback_url: str | None
    image_urls: tuple[str, ...] = ()
    video_urls: tuple[str, ...] = ()
    audio_urls: tuple[str, ...] = ()


SEEDANCE_1_5_PRO: Final = ModelRules(
    id="seedance-1-5-pro",
    label="Seedance 1.5 Pro",
    resolutions=("480p", "720p"),
    ratios=_RATIOS,
    durations=(4, 12),
    prompt_lengths=(3, 2500),
    media={"text-to-video": {}, "image-to-video": {"image_urls": (1, 2)}},
    defaults={"fixed_lens": False},
    booleans=("sound", "fixed_lens"),
    pictures_as_objects=False,
    needs_request_type=True,
)

SEEDANCE_2_0: Final = ModelRules(
    id="seedance-2-0",
    label="Seedance 2.0",
    resolutions=("480p", "720p", "1080p"),
    ratios=("auto", *_RATIOS),
    durations=(4, 15),
    prompt_lengths=(1, None),
    media={
        "text-to-video": {},
        "first_and_last_frames": {"image_urls": (1, 2)},
        "omni_reference": {"image_urls": (0, 9), "video_urls": (0, 3), "audio_urls": (0, 3)},
    },
    defaults={
        "resolution": "720p",
        "duration": 5,
        "aspect_ratio": "auto",
        "sound": True,
        "web_search": False,
    },
    booleans=("sound", "web_search"),
    pictures_as_objects=True,
    needs_request_type=False,
)

MODELS: Final[Mapping[str, ModelRules]] = {
    model.id: model for model in (SEEDANCE_1_5_PRO, SEEDANCE_2_0)
}


def parse_submission(model: ModelRules, body: object) -> Submission:
    """Check a submission's decoded body.

    Raises:
        Refused: a rule is broken; the first one found is named.
    """
    if not isinstance(body, dict):
        raise InvalidSubmission("The request body must be a JSON object")
    envelope = cast("dict[str, Any]", body)
    callback_url = _read_delivery(model, envelope)
    fields = _Fields(model, envelope.get("input"))
    mode = fields.choice("mode", tuple(model.media))
    order = Submission(
        model=model,
        mode=mode,
        prompt=fields.prompt(),
        resolution=fields.choice("resolution", model.resolutions),
        duration=fields.duration(),
        aspect_ratio=fields.choice("aspect_ratio", model.ratios),
        sound=fields.booleans(model.booleans)["sound"],
        callback_url=callback_url,
        **{kind: fields.urls(kind, counts) for kind, counts in model.media[mode].items()},
    )
    if order.audio_urls and not (order.image_urls or order.video_urls):
        raise InvalidSubmission("audio_urls needs at least one image or video reference beside it")
    return order


def is_loopback(host: str | None) -> bool:
    """Return whether a host name or address is this machine by its spelling, without asking DNS."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _read_delivery(model: ModelRules, envelope: Mapping[str, Any]) -> str | None:
    if model.needs_request_type and "request_type" not in envelope:
        raise InvalidSubmission("Missing required field: request_type")
    kind = envelope.get("request_type", "async")
    if kind not in ("async", "callback"):
        raise InvalidSubmission("request_type must be async or callback")
    if kind == "async":
        return None
    if "callback_url" not in envelope:
        raise InvalidSubmission("callback_url is required when request_type is callback")
    url = _http_url("callback_url", envelope["callback_url"])
    if URL(url).scheme != "https" and not is_loopback(URL(url).host):
        raise InvalidSubmission("callback_url must be a public HTTPS URL")
    return url


def _http_url(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidSubmission(f"{name} must be a non-empty URL string")
    try:
        url = URL(value)
    except ValueError:
        raise InvalidSubmission(f"{name} is not a valid URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidSubmission(f"{name} must be a public HTTP or HTTPS URL")
    return value


@dataclass(slots=True)
class _Fields:
    """Reads the fields of `input`, each strictly by its type."""

    model: ModelRules
    source: object
    values: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        if self.source is None:
            raise InvalidSubmission("Missing required field: input")
        if not isinstance(self.source, dict):
            raise InvalidSubmission("input must be an object")
        self.values = {**self.model.defaults, **cast("dict[str, Any]", self.source)}

    def required(self, name: str) -> object:
        """Give a field that must be there."""
        if name not in self.values:
            raise InvalidSubmission(f"Missing required field: input.{name}")
        return self.values[name]

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """Read one of several words."""
        value = self.required(name)
        if not isinstance(value, str) or value not in allowed:
            raise InvalidSubmission(f"Unsupported {name}: use one of {', '.join(allowed)}")
        return value

    def booleans(self, names: tuple[str, ...]) -> dict[str, bool]:
        """Read true or false, and nothing that merely looks like it."""
        values = {name: self.required(name) for name in names}
        for name, value in values.items():
            if not isinstance(value, bool):
                raise InvalidSubmission(f"{name} must be a boolean: true or false")
        return cast("dict[str, bool]", values)

    def duration(self) -> int:
        """Read the seconds: an integer by its spelling too, so neither 8.0 nor true."""
        value = self.required("duration")
        low, high = self.model.durations
        if type(value) is not int or not low <= value <= high:
            raise InvalidSubmission(f"duration must be an integer from {low} to {high}")
        return value

    def prompt(self) -> str:
        """Read the prompt; its length counts without the white space around it."""
        value = self.required("prompt")
        if not isinstance(value, str) or not value.strip():
            raise InvalidSubmission("prompt must be a non-empty string")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise InvalidSubmission("prompt must be valid Unicode")
        low, high = self.model.prompt_lengths
        length = len(value.strip())
        if length < low or (high is not None and length > high):
            raise InvalidSubmission(
                f"prompt must have {low} to {high} characters, this one has {length}"
            )
        return value

    def urls(self, kind: str, counts: tuple[int, int]) -> tuple[str, ...]:
        """Read an array of addresses."""
        fewest, most = counts
        values = self.values.get(kind, [])
        if not isinstance(values, list):
            raise InvalidSubmission(f"{kind} must be an array of URLs")
        items = cast("list[object]", values)
        if not fewest <= len(items) <= most:
            raise InvalidSubmission(f"{kind} must hold {fewest} to {most} URLs in this mode")
        if self.model.pictures_as_objects and kind == "image_urls":
            items = [_unwrapped(item) for item in items]
        return tuple(_http_url(f"{kind}[{n}]", item) for n, item in enumerate(items))


def _unwrapped(item: object) -> object:
    return cast("dict[str, object]", item).get("url") if isinstance(item, dict) else item
