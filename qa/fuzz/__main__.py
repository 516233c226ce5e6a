"""Send odd input into every way in, by the hundred thousand, and print what broke.

`python -m qa.fuzz [--seed N] [--share F] [NAME ...]`: every target or those named, a share of
their inputs. `python -m qa.fuzz --seed N NAME#NUMBER` does one input again, and shows how it
ends.
"""

import asyncio
import signal
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from secrets import randbelow
from time import monotonic

import click

from qa.fuzz.interactions import send_forged_interactions
from qa.fuzz.live_targets import probe_random_files, send_forged_callbacks
from qa.fuzz.registry import TARGETS
from qa.fuzz.target import FuzzTarget

_AT_ONCE = 2
_CHUNK = 500
_LONGEST_S = 30
_WIRE = {
    "callbacks over HTTP": (send_forged_callbacks, 2_000),
    "interactions": (send_forged_interactions, 10_000),
    "files": (probe_random_files, 100),
}
"""What needs a server or a process for each input, and how many inputs there are."""


@dataclass(frozen=True, slots=True)
class FuzzBatch:
    """What became of some inputs of a target: how many went which way, and what broke."""

    outcomes: Counter[str]
    failures: tuple[tuple[int, str], ...]


@click.command()
@click.option("--seed", type=int, default=None, help="The seed; by chance if it is left out.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=1.0)
@click.argument("names", nargs=-1)
def main(seed: int | None, share: float, names: Sequence[str]) -> None:
    """Send odd input into every way in, or into those named."""
    seed = randbelow(10**9) if seed is None else seed
    print(f"seed {seed}")
    for name, _, number in (name.partition("#") for name in names if "#" in name):
        target = next(target for target in TARGETS if target.name == name)
        print(f"{name}#{number}: {target.run_one(seed, int(number))}")
    if any("#" in name for name in names):
        return
    chosen = [target for target in TARGETS if not names or target.name in names]
    began = monotonic()
    broken = [*_in_this_process(chosen, seed, share)]
    if not names:
        broken += _over_the_wire(seed, share)
    print(f"{len(broken)} broke, in {monotonic() - began:.0f} s")
    raise SystemExit(1 if broken else 0)


def _in_this_process(targets: Sequence[FuzzTarget], seed: int, share: float) -> Iterator[str]:
    """Do the inputs of each target in processes of ours, one of which may well crash."""
    with ProcessPoolExecutor(_AT_ONCE) as pool:
        for target in targets:
            began, count = monotonic(), max(1, round(target.count * share))
            starts = range(0, count, _CHUNK)
            ends = [min(start + _CHUNK, count) for start in starts]
            names = [target.name] * len(starts)
            outcomes = Counter[str]()
            for chunk in pool.map(_do, names, [seed] * len(starts), starts, ends):
                outcomes += chunk.outcomes
                for number, trace in chunk.failures:
                    print(f"\n{trace}\nagain: scripts/fuzz --seed {seed} '{target.name}#{number}'")
                    yield f"{target.name}#{number}"
            _tell(target.name, count, outcomes, monotonic() - began)


def _do(name: str, seed: int, start: int, end: int) -> FuzzBatch:
    """Do some inputs of a target; what takes too long has broken."""
    target = next(target for target in TARGETS if target.name == name)
    signal.signal(signal.SIGALRM, _too_long)
    outcomes, broken = Counter[str](), list[tuple[int, str]]()
    for number in range(start, end):
        signal.setitimer(signal.ITIMER_REAL, _LONGEST_S)
        try:
            outcomes[target.run_one(seed, number)] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is told
            broken.append((number, traceback.format_exc()))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return FuzzBatch(outcomes, tuple(broken))


def _too_long(*_: object) -> None:
    raise TimeoutError(f"no end within {_LONGEST_S} s")


def _over_the_wire(seed: int, share: float) -> Iterator[str]:
    for name, (send, most) in _WIRE.items():
        began, count = monotonic(), max(1, round(most * share))
        try:
            outcomes = asyncio.run(send(seed, count))
        except Exception:  # noqa: BLE001 - whatever it is, it is told
            print(f"\n{traceback.format_exc()}")
            yield name
        else:
            _tell(name, count, outcomes, monotonic() - began)


def _tell(name: str, count: int, outcomes: Counter[str], seconds: float) -> None:
    taken, refused = outcomes["taken"], outcomes["refused"]
    print(
        f"{name:<20} {count:>9,} inputs {taken:>9,} taken {refused:>9,} refused {seconds:>5.0f} s"
    )


if __name__ == "__main__":
    main()
