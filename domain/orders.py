"""Orders of several jobs: what they are for, and how many jobs each may have."""

from collections.abc import Sequence
from enum import StrEnum

from domain.job_view import JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState


class OrderKind(StrEnum):
    """What the jobs of one order are to each other."""

    TAKES = "takes"
    STORYBOARD = "storyboard"


def is_without_video(take: JobView) -> bool:
    """Return whether a take has ended without a video, or is parked on the way to one."""
    return take.state in (ENDED_WITHOUT_VIDEO | PARKED) - {JobState.UNDELIVERABLE}


def is_told(take: JobView) -> bool:
    """Return whether a post says why a take has no video, or its member cancelled it."""
    by_member = take.state is JobState.CANCELLED and take.fail_code is None
    return is_without_video(take) and (by_member or take.order_post is not None)


def is_concluded(takes: Sequence[JobView]) -> bool:
    """Return whether the posts of an order say all of its takes, so that its status may go."""
    has_video = any(take.state is JobState.DELIVERED for take in takes)
    return has_video and all(take.state is JobState.DELIVERED or is_told(take) for take in takes)
