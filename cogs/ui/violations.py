"""Sentences of violations: what is wrong, and what to do about it.

Most sentences take a violation's parameters as they are; `_FORMATTERS` has the others. Models are
shown by their labels, several things to choose from as a list.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, cast

from cogs.ui.file_violations import FILE_FORMATTERS
from cogs.ui.i18n import (
    N_,
    _,
    format_and_list,
    format_number,
    format_or_list,
    format_usd,
    ngettext,
)
from cogs.ui.quota_text import (
    format_quota_exceeded,
    format_quota_too_small,
    format_quota_used_up,
)
from cogs.ui.text import INPUTS_GONE, INPUTS_TOO_LARGE, sanitize
from domain.models import MODELS, AspectRatio, ModelId
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
_UNSUPPORTED_OPTIONS: Final = MappingProxyType(
    {
        "fixed_lens": N_("A fixed lens only works with {models}."),
        "web_search": N_("Web search only works with {models}."),
    }
)
_SENTENCES: Final[Mapping[ViolationCode, str]] = MappingProxyType(
    {
        ViolationCode.MODE_UNSUPPORTED: N_("{model} can't do /{command}. Pick {able}."),
        ViolationCode.PROMPT_NOT_SENDABLE: N_(
            "The prompt has characters I can't send. Remove them."
        ),
        ViolationCode.PROMPT_EMPTY: N_("Describe what the video should show."),
        ViolationCode.LENGTH_UNSUPPORTED: N_(
            "{model} makes videos of {least} to {most} seconds, not {seconds}."
        ),
        ViolationCode.RESOLUTION_UNSUPPORTED: N_(
            "{model} can't make {resolution}. Pick {choices}."
        ),
        ViolationCode.TAKES_UNSUPPORTED: N_("You can make 1 to {most} takes at once."),
        ViolationCode.LENGTH_AMBIGUOUS: N_("Pick one length, and one number of takes."),
        ViolationCode.LENGTH_NOT_WHOLE: N_("Use a whole number of seconds."),
        ViolationCode.REFERENCE_LENGTH_TOO_PRECISE: N_(
            "Use up to three decimals for reference_seconds, like 2.125."
        ),
        ViolationCode.PICTURE_MISSING: N_("Attach a PNG, JPEG or WebP to animate."),
        ViolationCode.FIRST_PICTURE_MISSING: N_(
            "The first frame is missing. Attach it, or both in order."
        ),
        ViolationCode.TOO_MANY_PICTURES: N_("Use up to {most} pictures. You added {given}."),
        ViolationCode.TOO_MANY_VIDEOS: N_("Use up to {most} reference clips. You added {given}."),
        ViolationCode.TOO_MANY_AUDIOS: N_("Use up to {most} reference sounds. You added {given}."),
        ViolationCode.AUDIO_ALONE: N_(
            "Add a picture or clip. Sound alone isn't enough for a reference video."
        ),
        ViolationCode.PICTURE_FORMAT: N_("{name} is a {format} file. Use PNG, JPEG or WebP."),
        ViolationCode.FILE_NOT_FETCHED: N_("I couldn't get {name} from Discord. Attach it again."),
        ViolationCode.FILE_NOT_TAKEN: N_("I couldn't take {name} right now. Try again later."),
        ViolationCode.FILE_NOT_AT_DISCORD: N_("{name} isn't on Discord's servers. Attach it here."),
        ViolationCode.FILE_TOO_MANY_PIXELS: N_("{name} has too many pixels. Use 4K at most."),
        ViolationCode.FILE_WITHOUT_VIDEO: N_("{name} has no video in it."),
        ViolationCode.FILE_WITHOUT_SOUND: N_("{name} has no sound."),
        ViolationCode.FILE_TOO_COMPLEX: N_(
            "{name} is too complex for me. Save it in a simpler form."
        ),
        ViolationCode.FILE_DATA_ELSEWHERE: N_(
            "{name} keeps its pictures or sound in another file. Save it as a single file."
        ),
        ViolationCode.FILES_WITHOUT_ROOM: N_(
            "I'm short of disk space, so I can't take files right now. Try again later."
        ),
        ViolationCode.MESSAGE_PICTURE_GONE: N_(
            "I can't see that picture anymore. Click *Edit again* and attach it, or use "
            "*Animate this image* again."
        ),
        ViolationCode.MESSAGE_FILES_GONE: N_(
            "I can't see that message's files anymore. Use *Use as reference* again, or "
            "run `/reference`."
        ),
        ViolationCode.MESSAGES_HIDDEN: N_(
            "I can't read this channel's messages. Click *Edit again* and attach the picture."
        ),
        ViolationCode.DISCORD_SILENT: N_(
            "Discord isn't answering. Click *Edit again* in a moment."
        ),
        ViolationCode.ATTACHMENTS_EXPIRED: N_(
            "I only kept your files for {minutes} minutes. Click *Edit again* to go on "
            "with what's in the form."
        ),
        ViolationCode.SHOTS_NOT_NUMBERED: N_(
            "Start each shot with its number, like “1. … 2. …”. You can have up to {most}."
        ),
        ViolationCode.TOO_FEW_SHOTS: N_(
            "Write at least {least} shots, like “1. … 2. …”. For one, use `/video`."
        ),
        ViolationCode.TOO_MANY_SHOTS: N_("Use up to {most} shots. You wrote {given}."),
        ViolationCode.SHOT_WITH_SEVERAL_PICTURES: N_(
            "Shot {number} names several pictures. Name the one it starts from."
        ),
        ViolationCode.SHOT_PICTURE_MISSING: N_("There's no picture [{picture}]. Upload it."),
        ViolationCode.SHOT_PICTURE_UNUSED: N_(
            "No shot uses picture [{picture}]. Write [{picture}] in the shot it starts."
        ),
        ViolationCode.INPUTS_GONE: INPUTS_GONE,
        ViolationCode.INPUTS_TOO_LARGE: INPUTS_TOO_LARGE,
        ViolationCode.REMIX_NEEDS_FILES: N_("Attach your own files. Their uploads stay theirs."),
        ViolationCode.MODEL_NOT_ALLOWED: N_("{model} isn't allowed here. Pick {models}."),
        ViolationCode.COMMAND_NOT_ALLOWED: N_("No model allowed here can do /{command}."),
        ViolationCode.RESOLUTION_NOT_ALLOWED: N_(
            "{resolution} isn't allowed here. Pick {resolutions}."
        ),
        ViolationCode.MODEL_WITHOUT_ALLOWED_RESOLUTION: N_(
            "{model} makes no resolution that's allowed here."
        ),
        ViolationCode.LENGTH_NOT_ALLOWED: N_(
            "Videos can be up to {most} s here. Pick a shorter length."
        ),
        ViolationCode.AGE_RESTRICTED_SERVER: N_(
            "On this server, videos are only for age-restricted channels. Try one of those."
        ),
        ViolationCode.AGE_RESTRICTED_PROMPT: N_(
            "This prompt belongs in an age-restricted channel. Try it there."
        ),
        ViolationCode.PRIVATE_NOT_ALLOWED: N_(
            "Private videos are off on this server. Make it public?"
        ),
        ViolationCode.BOT_NOT_IN_SERVER: N_(
            "Only my commands are in this server, so I can't post your video. Ask a server "
            "manager to add me again, as a bot."
        ),
        ViolationCode.SERVER_NOT_ADMITTED: N_(
            "I'm not set up for this server yet. I've asked my operator to approve it."
        ),
        ViolationCode.SERVER_REFUSED: N_(
            "I can't make videos for this server. My operator hasn't approved it."
        ),
        ViolationCode.PRESET_UNKNOWN: N_("I can't find that preset. Pick one from the list."),
        ViolationCode.PRESET_DOES_NOT_FIT: N_(
            "The preset doesn't fit. Pick another, or set its options yourself."
        ),
        ViolationCode.VIDEOS_FORBIDDEN: N_("A server manager turned off videos for you."),
        ViolationCode.MEMBER_QUEUE_FULL: N_(
            "You have {most} videos waiting already. Try again when some are done."
        ),
        ViolationCode.SERVER_QUEUE_FULL: N_(
            "This server has {most} videos waiting already. Try again when some are done."
        ),
        ViolationCode.PRESET_NAME_MISSING: N_("Give the preset a name."),
        ViolationCode.PRESET_NAME_TOO_LONG: N_("Preset names can have up to {most} characters."),
        ViolationCode.PRESET_SUFFIX_TOO_LONG: N_(
            "The words a preset adds can have up to {most} characters."
        ),
        ViolationCode.PRESET_NOT_SENDABLE: N_(
            "The preset has characters I can't send. Remove them."
        ),
        ViolationCode.PRESET_EMPTY: N_(
            "The preset is empty. Set an option, or add words for prompts."
        ),
        ViolationCode.PRESET_UNSUPPORTED_BY_MODEL: N_(
            "{model} can't make this length, resolution and shape together."
        ),
        ViolationCode.PRESET_UNSUPPORTED: N_(
            "No model makes this length, resolution and shape together."
        ),
        ViolationCode.PRESET_DELETED: N_("This preset was deleted."),
        ViolationCode.PRESET_NAME_TAKEN: N_("This name is taken. Pick another one."),
        ViolationCode.TOO_MANY_PRESETS: N_("You can have up to {most} presets. Delete one first."),
        ViolationCode.NO_MODEL_ALLOWED: N_("Allow at least one model."),
        ViolationCode.NO_RESOLUTION_ALLOWED: N_(
            "Allow at least one resolution that an allowed model can make."
        ),
        ViolationCode.DEFAULT_MODEL_NOT_ALLOWED: N_(
            "The default model, {model}, isn't allowed. Allow it, or pick another."
        ),
        ViolationCode.DEFAULT_RESOLUTION_NOT_ALLOWED: N_(
            "The default resolution, {resolution}, isn't allowed. Allow it, or pick another."
        ),
        ViolationCode.DEFAULT_ASPECT_RATIO_UNSUPPORTED: N_(
            "No allowed model makes the default shape, {ratio}. Pick another one."
        ),
        ViolationCode.DEFAULT_LENGTH_OUT_OF_RANGE: N_(
            "The default length must be {shortest} to {most} s, not {seconds} s."
        ),
        ViolationCode.MAX_LENGTH_TOO_SHORT: N_(
            "The longest video must be at least {shortest} s, not {seconds} s."
        ),
        ViolationCode.RETENTION_OUT_OF_RANGE: N_("Keep files for 1 to {most} days, not {days}."),
        ViolationCode.TOO_MANY_CHANNEL_RULES: N_("Up to {most} channels can have their own rules."),
        ViolationCode.CHANNEL_RULES_TWICE: N_("This channel already has its own rules."),
        ViolationCode.TOO_MANY_LISTED_IDS: N_("Pick up to {most} channels and {most} roles."),
        ViolationCode.TOO_MANY_WORDS: N_("A list holds up to {most} words. This one has {count}."),
        ViolationCode.TOO_MANY_PATTERNS: N_(
            "A list holds up to {most} patterns. This one has {count}."
        ),
        ViolationCode.WORD_TOO_LONG: N_("{word}… is too long. Use up to {most} characters."),
        ViolationCode.WORD_BLANK: N_("One of the words is blank."),
        ViolationCode.PATTERN_INVALID: N_("I can't use the pattern {pattern}: {reason}."),
        ViolationCode.PATTERN_MATCHES_ALL: N_(
            "The pattern {pattern} matches every prompt. Make it narrower."
        ),
        ViolationCode.OPTION_NOT_OFFERED: N_("Pick something from the menu."),
        ViolationCode.NOT_PLAIN_DOLLARS: N_("Write it like 1000 or 2.50."),
        ViolationCode.DAYS_NOT_WHOLE: N_("Write a whole number of days."),
    }
)


def _prompt_too_short(*, least: int, model: ModelId) -> str:
    return ngettext(
        "{model} needs a prompt with at least {count} character.",
        "{model} needs a prompt with at least {count} characters.",
        least,
        model=MODELS[model].label,
    )


def _prompt_too_long(*, model: ModelId, most: int, units: int) -> str:
    return _(
        "{model} takes prompts of up to {most} characters. Yours has {units}.",
        model=MODELS[model].label,
        most=format_number(most),
        units=format_number(units),
    )


def _aspect_ratio_unsupported(
    *, model: ModelId, ratio: AspectRatio, choices: tuple[AspectRatio, ...]
) -> str:
    label = MODELS[model].label
    if ratio is AspectRatio.AUTO:
        return _("{model} needs a fixed shape: {choices}", model=label, choices=", ".join(choices))
    return _(
        "{model} can't do {ratio}. Pick {choices}.",
        model=label,
        ratio=ratio,
        choices=format_or_list(choices),
    )


def _option_unsupported(*, option: str, able: tuple[ModelId, ...], model: ModelId) -> str:
    models = format_or_list(MODELS[other].label for other in able if other is not model)
    return _(_UNSUPPORTED_OPTIONS[option], models=models)


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
        "Videos are off in this channel. Try {channels}.",
        channels=_join_names(f"<#{channel}>" for channel in channels),
    )


def _role_required(*, roles: tuple[int, ...]) -> str:
    return _(
        "To make videos here, you need one of these roles: {roles}.",
        roles=_join_names(f"<@&{role}>" for role in roles),
    )


def _banned_words(*, words: tuple[str, ...]) -> str:
    return _(
        "This server doesn't allow {words} in prompts.",
        words=format_or_list(
            f'"{sanitize(word, _MAX_VALUE_CHARS)}"' for word in words[:_MAX_LISTED]
        ),
    )


def _permissions_missing(*, permissions: tuple[str, ...]) -> str:
    return _(
        "I can't post here. I need {permissions}.",
        permissions=format_and_list(f"*{_(_PERMISSIONS[name])}*" for name in permissions),
    )


def _too_many_in_flight(*, limit: int) -> str:
    return ngettext(
        "You can make {count} video at once. Try again when it's done.",
        "You can make {count} videos at once. Try again when one is done.",
        limit,
    )


def _cooldown_active(*, seconds: int, until_ms: int) -> str:
    # Rounded up: Discord shows whole seconds, and too early would be refused again.
    until_s = -(-until_ms // 1000)
    return _(
        "You can make your next video {when}. This server has a cooldown of {seconds} s.",
        seconds=seconds,
        when=f"<t:{until_s}:R>",
    )


def _channel_rules_broken(*, channel_id: int, fault: Violation) -> str:
    return _("In <#{channel}>: {fault}", channel=channel_id, fault=format_violation(fault))


def _confirm_price_out_of_range(*, least: MicroUSD, most: MicroUSD) -> str:
    return _(
        "Confirm above a price between {least} and {most}.",
        least=format_usd(least),
        most=format_usd(most),
    )


def _pattern_too_large(*, pattern: str) -> str:
    reason = _("it's too large")
    return _("I can't use the pattern {pattern}: {reason}.", pattern=pattern, reason=reason)


def _field_invalid(*, label: str, fault: Violation) -> str:
    return _("{label}: {hint}", label=_(label), hint=format_violation(fault))


def _shot_invalid(*, number: int, fault: Violation) -> str:
    return _("Shot {number}: {fault}", number=number, fault=format_violation(fault))


def _amount_too_large(*, most: MicroUSD) -> str:
    return _("The most you can set is {most}.", most=format_usd(most))


def _not_a_limit(*, fault: Violation) -> str:
    if fault.code is ViolationCode.AMOUNT_TOO_LARGE:
        most = cast("MicroUSD", dict(fault.params)["most"])
        return _('The most you can set is {most}, or "none" for no limit.', most=format_usd(most))
    return _('Write it like 1000 or 2.50, or "none" for no limit.')


def _not_a_member_limit(*, most: int) -> str:
    return _(
        'Write a whole number from 0 to {most}, or "none" for no limit.', most=format_number(most)
    )


_FORMATTERS: Final[Mapping[ViolationCode, Callable[..., str]]] = MappingProxyType(
    {
        **FILE_FORMATTERS,
        ViolationCode.PROMPT_TOO_SHORT: _prompt_too_short,
        ViolationCode.PROMPT_TOO_LONG: _prompt_too_long,
        ViolationCode.ASPECT_RATIO_UNSUPPORTED: _aspect_ratio_unsupported,
        ViolationCode.OPTION_UNSUPPORTED: _option_unsupported,
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
        ViolationCode.SHOT_INVALID: _shot_invalid,
        ViolationCode.AMOUNT_TOO_LARGE: _amount_too_large,
        ViolationCode.NOT_A_LIMIT: _not_a_limit,
        ViolationCode.NOT_A_MEMBER_LIMIT: _not_a_member_limit,
    }
)
