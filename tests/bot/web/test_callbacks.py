"""Callbacks over real HTTP: they find lost answers, spare questions, and are never believed."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from random import Random
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from bot.web import callbacks
from bot.web.callbacks import CallbackEndpoint
from bot.web.server import MAX_BODY_BYTES, serve
from domain.jobs import JobState
from domain.models import ModelId
from sandbox.apixo import Fault
from storage import jobs
from storage.jobs import Job
from tests.harness.workflow import BEN, FlakyDatabase, WorkflowHarness
from workflow.urls.callback_urls import SignedCallbackUrls, Submission
from workflow.urls.signing import Signer

S = JobState
SEAL = Signer(b"a secret of this test", "callbacks")
SIGNED = f"1.{'0' * 20}.1"
LOST = "a lake [[effect:504]]"
_DEADLINE_S = 120


@dataclass
class Caller:
    """A sender that has the callback's address; `heard` counts what the service made of each."""

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
async def caller(harness: WorkflowHarness) -> AsyncIterator[Caller]:
    """Serve the callbacks' endpoint, with a caller."""
    async with aiohttp.ClientSession() as session:
        made = Caller("", session)

        def heard(word: str) -> None:
            made.heard[word] += 1

        def wake() -> None:
            harness.worker.wake()

        endpoint = CallbackEndpoint(harness.context, SignedCallbackUrls("", SEAL), wake, heard)
        async with serve("127.0.0.1", 0, endpoint.routes()) as port:
            made.root = f"http://127.0.0.1:{port}"
            addresses = SignedCallbackUrls(made.root, SEAL)
            harness.context = replace(harness.context, callback_urls=addresses)
            await harness.replace_worker(owner="first")
            yield made


def token_of(job: Job) -> str:
    return SignedCallbackUrls("", SEAL).url_for(job).rpartition("/")[2]


async def called_back(world: WorkflowHarness, count: int = 1) -> None:
    """Wait until APIXO has called so many times."""
    async with asyncio.timeout(_DEADLINE_S):
        while len(world.apixo.callbacks.attempts) < count:
            await asyncio.sleep(0.005)


async def submitted(world: WorkflowHarness, prompt: str = "a lake at dusk", **options: Any) -> Job:
    """Order a video and submit it."""
    job = (await world.accept_job(prompt, **options)).job
    await world.run_once()
    return await world.job(job.id)


async def finish(world: WorkflowHarness, job: Job) -> Job:
    """Let the task end, APIXO call, and the worker do the rest, without any other wait."""
    world.clock.advance(600)
    await called_back(world)
    for _ in range(5):
        await world.run_once()
    return await world.job(job.id)


@pytest.mark.parametrize("model", list(ModelId))
async def test_a_task_that_calls_back_costs_one_question(
    harness: WorkflowHarness, caller: Caller, model: ModelId
):
    """Nobody asks before the call; the one answer after it decides."""
    job = await submitted(harness, model=model)
    assert job.state is S.GENERATING
    harness.clock.advance(90)
    await harness.run_once()
    assert harness.poll_count() <= len(harness.apixo.callbacks.attempts)
    assert (await finish(harness, job)).state is S.DELIVERED
    assert harness.poll_count() == 1
    assert harness.apixo.callbacks.attempts[0].result == 200
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await harness.audit()


@pytest.mark.parametrize("seconds", [400, 600])
async def test_a_slow_task_that_calls_back_costs_two_questions(
    harness: WorkflowHarness, caller: Caller, seconds: int
):
    """One look for safety's sake finds it at work; the next comes with the call."""
    job = await submitted(harness, f"a lake [[slow:{seconds}]]")
    await harness.run_for(seconds - 5, step_s=20)
    assert (await harness.job(job.id)).state is S.GENERATING
    assert (await finish(harness, job)).state is S.DELIVERED
    assert harness.poll_count() == 2


async def test_without_the_call_the_task_is_found_all_the_same(
    harness: WorkflowHarness, caller: Caller
):
    """A look for safety's sake, a minute after the task should have ended."""
    began = harness.clock.now()
    job = await submitted(harness, "a lake [[callback:never]]")
    await harness.run_until(S.DELIVERED, job=job.id)
    assert harness.clock.now() - began < 300
    assert harness.poll_count() == 1
    assert not caller.heard


async def test_without_the_call_an_endless_task_is_asked_for_slowly(
    harness: WorkflowHarness, caller: Caller
):
    """Two hours cost some two dozen questions; then the job is stuck, its hold kept."""
    job = await submitted(harness, "a lake [[never]]")
    await harness.run_for(2.2 * 3600, step_s=150)
    assert (await harness.job(job.id)).state is S.STUCK
    assert 10 < harness.poll_count() < 30
    assert await harness.ledger(job.id) == [("hold", job.price)]


