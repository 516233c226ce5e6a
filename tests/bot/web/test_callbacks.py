"""Callbacks over real HTTP: they find lost answers, spare questions, and are never believed."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import aiohttp
import pytest

from bot.web.callbacks import MAX_BODY_BYTES, CallbackDoor
from bot.web.server import serve
from domain.jobs import JobState
from domain.models import ModelId
from sandbox.apixo import Fault
from storage import jobs
from storage.jobs import Job
from tests.harness.workflow import BEN, FlakyDatabase, World
from workflow.urls.callback_urls import CallbackAddresses, Submission
from workflow.urls.signing import Seal

S = JobState
SEAL = Seal(b"a secret of this test", "callbacks")
SIGNED = f"1.{'0' * 20}.1"
LOST = "a lake [[effect:504]]"
_DEADLINE_S = 10


@dataclass
class Caller:
    """Whoever knows where callbacks go; `heard` counts what the service made of each."""

    root: str
    session: aiohttp.ClientSession
    heard: Counter[str] = field(default_factory=Counter[str])

    async def call(self, token: str, task_id: str | None = None, **more: Any) -> int:
        """Call back about a task, or with any other body, and give the status."""
        body = {"code": 200, "message": "success", "data": {"taskId": task_id, "state": "success"}}
        given = more or {"data": json.dumps(body)}
        async with self.session.post(f"{self.root}/callbacks/apixo/{token}", **given) as answer:
            await answer.read()
            return answer.status


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    """Give the world a door for callbacks, and somebody who calls."""
    async with aiohttp.ClientSession() as session:
        made = Caller("", session)

        def heard(word: str) -> None:
            made.heard[word] += 1

        def wake() -> None:
            world.belt.wake()

        door = CallbackDoor(world.context, CallbackAddresses("", SEAL), wake, heard)
        async with serve("127.0.0.1", 0, door.routes()) as port:
            made.root = f"http://127.0.0.1:{port}"
            addresses = CallbackAddresses(made.root, SEAL)
            world.context = replace(world.context, callbacks=addresses)
            await world.reborn(owner="first")
            yield made


def token_of(job: Job) -> str:
    return CallbackAddresses("", SEAL).address_of(job).rpartition("/")[2]


async def called_back(world: World, count: int = 1) -> None:
    """Wait until APIXO has called so many times."""
    async with asyncio.timeout(_DEADLINE_S):
        while len(world.apixo.callbacks.deliveries) < count:
            await asyncio.sleep(0.005)


async def submitted(world: World, prompt: str = "a lake at dusk", **options: Any) -> Job:
    """Order a video and submit it."""
    job = (await world.order(prompt, **options)).job
    await world.turn()
    return await world.job(job.id)


async def finish(world: World, job: Job) -> Job:
    """Let the task end, APIXO call, and the belt do the rest, without any other wait."""
    world.clock.advance(600)
    await called_back(world)
    for _ in range(5):
        await world.turn()
    return await world.job(job.id)


@pytest.mark.parametrize("model", list(ModelId))
async def test_a_task_that_calls_back_costs_one_question(
    world: World, caller: Caller, model: ModelId
):
    """Nobody asks before the call; the one answer after it decides."""
    job = await submitted(world, model=model)
    assert job.state is S.GENERATING
    world.clock.advance(90)
    await world.turn()
    assert world.polls() == (1 if world.apixo.callbacks.deliveries else 0)
    assert (await finish(world, job)).state is S.DELIVERED
    assert world.polls() == 1
    assert world.apixo.callbacks.deliveries[0].result == 200
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await world.audit()


@pytest.mark.parametrize("seconds", [400, 600])
async def test_a_slow_task_that_calls_back_costs_two_questions(
    world: World, caller: Caller, seconds: int
):
    """One look for safety's sake finds it at work; the next comes with the call."""
    job = await submitted(world, f"a lake [[slow:{seconds}]]")
    await world.pass_time(seconds - 5, step_s=20)
    assert (await world.job(job.id)).state is S.GENERATING
    assert (await finish(world, job)).state is S.DELIVERED
    assert world.polls() == 2


