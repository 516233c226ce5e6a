"""Every sentence that members read is in one catalogue, which is renewed with the code."""

import importlib.machinery
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from cogs.publishing.refusals import REFUSALS
from domain.jobs import POST_UNCONFIRMED, RESULT_MESSAGE_DELETED, SENT_BY_DM
from tests.harness.untranslated_text import (
    reads_like_a_sentence,
    sentences_for_members,
    translated_at_import,
    untranslated_sentences,
)

ROOT = Path(__file__).parents[2]
ROOMS = ("cogs", "domain", "workflow")
SILENT_ROOMS = ("domain", "workflow")
"""They hand out codes and values; what members read is made of them in `cogs`."""

ALLOWED = {
    "languages, as their speakers call them": {"Português do Brasil"},
    "stored with jobs, in the ledger or its trails, which are kept in English": {
        *("ended by the operator", "decided by the operator", "APIXO does not know the task"),
        *("input not kept any more", "input without an address", "the task did not end"),
        "APIXO did not answer for most of a day",
        *("{} turns without progress in {}", "the submission ended in a fault of ours"),
        *("{}{}: held {}, member {}, operator {}", "{} s", "{} at once", "go on", "HTTP {}"),
        *(RESULT_MESSAGE_DELETED, POST_UNCONFIRMED, SENT_BY_DM),
        *("input too large to be posted", "{} MB"),
        "the service stopped while the request was being sent",
        "the database was restored from a copy: this may have been submitted since",
        "the high-water mark of the media store cannot be read ({})",
        "the marks of what was deleted cannot be read ({})",
        "the member had everything deleted",
        "command line",
        *("it cannot be read", "it cannot be decoded to its end", "its end is missing"),
        *("it is no MP4, its format is {}", "it has no video track"),
        "a track has nothing that plays",
        *("paid by the operator: the video could not be fetched", "key refused", "rate limited"),
        *("not admitted", "admitted by {}{}", ", {} a day"),
        *("cancelled by the member", "nobody decided about a shot"),
        "the storyboard ended before this shot",
    },
    "in an export, whose tables are kept in English as every CSV is": {
        *("read me.txt", "What is kept of the Discord user {}, at {} UTC.", "{}: {} rows"),
        "videos: the finished videos that are kept, named by their requests",
        "files: the pictures, videos and sounds that were given",
        "Times are in UTC, amounts in US dollars. Left out, because it says nothing of you:",
    },
    "keys under which the service notes what it has done": {
        *("low balance told", "out of funds told", "exposure told", "halt shown"),
        *(
            "parked jobs",
            "parked told",
            "want of room told",
            *("signing secret", "earlier signing secret"),
            "summary {}",
            "limit warning ",
            "limit told {} {}",
            "next direct message",
            "next server question",
            "carriers {}",
            "balance gap acknowledged",
        ),
    },
    "kinds of what is kept for a click": {
        *("refused draft", "price question", "shown pictures", "shown files"),
        "storyboard question",
        "rejected settings",
    },
    "the last lines of posts by the version before": {" · shared {}"},
    "read in logs only": {
        *("not documented", "no plain id"),
        *("job {}", "there is no picture in it", "its end is damaged"),
        *("task failed", "submissions paused", "periodic tasks"),
        *(
            "left servers",
            "release notices",
            "weekly summaries",
            "submission block",
            "limit warnings",
        ),
        "erasure marks",
        *("pending inputs", "pending interactions", "server erasures"),
        "server questions",
        *("nobody can tell where it ends", "its last {} s are missing", "Discord answered {}"),
        "rate limited for {} s",
        *("no answer from Discord ({})", "an odd answer from Discord ({})"),
        *("Discord refused (HTTP {}, code {})", "the message is too large"),
        *(refusal.meaning for refusal in REFUSALS.values()),
    },
    "codes of APIXO's": {
        "PromptInvalid PromptLengthExceeded INVALID_PROMPT PROMPT_TOO_LONG",
        (
            "SensitiveContent SensitiveContentDetected NSFW NSFW_DETECTED "
            "InputImageSensitiveContentDetected InputOutputSensitiveContentDetected "
            "ProhibitedContentDetected CONTENT_VIOLATION"
        ),
        (
            "ImageFormatIncorrect INVALID_IMAGE_URL IMAGE_TOO_LARGE UNSUPPORTED_FORMAT "
            "IMAGE_DOWNLOAD_FAILED"
        ),
        "Timeout PROCESSING_TIMEOUT",
        "StreamError UPSTREAM_ERROR MODEL_UNAVAILABLE GENERATION_FAILED",
        "InsufficientBalance INSUFFICIENT_CREDITS",
    },
    "programs of child processes": {
        (
            "import sys; sys.path.append(sys.argv[1]); "
            "from workflow.confined_template import main; main()"
        ),
    },
    "prompts that only stand in for one, and are never shown": {"a plain prompt", "any prompt"},
    "names of file formats": {"Windows Media", "JPEG XL", "web page"},
    "names of commands, which stay English": {
        "Animate this image",
        "`/limits set`",
        "limits set",
        "limits clear",
        "quota show",
        "quota set",
        "quota clear",
    },
    "the command line's": {
        "write {}, or a month such as 2026-11",
        "must be all, or ids of servers with commas between them",
    },
}


