"""Strangers open what they can on the HTTP port: members are answered all the same."""

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import aiohttp
import pytest

from sandbox.demo.process import launch
from tests.harness.ports import free_port
from tests.harness.service import ServiceHarness

DESCRIPTORS = 1024
_LIMITED = ["sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$0" "$@"', sys.executable, "-m", "bot"]
HALF = b"GET /healthz HTTP/1.1\r\nHost: bot.example\r\nX-Slow: "


@pytest.fixture
def descriptors() -> Iterator[None]:
    """As many for this process as the floods need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def opened(descriptors: None) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Connections to be cut in the end."""
    writers = list[asyncio.StreamWriter]()
    yield writers
    for writer in writers:
        writer.transport.abort()
    await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


async def test_members_are_answered_while_half_requests_fill_the_port(
    harness: ServiceHarness, opened: list[asyncio.StreamWriter]
):
    """More connections than the process may open files; then garbage on each of as many again."""
    port = free_port()
    environment = {**harness.service.environment, "HTTP_PORT": str(port)}
    service = replace(harness.service, command=_LIMITED, environment=environment, launch=launch)
    async with service.run(), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        await harness.wait_until_ready()
        for text in (HALF, b"\x16\x03\x01 no HTTP\r\n\r\n"):
            for _ in range(DESCRIPTORS + 100):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                opened.append(writer)
                writer.write(text)
            async with session.get("/healthz", headers={"Connection": "close"}) as answer:
                assert answer.status == 200
            await harness.run_command("jobs", {})
            job = await harness.order_video("video", {"prompt": "a lake", "duration": 4})
            await harness.wait_for_result(job)
    log = service.log.read_text()
    assert "Too many open files" not in log
    assert len(log.splitlines()) < 200, log[-2000:]
    await harness.audit()
