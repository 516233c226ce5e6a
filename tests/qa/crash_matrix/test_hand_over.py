"""A sample of the matrix's hand-overs: two real processes, one killed while shards change hands."""

import asyncio

import pytest

from qa.crash_matrix.fault import fault_title
from qa.crash_matrix.faults import FAULTS, find_fault
from qa.crash_matrix.known_crash_points import HAND_OVER
from qa.crash_matrix.matrix import MatrixResult, RunnerPool, applicable_faults, replay_command
from qa.crash_matrix.run_record import Cell
from tests.conftest import Address

FAULT = find_fault("hand-over: on one machine")
KILLED = (
    Cell(FAULT, ("before:shards.hand_over@first#1",)),
    Cell(FAULT, ("after:gateway.resume@second#1",)),
)


def test_a_sample_of_hand_overs(postgresql: Address, subtests: pytest.Subtests):
    """Undisturbed, and killed before a shard is given and after its session is resumed."""
    passed, killed = asyncio.run(_play(postgresql))
    with subtests.test("every step is passed in an undisturbed life"):
        assert passed == HAND_OVER
    with subtests.test("killed there, it loses nothing and does nothing twice"):
        assert killed.total("kills") == len(KILLED)
        assert not killed.broken_runs, _told(killed)


def test_two_processes_are_for_postgresql_alone():
    """On SQLite there is no other process."""
    faults = [fault for fault in FAULTS if fault.hands_over]
    assert len(faults) == 3
    assert not {*map(fault_title, faults)} & {*map(fault_title, applicable_faults("sqlite"))}
    assert {*faults} <= {*applicable_faults("postgresql")}


async def _play(postgresql: Address) -> tuple[set[str], MatrixResult]:
    undisturbed, killed = MatrixResult(), MatrixResult()
    async with RunnerPool.open(2, postgresql) as runners:
        census = await runners.record_points([FAULT], undisturbed.add)
        await runners.run(KILLED, killed.add)
    assert not undisturbed.broken_runs, _told(undisturbed)
    return {point.partition(":")[2].partition("@")[0] for point in census[FAULT]}, killed


def _told(findings: MatrixResult) -> str:
    return "\n".join(
        f"{replay_command(traces.cell)}\n  {'; '.join(traces.violations)}\n{traces.log[-3000:]}"
        for traces in findings.broken_runs
    )
