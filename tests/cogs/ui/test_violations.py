"""The sentence of each violation, in English and word for word."""

from collections import Counter
from typing import Any

from cogs.ui.violations import format_violation
from domain.models import ModelId
from domain.quotas import Period, Scope
from domain.violations import Source, Violation
from domain.violations import ViolationCode as Code

ONE, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0
DOLLARS = Violation.of(Code.NOT_PLAIN_DOLLARS, Source.SETTINGS)
NO_MODEL = Violation.of(Code.NO_MODEL_ALLOWED, Source.SETTINGS)
A_PNG: dict[str, Any] = {"name": "a.png"}

Row = tuple[Code, dict[str, Any], str]

REQUESTS: list[Row] = [
    (
        Code.SHOTS_NOT_NUMBERED,
        {"most": 8},
        "Start each shot with its number, like “1. … 2. …”. You can have up to 8.",
    ),
    (
        Code.TOO_FEW_SHOTS,
        {"least": 2},
        "Write at least 2 shots, like “1. … 2. …”. For one, use `/video`.",
    ),
    (Code.TOO_MANY_SHOTS, {"most": 8, "given": 9}, "Use up to 8 shots. You wrote 9."),
    (
        Code.SHOT_INVALID,
        {"number": 3, "fault": Violation.of(Code.PROMPT_EMPTY, Source.FORM)},
        "Shot 3: Describe what the video should show.",
    ),
    (
        Code.SHOT_WITH_SEVERAL_PICTURES,
        {"number": 2},
        "Shot 2 names several pictures. Name the one it starts from.",
    ),
    (Code.SHOT_PICTURE_MISSING, {"picture": 4}, "There's no picture [4]. Upload it."),
    (
        Code.SHOT_PICTURE_UNUSED,
        {"picture": 2},
        "No shot uses picture [2]. Write [2] in the shot it starts.",
    ),
    (
        Code.MODE_UNSUPPORTED,
        {"command": "reference", "model": ONE, "able": (TWO,)},
        "Seedance 1.5 Pro can't do /reference. Pick Seedance 2.0.",
    ),
    (Code.PROMPT_NOT_SENDABLE, {}, "The prompt has characters I can't send. Remove them."),
    (Code.PROMPT_EMPTY, {}, "Describe what the video should show."),
    (
        Code.PROMPT_TOO_SHORT,
        {"model": ONE, "least": 3},
        "Seedance 1.5 Pro needs a prompt with at least 3 characters.",
    ),
    (
        Code.PROMPT_TOO_LONG,
        {"model": ONE, "most": 2500, "units": 2501},
        ("Seedance 1.5 Pro takes prompts of up to 2,500 characters. Yours has 2,501."),
    ),
    (
        Code.LENGTH_UNSUPPORTED,
        {"model": ONE, "seconds": 13, "least": 4, "most": 12},
        "Seedance 1.5 Pro makes videos of 4 to 12 seconds, not 13.",
    ),
    (
        Code.RESOLUTION_UNSUPPORTED,
        {"model": ONE, "resolution": "1080p", "choices": ("480p", "720p")},
        "Seedance 1.5 Pro can't make 1080p. Pick 480p or 720p.",
    ),
    (
        Code.ASPECT_RATIO_UNSUPPORTED,
        {"model": ONE, "ratio": "auto", "choices": ("16:9", "1:1", "9:16")},
        "Seedance 1.5 Pro can't do auto. Pick 16:9, 1:1, or 9:16.",
    ),
    (
        Code.OPTION_UNSUPPORTED,
        {"option": "web_search", "able": (TWO,), "model": ONE},
        "Web search only works with Seedance 2.0.",
    ),
    (
        Code.CHOICE_UNKNOWN,
        {"option": "resolution", "values": ("480p", "720p"), "value": "**4k**"},
        r"resolution can be 480p, 720p, not \*\*4k\*\*.",
    ),
    (Code.TAKES_UNSUPPORTED, {"most": 4}, "You can make 1 to 4 takes at once."),
    (Code.LENGTH_AMBIGUOUS, {}, "Pick one length, and one number of takes."),
    (Code.LENGTH_NOT_WHOLE, {}, "Use a whole number of seconds."),
    (
        Code.REFERENCE_LENGTH_TOO_PRECISE,
        {},
        "Use up to three decimals for reference_seconds, like 2.125.",
    ),
    (
        Code.CHANNEL_NOT_ALLOWED,
        {"channels": (20, 30)},
        "Videos are off in this channel. Try <#20>, <#30>.",
    ),
    (
        Code.CHANNEL_NOT_ALLOWED,
        {"channels": tuple(range(10, 61))},
        (
            "Videos are off in this channel. Try <#10>, <#11>, <#12>, <#13>, <#14>, "
            "<#15>, <#16>, <#17>, <#18>, <#19>, …."
        ),
    ),
    (
        Code.ROLE_REQUIRED,
        {"roles": (8, 9)},
        "To make videos here, you need one of these roles: <@&8>, <@&9>.",
    ),
    (
        Code.MODEL_NOT_ALLOWED,
        {"model": TWO, "models": (ONE,)},
        "Seedance 2.0 isn't allowed here. Pick Seedance 1.5 Pro.",
    ),
    (
        Code.COMMAND_NOT_ALLOWED,
        {"command": "reference"},
        "No model allowed here can do /reference.",
    ),
    (
        Code.RESOLUTION_NOT_ALLOWED,
        {"resolution": "720p", "resolutions": ("480p",)},
        "720p isn't allowed here. Pick 480p.",
    ),
    (
        Code.MODEL_WITHOUT_ALLOWED_RESOLUTION,
        {"model": ONE},
        "Seedance 1.5 Pro makes no resolution that's allowed here.",
    ),
    (
        Code.LENGTH_NOT_ALLOWED,
        {"seconds": 9, "most": 8},
        "Videos can be up to 8 s here. Pick a shorter length.",
    ),
    (
        Code.BANNED_WORDS,
        {"words": ("gun", "b`d")},
        'This server doesn\'t allow "gun" or "b\\`d" in prompts.',
    ),
    (
        Code.AGE_RESTRICTED_SERVER,
        {},
        "On this server, videos are only for age-restricted channels. Try one of those.",
    ),
    (
        Code.AGE_RESTRICTED_PROMPT,
        {},
        "This prompt belongs in an age-restricted channel. Try it there.",
    ),
    (
        Code.PRIVATE_NOT_ALLOWED,
        {},
        "Private videos are off on this server. Make it public?",
    ),
    (
        Code.BOT_NOT_IN_SERVER,
        {},
        (
            "Only my commands are in this server, so I can't post your video. Ask a "
            "server manager to add me again, as a bot."
        ),
    ),
    (
        Code.SERVER_NOT_ADMITTED,
        {},
        "I'm not set up for this server yet. I've asked my operator to approve it.",
    ),
    (
        Code.SERVER_REFUSED,
        {},
        "I can't make videos for this server. My operator hasn't approved it.",
    ),
    (
        Code.PERMISSIONS_MISSING,
        {
            "permissions": (
                *("view_channel", "send_messages", "send_messages_in_threads"),
                "attach_files",
            )
        },
        (
            "I can't post here. I need *View Channel*, *Send Messages*, *Send Messages "
            "in Threads*, and *Attach Files*."
        ),
    ),
    (
        Code.PRESET_UNKNOWN,
        {},
        "I can't find that preset. Pick one from the list.",
    ),
    (
        Code.PRESET_DOES_NOT_FIT,
        {},
        "The preset doesn't fit. Pick another, or set its options yourself.",
    ),
]
FILES: list[Row] = [
    (
        Code.PICTURE_MISSING,
        {},
        "Attach a PNG, JPEG or WebP to animate.",
    ),
    (
        Code.FIRST_PICTURE_MISSING,
        {},
        "The first frame is missing. Attach it, or both in order.",
    ),
    (
        Code.TOO_MANY_PICTURES,
        {"most": 2, "given": 3},
        "Use up to 2 pictures. You added 3.",
    ),
    (
        Code.TOO_MANY_VIDEOS,
        {"most": 3, "given": 4},
        "Use up to 3 reference clips. You added 4.",
    ),
    (
        Code.TOO_MANY_AUDIOS,
        {"most": 0, "given": 1},
        "Use up to 0 reference sounds. You added 1.",
    ),
    (
        Code.AUDIO_ALONE,
        {},
        ("Add a picture or clip. Sound alone isn't enough for a reference video."),
    ),
    (
        Code.PICTURE_FORMAT,
        {**A_PNG, "format": "GIF"},
        "a.png is a GIF file. Use PNG, JPEG or WebP.",
    ),
    (
        Code.PICTURE_TOO_LARGE,
        {**A_PNG, "size": 10_400_000},
        "a.png is too large (10.4 MB). Use up to 10 MB.",
    ),
    (
        Code.PICTURE_SIDES,
        {**A_PNG, "width": 299, "height": 300, "least": 300, "most": 6000},
        "a.png is too small. Use a picture with at least 300 pixels on each side.",
    ),
    (
        Code.PICTURE_TOO_NARROW,
        {**A_PNG, "width": 300, "height": 751, "most": 2.5},
        ("a.png is too tall (300 × 751). Crop it to at most 2.5 times as tall as wide."),
    ),
    (
        Code.PICTURE_TOO_NARROW,
        {**A_PNG, "width": 751, "height": 300, "most": 2.5},
        ("a.png is too wide (751 × 300). Crop it to at most 2.5 times as wide as tall."),
    ),
    (
        Code.VIDEO_LENGTH,
        {"name": "v.mp4", "duration_ms": 1999},
        "v.mp4 lasts 1.999 s. Reference clips need 2 to 15 s.",
    ),
    (
        Code.VIDEO_LENGTH,
        {"name": "v.mp4", "duration_ms": 7_200_000},
        "v.mp4 lasts 7,200 s. Reference clips need 2 to 15 s.",
    ),
    (
        Code.VIDEOS_TOO_LONG,
        {"duration_ms": 15_030},
        "Reference clips can last 15 s in total. Yours last 15.03 s.",
    ),
    (
        Code.AUDIO_LENGTH,
        {"name": "a.mp3", "duration_ms": 15_001},
        "a.mp3 lasts 15.001 s. Reference sounds need 2 to 15 s.",
    ),
    (
        Code.AUDIOS_TOO_LONG,
        {"duration_ms": 15_001},
        "Reference sounds can last 15 s in total. Yours last 15.001 s.",
    ),
    (
        Code.FILE_NOT_FETCHED,
        A_PNG,
        "I couldn't get a.png from Discord. Attach it again.",
    ),
    (Code.FILE_NOT_TAKEN, A_PNG, "I couldn't take a.png right now. Try again later."),
    (Code.FILE_NOT_AT_DISCORD, A_PNG, "a.png isn't on Discord's servers. Attach it here."),
    (
        Code.FILE_TOO_LARGE,
        {**A_PNG, "most": 50_000_000},
        "a.png is too large. Use up to 50 MB.",
    ),
    (
        Code.FILE_TOO_LARGE,
        {**A_PNG, "most": 15_000_000, "size": 15_200_000},
        "a.png is too large (15.2 MB). Use up to 15 MB.",
    ),
    (
        Code.FILE_OTHER_FORMAT,
        {**A_PNG, "kind": "picture", "format": "PDF"},
        (
            "a.png is really another kind of file: PDF. Attach a PNG, JPEG, WebP, HEIC, "
            "AVIF, GIF, BMP or TIFF."
        ),
    ),
    (
        Code.FILE_OTHER_FORMAT,
        {**A_PNG, "kind": "video", "format": None},
        (
            "I can't read a.png as a video. Attach an MP4, MOV, WebM, MKV, 3GP, GIF or "
            "animated WebP."
        ),
    ),
    (
        Code.FILE_OTHER_FORMAT,
        {**A_PNG, "kind": "audio", "format": "PNG"},
        (
            "a.png is really another kind of file: PNG. Attach an MP3, WAV, M4A, AAC, FLAC, "
            "OGG or WebM."
        ),
    ),
    (
        Code.FILE_DAMAGED,
        {**A_PNG, "kind": "picture"},
        "a.png is a damaged or incomplete picture. Attach another one.",
    ),
    (
        Code.FILE_DAMAGED,
        {**A_PNG, "kind": "video"},
        "a.png is a damaged or incomplete video. Attach another one.",
    ),
    (
        Code.FILE_DAMAGED,
        {**A_PNG, "kind": "audio"},
        "a.png is a damaged or incomplete sound. Attach another one.",
    ),
    (
        Code.FILE_TOO_MANY_PIXELS,
        A_PNG,
        "a.png has too many pixels. Use 4K at most.",
    ),
    (Code.FILE_WITHOUT_VIDEO, A_PNG, "a.png has no video in it."),
    (Code.FILE_WITHOUT_SOUND, A_PNG, "a.png has no sound."),
    (
        Code.FILE_TOO_COMPLEX,
        A_PNG,
        "a.png is too complex for me. Save it in a simpler form.",
    ),
    (
        Code.FILE_DATA_ELSEWHERE,
        A_PNG,
        ("a.png keeps its pictures or sound in another file. Save it as a single file."),
    ),
    (
        Code.FILES_WITHOUT_ROOM,
        {},
        "I'm short of disk space, so I can't take files right now. Try again later.",
    ),
    (
        Code.FETCH_BUDGET_SPENT,
        {"most": 2_000_000_000, "resets_at_ms": 1_800_000_000_999},
        (
            "That's more than the 2,000 MB of files I can take from you in a day. Your limit "
            "resets <t:1800000000:R>."
        ),
    ),
    (
        Code.MESSAGE_FILES_GONE,
        {},
        (
            "I can't see that message's files anymore. Use *Use as reference* again, or "
            "run `/reference`."
        ),
    ),
    (
        Code.MESSAGE_PICTURE_GONE,
        {},
        (
            "I can't see that picture anymore. Click *Edit again* and attach it, or use "
            "*Animate this image* again."
        ),
    ),
    (
        Code.MESSAGES_HIDDEN,
        {},
        "I can't read this channel's messages. Click *Edit again* and attach the picture.",
    ),
    (
        Code.DISCORD_SILENT,
        {},
        "Discord isn't answering. Click *Edit again* in a moment.",
    ),
    (
        Code.ATTACHMENTS_EXPIRED,
        {"minutes": 15},
        (
            "I only kept your files for 15 minutes. Click *Edit again* to go on with "
            "what's in the form."
        ),
    ),
    (
        Code.INPUTS_GONE,
        {},
        ("A file this video was made from is gone. Run the command again and attach it."),
    ),
    (
        Code.INPUTS_TOO_LARGE,
        {"files": "video1 (31.0 MB > 10.0 MB)"},
        (
            "Too large to post here again: video1 (31.0 MB > 10.0 MB). Run the command "
            "and attach them again."
        ),
    ),
    (Code.REMIX_NEEDS_FILES, {}, "Attach your own files. Their uploads stay theirs."),
]
DAY = {"period": Period.DAY, "scope": Scope.MEMBER, "price": 80_000, "grants": 0}
MONTH = {**DAY, "period": Period.MONTH, "scope": Scope.SERVER}
LEFT = {"left": 20_000, "resets_at_ms": 1_800_000_000_999}
QUOTAS: list[Row] = [
    (
        Code.QUOTA_TOO_SMALL,
        {**DAY, "limit": 50_000},
        ("That's $0.08, more than your daily limit of $0.05. Try a shorter or smaller video."),
    ),
    (
        Code.QUOTA_TOO_SMALL,
        {**DAY, "limit": 50_000, "grants": 10_000},
        (
            "That's $0.08, more than your daily limit of $0.05 plus your $0.01 bonus. "
            "Try a shorter or smaller video."
        ),
    ),
    (
        Code.QUOTA_TOO_SMALL,
        {**MONTH, "limit": 50_000, "scope": Scope.EVERYTHING},
        (
            "That's $0.08, more than the whole bot's monthly limit of $0.05. Try a "
            "shorter or smaller video."
        ),
    ),
    *(
        (
            Code.QUOTA_USED_UP,
            {
                "scope": scope,
                "period": period,
                "limit": limit,
                "resets_at_ms": 1_800_000_000_999,
            },
            said,
        )
        for scope, period, limit, said in (
            (
                Scope.MEMBER,
                Period.DAY,
                50_000,
                "You've used up today's $0.05. It resets <t:1800000000:R>.",
            ),
            (
                Scope.EVERYTHING,
                Period.MONTH,
                50_000,
                "The whole bot has used up this month's $0.05. It resets <t:1800000000:R>.",
            ),
            (Scope.SERVER, Period.DAY, 0, "Video spending is off on this server."),
        )
    ),
    (
        Code.QUOTA_EXCEEDED,
        {**DAY, **LEFT},
        ("That's $0.08, and you have $0.02 left today. Your limit resets <t:1800000000:R>."),
    ),
    (
        Code.QUOTA_EXCEEDED,
        {**DAY, **LEFT, "grants": 10_000},
        (
            "That's $0.08, and you have $0.02 left today, plus $0.01 bonus. Your limit "
            "resets <t:1800000000:R>."
        ),
    ),
    (
        Code.QUOTA_EXCEEDED,
        {**MONTH, **LEFT},
        (
            "That's $0.08, and this server has $0.02 left this month. Its limit resets "
            "<t:1800000000:R>."
        ),
    ),
    (
        Code.VIDEOS_FORBIDDEN,
        {},
        "A server manager turned off videos for you.",
    ),
    (
        Code.TOO_MANY_IN_FLIGHT,
        {"limit": 1},
        "You can make 1 video at once. Try again when it's done.",
    ),
    (
        Code.TOO_MANY_IN_FLIGHT,
        {"limit": 2},
        "You can make 2 videos at once. Try again when one is done.",
    ),
    (
        Code.COOLDOWN_ACTIVE,
        {"seconds": 60, "until_ms": 1_800_000_000_001},
        "You can make your next video <t:1800000001:R>. This server has a cooldown of 60 s.",
    ),
    (
        Code.MEMBER_QUEUE_FULL,
        {"most": 5},
        "You have 5 videos waiting already. Try again when some are done.",
    ),
    (
        Code.SERVER_QUEUE_FULL,
        {"most": 20},
        "This server has 20 videos waiting already. Try again when some are done.",
    ),
]
SETTINGS: list[Row] = [
    (Code.PRESET_NAME_MISSING, {}, "Give the preset a name."),
    (
        Code.PRESET_NAME_TOO_LONG,
        {"most": 32},
        "Preset names can have up to 32 characters.",
    ),
    (
        Code.PRESET_SUFFIX_TOO_LONG,
        {"most": 500},
        "The words a preset adds can have up to 500 characters.",
    ),
    (Code.PRESET_NOT_SENDABLE, {}, "The preset has characters I can't send. Remove them."),
    (
        Code.PRESET_EMPTY,
        {},
        "The preset is empty. Set an option, or add words for prompts.",
    ),
    (
        Code.PRESET_UNSUPPORTED_BY_MODEL,
        {"model": ONE},
        "Seedance 1.5 Pro can't make this length, resolution and shape together.",
    ),
    (Code.PRESET_UNSUPPORTED, {}, "No model makes this length, resolution and shape together."),
    (Code.PRESET_DELETED, {}, "This preset was deleted."),
    (
        Code.PRESET_NAME_TAKEN,
        {},
        "This name is taken. Pick another one.",
    ),
    (
        Code.TOO_MANY_PRESETS,
        {"most": 25},
        "You can have up to 25 presets. Delete one first.",
    ),
    (
        Code.CHANNEL_RULES_BROKEN,
        {"channel_id": 20, "fault": NO_MODEL},
        "In <#20>: Allow at least one model.",
    ),
    (Code.NO_MODEL_ALLOWED, {}, "Allow at least one model."),
    (
        Code.NO_RESOLUTION_ALLOWED,
        {},
        "Allow at least one resolution that an allowed model can make.",
    ),
    (
        Code.DEFAULT_MODEL_NOT_ALLOWED,
        {"model": TWO},
        "The default model, Seedance 2.0, isn't allowed. Allow it, or pick another.",
    ),
    (
        Code.DEFAULT_RESOLUTION_NOT_ALLOWED,
        {"resolution": "1080p"},
        "The default resolution, 1080p, isn't allowed. Allow it, or pick another.",
    ),
    (
        Code.DEFAULT_ASPECT_RATIO_UNSUPPORTED,
        {"ratio": "auto"},
        "No allowed model makes the default shape, auto. Pick another one.",
    ),
    (
        Code.DEFAULT_LENGTH_OUT_OF_RANGE,
        {"seconds": 3, "shortest": 4, "most": 15},
        "The default length must be 4 to 15 s, not 3 s.",
    ),
    (
        Code.MAX_LENGTH_TOO_SHORT,
        {"shortest": 4, "seconds": 3},
        "The longest video must be at least 4 s, not 3 s.",
    ),
    (
        Code.CONFIRM_PRICE_OUT_OF_RANGE,
        {"least": 0, "most": 10**12},
        "Confirm above a price between $0.00 and $1,000,000.00.",
    ),
    (
        Code.RETENTION_OUT_OF_RANGE,
        {"most": 365, "days": 0},
        "Keep files for 1 to 365 days, not 0.",
    ),
    (
        Code.TOO_MANY_CHANNEL_RULES,
        {"most": 50},
        "Up to 50 channels can have their own rules.",
    ),
    (Code.CHANNEL_RULES_TWICE, {}, "This channel already has its own rules."),
    (
        Code.TOO_MANY_LISTED_IDS,
        {"most": 100},
        "Pick up to 100 channels and 100 roles.",
    ),
    (
        Code.TOO_MANY_WORDS,
        {"most": 200, "count": 201},
        "A list holds up to 200 words. This one has 201.",
    ),
    (
        Code.TOO_MANY_PATTERNS,
        {"most": 50, "count": 51},
        "A list holds up to 50 patterns. This one has 51.",
    ),
    (
        Code.WORD_TOO_LONG,
        {"word": "xxx", "most": 100},
        "xxx… is too long. Use up to 100 characters.",
    ),
    (Code.WORD_BLANK, {}, "One of the words is blank."),
    (
        Code.PATTERN_INVALID,
        {"pattern": "/(/", "reason": "missing ): ("},
        "I can't use the pattern /(/: missing ): (.",
    ),
    (
        Code.PATTERN_TOO_LARGE,
        {"pattern": "/a/"},
        "I can't use the pattern /a/: it's too large.",
    ),
    (
        Code.PATTERN_MATCHES_ALL,
        {"pattern": "/x*/"},
        "The pattern /x*/ matches every prompt. Make it narrower.",
    ),
    (
        Code.FIELD_INVALID,
        {"label": "Ask above", "fault": DOLLARS},
        "Ask above: Write it like 1000 or 2.50.",
    ),
    (Code.OPTION_NOT_OFFERED, {}, "Pick something from the menu."),
    (Code.NOT_PLAIN_DOLLARS, {}, "Write it like 1000 or 2.50."),
    (Code.AMOUNT_TOO_LARGE, {"most": 10**12}, "The most you can set is $1,000,000.00."),
    (
        Code.NOT_A_LIMIT,
        {"fault": DOLLARS},
        'Write it like 1000 or 2.50, or "none" for no limit.',
    ),
    (Code.DAYS_NOT_WHOLE, {}, "Write a whole number of days."),
    (
        Code.NOT_A_MEMBER_LIMIT,
        {"most": 86_400},
        'Write a whole number from 0 to 86,400, or "none" for no limit.',
    ),
]
ROWS = [*REQUESTS, *FILES, *QUOTAS, *SETTINGS]


def test_each_violation_has_its_sentence() -> None:
    """Values are written as people read them; its source changes nothing."""
    for code, params, sentence in ROWS:
        assert format_violation(Violation.of(code, Source.FORM, **params)) == sentence, code


def test_every_code_is_there() -> None:
    """A code without a sentence could not be told to anybody."""
    assert {code for code, *_ in ROWS} == {*Code}


def test_a_violation_is_a_value() -> None:
    """Two of the same code, source and parameters are one, in whatever order they are given."""
    made = [
        Violation.of(Code.LENGTH_NOT_ALLOWED, Source.FORM, seconds=9, most=8),
        Violation.of(Code.LENGTH_NOT_ALLOWED, Source.FORM, most=8, seconds=9),
    ]
    assert Counter(made) == {made[0]: 2}
