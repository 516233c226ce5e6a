"""A fault of somebody else's: when a play is under it, what may come of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.jobs import JobState

if TYPE_CHECKING:
    from qa.crash_matrix.harness import MatrixHarness

ArmFault = Callable[["MatrixHarness"], Awaitable[None] | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InjectedFault:
    """One fault of one axis.

    Attributes:
        axis: whose fault it is.
        name: what goes wrong, in a few words.
        arm: lets it go wrong from now on; what it gives to wait for goes on until all is at rest.
        settings: on top of the service's own.
        animates: whether the member gives a picture, which hangs on the status message.
        is_private: whether the member orders for themselves alone.
        ends_connection: whether nothing but the process that took the order can reach the member.
        deletes_status_message: whether somebody deletes the status message.
        deletes_result: whether somebody deletes the video.
        calls_back: whether APIXO can reach the service.
        server_settings: the channels that the server has chosen, by field and name.
        wants_notification: whether the member wants a message when the video is done.
        shares: whether the member shares the video in the end.
        order_count: how many times the member orders.
        shot_count: how many shots the storyboard has that the member orders, if it is one.
        takes: how many videos each order is for.
        leaves_server: whether the bot is thrown out of the server meanwhile.
        restores_copy: whether a copy of the database is taken at the point, and put back when all
            has come to rest, instead of a death there.
        hands_over: whether two processes give their shards to each other meanwhile.
        engine: the only engine that it can happen to, if there is one.
        ends: how a job may end beside `delivered`.
    """

    axis: str
    name: str
    arm: ArmFault = lambda _: None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    needs_picture: bool = False
    is_private: bool = False
    ends_connection: bool = False
    deletes_status_message: bool = False
    deletes_result: bool = False
    uses_callbacks: bool = False
    server_settings: Mapping[str, str] = field(default_factory=dict[str, str])
    wants_notification: bool = False
    shares: bool = False
    order_count: int = 1
    shot_count: int = 0
    takes: int = 1
    leaves_server: bool = False
    restores_copy: bool = False
    hands_over: bool = False
    engine: str | None = None
    expected_states: frozenset[JobState] = frozenset()


def fault_title(trouble: InjectedFault) -> str:
    """Name a trouble with its axis."""
    return f"{trouble.axis}: {trouble.name}"