async def test_a_call_finds_a_stuck_job(harness: WorkflowHarness, caller: Caller):
    """Its task is known and its money held: it goes on."""
    job = await submitted(harness, "a lake [[never]]")
    await harness.run_for(3 * 3600, step_s=1800)
    stuck = await harness.job(job.id)
    assert stuck.state is S.STUCK
    assert await caller.call(token_of(stuck), stuck.task_id) == 200
    assert (await harness.job(job.id)).state is S.GENERATING
    await harness.audit()


async def test_a_lost_answer_is_found_by_the_call(harness: WorkflowHarness, caller: Caller):
    """The task was made, the answer lost: the callback brings its id, the member gets the video."""
    job = await submitted(harness, LOST)
    assert (job.state, job.task_id) == (S.SUBMIT_UNKNOWN, None)
    delivered = await finish(harness, job)
    assert delivered.state is S.DELIVERED
    assert delivered.task_id == harness.apixo.callbacks.attempts[0].task_id
    assert harness.submission_count() == 1
    assert caller.heard == {"adopted": 1}
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await harness.audit()


async def test_a_lost_answer_found_after_the_grace_time_is_free_for_the_member(
    harness: WorkflowHarness, caller: Caller
):
    """They were told that they are not charged; the operator bears it, once."""
    job = await submitted(harness, f"{LOST} [[slow:3000]]")
    await harness.run_for(40 * 60, step_s=300)
    assert ("release", job.price) in await harness.ledger(job.id)
    harness.clock.advance(1_000)
    await called_back(harness)
    for _ in range(5):
        await harness.run_once()
    assert (await harness.job(job.id)).state is S.DELIVERED
    rows = await harness.ledger(job.id)
    assert [kind for kind, amount in rows if amount > 0] == ["hold", "release", "adjust"]
    assert harness.submission_count() == 1
    await harness.audit()


async def test_a_call_before_the_submission_is_answered_does_no_harm(
    harness: WorkflowHarness, caller: Caller
):
    """The task is bound by the call; the answer with the same task comes later, and fits."""
    job = await submitted(harness, "a lake [[callback:early]]")
    assert caller.heard == {"adopted": 1}
    assert job.state is S.GENERATING
    await harness.run_once()
    assert (await harness.job(job.id)).state is S.GENERATING
    await harness.run_until(S.DELIVERED, job=job.id)
    assert harness.poll_count() == 2
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await harness.audit()


async def test_a_hundred_calls_at_once_come_to_one_video(harness: WorkflowHarness, caller: Caller):
    """Early ones, late ones: each is answered 200, and the worker sees one end."""
    job = await submitted(harness, LOST)
    task = next(iter(harness.apixo.tasks)).id
    harness.clock.advance(600)
    await called_back(harness)
    answers = await asyncio.gather(
        *(caller.call(token_of(job), task) for _ in range(100)),
        *(harness.run_once() for _ in range(5)),
    )
    assert set(answers[:100]) == {200}
    for _ in range(5):
        await harness.run_once()
    assert (await harness.job(job.id)).state is S.DELIVERED
    assert await caller.call(token_of(job), task) == 200
    assert len(harness.publisher.messages_of(job.id, "result")) == 1
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert harness.poll_count() <= 3
    await harness.audit()


async def test_a_call_while_apixo_is_asked_is_not_lost(harness: WorkflowHarness, caller: Caller):
    """The answer that is on its way may be older than the call: it is asked again at once."""
    job = await submitted(harness, "a lake [[slow:1000]]")
    harness.clock.advance(200)
    await harness.worker.run_once()
    holding = await harness.job(job.id)
    assert await caller.call(token_of(job), holding.task_id) == 200
    await harness.worker.wait_until_idle()
    assert harness.poll_count() == 1
    await harness.run_once()
    assert harness.poll_count() == 2


async def test_what_is_forged_changes_nothing(harness: WorkflowHarness, caller: Caller):
    """Unknown, altered, another job's, of another submission: 401, and the job is unchanged."""
    job = await submitted(harness, LOST)
    other = await submitted(harness, "another [[effect:504]]", user=BEN)
    job = await harness.job(job.id)
    token, foreign = token_of(job), token_of(other)
    head, _, mark = token.rpartition(".")
    forged = [
        *("x", "...", "1.2.3.4", "%00", "%ff", "ä" * 20, "a" * 5000, token[:-1]),
        *(token + "A", token.upper(), head + ".", f"{head}.{mark[:-1]}", f"{head}.{mark}=", mark),
        f"{head}.{foreign.rpartition('.')[2]}",
        f"1.{job.id}.2.{mark}",
        f"2.{job.id}.1.{mark}",
        f"{head}.{Signer(b'another', 'callbacks').sign(head)}",
        f"{head}.{Signer(b'a secret of this test', 'links').sign(head)}",
    ]
    for wrong in forged:
        assert await caller.call(wrong, "task_evil") == 401, wrong
    assert caller.heard == {"forged": len(forged)}
    assert await harness.job(job.id) == job


