"""Discord's refusals: for each JSON error code, what it means and which error it becomes.

Only these codes are final. An answer without one, such as a proxy's HTML, says nothing about the
channel or the message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

import discord

from workflow.errors import (
    ChannelDeleted,
    ChannelUnavailable,
    MessageDeleted,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)


class BlockedByAutoMod(PublishError):
    """A filter refused the text: send the message without the prompt."""


class ReplyForbidden(PublishError):
    """The bot may not read the history: send the message without its reference."""


class ThreadArchived(ChannelUnavailable):
    """The thread is archived: unarchive it and repeat the request, or try the next fallback."""


class NoSharedServer(ChannelUnavailable):
    """The member has left every server of the bot: they no longer see private replies either."""


class NotOnServer(PublishError):
    """The user is not on the server."""


class InteractionExpired(ChannelUnavailable):
    """The interaction's token is not valid, or no longer: nothing can be sent with it."""


class AlreadyAcknowledged(PublishError):
    """The interaction has been acknowledged: by an earlier attempt, or by another process."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of Discord's refusals: what it means, and the error that says what follows."""

    meaning: str
    error: type[PublishError]


REFUSALS: Final[Mapping[int, Refusal]] = MappingProxyType(
    {
        10003: Refusal("the channel is deleted", ChannelDeleted),
        10004: Refusal("the server is gone, or the bot is not on it", ChannelUnavailable),
        10007: Refusal("the user is not on the server", NotOnServer),
        10008: Refusal("the message is deleted", MessageDeleted),
        10013: Refusal("there is no such user", ChannelDeleted),
        10015: Refusal("the interaction is not known, or not acknowledged", InteractionExpired),
        10062: Refusal("the interaction is no longer known", InteractionExpired),
        20009: Refusal("a filter took it for explicit content", BlockedByAutoMod),
        20016: Refusal("the channel is in slow mode", TemporaryPublishError),
        20022: Refusal("too many edits in an announcement channel", TemporaryPublishError),
        20028: Refusal("too many messages in the channel", TemporaryPublishError),
        20029: Refusal("too many messages on the server", TemporaryPublishError),
        30015: Refusal("more files than a message takes", TooLargeToPost),
        30046: Refusal(
            "too many edits of a message that is over an hour old", TemporaryPublishError
        ),
        40003: Refusal("too many direct messages were opened", TemporaryPublishError),
        40004: Refusal("sending is disabled for a while", TemporaryPublishError),
        40005: Refusal("a file, or the whole message, is too large", TooLargeToPost),
        40007: Refusal("the bot is banned from the server", ChannelUnavailable),
        40058: Refusal("a forum takes messages in its threads only", ChannelUnavailable),
        40060: Refusal("the interaction is acknowledged already", AlreadyAcknowledged),
        50001: Refusal("the bot cannot see the channel", ChannelUnavailable),
        50007: Refusal("the member takes no direct messages", ChannelUnavailable),
        50008: Refusal("the channel takes no messages", ChannelUnavailable),
        50013: Refusal("the bot lacks a permission", ChannelUnavailable),
        50027: Refusal("the interaction's token has expired", InteractionExpired),
        50045: Refusal("a file is too large", TooLargeToPost),
        50083: Refusal("the thread is archived", ThreadArchived),
        50278: Refusal("the member shares no server with the bot", NoSharedServer),
        130000: Refusal("Discord is overloaded", TemporaryPublishError),
        160002: Refusal("a reply takes the permission to read the history", ReplyForbidden),
        160005: Refusal("the thread is locked", ChannelUnavailable),
        200000: Refusal("AutoMod blocked the text", BlockedByAutoMod),
        200001: Refusal("AutoMod blocked the title", BlockedByAutoMod),
        240000: Refusal("a filter took a link for harmful", BlockedByAutoMod),
    }
)

_MIN_CODE: Final = 10_000
"""Discord's codes have at least five digits; 0 is in every answer that has none."""


def to_refusal_error(error: discord.HTTPException) -> PublishError:
    """Return the publish error for a refused request.

    What is neither in the table nor has a code of Discord's is temporary. The exception is a 413,
    which any proxy may answer: a smaller message can still be sent.
    """
    code = _discord_code(error)
    if (refusal := REFUSALS.get(code)) is not None:
        return refusal.error(f"{refusal.meaning} ({code})")
    if error.status == 413:
        return TooLargeToPost("the message is too large")
    if code and error.status not in (401, 429):
        return PublishError(f"Discord refused (HTTP {error.status}, code {code})")
    return TemporaryPublishError(f"Discord answered {error.status}")


def _discord_code(error: discord.HTTPException) -> int:
    """Return Discord's code; 0 if the answer has none, whatever else it contains."""
    code = cast("object", error.code)
    if not isinstance(code, int) or error.status >= 500:
        return 0
    return code if code >= _MIN_CODE else 0
