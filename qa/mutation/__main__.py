"""Takes one guard after the other out of a copy of the tree, and sees which tests notice.

`python -m qa.mutation [--at-once N] [WORD ...]`: all, or those whose name has one of the words.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from time import monotonic

import click

from qa.mutation.guard import Guard
from qa.mutation.registry import GUARDS
from qa.mutation.tree_copy import TestRun, TreeCopy, copy_tree, load_before


@click.command()
@click.option("--at-once", default=2, show_default=True, help="How many guards at a time.")
@click.argument("words", nargs=-1)
def main(at_once: int, words: Sequence[str]) -> None:
    """Show that each removal is noticed by each test that its guard names."""
    chosen = [guard for guard in GUARDS if not words or any(word in guard.name for word in words)]
    began = monotonic()
    load_before()
    with TemporaryDirectory(prefix="dailies-guards-") as folder:
        copies = [copy_tree(Path(folder) / str(number)) for number in range(at_once)]
        print(f"{len(chosen)} guards. First their tests with every guard in its place ...")
        missed = _fail_anyway(chosen, copies) or _try_each(chosen, copies)
    noticed = len(chosen) - len(missed)
    print(f"\n{noticed} of {len(chosen)} removals noticed, in {monotonic() - began:.0f} s.")
    for name, said in missed:
        print(f"\n── {name} ──\n{said}")
    sys.exit(1 if missed or not chosen else 0)


def _fail_anyway(guards: Sequence[Guard], copies: Sequence[TreeCopy]) -> list[tuple[str, str]]:
    """Run the tests with every guard in its place; what fails then shows nothing."""
    tests = sorted({test for guard in guards for test in guard.tests})
    shares = [tests[number :: len(copies)] for number in range(len(copies))]
    with ThreadPoolExecutor(len(copies)) as pool:
        told = [*pool.map(TreeCopy.run, copies, [share for share in shares if share])]
    return [("every guard in its place", one.output) for one in told if not one.is_green]


def _try_each(guards: Sequence[Guard], copies: Sequence[TreeCopy]) -> list[tuple[str, str]]:
    free = SimpleQueue[TreeCopy]()
    for copy in copies:
        free.put(copy)

    def attempt(guard: Guard) -> TestRun:
        copy = free.get()
        try:
            return copy.run_mutated(guard)
        finally:
            free.put(copy)

    missed: list[tuple[str, str]] = []
    with ThreadPoolExecutor(len(copies)) as pool:
        for guard, told in zip(guards, pool.map(attempt, guards), strict=True):
            deaf = told.unaffected_tests(guard.tests)
            verdict = "NOT NOTICED" if deaf else "noticed"
            print(f"{verdict:<12} {guard.name:<64} {guard.path}", flush=True)
            if deaf:
                missed.append((guard.name, f"{told.output}\nnot failed: {', '.join(deaf)}"))
    return missed


if __name__ == "__main__":
    main()
