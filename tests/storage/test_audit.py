# ruff: noqa: S608 - the statements are put together from the constants below
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Limits
from storage import audit, billing, jobs
from storage.audit import AuditReport
from storage.database import Database
from storage.jobs import Job

Accept = Callable[..., Awaitable[Job]]
S = JobState

QUEUED, CANCELLED, DELIVERED, FAILED, LOST, GRACED, GIVEN = (
    f"job{number:017d}" for number in range(1, 8)
)
BOOKED, GRANT, GIVEN_HOLD, BACK = 13, 14, 15, 16

GUARDS = {
    "sqlite": (
        "PRAGMA ignore_check_constraints = ON",
        "DROP TRIGGER billing_insert",
        "DROP TRIGGER billing_no_update",
        "DROP TRIGGER billing_no_delete",
        "DROP TRIGGER billing_buckets_no_update",
        "DROP TRIGGER billing_buckets_no_delete",
    ),
    "postgresql": (
        "DROP TRIGGER billing_insert ON billing",
        "DROP TRIGGER billing_append_only ON billing",
        "DROP TRIGGER billing_buckets_append_only ON billing_buckets",
        "ALTER TABLE quota_buckets DROP CONSTRAINT ck_quota_buckets_granted",
    ),
}
INDEXES = (
    "DROP INDEX uq_billing_hold",
    "DROP INDEX uq_billing_resolution",
    "DROP INDEX uq_billing_paid",
    "DROP INDEX uq_jobs_task",
)


def entry(
    kind: str,
    job: str,
    attempt: int | None,
    hold: int | None,
    amount: int = 80,
    *,
    from_grant: int = 0,
) -> str:
    attempt_, hold_ = ("NULL" if value is None else value for value in (attempt, hold))
    return (
        "INSERT INTO billing (id, kind, job_id, attempt, hold_id, amount_micro, from_grant_micro, "
        "account, guild_id, user_id, price_version, created_at_ms, actor, note) "
        f"VALUES (99, '{kind}', '{job}', {attempt_}, {hold_}, {amount}, {from_grant}, "
        "'member', 1, 3, 'v', 0, '', '')"
    )


def booked(job: str, amount: int) -> str:
    """Write what the operator bears of a job."""
    return (
        "INSERT INTO billing (id, kind, job_id, amount_micro, account, guild_id, user_id, "
        f"price_version, created_at_ms, actor, note) VALUES (99, 'adjust', '{job}', {amount}, "
        "'operator', 1, 3, 'v', 0, '', '')"
    )


def given(amount: int, *, grant: int | None = None, user: int = 3) -> str:
    """Write a grant, or what takes one back."""
    return (
        "INSERT INTO billing (id, kind, grant_id, amount_micro, account, guild_id, user_id, "
        f"price_version, created_at_ms, actor, note) VALUES (99, 'grant', {grant or 'NULL'}, "
        f"{amount}, 'member', 1, {user}, '', 0, '', '')"
    )


