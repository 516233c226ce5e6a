"""A stand-in on a clock moved by hand, a customer of it, and a host for media and callbacks."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

import aiohttp
import av
import pytest
from aiohttp import web
from PIL import Image

from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock

DEADLINE_SECONDS = 20

SUBMISSIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "1.5 text": (
        "seedance-1-5-pro",
        {
            "mode": "text-to-video",
            "prompt": "a calm seaside sunrise",
            "resolution": "720p",
            "duration": 8,
            "sound": False,
            "aspect_ratio": "16:9",
        },
    ),
    "1.5 image": (
        "seedance-1-5-pro",
        {
            "mode": "image-to-video",
            "prompt": "animate this landscape",
            "image_urls": ["https://example.com/start-frame.jpg"],
            "resolution": "480p",
            "duration": 4,
            "sound": True,
            "aspect_ratio": "1:1",
        },
    ),
    "2.0 text": ("seedance-2-0", {"mode": "text-to-video", "prompt": "a foggy forest"}),
    "2.0 frames": (
        "seedance-2-0",
        {
            "mode": "first_and_last_frames",
            "prompt": "a smooth camera move",
            "image_urls": ["https://example.com/frame-start.png"],
        },
    ),
    "2.0 omni": ("seedance-2-0", {"mode": "omni_reference", "prompt": "a stylish product ad"}),
}
"""The least that each mode takes."""


@dataclass(frozen=True, slots=True)
class ApiReply:
    """An answer: `body` is decoded JSON with exact numbers, or bytes if it was none."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def error(self) -> str:
        return self.body["data"]["error"]


class ApiClient:
    """Asks a stand-in over HTTP, with its key."""

    def __init__(self, apixo: FakeApixo) -> None:
        self._root = apixo.base_url
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {apixo.key}"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def submit(self, order: str = "1.5 text", **changes: Any) -> ApiReply:
        """Submit one of `ORDERS` with its input changed; a field set to `...` is left out."""
        model, fields = SUBMISSIONS[order]
        kept = {name: value for name, value in {**fields, **changes}.items() if value is not ...}
        return await self.post(model, {"request_type": "async", "input": kept})

    async def submit_task(self, order: str = "1.5 text", **changes: Any) -> str:
        """Submit as `submit` does and give the task's id."""
        return (await self.submit(order, **changes)).data["taskId"]

    async def post(self, model: str, body: object) -> ApiReply:
        return await self.ask("POST", f"/generateTask/{model}", json=body)

    async def status(self, task_id: str, model: str = "seedance-1-5-pro") -> ApiReply:
        return await self.ask("GET", f"/statusTask/{model}", params={"taskId": task_id})

    async def balance(self) -> Decimal:
        return (await self.ask("GET", "/apikeys/current-balance")).data

    async def download(self, task_id: str, model: str = "seedance-1-5-pro") -> ApiReply:
        """Fetch the result of a task that has ended well, without the key."""
        result = json.loads((await self.status(task_id, model)).data["resultJson"])
        return await self.get(result["resultUrls"][0])

    async def get(self, url: str) -> ApiReply:
        async with aiohttp.ClientSession() as anyone, anyone.get(url, allow_redirects=False) as got:
            return ApiReply(got.status, await got.read(), got.headers)

    async def ask(self, method: str, path: str, **options: Any) -> ApiReply:
        async with self._session.request(method, self._root + path, **options) as response:
            data = await response.read()
            try:
                body = json.loads(data, parse_float=Decimal)
            except (ValueError, RecursionError):
                body = data
            return ApiReply(response.status, body, response.headers)


@dataclass(slots=True)
class FileHost:
    """Serves files, and takes callbacks: each answer is the next of `answers`, then 200."""

    root: str = ""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    answers: list[int] = field(default_factory=list[int])
    callbacks: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue[Any])

    def serve(self, name: str, data: bytes) -> str:
        """Serve a file and give its address."""
        self.files[name] = data
        return f"{self.root}/{name}"

    async def next_callback(self) -> Any:
        """Wait for the next callback and give its body."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.callbacks.get()

    async def answer(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            self.callbacks.put_nowait(await request.json())
            return web.Response(status=self.answers.pop(0) if self.answers else 200)
        data = self.files.get(request.path.removeprefix("/"))
        return web.Response(status=404) if data is None else web.Response(body=data)


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not is_so():
            await asyncio.sleep(0.005)


def png(colour: str = "teal", size: tuple[int, int] = (400, 300), kind: str = "PNG") -> bytes:
    """Make an image file of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def mp4(milliseconds: int) -> bytes:
    """Make a video file of that length out of two frames."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for pts in (0, milliseconds - 1):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts, frame.time_base = pts, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def wav(milliseconds: int) -> bytes:
    """Make a silent audio file of that length."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(1000)
        sound.writeframes(b"\x80" * milliseconds)
    return file.getvalue()


@pytest.fixture
def clock() -> ManualClock:
    """Stand still."""
    return ManualClock()


@pytest.fixture
def options() -> ApixoConfig:
    """Give quick clips; a test for something else parametrises this."""
    return ApixoConfig(clips="tiny")


@pytest.fixture
async def apixo(options: ApixoConfig, clock: ManualClock) -> AsyncIterator[FakeApixo]:
    """Start a stand-in."""
    async with FakeApixo(options, clock) as started:
        yield started


@pytest.fixture
async def client(apixo: FakeApixo) -> AsyncIterator[ApiClient]:
    """Be a customer of the stand-in."""
    async with ApiClient(apixo) as made:
        yield made


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    """Start a host for media and callbacks."""
    made = FileHost()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{tail:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()
