"""Grants: spent last, given back first, taken back once, and never more than there is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.quotas import Limits, Period
from storage import audit, billing, quotas
from storage.database import Database
from storage.errors import LedgerError, QuotaExceeded
from storage.jobs import Job
from storage.quotas import QuotaSubject

Accept = Callable[..., Awaitable[Job]]
DAY_MS = 86_400_000


@pytest.fixture
def under(no_limits: Limits) -> Limits:
    """Limit the member to 100 a day."""
    return replace(no_limits, member_day=MicroUSD(100))


async def grant(database: Database, amount: int, user_id: int = 3) -> int:
    return await database.transact(
        lambda tx: billing.grant(
            tx,
            guild_id=1,
            user_id=user_id,
            amount=MicroUSD(amount),
            actor="5",
            note="a prize",
            now_ms=7,
        )
    )


async def revoke(database: Database, grant_id: int) -> int:
    return await database.transact(lambda tx: billing.revoke(tx, grant_id, actor="6", now_ms=8))


async def settled(
    database: Database, job: Job, *, charge: int | None = None, adjust: int = 0
) -> list[tuple[str, int, int]]:
    """Charge or release a hold, correct it, and list the rows: kind, amount, from grants."""

    async def work(tx: AsyncConnection) -> list[tuple[str, int, int]]:
        if charge is None:
            await billing.release(tx, job.id, 1, now_ms=9, note="")
        else:
            await billing.charge(tx, job.id, 1, now_ms=9, amount=MicroUSD(charge))
        if adjust:
            await billing.adjust(
                tx,
                job_id=job.id,
                guild_id=1,
                user_id=3,
                amount=MicroUSD(adjust),
                account="member",
                actor="5",
                note="",
                now_ms=9,
            )
        rows = await billing.list_entries(tx, job.id)
        return [(row.kind, row.amount, row.from_grant) for row in rows]

    return await database.transact(work)


async def unspent(database: Database, limits: Limits) -> int:
    left = await database.read(lambda tx: quotas.get_remaining(tx, QuotaSubject(1, 3, 0), limits))
    return left.grant_balance


async def bucket(database: Database, name: str) -> tuple[int, int, int]:
    statement = text("SELECT * FROM quota_buckets WHERE bucket_id = :name")
    row = (await database.read(lambda tx: tx.execute(statement, {"name": name}))).one()
    return row.held_micro, row.charged_micro, row.granted_micro


async def test_a_hold_takes_what_the_quota_leaves_and_the_rest_from_grants(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """The member's buckets count the quota's part, the grants the rest, the server's all."""
    await grant(database, 60)
    await accept_job(price=80, limits=under)
    job = await accept_job(price=50, limits=under)
    (held,) = await database.read(lambda tx: billing.list_entries(tx, job.id))
    assert (held.amount, held.from_grant) == (50, 30)
    assert await bucket(database, "member:1:3:day:1970-01-01") == (100, 0, 0)
    assert await bucket(database, "purse:1:3") == (30, 0, 60)
    assert await bucket(database, "server:1:day:1970-01-01") == (130, 0, 0)


