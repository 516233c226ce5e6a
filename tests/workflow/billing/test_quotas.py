"""Quotas and grants over the whole of accepting, and the trail that their changes leave."""

import asyncio
from dataclasses import replace

import pytest

from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Kind, Limit, Scope, Target
from storage import audit_log, billing
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, GUILD, World, limits
from workflow.billing import quotas
from workflow.billing.quotas import Manager, Member
from workflow.errors import AtOnce, CoolingDown, NoSuchGrant, OverLimit
from workflow.stages.accept import accept

CLARA, DAVE = 51, 52
DAY_S = 86_400
SMALL = {"seconds": 4, "sound": False}
PRICE = 80_000


def a_limit(kind: Kind, amount: int | None, target: Target = Target.MEMBERS, id_: int = 0) -> Limit:
    return Limit(target=target, kind=kind, amount=amount, guild_id=GUILD, subject_id=id_)


async def put(world: World, limit: Limit, manager: int = CLARA, click: int = 1) -> Limit | None:
    return await quotas.set_limit(world.context, limit, Manager(manager, click))


async def trail(world: World) -> list[tuple[str, ...]]:
    """List the changes, oldest first: who, what, of what, before, after, note."""
    found = await world.database.read(lambda tx: audit_log.latest(tx, GUILD, 99))
    return [
        (one.actor, one.what, one.subject, one.before or "-", one.after or "-", one.note)
        for one in reversed(found)
    ]


@BOTH_ENGINES
async def test_what_managers_set_counts_in_place_of_the_operators_default(world: World):
    """More or less than the default, for each member, and none lifts it; the server's stays."""
    world.change(limits=replace(limits(member=0.1), server_day=MicroUSD(4 * PRICE)))
    await put(world, a_limit(Kind.DAY, 2 * PRICE), click=1)
    for _ in range(2):
        await world.order(**SMALL)
    with pytest.raises(OverLimit):
        await world.order(**SMALL)
    await put(world, a_limit(Kind.DAY, None), click=2)
    for _ in range(2):
        last = await world.order(**SMALL)
    assert last.left.of(Scope.MEMBER) is None
    assert last.left.of(Scope.SERVER) == 0
    with pytest.raises(OverLimit) as refusal:
        await world.order(**SMALL)
    assert [short.scope for short in refusal.value.shortfalls] == ["server"]
    await world.audit()


@BOTH_ENGINES
async def test_the_roles_of_the_moment_count(world: World):
    """A role that is gained or lost changes what fits next, and nothing that is held."""
    world.change(limits=limits(member=0))
    await put(world, a_limit(Kind.DAY, PRICE, Target.ROLE, 41))
    order = world.an_order("a lake", **SMALL)
    with pytest.raises(OverLimit):
        await accept(world.context, order)
    await accept(world.context, replace(order, role_ids=(41,)))
    assert (await accept(world.context, order)).left.of(Scope.MEMBER) == 0
    await world.audit()


@BOTH_ENGINES
async def test_every_change_is_written_down_with_who_and_from_what_to_what(world: World):
    """Setting the same again changes nothing and leaves nothing; clearing what is not set too."""
    await put(world, a_limit(Kind.DAY, 5_000_000), click=1)
    assert await put(world, a_limit(Kind.DAY, 5_000_000), click=2) is not None
    await put(world, a_limit(Kind.DAY, None), DAVE, click=3)
    cleared = await quotas.clear_limit(
        world.context, a_limit(Kind.DAY, None), Manager(CLARA, interaction_id=4)
    )
    assert cleared == a_limit(Kind.DAY, None)
    await quotas.clear_limit(world.context, a_limit(Kind.MONTH, None), Manager(CLARA, 5))
    ada = Member(GUILD, ADA)
    granted = await quotas.grant(
        world.context, ada, MicroUSD(2_500_000), "a prize", Manager(DAVE, 6)
    )
    await quotas.revoke(world.context, GUILD, granted.grant_id, Manager(CLARA, 7))
    assert await trail(world) == [
        (str(CLARA), "limit", "members:0:day", "-", "$5.00", ""),
        (str(DAVE), "limit", "members:0:day", "$5.00", "none", ""),
        (str(CLARA), "limit", "members:0:day", "none", "-", ""),
        (str(DAVE), "grant", f"member:{ADA}", "$0.00", "$2.50", "a prize"),
        (str(CLARA), "revoke", f"member:{ADA}", "$2.50", "$0.00", "a prize"),
    ]


@BOTH_ENGINES
async def test_of_many_managers_at_once_each_change_begins_where_another_ended(world: World):
    """Twenty in no order: the trail is one chain, and its end is what counts."""
    await asyncio.gather(
        *(put(world, a_limit(Kind.DAY, n * 1_000_000), click=n) for n in range(1, 21))
    )
    chain = [(before, after) for *_, before, after, _ in await trail(world)]
    assert len(chain) == 20
    assert [before for before, _ in chain] == ["-", *(after for _, after in chain[:-1])]
    house = await quotas.house(world.context, GUILD)
    assert [f"${(limit.amount or 0) // 1_000_000}.00" for limit in house.limits] == [chain[-1][1]]


@BOTH_ENGINES
async def test_one_interaction_grants_once(world: World):
    """Discord may send it again, also at the same time; the answer is the same."""
    manager, ada = Manager(CLARA, 9), Member(GUILD, ADA)
    granted = await asyncio.gather(
        *(quotas.grant(world.context, ada, MicroUSD(5), "", manager) for _ in range(4))
    )
    assert len({one.grant_id for one in granted}) == 1
    assert {one.unspent for one in granted} == {5}
    assert (await world.audit()).ledger["granted"] == 5


