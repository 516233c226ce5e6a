"""What a video costs a bot, from the command to the posted video, against a plain bot.

Both are processes of their own, against stand-ins in this one; only their CPU counts, less what
they take in that time anyway. Their videos come one after the other, so that nothing is shared.
"""

import asyncio
import time
from dataclasses import dataclass

from bench.bots import OURS, PLAIN, MeasuredBot, run_bot
from bench.figures import Figure, report, scaled

_VIDEOS, _WARM_UP = 30, 10
"""How long tasks take is learned from the first eight of a kind."""

_IDLE_S = 15.0
_MAX_EDITS = 4
_TIME_SCALE = 40.0


@dataclass(frozen=True, slots=True)
class _Cost:
    """What one video cost: CPU seconds, transactions and statements of SQLite, and requests.

    `edits` are those of its status message, which shows how far it is.
    """

    cpu_s: float
    transactions: float
    statements: float
    polls: float
    edits: float
    other_requests: float


def measure(share: float = 1) -> bool:
    """Print the ratio of CPU, and the number of statements."""
    ours, plain = asyncio.run(_both(share))
    assert ours.other_requests == plain.other_requests, "they do not do the same"
    assert ours.edits <= _MAX_EDITS, "the status message is edited too often"
    return report(
        f"A video from command to post (plain bot: {plain.cpu_s * 1e3:.1f} ms, "
        f"{plain.polls:.1f} polls, {plain.edits:.1f} edits; ours: {ours.cpu_s * 1e3:.1f} ms, "
        f"{ours.polls:.1f} polls, {ours.edits:.1f} edits, {ours.transactions:.1f} transactions)",
        [
            Figure("CPU, ours / plain bot", ours.cpu_s / plain.cpu_s, 4),
            Figure("SQL statements", ours.statements, 40),
        ],
    )


async def _both(share: float) -> tuple[_Cost, _Cost]:
    ours = await _measure(OURS, share)
    polls, edits = max(1, round(ours.polls)), round(ours.edits)
    return ours, await _measure(PLAIN, share, polls, edits)


async def _measure(module: str, share: float, polls: int = 1, edits: int = 0) -> _Cost:
    videos = scaled(_VIDEOS, share)
    async with run_bot(module, _TIME_SCALE, polls=polls, edits=edits) as bot:
        for _ in range(scaled(_WARM_UP, share)):
            await bot.make_video()
        await asyncio.sleep(1)
        began_s, before = time.monotonic(), _read(bot)
        await asyncio.sleep(_IDLE_S * share)
        idle_s, idle = time.monotonic(), _read(bot)
        for _ in range(videos):
            await bot.make_video()
        await asyncio.sleep(0.5)
        lasted, after = (time.monotonic() - idle_s) / (idle_s - began_s), _read(bot)
    readings = zip(before, idle, after, strict=True)
    cpu_s, transactions, statements, *requests = [
        (last - middle - (middle - first) * lasted) / videos for first, middle, last in readings
    ]
    return _Cost(cpu_s, transactions, statements, *requests)


def _read(bot: MeasuredBot) -> tuple[float, ...]:
    return bot.cpu_s, *bot.counts.read(), bot.polls, bot.edits, bot.other_requests