async def test_without_the_call_the_task_is_found_all_the_same(world: World, caller: Caller):
    """A look for safety's sake, a minute after the task should have ended."""
    began = world.clock.now()
    job = await submitted(world, "a lake [[callback:never]]")
    await world.until(S.DELIVERED, job=job.id)
    assert world.clock.now() - began < 300
    assert world.polls() == 1
    assert not caller.heard


async def test_without_the_call_an_endless_task_is_asked_for_slowly(world: World, caller: Caller):
    """Two hours cost some two dozen questions; then the job is stuck, its hold kept."""
    job = await submitted(world, "a lake [[never]]")
    await world.pass_time(2.2 * 3600, step_s=150)
    assert (await world.job(job.id)).state is S.STUCK
    assert 10 < world.polls() < 30
    assert await world.ledger(job.id) == [("hold", job.price)]


async def test_a_call_finds_a_stuck_job(world: World, caller: Caller):
    """Its task is known and its money held: it goes on."""
    job = await submitted(world, "a lake [[never]]")
    await world.pass_time(3 * 3600, step_s=1800)
    stuck = await world.job(job.id)
    assert stuck.state is S.STUCK
    assert await caller.call(token_of(stuck), stuck.task_id) == 200
    assert (await world.job(job.id)).state is S.GENERATING
    await world.audit()


async def test_a_lost_answer_is_found_by_the_call(world: World, caller: Caller):
    """The task was made, the answer lost: the call tells its name, the member gets the video."""
    job = await submitted(world, LOST)
    assert (job.state, job.task_id) == (S.SUBMIT_UNKNOWN, None)
    delivered = await finish(world, job)
    assert delivered.state is S.DELIVERED
    assert delivered.task_id == world.apixo.callbacks.deliveries[0].task_id
    assert world.submissions() == 1
    assert caller.heard == {"adopted": 1}
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await world.audit()


async def test_a_lost_answer_found_after_the_grace_time_is_free_for_the_member(
    world: World, caller: Caller
):
    """They were told that they are not charged; the operator bears it, once."""
    job = await submitted(world, f"{LOST} [[slow:3000]]")
    await world.pass_time(40 * 60, step_s=300)
    assert ("release", job.price) in await world.ledger(job.id)
    world.clock.advance(1_000)
    await called_back(world)
    for _ in range(5):
        await world.turn()
    assert (await world.job(job.id)).state is S.DELIVERED
    rows = await world.ledger(job.id)
    assert [kind for kind, amount in rows if amount > 0] == ["hold", "release", "adjust"]
    assert world.submissions() == 1
    await world.audit()


async def test_a_call_before_the_submission_is_answered_does_no_harm(world: World, caller: Caller):
    """The task is bound by the call; the answer with the same task comes later, and fits."""
    job = await submitted(world, "a lake [[callback:early]]")
    assert caller.heard == {"adopted": 1}
    assert job.state is S.GENERATING
    await world.turn()
    assert (await world.job(job.id)).state is S.GENERATING
    await world.until(S.DELIVERED, job=job.id)
    assert world.polls() == 2
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await world.audit()


async def test_a_hundred_calls_at_once_come_to_one_video(world: World, caller: Caller):
    """Early ones, late ones: each is answered 200, and the belt sees one end."""
    job = await submitted(world, LOST)
    task = next(iter(world.apixo.tasks)).id
    world.clock.advance(600)
    await called_back(world)
    answers = await asyncio.gather(
        *(caller.call(token_of(job), task) for _ in range(100)),
        *(world.turn() for _ in range(5)),
    )
    assert set(answers[:100]) == {200}
    for _ in range(5):
        await world.turn()
    assert (await world.job(job.id)).state is S.DELIVERED
    assert await caller.call(token_of(job), task) == 200
    assert len(world.channel.of(job.id, "result")) == 1
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert world.polls() <= 3
    await world.audit()


