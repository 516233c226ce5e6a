"""What makes the processes of a test take shards over in moments."""

import bot.sharding.identifies
import bot.sharding.leases
from bot.sharding.leases import DatabaseLeases, Holding, Sessions

_LEASE_MS = 4_000
_BEAT_S = 0.3
_FOR_EVER_MS = 3_600_000


def shorten_leases() -> None:
    """Shorten the leases on shards, and what lies between two identifies."""
    bot.sharding.leases.LEASE_MS = _LEASE_MS  # pyright: ignore[reportConstantRedefinition] - of this process
    bot.sharding.leases.BEAT_S = _BEAT_S  # pyright: ignore[reportConstantRedefinition]
    bot.sharding.identifies.IDENTIFY_INTERVAL_MS = 0  # pyright: ignore[reportConstantRedefinition]


def shorten_leases_among_strangers() -> None:
    """Do the same where no process can see whether another one of this machine lives."""
    shorten_leases()
    bot.sharding.leases._pid_space = lambda: None


def beat_when_told() -> None:
    """Beat once, and then only when another process says that there is a reason."""
    bot.sharding.leases.LEASE_MS = _FOR_EVER_MS  # pyright: ignore[reportConstantRedefinition]
    bot.sharding.leases.BEAT_S = _FOR_EVER_MS / 1000  # pyright: ignore[reportConstantRedefinition]
    bot.sharding.leases._BEAT_SOON_S = _FOR_EVER_MS / 1000  # pyright: ignore[reportConstantRedefinition]
    bot.sharding.identifies.IDENTIFY_INTERVAL_MS = 0  # pyright: ignore[reportConstantRedefinition]


def hold_every_shard() -> None:
    """Hold every shard beside the other processes, as two hold one for a moment while it moves."""

    async def hold(
        leases: DatabaseLeases, _sessions: Sessions, _last_turn_ms: int | None
    ) -> Holding:
        count = await leases.count()
        return Holding(dict.fromkeys(range(count)), count)

    DatabaseLeases.beat = hold
    DatabaseLeases.keeps_sessions = property(lambda _: False)
