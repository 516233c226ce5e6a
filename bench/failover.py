"""How long members wait for an answer when a process dies, and when all are restarted in turn.

Three processes on PostgreSQL, and one shard. None of them can see whether another one of this
machine lives, as if each had a host of its own.
"""

import asyncio
import signal
import time
from contextlib import suppress
from typing import Any

import bot.sharding.leases
from bench.cluster import Cluster, run_cluster
from bench.figures import Figure, report
from sandbox.discord import Interaction
from sandbox.discord.errors import WaitTimeoutError

_NAMES = ("one", "two", "three")
_COMMANDS_A_SECOND = 50
_PATIENCE_S = 120
_ACK_S = 3


def measure(share: float = 1) -> bool:
    """Print the seconds, and the number of commands without an answer."""
    seconds, typed, unanswered = asyncio.run(_both(share))
    return report(
        f"A process dies, and all are restarted in turn ({typed} commands meanwhile)",
        [
            Figure("from SIGKILL to the next command answered", seconds, 45, " s"),
            Figure("commands unanswered during the restarts", unanswered, 0),
        ],
    )


def see_no_neighbours() -> None:
    """Be as if on a host of one's own."""
    any_leases: Any = bot.sharding.leases
    any_leases._pid_space = lambda: None


async def _both(share: float) -> tuple[float, int, int]:
    # A start of its own for each measurement: what it needs at the least, with a small share.
    prepare = see_no_neighbours if share >= 1 else None
    async with run_cluster(1, prepare, ack_seconds=_ACK_S) as cluster:
        names = _NAMES if share >= 1 else _NAMES[:2]
        for name in names:
            await cluster.start(name)
        await cluster.discord.wait_for_commands({"price"}, within=_PATIENCE_S)
        seconds = await _kill(cluster)
        return seconds, *await _restart(cluster, share)


async def _kill(cluster: Cluster) -> float:
    """Kill the process with the shard; return the seconds until a command is answered."""
    name = await cluster.find_holder()
    process = cluster.running.pop(name)
    began_s = time.monotonic()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    while not await _is_answered(await _type(cluster), within=_ACK_S):
        pass
    taken_s = time.monotonic() - began_s
    await cluster.start(name)
    return taken_s


async def _restart(cluster: Cluster, share: float) -> tuple[int, int]:
    """End each process and start it again; return how many commands came, and went unanswered."""
    over = asyncio.Event()
    typing = asyncio.create_task(_keep_typing(cluster, max(1, _COMMANDS_A_SECOND * share), over))
    for name in [*cluster.running] if share >= 1 else [await cluster.find_holder()]:
        await cluster.end(name)
        await cluster.start(name)
    over.set()
    typed = await typing
    until_s = time.monotonic() + _PATIENCE_S
    answered = [
        await _is_answered(one, within=max(0.01, until_s - time.monotonic())) for one in typed
    ]
    return len(typed), answered.count(False)


async def _keep_typing(cluster: Cluster, a_second: float, over: asyncio.Event) -> list[Interaction]:
    typed, began_s = list[Interaction](), time.monotonic()
    while not over.is_set():
        typed.append(await _type(cluster))
        await asyncio.sleep(max(0.0, began_s + len(typed) / a_second - time.monotonic()))
    return typed


async def _type(cluster: Cluster) -> Interaction:
    channel = cluster.discord.channel("videos")
    return await cluster.discord.member("Ada").run_command(channel, "price", {})


async def _is_answered(typed: Interaction, within: float) -> bool:
    with suppress(WaitTimeoutError):
        await typed.until_answered(within=within)
        return not typed.failed
    return False