async def test_a_call_while_apixo_is_asked_is_not_lost(world: World, caller: Caller):
    """The answer that is on its way may be older than the call: it is asked again at once."""
    job = await submitted(world, "a lake [[slow:1000]]")
    world.clock.advance(200)
    await world.belt.turn()
    holding = await world.job(job.id)
    assert await caller.call(token_of(job), holding.task_id) == 200
    await world.belt.settle()
    assert world.polls() == 1
    await world.turn()
    assert world.polls() == 2


async def test_what_is_forged_changes_nothing(world: World, caller: Caller):
    """Unknown, altered, another job's, of another submission: 401, and the job knows nothing."""
    job = await submitted(world, LOST)
    other = await submitted(world, "another [[effect:504]]", user=BEN)
    job = await world.job(job.id)
    token, foreign = token_of(job), token_of(other)
    head, _, mark = token.rpartition(".")
    forged = [
        *("x", "...", "1.2.3.4", "%00", "%ff", "ä" * 20, "a" * 5000, token[:-1]),
        *(token + "A", token.upper(), head + ".", f"{head}.{mark[:-1]}", f"{head}.{mark}=", mark),
        f"{head}.{foreign.rpartition('.')[2]}",
        f"1.{job.id}.2.{mark}",
        f"2.{job.id}.1.{mark}",
        f"{head}.{Seal(b'another', 'callbacks').mark(head)}",
        f"{head}.{Seal(b'a secret of this test', 'links').mark(head)}",
    ]
    for wrong in forged:
        assert await caller.call(wrong, "task_evil") == 401, wrong
    assert caller.heard == {"forged": len(forged)}
    assert await world.job(job.id) == job


async def test_a_call_about_another_task_is_refused(world: World, caller: Caller):
    """409 for a bound job, and for a task that another job has; nothing moves."""
    job = await submitted(world)
    lost = await submitted(world, LOST, user=BEN)
    assert await caller.call(token_of(job), "task_other") == 409
    assert await caller.call(token_of(lost), job.task_id) == 409
    assert (await world.job(job.id)).task_id == job.task_id
    assert await world.job(lost.id) == lost
    await world.audit()


async def test_a_call_for_an_earlier_submission_binds_nothing(world: World, caller: Caller):
    """What was sent anew since belongs to the later submission alone."""
    world.apixo.faults.on_submit(Fault(status=429), 1)
    job = await submitted(world, "a lake [[never]]")
    await world.until(S.GENERATING, job=job.id)
    now = await world.job(job.id)
    first = token_of(replace(now, submissions=1))
    assert now.submissions == 2
    assert await caller.call(first, "task_first") == 200
    assert caller.heard == {"unexpected": 1}
    assert await world.job(job.id) == now


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[]", b"{}", b'"task"', b"{", b"\xff\xfe{", b'{"data": null}'),
        *(b'{"data": {}}', b'{"data": {"taskId": 5}}', b'{"data": {"taskId": ""}}'),
        *(b'{"data": {"taskId": null}}', b'{"data": {"taskId": ["a"]}}'),
        b'{"data": {"taskId": "' + b"x" * 300 + b'"}}',
        b'{"data": {"taskId": "a\\u0000b"}}',
        b"[" * 60_000,
        b'{"data":' * 8_000,
        b'{"data": {"taskId": ' + b"9" * 60_000 + b"}}",
        b"\x1f\x8b\x08\x00",
    ],
)
async def test_a_body_that_names_no_task_is_refused(world: World, caller: Caller, body: bytes):
    """400, whatever it is, and the job stays as it was."""
    job = await submitted(world, LOST)
    assert await caller.call(token_of(job), data=body) == 400
    assert await world.job(job.id) == job


async def test_what_is_too_long_is_not_read(world: World, caller: Caller):
    """413, said in the header or found out on the way; more is not looked at."""
    job = await submitted(world, LOST)
    read = 0

    async def endless():
        nonlocal read
        while read < 50 * 1024 * 1024:
            read += 64 * 1024
            yield b" " * 64 * 1024

    assert await caller.call(token_of(job), data=b" " * (MAX_BODY_BYTES + 1)) == 413
    assert await caller.call(token_of(job), data=endless()) == 413
    assert read < 50 * 1024 * 1024
    assert await world.job(job.id) == job


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_taken(world: World, caller: Caller, method: str):
    """405 for every other method, whoever asks."""
    job = await submitted(world, LOST)
    address = f"{caller.root}/callbacks/apixo/{token_of(job)}"
    async with caller.session.request(method, address) as answer:
        assert answer.status == 405


