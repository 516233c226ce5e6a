"""Answers to *Share*, under a video or a film."""

from collections.abc import Awaitable
from types import MappingProxyType
from typing import Final

from cogs.ui.i18n import N_, _
from cogs.ui.interactions import UserError
from cogs.ui.routing import Interaction
from workflow.errors import MessageDeleted, NotDelivered, PublishError, TemporaryPublishError
from workflow.results.share import ShareOutcome, ShareResult

_OUTCOMES: Final = MappingProxyType(
    {
        ShareOutcome.POSTED: N_("Shared! See it here: {link}"),
        ShareOutcome.ALREADY_SHARED: N_("Already shared! See it here: {link}"),
        ShareOutcome.NO_SHOWCASE: N_(
            "No showcase yet. A server manager can pick one in `/settings`."
        ),
        ShareOutcome.ADULTS_ONLY: N_(
            "This video is from an age-restricted channel, and the showcase isn't one."
        ),
        ShareOutcome.TOO_LARGE: N_("This video is too large for the showcase channel."),
        ShareOutcome.GONE: N_("This video's file is gone, so I can't share it."),
    }
)


def check_may_share(interaction: Interaction, user_id: int, channel_id: int) -> None:
    """Check whether somebody may share what is a member's, in a channel.

    Raises:
        UserError: they may not.
    """
    may_moderate = interaction.permissions.manage_messages
    is_same_channel = interaction.channel_id == channel_id
    if user_id != interaction.user.id and not (is_same_channel and may_moderate):
        raise UserError(
            _("Only the person who made this, or someone with *Manage Messages*, can share it.")
        )


async def answer_share(sharing: Awaitable[ShareResult]) -> str:
    """Return the sentence about what was shared.

    Raises:
        UserError: there is nothing to share, or Discord does not take it.
    """
    try:
        return _format_result(await sharing)
    except NotDelivered:
        raise UserError(_("There's no video to share.")) from None
    except (TemporaryPublishError, MessageDeleted):
        raise UserError(
            _("Discord didn't answer. Check the showcase, and click again if it's not there.")
        ) from None
    except PublishError:
        raise UserError(
            _(
                "I can't post in the showcase. A server manager can give me *View "
                "Channel*, *Send Messages* and *Attach Files* there."
            )
        ) from None


def _format_result(result: ShareResult) -> str:
    shared = result.shared
    path = f"{shared.guild_id}/{shared.shared_channel_id}/{shared.shared_message_id}"
    return _(_OUTCOMES[result.outcome], link=f"https://discord.com/channels/{path}")
