"""Quotas and grants over the whole of accepting, and what their changes leave in the audit log."""

import asyncio
from dataclasses import replace

import pytest

from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Limit, LimitKind, LimitTarget, Scope
from storage import audit_log, billing
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, GUILD, WorkflowHarness, member_limits
from workflow.billing import quotas
from workflow.billing.quotas import Actor, Member
from workflow.errors import CooldownActive, NoSuchGrant, OverLimit, TooManyInFlight
from workflow.stages.accept import accept

CLARA, DAVE = 51, 52
DAY_S = 86_400
SMALL = {"seconds": 4, "sound": False}
PRICE = 80_000


def a_limit(
    kind: LimitKind, amount: int | None, target: LimitTarget = LimitTarget.MEMBERS, id_: int = 0
) -> Limit:
    return Limit(target=target, kind=kind, amount=amount, guild_id=GUILD, subject_id=id_)


async def put(
    world: WorkflowHarness, limit: Limit, manager: int = CLARA, click: int = 1
) -> Limit | None:
    return await quotas.set_limit(world.context, limit, Actor(manager, click))


async def changes(world: WorkflowHarness) -> list[tuple[str, ...]]:
    """List the changes, oldest first: who, what, of what, before, after, note."""
    found = await world.database.read(lambda tx: audit_log.list_latest(tx, GUILD, 99))
    return [
        (one.actor, one.what, one.subject, one.before or "-", one.after or "-", one.note)
        for one in reversed(found)
    ]


@BOTH_ENGINES
async def test_what_managers_set_counts_in_place_of_the_operators_default(harness: WorkflowHarness):
    """More or less than the default, for each member, and none lifts it; the server's stays."""
    harness.change_policy(limits=replace(member_limits(member=0.1), server_day=MicroUSD(4 * PRICE)))
    await put(harness, a_limit(LimitKind.DAY, 2 * PRICE), click=1)
    for _ in range(2):
        await harness.accept_job(**SMALL)
    with pytest.raises(OverLimit):
        await harness.accept_job(**SMALL)
    await put(harness, a_limit(LimitKind.DAY, None), click=2)
    for _ in range(2):
        last = await harness.accept_job(**SMALL)
    assert last.remaining.remaining_under(Scope.MEMBER) is None
    assert last.remaining.remaining_under(Scope.SERVER) == 0
    with pytest.raises(OverLimit) as refusal:
        await harness.accept_job(**SMALL)
    assert [short.scope for short in refusal.value.shortfalls] == ["server"]
    await harness.audit()


async def test_the_roles_of_the_moment_count(harness: WorkflowHarness):
    """A role that is gained or lost changes what fits next, and nothing that is held."""
    harness.change_policy(limits=member_limits(member=0))
    await put(harness, a_limit(LimitKind.DAY, PRICE, LimitTarget.ROLE, 41))
    order = harness.make_order("a lake", **SMALL)
    with pytest.raises(OverLimit):
        await accept(harness.context, order)
    await accept(harness.context, replace(order, role_ids=(41,)))
    assert (await accept(harness.context, order)).remaining.remaining_under(Scope.MEMBER) == 0
    await harness.audit()


@BOTH_ENGINES
async def test_every_change_is_written_down_with_who_and_from_what_to_what(
    harness: WorkflowHarness,
):
    """Setting the same again changes nothing and leaves nothing; clearing what is not set too."""
    await put(harness, a_limit(LimitKind.DAY, 5_000_000), click=1)
    assert await put(harness, a_limit(LimitKind.DAY, 5_000_000), click=2) is not None
    await put(harness, a_limit(LimitKind.DAY, None), DAVE, click=3)
    cleared = await quotas.clear_limit(
        harness.context, a_limit(LimitKind.DAY, None), Actor(CLARA, interaction_id=4)
    )
    assert cleared == a_limit(LimitKind.DAY, None)
    await quotas.clear_limit(harness.context, a_limit(LimitKind.MONTH, None), Actor(CLARA, 5))
    ada = Member(GUILD, ADA)
    granted = await quotas.grant(
        harness.context, ada, MicroUSD(2_500_000), "a prize", Actor(DAVE, 6)
    )
    await quotas.revoke(harness.context, GUILD, granted.grant_id, Actor(CLARA, 7))
    assert await changes(harness) == [
        (str(CLARA), "limit", "members:0:day", "-", "$5.00", ""),
        (str(DAVE), "limit", "members:0:day", "$5.00", "none", ""),
        (str(CLARA), "limit", "members:0:day", "none", "-", ""),
        (str(DAVE), "grant", f"member:{ADA}", "$0.00", "$2.50", "a prize"),
        (str(CLARA), "revoke", f"member:{ADA}", "$2.50", "$0.00", "a prize"),
    ]