@BOTH_ENGINES
async def test_a_grant_of_another_server_is_none(world: World):
    """Nor is another row of the ledger, nor a number out of nowhere."""
    elsewhere = Member(GUILD + 1, ADA)
    granted = await quotas.grant(world.context, elsewhere, MicroUSD(5), "", Manager(CLARA, 1))
    job = (await world.order()).job
    (held,) = await world.database.read(lambda tx: billing.entries(tx, job.id))
    for wrong in (granted.grant_id, held.id, 999):
        with pytest.raises(NoSuchGrant):
            await quotas.revoke(world.context, GUILD, wrong, Manager(CLARA, 2))


@BOTH_ENGINES
async def test_a_member_sees_what_counts_and_where_it_comes_from(world: World):
    """The day by their role, the month by nobody, and the grants that are unspent."""
    world.change(limits=limits(member=1))
    role = a_limit(Kind.DAY, 2_000_000, Target.ROLE, 41)
    await put(world, role)
    ada = Member(GUILD, ADA, (41,))
    await quotas.grant(world.context, ada, MicroUSD(7), "", Manager(CLARA, 2))
    seen = await quotas.standing(world.context, ada)
    assert seen.rulings[Kind.DAY].limit == role
    assert seen.rulings[Kind.MONTH].amount is None
    assert (seen.left.of(Scope.MEMBER), seen.left.grants) == (2_000_000, 7)
    assert [grant.unspent for grant in seen.grants] == [7]
    plain = await quotas.standing(world.context, Member(GUILD, BEN))
    assert (plain.rulings[Kind.DAY].amount, plain.rulings[Kind.DAY].limit) == (1_000_000, None)


@BOTH_ENGINES
async def test_a_cooldown_tells_when_to_ask_again_and_holds_nothing(world: World):
    """To the millisecond, for each member and server by themselves."""
    await put(world, a_limit(Kind.COOLDOWN, 60))
    first = (await world.order()).job
    await world.order(user=BEN)
    with pytest.raises(CoolingDown) as refusal:
        await world.order()
    assert refusal.value.until_ms == first.created_at_ms + 60_000
    world.clock.advance(60)
    await world.order()
    assert (await world.audit()).jobs["queued"] == 3


@BOTH_ENGINES
async def test_of_many_orders_at_once_a_cooldown_lets_one_through(world: World):
    """Ten clicks at the same moment are one video."""
    await put(world, a_limit(Kind.COOLDOWN, 60))
    orders = [world.an_order(f"lake {n}") for n in range(10)]
    news = await asyncio.gather(
        *(accept(world.context, order) for order in orders), return_exceptions=True
    )
    assert sum(isinstance(one, CoolingDown) for one in news) == 9
    assert (await world.audit()).jobs["queued"] == 1


@BOTH_ENGINES
async def test_a_clock_that_is_set_back_lengthens_no_cooldown(world: World):
    """A day back: whoever asked tomorrow waits for the cooldown at most."""
    await put(world, a_limit(Kind.COOLDOWN, 60))
    await world.order()
    world.clock.advance(-DAY_S)
    with pytest.raises(CoolingDown) as refusal:
        await world.order()
    now_ms = world.context.now_ms()
    assert refusal.value.until_ms == now_ms + 60_000


@BOTH_ENGINES
async def test_the_same_interaction_is_no_second_request(world: World):
    """Neither the cooldown nor the cap at once turns its repetition away."""
    await put(world, a_limit(Kind.COOLDOWN, 60), click=1)
    await put(world, a_limit(Kind.IN_FLIGHT, 1), click=2)
    order = world.an_order("a lake")
    once, twice = await asyncio.gather(*(accept(world.context, order) for _ in range(2)))
    assert once.job.id == twice.job.id
    assert (await accept(world.context, order)).job.id == once.job.id


@BOTH_ENGINES
async def test_as_many_jobs_are_under_way_as_a_member_may_have(world: World):
    """Ten at once against two; what has ended makes room again, and zero lets none through."""
    await put(world, a_limit(Kind.IN_FLIGHT, 2), click=1)
    orders = [world.an_order(f"lake {n}") for n in range(10)]
    news = await asyncio.gather(
        *(accept(world.context, order) for order in orders), return_exceptions=True
    )
    assert [one.most for one in news if isinstance(one, AtOnce)] == [2] * 8
    taken = [one.job.id for one in news if not isinstance(one, BaseException)]
    await world.until(JobState.DELIVERED, job=taken[0])
    await world.order()
    await put(world, a_limit(Kind.IN_FLIGHT, 0), click=2)
    with pytest.raises(AtOnce):
        await world.order(user=BEN)
    await world.audit()


@BOTH_ENGINES
async def test_a_clock_that_jumps_a_day_counts_where_it_lands(world: World):
    """A day ahead there is room anew; back again, what was used that day is still used."""
    world.change(limits=limits(member=PRICE / 1_000_000))
    await world.order(**SMALL)
    world.clock.advance(DAY_S)
    await world.order(**SMALL)
    world.clock.advance(-DAY_S)
    with pytest.raises(OverLimit):
        await world.order(**SMALL)
    await world.audit()


@BOTH_ENGINES
async def test_a_job_costs_what_it_was_quoted_whatever_is_set_meanwhile(world: World):
    """Its hold is charged to the micro-dollar under a limit of nothing and at another price."""
    job = (await world.order(**SMALL)).job
    await put(world, a_limit(Kind.DAY, 0))
    await world.until(JobState.DELIVERED, job=job.id)
    assert await world.ledger(job.id) == [("hold", PRICE), ("charge", PRICE)]
    found = await world.job(job.id)
    assert (found.price, found.price_version) == (job.price, job.price_version)
    await world.audit()
