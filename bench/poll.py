"""CPU of one look at a task by our client of APIXO, against the same requests by bare aiohttp.

The stand-in is a process of its own. Both clients keep their connection, and look in turn.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from pydantic import SecretStr

from apixo.client import ApixoClient
from bench.figures import Figure, report, scaled
from bench.stand_ins import run_stand_ins
from domain.models import ModelId
from domain.requests import Draft, GenerationCommand, build_request

_WARM_UP, _ROUNDS, _IN_A_ROUND = 100, 60, 50

_Poll = Callable[[], Awaitable[object]]


def measure(share: float = 1) -> bool:
    """Print the ratio."""
    ours, bare = asyncio.run(_both(share))
    ratio = Figure("CPU, ours / bare aiohttp", ours / bare, 1.5)
    return report(f"A look at a task (bare aiohttp: {bare * 1e6:.0f} µs)", [ratio])


async def _both(share: float) -> tuple[float, float]:
    async with run_stand_ins(speed=1e-6) as beside:
        found = beside["settings"]
        key, root = found["apixo_api_key"], found["apixo_base_url"]
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            ApixoClient(root, SecretStr(key)) as client,
            aiohttp.ClientSession(headers=headers) as session,
        ):
            draft = Draft(command=GenerationCommand.VIDEO, prompt="a lake at dusk")
            request = build_request(draft)
            task_id = await client.submit(request)
            url = f"{root}/statusTask/{request.model}"
            polls = _ours(client, request.model, task_id), _bare(session, url, task_id)
            return await _compare(*polls, share)


async def _compare(ours: _Poll, bare: _Poll, share: float) -> tuple[float, float]:
    for poll in (ours, bare):
        await _cpu_seconds(poll, scaled(_WARM_UP, share))
    each = scaled(_IN_A_ROUND, share)
    rounds = [
        (await _cpu_seconds(ours, each), await _cpu_seconds(bare, each))
        for _ in range(scaled(_ROUNDS, share))
    ]
    return statistics.median(a for a, _ in rounds), statistics.median(b for _, b in rounds)


def _ours(client: ApixoClient, model: ModelId, task_id: str) -> _Poll:
    return lambda: client.fetch_status(model, task_id)


def _bare(session: aiohttp.ClientSession, url: str, task_id: str) -> _Poll:
    async def poll() -> Any:
        async with session.get(url, params={"taskId": task_id}) as answer:
            found = json.loads(await answer.read())["data"]
        return found["state"], found.get("resultJson")

    return poll


async def _cpu_seconds(poll: _Poll, times: int) -> float:
    """Return the CPU seconds of one poll, of `times` in a row."""
    began_s = time.process_time()
    for _ in range(times):
        await poll()
    return (time.process_time() - began_s) / times
