"""Simulated days and a small storm, and what they look like with a guard taken out.

A month, and a storm among 10,000 jobs, are played by `scripts/simulate`; the figures stand in
docs/reliability.md.
"""

from dataclasses import replace

import pytest

from qa.simulation.fault_schedule import FaultRates
from qa.simulation.plan import SimulationPlan, disable_guard, plan_month, plan_storm
from qa.simulation.simulation import simulate

FEW_DAYS = replace(plan_month(5, days=2, jobs=14), rates=FaultRates(post=0.06))
FEW_HOURS = replace(plan_month(5, days=0.2, jobs=6), requests_per_process_life=100)
SMALL_STORM = plan_storm(5, jobs=25, minutes=2)
NONE = FaultRates(submission=0, task=0, answer=0, post=0, write=0)
LOST_ANSWERS = replace(
    plan_month(5, days=0.1, jobs=10),
    storms=(),
    requests_per_process_life=None,
    rates=replace(NONE, submission=0.8),
)
LOST_POSTS = replace(
    plan_month(5, days=0.1, jobs=20),
    storms=(),
    requests_per_process_life=80,
    downtimes_s=(240,),  # longer than Discord knows a nonce
    rates=replace(NONE, post=0.5),
)
RESTORED = replace(
    plan_month(5, days=0.1, jobs=10),
    storms=(),
    max_in_flight=1,  # so that a copy has a queue
    requests_per_process_life=200,
    downtimes_s=(240,),
    restore_share=0.6,
    copy_every_s=900,
    rates=NONE,
)
REMOVED = replace(
    plan_month(6, days=0.012, jobs=24),
    storms=(),
    max_in_flight=1,  # so that there is a queue to be released
    guild_count=2,
    restore_share=0,
    removal_every_s=300,
    rates=NONE,
)
"""Half of the members share no other server with the bot."""


def test_a_few_days_lose_nothing_and_do_nothing_twice():
    """There were faults and deaths, and every job came to rest with its money."""
    found = simulate(FEW_DAYS)
    assert found.violations == []
    assert min(found.counts[what] for what in ("kills", "faults: APIXO", "faults: Discord")) >= 2
    assert found.final_states["delivered"] >= 8


def test_the_same_seed_has_the_same_history():
    """To the last fault, death and post; another seed has another."""
    first, second = simulate(FEW_HOURS), simulate(FEW_HOURS)
    assert first.counts == second.counts
    assert first.digest == second.digest
    assert simulate(replace(FEW_HOURS, seed=6, job_count=1)).digest != first.digest


def test_in_a_storm_the_limits_are_kept_and_after_it_all_finish():
    """Each job has a video, or its member has the money back; there were many 429."""
    found = simulate(SMALL_STORM)
    assert found.violations == []
    assert found.final_states.keys() <= {"delivered", "failed"}
    assert sum(found.final_states.values()) >= SMALL_STORM.job_count
    assert found.counts["faults: APIXO"] >= 20
    assert found.max_in_flight <= SMALL_STORM.max_in_flight


@pytest.mark.parametrize(
    ("plan", "guard", "harm"),
    [
        (LOST_ANSWERS, "unknown", "double charged"),
        (SMALL_STORM, "pace", "too early"),
        (LOST_POSTS, "history", "double posted"),
        (RESTORED, "restore", "double charged"),
        (REMOVED, "removal", "bought"),
    ],
    ids=["unknown", "pace", "history", "restore", "removal"],
)
def test_without_a_guard_harm_is_found(plan: SimulationPlan, guard: str, harm: str):
    """So a simulation without complaints says something."""
    assert any(harm in complaint for complaint in simulate(disable_guard(plan, guard)).violations)


@pytest.mark.parametrize(
    ("plan", "trouble"),
    [
        (LOST_ANSWERS, "faults: APIXO"),
        (LOST_POSTS, "faults: Discord"),
        (RESTORED, "copies put back"),
        (REMOVED, "posted: news of a removal"),
    ],
    ids=["answers", "posts", "restored", "removed"],
)
def test_with_its_guards_the_same_faults_do_no_harm(plan: SimulationPlan, trouble: str):
    """It is the guard that keeps harm out, and nothing else."""
    found = simulate(plan)
    assert found.violations == []
    assert found.counts[trouble]
