"""Run every benchmark, or those named; exit 1 if a figure is over its bound.

`python -m bench --share 0.1` measures with a tenth of the work: enough to see that all runs, too
little for a figure, so that no bound counts.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import click

from bench import (
    command,
    delivery,
    failover,
    hold,
    idle,
    inspection,
    job,
    pile,
    poll,
    polls,
    processes,
    scaling,
    spending,
    start,
    waiting,
)

_BENCHES: Final = MappingProxyType(
    {
        "polls": polls.measure,
        "poll": poll.measure,
        "start": start.measure,
        "idle": idle.measure,
        "processes": processes.measure,
        "failover": failover.measure,
        "waiting": waiting.measure,
        "scaling": scaling.measure,
        "command": command.measure,
        "hold": hold.measure,
        "job": job.measure,
        "inspection": inspection.measure,
        "pile": pile.measure,
        "spending": spending.measure,
        "delivery": delivery.measure,
    }
)


@click.command()
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=1.0)
@click.argument("names", nargs=-1, type=click.Choice([*_BENCHES]))
def main(share: float, names: Sequence[str]) -> None:
    """Print the figures of every benchmark, or of those named."""
    good = [_BENCHES[name](share) for name in names or _BENCHES]
    raise SystemExit(0 if all(good) or share < 1 else 1)


if __name__ == "__main__":
    main(prog_name="python -m bench")
