"""What buttons, forms and private answers wait for, kept for minutes where every process finds it.

A card outlives the process that sent it, and the next click may come to another process.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.errors import Outage
from storage import pending_interactions
from storage.database import Database
from storage.pending_interactions import PendingRow

KEPT_MINUTES: Final = 15

_MINUTE_MS: Final = 60_000
_CLAIM_MINUTES: Final = 1
"""Longer than Discord waits for an acknowledgement, and than the answer to one is waited for."""

T = TypeVar("T")


class PendingStore(Generic[T]):
    """Members' values of a kind, each under a key such as the id of its interaction.

    `kind` is what the values are called in the database, `type_` a dataclass of plain values. A
    value that another version wrote in another form is as good as expired.
    """

    def __init__(
        self,
        database: Database,
        now_ms: Callable[[], int],
        kind: str,
        type_: type[T],
        minutes: int = KEPT_MINUTES,
    ) -> None:
        self._database = database
        self._now_ms = now_ms
        self._kind = kind
        self._adapter: TypeAdapter[T] = _adapter(type_)
        self._ttl_ms = minutes * _MINUTE_MS

    async def put(self, key: str, user_id: int, value: T) -> None:
        """Keep a value for a while; a member's oldest ones go if there are too many."""
        row = PendingRow(
            kind=self._kind,
            key=key,
            user_id=user_id,
            payload=_dump(self._adapter.dump_python(value)),
            until_ms=self._now_ms() + self._ttl_ms,
        )
        await self._database.transact(lambda tx: pending_interactions.put(tx, row))

    async def get(self, key: str, user_id: int) -> T | None:
        """Return a member's value, if it is still kept."""
        row = await self._database.read(
            lambda tx: pending_interactions.get(tx, self._kind, key, user_id, self._now_ms())
        )
        try:
            return None if row is None else self._adapter.validate_json(row.payload)
        except ValidationError:
            return None

    async def extend(self, key: str, user_id: int) -> None:
        """Keep a member's value, if it is still kept, for as long as a new one."""
        now_ms = self._now_ms()
        until_ms = now_ms + self._ttl_ms
        await self._database.transact(
            lambda tx: pending_interactions.extend(tx, self._kind, key, user_id, now_ms, until_ms)
        )

    async def use(self, key: str, user_id: int) -> bool:
        """Mark a member's value as used; of all processes that do so, one gets True."""
        return await self._database.transact(
            lambda tx: pending_interactions.set_used(tx, self._kind, key, user_id, self._now_ms())
        )

    async def release(self, key: str) -> None:
        """Take the mark of a use back."""
        await self._database.transact(
            lambda tx: pending_interactions.set_unused(tx, self._kind, key)
        )


class InteractionClaims:
    """Claims of interactions by one process, whose name is `owner`, among all."""

    def __init__(self, database: Database, now_ms: Callable[[], int], owner: str) -> None:
        self._database = database
        self._now_ms = now_ms
        self._owner = owner

    async def claim(self, interaction_id: int) -> bool:
        """Return whether this process is the one that goes on with an interaction.

        While the database does not answer it goes on too, and its work answers that to the member.
        """
        now_ms = self._now_ms()
        until_ms = now_ms + _CLAIM_MINUTES * _MINUTE_MS
        try:
            return await self._database.transact(
                lambda tx: pending_interactions.claim(tx, interaction_id, self._owner, until_ms)
            )
        except Outage:
            return True


async def sweep_pending(database: Database, now_ms: int) -> None:
    """Remove what has expired, and what is too much; call it periodically, in any process."""
    end_ms = await database.read(lambda tx: pending_interactions.find_end_ms(tx, now_ms))
    if end_ms is not None:
        await database.transact(lambda tx: pending_interactions.remove_until(tx, end_ms, now_ms))


@cache
def _adapter(type_: type[T]) -> TypeAdapter[T]:
    # Building one takes ten milliseconds, and the kinds are few.
    return TypeAdapter(type_)


def _dump(value: Any) -> str:
    """Return JSON that both engines take: a prompt may have halves of characters."""
    text = json.dumps(value, ensure_ascii=False, default=list)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
