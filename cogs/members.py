"""Knows what Discord tells of members with an interaction."""

from typing import Any

import discord


def role_ids(user: discord.User | discord.Member) -> tuple[int, ...]:
    """List a member's roles, that of everyone among them; whoever has left has none."""
    return tuple(role.id for role in user.roles) if isinstance(user, discord.Member) else ()


def is_manager(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether whoever is here may manage the server."""
    return interaction.permissions.manage_guild
