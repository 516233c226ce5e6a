"""Plays the whole service on this machine: two stand-ins, the real process, a member who types."""

import asyncio
import errno
import re
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sandbox.apixo import ApixoOptions, ApixoStandIn
from sandbox.discord import DiscordOptions, DiscordStandIn, Message
from sandbox.service import Service, ServiceEnded, beside

_PICTURE = Path(__file__).parent / "pictures" / "lake.jpg"
_ANIMATE = {
    "image": _PICTURE,
    "prompt": "The boat drifts slowly to the right while the last light fades over the lake",
    "duration": 5,
}
_VIDEO = {
    "prompt": "A paper lantern rises over a sleeping harbour, slow crane shot, warm light",
    "duration": 4,
    "sound": True,
}
_START_S = 30
_ANSWER_S = 10
_VIDEO_S = 50
_JOB_ID = re.compile(r"`([0-9a-z]{20})`")
_PRICE = re.compile(r"Price: \**(\$[0-9.]+)")


class PlayFailed(Exception):
    """The play did not go as it should; says where."""


async def play(command: Sequence[str], *, once: bool, port: int, speed: float) -> int:
    """Play until Ctrl-C or, with `once`, until two videos are posted; return the exit code.

    `command` starts the service, `port` is the page's, and `speed` is how many times faster than
    APIXO the stand-in makes videos.
    """
    folder = Path("data", "sandbox", f"{datetime.now():%Y%m%d-%H%M%S-%f}").absolute()  # noqa: DTZ005 - a name for people
    say = _Narrator()
    try:
        async with (
            ApixoStandIn(ApixoOptions(time_scale=speed)) as apixo,
            DiscordStandIn(DiscordOptions(port=0 if once else port)) as discord,
        ):
            service = beside(apixo, discord, command=command, folder=folder)
            say(f"APIXO's stand-in answers at {apixo.base_url}, {speed:g} times as fast")
            say(f"Discord's stand-in answers at {discord.api_url}")
            say(f"data and log (may be deleted afterwards): {folder}")
            await (_once if once else _on_and_on)(service, discord, say)
    except (PlayFailed, ServiceEnded, TimeoutError, OSError) as error:
        said = str(error)
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            said = f"Port {port} is taken; choose another with --port (0 takes any)."
        click.echo(f"\n{said}", err=True)
        return 1
    return 0


class _Narrator:
    """Prints each step with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, step: str) -> None:
        click.echo(f"{time.monotonic() - self._start:6.1f} s  {step}")


async def _once(service: Service, discord: DiscordStandIn, say: _Narrator) -> None:
    async with service.run() as running:
        say("the service starts: python -m bot")
        await running.unless_it_ends(_commands(discord, say))
        requests = _Requests(service, discord, say)
        files = [
            await running.unless_it_ends(requests.make("animate", _ANIMATE)),
            await running.unless_it_ends(requests.make("video", _VIDEO)),
        ]
    say("the service has ended cleanly")
    await _close(service, files, say)


async def _on_and_on(service: Service, discord: DiscordStandIn, say: _Narrator) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with service.run() as running:
        say("the service starts: python -m bot")
        await running.unless_it_ends(_commands(discord, say))
        click.echo(
            f"\n  Open {discord.page_url} in a browser. Ctrl-C ends it.\n"
            "  To see things go wrong, write [[fail:SensitiveContent]], [[effect:504]] or\n"
            "  [[slow:600]] into a prompt, or type in #quiet, where the bot may not post.\n"
        )
        examples = asyncio.create_task(_examples(_Requests(service, discord, say)))
        try:
            await running.unless_it_ends(stop.wait())
        finally:
            examples.cancel()
    say(f"ended; its data stay in {service.folder}")


async def _examples(requests: "_Requests") -> None:
    """Have a member make two videos, so that the page has something to show."""
    with suppress(PlayFailed, TimeoutError):
        await asyncio.gather(requests.make("animate", _ANIMATE), requests.make("video", _VIDEO))


async def _commands(discord: DiscordStandIn, say: _Narrator) -> None:
    await discord.until_commands({"video", "animate"}, within=_START_S)
    say("it is connected and has registered its commands")


class _Requests:
    """What Ada types in the channel, and what can be seen of it."""

    def __init__(self, service: Service, discord: DiscordStandIn, say: _Narrator) -> None:
        self._service = service
        self._ada = discord.member("Ada")
        self._channel = discord.channel("videos")
        self._say = say

    async def make(self, name: str, options: dict[str, Any]) -> Path:
        """Type one command, tell what can be seen of it, and return the finished file."""
        self._say(f"Ada types /{name}: {options['prompt']}")
        answer = await self._ada.type(self._channel, name, options)
        await answer.until_answered(within=_ANSWER_S)
        job, price = _JOB_ID.search(answer.text), _PRICE.search(answer.text)
        if job is None or price is None:
            raise PlayFailed(f"/{name} was refused: {answer.text}")
        self._say(f"  private answer: job {job[1]}, {price[1]} held")
        telling = asyncio.create_task(self._tell_progress(job[1]))
        try:
            await self._channel.wait_for(lambda shown: _carries(shown, job[1]), within=_VIDEO_S)
        finally:
            telling.cancel()
        path = self._service.media / f"{job[1]}.mp4"
        self._say(f"  posted, and Ada is told: {path}")
        return path

    async def _tell_progress(self, job: str) -> None:
        """Say what the public status message shows, each time it changes."""
        seen = list[str]()

        def is_news(shown: Message) -> bool:
            return job in shown.text and not shown.attachments and shown.text not in seen

        while True:
            message = await self._channel.wait_for(is_news, within=_VIDEO_S)
            seen.append(message.text)
            self._say(f"  status message: {_progress_line(message.text)}")


def _progress_line(text: str) -> str:
    """Find the line above the small last one: it tells where the job stands."""
    line = text.splitlines()[-2] if len(text.splitlines()) > 1 else text
    return re.sub(r"<t:(\d+):R>", lambda found: f"{datetime.fromtimestamp(int(found[1])):%X}", line)  # noqa: DTZ006 - for the person at this machine


def _carries(message: Message, job: str) -> bool:
    return any(file.filename == f"{job}.mp4" for file in message.attachments)


async def _close(service: Service, files: list[Path], say: _Narrator) -> None:
    verdict = await service.audit()
    charged = verdict["ledger"]["charged"] / 1_000_000
    say(f"charged ${charged:.6g} for {verdict['jobs'].get('delivered', 0)} videos")
    say("audit: every invariant holds" if verdict["ok"] else f"audit: {verdict['violations']}")
    click.echo("\nThe videos:")
    for path in files:
        click.echo(f"  {path}")
    if not verdict["ok"]:
        raise PlayFailed("The audit found broken invariants.")
    if missing := [path for path in files if not path.is_file()]:
        raise PlayFailed(f"Not there: {', '.join(map(str, missing))}")
