"""The real process (`python -m bot`) between both stand-ins, and a channel to type in."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from domain.models import ModelId
from sandbox.apixo import FakeApixo
from sandbox.demo.job_posts import is_about, is_post, job_id_in
from sandbox.demo.process import ServiceProcess, service_for
from sandbox.discord import DiscordConfig, FakeDiscord, Interaction, Message, Upload
from tests.harness.forked_bot import BOT_COMMAND, fork_bot

LAKE = Path("sandbox/demo/pictures/lake.jpg")
TIMEOUT_S = 120
SPEED = 960
"""How much faster than APIXO a stand-in of it makes videos, if nothing depends on it."""

_PACE = "60"
"""How much faster the service waits: so it has two minutes until it takes a task for stuck."""

PATIENT = DiscordConfig(ack_seconds=TIMEOUT_S, identify_seconds=0)
"""A Discord that does not mind how busy this machine is, nor how often the service starts."""

_HALTED = 1e-3


@dataclass
class ServiceHarness:
    """Two stand-ins and the service between them; `channel` is where Ada types."""

    apixo: FakeApixo
    discord: FakeDiscord
    service: ServiceProcess

    @classmethod
    def create(
        cls,
        apixo: FakeApixo,
        discord: FakeDiscord,
        folder: Path,
        settings: Mapping[str, str] | None = None,
    ) -> "ServiceHarness":
        service = service_for(
            apixo,
            discord,
            command=BOT_COMMAND,
            folder=folder,
            settings={"TIME_SCALE": _PACE, **(settings or {})},
            launch=fork_bot,
        )
        return cls(apixo, discord, service)

    async def run_command_line(self, *command: str) -> tuple[int, str]:
        """Run another command of the command line with the service's settings."""
        code, said, complaints = await self.service.run_command(*command)
        return code, said + complaints

    async def wait_until_ready(self) -> None:
        """Wait until the service has registered its commands and takes them."""
        await self.discord.wait_for_commands({"video", "animate"}, within=TIMEOUT_S)

    async def run_command(
        self, name: str, options: dict[str, Any], *, who: str = "Ada", where: str = "videos"
    ) -> Interaction:
        """Type a command and wait for its private answer."""
        channel = self.discord.channel(where)
        answer = await self.discord.member(who).run_command(channel, name, options)
        await answer.until_answered(within=TIMEOUT_S)
        assert answer.ephemeral
        return answer

    async def order_video(self, name: str, options: dict[str, Any], **place: str) -> str:
        """Type a command that is accepted, and return its job's id."""
        answer = await self.run_command(name, options, **place)
        return job_id_in(answer)

    async def wait_for_result(self, job: str, where: str = "videos") -> Message:
        """Wait for the message that carries a job's video."""
        return await self.discord.channel(where).wait_for(
            lambda message: any(file.filename == f"{job}.mp4" for file in message.attachments),
            within=TIMEOUT_S,
            awaited=f"the video of {job}",
        )

    async def wait_for_status(self, job: str, shows: str, where: str = "videos") -> Message:
        """Wait until a job's status message shows some words."""
        return await self.discord.channel(where).wait_for(
            lambda m: is_about(m, job) and shows in m.text and not m.attachments,
            within=TIMEOUT_S,
            awaited=f"{shows!r} on {job}",
        )

    async def wait_for_end(self, job: str, where: str = "videos") -> None:
        """Wait until the only message about a job in a channel is its result."""
        channel = self.discord.channel(where)

        def find() -> bool | None:
            marks = [
                is_post(message, job, "result")
                for message in channel.messages
                if is_about(message, job)
            ]
            return marks == [True] or None

        await self.discord.world.changes.wait_until(
            find, TIMEOUT_S, f"the end of {job}", lambda: "; ".join(map(str, channel.messages))
        )

    def result_messages(self, job: str) -> list[Message]:
        """List every message that carries a job's video, in any channel."""
        return [
            message
            for message in self.discord.world.messages()
            if any(file.filename == f"{job}.mp4" for file in message.attachments)
        ]

    @contextmanager
    def halted_apixo(self) -> Iterator[None]:
        """Let no task come to its end while the context is open."""
        scale = self.apixo.scaled_clock.scale
        self.apixo.scaled_clock.adjust(scale=_HALTED)
        try:
            yield
        finally:
            self.apixo.scaled_clock.adjust(scale=scale)

    async def audit(self) -> dict[str, Any]:
        """Have the command line prove the ledger."""
        verdict = await self.service.audit()
        assert verdict["ok"], verdict
        return verdict


def request_of_every_mode() -> list[tuple[str, dict[str, Any]]]:
    """List a request for each mode of both models, pictures given as one and as two."""
    requests: list[tuple[str, dict[str, Any]]] = []
    for model in ModelId:
        options = {"prompt": "the boat drifts to the right", "model": str(model), "duration": 4}
        requests += [
            ("video", options),
            ("animate", {**options, "image": LAKE}),
            ("animate", {**options, "image": LAKE, "last_image": make_picture("night.png")}),
        ]
    words = {"prompt": "the boat drifts to the right", "duration": 4}
    return [*requests, ("reference", {**words, "image1": LAKE}), ("reference", words)]


def make_picture(name: str, kind: str = "PNG", size: tuple[int, int] = (640, 360)) -> Upload:
    """Draw a picture of one colour."""
    data = io.BytesIO()
    Image.new("RGB", size, (20, 30, 80)).save(data, kind)
    return Upload(name, data.getvalue())
