"""Simulated days and a small storm, and what they look like with a guard taken out.

A month, and a storm among 10,000 jobs, are played by `scripts/simulate`; the figures stand in
docs/reliability.md.
"""

from dataclasses import replace

import pytest

from qa.simulation.fault_schedule import Rates
from qa.simulation.plan import Plan, month, storm, without
from qa.simulation.simulation import simulate

FEW_DAYS = month(5, days=2, jobs=14)
FEW_HOURS = replace(month(5, days=0.2, jobs=6), life=100)
SMALL_STORM = storm(5, jobs=50, minutes=3)
NONE = Rates(submission=0, task=0, answer=0, post=0, write=0)
LOST_ANSWERS = replace(
    month(5, days=0.1, jobs=10), storms=(), life=None, rates=replace(NONE, submission=0.8)
)
LOST_POSTS = replace(
    month(5, days=0.1, jobs=20),
    storms=(),
    life=80,
    downtimes_s=(240,),  # longer than Discord knows a nonce
    rates=replace(NONE, post=0.5),
)


def test_a_few_days_lose_nothing_and_do_nothing_twice():
    """There were faults and deaths, and every job came to rest with its money."""
    found = simulate(FEW_DAYS)
    assert found.complaints == []
    assert min(found.counts[what] for what in ("kills", "faults: APIXO", "faults: Discord")) >= 2
    assert found.ends["delivered"] >= 8


def test_the_same_seed_has_the_same_history():
    """To the last fault, death and post; another seed has another."""
    first, second = simulate(FEW_HOURS), simulate(FEW_HOURS)
    assert first.counts == second.counts
    assert first.digest == second.digest
    assert simulate(replace(FEW_HOURS, seed=6, jobs=1)).digest != first.digest


def test_in_a_storm_the_limits_are_kept_and_after_it_all_finish():
    """Each job has a video, or its member has the money back; there were many 429."""
    found = simulate(SMALL_STORM)
    assert found.complaints == []
    assert found.ends.keys() <= {"delivered", "failed"}
    assert sum(found.ends.values()) >= SMALL_STORM.jobs
    assert found.counts["faults: APIXO"] >= 20
    assert found.most_in_flight <= SMALL_STORM.places


@pytest.mark.parametrize(
    ("plan", "guard", "harm"),
    [
        (LOST_ANSWERS, "unknown", "double charged"),
        (SMALL_STORM, "pace", "too early"),
        (LOST_POSTS, "history", "double posted"),
    ],
    ids=["unknown", "pace", "history"],
)
def test_without_a_guard_harm_is_found(plan: Plan, guard: str, harm: str):
    """So a simulation without complaints says something."""
    assert any(harm in complaint for complaint in simulate(without(plan, guard)).complaints)


@pytest.mark.parametrize("plan", [LOST_ANSWERS, LOST_POSTS], ids=["answers", "posts"])
def test_with_its_guards_the_same_faults_do_no_harm(plan: Plan):
    """It is the guard that keeps harm out, and nothing else."""
    assert simulate(plan).complaints == []
