"""Jobs and money to test with."""

from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.quotas import Limits
from domain.requests import Draft, GenerationCommand, build_request
from storage import billing, jobs
from storage.database import Database
from storage.jobs import Job, NewJob

NewJobs = Callable[..., NewJob]
AcceptJob = Callable[..., Awaitable[Job]]

REQUEST = build_request(Draft(command=GenerationCommand.VIDEO, prompt="a cat in the rain"))


@pytest.fixture
def no_limits() -> Limits:
    """Lift every limit."""
    return Limits(member_day=None, server_day=None, everything_day=None)


@pytest.fixture
def make_job() -> NewJobs:
    """Make new jobs whose names sort in the order of their making."""
    numbers = count(1)

    def make(*, user_id: int = 3, guild_id: int = 1, at_ms: int = 1_000, price: int = 80) -> NewJob:
        number = next(numbers)
        return NewJob(
            id=f"job{number:017d}",
            interaction_id=(1 << 62) + number,
            guild_id=guild_id,
            channel_id=2,
            user_id=user_id,
            request=REQUEST,
            price=MicroUSD(price),
            price_version="2026-11",
            created_at_ms=at_ms,
        )

    return make


@pytest.fixture
def accept_job(database: Database, make_job: NewJobs, no_limits: Limits) -> AcceptJob:
    """Queue jobs with their holds, as the service does."""

    async def queue(*, limits: Limits = no_limits, **fields: int) -> Job:
        new = make_job(**fields)

        async def work(tx: AsyncConnection) -> Job:
            job, _ = await jobs.enqueue(tx, new)
            await billing.hold(
                tx,
                job_id=job.id,
                attempt=1,
                guild_id=job.guild_id,
                user_id=job.user_id,
                amount=job.price,
                price_version=job.price_version,
                limits=limits,
                now_ms=new.created_at_ms,
            )
            return job

        return await database.transact(work)

    return queue
