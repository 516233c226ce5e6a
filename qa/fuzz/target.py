"""What a target is: one way of odd input into the service."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """A way in. `run` sends one odd input through the service's own code.

    It returns in a word what came of it, and raises anything at all where that is wrong: where the
    service raised what is not its own, or took in what it must not. `count` is how many inputs a
    whole run has.
    """

    name: str
    count: int
    run: Callable[[Random], str]

    def run_one(self, seed: int, number: int) -> str:
        """Do the n-th input of a seed."""
        return self.run(Random(f"{seed}/{self.name}/{number}"))  # noqa: S311 - repeatable
