"""Notes for a member about bonuses, until they have been shown."""

from domain.money import MicroUSD
from tests.harness.workflow import ADA, BEN, GUILD, WorkflowHarness
from workflow.billing import quotas
from workflow.billing.private_notices import read_notices, remove_bonus_notes
from workflow.billing.quotas import Actor, Member

MANAGER = 51


async def amounts(harness: WorkflowHarness, user: int = ADA) -> list[int]:
    found = await read_notices(harness.context, GUILD, user, manages=False)
    return [note.amount for note in found.notes]


async def test_bonuses_given_and_taken_back_are_noted_until_they_are_shown(
    harness: WorkflowHarness,
):
    """Each once, also where its command is repeated; what comes meanwhile stays."""
    member = Member(GUILD, ADA)
    for _ in range(2):
        given = await quotas.grant(harness.context, member, MicroUSD(300), "", Actor(MANAGER, 1))
    await quotas.revoke(harness.context, GUILD, given.grant_id, Actor(MANAGER, 2))
    assert await amounts(harness) == [300, -300]
    assert await amounts(harness, BEN) == []
    shown = (await read_notices(harness.context, GUILD, ADA, manages=False)).notes
    await quotas.grant(harness.context, member, MicroUSD(500), "", Actor(MANAGER, 3))
    await remove_bonus_notes(harness.context, GUILD, ADA, shown)
    assert await amounts(harness) == [500]
    await remove_bonus_notes(harness.context, GUILD, ADA, shown[:1])
    assert await amounts(harness) == []


async def test_of_very_many_the_last_are_kept(harness: WorkflowHarness):
    """Nobody reads hundreds of them."""
    for number in range(1, 13):
        member, click = Member(GUILD, ADA), Actor(MANAGER, number)
        await quotas.grant(harness.context, member, MicroUSD(number), "", click)
    assert await amounts(harness) == [*range(3, 13)]
