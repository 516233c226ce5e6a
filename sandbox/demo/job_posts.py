"""Posts about jobs, recognised as the service does: by the custom ids of their buttons."""

import re
from typing import Final

from sandbox.discord import Interaction, Message

_JOB: Final = re.compile(r"(?:cancel|details):([0-9a-z]{20})\b")


def is_post(message: Message, job: str, mark: str) -> bool:
    """Return whether a message is a job's `status`, `result`, `failure`, … as the mark says."""
    return f"details:{job}:{mark}" in message.custom_ids


def is_about(message: Message, job: str) -> bool:
    """Return whether a button of a message is about a job."""
    return any(job in custom_id for custom_id in message.custom_ids)


def find_job_id(answer: Interaction) -> str | None:
    """Return the job that the buttons of a private answer are about; None if there is none."""
    custom_ids = [] if answer.message is None else answer.message.custom_ids
    return next((found[1] for found in map(_JOB.match, custom_ids) if found), None)


def job_id_in(answer: Interaction) -> str:
    """Return the job that the buttons of a private answer are about.

    Raises:
        ValueError: there is none.
    """
    job = find_job_id(answer)
    if job is None:
        raise ValueError(f"no job was accepted: {answer.text}")
    return job
