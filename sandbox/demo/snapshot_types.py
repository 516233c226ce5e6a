"""Says what the demo wants to know of the service's books, which only the service can read."""

from typing import Literal, Protocol, TypedDict

JobPhase = Literal["waiting", "moving", "delivered", "ended", "parked"]


class JobRow(TypedDict):
    """A job of the service; `due_at_ms` is None where nothing more happens by itself."""

    id: str
    user_id: int
    state: str
    phase: JobPhase
    price_micro: int
    created_at_ms: int
    due_at_ms: int | None
    ended_at_ms: int | None
    reason: str | None


class LedgerRow(TypedDict):
    """A row of the service's ledger, its amount as it is there."""

    id: int
    at_ms: int
    kind: str
    account: str
    amount_micro: int
    job_id: str | None
    user_id: int


class Snapshot(TypedDict):
    """The ledger's sums over all time, and the newest rows, newest first."""

    held_micro: int
    charged_micro: int
    released_micro: int
    jobs: list[JobRow]
    ledger: list[LedgerRow]


class SnapshotReader(Protocol):
    """Reads the database of a service that may be running, starting or dead."""

    async def read(self, database_url: str) -> Snapshot | None:
        """Read it now; None while there is nothing that can be read."""
        ...

    async def close(self) -> None:
        """Let it go."""
        ...
