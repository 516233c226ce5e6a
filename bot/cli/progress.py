"""Progress on standard error."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click


@contextmanager
def show_progress(total: int, label: str) -> Generator[Callable[[int], None]]:
    """Show a bar that ends at `total`, and yield what moves it on."""
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
