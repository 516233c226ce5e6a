"""Runs the stand-in alone: `python -m sandbox.apixo --help`."""

import asyncio
import signal
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from sandbox.apixo.config import ApixoConfig
from sandbox.apixo.server import FakeApixo

_EPILOG = """\b
While it runs, this machine may also ask and change it:
  GET    /_sandbox/journal   every request and callback
  GET    /_sandbox/tasks     every task with its money
  POST   /_sandbox/faults    {"on": "submit|status|balance|file", "times": 3,
                              "fault": {"status": 502}}
  DELETE /_sandbox/faults
  POST   /_sandbox/clock     {"time_scale": 60, "skip": 300}
  POST   /_sandbox/balance   {"usd": "12.50"}
Words such as [[fail:SensitiveContent]] or [[effect:504]] in a prompt do what they say;
the table of all of them opens sandbox/apixo/prompt_directives.py.
"""


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


@click.command(epilog=_EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9001, show_default=True, help="Port to listen on; 0 takes any.")
@click.option("--key", help="The API key to accept; another one each time by default.")
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="How many times faster.",
)
@click.option("--balance-usd", type=_dollars, default="100", show_default=True, help="Dollars.")
@click.option(
    "--charge-at",
    type=click.Choice(["submit", "success"]),
    default="submit",
    show_default=True,
    help="When a task is paid for.",
)
@click.option(
    "--refund-failed/--keep-failed",
    default=True,
    show_default=True,
    help="Whether a failed task's price is given back.",
)
@click.option(
    "--task-ids",
    type=click.Choice(["hex", "prefixed"]),
    default="hex",
    show_default=True,
    help="As seen in the wild, or as documented.",
)
@click.option(
    "--clips",
    type=click.Choice(["drawn", "tiny"]),
    default="drawn",
    show_default=True,
    help="Real videos, or the same small one for all.",
)
@click.option("--max-tasks", type=int, help="Tasks in flight before 429.")
@click.option("--requests-per-second", type=int, help="Requests in a second before 429.")
@click.option("--retry-after", help="Retry-After of a 429; APIXO documents none.")
@click.option(
    "--result-lifetime", default=86_400.0, show_default=True, help="Seconds until a link is dead."
)
@click.option("--seed", default=0, show_default=True, help="Makes generation times repeatable.")
def main(*, key: str | None, **options: Any) -> None:
    """Serve a stand-in of APIXO on this machine: no account, no network, no cost."""
    config = ApixoConfig(**options)
    asyncio.run(_serve(replace(config, key=key or config.key)))


async def _serve(options: ApixoConfig) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with FakeApixo(options) as apixo:
        click.echo(f"APIXO_BASE_URL={apixo.base_url}")
        click.echo(f"APIXO_API_KEY={apixo.key}")
        click.echo(f"TIME_SCALE={options.time_scale:g}")
        await stop.wait()


if __name__ == "__main__":
    main()
