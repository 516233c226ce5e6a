"""A plain bot, the floor: `/video` with discord.py, aiohttp and raw aiosqlite, and no rules.

It sends the requests that the service sends for a video, and commits the same facts at the same
moments, each with its SQL written out. It refuses nothing, repeats nothing and recovers nothing.
The environment names the stand-ins, as it does for the service; besides, `POLLS` is how often to
ask for each task, and `EDITS` how often to edit the status message meanwhile.
"""

import asyncio
import hashlib
import json
import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import aiosqlite
import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

_TABLES = """
CREATE TABLE jobs (id INTEGER PRIMARY KEY, user_id INTEGER, channel_id INTEGER, prompt TEXT,
    state TEXT, price_micro INTEGER, task_id TEXT, status_message_id INTEGER, shown TEXT,
    due_at_ms INTEGER, result_url TEXT, file_name TEXT, file_size INTEGER, file_sha256 TEXT,
    result_message_id INTEGER, created_at_ms INTEGER, ended_at_ms INTEGER);
CREATE TABLE events (id INTEGER PRIMARY KEY, job_id INTEGER, state TEXT, at_ms INTEGER);
CREATE TABLE ledger (id INTEGER PRIMARY KEY, job_id INTEGER, kind TEXT, micro INTEGER);
"""
_ORDER = (
    "INSERT INTO jobs (id, user_id, channel_id, prompt, state, price_micro, created_at_ms) "
    "VALUES (?, ?, ?, ?, 'queued', ?, ?)"
)
_EVENT = "INSERT INTO events (job_id, state, at_ms) VALUES (?, ?, ?)"
_LEDGER = "INSERT INTO ledger (job_id, kind, micro) VALUES (?, ?, ?)"
IS_READY: Final = "plain bot ready"
_PRICE_MICRO = 160_000
_STEP_S = 19
"""A quarter of the usual time of such a video, in documented time."""

_END_S = 90
"""When every task of a video of 8 seconds has ended, in documented time: the last poll."""


@dataclass(slots=True)
class _Job:
    order: discord.Interaction
    channel: Any
    prompt: str
    began_s: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> int:
        return self.order.id


