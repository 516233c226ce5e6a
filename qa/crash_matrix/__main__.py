"""Kill the service at every point that it passes, under every fault, and look for harm.

    scripts/matrix                              everything, on SQLite
    scripts/matrix --engine postgresql          everything, on a PostgreSQL of its own
    scripts/matrix --minutes 10 --seed 7        as much as fits, in the order of a seed
    scripts/matrix --seed 7 --skip 600          go on where that one stopped, after 600 cells
    scripts/matrix --list                       every point, and a fault under which it is passed
    scripts/matrix --only 'after:apixo.submit' '504, task made'
                                                one cell, with the end of its log
Exit code 1 if anything is lost, charged or posted twice, unbalanced, silent or leaked.
"""

import argparse
import asyncio
import logging
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from statistics import median

from qa.crash_matrix.databases import postgresql_server
from qa.crash_matrix.fault import fault_title
from qa.crash_matrix.faults import FAULTS, find_fault
from qa.crash_matrix.matrix import (
    MatrixResult,
    PointsByFault,
    ProgressPrinter,
    RunnerPool,
    applicable_faults,
    format_table,
    plan_cells,
    replay_command,
)
from qa.crash_matrix.run_record import Cell, RunRecord

GUARDS = ["history", "unknown", "restore", "removal"]
LOGS = Path(__file__).parents[2] / "data" / "matrix"


def main() -> None:
    """Run what the command line asks for, and exit 1 if anything is broken."""
    given = read_command_line()
    # A run that is told to end, by `timeout` say, must leave nothing behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = postgresql_server() if given.engine == "postgresql" else nullcontext()
    # A client that was killed is no news here.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    with server as address:
        findings = asyncio.run(run(given, address))
    print(f"\n{format_table(findings)}\n")
    print(summary(findings, given))
    keep_logs(findings)
    sys.exit(1 if findings.broken_runs else 0)


def read_command_line() -> argparse.Namespace:
    """Read the command line."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    words.add_argument("--seed", type=int, default=1, help="the order, and which passing is killed")
    words.add_argument("--minutes", type=float, help="stop beginning new cells after so long")
    words.add_argument("--skip", type=int, default=0, help="leave out so many, played before")
    words.add_argument("--stages", type=int, default=6, help="plays at once")
    words.add_argument("--faults", action="append", help="only those with this in their name")
    words.add_argument("--list", action="store_true", help="tell where each point is passed")
    words.add_argument("--only", nargs=2, metavar=("POINT[#N]", "FAULT"), help="play one cell")
    words.add_argument("--then", action="append", default=[], help="POINT#N of the next death")
    words.add_argument("--blind", choices=GUARDS, default="", help="take out a guard")
    return words.parse_args()


async def run(given: argparse.Namespace, address: object) -> MatrixResult:
    """Open the stages, and play on them."""
    async with AsyncExitStack() as stack:
        size = 1 if given.only else given.stages
        company = await stack.enter_async_context(RunnerPool.open(size, address))
        return await (play_one(company, given) if given.only else play_all(company, given))


async def play_one(company: RunnerPool, given: argparse.Namespace) -> MatrixResult:
    """Play one cell and show how it went."""
    findings, (point, fault) = MatrixResult(planned=1), given.only
    first = point if "#" in point or point == "none" else f"{point}#1"
    dooms = () if point == "none" else (first, *given.then)

    def heard(traces: RunRecord) -> None:
        findings.add(traces)
        print(traces.log[-6_000:])
        print("\n".join(f"{job.id} {job.state} {job.reason or ''}" for job in traces.jobs))
        print("\n".join(traces.violations) or "no harm")

    await company.run([Cell(find_fault(fault), dooms, given.blind)], heard)
    return findings


async def play_all(company: RunnerPool, given: argparse.Namespace) -> MatrixResult:
    """Play every pair of a point and a fault, or as many as there is time for."""
    findings, until_s = MatrixResult(), time.monotonic() + 60 * (given.minutes or 1e6)
    named = given.faults or [""]
    troubles = [
        each
        for each in applicable_faults(given.engine)
        if any(part in fault_title(each) for part in named)
    ]
    if left_out := [fault_title(one) for one in FAULTS if one.engine not in (None, given.engine)]:
        tell(f"left out, for they cannot happen on {given.engine}: {', '.join(left_out)}")
    tell(f"{len(troubles)} faults: one undisturbed life under each, to see what is passed")
    census = await company.record_points(troubles, ProgressPrinter(len(troubles), findings, tell))
    cells = [
        Cell(each.fault, each.kill_points, given.blind)
        for each in plan_cells(census, given.seed)[given.skip :]
    ]
    findings.planned = len(cells)
    if given.list:
        cells = []
        tell("\n".join(listed(census)))
    points = {point for passed in census.values() for point in passed}
    tell(f"{len(points)} points are passed; {len(cells):,} pairs of a point and a fault")
    await company.run(in_time(cells, until_s), ProgressPrinter(len(cells), findings, tell))
    return findings


def listed(census: PointsByFault) -> list[str]:
    """List every point with the first fault in whose undisturbed life it is passed."""
    first: dict[str, str] = {}
    for trouble, passed in census.items():
        for point in passed:
            first.setdefault(point, fault_title(trouble))
    return [f"{point}  ({first[point]})" for point in sorted(first)]


def in_time(cells: Iterable[Cell], until_s: float) -> Iterator[Cell]:
    """Yield cells until a moment on the monotonic clock."""
    for cell in cells:
        if time.monotonic() >= until_s:
            return
        yield cell


def tell(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def summary(findings: MatrixResult, given: argparse.Namespace) -> str:
    """Say in one sentence how much was done."""
    pairs = sum(len(row.points) for row in findings.rows.values())
    restarts = sorted(findings.restarts_s) or [0.0]
    return (
        f"seed {given.seed}, {given.engine}: {len(findings.points)} points, "
        f"{len(findings.rows)} faults, {pairs:,} of {findings.planned:,} pairs killed, "
        f"{findings.total('runs'):,} runs, {findings.total('kills'):,} kills, "
        f"{findings.total('double kills'):,} of them died twice; connected again after "
        f"{median(restarts):.2f} s (half of them), {restarts[-1]:.2f} s (the slowest)"
    )


def keep_logs(findings: MatrixResult) -> None:
    """Keep the logs of broken plays, and say how to play each again."""
    for traces in findings.broken_runs:
        LOGS.mkdir(parents=True, exist_ok=True)
        file = LOGS / f"{traces.marker.replace(' ', '-')}.log"
        complaints = "\n".join(traces.violations)
        file.write_text(f"{replay_command(traces.cell)}\n{complaints}\n\n{traces.log}")
        print(f"{file}: {replay_command(traces.cell)}")


if __name__ == "__main__":
    main()