BREAKAGES = {
    "bucket everything:day:1970-01-01 has 161 held and 80 charged, "
    "but its ledger rows make 160 and 80": (
        "UPDATE quota_buckets SET held_micro = 161 WHERE bucket_id = 'everything:day:1970-01-01'",
    ),
    "bucket server:1:month:1970-01 has 160 held and 0 charged, "
    "but its ledger rows make 160 and 80": (
        "UPDATE quota_buckets SET charged_micro = 0 WHERE bucket_id = 'server:1:month:1970-01'",
    ),
    "bucket member:1:9:day:1970-01-01 has 5 held and 0 charged, but its ledger rows make 0 and 0": (
        "INSERT INTO quota_buckets VALUES ('member:1:9:day:1970-01-01', 5, 0, 0)",
    ),
    "bucket member:1:3:day:1970-01-01 has 160 held and 80 charged, "
    "but its ledger rows make 110 and 80": (
        "UPDATE quota_buckets SET held_micro = 160 WHERE bucket_id = 'member:1:3:day:1970-01-01'",
    ),
    "bucket purse:1:3 has 40 held and 0 charged, but its ledger rows make 50 and 0": (
        "UPDATE quota_buckets SET held_micro = 40 WHERE bucket_id = 'purse:1:3'",
    ),
    "bucket purse:1:3 has 55 granted, but its ledger rows make 50": (
        "UPDATE quota_buckets SET granted_micro = 55 WHERE bucket_id = 'purse:1:3'",
    ),
    "bucket server:1:day:1970-01-01 has 5 granted, but its ledger rows make 0": (
        "UPDATE quota_buckets SET granted_micro = 5 WHERE bucket_id = 'server:1:day:1970-01-01'",
    ),
    "bucket purse:1:3 has 45 granted, but 50 held or charged": (
        "UPDATE quota_buckets SET granted_micro = 45 WHERE bucket_id = 'purse:1:3'",
    ),
    "grants of 5 have no bucket purse:1:9": (given(5, user=9),),
    f"hold {GIVEN_HOLD} of job {GIVEN} takes 50 from grants, but counts in no grant bucket": (
        f"DELETE FROM billing_buckets WHERE hold_id = {GIVEN_HOLD} AND bucket_id = 'purse:1:3'",
    ),
    f"hold {GIVEN_HOLD} of job {GIVEN} takes 50 from grants, "
    "but 51 of that were charged or released": (
        entry("charge", GIVEN, 1, GIVEN_HOLD, from_grant=51),
    ),
    f"hold {GIVEN_HOLD} of job {GIVEN} takes 50 from grants, "
    "but 49 of that were charged or released": (
        entry("release", GIVEN, 1, GIVEN_HOLD, from_grant=49),
    ),
    f"job {DELIVERED} cost grants -1 for hold 4, and 79 in all": (
        entry("adjust", DELIVERED, None, 4, -1, from_grant=-1),
    ),
    "entry 99 takes back from no grant of its member": (given(-5, grant=GRANT, user=9),),
    f"grant {GRANT} is of 60, but more was taken back: -1 remain": (given(-51, grant=GRANT),),
    f"hold 1 of job {QUEUED} counts in no bucket": (
        "DELETE FROM billing_buckets WHERE hold_id = 1",
    ),
    f"hold 4 of job {DELIVERED} has 2 resolutions": (entry("release", DELIVERED, 1, 4),),
    f"hold 4 of job {DELIVERED} is of 80, but 81 were charged or released": (
        "UPDATE billing SET amount_micro = 81 WHERE id = 5",
    ),
    f"hold 2 of job {CANCELLED} is of 80, but 79 were charged or released": (
        "UPDATE billing SET amount_micro = 79 WHERE id = 3",
    ),
    f"entry 99 (charge) of job {FAILED} has no hold of that job": (
        entry("charge", FAILED, 1, 4, 1),
    ),
    f"entry 99 (adjust) of job {FAILED} has no hold of that job": (
        entry("adjust", FAILED, None, 3, 1),
    ),
    f"job {QUEUED} costs 90, but its attempt 1 holds 80": (
        f"UPDATE jobs SET price_micro = 90 WHERE id = '{QUEUED}'",
    ),
    f"job {QUEUED} costs 80, but its attempt 2 holds None": (
        f"UPDATE jobs SET attempt = 2 WHERE id = '{QUEUED}'",
    ),
    f"job {CANCELLED} is delivered, but has 0 charges instead of one": (
        f"UPDATE jobs SET state = 'delivered' WHERE id = '{CANCELLED}'",
    ),
    f"job {CANCELLED} is cancelled, but has 1 charges instead of none": (
        entry("charge", CANCELLED, 1, 2, 5),
    ),
    f"job {DELIVERED} is delivered, but its member paid -20 in all": (
        entry("adjust", DELIVERED, None, 4, -100),
    ),
    f"job {LOST} is result_lost, but its member paid 80 in all": (
        "DELETE FROM billing WHERE id = 10",
    ),
    f"job {QUEUED} is cancelled, but has 1 open holds instead of none": (
        f"UPDATE jobs SET state = 'cancelled' WHERE id = '{QUEUED}'",
    ),
    f"job {QUEUED} is generating, but has 0 open holds instead of one": (
        f"UPDATE jobs SET state = 'generating' WHERE id = '{QUEUED}'",
        entry("release", QUEUED, 1, 1),
    ),
    f"job {GRACED} is submit_unknown, but has 2 open holds instead of one at most": (
        "DELETE FROM billing WHERE id = 12",
        entry("hold", GRACED, 2, None),
    ),
    f"job {GRACED} costs 80, but the operator bears 81": (booked(GRACED, 1),),
    f"job {GRACED} costs 80, but the operator bears -1": (booked(GRACED, -81),),
    f"job {GRACED} is rejected, but the operator bears 80": (
        f"UPDATE jobs SET state = 'rejected' WHERE id = '{GRACED}'",
    ),
    f"job {QUEUED} has an open hold, and the operator bears 80": (booked(QUEUED, 80),),
    f"job {GRACED} is submit_unknown, with neither a hold nor a booking for the operator": (
        f"DELETE FROM billing WHERE id = {BOOKED}",
    ),
    f"job {FAILED} is generating, but has 0 open holds instead of one": (
        f"UPDATE jobs SET state = 'generating' WHERE id = '{FAILED}'",
    ),
    f"job {GRACED} is queued, but has 0 open holds instead of one": (
        f"UPDATE jobs SET state = 'queued' WHERE id = '{GRACED}'",
    ),
    f"job {DELIVERED} is delivered, but has 1 charges instead of one": (booked(DELIVERED, 80),),
    f"task t belongs to 2 jobs, {CANCELLED} and {DELIVERED} among them": (
        f"UPDATE jobs SET task_id = 't' WHERE id IN ('{CANCELLED}', '{DELIVERED}')",
    ),
    f"job {DELIVERED} is posting, but its last event says delivered": (
        f"UPDATE jobs SET state = 'posting' WHERE id = '{DELIVERED}'",
    ),
    f"job {QUEUED} is queued, but its last event says None": (
        f"DELETE FROM job_events WHERE job_id = '{QUEUED}'",
    ),
    f"job {DELIVERED} is delivered, but no result message is known": (
        f"UPDATE jobs SET result_message_id = NULL WHERE id = '{DELIVERED}'",
    ),
}


