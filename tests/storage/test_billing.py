import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.quotas import Limits, Period, Scope, Shortfall
from storage import billing, quotas
from storage.billing import Account, LedgerTotals
from storage.database import Database
from storage.errors import LedgerError, QuotaExceeded
from storage.jobs import Job
from storage.quotas import QuotaSubject

Accept = Callable[..., Awaitable[Job]]
DAY_MS = 86_400_000
NO_MONEY = LedgerTotals(
    **dict.fromkeys(("held", "charged", "released", "adjusted", "granted"), MicroUSD(0))
)


def limits(
    *, member: int | None = None, server: int | None = None, everything: int | None = None
) -> Limits:
    member_day, server_day, everything_day = (
        None if amount is None else MicroUSD(amount) for amount in (member, server, everything)
    )
    return Limits(member_day=member_day, server_day=server_day, everything_day=everything_day)


async def hold(
    database: Database, job: Job, attempt: int, amount: int, under: Limits | None = None
) -> int:
    return await database.transact(
        lambda tx: billing.hold(
            tx,
            job_id=job.id,
            attempt=attempt,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount=MicroUSD(amount),
            price_version=job.price_version,
            limits=under or limits(),
            now_ms=job.created_at_ms,
        )
    )


async def charge(
    database: Database, job: Job, amount: int | None = None, *, attempt: int = 1, now_ms: int = 0
) -> None:
    exactly = None if amount is None else MicroUSD(amount)
    await database.transact(
        lambda tx: billing.charge(tx, job.id, attempt, now_ms=now_ms, amount=exactly)
    )


async def release(database: Database, job: Job, attempt: int = 1) -> None:
    await database.transact(lambda tx: billing.release(tx, job.id, attempt, now_ms=0, note="no"))


async def adjust(database: Database, job: Job, amount: int, account: Account = "member") -> None:
    await database.transact(
        lambda tx: billing.adjust(
            tx,
            job_id=job.id,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount=MicroUSD(amount),
            account=account,
            actor="4",
            note="sorry",
            now_ms=9,
        )
    )


async def buckets(database: Database) -> dict[str, tuple[int, int]]:
    """Read what each bucket has on hold and charged."""

    async def work(tx: AsyncConnection) -> dict[str, tuple[int, int]]:
        found = await tx.execute(text("SELECT * FROM quota_buckets"))
        return {row.bucket_id: (row.held_micro, row.charged_micro) for row in found}

    return await database.read(work)


async def test_a_hold_counts_for_member_server_and_everything(
    database: Database, accept_job: Accept
) -> None:
    """Six buckets rise, and no other: three scopes by day and by month of the moment, in UTC."""
    await accept_job(at_ms=59 * DAY_MS - 1, price=80)
    await accept_job(at_ms=59 * DAY_MS, price=5, user_id=4)
    assert await buckets(database) == {
        "everything:day:1970-02-28": (80, 0),
        "server:1:day:1970-02-28": (80, 0),
        "member:1:3:day:1970-02-28": (80, 0),
        "everything:month:1970-02": (80, 0),
        "server:1:month:1970-02": (80, 0),
        "member:1:3:month:1970-02": (80, 0),
        "everything:day:1970-03-01": (5, 0),
        "server:1:day:1970-03-01": (5, 0),
        "member:1:4:day:1970-03-01": (5, 0),
        "everything:month:1970-03": (5, 0),
        "server:1:month:1970-03": (5, 0),
        "member:1:4:month:1970-03": (5, 0),
    }


async def test_a_hold_is_made_once_for_an_attempt(database: Database, accept_job: Accept) -> None:
    """Again with the same amount is the same hold; with another amount it is refused."""
    job = await accept_job(price=80)
    assert await hold(database, job, 1, 80) == await hold(database, job, 1, 80)
    with pytest.raises(LedgerError, match="another amount"):
        await hold(database, job, 1, 81)
    assert (await database.read(billing.get_totals)).held == 80


async def test_a_charge_moves_money_in_the_buckets_of_its_hold(
    database: Database, accept_job: Accept
) -> None:
    """A job held before midnight and charged after it counts on the day of its hold."""
    job = await accept_job(at_ms=DAY_MS - 1, price=80)
    await charge(database, job, now_ms=DAY_MS + 5)
    assert set((await buckets(database)).values()) == {(0, 80)}
    assert all("1970-01-02" not in name for name in await buckets(database))
    held, charged = await database.read(lambda tx: billing.list_entries(tx, job.id))
    assert (charged.kind, charged.amount, charged.hold_id) == ("charge", 80, held.id)
    assert (charged.created_at_ms, charged.actor) == (DAY_MS + 5, billing.SERVICE_ACTOR)


