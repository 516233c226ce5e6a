"""The operator admits servers one by one; what they withdraw spends nothing more."""

import pytest

from domain.jobs import JobState
from domain.money import MicroUSD
from domain.obstacles import ObstacleKind
from domain.servers import AllowedServers, SeenServer
from storage import audit_log
from tests.harness.workflow import BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.errors import OverLimit, ServerNotAdmitted
from workflow.servers import admission
from workflow.servers.admission import PAGE_SIZE, Admission

S = JobState
OPERATOR, OWNER = 900, 77
CENT = 10_000


@pytest.fixture
def picky(harness: WorkflowHarness) -> WorkflowHarness:
    """Take a service whose operator admits servers."""
    harness.change_policy(allowed_servers=AllowedServers())
    return harness


async def join(
    harness: WorkflowHarness, guild: int = GUILD, *, own: bool = False, wanted: bool = True
) -> None:
    """Have the bot join a server."""
    joined_ms = round(harness.clock.now() * 1000)
    seen = SeenServer(guild_id=guild, name=f"S{guild}", owner_id=OWNER, joined_at_ms=joined_ms)
    await admission.register(harness.context, seen, owner_operates=own, wanted=wanted)


def click(number: int) -> Actor:
    """Be the operator with a click."""
    return Actor(OPERATOR, number)


async def test_the_setting_decides_alone_where_it_is_set(harness: WorkflowHarness) -> None:
    """Nothing needs to be registered then."""
    assert await admission.look_up(harness.context, GUILD) is Admission.ADMITTED
    harness.change_policy(allowed_servers=AllowedServers.parse(str(GUILD)))
    assert await admission.look_up(harness.context, GUILD) is Admission.ADMITTED
    assert await admission.look_up(harness.context, GUILD + 1) is Admission.REFUSED
    await admission.admit(harness.context, GUILD + 1, click(1))
    assert await admission.look_up(harness.context, GUILD + 1) is Admission.REFUSED
    await harness.accept_job()
    harness.change_policy(allowed_servers=AllowedServers.parse("4"))
    with pytest.raises(ServerNotAdmitted):
        await harness.accept_job()


@BOTH_ENGINES
async def test_nothing_is_held_until_the_operator_admits_a_server(picky: WorkflowHarness) -> None:
    """Then as much as they said a day; it is written down who, when and how much."""
    assert await admission.look_up(picky.context, GUILD) is Admission.UNKNOWN
    await join(picky)
    assert await admission.look_up(picky.context, GUILD) is Admission.PENDING
    with pytest.raises(ServerNotAdmitted):
        await picky.accept_job()
    assert (await picky.audit()).jobs == {}
    await admission.admit(picky.context, GUILD, click(1), MicroUSD(10 * CENT))
    await admission.admit(picky.context, GUILD, click(1))
    await picky.accept_job()
    with pytest.raises(OverLimit):
        await picky.accept_job()
    server = (await admission.list_known(picky.context))[GUILD]
    assert (server.admitted_by, server.admitted_limit) == (str(OPERATOR), 10 * CENT)
    assert server.admitted_at_ms is not None
    (change,) = await picky.database.read(lambda tx: audit_log.list_latest(tx, 0, 5))
    assert (change.what, change.subject) == ("server", f"server:{GUILD}")
    assert (change.before, change.after) == (
        "not admitted",
        f"admitted by {OPERATOR}, $0.10 a day",
    )


@BOTH_ENGINES
async def test_what_is_withdrawn_is_released(picky: WorkflowHarness) -> None:
    """What waits goes back to its members, what is at APIXO goes on, and nothing new is taken."""
    await join(picky, own=True)
    first = (await picky.accept_job()).job.id
    await picky.run_once()
    waiting = [(await picky.accept_job()).job.id for _ in range(3)]
    assert await admission.withdraw(picky.context, GUILD, click(1)) == 3
    for job in waiting:
        found = await picky.job(job)
        assert (found.state, found.fail_code) == (S.CANCELLED, ObstacleKind.NOT_ADMITTED)
    assert await admission.look_up(picky.context, GUILD) is Admission.REFUSED
    with pytest.raises(ServerNotAdmitted):
        await picky.accept_job()
    await picky.run_until(S.DELIVERED, job=first)
    (status,) = picky.publisher.messages_of(waiting[0], "status")
    assert status.states[-1] is S.CANCELLED, "the message says so"
    await picky.audit()


async def test_a_job_of_a_server_that_is_refused_by_now_is_not_bought(
    harness: WorkflowHarness,
) -> None:
    """Other ids in the setting count for what waits, too."""
    job = (await harness.accept_job()).job.id
    harness.change_policy(allowed_servers=AllowedServers.parse("4"))
    found = await harness.run_until(S.CANCELLED, job=job)
    assert found.fail_code == ObstacleKind.NOT_ADMITTED
    assert await harness.ledger(job) == [("hold", 80_000), ("release", 80_000)]
    assert harness.submission_count() == 0


async def test_the_operator_is_asked_once_a_minute_about_all_that_wait(
    picky: WorkflowHarness,
) -> None:
    """Each server once; not about those that they own, admitted, or withdrew."""
    await join(picky, 1)
    await join(picky, 2, own=True)
    await join(picky, 3, wanted=False)
    assert [s.guild_id for s in await admission.claim_question(picky.context)] == [1]
    assert await admission.claim_question(picky.context) == [], "another process is asking"
    picky.clock.advance(61)
    asked = await admission.claim_question(picky.context)
    assert [s.guild_id for s in asked] == [1], "nobody was reached"
    await admission.record_question(picky.context, asked)
    await join(picky, 4)
    for _ in range(2):
        await admission.want_admission(picky.context, 1)
        await admission.want_admission(picky.context, 3)
    picky.clock.advance(61)
    asked = await admission.claim_question(picky.context)
    assert [s.guild_id for s in asked] == [3, 4]
    await admission.record_question(picky.context, asked)
    picky.clock.advance(61)
    assert await admission.claim_question(picky.context) == []


@BOTH_ENGINES
async def test_the_list_tells_limits_spending_and_last_use(picky: WorkflowHarness) -> None:
    """Page by page, those that wait first; servers that were left are not on it."""
    for guild in range(20, 20 + PAGE_SIZE):
        await join(picky, guild, own=guild % 2 == 0)
    await join(picky, own=True)
    await join(picky, 99, own=True)
    await admission.record_leaving(picky.context, 99)
    job = (await picky.accept_job()).job.id
    await picky.run_until(S.DELIVERED, job=job)
    await admission.admit(picky.context, GUILD, click(1), MicroUSD(5_000_000))
    first = await admission.read_server_page(picky.context, 0)
    assert (first.total, first.pages, first.number) == (PAGE_SIZE + 1, 2, 0)
    states = [row.admission for row in first.rows]
    assert states == sorted(states, key=lambda state: state is not Admission.PENDING)
    rows = [*first.rows, *(await admission.read_server_page(picky.context, 9)).rows]
    (used,) = [row for row in rows if row.server.guild_id == GUILD]
    assert (used.day_limit, used.month_limit) == (5_000_000, None)
    assert (used.use.spent_today, used.use.spent) == (80_000, 80_000)
    assert used.use.last_used_ms == (await picky.job(job)).created_at_ms
    idle = next(row for row in rows if row.server.guild_id == 20)
    assert (idle.use.spent, idle.use.last_used_ms) == (0, None)
