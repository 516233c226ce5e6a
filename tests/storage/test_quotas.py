"""Whatever happens, and however much of it at once, money is as a small model says.

200 steps on SQLite and 50 on PostgreSQL, always the same; the environment variable QUOTA_STEPS asks
for another number on both.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Limit, LimitKind, Limits, LimitTarget
from storage import audit, billing, guild_settings, jobs, limits
from storage.database import Database
from storage.errors import LedgerError, QuotaExceeded
from storage.jobs import Job, NewJob
from tests.conftest import SqliteTemplate, Template
from tests.storage.conftest import REQUEST
from tests.storage.ledger_model import DEFAULTS, LedgerModel, Member

STEPS = {"sqlite": 200, "postgresql": 50}
STEPS_OF_ONE = 50
DAY_MS = 86_400_000
LEAP_DAY_MS = 1_835_395_200_000
"""2028-02-29, which is also the last day of its month."""

S = JobState
DOLLARS = {f"{name}_day": MicroUSD(amount) for name, amount in DEFAULTS.items()}
LIMITS = Limits(**DOLLARS)

members = st.tuples(st.sampled_from([1, 2]), st.sampled_from([31, 32]))
prices = st.integers(1, 120)
numbers = st.integers(0, 99)
amounts = st.none() | st.integers(0, 300)
kinds = st.sampled_from(["day", "month"])
places = st.one_of(
    st.tuples(st.sampled_from([1, 2]), st.just("member"), st.sampled_from([31, 32]), kinds),
    st.tuples(st.sampled_from([1, 2]), st.just("role"), st.sampled_from([41, 42]), kinds),
    st.tuples(st.sampled_from([1, 2]), st.sampled_from(["members", "server"]), st.just(0), kinds),
    st.tuples(st.just(0), st.just("everything"), st.just(0), kinds),
)
ends = st.tuples(numbers, st.none() | st.integers(0, 120))
"""Which open hold ends, and what is charged of it; None gives it back."""


class Bank(RuleBasedStateMachine):
    """Quotas, grants and jobs in a database, beside the model.

    Chance says which of two at once is first, so no precondition may depend on it: a step that
    finds nothing to do does nothing.
    """

    template: ClassVar[Template]
    folder: ClassVar[Path]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).steps -= 1  # the invariant is looked at once before the first step
        self.model = LedgerModel(LEAP_DAY_MS)
        self.ids = count(1)
        self.loop = asyncio.Runner()
        self.url = self.loop.run(self.template.make(self.folder, empty=False))
        self.database = self.loop.run(Database.open(self.url))

    def teardown(self) -> None:
        try:
            assert self.do(audit.run_audit).violations == ()
        finally:
            self.loop.run(self.database.close())
            self.loop.run(self.template.drop(self.url))
            self.loop.close()

    @rule(member=members, price=prices, times=st.integers(1, 6))
    def hold(self, member: Member, price: int, times: int) -> None:
        """As many of the same as fit get in, however many come at once."""
        results = self.at_once([self.accepting(member, price) for _ in range(times)])
        accepted = [found for found in results if isinstance(found, Job)]
        for job in accepted:
            assert self.model.fits(member, price)
            self.model.hold(job.id, member, price)
        # Which of the same has the part of the grants is up to chance.
        holds = [self.model.holds[job.id] for job in accepted]
        splits = [self.from_grant(job) for job in accepted]
        assert sorted(splits) == sorted(hold.grant for hold in holds)
        for hold, split in zip(holds, splits, strict=True):
            hold.quota, hold.grant = price - split, split
        assert len(accepted) == times or not self.model.fits(member, price)

    @rule(ends=st.lists(ends, min_size=1, max_size=5))
    def end(self, ends: list[tuple[int, int | None]]) -> None:
        """Holds are charged, in full or less, or released, all at once."""
        self.at_once(self.endings(ends))

    @rule(
        holds=st.lists(st.tuples(members, prices), max_size=5),
        ends=st.lists(ends, max_size=4),
        gifts=st.lists(st.tuples(members, prices), max_size=2),
        back=numbers,
    )
    def everything_at_once(
        self,
        holds: list[tuple[Member, int]],
        ends: list[tuple[int, int | None]],
        gifts: list[tuple[Member, int]],
        back: int,
    ) -> None:
        """Which holds get in is up to chance; no limit is passed, and nothing is lost."""
        before = {name: self.model.used(name) for name in self.model.held}
        revoking = [self.revoking(self.some_grant(back))] if self.model.grants else []
        acts = [self.accepting(*wanted) for wanted in holds]
        results = self.at_once(
            [*acts, *self.endings(ends), *(self.granting(*gift) for gift in gifts), *revoking]
        )
        for (member, price), found in zip(holds, results, strict=False):
            if isinstance(found, Job):
                self.model.hold(found.id, member, price, self.from_grant(found))
        for member, _ in holds:
            for scope in ("member", "server", "everything"):
                for kind in ("day", "month"):
                    limit = self.model.limit(scope, member, kind)
                    bucket = self.model.bucket(scope, member, kind)
                    most = max(limit or 0, before.get(bucket, 0))
                    assert limit is None or self.model.used(bucket) <= most
            assert self.model.unspent(member) >= 0

    @rule(which=numbers, amount=st.integers(-120, 40).filter(bool))
    def adjust(self, which: int, amount: int) -> None:
        """A member gets back what they paid at most, the grants first."""
        if not self.model.holds:
            return
        job = sorted(self.model.holds)[which % len(self.model.holds)]
        hold = self.model.holds[job]
        guild, user = hold.member
        try:
            self.do(
                lambda tx: billing.adjust(
                    tx,
                    job_id=job,
                    guild_id=guild,
                    user_id=user,
                    amount=MicroUSD(amount),
                    account="member",
                    actor="5",
                    note="",
                    now_ms=self.model.now_ms,
                )
            )
        except LedgerError:
            assert hold.paid + amount < 0
        else:
            self.model.adjust(job, amount)

    @rule(member=members, amount=prices)
    def grant(self, member: Member, amount: int) -> None:
        self.at_once([self.granting(member, amount)])

    @rule(which=numbers, times=st.integers(1, 3))
    def revoke(self, which: int, times: int) -> None:
        """What is unspent of a grant is taken back, once, however often it is asked for."""
        if not self.model.grants:
            return
        grant = self.some_grant(which)
        unspent = self.model.unspent_of(grant)
        taken = self.at_once([self.revoking(grant) for _ in range(times)])
        assert sorted(taken) == [*[0] * (times - 1), unspent]

    @rule(place=places, wanted=st.lists(amounts, min_size=1, max_size=2))
    def set_limit(self, place: tuple[int, str, int, str], wanted: list[int | None]) -> None:
        """One manager sets a limit, or two at once: then one of theirs counts."""
        self.at_once([self.setting(place, amount) for amount in wanted])
        found = self.do(lambda tx: limits.get(tx, a_limit(place, None)))
        assert found is not None
        assert found.amount in wanted
        self.model.limits[place] = found.amount

    @rule(place=places)
    def clear_limit(self, place: tuple[int, str, int, str]) -> None:
        self.do(lambda tx: limits.remove(tx, a_limit(place, None)))
        self.model.limits.pop(place, None)

    @rule(member=members, roles=st.sampled_from([(), (41,), (42,), (41, 42)]))
    def change_roles(self, member: Member, roles: tuple[int, ...]) -> None:
        self.model.roles[member] = roles

    @rule(
        to_ms=st.one_of(
            st.integers(0, 6 * 3_600_000).map(lambda ms: lambda now: now + ms),
            st.just(lambda now: now - now % DAY_MS + DAY_MS - 1),
            st.just(lambda now: now - now % DAY_MS + DAY_MS),
            st.sampled_from([-DAY_MS, DAY_MS]).map(lambda ms: lambda now: now + ms),
        )
    )
    def pass_time(self, to_ms: Callable[[int], int]) -> None:
        """Hours pass, a day ends to the millisecond, or the clock jumps a day."""
        self.model.now_ms = to_ms(self.model.now_ms)

    @invariant()
    def buckets_and_ledger_are_as_the_model_says(self) -> None:
        type(self).steps += 1
        found = {
            row.bucket_id: (row.held_micro, row.charged_micro, row.granted_micro)
            for row in self.do(_buckets)
        }
        nothing = (0, 0, 0)
        model = self.model.buckets()
        assert {name: sums for name, sums in found.items() if sums != nothing} == {
            name: sums for name, sums in model.items() if sums != nothing
        }
        sums = asdict(self.do(billing.get_totals))
        assert sums == {name: self.model.sums[name] for name in sums}

    def open_jobs(self) -> list[str]:
        return sorted(job for job, hold in self.model.holds.items() if hold.is_open)

    def some_grant(self, which: int) -> int:
        return sorted(self.model.grants)[which % len(self.model.grants)]

    def from_grant(self, job: Job) -> int:
        hold, *_ = self.do(lambda tx: billing.list_entries(tx, job.id))
        return hold.from_grant

    async def accepting(self, member: Member, price: int) -> Job | QuotaExceeded:
        number = next(self.ids)
        new = NewJob(
            id=f"job{number:017d}",
            interaction_id=number,
            guild_id=member[0],
            channel_id=2,
            user_id=member[1],
            request=REQUEST,
            price=MicroUSD(price),
            price_version="v",
            created_at_ms=self.model.now_ms,
        )

        async def work(tx: AsyncConnection) -> Job:
            roles = self.model.roles.get(member, ())
            counting = await limits.get_effective(tx, *member, roles, LIMITS)
            job, _ = await jobs.enqueue(tx, new)
            await billing.hold(
                tx,
                job_id=job.id,
                attempt=1,
                guild_id=job.guild_id,
                user_id=job.user_id,
                amount=job.price,
                price_version="v",
                limits=counting,
                now_ms=self.model.now_ms,
            )
            return job

        try:
            return await self.database.transact(work)
        except QuotaExceeded as error:
            return error

    def endings(self, ends: list[tuple[int, int | None]]) -> list[Awaitable[Any]]:
        """End some of the open holds, each once, in the model and in the database."""
        chosen = dict[str, int | None]()
        open_jobs = self.open_jobs()
        for which, amount in ends if open_jobs else ():
            job = open_jobs[which % len(open_jobs)]
            hold = self.model.holds[job]
            chosen[job] = None if amount is None else min(amount, hold.quota + hold.grant)
        for job, amount in chosen.items():
            if amount is None:
                self.model.release(job)
            else:
                self.model.charge(job, amount)
        return [self.ending(job, amount) for job, amount in chosen.items()]

    async def ending(self, job_id: str, amount: int | None) -> None:
        now_ms = self.model.now_ms

        async def work(tx: AsyncConnection) -> None:
            job = await jobs.get(tx, job_id)
            assert job is not None
            if amount is None:
                await billing.release(tx, job_id, 1, now_ms=now_ms, note="")
                await jobs.transition(tx, job, S.CANCELLED, now_ms=now_ms)
                return
            await billing.charge(tx, job_id, 1, now_ms=now_ms, amount=MicroUSD(amount))
            for state in (S.SUBMITTING, S.GENERATING, S.SUCCEEDED):
                job = await jobs.transition(tx, job, state, now_ms=now_ms)

        await self.database.transact(work)

    async def granting(self, member: Member, amount: int) -> None:
        guild, user = member

        async def work(tx: AsyncConnection) -> int:
            await guild_settings.lock_guild(tx, guild)
            return await billing.grant(
                tx,
                guild_id=guild,
                user_id=user,
                amount=MicroUSD(amount),
                actor="5",
                note="",
                now_ms=self.model.now_ms,
            )

        self.model.grant(await self.database.transact(work), member, amount)

    async def revoking(self, grant: int) -> int:
        async def work(tx: AsyncConnection) -> int:
            await guild_settings.lock_guild(tx, self.model.grants[grant][0][0])
            return await billing.revoke(tx, grant, actor="5", now_ms=self.model.now_ms)

        amount = await self.database.transact(work)
        self.model.revoke(grant, amount)
        return amount

    async def setting(self, place: tuple[int, str, int, str], amount: int | None) -> None:
        async def work(tx: AsyncConnection) -> None:
            await guild_settings.lock_guild(tx, place[0])
            await limits.put(tx, a_limit(place, amount))

        await self.database.transact(work)

    def at_once(self, acts: Sequence[Awaitable[Any]]) -> list[Any]:
        async def work() -> list[Any]:
            return await asyncio.gather(*acts)

        return self.loop.run(work())

    def do(self, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        return self.loop.run(self.database.transact(work))


async def _buckets(tx: AsyncConnection) -> Sequence[Any]:
    return (await tx.execute(text("SELECT * FROM quota_buckets"))).all()


def a_limit(place: tuple[int, str, int, str], amount: int | None) -> Limit:
    guild_id, target, subject_id, kind = place
    return Limit(
        guild_id=guild_id,
        target=LimitTarget(target),
        subject_id=subject_id,
        kind=LimitKind(kind),
        amount=amount,
    )


def test_money_is_as_the_model_says(template: Template, tmp_path: Path) -> None:
    """Holds, charges, grants, limits, roles, midnights and jumps of the clock, in any order."""
    default = STEPS["sqlite" if isinstance(template, SqliteTemplate) else "postgresql"]
    steps = int(os.environ.get("QUOTA_STEPS", default))
    machine: Any = type("Bank", (Bank,), {"template": template, "folder": tmp_path, "steps": 0})
    run_state_machine_as_test(
        machine,
        settings=settings(
            # Not every example gets as long as it may.
            max_examples=steps // STEPS_OF_ONE * 3 // 2,
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            derandomize="QUOTA_STEPS" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.steps >= steps