async def test_a_charge_of_a_part_frees_the_rest(database: Database, accept_job: Accept) -> None:
    """The whole hold ends; what was not charged can be spent again."""
    job = await accept_job(price=80)
    await charge(database, job, 30)
    assert set((await buckets(database)).values()) == {(0, 30)}


async def test_a_release_gives_all_back(database: Database, accept_job: Accept) -> None:
    """Nothing is held nor charged, and the row says why."""
    job = await accept_job(price=80)
    await release(database, job)
    assert set((await buckets(database)).values()) == {(0, 0)}
    _, released = await database.read(lambda tx: billing.list_entries(tx, job.id))
    assert (released.kind, released.amount, released.note) == ("release", 80, "no")


async def test_money_that_is_resolved_stays_so(database: Database, accept_job: Accept) -> None:
    """No second resolution, no charge above the hold, none without one, no second paid attempt."""
    paid, freed, open_job = [await accept_job(price=80) for _ in range(3)]
    await charge(database, paid)
    await hold(database, paid, 2, 80)
    await release(database, freed)
    before = await buckets(database)
    wrong = [
        charge(database, paid),
        release(database, paid),
        charge(database, paid, attempt=2),
        charge(database, freed),
        release(database, freed),
        charge(database, open_job, 81),
        charge(database, open_job, attempt=7),
        release(database, open_job, attempt=7),
    ]
    for attempt in wrong:
        with pytest.raises(LedgerError):
            await attempt
    assert await buckets(database) == before


async def test_an_adjust_of_the_member_counts_in_the_buckets_of_the_charge(
    database: Database, accept_job: Accept
) -> None:
    """Giving back makes room again; no more can be given back than was paid."""
    job = await accept_job(price=80)
    await charge(database, job)
    await adjust(database, job, -50)
    assert set((await buckets(database)).values()) == {(0, 30)}
    with pytest.raises(LedgerError, match="paid less"):
        await adjust(database, job, -31)
    await adjust(database, job, -30)
    assert set((await buckets(database)).values()) == {(0, 0)}


async def test_the_same_money_is_not_given_back_twice_at_once(
    database: Database, accept_job: Accept
) -> None:
    """Of eight at once that give everything back, one does."""
    job = await accept_job(price=80)
    await charge(database, job)
    results = await asyncio.gather(
        *(adjust(database, job, -80) for _ in range(8)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, LedgerError) for result in results) == 7
    assert set((await buckets(database)).values()) == {(0, 0)}


async def test_the_operators_cost_is_no_matter_of_the_member(
    database: Database, accept_job: Accept
) -> None:
    """An adjust of the operator's account is in the ledger and touches no bucket."""
    job = await accept_job(price=80)
    await release(database, job)
    await adjust(database, job, 80, "operator")
    assert set((await buckets(database)).values()) == {(0, 0)}
    entry = (await database.read(lambda tx: billing.list_entries(tx, job.id)))[-1]
    assert (entry.kind, entry.account, entry.hold_id, entry.actor) == (
        "adjust",
        "operator",
        None,
        "4",
    )


async def test_an_adjust_needs_a_job_with_a_hold(database: Database, accept_job: Accept) -> None:
    """There is nothing to correct where nothing was ever held, and nothing by zero."""
    job = await accept_job()
    await charge(database, job)
    with pytest.raises(LedgerError, match="refuses this adjust"):
        await adjust(database, job, 0)
    with pytest.raises(LedgerError, match="Job nobody has no hold"):
        await adjust(database, replace(job, id="nobody"), 5)


async def test_the_ledger_is_summed_by_kind(database: Database, accept_job: Accept) -> None:
    """`held` is what is open now, the others are sums over all time; an empty ledger is zero."""
    assert await database.read(billing.get_totals) == NO_MONEY
    paid, freed, _ = [await accept_job(price=price) for price in (80, 70, 60)]
    await charge(database, paid, 50)
    await release(database, freed)
    await adjust(database, paid, -20)
    totals = await database.read(billing.get_totals)
    assert totals == LedgerTotals(
        held=MicroUSD(60),
        charged=MicroUSD(50),
        released=MicroUSD(70),
        adjusted=MicroUSD(-20),
        granted=MicroUSD(0),
    )
    assert {type(amount) for amount in (totals.held, totals.charged)} == {int}