async def test_midnight_and_another_limit_do_not_move_what_grants_paid(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """A hold of yesterday goes back to where it came from, though today's quota is fresh."""
    await grant(database, 60)
    job = await accept_job(price=150, at_ms=DAY_MS - 1, limits=under)
    await accept_job(price=100, at_ms=DAY_MS, limits=under)
    await settled(database, job, charge=120)
    assert await bucket(database, "member:1:3:day:1970-01-01") == (0, 100, 0)
    assert await bucket(database, "purse:1:3") == (0, 20, 60)
    assert await bucket(database, "member:1:3:day:1970-01-02") == (100, 0, 0)


@pytest.mark.parametrize(
    ("charge", "adjust", "rows"),
    [
        (None, 0, [("hold", 150, 50), ("release", 150, 50)]),
        (150, 0, [("hold", 150, 50), ("charge", 150, 50)]),
        (120, 0, [("hold", 150, 50), ("charge", 120, 20)]),
        (90, 0, [("hold", 150, 50), ("charge", 90, 0)]),
        (150, -60, [("hold", 150, 50), ("charge", 150, 50), ("adjust", -60, -50)]),
        (150, -30, [("hold", 150, 50), ("charge", 150, 50), ("adjust", -30, -30)]),
        (120, -120, [("hold", 150, 50), ("charge", 120, 20), ("adjust", -120, -20)]),
        (120, 40, [("hold", 150, 50), ("charge", 120, 20), ("adjust", 40, 0)]),
    ],
)
async def test_what_is_not_paid_goes_back_to_the_grants_first(
    database: Database,
    accept_job: Accept,
    under: Limits,
    charge: int | None,
    adjust: int,
    rows: list[tuple[str, int, int]],
) -> None:
    """Of a hold of 150 with 50 from grants; what is taken later comes from the quota."""
    await grant(database, 50)
    job = await accept_job(price=150, limits=under)
    assert await settled(database, job, charge=charge, adjust=adjust) == rows
    spent = sum(part for kind, _, part in rows if kind in ("charge", "adjust"))
    assert await unspent(database, under) == 50 - spent


async def test_what_quota_and_grants_have_not_is_refused_with_both(
    database: Database, accept_job: Accept, no_limits: Limits
) -> None:
    """The day lacks, the month does not; the shortfall says what grants could add."""
    limits = replace(no_limits, member_day=MicroUSD(100), member_month=MicroUSD(500))
    await grant(database, 20)
    with pytest.raises(QuotaExceeded) as caught:
        await accept_job(price=121, limits=limits)
    (short,) = caught.value.shortfalls
    assert (short.period, short.limit, short.used, short.grant_balance) == (Period.DAY, 100, 0, 20)
    await accept_job(price=120, limits=limits)
    assert await unspent(database, limits) == 0


async def test_grants_do_not_lift_the_servers_limit(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """The server's limit bounds everything that is spent on it, and nothing is drawn."""
    await grant(database, 500)
    with pytest.raises(QuotaExceeded) as caught:
        await accept_job(price=150, limits=replace(under, server_day=MicroUSD(149)))
    assert [short.scope for short in caught.value.shortfalls] == ["server"]
    assert await unspent(database, under) == 500


async def test_a_quota_of_nothing_leaves_grants_alone_to_pay(
    database: Database, accept_job: Accept, no_limits: Limits
) -> None:
    """Zero is a limit like another, and grants lie beyond it."""
    nothing = replace(no_limits, member_day=MicroUSD(0))
    await grant(database, 50)
    job = await accept_job(price=50, limits=nothing)
    (held,) = await database.read(lambda tx: billing.list_entries(tx, job.id))
    assert held.from_grant == 50
    with pytest.raises(QuotaExceeded):
        await accept_job(price=1, limits=nothing)


async def test_concurrent_holds_do_not_overdraw_grants(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """Twenty at once against 100 of quota and 100 of grants: ten of 20 get in."""
    await grant(database, 100)
    results = await asyncio.gather(
        *(accept_job(price=20, limits=under) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, Job) for result in results) == 10
    assert sum(isinstance(result, QuotaExceeded) for result in results) == 10
    assert await bucket(database, "purse:1:3") == (100, 0, 100)
    assert (await database.read(audit.run_audit)).violations == ()


async def test_what_is_unspent_of_a_grant_is_taken_back_once(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """Eight at once: one takes what is left, the others find nothing; the rows say who."""
    grant_id = await grant(database, 60)
    await accept_job(price=120, limits=under)
    taken = await asyncio.gather(*(revoke(database, grant_id) for _ in range(8)))
    assert sorted(taken) == [0] * 7 + [40]
    assert await unspent(database, under) == 0
    assert (await database.read(billing.get_totals)).granted == 20
    row = await database.read(lambda tx: billing.get_entry(tx, 3))
    assert row is not None
    assert (row.kind, row.amount, row.grant_id, row.actor) == ("grant", -40, grant_id, "6")


async def test_holds_and_revocations_at_once_share_what_there_is(
    database: Database, accept_job: Accept, no_limits: Limits
) -> None:
    """The first one has it; the grants are never below zero."""
    nothing = replace(no_limits, member_day=MicroUSD(0))
    for _ in range(5):
        grant_id = await grant(database, 100)
        outcome = await asyncio.gather(
            *(accept_job(price=60, limits=nothing) for _ in range(2)),
            revoke(database, grant_id),
            return_exceptions=True,
        )
        held = 60 * sum(isinstance(one, Job) for one in outcome)
        taken = outcome[-1]
        assert isinstance(taken, int)
        assert held + taken <= 100
        await revoke(database, grant_id)
        assert await unspent(database, nothing) == 0
    assert (await database.read(audit.run_audit)).violations == ()


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_a_hold_waits_for_a_revocation_and_goes_by_what_it_leaves(
    database: Database, accept_job: Accept, no_limits: Limits
) -> None:
    """It is refused for want of quota; it neither overdraws nor stumbles over the guard."""
    grant_id = await grant(database, 100)
    revoked, finish = asyncio.Event(), asyncio.Event()

    async def slowly(tx: AsyncConnection) -> None:
        await billing.revoke(tx, grant_id, actor="6", now_ms=8)
        revoked.set()
        await finish.wait()

    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        tasks.create_task(database.transact(slowly))
        await revoked.wait()
        nothing = replace(no_limits, member_day=MicroUSD(0))
        holding = asyncio.ensure_future(accept_job(price=60, limits=nothing))
        while not await database.read(lambda tx: tx.scalar(text(_WAITING))):
            await asyncio.sleep(0.01)
        finish.set()
    with pytest.raises(QuotaExceeded):
        await holding


_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def test_the_oldest_grant_is_spent_first(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """So a revocation takes back from the grant it names, and leaves the newer ones alone."""
    old, new = await grant(database, 50), await grant(database, 30)
    await accept_job(price=140, limits=under)
    listed = await database.read(lambda tx: billing.unspent_grants(tx, 1, 3, MicroUSD(40)))
    assert [(entry.id, rest) for entry, rest in listed] == [(new, 30), (old, 10)]
    assert await revoke(database, old) == 10
    assert await revoke(database, old) == 0
    assert await unspent(database, under) == 30


async def test_money_that_comes_back_after_a_revocation_can_be_taken_back_too(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """What was on hold at the time is unspent once it is released."""
    grant_id = await grant(database, 60)
    job = await accept_job(price=130, limits=under)
    assert await revoke(database, grant_id) == 30
    await settled(database, job)
    assert await revoke(database, grant_id) == 30


async def test_a_grant_is_for_one_member_on_one_server(
    database: Database, accept_job: Accept, under: Limits
) -> None:
    """Nobody else can spend it, nor can they elsewhere."""
    await grant(database, 500)
    for elsewhere in ({"user_id": 4}, {"guild_id": 2}):
        with pytest.raises(QuotaExceeded):
            await accept_job(price=101, limits=under, **elsewhere)


async def test_wrong_grants_are_refused(database: Database, accept_job: Accept) -> None:
    """Nothing, less than nothing, what is no grant, and what took one back."""
    for amount in (0, -5):
        with pytest.raises(LedgerError, match="gives something"):
            await grant(database, amount)
    await accept_job()
    grant_id = await grant(database, 5)
    await revoke(database, grant_id)
    for wrong in (1, grant_id + 1, 999):
        with pytest.raises(LedgerError, match="no grant"):
            await revoke(database, wrong)