async def test_a_call_about_another_task_is_refused(harness: WorkflowHarness, caller: Caller):
    """409 for a bound job, and for a task that another job has; nothing moves."""
    job = await submitted(harness)
    lost = await submitted(harness, LOST, user=BEN)
    assert await caller.call(token_of(job), "task_other") == 409
    assert await caller.call(token_of(lost), job.task_id) == 409
    assert (await harness.job(job.id)).task_id == job.task_id
    assert await harness.job(lost.id) == lost
    await harness.audit()


async def test_a_call_for_an_earlier_submission_binds_nothing(
    harness: WorkflowHarness, caller: Caller
):
    """What was sent again since belongs to the later submission alone."""
    harness.apixo.faults.add_submit(Fault(status=429), 1)
    job = await submitted(harness, "a lake [[never]]")
    await harness.run_until(S.GENERATING, job=job.id)
    now = await harness.job(job.id)
    first = token_of(replace(now, submissions=1))
    assert now.submissions == 2
    assert await caller.call(first, "task_first") == 200
    assert caller.heard == {"unexpected": 1}
    assert await harness.job(job.id) == now


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
async def test_a_body_that_names_no_task_is_refused(
    harness: WorkflowHarness, caller: Caller, body: bytes
):
    """400, whatever it is, and the job stays as it was."""
    job = await submitted(harness, LOST)
    assert await caller.call(token_of(job), data=body) == 400
    assert await harness.job(job.id) == job


async def test_what_is_too_long_is_not_read(harness: WorkflowHarness, caller: Caller):
    """413, said in the header or found out on the way; more is not looked at."""
    job = await submitted(harness, LOST)
    read = 0

    async def endless():
        nonlocal read
        while read < 50 * 1024 * 1024:
            read += 64 * 1024
            yield b" " * 64 * 1024

    assert await caller.call(token_of(job), data=b" " * (MAX_BODY_BYTES + 1)) == 413
    assert await caller.call(token_of(job), data=endless()) == 413
    assert read < 50 * 1024 * 1024
    assert await harness.job(job.id) == job


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_taken(harness: WorkflowHarness, caller: Caller, method: str):
    """405 for every other method, from any client."""
    job = await submitted(harness, LOST)
    address = f"{caller.root}/callbacks/apixo/{token_of(job)}"
    async with caller.session.request(method, address) as answer:
        assert answer.status == 405


async def test_a_call_that_can_not_be_recorded_is_not_acknowledged(
    harness: WorkflowHarness, caller: Caller, caplog: pytest.LogCaptureFixture
):
    """503, so that APIXO calls again; its second call finds the task."""
    job = await submitted(harness, LOST)
    flaky = FlakyDatabase(harness.database)
    flaky.is_down = True
    endpoint = CallbackEndpoint(
        replace(harness.context, database=flaky),  # pyright: ignore[reportArgumentType]
        SignedCallbackUrls("", SEAL),
        harness.worker.wake,
        lambda word: None,
    )
    async with serve("127.0.0.1", 0, endpoint.routes()) as port:
        there = Caller(f"http://127.0.0.1:{port}", caller.session)
        assert await there.call(token_of(job), "task_1") == 503
        flaky.is_down = False
        assert await there.call(token_of(job), "task_1") == 200
    assert (await harness.job(job.id)).state is S.GENERATING
    assert token_of(job) not in caplog.text


async def test_a_call_about_a_job_that_is_not_there_is_taken(
    harness: WorkflowHarness, caller: Caller
):
    """Nothing is gained by having it repeated."""
    gone = replace((await submitted(harness)), id="0" * 20)
    assert await caller.call(token_of(gone), "task_1") == 200


async def test_too_many_wrong_addresses_are_told_off(
    harness: WorkflowHarness, caller: Caller, monkeypatch: pytest.MonkeyPatch
):
    """Beyond so many in one minute; a true call gets through meanwhile."""
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(monotonic=lambda: 60.0))
    monkeypatch.setattr(callbacks, "_FORGED_PER_MINUTE", 20)
    job = await submitted(harness, LOST)
    answers = Counter([await caller.call("x", "y") for _ in range(25)])
    assert answers == {401: 20, 429: 5}
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
    addresses = SignedCallbackUrls("", SEAL)
    token = SIGNED + "." + SEAL.sign(SIGNED)
    mutants = _mutants(token, Random(11), 100_000)  # noqa: S311 - chance, repeatable
    assert len(mutants) > 90_000
    assert [mutant for mutant in mutants if addresses.parse(mutant) is not None] == []
    assert addresses.parse(token) == Submission("0" * 20, 1)


async def test_no_mutant_of_a_call_binds_a_task(harness: WorkflowHarness, caller: Caller):
    """Hundreds over HTTP, with good bodies and bad ones."""
    job = await submitted(harness, LOST)
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
    assert await harness.job(job.id) == job
    counts = await harness.database.read(jobs.count_by_state)
    assert counts == {S.SUBMIT_UNKNOWN: 1}
