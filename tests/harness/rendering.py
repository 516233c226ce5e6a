"""Jobs to show, made by hand, and what Discord would make of the text on their cards."""

import re
from itertools import count
from random import Random
from typing import Any

from domain.jobs import JobState, new_job_id
from domain.models import ModelId
from domain.money import MicroUSD
from domain.requests import VideoRequest
from sandbox.discord import Channel, MemberClient
from storage.jobs import Job
from tests.harness.workflow import make_request

NOW_MS = 1_767_965_610_000
_numbers = count(1)
_dice = Random(5)  # noqa: S311 - ids, repeatable

_ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
_LIVE = re.compile(
    r"""
      ^\s*(?:-\#|\#|[-+]\s) # small print, headings, lists
    | [*_~`|\\]            # emphasis, code, spoiler, a backslash that escapes what follows
    | <[^>\s]              # mentions, commands, time stamps, emoji, bare links
    | \[.*\]\(             # links with a text of their own
    | \w+://               # links that Discord finds by itself
    | @(?:everyone|here)
    """,
    re.VERBOSE,
)


def make_job(
    channel: Channel, member: MemberClient, state: JobState = JobState.STORED, **changes: Any
) -> Job:
    """Make a job of a member in a channel; `prompt` and `model` are its request's."""
    assert channel.guild is not None, "jobs come from servers"
    prompt, model = changes.pop("prompt", "a lake at dusk"), changes.pop("model", None)
    return Job(
        id=new_job_id(NOW_MS + next(_numbers), _dice.getrandbits(50)),
        interaction_id=next(_numbers),
        guild_id=channel.guild.id,
        channel_id=channel.id,
        user_id=member.id,
        state=state,
        request=make_request(prompt, model=model),
        **{**_BLANK, **changes},
    )


def longest_request(prompt: str) -> VideoRequest:
    """Make the request with the most to say about itself."""
    options = {"seconds": 15, "sound": True, "web_search": True}
    return make_request(prompt, model=ModelId.SEEDANCE_2_0, **options)


def rendered_markup(text: str) -> list[str]:
    """List what Discord would not show as plain text: markup, links, mentions."""
    return [found[0] for found in _LIVE.finditer(_ESCAPED.sub("x", text))]


_BLANK: dict[str, Any] = {
    "fence": 1,
    "price": MicroUSD(80_000),
    "price_version": "2026-11",
    "attempt": 1,
    "submissions": 1,
    "task_id": "task-1",
    "result_url": None,
    "file_name": None,
    "file_size": None,
    "file_sha256": None,
    "status_message_id": None,
    "status_since_ms": None,
    "status_shown": None,
    "result_message_id": None,
    "posting_since_ms": None,
    "reason": None,
    "fail_code": None,
    "failures": 0,
    "turns": 0,
    "due_at_ms": NOW_MS,
    "lease_owner": None,
    "lease_until_ms": None,
    "created_at_ms": NOW_MS,
    "submitted_at_ms": NOW_MS,
    "started_at_ms": NOW_MS,
    "ended_at_ms": None,
}


def prompt_on_card(text: str) -> str:
    """Find the prompt on a card: the lines that are quoted."""
    quoted = [line for line in text.splitlines() if line.startswith("> ")]
    assert quoted, text
    return "\n".join(line.removeprefix("> ") for line in quoted)


def unescape(text: str) -> str:
    """Read escaped text as Discord shows it."""
    return _ESCAPED.sub(lambda found: found[0][1], text).replace("\u200b", "")


HOSTILE_TEXTS = {
    "markdown": "**bold** *it* __under__ ~~gone~~ `code` ||spoiler|| \\ back",
    "heading": "# Breaking news",
    "hidden heading": "\u200b # Breaking news",
    "small print": "-# small",
    "list": "- one\n- two",
    "quote": ">>> all of this",
    "everyone": "@everyone and @here",
    "mentions": "<@1> <@!123456789012345678> <@&123456789012345678> <#123456789012345678>",
    "command": "</video:1> </video:123456789012345678>",
    "stamps": "<t:1:R> <:smile:123456789012345678> <id:customize>",
    "split mention": "@\u200beveryone <\u200b@123456789012345678>",
    "direction": "\u202etxt.exe\u202c \u2066left\u2069 مرحبا بالعالم",
    "lines": "one\n\n\ntwo\r\nthree\u2028four\x0bfive",
    "fence": "```py\nimport os\n``` and ```",
    "links": "https://evil.example/a_b_**c**||d|| <https://evil.example> [**safe**](https://evil.example)",
    "link in title": "[https://good.example](https://evil.example) discord://x steam://run/1",
    "emoji": "\U0001f3ac" * 2500,
    "zalgo": "Z" + "\u0334\u0353" * 1200,
    "long": "*" * 6000,
    "words": "lake " * 1200,
}
"""Prompts that try to be more than text."""
