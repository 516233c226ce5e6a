"""A leaver's data, and those of a server without the bot, go after the operator's term."""

import json

import pytest
from sqlalchemy import select

from domain.jobs import JobState
from domain.servers import Server
from storage import guild_settings, servers
from storage.schema import memberships
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.members.erasure import erase_pending
from workflow.members.leavers import (
    add_memberships,
    check_next_membership,
    erase_left_servers,
)

DAYS = 30
PROMPT = "a lake at dusk"
_DAY_S = 86_400


@pytest.fixture(autouse=True)
def term(harness: WorkflowHarness) -> None:
    harness.change_policy(leaver_data_days=DAYS)


async def pass_days(harness: WorkflowHarness, days: float) -> None:
    """Let days pass, at the end of which everybody is looked for."""
    harness.clock.advance(days * _DAY_S)
    await add_memberships(harness.context)
    for _ in range(3):
        await check_next_membership(harness.context)
    await erase_left_servers(harness.context)
    await erase_pending(harness.context)


async def prompt(harness: WorkflowHarness, job: str) -> str:
    return (await harness.job(job)).request.prompt


async def rows(harness: WorkflowHarness) -> list[tuple[int, bool]]:
    """List who is looked for, and whether they are away."""
    found = select(memberships.c.user_id, memberships.c.left_at_ms)
    listed = await harness.database.read(lambda tx: tx.execute(found))
    return sorted((user, left is not None) for user, left in listed)


async def deliver(harness: WorkflowHarness, user: int) -> str:
    job = (await harness.accept_job(PROMPT, user=user)).job.id
    await harness.run_until(JobState.DELIVERED, job=job)
    return job


@BOTH_ENGINES
async def test_who_stays_away_for_the_term_is_erased_there(harness: WorkflowHarness) -> None:
    """Prompt, files and video go; money and what was posted stay, and a mark that restore has."""
    hers, his = await deliver(harness, ADA), await deliver(harness, BEN)
    harness.publisher.left_members = {(GUILD, ADA)}
    await pass_days(harness, 1)
    assert await rows(harness) == [(ADA, True), (BEN, False)]
    await pass_days(harness, DAYS - 1)
    assert await prompt(harness, hers) == PROMPT
    await pass_days(harness, 1.1)
    assert (await prompt(harness, hers), await prompt(harness, his)) == ("", PROMPT)
    assert not await harness.context.media.has_video(f"{hers}.mp4")
    assert await harness.context.media.has_video(f"{his}.mp4")
    assert await rows(harness) == [(BEN, False)]
    assert [(e.user_id, e.guild_id) for e in await harness.context.media.list_erasures()] == [
        (ADA, GUILD)
    ]
    assert len(harness.publisher.messages_of(hers, "result")) == 1
    assert [kind for kind, _ in await harness.ledger(hers)] == ["hold", "charge"]
    await harness.audit()
    await pass_days(harness, 1)
    assert await rows(harness) == [(BEN, False)]


async def test_coming_back_within_the_term_stops_it(harness: WorkflowHarness) -> None:
    """A later leaving begins a term of its own."""
    job = await deliver(harness, ADA)
    harness.publisher.left_members = {(GUILD, ADA)}
    await pass_days(harness, 1)
    harness.publisher.left_members = set()
    await pass_days(harness, DAYS - 2)
    assert await rows(harness) == [(ADA, False)]
    harness.publisher.left_members = {(GUILD, ADA)}
    await pass_days(harness, 3)
    assert await rows(harness) == [(ADA, True)]
    assert await prompt(harness, job) == PROMPT


async def test_without_an_answer_or_a_term_nobody_is_taken_for_a_leaver(
    harness: WorkflowHarness,
) -> None:
    """An outage of Discord is no leaving; with `none`, nobody is asked about."""
    job = await deliver(harness, ADA)
    harness.publisher.left_members = {(GUILD, ADA)}
    harness.publisher.is_access_known = False
    await pass_days(harness, 1)
    await pass_days(harness, 2 * DAYS)
    assert await rows(harness) == [(ADA, False)]
    harness.publisher.is_access_known = True
    harness.change_policy(leaver_data_days=None)
    await pass_days(harness, 2 * DAYS)
    await pass_days(harness, 2 * DAYS)
    assert await rows(harness) == [(ADA, False)]
    assert await prompt(harness, job) == PROMPT


async def test_each_is_looked_for_once_a_day(
    harness: WorkflowHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one process of several: of two that see the same turn, one asks."""
    await deliver(harness, ADA)
    asked = list[int]()

    async def is_member(_guild: int, user: int) -> bool:
        asked.append(user)
        return True

    monkeypatch.setattr(harness.publisher, "is_member", is_member)
    for _ in range(4):
        await pass_days(harness, 0.4)
    assert asked == [ADA]


@BOTH_ENGINES
async def test_a_server_without_the_bot_is_erased_with_all_of_it(
    harness: WorkflowHarness,
) -> None:
    """Settings, name and owner too; whether it may spend stays known. Members are not asked of."""
    job = await deliver(harness, ADA)
    await keep_server(harness)
    harness.publisher.left_guilds = {GUILD}
    await leave(harness)
    await pass_days(harness, DAYS - 1)
    assert await prompt(harness, job) == PROMPT
    await pass_days(harness, 1.1)
    assert await prompt(harness, job) == ""
    kept = await harness.database.read(lambda tx: servers.get(tx, GUILD))
    assert kept is not None
    assert (kept.name, kept.owner_id, kept.admitted_by) == ("", None, "owner")
    assert await harness.database.read(lambda tx: guild_settings.get_settings(tx, GUILD)) is None
    (mark,) = await harness.context.media.list_erasures()
    assert (mark.user_id, mark.guild_id) == (0, GUILD)
    await pass_days(harness, 40)
    assert await harness.context.media.list_erasures() == [mark], "once is enough"
    await harness.audit()


async def test_a_server_that_has_the_bot_again_keeps_everything(harness: WorkflowHarness) -> None:
    """Also where the database has not heard of it yet: Discord is asked first."""
    job = await deliver(harness, ADA)
    await keep_server(harness)
    await leave(harness)
    await pass_days(harness, 2 * DAYS)
    assert await prompt(harness, job) == PROMPT
    assert await harness.context.media.list_erasures() == []


async def keep_server(harness: WorkflowHarness) -> None:
    """Have a server with settings."""
    server = Server(
        guild_id=GUILD,
        name="Lanterns",
        owner_id=7,
        joined_at_ms=1,
        admitted_at_ms=1,
        admitted_by="owner",
    )
    text = json.dumps({"keep_inputs_days": 3})
    await harness.database.transact(lambda tx: servers.save(tx, server))
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, GUILD, text, 0))


async def leave(harness: WorkflowHarness) -> None:
    """Have the bot removed from the server."""
    now_ms = harness.context.now_ms()
    await harness.database.transact(lambda tx: servers.mark_left(tx, GUILD, now_ms))