async def test_a_call_that_can_not_be_recorded_is_not_acknowledged(
    world: World, caller: Caller, caplog: pytest.LogCaptureFixture
):
    """503, so that APIXO calls again; its second call finds the task."""
    job = await submitted(world, LOST)
    flaky = FlakyDatabase(world.database)
    flaky.broken = True
    door = CallbackDoor(
        replace(world.context, database=flaky),  # pyright: ignore[reportArgumentType]
        CallbackAddresses("", SEAL),
        world.belt.wake,
        lambda word: None,
    )
    async with serve("127.0.0.1", 0, door.routes()) as port:
        there = Caller(f"http://127.0.0.1:{port}", caller.session)
        assert await there.call(token_of(job), "task_1") == 503
        flaky.broken = False
        assert await there.call(token_of(job), "task_1") == 200
    assert (await world.job(job.id)).state is S.GENERATING
    assert token_of(job) not in caplog.text


async def test_a_call_about_a_job_that_is_not_there_is_taken(world: World, caller: Caller):
    """Nothing is gained by having it repeated."""
    gone = replace((await submitted(world)), id="0" * 20)
    assert await caller.call(token_of(gone), "task_1") == 200


async def test_too_many_wrong_addresses_are_told_off(world: World, caller: Caller):
    """Beyond a thousand a minute; a true call gets through meanwhile."""
    job = await submitted(world, LOST)
    answers = Counter([await caller.call("x", "y") for _ in range(1_100)])
    assert set(answers) == {401, 429}
    assert await caller.call(token_of(job), "task_1") == 200


def _mutants(token: str, dice: Random, count: int) -> list[str]:
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~=é\u2028"

    def letter() -> str:
        return dice.choice(letters)

    def change(text: str) -> str:
        at = dice.randrange(len(text))
        ways: tuple[Callable[[], str], ...] = (
            lambda: text[:at] + letter() + text[at + 1 :],
            lambda: text[:at] + letter() + text[at:],
            lambda: text[:at] + text[at + 1 :],
            lambda: text[:at],
            lambda: text[at:] + text[:at],
            lambda: text + letter() * dice.randrange(1, 200),
            text.swapcase,
        )
        return dice.choice(ways)() or letter()

    made = [change(token) for _ in range(count)]
    return [mutant for mutant in made if mutant != token]


def test_no_mutant_of_a_token_is_taken():
    """A hundred thousand of them, near and far; the token itself is, always."""
    addresses = CallbackAddresses("", SEAL)
    token = SIGNED + "." + SEAL.mark(SIGNED)
    mutants = _mutants(token, Random(11), 100_000)  # noqa: S311 - chance, repeatable
    assert len(mutants) > 90_000
    assert [mutant for mutant in mutants if addresses.read(mutant) is not None] == []
    assert addresses.read(token) == Submission("0" * 20, 1)


async def test_no_mutant_of_a_call_binds_a_task(world: World, caller: Caller):
    """Hundreds over HTTP, with good bodies and bad ones."""
    job = await submitted(world, LOST)
    token, dice = token_of(job), Random(12)  # noqa: S311 - chance, repeatable
    statuses = Counter[int]()
    for mutant in _mutants(token, dice, 300):
        statuses[await caller.call(mutant.replace("/", "_"), "task_evil")] += 1
    for _ in range(300):
        body = bytearray(b'{"code": 200, "data": {"task_id": "a", "state": "success"}}')
        for _ in range(dice.randrange(1, 6)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        statuses[await caller.call(token, data=bytes(body))] += 1
    assert set(statuses) <= {400, 401, 404}, statuses
    assert await world.job(job.id) == job
    counts = await world.database.read(jobs.counts)
    assert counts == {S.SUBMIT_UNKNOWN: 1}
