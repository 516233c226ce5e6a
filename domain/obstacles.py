"""Obstacles: what keeps a finished video from being posted where it was asked for."""

from dataclasses import dataclass
from enum import StrEnum


class ObstacleKind(StrEnum):
    """What is in the way; the value is the failure code of a job that was released for it."""

    SERVER_LEFT = "server left"
    """The bot is not, or no longer, a member of the server."""

    NOT_ADMITTED = "server not admitted"
    """The operator has not admitted the server, or no longer."""

    CHANNEL_GONE = "channel gone"
    PERMISSIONS_MISSING = "permissions missing"

    @property
    def is_of_server(self) -> bool:
        """Return whether everything that waits on the server is released for it."""
        return self in (ObstacleKind.SERVER_LEFT, ObstacleKind.NOT_ADMITTED)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An obstacle; `permissions` are those that the bot lacks in the channel."""

    kind: ObstacleKind
    permissions: tuple[str, ...] = ()

    @property
    def hides_messages(self) -> bool:
        """Return whether the bot's earlier messages can no longer be edited."""
        if self.kind is ObstacleKind.PERMISSIONS_MISSING:
            return "view_channel" in self.permissions
        return self.kind in (ObstacleKind.SERVER_LEFT, ObstacleKind.CHANNEL_GONE)
