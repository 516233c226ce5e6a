"""What a simulation is to be, before its seed draws what happens."""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from domain.money import MicroUSD
from domain.quotas import Limits
from qa.simulation.fault_schedule import FaultRates, Storm, StormSide
from tests.harness.workflow import NO_LIMITS

DAY_S: Final = 86_400.0
DISABLEABLE_GUARDS: Final = ("", "unknown", "pace", "history", "restore", "removal")

_JOBS_A_DAY = 5
_DEFAULT_LIMITS = Limits(
    member_day=MicroUSD(6_000_000),
    server_day=MicroUSD(60_000_000),
    everything_day=MicroUSD(150_000_000),
    member_month=MicroUSD(40_000_000),
)
_DAILY_EXPOSURE = MicroUSD(25_000_000)
_USUAL = FaultRates()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """A time to be simulated.

    `jobs` are asked for in `days` by `members` on `servers`, with `places` for tasks at once. A
    process dies after `life` steps on average (None: it lives) and stays away for one of
    `downtimes_s`; a `blind` one lacks a guard. After a `restore_share` of the ends one of
    the copies of the database is put back that are taken every `copy_every_s` on average. A server
    throws the bot out every `removal_every_s` (None: never). A `carrier_share` of the videos is
    made from more files than one message of Discord's takes.
    `cheap` jobs are wanted as they are, whatever happens, and money suffices. The worker
    gathers what is due for `gathering_s` simulated seconds: each turn costs real time.
    """

    seed: int
    days: float
    job_count: int
    max_in_flight: int = 5
    guild_count: int = 4
    member_count: int = 24
    requests_per_process_life: int | None = 500
    downtimes_s: tuple[float, ...] = (1, 3, 10, 60, 900)
    limits: Limits = _DEFAULT_LIMITS
    exposure_limit: MicroUSD | None = _DAILY_EXPOSURE
    restore_share: float = 0.04
    copy_every_s: float = 7_200
    removal_every_s: float | None = None
    carrier_share: float = 0.0
    is_cheap: bool = False
    ordering_period_s: float = 1.5
    rates: FaultRates = _USUAL
    storms: tuple[Storm, ...] = ()
    disabled_guard: str = ""


def plan_month(seed: int, *, days: float = 30, jobs: int | None = None) -> SimulationPlan:
    """Plan ordinary days: members who ask, change their minds and ask again, and every fault."""
    dice = Random(f"storms {seed}")  # noqa: S311 - chance, repeatable
    storms = tuple(_storm(dice, days) for _ in range(max(2, round(days / 2))))
    wanted = round(days * _JOBS_A_DAY) if jobs is None else jobs
    return SimulationPlan(
        seed=seed,
        days=days,
        job_count=wanted,
        storms=storms,
        removal_every_s=DAY_S,
        carrier_share=0.05,
    )


def plan_storm(seed: int, *, jobs: int = 10_000, minutes: float = 30) -> SimulationPlan:
    """Plan a rush of cheap jobs with a storm at APIXO in its middle, and no other fault."""
    places = 20
    days = jobs * 100 / places / DAY_S
    middle_s = days * DAY_S / 2
    bad = Storm(StormSide.APIXO, middle_s, middle_s + minutes * 60)
    return SimulationPlan(
        seed=seed,
        days=days,
        job_count=jobs,
        max_in_flight=places,
        guild_count=40,
        member_count=1_000,
        requests_per_process_life=None,
        limits=NO_LIMITS,
        exposure_limit=None,
        is_cheap=True,
        ordering_period_s=5,
        rates=FaultRates(submission=0, task=0, answer=0, post=0, write=0),
        storms=(bad,),
    )


def disable_guard(plan: SimulationPlan, guard: str) -> SimulationPlan:
    """Take a guard out: it has to be missed."""
    return replace(plan, disabled_guard=guard)


def _storm(dice: Random, days: float) -> Storm:
    start_s = dice.uniform(0, days * DAY_S)
    return Storm(dice.choice(list(StormSide)), start_s, start_s + dice.uniform(300, 7_200))
