"""Erasures: what was kept of a member, or on a server, is to be deleted up to a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Erasure:
    """The scope of a deletion: a member and a server, 0 for any, until a time in Unix ms."""

    user_id: int
    guild_id: int
    until_ms: int
