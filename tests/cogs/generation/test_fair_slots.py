import asyncio

from cogs.generation.fair_slots import FairSlots

ADA, BEN = 1, 2


async def hold(slots: FairSlots, who: int, order: list[int], go: asyncio.Event) -> None:
    async with slots.take(who):
        order.append(who)
        await go.wait()


async def test_a_free_slot_goes_to_who_has_the_fewest() -> None:
    """Ben, who came last, waits for one of Ada's files, not for all of them."""
    slots, order, gates = FairSlots(2), list[int](), [asyncio.Event() for _ in range(6)]
    holders = [asyncio.create_task(hold(slots, ADA, order, gate)) for gate in gates[:5]]
    await asyncio.sleep(0)
    holders.append(asyncio.create_task(hold(slots, BEN, order, gates[5])))
    await asyncio.sleep(0)
    assert order == [ADA, ADA]
    gates[0].set()
    await holders[0]
    await asyncio.sleep(0)
    assert order == [ADA, ADA, BEN]
    for gate in gates:
        gate.set()
    await asyncio.gather(*holders)
    assert order == [ADA, ADA, BEN, ADA, ADA, ADA]


async def test_who_gives_up_leaves_the_slot_to_others() -> None:
    """Waiting for it, or at the moment when it is given."""
    slots, order, go = FairSlots(1), list[int](), asyncio.Event()

    async def hold_first() -> None:
        await hold(slots, ADA, order, go)
        waiting[1].cancel()  # it has the slot, and has not run yet

    holder = asyncio.create_task(hold_first())
    waiting = [asyncio.create_task(hold(slots, BEN, order, go)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    go.set()
    await asyncio.wait([holder, *waiting])
    assert order == [ADA, BEN]
    async with asyncio.timeout(1), slots.take(ADA):
        pass
