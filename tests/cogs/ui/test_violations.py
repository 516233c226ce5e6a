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
        Code.MODE_UNSUPPORTED,
        {"command": "reference", "model": ONE, "able": (TWO,)},
        "/reference is not possible with Seedance 1.5 Pro: choose Seedance 2.0.",
    ),
    (Code.PROMPT_NOT_SENDABLE, {}, "The prompt contains characters that cannot be sent."),
    (Code.PROMPT_EMPTY, {}, "The prompt is empty: say what the video should show."),
    (
        Code.PROMPT_TOO_SHORT,
        {"model": ONE, "least": 3},
        "The prompt is too short: Seedance 1.5 Pro needs 3 characters.",
    ),
    (
        Code.PROMPT_TOO_LONG,
        {"model": ONE, "most": 2500, "units": 2501},
        (
            "The prompt is too long: Seedance 1.5 Pro takes 2,500 characters at most, "
            "this one has 2,501."
        ),
    ),
    (
        Code.LENGTH_UNSUPPORTED,
        {"model": ONE, "seconds": 13, "least": 4, "most": 12},
        "A length of 13 s is not possible: Seedance 1.5 Pro makes 4 to 12 seconds.",
    ),
    (
        Code.RESOLUTION_UNSUPPORTED,
        {"model": ONE, "resolution": "1080p", "choices": ("480p", "720p")},
        "Seedance 1.5 Pro does not make 1080p: choose 480p or 720p.",
    ),
    (
        Code.ASPECT_RATIO_UNSUPPORTED,
        {"model": ONE, "ratio": "auto", "choices": ("16:9", "1:1", "9:16")},
        "Seedance 1.5 Pro does not know the aspect ratio auto: choose 16:9, 1:1, or 9:16.",
    ),
    (
        Code.OPTION_UNSUPPORTED,
        {"option": "web_search", "able": (TWO,), "model": ONE},
        "web_search is an option of Seedance 2.0; Seedance 1.5 Pro does not have it.",
    ),
    (
        Code.CHOICE_UNKNOWN,
        {"option": "resolution", "values": ("480p", "720p"), "value": "**4k**"},
        r"resolution can be 480p, 720p, not \*\*4k\*\*.",
    ),
    (Code.LENGTH_NOT_WHOLE, {}, "The length has to be a whole number of seconds."),
    (
        Code.REFERENCE_LENGTH_TOO_PRECISE,
        {},
        "reference_seconds takes up to three decimals, such as 2.125.",
    ),
    (
        Code.CHANNEL_NOT_ALLOWED,
        {"channels": (20, 30)},
        "Videos are not asked for in this channel: go to <#20>, <#30>.",
    ),
    (
        Code.CHANNEL_NOT_ALLOWED,
        {"channels": tuple(range(10, 61))},
        (
            "Videos are not asked for in this channel: go to <#10>, <#11>, <#12>, <#13>, <#14>, "
            "<#15>, <#16>, <#17>, <#18>, <#19>, …."
        ),
    ),
    (
        Code.ROLE_REQUIRED,
        {"roles": (8, 9)},
        "On this server, videos are for members with one of the roles <@&8>, <@&9>.",
    ),
    (
        Code.MODEL_NOT_ALLOWED,
        {"model": TWO, "models": (ONE,)},
        "Seedance 2.0 is not allowed here: choose Seedance 1.5 Pro.",
    ),
    (
        Code.COMMAND_NOT_ALLOWED,
        {"command": "reference"},
        "No model that is allowed here can do /reference.",
    ),
    (
        Code.RESOLUTION_NOT_ALLOWED,
        {"resolution": "720p", "resolutions": ("480p",)},
        "720p is not allowed here: choose 480p.",
    ),
    (
        Code.MODEL_WITHOUT_ALLOWED_RESOLUTION,
        {"model": ONE},
        "Seedance 1.5 Pro makes no resolution that is allowed here.",
    ),
    (
        Code.LENGTH_NOT_ALLOWED,
        {"seconds": 9, "most": 8},
        "A length of 9 s is not allowed here: 8 s at most.",
    ),
    (
        Code.BANNED_WORDS,
        {"words": ("gun", "b`d")},
        "The prompt says what is not allowed on this server: `gun`, `b'd`.",
    ),
    (
        Code.AGE_RESTRICTED_SERVER,
        {},
        "On this server, videos are asked for in age-restricted channels only.",
    ),
    (
        Code.AGE_RESTRICTED_PROMPT,
        {},
        "What this prompt asks for belongs in an age-restricted channel.",
    ),
    (
        Code.PRIVATE_NOT_ALLOWED,
        {},
        "This server allows no private videos: leave out the option `private`.",
    ),
    (
        Code.BOT_NOT_IN_SERVER,
        {},
        (
            "Only my commands are in this server, so I couldn't post your video. Ask a server "
            "manager to add me again, as a bot."
        ),
    ),
    (
        Code.SERVER_NOT_ADMITTED,
        {},
        "I'm not set up for this server yet. I've asked my operator to admit it.",
    ),
    (
        Code.SERVER_REFUSED,
        {},
        "I can't make videos for this server. My operator hasn't admitted it.",
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
            "I could not post the video here: I lack View Channel, Send Messages, Send Messages in "
            "Threads, Attach Files in this channel."
        ),
    ),
    (
        Code.PRESET_UNKNOWN,
        {},
        "There is no preset of this name on this server: choose one of those suggested.",
    ),
    (
        Code.PRESET_DOES_NOT_FIT,
        {},
        "The preset does not fit: choose another, or choose yourself what it sets.",
    ),
]
FILES: list[Row] = [
    (
        Code.PICTURE_MISSING,
        {},
        "There is no picture to animate: attach a PNG, JPEG or WebP.",
    ),
    (
        Code.FIRST_PICTURE_MISSING,
        {},
        "The first picture is missing: attach it, or both in their order.",
    ),
    (
        Code.TOO_MANY_PICTURES,
        {"most": 2, "given": 3},
        "Too many pictures: 2 at most, 3 were given.",
    ),
    (
        Code.TOO_MANY_VIDEOS,
        {"most": 3, "given": 4},
        "Too many reference videos: 3 at most, 4 were given.",
    ),
    (
        Code.TOO_MANY_AUDIOS,
        {"most": 0, "given": 1},
        "Too many reference audio files: 0 at most, 1 were given.",
    ),
    (Code.AUDIO_ALONE, {}, "Reference audio needs a reference picture or video beside it."),
    (
        Code.PICTURE_FORMAT,
        {**A_PNG, "format": "GIF"},
        "a.png is a GIF file: only PNG, JPEG and WebP pictures can be used.",
    ),
    (
        Code.PICTURE_TOO_LARGE,
        {**A_PNG, "size": 10_400_000},
        "a.png is too large: 10.4 MB, 10 MB at most.",
    ),
    (
        Code.PICTURE_SIDES,
        {**A_PNG, "width": 299, "height": 300, "least": 300, "most": 6000},
        "a.png is 299 × 300 pixels: each side must have 300 to 6000 pixels.",
    ),
    (
        Code.PICTURE_TOO_NARROW,
        {**A_PNG, "width": 300, "height": 751, "most": 2.5},
        (
            "a.png is too tall (300 × 751): it may be at most 2.5 times as high as wide. "
            "Crop it first."
        ),
    ),
    (
        Code.PICTURE_TOO_NARROW,
        {**A_PNG, "width": 751, "height": 300, "most": 2.5},
        (
            "a.png is too wide (751 × 300): it may be at most 2.5 times as wide as high. "
            "Crop it first."
        ),
    ),
    (
        Code.VIDEO_LENGTH,
        {"name": "v.mp4", "duration_ms": 1999},
        "v.mp4 lasts 1.999 s: a reference video has 2 to 15 s.",
    ),
    (
        Code.VIDEO_LENGTH,
        {"name": "v.mp4", "duration_ms": 7_200_000},
        "v.mp4 lasts 7,200 s: a reference video has 2 to 15 s.",
    ),
    (
        Code.VIDEOS_TOO_LONG,
        {"duration_ms": 15_030},
        "The reference videos last 15.03 s together: 15 s at most.",
    ),
    (
        Code.AUDIO_LENGTH,
        {"name": "a.mp3", "duration_ms": 15_001},
        "a.mp3 lasts 15.001 s: a reference audio has 2 to 15 s.",
    ),
    (
        Code.AUDIOS_TOO_LONG,
        {"duration_ms": 15_001},
        "The reference audio files last 15.001 s together: 15 s at most.",
    ),
    (
        Code.FILE_NOT_FETCHED,
        A_PNG,
        "a.png could not be fetched from Discord. Attach it again.",
    ),
    (Code.FILE_NOT_TAKEN, A_PNG, "a.png could not be taken in just now. Try again later."),
    (Code.FILE_NOT_AT_DISCORD, A_PNG, "a.png does not lie on Discord's servers."),
    (
        Code.FILE_TOO_LARGE,
        {**A_PNG, "most": 50_000_000},
        "a.png is too large: 50 MB at most.",
    ),
    (
        Code.FILE_TOO_LARGE,
        {**A_PNG, "most": 15_000_000, "size": 15_200_000},
        "a.png is too large: 15.2 MB, 15 MB at most.",
    ),
    (
        Code.FILE_OTHER_FORMAT,
        {**A_PNG, "kind": "picture", "format": "PDF"},
        (
            "a.png is really another kind of file: PDF. Attach a PNG, JPEG, WebP, HEIC, AVIF, GIF, "
            "BMP or TIFF."
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
            "a.png is really another kind of file: PNG. Attach an MP3, WAV, M4A, AAC, FLAC, OGG or "
            "WebM."
        ),
    ),
    (
        Code.FILE_DAMAGED,
        {**A_PNG, "kind": "picture"},
        "a.png is a damaged picture, or a part of one.",
    ),
    (
        Code.FILE_DAMAGED,
        {**A_PNG, "kind": "video"},
        "a.png is a damaged video, or a part of one.",
    ),
    (
        Code.FILE_DAMAGED,
        {**A_PNG, "kind": "audio"},
        "a.png is a damaged audio file, or a part of one.",
    ),
    (
        Code.FILE_TOO_MANY_PIXELS,
        A_PNG,
        "a.png has too many pixels. Save it smaller, a video in 4K at most.",
    ),
    (Code.FILE_WITHOUT_VIDEO, A_PNG, "a.png has no video in it, or only sound."),
    (Code.FILE_WITHOUT_SOUND, A_PNG, "a.png has no sound."),
    (
        Code.FILE_TOO_COMPLEX,
        A_PNG,
        "a.png takes too much time or memory to look into: save it in a simpler form.",
    ),
    (
        Code.FILE_DATA_ELSEWHERE,
        A_PNG,
        (
            "a.png keeps its pictures or sound in another file. Save it as a file that holds "
            "everything."
        ),
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
            "I can't see the message's files any more: it may be deleted, or I was restarted "
            "meanwhile. Choose *Use as reference* once more, or use `/reference`."
        ),
    ),
    (
        Code.MESSAGE_PICTURE_GONE,
        {},
        (
            "I can not see the picture any more: it or its message may be deleted, or I was "
            "restarted meanwhile. Click *Edit again* and attach it, or choose *Animate this "
            "image* once more."
        ),
    ),
    (
        Code.MESSAGES_HIDDEN,
        {},
        "I may not read the messages of this channel. Click *Edit again* and attach the picture.",
    ),
    (
        Code.DISCORD_SILENT,
        {},
        "Discord does not answer just now. Click *Edit again* in a while.",
    ),
    (
        Code.ATTACHMENTS_EXPIRED,
        {"minutes": 15},
        (
            "What you gave beside this form was kept for 15 minutes, and it is gone: files, and "
            "options that it does not show. Click *Edit again* to go on with what stands in "
            "the form."
        ),
    ),
    (
        Code.INPUTS_GONE,
        {},
        (
            "A file that this video was made from is not kept any more: use the command, and "
            "attach it again."
        ),
    ),
    (
        Code.INPUTS_TOO_LARGE,
        {"files": "video1 (31.0 MB > 10.0 MB)"},
        (
            "Too large for me to post here again: video1 (31.0 MB > 10.0 MB). Run the command and "
            "attach the files once more."
        ),
    ),
]
DAY = {"period": Period.DAY, "scope": Scope.MEMBER, "price": 80_000, "limit": 50_000, "grants": 0}
MONTH = {**DAY, "period": Period.MONTH, "scope": Scope.SERVER}
LEFT = {"left": 20_000, "resets_at_ms": 1_800_000_000_999}
QUOTAS: list[Row] = [
    (
        Code.QUOTA_TOO_SMALL,
        DAY,
        (
            "This costs $0.08, more than the $0.05 that you have for a whole day. Choose a shorter "
            "or smaller video."
        ),
    ),
    (
        Code.QUOTA_TOO_SMALL,
        {**DAY, "grants": 10_000},
        (
            "This costs $0.08, more than the $0.05 that you have for a whole day, and $0.01 of "
            "grants. Choose a shorter or smaller video."
        ),
    ),
    (
        Code.QUOTA_TOO_SMALL,
        {**MONTH, "scope": Scope.EVERYTHING},
        (
            "This costs $0.08, more than the $0.05 that the service has for a whole month. Choose "
            "a shorter or smaller video."
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
                "You've used up today's $0.05. There is more <t:1800000000:R>.",
            ),
            (
                Scope.EVERYTHING,
                Period.MONTH,
                50_000,
                "The service has used up this month's $0.05. There is more <t:1800000000:R>.",
            ),
            (Scope.SERVER, Period.DAY, 0, "This server may spend nothing on videos."),
        )
    ),
    (
        Code.QUOTA_EXCEEDED,
        {**DAY, **LEFT, "limit": 90_000},
        (
            "This costs $0.08, but you have $0.02 left of today's $0.09. There is more "
            "<t:1800000000:R>."
        ),
    ),
    (
        Code.QUOTA_EXCEEDED,
        {**DAY, **LEFT, "limit": 90_000, "grants": 10_000},
        (
            "This costs $0.08, but you have $0.02 left of today's $0.09, and $0.01 of grants. "
            "There is more <t:1800000000:R>."
        ),
    ),
    (
        Code.QUOTA_EXCEEDED,
        {**MONTH, **LEFT, "limit": 90_000},
        (
            "This costs $0.08, but this server has $0.02 left of this month's $0.09. There is more "
            "<t:1800000000:R>."
        ),
    ),
    (
        Code.VIDEOS_FORBIDDEN,
        {},
        "A manager of this server has set that you may ask for no videos.",
    ),
    (
        Code.TOO_MANY_IN_FLIGHT,
        {"limit": 1},
        "You may have 1 video under way at once. Try again when one is done.",
    ),
    (
        Code.TOO_MANY_IN_FLIGHT,
        {"limit": 2},
        "You may have 2 videos under way at once. Try again when one is done.",
    ),
    (
        Code.COOLDOWN_ACTIVE,
        {"seconds": 60, "until_ms": 1_800_000_000_001},
        "This server asks for 60 s between two of your videos. You can ask again <t:1800000001:R>.",
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
    (Code.PRESET_NAME_MISSING, {}, "A preset needs a name."),
    (
        Code.PRESET_NAME_TOO_LONG,
        {"most": 32},
        "The name of a preset has 32 characters at most.",
    ),
    (
        Code.PRESET_SUFFIX_TOO_LONG,
        {"most": 500},
        "What a preset adds to prompts has 500 characters at most.",
    ),
    (Code.PRESET_NOT_SENDABLE, {}, "The preset contains characters that cannot be sent."),
    (
        Code.PRESET_EMPTY,
        {},
        "The preset sets nothing: choose something, or give words to add to prompts.",
    ),
    (
        Code.PRESET_UNSUPPORTED_BY_MODEL,
        {"model": ONE},
        "Seedance 1.5 Pro does not make this length, resolution and shape.",
    ),
    (Code.PRESET_UNSUPPORTED, {}, "No model makes this length, resolution and shape."),
    (Code.PRESET_DELETED, {}, "This preset is deleted."),
    (
        Code.PRESET_NAME_TAKEN,
        {},
        "There is a preset of this name already: choose another name.",
    ),
    (
        Code.TOO_MANY_PRESETS,
        {"most": 25},
        "A server has 25 presets at most: remove one.",
    ),
    (
        Code.CHANNEL_RULES_BROKEN,
        {"channel_id": 20, "fault": NO_MODEL},
        "In <#20>: Allow one model at least.",
    ),
    (Code.NO_MODEL_ALLOWED, {}, "Allow one model at least."),
    (
        Code.NO_RESOLUTION_ALLOWED,
        {},
        "Allow one resolution at least that an allowed model makes.",
    ),
    (
        Code.DEFAULT_MODEL_NOT_ALLOWED,
        {"model": TWO},
        "The default model, Seedance 2.0, is not one of those allowed.",
    ),
    (
        Code.DEFAULT_RESOLUTION_NOT_ALLOWED,
        {"resolution": "1080p"},
        "The default resolution, 1080p, is not one of those allowed and made.",
    ),
    (
        Code.DEFAULT_ASPECT_RATIO_UNSUPPORTED,
        {"ratio": "auto"},
        "No allowed model makes the default aspect ratio, auto.",
    ),
    (
        Code.DEFAULT_LENGTH_OUT_OF_RANGE,
        {"seconds": 3, "shortest": 4, "most": 15},
        "The default length, 3 s, is not within 4 to 15 s.",
    ),
    (
        Code.MAX_LENGTH_TOO_SHORT,
        {"shortest": 4, "seconds": 3},
        "Videos have 4 s at least, so 3 s can not be the most.",
    ),
    (
        Code.CONFIRM_PRICE_OUT_OF_RANGE,
        {"least": 0, "most": 10**12},
        "The price above which to ask first is from $0.00 to $1,000,000.00.",
    ),
    (
        Code.RETENTION_OUT_OF_RANGE,
        {"most": 365, "days": 0},
        "Files are kept for 1 to 365 days, not 0.",
    ),
    (
        Code.TOO_MANY_CHANNEL_RULES,
        {"most": 50},
        "50 channels at most have rules of their own.",
    ),
    (Code.CHANNEL_RULES_TWICE, {}, "A channel has its own rules once."),
    (
        Code.TOO_MANY_LISTED_IDS,
        {"most": 100},
        "Choose 100 channels and 100 roles at most.",
    ),
    (
        Code.TOO_MANY_WORDS,
        {"most": 200, "count": 201},
        "A list has 200 words at most, this one 201.",
    ),
    (
        Code.TOO_MANY_PATTERNS,
        {"most": 50, "count": 51},
        "A list has 50 patterns at most, this one 51.",
    ),
    (
        Code.WORD_TOO_LONG,
        {"word": "xxx", "most": 100},
        "xxx… is too long: 100 characters at most.",
    ),
    (Code.WORD_BLANK, {}, "A word on the list shows nothing."),
    (
        Code.PATTERN_INVALID,
        {"pattern": "/(/", "reason": "missing ): ("},
        "The pattern /(/ can not be used: missing ): (.",
    ),
    (
        Code.PATTERN_TOO_LARGE,
        {"pattern": "/a/"},
        "The pattern /a/ can not be used: it is too large.",
    ),
    (
        Code.PATTERN_MATCHES_ALL,
        {"pattern": "/x*/"},
        "The pattern /x*/ is found in every prompt.",
    ),
    (
        Code.FIELD_INVALID,
        {"label": "Ask above", "fault": DOLLARS},
        "Ask above: write plain dollars, such as 5, 0.5 or $2.50.",
    ),
    (Code.OPTION_NOT_OFFERED, {}, "Choose from what the menu offers."),
    (Code.NOT_PLAIN_DOLLARS, {}, "write plain dollars, such as 5, 0.5 or $2.50"),
    (Code.AMOUNT_TOO_LARGE, {"most": 10**12}, "$1,000,000.00 is the most that can be set"),
    (
        Code.NOT_A_LIMIT,
        {"fault": DOLLARS},
        "write plain dollars, such as 5, 0.5 or $2.50, or none",
    ),
    (Code.DAYS_NOT_WHOLE, {}, "write a whole number of days"),
    (
        Code.NOT_A_MEMBER_LIMIT,
        {"most": 86_400},
        "write a whole number from 0 to 86,400, or none",
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