class PlainBot(discord.Client):
    """A client with one command; `scale` divides every wait."""

    def __init__(self, folder: Path) -> None:
        super().__init__(intents=discord.Intents(guilds=True), max_messages=None)
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(app_commands.Command(name="video", description="-", callback=_video))
        self._folder = folder
        self._root = os.environ["APIXO_BASE_URL"]
        self._scale = float(os.environ["TIME_SCALE"])
        self._ages_s = (*range(10, 10 * int(os.environ["POLLS"]), 10), _END_S)
        self._edits = int(os.environ["EDITS"])
        self._turn = asyncio.Lock()
        self._making = set[asyncio.Task[None]]()

    async def setup_hook(self) -> None:
        """Open the database, and register the command."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._database = await aiosqlite.connect(self._folder / "plain.db", isolation_level=None)
        with suppress(sqlite3.OperationalError):  # it is a restart, they are there
            await self._database.executescript(_TABLES)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            await self._database.execute(f"PRAGMA {pragma}")
        key = os.environ["APIXO_API_KEY"]
        self._http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"})
        await self.tree.sync()

    async def on_ready(self) -> None:
        """Say so."""
        print(IS_READY, flush=True)

    async def close(self) -> None:
        """Close every connection."""
        await super().close()
        await self._http.close()
        await self._database.close()

    async def order(self, interaction: discord.Interaction, prompt: str) -> None:
        """Take a command, answer it, and make its video."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = _Job(interaction, interaction.channel, prompt)
        accepted = (job.id, interaction.user.id, job.channel.id, prompt, _PRICE_MICRO, _now_ms())
        await self._commit(
            (_ORDER, accepted),
            (_LEDGER, (job.id, "hold", _PRICE_MICRO)),
            (_EVENT, (job.id, "queued", _now_ms())),
        )
        making = asyncio.create_task(self._make(job))
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        await interaction.edit_original_response(content=f"Job `{job.id}` is queued, $0.16 held.")

    async def _make(self, job: _Job) -> None:
        await self._move(job, "submitting")
        submitting = asyncio.create_task(self._submit(job))
        status = await job.channel.send(f"`{job.id}` {job.prompt}: being made")
        await self._set(job, status_message_id=status.id, shown="generating")
        await job.order.edit_original_response(content=f"Job `{job.id}` is being made.")
        showing = asyncio.create_task(self._show_progress(job, status))
        url = await self._poll(job, await submitting)
        showing.cancel()
        ledger = _LEDGER, (job.id, "charge", _PRICE_MICRO)
        await self._move(job, "succeeded", ledger, result_url=url)
        file = await self._fetch(job, url)
        await self._move(job, "posting")
        posted = await job.channel.send(f"<@{job.id}>", file=discord.File(file))
        await self._move(job, "delivered", result_message_id=posted.id, ended_at_ms=_now_ms())
        await status.delete()
        await self._set(job, shown="delivered", status_message_id=None)
        await job.order.edit_original_response(content=f"Job `{job.id}` is done.")

    async def _show_progress(self, job: _Job, status: discord.Message) -> None:
        for number in range(1, self._edits + 1):
            await asyncio.sleep(_STEP_S / self._scale)
            await status.edit(content=f"`{job.id}` {job.prompt}: being made, {number} of 4")

    async def _submit(self, job: _Job) -> str:
        wanted = {"mode": "text-to-video", "prompt": job.prompt, "duration": 8}
        look = {"resolution": "720p", "aspect_ratio": "16:9", "sound": False, "fixed_lens": False}
        body = {"request_type": "async", "input": {**wanted, **look}}
        url = f"{self._root}/generateTask/seedance-1-5-pro"
        async with self._http.post(url, json=body) as answer:
            task_id: str = (await answer.json())["data"]["taskId"]
        await self._move(job, "generating", task_id=task_id, due_at_ms=_now_ms())
        return task_id

    async def _poll(self, job: _Job, task_id: str) -> str:
        url, began_s = f"{self._root}/statusTask/seedance-1-5-pro", time.monotonic()
        for age_s in self._ages_s:
            await asyncio.sleep(began_s + age_s / self._scale - time.monotonic())
            async with self._http.get(url, params={"taskId": task_id}) as answer:
                status = (await answer.json())["data"]
            if status["state"] == "success":
                return json.loads(status["resultJson"])["resultUrls"][0]
            await self._set(job, due_at_ms=_now_ms())
        raise TimeoutError(task_id)

    async def _fetch(self, job: _Job, url: str) -> Path:
        file = self._folder / f"{job.id}.mp4"
        async with self._http.get(url) as answer:
            data = await answer.read()
        await asyncio.to_thread(file.write_bytes, data)
        digest = hashlib.sha256(data).hexdigest()
        stored = {"file_name": file.name, "file_size": len(data), "file_sha256": digest}
        await self._move(job, "stored", **stored)
        return file

    async def _move(
        self, job: _Job, state: str, *more: tuple[str, tuple[Any, ...]], **facts: object
    ) -> None:
        event = _EVENT, (job.id, state, _now_ms())
        await self._commit(_update(job, state=state, **facts), event, *more)

    async def _set(self, job: _Job, **facts: object) -> None:
        await self._commit(_update(job, **facts))

    async def _commit(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        async with self._turn:
            await self._database.execute("BEGIN IMMEDIATE")
            for statement, values in statements:
                await self._database.execute(statement, values)
            await self._database.execute("COMMIT")


async def _video(
    interaction: discord.Interaction,
    prompt: str,
    model: str | None = None,
    duration: int | None = None,
) -> None:
    """Make a video."""
    del model, duration
    bot: Any = interaction.client
    await bot.order(interaction, prompt)


def _update(job: _Job, **facts: object) -> tuple[str, tuple[Any, ...]]:
    names = ", ".join(f"{name} = ?" for name in facts)
    return f"UPDATE jobs SET {names} WHERE id = ?", (*facts.values(), job.id)  # noqa: S608 - names


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    """Run until SIGINT."""
    Route.BASE = os.environ["DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = URL(os.environ["DISCORD_GATEWAY_URL"])
    PlainBot(Path(os.environ["MEDIA_STORE"])).run(os.environ["DISCORD_TOKEN"], log_handler=None)


if __name__ == "__main__":
    main()
