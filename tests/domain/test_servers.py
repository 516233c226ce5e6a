"""Which servers may spend, and whose admission ends when."""

from dataclasses import replace

import pytest

from domain.servers import (
    BY_OWNER,
    AllowedServers,
    SeenServer,
    Server,
    admit_server,
    register_server,
    want_admission,
    withdraw_admission,
)

OWNER, STRANGER = 1, 2
SEEN = SeenServer(guild_id=10, name="Studio", owner_id=OWNER, joined_at_ms=100)


def register(
    known: Server | None, *, owner_operates: bool, joined: int = 100, wanted: bool = False
) -> Server:
    seen = replace(SEEN, joined_at_ms=joined)
    return register_server(known, seen, owner_operates=owner_operates, wanted=wanted, now_ms=500)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", AllowedServers()),
        ("all", AllowedServers(every=True)),
        (" ALL ", AllowedServers(every=True)),
        ("123", AllowedServers(ids=frozenset({123}))),
        ("123, 456 ,", AllowedServers(ids=frozenset({123, 456}))),
    ],
)
def test_the_setting_is_all_or_ids_or_nothing(text: str, allowed: AllowedServers) -> None:
    """Spaces and a last comma are no fault."""
    assert AllowedServers.parse(text) == allowed


@pytest.mark.parametrize(
    "text", ["everyone", "all, 1", "-1", "0", "1.5", "٣", str(1 << 63), "9" * 30]
)
def test_anything_else_is_refused(text: str) -> None:
    """Ids have 64 bits, and ASCII digits."""
    with pytest.raises(ValueError, match="all, or ids of servers"):
        AllowedServers.parse(text)


def test_the_setting_decides_before_any_admission() -> None:
    """With ids exactly those, with `all` everything, with neither those admitted."""
    for admitted in (True, False):
        assert AllowedServers.parse("all").allows(10, admitted=admitted)
        assert AllowedServers.parse("10").allows(10, admitted=admitted)
        assert not AllowedServers.parse("11").allows(10, admitted=admitted)
        assert AllowedServers().allows(10, admitted=admitted) is admitted


def test_the_owner_counts_when_the_bot_joins() -> None:
    """A later change of owner ends no admission, and makes none."""
    own = register(None, owner_operates=True)
    assert (own.is_admitted, own.admitted_by) == (True, BY_OWNER)
    assert register(own, owner_operates=False).is_admitted
    other = register(None, owner_operates=False, wanted=True)
    assert (other.is_admitted, other.wanted_at_ms) == (False, 500)
    assert not register(other, owner_operates=True).is_admitted


def test_when_the_bot_joins_again_only_the_operators_word_still_counts() -> None:
    """An admission by an earlier owner is over; a withdrawn server is not asked about."""
    own = register(None, owner_operates=True)
    assert not register(own, owner_operates=False, joined=200).is_admitted
    by_word = admit_server(register(None, owner_operates=False), "7", 150)
    assert register(by_word, owner_operates=False, joined=200).is_admitted
    refused = withdraw_admission(by_word, "7", 160)
    again = register(refused, owner_operates=False, joined=200, wanted=True)
    assert (again.is_admitted, again.wanted_at_ms, again.withdrawn_by) == (False, None, "7")
    assert register(refused, owner_operates=True, joined=200).is_admitted


def test_a_server_with_jobs_from_before_stays_admitted() -> None:
    """The migration has neither its name nor its owner."""
    migrated = Server(guild_id=10, admitted_at_ms=1, admitted_by="migration")
    seen = register(migrated, owner_operates=False)
    assert (seen.is_admitted, seen.name, seen.admitted_by) == (True, "Studio", "migration")


def test_the_operator_is_to_be_asked_once() -> None:
    """Not about what is admitted or withdrawn, nor again."""
    waiting = want_admission(Server(guild_id=10), 5)
    assert waiting.wanted_at_ms == 5
    assert want_admission(waiting, 9) == waiting
    admitted = admit_server(Server(guild_id=10), "7", 1)
    assert want_admission(admitted, 9) == admitted
    withdrawn = withdraw_admission(admitted, "7", 2)
    assert want_admission(withdrawn, 9) == withdrawn
