"""Leases on shards in a real database: who holds what, and what is left behind."""

from dataclasses import dataclass, field, replace

import pytest

from bot.sharding import leases
from bot.sharding.leases import DatabaseLeases, Holding, describe_process
from storage import processes, shards
from storage.database import Database
from storage.shards import GatewaySession
from tests.conftest import Template
from workflow.signals import Signal, Signals

SESSION = GatewaySession("abc", "wss://gateway.example/", 7)
PASSED_MS = leases.LEASE_MS + 1


class Told(Signals):
    """Signals that note who has told the others that shards are to change hands."""

    def __init__(self, heard: list[str], name: str) -> None:
        super().__init__()
        self._heard = heard
        self._told_by = name

    def tell_others(self, signal: Signal, detail: str = "") -> None:
        self._heard.append(self._told_by)


@dataclass
class Hosts:
    """Processes on machines of their own, and their clock."""

    database: Database
    now_ms: int = 1_800_000_000_000
    pids: list[str] = field(default_factory=list[str])
    heard: list[str] = field(default_factory=list[str])

    def join(self, name: str, room: int = 16) -> DatabaseLeases:
        self.pids.append(name)
        process = describe_process(name, "all", room, self.now_ms)
        own = replace(process, pid=len(self.pids), pid_space=name)
        return DatabaseLeases(self.database, own, lambda: self.now_ms, Told(self.heard, name))


async def beat(process: DatabaseLeases, **sessions: GatewaySession) -> Holding:
    """Beat with sessions, given as `s0` for that of the first shard."""
    own = {int(name[1:]): session for name, session in sessions.items()}
    return await process.beat(own, None)


@pytest.fixture
async def hosts(database: Database) -> Hosts:
    await database.transact(lambda tx: shards.create(tx, 2))
    return Hosts(database)


