"""A member's own recent prompts on a server, and the tokens that stand for them.

A suggestion of Discord's holds a hundred characters. A longer prompt is suggested under the token
of the job that it was given for, and found again by it when the command arrives. A token that is
not of the member's own job is a prompt like any other: somebody may have typed it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from domain.requests import Draft
from storage import job_list, jobs
from workflow.context import Context

_LOOKED_AT: Final = 200
"""Latest requests of a member that are looked through."""

_TOKEN: Final = re.compile(r"↺ (?P<job>[0-9a-z]{20})")


@dataclass(frozen=True, slots=True)
class RecentPrompt:
    """A prompt, and the latest job that it was given for."""

    job_id: str
    prompt: str


def prompt_token(job_id: str) -> str:
    """Make what stands for the prompt of a job."""
    return f"↺ {job_id}"


async def find_recent_prompts(
    context: Context, guild_id: int, user_id: int, typed: str
) -> list[RecentPrompt]:
    """List the prompts that contain what was typed, whatever its case, newest first, each once."""
    found = await context.database.read(
        lambda tx: job_list.list_prompts(tx, guild_id, user_id, _LOOKED_AT)
    )
    wanted = typed.strip().casefold()
    return [one for one in _unique(found) if wanted in one.prompt.casefold()]


async def resolve_prompt_token(
    context: Context, guild_id: int, user_id: int, draft: Draft
) -> Draft:
    """Put the prompt in the place of a token that stands for one of the member's own."""
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
