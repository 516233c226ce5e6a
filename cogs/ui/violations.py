"""Sentences of violations: what is wrong, and what to do about it.

Most sentences take a violation's parameters as they are; `_FORMATTERS` has the others. Models are
shown by their labels, several things to choose from as a list.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, cast

from cogs.ui.file_violations import FILE_FORMATTERS
from cogs.ui.i18n import N_, _, format_number, format_or_list, format_usd, ngettext
from cogs.ui.quota_text import (
    format_quota_exceeded,
    format_quota_too_small,
    format_quota_used_up,
)
from cogs.ui.text import INPUTS_GONE, INPUTS_TOO_LARGE, sanitize
from domain.models import MODELS, ModelId
from domain.money import MicroUSD
from domain.violations import Violation, ViolationCode

_MAX_LISTED: Final = 10
_MAX_VALUE_CHARS: Final = 40


def format_violation(violation: Violation) -> str:
    """Format what is wrong, for a member who may correct it."""
    params = dict(violation.params)
    if (formatter := _FORMATTERS.get(violation.code)) is not None:
        return formatter(**params)
    values = {name: _display_value(value) for name, value in params.items()}
    return _(_SENTENCES[violation.code], **values)


def _display_value(value: object) -> object:
    match value:
        case ModelId():
            return MODELS[value].label
        case tuple():
            return format_or_list(
                str(_display_value(one)) for one in cast("tuple[object, ...]", value)
            )
        case _:
            return value


def _join_names(names: Iterable[str]) -> str:
    """Join names, the first ten of many."""
    all_names = [*names]
    return ", ".join([*all_names[:_MAX_LISTED], *(["…"] if all_names[_MAX_LISTED:] else [])])


_PERMISSIONS: Final = MappingProxyType(
    {
        "view_channel": N_("View Channel"),
        "send_messages": N_("Send Messages"),
        "send_messages_in_threads": N_("Send Messages in Threads"),
        "attach_files": N_("Attach Files"),
        "manage_threads": N_("Manage Threads"),
    }
)
_SENTENCES: Final[Mapping[ViolationCode, str]] = MappingProxyType(
    {
        ViolationCode.MODE_UNSUPPORTED: N_(
            "/{command} is not possible with {model}: choose {able}."
        ),
        ViolationCode.PROMPT_NOT_SENDABLE: N_(
            "The prompt contains characters that cannot be sent."
        ),
        ViolationCode.PROMPT_EMPTY: N_("The prompt is empty: say what the video should show."),
        ViolationCode.LENGTH_UNSUPPORTED: N_(
            "A length of {seconds} s is not possible: {model} makes {least} to {most} seconds."
        ),
        ViolationCode.RESOLUTION_UNSUPPORTED: N_(
            "{model} does not make {resolution}: choose {choices}."
        ),
        ViolationCode.ASPECT_RATIO_UNSUPPORTED: N_(
            "{model} does not know the aspect ratio {ratio}: choose {choices}."
        ),
        ViolationCode.OPTION_UNSUPPORTED: N_(
            "{option} is an option of {able}; {model} does not have it."
        ),
        ViolationCode.LENGTH_NOT_WHOLE: N_("The length has to be a whole number of seconds."),
        ViolationCode.REFERENCE_LENGTH_TOO_PRECISE: N_(
            "reference_seconds takes up to three decimals, such as 2.125."
        ),
        ViolationCode.PICTURE_MISSING: N_(
            "There is no picture to animate: attach a PNG, JPEG or WebP."
        ),
        ViolationCode.FIRST_PICTURE_MISSING: N_(
            "The first picture is missing: attach it, or both in their order."
        ),
        ViolationCode.TOO_MANY_PICTURES: N_(
            "Too many pictures: {most} at most, {given} were given."
        ),
        ViolationCode.TOO_MANY_VIDEOS: N_(
            "Too many reference videos: {most} at most, {given} were given."
        ),
        ViolationCode.TOO_MANY_AUDIOS: N_(
            "Too many reference audio files: {most} at most, {given} were given."
        ),
        ViolationCode.AUDIO_ALONE: N_(
            "Reference audio needs a reference picture or video beside it."
        ),
        ViolationCode.PICTURE_FORMAT: N_(
            "{name} is a {format} file: only PNG, JPEG and WebP pictures can be used."
        ),
        ViolationCode.PICTURE_SIDES: N_(
            "{name} is {width} × {height} pixels: each side must have {least} to {most} pixels."
        ),
        ViolationCode.FILE_NOT_FETCHED: N_(
            "{name} could not be fetched from Discord. Attach it again."
        ),
        ViolationCode.FILE_NOT_TAKEN: N_("{name} could not be taken in just now. Try again later."),
        ViolationCode.FILE_NOT_AT_DISCORD: N_("{name} does not lie on Discord's servers."),
        ViolationCode.FILE_TOO_MANY_PIXELS: N_(
            "{name} has too many pixels. Save it smaller, a video in 4K at most."
        ),
        ViolationCode.FILE_WITHOUT_VIDEO: N_("{name} has no video in it, or only sound."),
        ViolationCode.FILE_WITHOUT_SOUND: N_("{name} has no sound."),
        ViolationCode.FILE_TOO_COMPLEX: N_(
            "{name} takes too much time or memory to look into: save it in a simpler form."
        ),
        ViolationCode.FILE_DATA_ELSEWHERE: N_(
            "{name} keeps its pictures or sound in another file. Save it as a file that holds "
            "everything."
        ),
        ViolationCode.FILES_WITHOUT_ROOM: N_(
            "I'm short of disk space, so I can't take files right now. Try again later."
        ),
        ViolationCode.MESSAGE_PICTURE_GONE: N_(
            "I can not see the picture any more: it or its message may be deleted, or I was "
            "restarted meanwhile. Click *Edit again* and attach it, or choose *Animate this image* "
            "once more."
        ),
        ViolationCode.MESSAGE_FILES_GONE: N_(
            "I can't see the message's files any more: it may be deleted, or I was restarted "
            "meanwhile. Choose *Use as reference* once more, or use `/reference`."
        ),
        ViolationCode.MESSAGES_HIDDEN: N_(
            "I may not read the messages of this channel. Click *Edit again* and attach the "
            "picture."
        ),
        ViolationCode.DISCORD_SILENT: N_(
            "Discord does not answer just now. Click *Edit again* in a while."
        ),
        ViolationCode.ATTACHMENTS_EXPIRED: N_(
            "What you gave beside this form was kept for {minutes} minutes, and it is gone: files, "
            "and options that it does not show. Click *Edit again* to go on with what stands in "
            "the form."
        ),
        ViolationCode.INPUTS_GONE: INPUTS_GONE,
        ViolationCode.INPUTS_TOO_LARGE: INPUTS_TOO_LARGE,
        ViolationCode.MODEL_NOT_ALLOWED: N_("{model} is not allowed here: choose {models}."),
        ViolationCode.COMMAND_NOT_ALLOWED: N_("No model that is allowed here can do /{command}."),
        ViolationCode.RESOLUTION_NOT_ALLOWED: N_(
            "{resolution} is not allowed here: choose {resolutions}."
        ),
        ViolationCode.MODEL_WITHOUT_ALLOWED_RESOLUTION: N_(
            "{model} makes no resolution that is allowed here."
        ),
        ViolationCode.LENGTH_NOT_ALLOWED: N_(
            "A length of {seconds} s is not allowed here: {most} s at most."
        ),
        ViolationCode.AGE_RESTRICTED_SERVER: N_(
            "On this server, videos are asked for in age-restricted channels only."
        ),
        ViolationCode.AGE_RESTRICTED_PROMPT: N_(
            "What this prompt asks for belongs in an age-restricted channel."
        ),
        ViolationCode.PRIVATE_NOT_ALLOWED: N_(
            "This server allows no private videos: leave out the option `private`."
        ),
        ViolationCode.BOT_NOT_IN_SERVER: N_(
            "Only my commands are in this server, so I couldn't post your video. Ask a server "
            "manager to add me again, as a bot."
        ),
        ViolationCode.SERVER_NOT_ADMITTED: N_(
            "I'm not set up for this server yet. I've asked my operator to admit it."
        ),
        ViolationCode.SERVER_REFUSED: N_(
            "I can't make videos for this server. My operator hasn't admitted it."
        ),
        ViolationCode.PRESET_UNKNOWN: N_(
            "There is no preset of this name on this server: choose one of those suggested."
        ),
        ViolationCode.PRESET_DOES_NOT_FIT: N_(
            "The preset does not fit: choose another, or choose yourself what it sets."
        ),
        ViolationCode.VIDEOS_FORBIDDEN: N_(
            "A manager of this server has set that you may ask for no videos."
        ),
        ViolationCode.MEMBER_QUEUE_FULL: N_(
            "You have {most} videos waiting already. Try again when some are done."
        ),
        ViolationCode.SERVER_QUEUE_FULL: N_(
            "This server has {most} videos waiting already. Try again when some are done."
        ),
        ViolationCode.PRESET_NAME_MISSING: N_("A preset needs a name."),
        ViolationCode.PRESET_NAME_TOO_LONG: N_(
            "The name of a preset has {most} characters at most."
        ),
        ViolationCode.PRESET_SUFFIX_TOO_LONG: N_(
            "What a preset adds to prompts has {most} characters at most."
        ),
        ViolationCode.PRESET_NOT_SENDABLE: N_(
            "The preset contains characters that cannot be sent."
        ),
        ViolationCode.PRESET_EMPTY: N_(
            "The preset sets nothing: choose something, or give words to add to prompts."
        ),
        ViolationCode.PRESET_UNSUPPORTED_BY_MODEL: N_(
            "{model} does not make this length, resolution and shape."
        ),
        ViolationCode.PRESET_UNSUPPORTED: N_("No model makes this length, resolution and shape."),
        ViolationCode.PRESET_DELETED: N_("This preset is deleted."),
        ViolationCode.PRESET_NAME_TAKEN: N_(
            "There is a preset of this name already: choose another name."
        ),
        ViolationCode.TOO_MANY_PRESETS: N_("A server has {most} presets at most: remove one."),
        ViolationCode.NO_MODEL_ALLOWED: N_("Allow one model at least."),
        ViolationCode.NO_RESOLUTION_ALLOWED: N_(
            "Allow one resolution at least that an allowed model makes."
        ),
        ViolationCode.DEFAULT_MODEL_NOT_ALLOWED: N_(
            "The default model, {model}, is not one of those allowed."
        ),
        ViolationCode.DEFAULT_RESOLUTION_NOT_ALLOWED: N_(
            "The default resolution, {resolution}, is not one of those allowed and made."
        ),
        ViolationCode.DEFAULT_ASPECT_RATIO_UNSUPPORTED: N_(
            "No allowed model makes the default aspect ratio, {ratio}."
        ),
        ViolationCode.DEFAULT_LENGTH_OUT_OF_RANGE: N_(
            "The default length, {seconds} s, is not within {shortest} to {most} s."
        ),
        ViolationCode.MAX_LENGTH_TOO_SHORT: N_(
            "Videos have {shortest} s at least, so {seconds} s can not be the most."
        ),
        ViolationCode.RETENTION_OUT_OF_RANGE: N_(
            "Files are kept for 1 to {most} days, not {days}."
        ),
        ViolationCode.TOO_MANY_CHANNEL_RULES: N_(
            "{most} channels at most have rules of their own."
        ),
        ViolationCode.CHANNEL_RULES_TWICE: N_("A channel has its own rules once."),
        ViolationCode.TOO_MANY_LISTED_IDS: N_("Choose {most} channels and {most} roles at most."),
        ViolationCode.TOO_MANY_WORDS: N_("A list has {most} words at most, this one {count}."),
        ViolationCode.TOO_MANY_PATTERNS: N_(
            "A list has {most} patterns at most, this one {count}."
        ),
        ViolationCode.WORD_TOO_LONG: N_("{word}… is too long: {most} characters at most."),
        ViolationCode.WORD_BLANK: N_("A word on the list shows nothing."),
        ViolationCode.PATTERN_INVALID: N_("The pattern {pattern} can not be used: {reason}."),
        ViolationCode.PATTERN_MATCHES_ALL: N_("The pattern {pattern} is found in every prompt."),
        ViolationCode.OPTION_NOT_OFFERED: N_("Choose from what the menu offers."),
        ViolationCode.NOT_PLAIN_DOLLARS: N_("write plain dollars, such as 5, 0.5 or $2.50"),
        ViolationCode.DAYS_NOT_WHOLE: N_("write a whole number of days"),
    }
)


def _prompt_too_short(*, least: int, model: ModelId) -> str:
    return ngettext(
        "The prompt is too short: {model} needs {count} character.",
        "The prompt is too short: {model} needs {count} characters.",
        least,
        model=MODELS[model].label,
    )


def _prompt_too_long(*, model: ModelId, most: int, units: int) -> str:
    return _(
        "The prompt is too long: {model} takes {most} characters at most, this one has {units}.",
        model=MODELS[model].label,
        most=format_number(most),
        units=format_number(units),
    )


def _choice_unknown(*, option: str, value: str, values: tuple[str, ...]) -> str:
    return _(
        "{option} can be {values}, not {value}.",
        option=option,
        values=", ".join(values),
        value=sanitize(value, _MAX_VALUE_CHARS),
    )


def _fetch_budget_spent(*, most: int, resets_at_ms: int) -> str:
    return _(
        "That's more than the {most} MB of files I can take from you in a day. Your limit resets "
        "{when}.",
        most=format_number(most // 1_000_000),
        when=f"<t:{resets_at_ms // 1000}:R>",
    )


def _channel_not_allowed(*, channels: tuple[int, ...]) -> str:
    return _(
        "Videos are not asked for in this channel: go to {channels}.",
        channels=_join_names(f"<#{channel}>" for channel in channels),
    )


def _role_required(*, roles: tuple[int, ...]) -> str:
    return _(
        "On this server, videos are for members with one of the roles {roles}.",
        roles=_join_names(f"<@&{role}>" for role in roles),
    )


def _banned_words(*, words: tuple[str, ...]) -> str:
    return _(
        "The prompt says what is not allowed on this server: {words}.",
        words=_join_names("`{}`".format(word.replace("`", "'")) for word in words),
    )


def _permissions_missing(*, permissions: tuple[str, ...]) -> str:
    return _(
        "I could not post the video here: I lack {permissions} in this channel.",
        permissions=", ".join(_(_PERMISSIONS[name]) for name in permissions),
    )


def _too_many_in_flight(*, limit: int) -> str:
    return ngettext(
        "You may have {count} video under way at once. Try again when one is done.",
        "You may have {count} videos under way at once. Try again when one is done.",
        limit,
    )


def _cooldown_active(*, seconds: int, until_ms: int) -> str:
    # Rounded up: Discord shows whole seconds, and too early would be refused again.
    until_s = -(-until_ms // 1000)
    return _(
        "This server asks for {seconds} s between two of your videos. You can ask again {when}.",
        seconds=seconds,
        when=f"<t:{until_s}:R>",
    )


def _channel_rules_broken(*, channel_id: int, fault: Violation) -> str:
    return _("In <#{channel}>: {fault}", channel=channel_id, fault=format_violation(fault))


def _confirm_price_out_of_range(*, least: MicroUSD, most: MicroUSD) -> str:
    return _(
        "The price above which to ask first is from {least} to {most}.",
        least=format_usd(least),
        most=format_usd(most),
    )


def _pattern_too_large(*, pattern: str) -> str:
    reason = _("it is too large")
    return _("The pattern {pattern} can not be used: {reason}.", pattern=pattern, reason=reason)


def _field_invalid(*, label: str, fault: Violation) -> str:
    return _("{label}: {reason}.", label=_(label), reason=format_violation(fault))


def _amount_too_large(*, most: MicroUSD) -> str:
    return _("{most} is the most that can be set", most=format_usd(most))


def _not_a_limit(*, fault: Violation) -> str:
    return _("{reason}, or none", reason=format_violation(fault))


def _not_a_member_limit(*, most: int) -> str:
    return _("write a whole number from 0 to {most}, or none", most=format_number(most))


_FORMATTERS: Final[Mapping[ViolationCode, Callable[..., str]]] = MappingProxyType(
    {
        **FILE_FORMATTERS,
        ViolationCode.PROMPT_TOO_SHORT: _prompt_too_short,
        ViolationCode.PROMPT_TOO_LONG: _prompt_too_long,
        ViolationCode.CHOICE_UNKNOWN: _choice_unknown,
        ViolationCode.CHANNEL_NOT_ALLOWED: _channel_not_allowed,
        ViolationCode.ROLE_REQUIRED: _role_required,
        ViolationCode.BANNED_WORDS: _banned_words,
        ViolationCode.PERMISSIONS_MISSING: _permissions_missing,
        ViolationCode.QUOTA_TOO_SMALL: format_quota_too_small,
        ViolationCode.QUOTA_EXCEEDED: format_quota_exceeded,
        ViolationCode.QUOTA_USED_UP: format_quota_used_up,
        ViolationCode.FETCH_BUDGET_SPENT: _fetch_budget_spent,
        ViolationCode.TOO_MANY_IN_FLIGHT: _too_many_in_flight,
        ViolationCode.COOLDOWN_ACTIVE: _cooldown_active,
        ViolationCode.CHANNEL_RULES_BROKEN: _channel_rules_broken,
        ViolationCode.CONFIRM_PRICE_OUT_OF_RANGE: _confirm_price_out_of_range,
        ViolationCode.PATTERN_TOO_LARGE: _pattern_too_large,
        ViolationCode.FIELD_INVALID: _field_invalid,
        ViolationCode.AMOUNT_TOO_LARGE: _amount_too_large,
        ViolationCode.NOT_A_LIMIT: _not_a_limit,
        ViolationCode.NOT_A_MEMBER_LIMIT: _not_a_member_limit,
    }
)