@BOTH_ENGINES
async def test_of_many_managers_at_once_each_change_begins_where_another_ended(
    harness: WorkflowHarness,
):
    """Twenty in no order: the audit log is one chain, and its end is what counts."""
    await asyncio.gather(
        *(put(harness, a_limit(LimitKind.DAY, n * 1_000_000), click=n) for n in range(1, 21))
    )
    chain = [(before, after) for *_, before, after, _ in await changes(harness)]
    assert len(chain) == 20
    assert [before for before, _ in chain] == ["-", *(after for _, after in chain[:-1])]
    server_limits = await quotas.read_server_limits(harness.context, GUILD)
    assert [f"${(limit.amount or 0) // 1_000_000}.00" for limit in server_limits.limits] == [
        chain[-1][1]
    ]


@BOTH_ENGINES
async def test_one_interaction_grants_once(harness: WorkflowHarness):
    """Discord may send it again, also at the same time; the answer is the same."""
    manager, ada = Actor(CLARA, 9), Member(GUILD, ADA)
    granted = await asyncio.gather(
        *(quotas.grant(harness.context, ada, MicroUSD(5), "", manager) for _ in range(4))
    )
    assert len({one.grant_id for one in granted}) == 1
    assert {one.unspent for one in granted} == {5}
    assert (await harness.audit()).ledger["granted"] == 5


async def test_a_grant_of_another_server_is_none(harness: WorkflowHarness):
    """Nor is another row of the ledger, nor a number out of nowhere."""
    elsewhere = Member(GUILD + 1, ADA)
    granted = await quotas.grant(harness.context, elsewhere, MicroUSD(5), "", Actor(CLARA, 1))
    job = (await harness.accept_job()).job
    (held,) = await harness.database.read(lambda tx: billing.list_entries(tx, job.id))
    for wrong in (granted.grant_id, held.id, 999):
        with pytest.raises(NoSuchGrant):
            await quotas.revoke(harness.context, GUILD, wrong, Actor(CLARA, 2))


async def test_a_member_sees_what_counts_and_where_it_comes_from(harness: WorkflowHarness):
    """The day by their role, the month by nobody, and the grants that are unspent."""
    harness.change_policy(limits=member_limits(member=1))
    role = a_limit(LimitKind.DAY, 2_000_000, LimitTarget.ROLE, 41)
    await put(harness, role)
    ada = Member(GUILD, ADA, (41,))
    await quotas.grant(harness.context, ada, MicroUSD(7), "", Actor(CLARA, 2))
    seen = await quotas.read_quota_status(harness.context, ada)
    assert seen.effective_limits[LimitKind.DAY].source == role
    assert seen.effective_limits[LimitKind.MONTH].amount is None
    assert (seen.remaining.remaining_under(Scope.MEMBER), seen.remaining.grant_balance) == (
        2_000_000,
        7,
    )
    assert [grant.unspent for grant in seen.grants] == [7]
    plain = await quotas.read_quota_status(harness.context, Member(GUILD, BEN))
    assert (
        plain.effective_limits[LimitKind.DAY].amount,
        plain.effective_limits[LimitKind.DAY].source,
    ) == (1_000_000, None)


