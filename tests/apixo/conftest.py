"""APIXO's stand-in, a client of it, and files that a request may refer to."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# The types of PyAV name those of numpy, which is not installed.

import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image
from pydantic import SecretStr

from apixo.client import ApixoClient
from domain.requests import VideoRequest
from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from tests.harness.video_requests import request_of_every_mode

KEY = "sk-a-very-secret-key"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def apixo(clock: ManualClock) -> AsyncIterator[FakeApixo]:
    async with FakeApixo(ApixoConfig(key=KEY, clips="tiny"), clock) as fake_apixo:
        yield fake_apixo


@pytest.fixture
async def client(apixo: FakeApixo) -> AsyncIterator[ApixoClient]:
    async with ApixoClient(apixo.base_url, SecretStr(KEY)) as opened:
        yield opened


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two pictures, a video of 3 s and an audio of 3 s."""
    folder = tmp_path_factory.mktemp("media")
    for name in ("first.png", "last.png"):
        Image.new("RGB", (640, 360), "navy").save(folder / name)
    _write_video(folder / "motion.mp4")
    (folder / "voice.wav").write_bytes(_silence())
    return folder


@pytest.fixture
async def requests(media: Path) -> AsyncIterator[list[VideoRequest]]:
    """Give a request of every mode whose files lie on a server of this machine."""
    app = web.Application()
    app.router.add_static("/", media)
    async with TestServer(app) as server:
        at = str(server.make_url("/"))
        images = (f"{at}first.png", f"{at}last.png")
        yield request_of_every_mode(images, f"{at}motion.mp4", f"{at}voice.wav")


def _write_video(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (64, 36)))
        for _ in range(24):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setparams((1, 2, 8000, 0, "NONE", ""))
        audio.writeframes(bytes(2 * 8000 * 3))
    return file.getvalue()
