"""Broken rules as values: a code, its parameters, and where the mistake can be corrected.

Nothing here is text for people: `cogs.ui.violations` has the sentence of each code.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeAlias


class Source(StrEnum):
    """Where a mistake can be corrected."""

    FORM = "form"
    """The prompt or an option, both of which a form shows."""

    ATTACHMENT = "attachment"
    """A file that a member attached, or has to attach."""

    PRESET = "preset"
    SERVER_RULES = "server_rules"
    """A decision of the server's managers that no other input avoids."""

    CHANNEL = "channel"
    """The channel, or the bot's permissions in it."""

    QUOTA = "quota"
    QUEUE = "queue"
    SETTINGS = "settings"
    """What a manager sets: the server's settings, presets and amounts."""


class ViolationCode(StrEnum):
    """What can be wrong."""

    # A request, by the rules of the models
    MODE_UNSUPPORTED = "mode_unsupported"
    PROMPT_NOT_SENDABLE = "prompt_not_sendable"
    PROMPT_EMPTY = "prompt_empty"
    PROMPT_TOO_SHORT = "prompt_too_short"
    PROMPT_TOO_LONG = "prompt_too_long"
    LENGTH_UNSUPPORTED = "length_unsupported"
    RESOLUTION_UNSUPPORTED = "resolution_unsupported"
    ASPECT_RATIO_UNSUPPORTED = "aspect_ratio_unsupported"
    OPTION_UNSUPPORTED = "option_unsupported"
    CHOICE_UNKNOWN = "choice_unknown"
    TAKES_UNSUPPORTED = "takes_unsupported"
    LENGTH_AMBIGUOUS = "length_ambiguous"
    LENGTH_NOT_WHOLE = "length_not_whole"
    REFERENCE_LENGTH_TOO_PRECISE = "reference_length_too_precise"

    # Its files
    PICTURE_MISSING = "picture_missing"
    FIRST_PICTURE_MISSING = "first_picture_missing"
    TOO_MANY_PICTURES = "too_many_pictures"
    TOO_MANY_VIDEOS = "too_many_videos"
    TOO_MANY_AUDIOS = "too_many_audios"
    AUDIO_ALONE = "audio_alone"
    PICTURE_FORMAT = "picture_format"
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_SIDES = "picture_sides"
    PICTURE_TOO_NARROW = "picture_too_narrow"
    VIDEO_LENGTH = "video_length"
    VIDEOS_TOO_LONG = "videos_too_long"
    AUDIO_LENGTH = "audio_length"
    AUDIOS_TOO_LONG = "audios_too_long"
    FILE_NOT_FETCHED = "file_not_fetched"
    FILE_NOT_TAKEN = "file_not_taken"
    FILE_NOT_AT_DISCORD = "file_not_at_discord"
    FILE_TOO_LARGE = "file_too_large"
    FILE_OTHER_FORMAT = "file_other_format"
    FILE_DAMAGED = "file_damaged"
    FILE_TOO_MANY_PIXELS = "file_too_many_pixels"
    FILE_WITHOUT_VIDEO = "file_without_video"
    FILE_WITHOUT_SOUND = "file_without_sound"
    FILE_TOO_COMPLEX = "file_too_complex"
    FILE_DATA_ELSEWHERE = "file_data_elsewhere"
    FILES_WITHOUT_ROOM = "files_without_room"
    FETCH_BUDGET_SPENT = "fetch_budget_spent"
    MESSAGE_PICTURE_GONE = "message_picture_gone"
    MESSAGE_FILES_GONE = "message_files_gone"
    MESSAGES_HIDDEN = "messages_hidden"
    DISCORD_SILENT = "discord_silent"
    ATTACHMENTS_EXPIRED = "attachments_expired"
    INPUTS_GONE = "inputs_gone"
    INPUTS_TOO_LARGE = "inputs_too_large"
    REMIX_NEEDS_FILES = "remix_needs_files"

    # The shots of a storyboard
    SHOTS_NOT_NUMBERED = "shots_not_numbered"
    TOO_FEW_SHOTS = "too_few_shots"
    TOO_MANY_SHOTS = "too_many_shots"
    SHOT_INVALID = "shot_invalid"
    SHOT_WITH_SEVERAL_PICTURES = "shot_with_several_pictures"
    SHOT_PICTURE_MISSING = "shot_picture_missing"
    SHOT_PICTURE_UNUSED = "shot_picture_unused"

    # A request, by the rules of the server
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    ROLE_REQUIRED = "role_required"
    MODEL_NOT_ALLOWED = "model_not_allowed"
    COMMAND_NOT_ALLOWED = "command_not_allowed"
    RESOLUTION_NOT_ALLOWED = "resolution_not_allowed"
    MODEL_WITHOUT_ALLOWED_RESOLUTION = "model_without_allowed_resolution"
    LENGTH_NOT_ALLOWED = "length_not_allowed"
    BANNED_WORDS = "banned_words"
    AGE_RESTRICTED_SERVER = "age_restricted_server"
    AGE_RESTRICTED_PROMPT = "age_restricted_prompt"
    PRIVATE_NOT_ALLOWED = "private_not_allowed"
    PERMISSIONS_MISSING = "permissions_missing"
    BOT_NOT_IN_SERVER = "bot_not_in_server"
    SERVER_NOT_ADMITTED = "server_not_admitted"
    SERVER_REFUSED = "server_refused"
    PRESET_UNKNOWN = "preset_unknown"
    PRESET_DOES_NOT_FIT = "preset_does_not_fit"

    # Quotas and the queue
    QUOTA_TOO_SMALL = "quota_too_small"
    QUOTA_EXCEEDED = "quota_exceeded"
    QUOTA_USED_UP = "quota_used_up"
    VIDEOS_FORBIDDEN = "videos_forbidden"
    TOO_MANY_IN_FLIGHT = "too_many_in_flight"
    COOLDOWN_ACTIVE = "cooldown_active"
    MEMBER_QUEUE_FULL = "member_queue_full"
    SERVER_QUEUE_FULL = "server_queue_full"

    # Presets
    PRESET_NAME_MISSING = "preset_name_missing"
    PRESET_NAME_TOO_LONG = "preset_name_too_long"
    PRESET_SUFFIX_TOO_LONG = "preset_suffix_too_long"
    PRESET_NOT_SENDABLE = "preset_not_sendable"
    PRESET_EMPTY = "preset_empty"
    PRESET_UNSUPPORTED_BY_MODEL = "preset_unsupported_by_model"
    PRESET_UNSUPPORTED = "preset_unsupported"
    PRESET_DELETED = "preset_deleted"
    PRESET_NAME_TAKEN = "preset_name_taken"
    TOO_MANY_PRESETS = "too_many_presets"

    # The settings of a server
    CHANNEL_RULES_BROKEN = "channel_rules_broken"
    NO_MODEL_ALLOWED = "no_model_allowed"
    NO_RESOLUTION_ALLOWED = "no_resolution_allowed"
    DEFAULT_MODEL_NOT_ALLOWED = "default_model_not_allowed"
    DEFAULT_RESOLUTION_NOT_ALLOWED = "default_resolution_not_allowed"
    DEFAULT_ASPECT_RATIO_UNSUPPORTED = "default_aspect_ratio_unsupported"
    DEFAULT_LENGTH_OUT_OF_RANGE = "default_length_out_of_range"
    MAX_LENGTH_TOO_SHORT = "max_length_too_short"
    CONFIRM_PRICE_OUT_OF_RANGE = "confirm_price_out_of_range"
    RETENTION_OUT_OF_RANGE = "retention_out_of_range"
    TOO_MANY_CHANNEL_RULES = "too_many_channel_rules"
    CHANNEL_RULES_TWICE = "channel_rules_twice"
    TOO_MANY_LISTED_IDS = "too_many_listed_ids"
    TOO_MANY_WORDS = "too_many_words"
    TOO_MANY_PATTERNS = "too_many_patterns"
    WORD_TOO_LONG = "word_too_long"
    WORD_BLANK = "word_blank"
    PATTERN_INVALID = "pattern_invalid"
    PATTERN_TOO_LARGE = "pattern_too_large"
    PATTERN_MATCHES_ALL = "pattern_matches_all"

    # What people type or choose
    FIELD_INVALID = "field_invalid"
    OPTION_NOT_OFFERED = "option_not_offered"
    NOT_PLAIN_DOLLARS = "not_plain_dollars"
    AMOUNT_TOO_LARGE = "amount_too_large"
    NOT_A_LIMIT = "not_a_limit"
    DAYS_NOT_WHOLE = "days_not_whole"
    NOT_A_MEMBER_LIMIT = "not_a_member_limit"


Param: TypeAlias = "str | int | float | tuple[str, ...] | tuple[int, ...] | Violation | None"
"""A plain value: a number in its unit, an id, a name, several of one kind, or the cause."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule; `params` are the values for its sentence, sorted by name."""

    code: ViolationCode
    source: Source
    params: tuple[tuple[str, Param], ...] = ()

    @classmethod
    def of(cls, code: ViolationCode, source: Source, /, **params: "Param") -> Self:
        """Return a violation with parameters by name."""
        return cls(code, source, tuple(sorted(params.items())))
