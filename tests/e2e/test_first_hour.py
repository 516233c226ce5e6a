"""The operator's first hour, as the README and docs/operating.md have it, in a folder of its own.

From a fresh checkout by setup and doctor to the first video, what it cost, a copy, its way back,
the move to PostgreSQL, and the next video. Each step says what it did in words, and no secret.
"""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.apixo import FakeApixo
from sandbox.demo.process import terminate
from sandbox.discord import FakeDiscord
from tests.conftest import Address, PostgresqlTemplate
from tests.harness.forked_bot import BOT_COMMAND, fork_bot
from tests.harness.operator_terminal import run_piped
from tests.harness.ports import free_port
from tests.harness.service import ServiceHarness

ROOT = Path(__file__).parents[2]
VIDEO = {"prompt": "a lake at dusk", "duration": 4}


@dataclass
class Operator:
    """Who has a fresh checkout, and types commands in it."""

    harness: ServiceHarness
    folder: Path
    port: str

    @property
    def environment(self) -> dict[str, str]:
        """Where the stand-ins are; everything else is asked by the setup, or has its default."""
        given = self.harness.service.environment
        named = ("APIXO_BASE_URL", "DISCORD_API_URL", "DISCORD_GATEWAY_URL", "TIME_SCALE")
        return {**os.environ, **{name: given[name] for name in named}, "HTTP_PORT": self.port}

    async def type(self, *words: str, answers: str = "") -> str:
        """Type a command that ends well, and return what it said."""
        code, said = await run_piped(self.folder, self.environment, words, answers)
        assert code == 0, said
        assert "Traceback" not in said
        for secret in (self.harness.discord.token, self.harness.apixo.key):
            assert secret not in said
        return said

    async def count_spending(self) -> dict[str, str]:
        """Return what each model has cost today, in dollars, as the report has it."""
        said = await self.type("report", "--period", "today", "--group-by", "model")
        sentence, _, table = said.partition("first_day")
        assert sentence.startswith("Reconciliation: balance $")
        rows = csv.DictReader(io.StringIO(f"first_day{table}"))
        return {row["model"]: row["net_usd"] for row in rows}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the service, which ends cleanly and has logged nothing that went wrong."""
        log = self.folder / "service.log"
        log.unlink(missing_ok=True)
        process = await fork_bot([*BOT_COMMAND], self.environment, log, log)
        try:
            await self.harness.wait_until_ready()
            yield
        finally:
            code = await terminate(process)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert code == 0, lines
        assert [line for line in lines if line["level"] in ("error", "critical")] == []

    async def make_video(self) -> str:
        """Have a member make a video, and return its job."""
        job = await self.harness.order_video("video", VIDEO)
        await self.harness.wait_for_result(job)
        return job


def clone(folder: Path) -> None:
    """Lay out what a checkout has beside the program."""
    folder.mkdir()
    for name in (".env.example", "README.md"):
        shutil.copy(ROOT / name, folder)


async def test_the_first_hour(harness: ServiceHarness, tmp_path: Path, postgresql: Address):
    """Each video is charged once, and the copy brings back what there was."""
    server = PostgresqlTemplate(postgresql)
    url = await server.make(tmp_path, empty=True)
    folder = tmp_path / "dailies"
    clone(folder)
    operator = Operator(harness, folder, str(free_port()))
    await set_up(operator)
    async with operator.running():
        first = await operator.make_video()
        assert marks(await operator.type("doctor")) == {"ok"}
        assert await operator.count_spending() == {"seedance-1-5-pro": "0.080000"}
        said = await operator.type("backup", "dailies.tar")
        assert "Copied to dailies.tar: the database and 1 media file." in said
        assert "Every invariant holds." in await operator.type("audit")
    await put_back(operator)
    await move_to(operator, url)
    async with operator.running():
        second = await operator.make_video()
    assert "Every invariant holds." in await operator.type("audit")
    assert await operator.count_spending() == {"seedance-1-5-pro": "0.160000"}
    assert [len(harness.result_messages(job)) for job in (first, second)] == [1, 1]
    assert len(harness.apixo.tasks) == 2
    assert secrets_in(folder, harness.discord, harness.apixo) == {".env"}
    await server.drop(url)


async def set_up(operator: Operator) -> None:
    """Answer the setup's questions, and find nothing that ails."""
    discord, apixo = operator.harness.discord, operator.harness.apixo
    answers = f"{discord.token}\n{apixo.key}\n2.50\n\n\n\n\n"
    said = await operator.type("setup", answers=answers)
    assert "This is Dailies (application" in said
    assert "Ready. Start it with `.venv/bin/python -m bot`" in said
    assert (operator.folder / ".env").exists()
    assert marks(await operator.type("doctor")) == {"ok"}


async def move_to(operator: Operator, url: str) -> None:
    """Move everything to PostgreSQL, have the setup write its address, and find nothing wrong."""
    said = await operator.type("move", url)
    assert re.search(r"Moved \d+ rows of \d+ tables", said), said
    assert "Next: set DATABASE_URL to the new address" in said
    (operator.folder / "url").write_text(url)
    said = await operator.type("setup", "--no-questions", "--database-url-file", "url")
    assert "Written to .env, which only you may read: DATABASE_URL." in said
    assert marks(await operator.type("doctor")) == {"ok"}


async def put_back(operator: Operator) -> None:
    """Put the archive in the place of what is there, and find nothing that ails."""
    said = await operator.type("restore", "dailies.tar")
    assert "Restored from dailies.tar" in said
    assert "The database that was there is kept as" in said
    assert marks(await operator.type("doctor")) == {"ok"}


def marks(said: str) -> set[str]:
    """Return the levels of the doctor's lines."""
    lines = [line for line in said.splitlines() if line]
    found = [re.match(r"(ok|WARN|FAIL)\s+[a-z ]+: \S", line) for line in lines]
    assert all(found), said
    return {one[1] for one in found if one is not None}


def secrets_in(folder: Path, discord: FakeDiscord, apixo: FakeApixo) -> set[str]:
    """Return the names of the files that hold token or key."""
    secrets = [discord.token.encode(), apixo.key.encode()]
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
    }
