"""Entries of the audit log: who changed what, when, from what to what."""

from dataclasses import dataclass
from typing import Final

ERASED_ACTOR: Final = "deleted"
"""The actor of a preset's change whose maker had everything deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """A change to record; `before` or `after` is None where nothing was or is set.

    `what` is the kind of change (`limit`, `grant`, `revoke`, `preset`, …), `subject` names the
    changed object. `guild_id` is 0 for a change that concerns every server. `interaction_id` is the
    click or command that made the change, `entry_id` the ledger row it concerns.
    """

    at_ms: int
    guild_id: int
    actor: str
    what: str
    subject: str
    before: str | None
    after: str | None
    note: str = ""
    interaction_id: int | None = None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(NewChange):
    """A recorded change; ids increase."""

    id: int
