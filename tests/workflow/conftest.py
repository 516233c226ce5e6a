"""The world a belt turns in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.downloads import ResultFetcher
from sandbox.apixo import ApixoOptions, ApixoStandIn, HandClock
from storage.database import Database
from storage.media import MediaFolder
from tests.conftest import Template
from tests.harness.workflow import NO_LIMITS, World
from workflow.context import Context, Policy


@pytest.fixture
def template(request: pytest.FixtureRequest) -> Template:
    """Take the embedded database, unless a test names others: most steps do not see the engine."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_template")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def apixo(clock: HandClock) -> AsyncIterator[ApixoStandIn]:
    async with ApixoStandIn(ApixoOptions(clips="tiny"), clock) as stand_in:
        yield stand_in


@pytest.fixture
async def world(
    database: Database, apixo: ApixoStandIn, clock: HandClock, tmp_path: Path
) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(ApixoClient(apixo.base_url, SecretStr(apixo.key)))
        results = await stack.enter_async_context(ResultFetcher(("apixo.ai",), "127.0.0.1"))
        make = partial(
            Context,
            apixo=client,
            results=results,
            media=MediaFolder(tmp_path / "media"),
            policy=Policy(limits=NO_LIMITS, max_tasks=5),
            now_ms=lambda: round(clock.now() * 1000),
            random=Random(7),  # noqa: S311 - jitter
        )
        built = World(database, apixo, clock, make)
        await built.belt.start()
        yield built
        await built.belt.drain(5)
        await asyncio.sleep(0)
