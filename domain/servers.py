"""Servers that may spend: by the operator's setting, or admitted one by one."""

from dataclasses import dataclass, replace
from typing import Final, Self

from domain.money import MicroUSD
from domain.snowflakes import parse_snowflake

BY_OWNER: Final = "owner"
"""Who admitted a server whose owner operated the bot when it joined."""

BY_MIGRATION: Final = "migration"
"""Who admitted a server that had jobs before admissions were kept."""


@dataclass(frozen=True, slots=True)
class AllowedServers:
    """What `ALLOWED_SERVERS` says: every server, these alone, or (neither) those admitted."""

    every: bool = False
    ids: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a setting says: `all`, ids of servers with commas between them, or nothing.

        Raises:
            ValueError: it is none of these.
        """
        if text.strip().lower() == "all":
            return cls(every=True)
        parts = [part.strip() for part in text.split(",") if part.strip()]
        ids = {number for part in parts if (number := parse_snowflake(part)) is not None}
        if len(ids) < len(set(parts)):
            raise ValueError("must be all, or ids of servers with commas between them")
        return cls(ids=frozenset(ids))

    @property
    def by_admission(self) -> bool:
        """Return whether servers are admitted one by one."""
        return not self.every and not self.ids

    def allows(self, guild_id: int, *, admitted: bool) -> bool:
        """Return whether a server may spend, given whether it was admitted."""
        return admitted if self.by_admission else self.every or guild_id in self.ids


EVERY_SERVER: Final = AllowedServers(every=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenServer:
    """A server that the bot is on, as Discord shows it; times are Unix milliseconds."""

    guild_id: int
    name: str
    owner_id: int | None
    joined_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What is kept of a server; times are Unix milliseconds.

    `admitted_by` and `withdrawn_by` are an operator's user id, or `BY_OWNER`, or `BY_MIGRATION`;
    `admitted_limit` is the day limit given with the admission. Since `wanted_at_ms` the operator is
    to be asked about it, and at `asked_at_ms` they were.
    """

    guild_id: int
    name: str = ""
    owner_id: int | None = None
    joined_at_ms: int | None = None
    left_at_ms: int | None = None
    admitted_at_ms: int | None = None
    admitted_by: str | None = None
    admitted_limit: MicroUSD | None = None
    withdrawn_at_ms: int | None = None
    withdrawn_by: str | None = None
    wanted_at_ms: int | None = None
    asked_at_ms: int | None = None

    @property
    def is_admitted(self) -> bool:
        """Return whether it may spend where servers are admitted one by one."""
        return self.admitted_at_ms is not None

    def matches(self, seen: SeenServer) -> bool:
        """Return whether nothing has changed since it was registered."""
        known = (self.name, self.owner_id, self.joined_at_ms)
        return self.left_at_ms is None and known == (seen.name, seen.owner_id, seen.joined_at_ms)


def register_server(
    known: Server | None, seen: SeenServer, *, owner_operates: bool, wanted: bool, now_ms: int
) -> Server:
    """Return a server as it is to be kept, now that the bot is seen on it.

    The owner counts when the bot joins: one who operates it admits the server, and a later change
    of owner ends no admission. When the bot joins again, an admission by an earlier owner is over;
    one by the operator is not.
    """
    is_new = known is None or known.joined_at_ms not in (None, seen.joined_at_ms)
    server = replace(
        known or Server(guild_id=seen.guild_id),
        name=seen.name,
        owner_id=seen.owner_id,
        joined_at_ms=seen.joined_at_ms,
        left_at_ms=None,
    )
    if is_new and owner_operates and not server.is_admitted:
        return admit_server(server, BY_OWNER, now_ms)
    if is_new and server.admitted_by == BY_OWNER and not owner_operates:
        server = replace(server, admitted_at_ms=None, admitted_by=None)
    return want_admission(server, now_ms) if wanted else server


def want_admission(server: Server, now_ms: int) -> Server:
    """Return a server about which the operator is to be asked, once."""
    if server.is_admitted or server.withdrawn_at_ms or server.wanted_at_ms:
        return server
    return replace(server, wanted_at_ms=now_ms)


def admit_server(server: Server, by: str, now_ms: int, day_limit: MicroUSD | None = None) -> Server:
    """Return a server that may spend from now on."""
    return replace(
        server,
        admitted_at_ms=now_ms,
        admitted_by=by,
        admitted_limit=day_limit,
        withdrawn_at_ms=None,
        withdrawn_by=None,
    )


def withdraw_admission(server: Server, by: str, now_ms: int) -> Server:
    """Return a server that may spend no more."""
    return replace(
        server,
        admitted_at_ms=None,
        admitted_by=None,
        admitted_limit=None,
        withdrawn_at_ms=now_ms,
        withdrawn_by=by,
    )
