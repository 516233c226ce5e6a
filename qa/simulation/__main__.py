"""Simulate a month of the service, or a storm at APIXO, in one process and out of one seed.

    scripts/simulate                            30 ordinary days, with every fault and many deaths
    scripts/simulate --seed 7 --days 3          three other days
    scripts/simulate --storm                    10,000 jobs, 30 minutes of 429 and 5xx in the middle
    scripts/simulate --days 3 --blind unknown   with a guard taken out: it has to be missed
Exit code 1 if an invariant is broken; the same command line leads to the same history.
"""

import argparse
import sys
import time
from dataclasses import replace

from qa.simulation.plan import DAY_S, DISABLEABLE_GUARDS, SimulationPlan, plan_month, plan_storm
from qa.simulation.simulation import SimulationResult, simulate

_TELL_EVERY_S = 5


def main() -> None:
    """Simulate what the command line asks for, and exit 1 if anything is broken."""
    given = read_command_line()
    plan = plan_of(given)
    findings = simulate(plan, Progress(plan))
    print(table(findings))
    for complaint in findings.violations:
        print(complaint)
    if findings.violations:
        print(f"\nseed {plan.seed}; again: {replay(given)}")
    sys.exit(1 if findings.violations else 0)


def read_command_line() -> argparse.Namespace:
    """Read the command line."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--days", type=float, default=30.0)
    words.add_argument("--jobs", type=int, help="how many are asked for")
    words.add_argument("--storm", action="store_true", help="a rush with a storm in its middle")
    words.add_argument("--blind", choices=DISABLEABLE_GUARDS, default="", help="take out a guard")
    return words.parse_args()


def plan_of(given: argparse.Namespace) -> SimulationPlan:
    """Make the plan of a command line."""
    if given.storm:
        plan = plan_storm(given.seed, jobs=given.jobs or 10_000)
    else:
        plan = plan_month(given.seed, days=given.days, jobs=given.jobs)
    return replace(plan, disabled_guard=given.blind)


class Progress:
    """Prints now and then how far it is, where it does not disturb the figures."""

    def __init__(self, plan: SimulationPlan) -> None:
        self._plan = plan
        self._told_s = time.monotonic()

    def __call__(self, days: float, jobs: int) -> None:
        """Print it, if nothing was printed just now."""
        if time.monotonic() - self._told_s >= _TELL_EVERY_S:
            self._told_s = time.monotonic()
            plan = self._plan
            line = f"day {days:.1f} of {plan.days:.1f}, {jobs:,} of {plan.job_count:,} jobs"
            print(line, file=sys.stderr, flush=True)


def table(findings: SimulationResult) -> str:
    """Write what was counted and measured."""
    plan, megabyte = findings.plan, 1024 * 1024
    ends = [(f"jobs: {state}", f"{count:,}") for state, count in findings.final_states.items()]
    counts = [(what, f"{count:,}") for what, count in sorted(findings.counts.items())]
    held = [
        (f"held by the service after {count:,} results", f"{size / megabyte:.2f} MiB")
        for count, size in findings.reachable_bytes
    ]
    before, after = findings.resident_bytes
    measured = [
        ("simulated time", f"{findings.simulated_s / DAY_S:.2f} days"),
        ("real time", f"{findings.real_s:.0f} s"),
        ("most requests to APIXO in a minute", str(findings.max_requests_per_minute)),
        (f"most jobs at APIXO at once, of {plan.max_in_flight}", str(findings.max_in_flight)),
        *held,
        ("growth between the two", f"{findings.growth:.2f} times"),
        ("whole process", f"{before / megabyte:.0f} → {after / megabyte:.0f} MiB"),
        ("history", findings.digest[:16]),
        ("broken invariants", str(findings.counts.get("complaints", 0))),
    ]
    rows = [*ends, *counts, *measured]
    widest = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{widest}}  {value:>12}" for name, value in rows)


def replay(given: argparse.Namespace) -> str:
    """Write the command that plays it once more."""
    asked = ["--storm"] if given.storm else [f"--days {given.days:g}"]
    asked += [f"--jobs {given.jobs}"] if given.jobs else []
    asked += [f"--blind {given.blind}"] if given.blind else []
    return " ".join(["scripts/simulate", f"--seed {given.seed}", *asked])


if __name__ == "__main__":
    main()