async def test_a_cooldown_tells_when_to_ask_again_and_holds_nothing(harness: WorkflowHarness):
    """To the millisecond, for each member and server by themselves."""
    await put(harness, a_limit(LimitKind.COOLDOWN, 60))
    first = (await harness.accept_job()).job
    await harness.accept_job(user=BEN)
    with pytest.raises(CooldownActive) as refusal:
        await harness.accept_job()
    assert refusal.value.until_ms == first.created_at_ms + 60_000
    harness.clock.advance(60)
    await harness.accept_job()
    assert (await harness.audit()).jobs["queued"] == 3


@BOTH_ENGINES
async def test_of_many_orders_at_once_a_cooldown_lets_one_through(harness: WorkflowHarness):
    """Ten clicks at the same moment are one video."""
    await put(harness, a_limit(LimitKind.COOLDOWN, 60))
    orders = [harness.make_order(f"lake {n}") for n in range(10)]
    results = await asyncio.gather(
        *(accept(harness.context, order) for order in orders), return_exceptions=True
    )
    assert sum(isinstance(one, CooldownActive) for one in results) == 9
    assert (await harness.audit()).jobs["queued"] == 1


async def test_a_clock_that_is_set_back_lengthens_no_cooldown(harness: WorkflowHarness):
    """A day back: a member who asked tomorrow waits for the cooldown at most."""
    await put(harness, a_limit(LimitKind.COOLDOWN, 60))
    await harness.accept_job()
    harness.clock.advance(-DAY_S)
    with pytest.raises(CooldownActive) as refusal:
        await harness.accept_job()
    now_ms = harness.context.now_ms()
    assert refusal.value.until_ms == now_ms + 60_000


@BOTH_ENGINES
async def test_the_same_interaction_is_no_second_request(harness: WorkflowHarness):
    """Neither the cooldown nor the cap at once turns its repetition away."""
    await put(harness, a_limit(LimitKind.COOLDOWN, 60), click=1)
    await put(harness, a_limit(LimitKind.IN_FLIGHT, 1), click=2)
    order = harness.make_order("a lake")
    once, twice = await asyncio.gather(*(accept(harness.context, order) for _ in range(2)))
    assert once.job.id == twice.job.id
    assert (await accept(harness.context, order)).job.id == once.job.id


@BOTH_ENGINES
async def test_as_many_jobs_are_under_way_as_a_member_may_have(harness: WorkflowHarness):
    """Ten at once against two; what has ended makes room again, and zero lets none through."""
    await put(harness, a_limit(LimitKind.IN_FLIGHT, 2), click=1)
    orders = [harness.make_order(f"lake {n}") for n in range(10)]
    results = await asyncio.gather(
        *(accept(harness.context, order) for order in orders), return_exceptions=True
    )
    assert [one.limit for one in results if isinstance(one, TooManyInFlight)] == [2] * 8
    taken = [one.job.id for one in results if not isinstance(one, BaseException)]
    await harness.run_until(JobState.DELIVERED, job=taken[0])
    await harness.accept_job()
    await put(harness, a_limit(LimitKind.IN_FLIGHT, 0), click=2)
    with pytest.raises(TooManyInFlight):
        await harness.accept_job(user=BEN)
    await harness.audit()


async def test_a_clock_that_jumps_a_day_counts_where_it_lands(harness: WorkflowHarness):
    """A day ahead there is room again; back again, what was used that day is still used."""
    harness.change_policy(limits=member_limits(member=PRICE / 1_000_000))
    await harness.accept_job(**SMALL)
    harness.clock.advance(DAY_S)
    await harness.accept_job(**SMALL)
    harness.clock.advance(-DAY_S)
    with pytest.raises(OverLimit):
        await harness.accept_job(**SMALL)
    await harness.audit()


async def test_a_job_costs_what_it_was_quoted_whatever_is_set_meanwhile(harness: WorkflowHarness):
    """Its hold is charged to the micro-dollar under a limit of nothing and at another price."""
    job = (await harness.accept_job(**SMALL)).job
    await put(harness, a_limit(LimitKind.DAY, 0))
    await harness.run_until(JobState.DELIVERED, job=job.id)
    assert await harness.ledger(job.id) == [("hold", PRICE), ("charge", PRICE)]
    found = await harness.job(job.id)
    assert (found.price, found.price_version) == (job.price, job.price_version)
    await harness.audit()