@cache
def unsaid_in(room: str) -> Sequence[tuple[str, str]]:
    """List each text with its place."""
    return [
        (f"{path.relative_to(ROOT)}:{line}", text)
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, text in untranslated_sentences(
            path.read_text(encoding="utf-8"), is_cogs=room == "cogs"
        )
    ]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """Load scripts/catalogue."""
    loader = importlib.machinery.SourceFileLoader("catalogue", str(ROOT / "scripts" / "catalogue"))
    spec = importlib.util.spec_from_loader("catalogue", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_template_and_the_docs_have_every_sentence(script: ModuleType):
    """If this fails, run scripts/catalogue."""
    assert script.TARGET.read_bytes() == script.template()
    assert script.PAGE.read_text(encoding="utf-8") == script.page()


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_goes_through_the_catalogue(room: str):
    """Put what this finds inside `t`, `n` or `mark`, as CONTRIBUTING.md says."""
    allowed = set[str]().union(*ALLOWED.values())
    assert [found for found in unsaid_in(room) if found[1] not in allowed] == []


@pytest.mark.parametrize("room", SILENT_ROOMS)
def test_no_sentence_for_members_is_made_below_cogs(room: str):
    """A rule is a code with parameters; its sentence is in cogs.ui.violations."""
    said = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line in sentences_for_members(path.read_text(encoding="utf-8"))
    ]
    assert said == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('raise RulesViolated([_("Allow at least one model.")])', [1]),
        ('SAID = N_("Deleted.")', [1]),
        ('def at(channel):\n    return f"<#{channel}>"', [2]),
        ('BOLD = "**done**"', [1]),
        ('"""Knows `this` and **that**."""\nFOUND = Violation.of(Code.WORD_BLANK)', []),
    ],
)
def test_a_sentence_for_members_is_found(source: str, lines: list[int]):
    """What is said, noted for later, or marked up; not docs."""
    assert list(sentences_for_members(source)) == lines


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_said_at_import(room: str):
    """What is outside of functions is marked: the language is chosen later."""
    said = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line in translated_at_import(path.read_text(encoding="utf-8"))
    ]
    assert said == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('WORDS = _("You weren\'t charged.")', [1]),
        ('class Page:\n    TITLES = {1: ngettext("{count} job", "{count} jobs", 1)}', [2]),
        ('def say(text=_("Done.")): ...', [1]),
        ('WORDS = N_("Done.")\ndef say():\n    return t(WORDS)', []),
        ('LATER = {1: lambda: _("Done.")}', []),
    ],
)
def test_what_is_said_at_import_is_found(source: str, lines: list[int]):
    """In constants, classes and defaults, but not in what is called later."""
    assert list(translated_at_import(source)) == lines


def test_nothing_is_allowed_that_is_not_there():
    """Each exception is one still."""
    found = {text for room in ROOMS for _, text in unsaid_in(room)}
    assert set[str]().union(*ALLOWED.values()) - found == set()


@pytest.mark.parametrize(
    ("text", "is_sentence"),
    [
        ("You weren't charged.", True),
        ("\0 at once", True),
        ("- **\0** for \0", True),
        ("%b %Y", True),
        ("posted", False),
        ("\0 \0", False),
        ("<@\0> <#\0>", False),
        ('<path d="M0 0l4 9h" fill="red"/>', False),
        ("fixed_lens", False),
    ],
)
def test_a_sentence_is_known_by_two_words(text: str, *, is_sentence: bool):
    """A value counts as a word beside a real one."""
    assert reads_like_a_sentence(text) is is_sentence


@pytest.mark.parametrize(
    "source",
    [
        'answer("You weren\'t charged.")',
        'answer(f"{price} was charged")',
        't(f"{price} was charged")',
        '_("{price}" + " was charged")',
        '_("{who} pays", who="the operator pays")',
        'raise ValueError("write plain dollars")',
        'def say(to: str = "every member"): ...',
    ],
)
def test_a_sentence_outside_is_found(source: str):
    """Also a part of one, and what comes into one as a value."""
    assert list(untranslated_sentences(source, is_cogs=True))


@pytest.mark.parametrize(
    "source",
    [
        '_("You weren\'t charged.")',
        'ngettext("{count} video", "{count} videos", 2)',
        'TEXT = N_("Make a video")',
        '"""Knows what it knows."""',
        '_log.info("command answered")',
        'raise Overtaken("the job has moved on")',
        'class Kind(StrEnum):\n    ONE = "the first one"',
        'x: "Mapping[str, int] | None" = None',
    ],
)
def test_what_members_do_not_read_is_left_alone(source: str):
    """Logs, docs, types, and errors for developers."""
    assert not list(untranslated_sentences(source, is_cogs=True))