@pytest.fixture
async def lived(database: Database, accept_job: Accept, no_limits: Limits) -> None:
    """Live through every way that a job's money can go; a grant pays for a part of the last."""
    made = [await accept_job(price=80)]
    for end in ENDS:
        job = await accept_job(price=80)
        made.append(await database.transact(lambda tx, job=job, end=end: end(tx, job)))
    await database.transact(_give)
    under = replace(no_limits, member_day=MicroUSD(160 + 30))
    made.append(await accept_job(price=80, limits=under))
    await database.transact(lambda tx: billing.revoke(tx, GRANT, actor="5", now_ms=0))
    assert [job.state for job in made] == [
        S.QUEUED,
        S.CANCELLED,
        S.DELIVERED,
        S.FAILED,
        S.RESULT_LOST,
        S.SUBMIT_UNKNOWN,
        S.QUEUED,
    ]


async def check(database: Database) -> AuditReport:
    return await database.read(audit.run_audit)


async def test_nothing_is_nothing_wrong(database: Database) -> None:
    """An empty database is clean."""
    nothing = {"held": 0, "charged": 0, "released": 0, "adjusted": 0, "granted": 0}
    assert await check(database) == AuditReport(ok=True, jobs={}, ledger=nothing, violations=())


@pytest.mark.usefixtures("lived")
async def test_a_life_without_faults_is_clean(database: Database) -> None:
    """Jobs are counted by state and the ledger is summed."""
    assert await check(database) == AuditReport(
        ok=True,
        jobs={
            "queued": 2,
            "cancelled": 1,
            "delivered": 1,
            "failed": 1,
            "result_lost": 1,
            "submit_unknown": 1,
        },
        ledger={"held": 160, "charged": 160, "released": 240, "adjusted": 0, "granted": 50},
        violations=(),
    )


@pytest.mark.usefixtures("lived")
async def test_each_breakage_is_told(database: Database, subtests: pytest.Subtests) -> None:
    """With the guards gone, what somebody breaks by hand is found and named."""

    async def smash_and_undo(tx: AsyncConnection, breakage: tuple[str, ...]) -> AuditReport:
        for statement in (*GUARDS[database.dialect], *INDEXES, *breakage):
            await tx.execute(text(statement))
        found = await audit.run_audit(tx)
        await tx.rollback()
        return found

    for told, breakage in BREAKAGES.items():
        with subtests.test(told):
            found = await database.transact(lambda tx, said=breakage: smash_and_undo(tx, said))
            assert told in found.violations
            assert not found.ok
    assert (await check(database)).ok


async def _give(tx: AsyncConnection) -> None:
    await billing.grant(
        tx, guild_id=1, user_id=3, amount=MicroUSD(60), actor="5", note="", now_ms=0
    )


async def _cancel(tx: AsyncConnection, job: Job) -> Job:
    await billing.release(tx, job.id, 1, now_ms=0, note="")
    return await jobs.transition(tx, job, S.CANCELLED, now_ms=0)


async def _deliver(tx: AsyncConnection, job: Job) -> Job:
    await billing.charge(tx, job.id, 1, now_ms=0)
    for target in (S.SUBMITTING, S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING):
        job = await jobs.transition(tx, job, target, now_ms=0)
    return await jobs.transition(tx, job, S.DELIVERED, now_ms=0, result_message_id=5)


async def _fail(tx: AsyncConnection, job: Job) -> Job:
    await billing.release(tx, job.id, 1, now_ms=0, note="")
    for target in (S.SUBMITTING, S.GENERATING, S.FAILED):
        job = await jobs.transition(tx, job, target, now_ms=0)
    return job


async def _lose(tx: AsyncConnection, job: Job) -> Job:
    await billing.charge(tx, job.id, 1, now_ms=0)
    await billing.adjust(
        tx,
        job_id=job.id,
        guild_id=job.guild_id,
        user_id=job.user_id,
        amount=MicroUSD(-job.price),
        account="member",
        actor="service",
        note="",
        now_ms=0,
    )
    for target in (S.SUBMITTING, S.GENERATING, S.SUCCEEDED, S.RESULT_LOST):
        job = await jobs.transition(tx, job, target, now_ms=0)
    return job


async def _end_grace(tx: AsyncConnection, job: Job) -> Job:
    await billing.release(tx, job.id, 1, now_ms=0, note="")
    await billing.adjust(
        tx,
        job_id=job.id,
        guild_id=job.guild_id,
        user_id=job.user_id,
        amount=job.price,
        account="operator",
        actor="service",
        note="",
        now_ms=0,
    )
    for target in (S.SUBMITTING, S.SUBMIT_UNKNOWN):
        job = await jobs.transition(tx, job, target, now_ms=0)
    return job


ENDS = (_cancel, _deliver, _fail, _lose, _end_grace)
