"""Marks of the bot's posts about jobs: they are found again by the custom ids of their buttons.

The *Details* button of a post names its job and what the post is: `details:<job>:<mark>`.
"""

from collections.abc import Iterator
from typing import Any, Final

from cogs.ui.buttons import ActionButton, ButtonAction

NOTICE_MARK: Final = "notice"
_CARRIER_MARK: Final = "carrier"


def marked_button(job_id: str, mark: str) -> ActionButton:
    """Return the *Details* button of a post about a job."""
    return ActionButton(ButtonAction.DETAILS, f"{job_id}:{mark}")


def carrier_mark(part: int) -> str:
    """Return the mark of a carrier message."""
    return f"{_CARRIER_MARK}{part}"


def carrier_part(mark: str) -> int | None:
    """Return which part of its job's carriers a mark names; None if it marks another post."""
    kind, _, part = mark.partition(_CARRIER_MARK)
    return int(part) if not kind and part.isdecimal() else None


def job_id_in(subject: str) -> str:
    """Return the job of a *Details* button; those of earlier versions have no mark."""
    return subject.partition(":")[0]


def find_mark(custom_ids: Iterator[Any], job_id: str) -> str | None:
    """Return the mark of a job among the custom ids of a post's buttons; None if there is none."""
    prefix = f"{ButtonAction.DETAILS}:{job_id}:"
    found = (str(one).removeprefix(prefix) for one in custom_ids if str(one).startswith(prefix))
    return next(found, None)
