"""Shards are shared out evenly, and nothing moves without need."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.shards import ShardLease, plan_share, shard_of, share_out

NOW_MS, LEASE_MS = 1_000_000, 25_000


class Service:
    """Processes that beat in turn, as the database sees them."""

    def __init__(self, shards: int, room: dict[str, int]) -> None:
        self.room = room
        self.leases = [ShardLease(shard_id=number) for number in range(shards)]
        self.moves = 0

    def beat(self, process: str) -> None:
        plan = plan_share(process, self.leases, self.room, NOW_MS)
        self._renew(process)
        for shard in plan.take:
            self._change(shard, owner=process, until_ms=NOW_MS + LEASE_MS, heir=None)
            self._change(shard, is_offered=False)
        for shard in plan.offer:
            self._change(shard, is_offered=True, heir=None)
        for shard in plan.keep:
            self._change(shard, is_offered=False, heir=None)
        for shard in plan.inherit:
            self._change(shard, heir=process)
        for lease in list(self.leases):
            if lease.owner == process and lease.heir is not None:
                self._change(lease.shard_id, owner=lease.heir, heir=None, is_offered=False)
                self.moves += 1

    def settle(self) -> dict[str, int]:
        """Let everybody beat until nothing changes, and count what each holds."""
        for _ in range(4):
            for process in self.room:
                self.beat(process)
        held = [lease.owner for lease in self.leases]
        return {process: held.count(process) for process in self.room}

    def _renew(self, process: str) -> None:
        for lease in list(self.leases):
            if lease.owner == process:
                self._change(lease.shard_id, until_ms=NOW_MS + LEASE_MS)

    def _change(self, shard: int, **values: object) -> None:
        self.leases[shard] = replace(self.leases[shard], **values)  # pyright: ignore[reportArgumentType] - a test's own


def test_a_server_is_its_shards_as_discord_computes_it():
    """The id without its last 22 bits, modulo the number of shards."""
    assert [shard_of(number << 22 | 7, 4) for number in range(5)] == [0, 1, 2, 3, 0]


def test_processes_share_evenly_as_far_as_their_room_goes():
    """Who has room for little gets that, and the others the rest."""
    assert share_out(4, {"a": 16, "b": 16}, {}) == {"a": 2, "b": 2}
    assert share_out(16, {"a": 16, "b": 2}, {}) == {"a": 14, "b": 2}
    assert share_out(4, {"a": 1, "b": 1, "worker": 0}, {}) == {"a": 1, "b": 1, "worker": 0}
    assert share_out(1, {"a": 16, "b": 16}, {"b": 1}) == {"a": 0, "b": 1}


def test_a_new_process_gets_its_share_and_one_that_leaves_gives_it():
    """By way of an offer; the others' shards stay where they are."""
    service = Service(4, {"a": 16})
    assert service.settle() == {"a": 4}
    service.room["b"] = 16
    assert service.settle() == {"a": 2, "b": 2}
    assert service.moves == 2
    service.room["a"] = 0
    assert service.settle() == {"a": 0, "b": 4}
    assert service.moves == 4


def test_what_a_dead_process_held_is_free_once_its_lease_has_run_out():
    """Not before."""
    service = Service(2, {"a": 16})
    service.settle()
    service.room = {"b": 16}
    assert service.settle() == {"b": 0}
    service.leases = [replace(lease, until_ms=NOW_MS) for lease in service.leases]
    assert service.settle() == {"b": 2}


def test_an_heir_that_dies_leaves_the_shard_to_others():
    """The offer goes to the next that has room."""
    service = Service(2, {"a": 16, "b": 16})
    service.beat("a")
    service.beat("b")
    service.leases[1] = replace(service.leases[1], heir="dead", is_offered=True)
    assert service.settle() == {"a": 1, "b": 1}


def test_an_offer_that_nobody_needs_any_more_is_taken_back():
    """As when the process that wanted a share has died."""
    service = Service(2, {"a": 16, "b": 16})
    service.room = {"a": 16}
    service.settle()
    service.room = {"a": 16, "b": 16}
    service.beat("a")
    assert [lease.is_offered for lease in service.leases] == [False, True]
    service.room = {"a": 16}
    service.beat("a")
    assert [lease.is_offered for lease in service.leases] == [False, False]


@given(
    st.integers(1, 40),
    st.fixed_dictionaries(dict.fromkeys("abcdef", st.integers(0, 20))),
    st.lists(st.sets(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=4),
)
def test_it_settles_whoever_comes_and_goes(
    shards: int, rooms: dict[str, int], times: list[set[str]]
):
    """Every shard is somebody's as far as there is room, and the shares differ by one at most."""
    service = Service(shards, {})
    for alive in times:
        service.room = {process: rooms[process] for process in sorted(alive)}
        service.leases = [
            lease if lease.owner in alive else replace(lease, until_ms=0)
            for lease in service.leases
        ]
        held = service.settle()
        assert sum(held.values()) == min(shards, sum(service.room.values()))
        shares = [held[one] for one in alive if held[one] < rooms[one]]
        assert not shares or max(shares) - min(shares) <= 1
