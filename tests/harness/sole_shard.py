"""The one shard of a bot that runs in a test's own process, without a database's leases."""

from collections.abc import Callable

from bot.sharding.leases import Holding, Sessions, Sharding
from storage.shards import GatewaySession


class SoleShard:
    """Leases on one shard, which is always held."""

    keeps_sessions = False
    may_be_lost = False
    is_alone = True

    def on_change(self, react: Callable[[], None]) -> None:
        pass

    async def has_older(self) -> bool:
        return False

    async def count(self) -> int:
        return 1

    async def create_shards(self, count: int) -> None:
        pass

    async def beat(self, sessions: Sessions, last_turn_ms: int | None) -> Holding:
        return Holding({0: None}, 1)

    async def hand_over(self, shard_id: int, session: GatewaySession | None) -> None:
        pass

    async def take_no_more(self) -> None:
        pass

    async def end(self) -> None:
        pass


class FreeSlots:
    """Slots that are never taken."""

    async def take(self, bucket: int) -> float:
        return 0.0


def sole_shard() -> Sharding:
    """Hold one shard, which may identify whenever it likes."""
    return Sharding(SoleShard(), FreeSlots())
