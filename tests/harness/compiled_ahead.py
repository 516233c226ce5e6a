"""Read by the fork server alone: its forks find the SQL compiled that a video takes.

A bot has lived a life before, in memory: it makes a video and proves its ledger. To compile what
that takes is a third of the CPU of a life, and three quarters of an audit's. What is in it for
SQLite alone, PostgreSQL never meets: the key of a statement has the classes of its parts.
"""

import asyncio
import io
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.ext.asyncio import create_async_engine

from cogs.ui import command_mentions
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.discord import FakeDiscord
from storage import audit
from storage.database import Database
from tests.harness.bot import BotHarness
from tests.harness.inline_sqlite import sqlite_without_threads
from tests.harness.memory import find_memory
from tests.harness.service import PATIENT, SPEED
from tests.harness.statement_cache import share_statement_cache
from tests.harness.workflow import NO_LIMITS
from workflow.context import Policy


async def _live(folder: Path) -> None:
    apixo = FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED))
    discord = FakeDiscord(PATIENT)
    async with apixo, discord, await Database.open(f"sqlite:///{folder}/life.db") as database:
        await database.migrate()
        policy = Policy(limits=NO_LIMITS, max_tasks=5, time_scale=SPEED)
        bot = BotHarness(discord, apixo, database, folder, policy)
        await bot.start()
        await bot.make_video(discord.member("Ada"), "video", {"prompt": "a lake", "duration": 4})
        await bot.stop()
        await database.read(audit.run_audit)


_cache = share_statement_cache()
# What is logged meanwhile is not for the terminal of who wants the forks.
with (
    TemporaryDirectory(dir=find_memory()) as _folder,
    sqlite_without_threads(),
    redirect_stdout(io.StringIO()),
):
    asyncio.run(_live(Path(_folder)))
_cache.compile_for(create_async_engine("postgresql+asyncpg://").dialect)
# All else that a process remembers lies in its bot; a fork has fetched no command yet.
command_mentions.remember_commands([])
