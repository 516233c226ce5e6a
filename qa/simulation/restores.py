"""Copies of the database, and an operator who puts one back while no process lives."""

import asyncio
import shutil
from pathlib import Path
from random import Random
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from qa.simulation.event_log import EventLog
from qa.simulation.plan import SimulationPlan
from storage.database import Database
from storage.schema import jobs

_KEPT: Final = 4


class DatabaseOwner(Protocol):
    """The holder of a simulation's database."""

    database: Database


class CopyKeeper:
    """Takes copies, and puts one of the last few back after a share of the deaths.

    `lost_prompts` are those of jobs that were in a database when it was replaced, and not in the
    copy: their members have to ask again.
    """

    def __init__(self, folder: Path, plan: SimulationPlan, dice: Random, journal: EventLog) -> None:
        self.lost_jobs: set[str] = set()
        self.lost_prompts: set[str] = set()
        self._folder = folder
        self._share = plan.restore_share
        self._copy_every_s = plan.copy_every_s
        self._dice = dice
        self._journal = journal
        self._copies: list[Path] = []

    async def take_copies(self, owner: DatabaseOwner) -> None:
        """Take a copy now and then, for ever."""
        number = 0
        while self._share:
            await asyncio.sleep(self._dice.expovariate(1 / self._copy_every_s))
            number += 1
            self._copies.append(self._folder / f"copy-{number}.db")
            await owner.database.backup(self._copies[-1])
            for old in self._copies[:-_KEPT]:
                old.unlink()
            self._copies = self._copies[-_KEPT:]

    async def put_back_some_time(self, owner: DatabaseOwner) -> None:
        """Replace the database by a copy, if the dice say so; no process may be alive."""
        if not self._share or not self._copies or self._dice.random() >= self._share:
            return
        copy = self._dice.choice(self._copies)
        before = await owner.database.read(_prompts)
        path = owner.database.path
        assert path is not None
        await owner.database.close()
        for file in path.parent.glob(f"{path.name}-*"):
            file.unlink()
        shutil.copy(copy, path)
        owner.database = await Database.open(f"sqlite:///{path}")
        after = await owner.database.read(_prompts)
        self._journal.record("copies put back", copy.name)
        self.lost_jobs |= before.keys() - after.keys()
        self.lost_prompts |= {before[job] for job in before.keys() - after.keys()}


async def _prompts(tx: AsyncConnection) -> dict[str, str]:
    """Read the prompt of each job."""
    rows = (await tx.execute(select(jobs.c.id, jobs.c.request))).all()
    return {job_id: request.prompt for job_id, request in rows}