async def test_concurrent_holds_never_oversell(database: Database, accept_job: Accept) -> None:
    """Twenty at once for a room of three: exactly three get in, and the rest leave no trace."""
    results = await asyncio.gather(
        *(accept_job(price=80, limits=limits(member=3 * 80 + 79)) for _ in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Job) for result in results) == 3
    assert sum(isinstance(result, QuotaExceeded) for result in results) == 17
    assert set((await buckets(database)).values()) == {(240, 0)}
    assert (await database.read(billing.get_totals)).held == 240


async def test_concurrent_holds_of_many_members_never_oversell_the_server(
    database: Database, accept_job: Accept
) -> None:
    """Twenty members at once for a server's room of three: exactly three get in."""
    results = await asyncio.gather(
        *(accept_job(user_id=user, price=80, limits=limits(server=240)) for user in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Job) for result in results) == 3
    assert sum(isinstance(result, QuotaExceeded) for result in results) == 17


async def test_no_change_of_a_bucket_is_lost(database: Database, accept_job: Accept) -> None:
    """Thirty at once, holds and charges and releases, are all in the sums."""
    made = [await accept_job(price=80) for _ in range(20)]
    await asyncio.gather(
        *(accept_job(price=80) for _ in range(10)),
        *(charge(database, job, 50) for job in made[:10]),
        *(release(database, job) for job in made[10:]),
    )
    assert set((await buckets(database)).values()) == {(800, 500)}


async def test_a_hold_that_does_not_fit_names_every_limit_in_its_way(
    database: Database, accept_job: Accept
) -> None:
    """Each with its use, what was asked, and the midnight at which it is reset."""
    await accept_job(price=60, at_ms=DAY_MS + 1)
    with pytest.raises(QuotaExceeded) as caught:
        await accept_job(
            price=50, at_ms=DAY_MS + 2, limits=limits(member=100, server=110, everything=109)
        )
    assert caught.value.shortfalls == tuple(
        Shortfall(
            scope=scope,
            period=Period.DAY,
            limit=MicroUSD(limit),
            used=MicroUSD(60),
            requested=MicroUSD(50),
            resets_at_ms=2 * DAY_MS,
        )
        for scope, limit in ((Scope.EVERYTHING, 109), (Scope.MEMBER, 100))
    )
    assert str(caught.value) == (
        "The amount does not fit under: everything per day, member per day."
    )
    assert set((await buckets(database)).values()) == {(60, 0)}


async def test_midnight_makes_room(database: Database, accept_job: Accept) -> None:
    """What does not fit today fits at the first millisecond of tomorrow, in UTC."""
    under = limits(member=100)
    await accept_job(price=80, at_ms=DAY_MS - 1, limits=under)
    with pytest.raises(QuotaExceeded):
        await accept_job(price=80, at_ms=DAY_MS - 1, limits=under)
    await accept_job(price=80, at_ms=DAY_MS, limits=under)


async def test_a_charge_asks_no_limit(database: Database, accept_job: Accept) -> None:
    """Lowering a limit below what is held hinders new holds only."""
    job = await accept_job(price=80)
    with pytest.raises(QuotaExceeded):
        await accept_job(price=1, limits=limits(member=10))
    await charge(database, job)
    assert set((await buckets(database)).values()) == {(0, 80)}


async def test_what_is_left_today_is_known(database: Database, accept_job: Accept) -> None:
    """Held and charged count, yesterday does not; no limit is None, and never below zero."""
    under = limits(member=100, everything=70)

    async def left(now_ms: int) -> list[int | None]:
        found = await database.read(
            lambda tx: quotas.get_remaining(tx, QuotaSubject(1, 3, now_ms), under)
        )
        return [
            found.remaining_under(scope) for scope in (Scope.MEMBER, Scope.SERVER, Scope.EVERYTHING)
        ]

    assert await left(0) == [100, None, 70]
    await charge(database, await accept_job(price=50))
    await accept_job(price=30)
    assert await left(DAY_MS - 1) == [20, None, 0]
    assert await left(DAY_MS) == [100, None, 70]
