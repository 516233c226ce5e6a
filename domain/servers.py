"""Knows what the managers of a server may decide, and what counts where they decided nothing."""

from enum import StrEnum
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict

from domain.models import AspectRatio, ModelId, Resolution
from domain.money import MicroUSD, plain_usd


class Which(StrEnum):
    """Which videos a rule of the server's concerns."""

    NONE = "none"
    SENSITIVE = "sensitive"
    ALL = "all"


class TooLarge(StrEnum):
    """What is posted of a video that is too large for Discord."""

    LINK = "link"
    COPY = "copy"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Rules(_Frozen):
    """What may be asked for, and what counts where a member chose nothing; None leaves it open."""

    models: tuple[ModelId, ...] | None = None
    resolutions: tuple[Resolution, ...] | None = None
    max_seconds: int | None = None
    default_model: ModelId | None = None
    default_seconds: int | None = None
    default_resolution: Resolution | None = None
    default_aspect_ratio: AspectRatio | None = None
    default_sound: bool | None = None


class ChannelRules(_Frozen):
    """The rules of one channel; what they leave open is as on the rest of the server."""

    channel_id: int
    rules: Rules


class ServerSettings(_Frozen):
    """Everything that managers decided for their server.

    `channels` and `roles` are those that may be used, and may use; empty: all. `banned` and
    `sensitive` are words, or patterns between slashes. Channels are None where none was chosen:
    results then go where they were asked for. `keep_inputs_days` count from the last use of a file,
    `keep_results_days` from the delivery of a video.
    """

    rules: Rules = Rules()
    overrides: tuple[ChannelRules, ...] = ()
    channels: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    result_channel: int | None = None
    showcase_channel: int | None = None
    summary_channel: int | None = None
    confirm_above: MicroUSD | None = None
    banned: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    spoilers: Which = Which.NONE
    age_gate: Which = Which.NONE
    private_allowed: bool = False
    too_large: tuple[TooLarge, ...] = (TooLarge.LINK, TooLarge.COPY)
    keep_inputs_days: int = 40
    keep_results_days: int = 7

    def rules_in(self, channel_id: int, parent_id: int | None = None) -> Rules:
        """Tell the rules of a channel, or of a thread in its `parent_id`.

        What a thread's own rules leave open is as in its channel, then as on the server.
        """
        rules = self.rules
        for place in (parent_id, channel_id):
            own = next((o.rules for o in self.overrides if o.channel_id == place), Rules())
            rules = rules.model_copy(update=own.model_dump(exclude_none=True))
        return rules


_FACT_SHOWN: Final = 300


def facts(settings: ServerSettings) -> dict[str, str | None]:
    """Write settings as facts by name, each as short text; None where nothing was decided.

    A rule goes by its field's name, and that of one channel by `max_seconds:20`.
    """
    named = {name: value for name, value in settings if name not in ("rules", "overrides")}
    named |= dict(settings.rules)
    for override in settings.overrides:
        own = {f"{name}:{override.channel_id}": value for name, value in override.rules}
        named |= {name: value for name, value in own.items() if value is not None}
    return {name: _fact(name, value) for name, value in named.items()}


def _fact(name: str, value: Any) -> str | None:
    match value:
        case None | ():
            return None
        case bool():
            return "yes" if value else "no"
        case tuple():
            text = ", ".join(map(str, cast("tuple[object, ...]", value)))
        case _:
            text = plain_usd(value) if name == "confirm_above" else str(value)
    return text if len(text) <= _FACT_SHOWN else f"{text[: _FACT_SHOWN - 1]}…"
