"""Plays the whole service on this machine: two stand-ins, the real process, a member who types."""

import asyncio
import errno
import re
import signal
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.examples import ANIMATE_PROMPT, EXAMPLE_PICTURE, VIDEO_PROMPT
from sandbox.demo.job_posts import find_job_id, is_about
from sandbox.demo.process import ServiceExited, ServiceProcess, new_data_folder, service_for
from sandbox.demo.session import serve_demo
from sandbox.demo.snapshot_types import SnapshotReader
from sandbox.discord import DiscordConfig, FakeDiscord, Message

_ANIMATE = {"image": EXAMPLE_PICTURE, "prompt": ANIMATE_PROMPT, "duration": 5}
_VIDEO = {"prompt": VIDEO_PROMPT, "duration": 4, "sound": True}
_START_S = 30
_ANSWER_S = 10
_VIDEO_S = 50
_PRICE = re.compile(r"Costs \**(\$[0-9.]+)")
_INTERRUPTED: Final = 130
"""The exit code by which shells know that Ctrl-C was pressed."""


class DemoFailed(Exception):
    """The play did not go as it should; says where."""


async def run_demo(
    command: Sequence[str],
    *,
    once: bool,
    host: str,
    port: int,
    speed: float,
    open_books: Callable[[], SnapshotReader],
) -> int:
    """Play until Ctrl-C or, with `once`, until two videos are posted; return the exit code.

    `command` starts the service, `host` and `port` are the page's, `speed` is how many times
    faster than APIXO the stand-in makes videos, and `open_books` reads what the service wrote.
    """
    say = _Narrator()
    try:
        with _cancelled_by_signals():
            if once:
                await _once(command, speed, say)
            else:
                options = DiscordConfig(host=host, port=port)
                await serve_demo(
                    command, config=options, speed=speed, open_reader=open_books, echo=say
                )
    except asyncio.CancelledError:
        say("ended")
        return _INTERRUPTED if once else 0
    except (DemoFailed, ServiceExited, TimeoutError, OSError) as error:
        click.echo(f"\n{_in_words(error, port)}", err=True)
        return 1
    return 0


class _Narrator:
    """Prints each step with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, step: str) -> None:
        click.echo(f"{time.monotonic() - self._start:6.1f} s  {step}")


@contextmanager
def _cancelled_by_signals() -> Generator[None]:
    """Let signals cancel this task: the first ends everything in order, the next one at once."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None, "a coroutine runs in a task"
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is below nohup
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _in_words(error: Exception, port: int) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken; choose another with --port (0 takes any)."
    if error.filename is not None:
        reason = f"{error.filename}: {error.strerror}."
        return f"{reason} The demo keeps its data below the folder in which it is started."
    return str(error)


async def _once(command: Sequence[str], speed: float, say: _Narrator) -> None:
    async with (
        FakeApixo(ApixoConfig(time_scale=speed)) as apixo,
        FakeDiscord() as discord,
    ):
        service = service_for(apixo, discord, command=command, folder=new_data_folder())
        say(f"APIXO's stand-in answers at {apixo.base_url}, {speed:g} times as fast")
        say(f"Discord's stand-in answers at {discord.api_url}")
        say(f"data and log (may be deleted afterwards): {service.folder}")
        await _make_two(service, discord, say)


async def _make_two(service: ServiceProcess, discord: FakeDiscord, say: _Narrator) -> None:
    async with service.run() as running:
        say("the service starts: python -m bot")
        await running.while_running(_commands(discord, say))
        requests = _Requests(service, discord, say)
        files = [
            await running.while_running(requests.make("animate", _ANIMATE)),
            await running.while_running(requests.make("video", _VIDEO)),
        ]
    say("the service has ended cleanly")
    await _close(service, files, say)


async def _commands(discord: FakeDiscord, say: _Narrator) -> None:
    await discord.wait_for_commands({"video", "animate"}, within=_START_S)
    say("it is connected and has registered its commands")


class _Requests:
    """What Ada types in the channel, and what can be seen of it."""

    def __init__(self, service: ServiceProcess, discord: FakeDiscord, say: _Narrator) -> None:
        self._service = service
        self._ada = discord.member("Ada")
        self._channel = discord.channel("videos")
        self._say = say

    async def make(self, name: str, options: dict[str, Any]) -> Path:
        """Type one command, print what can be seen of it, and return the finished file."""
        self._say(f"Ada types /{name}: {options['prompt']}")
        answer = await self._ada.run_command(self._channel, name, options)
        await answer.until_answered(within=_ANSWER_S)
        job, price = find_job_id(answer), _PRICE.search(answer.text)
        if job is None or price is None:
            raise DemoFailed(f"/{name} was refused: {answer.text}")
        self._say(f"  private answer: it costs {price[1]}")
        telling = asyncio.create_task(self._tell_progress(job))
        try:
            await self._channel.wait_for(lambda shown: _carries(shown, job), within=_VIDEO_S)
        finally:
            telling.cancel()
        path = self._service.media / f"{job}.mp4"
        self._say(f"  posted, and Ada is told: {path}")
        return path

    async def _tell_progress(self, job: str) -> None:
        """Say how far the public status message says that it is, each time it says another."""
        told = set[str]()

        def is_new(shown: Message) -> bool:
            return (
                is_about(shown, job)
                and not shown.attachments
                and _progress_line(shown.text) not in told
            )

        while True:
            message = await self._channel.wait_for(is_new, within=_VIDEO_S)
            told.add(line := _progress_line(message.text))
            self._say(f"  status message: {line}")


def _progress_line(text: str) -> str:
    """Return the last line of words, which has the job's state; times are as a clock shows them."""
    line = [line for line in text.splitlines() if any(map(str.isalpha, line))][-1]
    return re.sub(r"<t:(\d+):R>", lambda found: f"{datetime.fromtimestamp(int(found[1])):%X}", line)  # noqa: DTZ006 - for the person at this machine


def _carries(message: Message, job: str) -> bool:
    return any(file.filename == f"{job}.mp4" for file in message.attachments)


async def _close(service: ServiceProcess, files: list[Path], say: _Narrator) -> None:
    verdict = await service.audit()
    charged = verdict["ledger"]["charged"] / 1_000_000
    say(f"charged ${charged:.6g} for {verdict['jobs'].get('delivered', 0)} videos")
    say("audit: every invariant holds" if verdict["ok"] else f"audit: {verdict['violations']}")
    click.echo("\nThe videos:")
    for path in files:
        click.echo(f"  {path}")
    if not verdict["ok"]:
        raise DemoFailed("The audit found broken invariants.")
    if missing := [path for path in files if not path.is_file()]:
        raise DemoFailed(f"Not there: {', '.join(map(str, missing))}")
