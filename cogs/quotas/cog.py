"""The `/quota`, `/limits` and `/grant` commands."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

import discord
from discord import app_commands

from cogs.quotas import views as quota_cards
from cogs.ui import text, views
from cogs.ui.forms import parse_typed
from cogs.ui.i18n import N_, _, format_left, format_price
from cogs.ui.interactions import (
    InteractionTracker,
    UserError,
    guild_id_of,
    is_manager,
    role_ids,
    run_handler,
)
from cogs.ui.layout import layout
from cogs.ui.routing import ComponentCog, ComponentRoute, Interaction
from cogs.ui.text import format_limit
from domain.money import MicroUSD
from domain.quotas import Limit, LimitKind, LimitTarget, parse_amount, parse_limit
from workflow.billing import quotas
from workflow.billing.quotas import Actor, Member
from workflow.context import Context
from workflow.errors import NoSuchGrant

_User = discord.User | discord.Member
T = TypeVar("T")

_PERIOD_KINDS: Final = (LimitKind.DAY, LimitKind.MONTH)
_PERIODS: Final = [app_commands.Choice(name=p.value, value=p.value) for p in _PERIOD_KINDS]
_PERIOD_TEXT: Final = N_("Per day or per month (UTC)")
_USER_TEXT: Final = N_("One member; leave user and role empty for everyone")
_ROLE_TEXT: Final = N_("Everyone with this role; the highest role limit counts")
_SET: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("{whom} can now spend {allowed} a day (before: {before})."),
        LimitKind.MONTH: N_("{whom} can now spend {allowed} a month (before: {before})."),
    }
)
_CLEARED: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("Removed {whom}'s {before} daily limit. The server's limit applies."),
        LimitKind.MONTH: N_("Removed {whom}'s {before} monthly limit. The server's limit applies."),
    }
)
_CLEARED_FOR_ALL: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("Removed the {before} daily limit per member. The default applies."),
        LimitKind.MONTH: N_("Removed the {before} monthly limit per member. The default applies."),
    }
)
_NOT_SET: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("{whom} had no daily limit."),
        LimitKind.MONTH: N_("{whom} had no monthly limit."),
    }
)


@dataclass(frozen=True, slots=True)
class _LimitSubject:
    """The period of a limit, and its user or role; with neither it is for each member."""

    period: str
    user: _User | None
    role: discord.Role | None


class QuotaCog(ComponentCog):
    """Quotas, limits and grants: members see their own, managers set them; all are private."""

    limits = app_commands.Group(
        name="limits",
        description=N_("See and set spending limits"),
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the handler of the button that revokes a grant."""
        return (ComponentRoute(quota_cards.RevokeButton, self.revoke),)

    @app_commands.command(name="quota", description=N_("See what you have left"))
    @app_commands.describe(user=N_("Another member (needs Manage Server)"))
    async def quota(self, interaction: Interaction, user: discord.User | None = None) -> None:
        """Show a member's own quota, or anyone's to a manager."""
        await self._interactions.defer_reply(interaction)
        await run_handler(interaction, self._show_quota(interaction, user or interaction.user))

    @limits.command(name="show", description=N_("See this server's limits and recent changes"))
    async def show(self, interaction: Interaction) -> None:
        """Show the limits that managers have set, and the last changes."""
        await self._interactions.defer_reply(interaction)
        await run_handler(interaction, self._show_limits(interaction))

    @limits.command(name="set", description=N_("Set a spending limit per day or month"))
    @app_commands.describe(
        amount=N_('Dollars, like 5 or 2.50; 0 for nothing, "none" for no limit'),
        period=_PERIOD_TEXT,
        user=_USER_TEXT,
        role=_ROLE_TEXT,
    )
    @app_commands.choices(period=_PERIODS)
    async def set(
        self,
        interaction: Interaction,
        amount: str,
        period: str,
        user: discord.User | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Set a limit, replacing the one before it."""
        await self._interactions.defer_reply(interaction)
        await run_handler(
            interaction, self._set(interaction, amount, _LimitSubject(period, user, role))
        )

    @limits.command(name="clear", description=N_("Remove a spending limit"))
    @app_commands.describe(period=_PERIOD_TEXT, user=_USER_TEXT, role=_ROLE_TEXT)
    @app_commands.choices(period=_PERIODS)
    async def clear(
        self,
        interaction: Interaction,
        period: str,
        user: discord.User | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Clear a limit."""
        await self._interactions.defer_reply(interaction)
        await run_handler(interaction, self._clear(interaction, _LimitSubject(period, user, role)))

    @app_commands.command(
        name="grant", description=N_("Give a member a bonus on top of their limit")
    )
    @app_commands.describe(
        user=N_("Who gets the bonus"),
        amount=N_("Dollars, like 5 or 2.50"),
        note=N_("What it's for; members don't see it"),
    )
    @app_commands.default_permissions(manage_guild=True)
    async def grant(
        self,
        interaction: Interaction,
        user: discord.User,
        amount: str,
        note: app_commands.Range[str, 1, 200] = "",
    ) -> None:
        """Grant a member money beyond their quota."""
        await self._interactions.defer_reply(interaction)
        await run_handler(interaction, self._grant(interaction, user, amount, note))

    async def revoke(self, interaction: Interaction, button: quota_cards.RevokeButton) -> None:
        """Revoke the unspent part of a grant."""
        await self._interactions.defer_reply(interaction)
        await run_handler(interaction, self._revoke(interaction, button.grant_id))

    async def _show_quota(self, interaction: Interaction, user: _User) -> None:
        manages, is_own = is_manager(interaction), user.id == interaction.user.id
        if not (manages or is_own):
            raise UserError(_("You need *Manage Server* to see what others have left."))
        member = _member(guild_id_of(interaction), user)
        quota_status = await quotas.read_quota_status(self._context, member)
        items = quota_cards.render_quota(quota_status, None if is_own else user.mention)
        if manages:
            items += quota_cards.render_revoke_buttons(quota_status)
        await interaction.edit_original_response(view=layout(*items))

    async def _show_limits(self, interaction: Interaction) -> None:
        _check_manager(interaction)
        server_limits = await quotas.read_server_limits(self._context, guild_id_of(interaction))
        roles = [role.id for role in interaction.guild.roles] if interaction.guild else []
        card = layout(*quota_cards.render_server_limits(server_limits, roles))
        await interaction.edit_original_response(view=card)

    async def _set(self, interaction: Interaction, amount: str, subject: _LimitSubject) -> None:
        _check_manager(interaction)
        limit = _build_limit(interaction, subject, parse_typed(parse_limit, amount))
        before = await quotas.set_limit(self._context, limit, _manager(interaction))
        message = _(
            _SET[limit.kind],
            whom=quota_cards.format_limit_subject(limit),
            allowed=format_limit(limit.kind, limit.amount),
            before=quota_cards.format_limit_amount(before),
        )
        await _reply(interaction, message, *_absence_note(subject.user))

    async def _clear(self, interaction: Interaction, subject: _LimitSubject) -> None:
        _check_manager(interaction)
        limit = _build_limit(interaction, subject, None)
        before = await quotas.clear_limit(self._context, limit, _manager(interaction))
        message = _(
            (_cleared(limit) if before else _NOT_SET)[limit.kind],
            whom=quota_cards.format_limit_subject(limit),
            before=quota_cards.format_limit_amount(before),
        )
        await _reply(interaction, message, *_absence_note(subject.user))

    async def _grant(self, interaction: Interaction, user: _User, amount: str, note: str) -> None:
        _check_manager(interaction)
        micro = parse_typed(parse_amount, amount)
        if not micro:
            raise UserError(_("Enter an amount above zero."))
        if not isinstance(user, discord.Member):
            raise UserError(_("{user} isn't on this server.", user=user.mention))
        member, manager = _member(guild_id_of(interaction), user), _manager(interaction)
        granted = await quotas.grant(self._context, member, micro, note, manager)
        message = _(
            "Gave {user} a **{amount}** bonus. They have {unspent} of bonus left.",
            user=user.mention,
            amount=format_price(micro),
            unspent=format_left(granted.unspent),
        )
        card = quota_cards.render_grant(message, granted.grant_id)
        await interaction.edit_original_response(view=card)

    async def _revoke(self, interaction: Interaction, grant_id: int) -> None:
        _check_manager(interaction)
        guild_id = guild_id_of(interaction)
        try:
            revoked = await quotas.revoke(self._context, guild_id, grant_id, _manager(interaction))
        except NoSuchGrant:
            raise UserError(_("I can't find that bonus on this server.")) from None
        if not revoked.amount:
            raise UserError(_("Nothing of this bonus is left to take back."))
        message = _(
            "Took back **{amount}** from <@{user}>. They have {unspent} of bonus left.",
            amount=format_left(revoked.amount),
            user=revoked.user_id,
            unspent=format_left(revoked.unspent),
        )
        await _reply(interaction, message)


def _build_limit(
    interaction: Interaction, subject: _LimitSubject, amount: MicroUSD | None
) -> Limit:
    if subject.user is not None and subject.role is not None:
        raise UserError(_("Pick a user or a role, not both."))
    if subject.period not in _PERIOD_KINDS:
        given = text.sanitize(subject.period, 40)
        raise UserError(_("Pick day or month for period, not {given}.", given=given))
    if subject.user is not None:
        target, subject_id = LimitTarget.MEMBER, subject.user.id
    elif subject.role is not None:
        target, subject_id = LimitTarget.ROLE, subject.role.id
    else:
        target, subject_id = LimitTarget.MEMBERS, 0
    return Limit(
        target=target,
        kind=LimitKind(subject.period),
        amount=amount,
        guild_id=guild_id_of(interaction),
        subject_id=subject_id,
    )


def _cleared(limit: Limit) -> Mapping[LimitKind, str]:
    return _CLEARED_FOR_ALL if limit.target is LimitTarget.MEMBERS else _CLEARED


def _check_manager(interaction: Interaction) -> None:
    if not is_manager(interaction):
        raise UserError(_("You need *Manage Server* for that."))


def _member(guild_id: int, user: _User) -> Member:
    return Member(guild_id, user.id, role_ids(user))


def _manager(interaction: Interaction) -> Actor:
    return Actor(interaction.user.id, interaction.id)


def _absence_note(user: _User | None) -> list[str]:
    if user is None or isinstance(user, discord.Member):
        return []
    return [
        _("{user} isn't on this server right now. It applies when they're back.", user=user.mention)
    ]


async def _reply(interaction: Interaction, *sentences: str) -> None:
    await interaction.edit_original_response(view=views.render_text(" ".join(sentences)))
