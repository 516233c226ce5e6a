"""The world of a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader
from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from storage.database import Database
from storage.media import MediaFolder
from tests.conftest import Template
from tests.harness.playback import MemoizedPlaybackCheck
from tests.harness.workflow import NO_LIMITS, WorkflowHarness
from workflow.context import Context, Policy


@pytest.fixture
def template(request: pytest.FixtureRequest) -> Template:
    """Take the embedded database, unless a test names others: most steps do not see the engine."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_template")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def apixo(clock: ManualClock) -> AsyncIterator[FakeApixo]:
    async with FakeApixo(ApixoConfig(clips="tiny"), clock) as fake_apixo:
        yield fake_apixo


@pytest.fixture
async def harness(
    database: Database, apixo: FakeApixo, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[WorkflowHarness]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(ApixoClient(apixo.base_url, SecretStr(apixo.key)))
        results = await stack.enter_async_context(ResultDownloader(("apixo.ai",), "127.0.0.1"))
        make = partial(
            Context,
            apixo=client,
            results=results,
            media=MediaFolder(tmp_path / "media"),
            playback=MemoizedPlaybackCheck(),
            policy=Policy(limits=NO_LIMITS, max_tasks=5),
            now_ms=lambda: round(clock.now() * 1000),
            random=Random(7),  # noqa: S311 - jitter
        )
        built = WorkflowHarness(database, apixo, clock, make)
        await built.worker.recover()
        yield built
        await built.worker.drain(5)
        await asyncio.sleep(0)
