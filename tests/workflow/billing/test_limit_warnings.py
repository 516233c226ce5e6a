"""Warnings of shared limits: recorded by the order that crosses one, told once."""

import asyncio

from domain.money import MicroUSD
from domain.quotas import Limits
from tests.harness.workflow import BEN, BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.billing.limit_warnings import EVERYTHING_ID, LimitWarning, tell_once
from workflow.billing.private_notices import read_notices, read_warnings

SMALL = {"seconds": 4, "sound": False}
PRICE = 80_000


def limits(**amounts: int) -> Limits:
    given = {name: MicroUSD(amount) for name, amount in amounts.items()}
    return Limits(**{"member_day": None, "server_day": None, "everything_day": None, **given})


async def told(harness: WorkflowHarness) -> list[tuple[int, int]]:
    """Announce what has not been announced: whose it is, and the threshold."""
    heard = list[LimitWarning]()

    async def tell(warning: LimitWarning) -> bool:
        heard.append(warning)
        return True

    for warning in await read_warnings(harness.context):
        await tell_once(harness.context, warning, tell)
    return [(warning.guild_id, warning.crossing.threshold) for warning in heard]


@BOTH_ENGINES
async def test_each_threshold_is_told_once(harness: WorkflowHarness):
    """At 50, 80 and 95 per cent, also by a new process; the next day begins once more."""
    harness.change_policy(limits=limits(server_day=10 * PRICE))
    heard = list[list[tuple[int, int]]]()
    for _ in range(10):
        await harness.accept_job(**SMALL)
        heard.append(await told(harness))
        assert await told(harness) == []
    assert heard[4] == [(GUILD, 50)]
    assert heard[7] == [(GUILD, 80)]
    assert heard[9] == [(GUILD, 95)]
    assert [len(each) for each in heard] == [0, 0, 0, 0, 1, 0, 0, 1, 0, 1]
    await harness.replace_worker()
    assert await told(harness) == []
    harness.clock.advance(86_400)
    assert await read_warnings(harness.context) == []
    for _ in range(5):
        await harness.accept_job(**SMALL)
    assert await told(harness) == [(GUILD, 50)]


@BOTH_ENGINES
async def test_of_orders_at_once_one_crosses(harness: WorkflowHarness):
    """Of the server's limit and of everything's."""
    harness.change_policy(limits=limits(server_day=4 * PRICE, everything_day=4 * PRICE))
    await asyncio.gather(*(harness.accept_job(**SMALL) for _ in range(3)))
    warnings = await read_warnings(harness.context)
    assert {one.guild_id: one.crossing.threshold for one in warnings} == {
        GUILD: 50,
        EVERYTHING_ID: 50,
    }
    assert sorted(await told(harness)) == [(EVERYTHING_ID, 50), (GUILD, 50)]


async def test_what_could_not_be_told_is_tried_again(harness: WorkflowHarness):
    """After a pause, as every message is."""
    harness.change_policy(limits=limits(server_day=2 * PRICE))
    await harness.accept_job(**SMALL)
    (warning,) = await read_warnings(harness.context)

    async def fail(_warning: LimitWarning) -> bool:
        return False

    await tell_once(harness.context, warning, fail)
    assert await told(harness) == []
    harness.clock.advance(3_600)
    assert await told(harness) == [(GUILD, 50)]


async def test_a_member_is_warned_by_the_order_that_crosses(harness: WorkflowHarness):
    """Once; what a bonus pays counts for no limit, and a repeated click crosses nothing."""
    harness.change_policy(limits=limits(member_day=5 * PRICE))
    crossings = [(await harness.accept_job(**SMALL)).crossings for _ in range(4)]
    assert [len(each) for each in crossings] == [0, 0, 0, 1]
    assert crossings[3][0].percent == 80
    last = await harness.accept_job(**SMALL)
    assert last.crossings == ()


async def test_only_who_manages_hears_of_the_servers_limits(harness: WorkflowHarness):
    """Others hear of their own bonuses alone."""
    harness.change_policy(limits=limits(server_day=2 * PRICE))
    await harness.accept_job(**SMALL)
    assert (await read_notices(harness.context, GUILD, BEN, manages=False)).warnings == []
    (warning,) = (await read_notices(harness.context, GUILD, BEN, manages=True)).warnings
    assert warning.crossing.percent == 50
    assert (await read_notices(harness.context, GUILD + 1, BEN, manages=True)).warnings == []
