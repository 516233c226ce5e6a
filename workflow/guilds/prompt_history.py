"""A member's recent prompts on a server, and the tokens that replace long ones.

An autocomplete choice holds a hundred characters. A longer prompt is offered as a token of its job,
which is resolved when the command arrives. A token of another member's job is a prompt like any
other: it may have been typed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from domain.requests import Draft
from storage import job_list, jobs
from workflow.context import Context

_MAX_SEARCHED: Final = 200
"""Latest requests of a member that are searched."""

_TOKEN: Final = re.compile(r"↺ (?P<job>[0-9a-z]{20})")


@dataclass(frozen=True, slots=True)
class RecentPrompt:
    """A prompt, and the latest job that used it."""

    job_id: str
    prompt: str


def prompt_token(job_id: str) -> str:
    """Return the token for the prompt of a job."""
    return f"↺ {job_id}"


async def find_recent_prompts(
    context: Context, guild_id: int, user_id: int, typed: str
) -> list[RecentPrompt]:
    """Return the distinct prompts that contain the typed text, ignoring case, newest first."""
    found = await context.database.read(
        lambda tx: job_list.list_prompts(tx, guild_id, user_id, _MAX_SEARCHED)
    )
    wanted = typed.strip().casefold()
    return [one for one in _unique(found) if wanted in one.prompt.casefold()]


async def resolve_prompt_token(
    context: Context, guild_id: int, user_id: int, draft: Draft
) -> Draft:
    """Return a draft with a token of the member's own job replaced by that job's prompt."""
    token = _TOKEN.fullmatch(draft.prompt.strip())
    if token is None:
        return draft
    job = await context.database.read(lambda tx: jobs.get(tx, token["job"]))
    if job is None or (job.guild_id, job.user_id) != (guild_id, user_id):
        return draft
    return replace(draft, prompt=job.request.prompt)


def _unique(found: Iterable[tuple[str, str]]) -> list[RecentPrompt]:
    by_prompt = dict[str, RecentPrompt]()
    for job_id, prompt in found:
        by_prompt.setdefault(prompt, RecentPrompt(job_id, prompt))
    return list(by_prompt.values())