def on(engine: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("template", [engine], indirect=True)


async def test_the_number_of_shards_is_set_once(hosts: Hosts, template: Template):
    """The first start's; another number is what `reshard` sets."""
    assert await hosts.database.transact(lambda tx: shards.create(tx, 5)) == 2
    await hosts.database.transact(lambda tx: shards.replace_all(tx, 5))
    assert await hosts.join("a").count() == 5


@on("sqlite")
async def test_the_only_process_takes_everything_and_beats_once(hosts: Hosts):
    """Also what one that was killed has left; its session is not resumed."""
    dead = hosts.join("dead")
    await beat(dead, s0=SESSION)
    holding = await beat(hosts.join("alive"))
    assert holding.shards == {0: None, 1: None}
    assert holding.next_beat_s is None
    assert not holding.others_have_room
    known = await hosts.database.read(processes.list_processes)
    assert [found.id for found in known] == ["alive"]


@on("postgresql")
async def test_a_shard_is_offered_inherited_and_given_with_its_session(hosts: Hosts):
    """Its holder has it until then; the heir beats often meanwhile."""
    first, second = hosts.join("first"), hosts.join("second")
    assert [*(await beat(first)).shards] == [0, 1]
    assert (await beat(second)).shards == {}
    offering = await beat(first, s0=SESSION, s1=SESSION)
    assert (len(offering.shards), offering.given) == (2, [])
    waiting = await beat(second)
    assert (waiting.shards, waiting.next_beat_s) == ({}, leases._BEAT_SOON_S)
    giving = await beat(first, s0=SESSION, s1=SESSION)
    assert giving.given == [1]
    await first.hand_over(1, replace(SESSION, sequence=9))
    assert (await beat(second)).shards == {1: replace(SESSION, sequence=9)}
    settled = await beat(first, s0=SESSION)
    assert ([*settled.shards], settled.next_beat_s) == ([0], leases.BEAT_S)


@on("postgresql")
async def test_the_others_are_told_of_what_they_wait_for(hosts: Hosts):
    """Of one that comes or is about to end, of offers, heirs, and what was given; of no renewal."""
    first, second = hosts.join("first"), hosts.join("second")
    for _ in range(2):
        await beat(first)
    for process in (second, first, second, first, first):
        await beat(process)
    assert hosts.heard == ["first", "second", "first", "second"]
    await first.hand_over(1, SESSION)
    await beat(second)
    await beat(first, s0=SESSION)
    assert hosts.heard[4:] == ["first"]
    await second.take_no_more()
    for process in (second, first, first):
        await beat(process)
    assert hosts.heard[5:] == ["second", "first"]


@on("postgresql")
async def test_a_process_is_alone_with_what_no_other_may_hold(hosts: Hosts):
    """Not just after it took a shard, while one changes hands, or when its lease may be over."""
    first, second = hosts.join("first"), hosts.join("second")
    await beat(first)
    assert not first.is_alone
    await beat(first, s0=SESSION, s1=SESSION)
    assert first.is_alone
    await beat(second)
    assert first.is_alone
    await beat(first, s0=SESSION, s1=SESSION)
    assert not first.is_alone
    await beat(second)
    await beat(first, s0=SESSION, s1=SESSION)
    await first.hand_over(1, SESSION)
    assert not first.is_alone
    await beat(first, s0=SESSION)
    assert first.is_alone
    hosts.now_ms += PASSED_MS
    assert not first.is_alone


@on("sqlite")
async def test_the_only_process_is_alone_and_tells_nobody(hosts: Hosts):
    """From the beginning, and however long ago it beat."""
    sole = hosts.join("sole")
    await beat(sole)
    hosts.now_ms += PASSED_MS
    assert sole.is_alone


@on("postgresql")
async def test_what_a_silent_process_holds_is_taken_over(hosts: Hosts):
    """After its lease, with the session as it last said; it finds out at its next beat."""
    first, second = hosts.join("first"), hosts.join("second")
    await beat(first)
    await beat(first, s0=SESSION)
    assert (await beat(second)).shards == {}
    assert not first.may_be_lost
    await beat(first, s0=SESSION)
    hosts.now_ms += PASSED_MS
    assert first.may_be_lost
    assert (await beat(second)).shards == {0: SESSION, 1: None}
    assert (await beat(first, s0=SESSION)).shards == {}


@on("postgresql")
async def test_one_process_alone_loses_nothing_to_an_outage(hosts: Hosts):
    """Nobody could have taken what it held."""
    alone = hosts.join("alone")
    await beat(alone)
    hosts.now_ms += PASSED_MS
    assert not alone.may_be_lost
    assert len((await beat(alone)).shards) == 2


@on("postgresql")
async def test_a_process_of_the_same_machine_that_is_gone_is_waited_for_no_longer(hosts: Hosts):
    """A process that lives there, of whatever number, is."""
    gone = hosts.join("gone")
    gone._process = replace(gone._process, pid=2**22 + 1, pid_space="here")
    await beat(gone)
    heir = hosts.join("heir")
    heir._process = replace(heir._process, pid_space="here")
    assert len((await beat(heir)).shards) == 2


@on("postgresql")
async def test_a_process_that_ends_leaves_its_shards_free(hosts: Hosts):
    """With their sessions, where nobody was there to take them."""
    first = hosts.join("first")
    await beat(first)
    await first.take_no_more()
    assert not (await beat(first)).others_have_room
    await first.hand_over(0, SESSION)
    await first.hand_over(1, None)
    await first.end()
    assert (await beat(hosts.join("next"))).shards == {0: SESSION, 1: None}


@on("postgresql")
async def test_older_processes_that_answer_members_are_seen_while_they_live(hosts: Hosts):
    """A worker, one of the same version and one that is silent are none."""
    new = hosts.join("new")
    worker, old = hosts.join("worker", room=0), hosts.join("old")
    await beat(new)
    await beat(hosts.join("peer"))
    for older in (worker, old):
        older._process = replace(older._process, version="0.1.9")
    await beat(worker)
    assert not await new.has_older()
    await beat(old)
    assert await new.has_older()
    assert not await old.has_older()
    hosts.now_ms += PASSED_MS
    assert not await new.has_older()


@on("postgresql")
async def test_a_bucket_lets_one_shard_identify_at_a_time(hosts: Hosts):
    """Whichever process it is in."""
    transact, now_ms = hosts.database.transact, hosts.now_ms
    for bucket, at_ms, wait_ms in [
        (0, 0, 0),
        (0, 1, 4_999),
        (1, 1, 0),
        (0, 5_000, 0),
        (0, 5_001, 4_999),
    ]:
        got = await transact(
            lambda tx: shards.take_identify_slot(tx, bucket, now_ms + at_ms, 5_000)  # noqa: B023 - awaited here
        )
        assert got == wait_ms
