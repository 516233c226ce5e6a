"""Questions to the operator: on a terminal, or answered line by line through a pipe."""

import getpass
import sys
from collections.abc import Callable

import click

from bot.cli.findings import CheckFailed

Accept = Callable[[str], None]
"""Looks at an answer; raises CheckFailed with the reason why it cannot be taken."""


def ask(question: str, accept: Accept, *, shown: str = "", secret: bool = False) -> str:
    """Ask until an answer can be taken, and return it.

    `shown` is what Enter means, in words; the answer is then empty.

    Raises:
        EOFError: there are no more answers.
    """
    prompt = f"{question} [{shown}]: " if shown else f"{question}: "
    while True:
        try:
            answer = _read_line(prompt, secret=secret).strip()
            accept(answer)
        except (CheckFailed, UnicodeDecodeError) as error:
            reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            click.secho(f"  {reason}", fg="red")
        else:
            return answer


def ask_yes_no(question: str, *, default: bool) -> bool:
    """Ask for a yes or a no.

    Raises:
        EOFError: there are no more answers.
    """
    answer = ask(question, _accept_yes_no, shown="Y/n" if default else "y/N").lower()
    return answer.startswith("y") if answer else default


def read_secret_line() -> str:
    """Read one line of standard input, without a question.

    Raises:
        EOFError: there is none.
    """
    return _read_line("", secret=False).strip()


def _accept_yes_no(answer: str) -> None:
    if answer.lower() not in ("", "y", "yes", "n", "no"):
        raise CheckFailed("Type y or n.")


def _read_line(prompt: str, *, secret: bool) -> str:
    if secret and sys.stdin.isatty():
        return getpass.getpass(prompt)
    click.echo(prompt, nl=False)
    line = sys.stdin.readline()
    if not sys.stdin.isatty():
        click.echo()  # nobody has typed the line break
    if not line:
        raise EOFError
    return line
