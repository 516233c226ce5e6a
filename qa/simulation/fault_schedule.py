"""When what goes wrong in a simulation: now and then anywhere, and nearly always in a storm.

What can go wrong at APIXO is what the stand-in's directives know: each task draws some.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from sandbox.apixo import Fault
from sandbox.apixo.prompt_directives import Directives, parse_directives
from workflow.errors import (
    ChannelUnavailable,
    HistoryDenied,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)

_SUBMISSIONS = (
    *("refuse:400", "refuse:401", "refuse:402", "refuse:403", "refuse:404", "refuse:429"),
    *("refuse:500", "refuse:502", "refuse:503", "refuse:504", "refuse:content", "refuse:credits"),
    *("refuse:code-402", "refuse:code-500", "refuse:http-400"),
    *("effect:500", "effect:502", "effect:503", "effect:504"),
    *("effect:timeout", "effect:reset", "effect:cut", "garbage:html", "garbage:empty"),
    *("garbage:null", "garbage:no-data", "garbage:empty-id", "garbage:number-id"),
)
_TASKS = (
    *("fail:SensitiveContent", "fail:Timeout", "fail:RateLimited", "fail:", "never"),
    *("slow:15", "slow:600", "slow:1200", "slow:4000", "state:queued"),
    *("status:401", "status:404x3", "status:429x4", "status:500x2", "status:502x5", "status:504"),
    *("status:timeout", "status:reset", "status:html", "times:seconds", "times:text"),
    *("result:404", "result:500", "result:html", "result:cut", "result:reset", "result:empty"),
    "result:half",
    *("result:none", "result:blank", "result:no-urls", "result:foreign", "result:two"),
    *("callback:twice", "callback:early", "callback:never"),
)
_STORMY = (429, 429, 429, 500, 502, 503, 504)


class StormSide(StrEnum):
    """Who can be in a storm."""

    APIXO = "APIXO"
    DISCORD = "Discord"


@dataclass(frozen=True, slots=True)
class Storm:
    """A time, in simulated seconds, in which one side hardly answers."""

    side: StormSide
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often something goes wrong outside storms, as shares of 1."""

    submission: float = 0.05
    task: float = 0.08
    answer: float = 0.01
    post: float = 0.02
    write: float = 0.0003
    in_storm: float = 0.95


class FaultSchedule:
    """Draws what goes wrong, from one source of chance; `calm` ends it all."""

    def __init__(self, dice: Random, rates: FaultRates, storms: Sequence[Storm]) -> None:
        self._dice = dice
        self._rates = rates
        self._storms = storms
        self.is_stopped = False

    def in_storm(self, side: StormSide, now_s: float) -> bool:
        """Return whether a side is in a storm at a moment."""
        return any(
            storm.side is side and storm.start_s <= now_s < storm.end_s for storm in self._storms
        )

    def draw_directives(self) -> Directives:
        """Draw what one submission, and the task that it makes, will suffer."""
        words = [
            self._dice.choice(table)
            for share, table in ((self._rates.submission, _SUBMISSIONS), (self._rates.task, _TASKS))
            if self._chance(share)
        ]
        return parse_directives(" ".join(f"[[{word}]]" for word in words))

    def draw_response_fault(self, now_s: float) -> Fault | None:
        """Draw what one request to APIXO suffers from its surroundings."""
        stormy = self.in_storm(StormSide.APIXO, now_s)
        if not self._chance(self._rates.in_storm if stormy else self._rates.answer):
            return None
        status = self._dice.choice(_STORMY)
        patient = status == 429 and self._dice.random() < 0.3
        headers = {"Retry-After": str(self._dice.choice((1, 5, 30)))} if patient else {}
        # A 429 made no task, that much is documented; a 5xx may have.
        effect = status != 429 and self._dice.random() < 0.3
        return Fault(status=status, takes_effect=effect, headers=headers)

    def draw_unreachable(self) -> bool:
        """Draw whether no connection to APIXO can be made just now."""
        return self._chance(self._rates.answer / 2)

    def draw_publish_error(self, method: str, now_s: float) -> PublishError | None:
        """Draw what a call of a publisher's method suffers."""
        if self.in_storm(StormSide.DISCORD, now_s):
            return (
                TemporaryPublishError("Discord is down")
                if self._chance(self._rates.in_storm)
                else None
            )
        if not self._chance(self._rates.post):
            return None
        kinds: list[type[PublishError]] = [
            TemporaryPublishError,
            TemporaryPublishError,
            TemporaryPublishError,
            ChannelUnavailable,
        ]
        if method.startswith("find"):
            kinds.append(HistoryDenied)
        if method in {"post_result", "send_result_by_dm"}:
            kinds.append(TooLargeToPost)
        return self._dice.choice(kinds)("drawn by lot")

    def draw_lost_response(self) -> bool:
        """Draw whether the answer to a post is lost, after the post is out."""
        return self._chance(self._rates.post)

    def draw_reader_failure(self) -> bool:
        """Draw whether the process that looks into a result cannot run."""
        return self._chance(self._rates.answer)

    def draw_lost_follow_up(self) -> bool:
        """Draw whether a post that takes no nonce has no answer, after it is out."""
        return self._chance(10 * self._rates.post)

    def draw_write_failure(self) -> bool:
        """Draw whether a transaction fails before its end."""
        return self._chance(self._rates.write)

    def _chance(self, share: float) -> bool:
        return not self.is_stopped and self._dice.random() < share
