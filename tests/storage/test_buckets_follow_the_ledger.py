"""Whatever happens to money, the buckets are what the ledger says, and no limit is passed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import audit, billing, jobs
from storage.database import Database
from storage.errors import QuotaExceeded, WrongMoney
from storage.jobs import Job, NewJob
from storage.quotas import Limits

S = JobState
MEMBER_LIMIT, SERVER_LIMIT, GLOBAL_LIMIT = 150, 200, 250
LIMITS = Limits(
    member_day=MicroUSD(MEMBER_LIMIT),
    server_day=MicroUSD(SERVER_LIMIT),
    everything_day=MicroUSD(GLOBAL_LIMIT),
)
FEBRUARY_ENDS_MS = 59 * 86_400_000

# What is done, to which of the jobs made so far, and how much of its money.
acts = st.tuples(
    st.sampled_from(["accept", "accept", "cancel", "succeed", "fail", "refund", "resolve again"]),
    st.integers(0, 9),
    st.integers(1, 100),
)
# A member, a server, and a moment: the two around a midnight that also ends a month among them.
places = st.tuples(
    st.sampled_from([1, 2]), st.sampled_from([1, 2]), st.sampled_from([-1, 0, 86_400_000])
)


@dataclass
class Model:
    """What must be: the jobs, and what each bucket has on hold and charged."""

    made: list[Job] = field(default_factory=list[Job])
    held: Counter[str] = field(default_factory=Counter[str])
    charged: Counter[str] = field(default_factory=Counter[str])
    paid: Counter[str] = field(default_factory=Counter[str])

    def fits(self, new: NewJob) -> bool:
        member, server, everything = _names(new, "%Y-%m-%d", "day")
        rooms = ((member, MEMBER_LIMIT), (server, SERVER_LIMIT), (everything, GLOBAL_LIMIT))
        used = self.held + self.charged
        return all(used[bucket] + new.price <= limit for bucket, limit in rooms)

    def add(self, job: Job | NewJob, *, held: int = 0, charged: int = 0) -> None:
        for name in (*_names(job, "%Y-%m-%d", "day"), *_names(job, "%Y-%m", "month")):
            self.held[name] += held
            self.charged[name] += charged
        self.paid[job.id] += charged


class UndoneError(Exception):
    """Ends a transaction without a trace."""


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(acts, places), min_size=5, max_size=15))
async def test_the_buckets_are_what_the_ledger_says(
    database: Database,
    new_job: Callable[..., NewJob],
    steps: list[tuple[tuple[str, int, int], tuple[int, int, int]]],
) -> None:
    """After any acts, also around a midnight, buckets equal the model and the audit is clean."""

    async def work(tx: AsyncConnection) -> None:
        model = Model()
        for (act, which, amount), (user, guild, after_ms) in steps:
            if act == "accept":
                at_ms = FEBRUARY_ENDS_MS + after_ms
                new = new_job(user_id=user, guild_id=guild, at_ms=at_ms, price=amount)
                await _accept(tx, model, new)
            elif model.made:
                number = which % len(model.made)
                model.made[number] = await ACTS[act](tx, model, model.made[number], amount)
        await _compare(tx, model)
        raise UndoneError

    try:
        await database.transact(work)
    except UndoneError:
        return


async def _accept(tx: AsyncConnection, model: Model, new: NewJob) -> None:
    fits = model.fits(new)
    savepoint = await tx.begin_nested()
    try:
        job, _ = await jobs.add(tx, new)
        await billing.hold(
            tx,
            job_id=job.id,
            attempt=1,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount=job.price,
            price_version=job.price_version,
            limits=LIMITS,
            now_ms=job.created_at_ms,
        )
    except QuotaExceeded:
        assert not fits
        await savepoint.rollback()
    else:
        assert fits
        await savepoint.commit()
        model.made.append(job)
        model.add(job, held=job.price)


async def _cancel(tx: AsyncConnection, model: Model, job: Job, _: int) -> Job:
    if job.state is not S.QUEUED:
        return job
    await billing.release(tx, job.id, 1, now_ms=0, note="cancelled")
    model.add(job, held=-job.price)
    return await jobs.move(tx, job, S.CANCELLED, now_ms=0)


async def _succeed(tx: AsyncConnection, model: Model, job: Job, amount: int) -> Job:
    if job.state is not S.QUEUED:
        return job
    charged = MicroUSD(min(amount, job.price))
    await billing.charge(tx, job.id, 1, now_ms=86_400_000, amount=charged)
    model.add(job, held=-job.price, charged=charged)
    return await _walk(tx, job, S.SUCCEEDED)


async def _fail(tx: AsyncConnection, model: Model, job: Job, _: int) -> Job:
    if job.state is not S.QUEUED:
        return job
    await billing.release(tx, job.id, 1, now_ms=86_400_000, note="failed")
    model.add(job, held=-job.price)
    return await _walk(tx, job, S.FAILED)


async def _refund(tx: AsyncConnection, model: Model, job: Job, amount: int) -> Job:
    enough = model.paid[job.id] >= amount
    try:
        await billing.adjust(
            tx,
            job_id=job.id,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount=MicroUSD(-amount),
            account="member",
            actor="4",
            note="",
            now_ms=0,
        )
    except WrongMoney:
        assert not enough
    else:
        assert enough
        model.add(job, charged=-amount)
    return job


async def _resolve_again(tx: AsyncConnection, _: Model, job: Job, amount: int) -> Job:
    if job.state is S.QUEUED:
        return job
    savepoint = await tx.begin_nested()
    try:
        await billing.charge(tx, job.id, 1, now_ms=0, amount=MicroUSD(min(amount, job.price)))
    except WrongMoney:
        await savepoint.rollback()
    else:
        raise AssertionError("a hold was resolved twice")
    return job


ACTS = {
    "cancel": _cancel,
    "succeed": _succeed,
    "fail": _fail,
    "refund": _refund,
    "resolve again": _resolve_again,
}


async def _walk(tx: AsyncConnection, job: Job, end: JobState) -> Job:
    for target in (S.SUBMITTING, S.GENERATING, end):
        job = await jobs.move(tx, job, target, now_ms=0)
    return job


async def _compare(tx: AsyncConnection, model: Model) -> None:
    found = (await tx.execute(text("SELECT * FROM quota_buckets"))).all()
    assert {row.bucket_id: row.held_micro for row in found} == model.held
    assert {row.bucket_id: row.charged_micro for row in found} == model.charged
    assert (await audit.check(tx)).violations == ()


def _names(job: Job | NewJob, date_format: str, period: str) -> tuple[str, str, str]:
    date = f"{datetime.fromtimestamp(job.created_at_ms / 1000, UTC):{date_format}}"
    return (
        f"member:{job.guild_id}:{job.user_id}:{period}:{date}",
        f"server:{job.guild_id}:{period}:{date}",
        f"everything:{period}:{date}",
    )
