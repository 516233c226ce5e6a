"""Knows what the managers of a server may decide, and what counts where they decided nothing."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.models import AspectRatio, ModelId, Resolution
from domain.money import MicroUSD


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
    results then go where they were asked for. `keep_…_days` count from the last use.
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

    def rules_in(self, channel_id: int) -> Rules:
        """Tell the rules of a channel: its own, and the server's where its own leave it open."""
        own = next((o.rules for o in self.overrides if o.channel_id == channel_id), Rules())
        return self.rules.model_copy(update=own.model_dump(exclude_none=True))
