"""A sample of the fuzz, the same each time; `scripts/fuzz` does more than a million."""

from collections import Counter

import pytest

from qa.fuzz.interactions import send_forged_interactions
from qa.fuzz.live_targets import probe_random_files, send_forged_callbacks
from qa.fuzz.registry import TARGETS
from qa.fuzz.target import FuzzTarget

_SEED = 20
_NEVER_TAKEN = {"callbacks", "links"}
_SAMPLES = {
    "callbacks": 10_000,
    "links": 2_000,
    "money": 1_000,
    "buttons": 1_000,
    "attachments": 60,
    "billed lengths": 25,
}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_odd_input_is_taken_or_refused_and_breaks_nothing(target: FuzzTarget):
    """Nothing but the service's own refusals is raised; forged addresses are all refused."""
    count = _SAMPLES.get(target.name, 200)
    outcomes = Counter(target.run_one(_SEED, number) for number in range(count))
    assert outcomes["refused"] > 0
    assert (outcomes["taken"] > 0) is (target.name not in _NEVER_TAKEN)
    assert outcomes.total() == outcomes["taken"] + outcomes["refused"] == count


def test_an_input_can_be_done_again():
    """The same seed and number give the same input, another number another."""
    seen: list[float] = []
    target = FuzzTarget("dice", 1, lambda dice: str(seen.append(dice.random())))
    for seed, number in ((1, 1), (1, 1), (1, 2), (2, 1)):
        target.run_one(seed, number)
    first, again, *others = seen
    assert first == again
    assert len({first, *others}) == 3


async def test_forged_calls_are_refused_over_http():
    """By the server itself, whatever is in the address and the body."""
    assert await send_forged_callbacks(_SEED, 50) == {"refused": 50}


async def test_forged_interactions_are_answered_and_log_no_error():
    """Components, forms, commands, menus and suggestions, in servers and direct messages."""
    outcomes = await send_forged_interactions(_SEED, 150)
    assert outcomes["taken"] > 0 < outcomes["refused"]
    assert outcomes.total() == 150


async def test_odd_files_end_no_process_but_their_own():
    """Each is something, or is refused."""
    assert (await probe_random_files(_SEED, 4)).total() == 4


def test_a_whole_run_is_large_enough():
    """A hundred thousand inputs of members and of APIXO, a million callbacks."""
    counts = {target.name: target.count for target in TARGETS}
    assert counts["callbacks"] >= 1_000_000
    assert sum(counts.values()) - counts["callbacks"] - counts["links"] >= 100_000
