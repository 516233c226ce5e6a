"""Configuration of the stand-in."""

import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ApixoConfig:
    """Everything that can be set before the start; the defaults behave as APIXO documents.

    Attributes:
        key: the one API key that is accepted; another one each time by default.
        host: the address to listen on; result links carry it (a wildcard becomes 127.0.0.1).
        port: 0 takes a free one.
        time_scale: divides the documented generation times and callback gaps.
        balance_usd: money on the key at the start, at most six decimals.
        charge_at: when a task is paid for. Undocumented, so both are offered.
        refund_failed: whether a failed task's charge is given back. Undocumented as well.
        task_ids: `hex` as seen in the wild, `prefixed` as in the documentation.
        clips: `drawn` shows prompt and pictures; `tiny` is the same small video for all.
        max_tasks: tasks in flight before submissions get 429.
        requests_per_second: API requests within any second before more get 429.
        retry_after: the Retry-After header of a 429; APIXO documents none.
        result_lifetime: seconds (never scaled) until a result link answers 404.
        seed: makes generation times and their omissions repeatable.
    """

    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    host: str = "127.0.0.1"
    port: int = 0
    time_scale: float = 1.0
    balance_usd: Decimal = Decimal(100)
    charge_at: Literal["submit", "success"] = "submit"
    refund_failed: bool = True
    task_ids: Literal["hex", "prefixed"] = "hex"
    clips: Literal["drawn", "tiny"] = "drawn"
    max_tasks: int | None = None
    requests_per_second: int | None = None
    retry_after: str | None = None
    result_lifetime: float = 24 * 3600.0
    seed: int = 0

    @property
    def balance_micro(self) -> int:
        """The balance at the start in micro-dollars."""
        return int(self.balance_usd * 1_000_000)
