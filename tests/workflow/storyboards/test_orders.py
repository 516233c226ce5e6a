"""Storyboards: shots are made in turn and joined; one that fails loses none of the others."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from domain.durations import DAY_MS
from domain.jobs import JobState
from domain.models import ModelId
from domain.requests import FirstAndLastFrames, ImageToVideo, TextToVideo
from domain.storyboard import ShotStart
from storage import films, storyboards
from storage.films import Film
from storage.jobs import Job
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, WorkflowHarness, make_request
from workflow.billing.quotas import Actor
from workflow.errors import JobNotFound, ShotDecided
from workflow.members.erasure import erase_pending, request_erasure
from workflow.operator.control import resume_submissions, stop_submissions
from workflow.restore import declare_restored
from workflow.stages.accept import Order, accept, cancel
from workflow.storyboards.orders import (
    accept_storyboard,
    cancel_storyboard,
    plan_joining,
    skip_shot,
    try_again,
)
from workflow.storyboards.progress import StoryboardWorker
from workflow.video_tools.tools import ConfinedVideoTools

P, CUT = ShotStart.PREVIOUS, ShotStart.CUT
PRICE = 80_000
"""Of four seconds without sound, in micro-dollars."""


@pytest.fixture(autouse=True)
async def frames_are_served(harness: WorkflowHarness) -> AsyncIterator[None]:
    """Serve the files on status messages, as Discord does."""

    async def send(request: web.Request) -> web.Response:
        async with harness.context.media.use_input(request.match_info["name"]) as path:
            return web.Response(body=path.read_bytes(), content_type="image/png")

    app = web.Application()
    app.router.add_get("/{name}", send)
    async with TestServer(app, host="127.0.0.1") as server:
        harness.publisher.file_base_url = str(server.make_url("")).rstrip("/")
        yield


class Board:
    """An accepted storyboard, and the service around it."""

    def __init__(self, harness: WorkflowHarness, order: Order, jobs: list[str]) -> None:
        self.harness = harness
        self.order = order
        self.jobs = jobs
        self.worker = StoryboardWorker(harness.context)
        harness.context.high_water.is_checked = True

    @property
    def id(self) -> str:
        assert self.order_id is not None
        return self.order_id

    order_id: str | None = None

    async def job(self, number: int) -> Job:
        return await self.harness.job(self.jobs[number - 1])

    async def states(self) -> list[JobState]:
        return [(await self.harness.job(job)).state for job in self.jobs]

    async def make(self, number: int, state: JobState = JobState.DELIVERED) -> Job:
        """Have one shot made, and what follows it begun."""
        job = await self.harness.run_until(state, job=self.jobs[number - 1])
        await self.advance()
        return job

    async def advance(self) -> None:
        """Take steps until there is none."""
        for _ in range(4):
            await self.worker.run_once()

    async def film(self) -> Film | None:
        return await self.harness.database.read(lambda tx: films.get(tx, self.id))


async def order_board(
    harness: WorkflowHarness,
    *prompts: str,
    starts: tuple[ShotStart, ...] = (),
    model: ModelId | None = None,
) -> Board:
    harness.use(replace(harness.context, video_tools=ConfinedVideoTools()))
    requests = [make_request(one, seconds=4, sound=False, model=model) for one in prompts]
    order = harness.make_order("a film")
    order = replace(order, request=requests[0], further=tuple(requests[1:]))
    starts = starts or (CUT, *(P for _ in prompts[1:]))
    accepted = await accept_storyboard(harness.context, order, starts)
    board = Board(harness, order, [job.id for job in accepted.jobs])
    board.order_id = accepted.job.order_id
    return board


@BOTH_ENGINES
async def test_shots_are_made_in_turn_each_from_the_last_frame_of_the_one_before(
    harness: WorkflowHarness,
) -> None:
    """All are held for at once; a cut begins from words; at the end there is one film of all."""
    board = await order_board(harness, "a fox", "it jumps", "a lake", starts=(CUT, P, CUT))
    assert (await harness.audit()).ledger["held"] == 3 * PRICE
    await harness.run_for(300)
    assert await board.states() == [JobState.DELIVERED, JobState.QUEUED, JobState.QUEUED]
    assert [m.job_id for m in harness.publisher.messages if m.kind == "status"] == []
    await board.advance()
    await board.make(2)
    await board.make(3)
    requests = [(await board.job(number)).request for number in (1, 2, 3)]
    assert [type(one) for one in requests] == [TextToVideo, ImageToVideo, TextToVideo]
    (frame,) = requests[1].pictures
    assert frame.kept is not None
    film = await board.film()
    assert film is not None
    assert (film.parts, film.seconds, film.user_id) == (tuple(board.jobs), 12, ADA)
    assert (await harness.audit()).ledger["charged"] == 3 * PRICE
    assert harness.submission_count() == 3
    assert await harness.database.read(storyboards.list_open) == []


async def test_the_other_model_begins_from_a_frame_in_its_own_way(
    harness: WorkflowHarness,
) -> None:
    board = await order_board(harness, "a fox", "it jumps", model=ModelId.SEEDANCE_2_0)
    await board.make(1)
    assert isinstance((await board.job(2)).request, FirstAndLastFrames)
    await board.make(2)
    assert (await board.film()) is not None


async def test_a_shot_that_begins_late_does_not_wait_for_its_age(
    harness: WorkflowHarness,
) -> None:
    """Its frame hangs on its status message, which is posted while it is tried first."""
    board = await order_board(harness, "a fox [[slow:1500]]", "it jumps")
    await board.make(1)
    await harness.run_for(8, step_s=1)
    assert (await board.job(2)).state is JobState.GENERATING


async def test_a_repeated_order_is_one_storyboard(harness: WorkflowHarness) -> None:
    board = await order_board(harness, "a fox", "it jumps")
    again = await accept_storyboard(harness.context, board.order, (CUT, P))
    assert [job.id for job in again.jobs] == board.jobs
    assert len(await harness.database.read(storyboards.list_open)) == 1


@BOTH_ENGINES
async def test_a_shot_that_waits_is_in_nobody_s_way(harness: WorkflowHarness) -> None:
    """It is not in line, is no job at once, has no message, and the next job is another's."""
    limits = replace(harness.context.policy.limits, in_flight=1)
    harness.change_policy(limits=limits)
    board = await order_board(harness, "a fox", "it jumps", "it sleeps")
    other = await harness.accept_job(user=BEN)
    assert other.queue_position == 2
    await stop_submissions(harness.context, "a rest", Actor(BEN, 1))
    await harness.run_once()
    await resume_submissions(harness.context, Actor(BEN, 2))
    await harness.run_until(JobState.DELIVERED, job=board.jobs[0])
    await harness.run_until(JobState.DELIVERED, job=other.job.id)
    assert {m.job_id for m in harness.publisher.messages} == {board.jobs[0], other.job.id}


@BOTH_ENGINES
async def test_a_shot_that_fails_is_tried_again_or_skipped(harness: WorkflowHarness) -> None:
    """The others wait; what follows a skipped one goes on from the last good one."""
    board = await order_board(
        harness, "a fox", "it jumps [[fail:INTERNAL]]", "it rests [[fail:INTERNAL]]", "it sleeps"
    )
    await board.make(1)
    await board.make(2, JobState.FAILED)
    with pytest.raises(ShotDecided):
        await skip_shot(harness.context, board.jobs[1], BEN)
    retry = replace(harness.make_order("a film"), request=make_request("it jumps", seconds=4))
    again = await try_again(harness.context, retry, board.jobs[1])
    assert (again.job.id, again.further) != (board.jobs[1], ())
    same = await try_again(harness.context, retry, board.jobs[1])
    assert same.job.id == again.job.id
    with pytest.raises(ShotDecided):
        await skip_shot(harness.context, board.jobs[1], ADA)
    board.jobs[1] = again.job.id
    await board.make(2)
    await board.make(3, JobState.FAILED)
    await skip_shot(harness.context, board.jobs[2], ADA)
    await board.advance()
    await board.make(4)
    film = await board.film()
    assert film is not None
    assert film.parts == (board.jobs[0], board.jobs[1], board.jobs[3])
    assert isinstance((await board.job(4)).request, ImageToVideo)
    assert (await harness.audit()).ledger["held"] == 0


async def test_without_a_good_one_before_a_shot_begins_from_words(
    harness: WorkflowHarness,
) -> None:
    """One video is no film."""
    board = await order_board(harness, "a fox [[fail:INTERNAL]]", "it jumps")
    await board.make(1, JobState.FAILED)
    await skip_shot(harness.context, board.jobs[0], ADA)
    await board.advance()
    await board.make(2)
    assert isinstance((await board.job(2)).request, TextToVideo)
    assert await board.film() is None
    assert await harness.database.read(storyboards.list_open) == []


async def test_what_nobody_decides_about_is_skipped_after_a_day(harness: WorkflowHarness) -> None:
    """What waits is given back, and the film is of what there is."""
    board = await order_board(harness, "a fox", "a cat", "a dog [[fail:X]]", "a cow", "a hen")
    for number in (1, 2):
        await board.make(number)
    await board.make(3, JobState.FAILED)
    assert (await board.states())[3:] == [JobState.QUEUED] * 2
    harness.clock.advance(DAY_MS / 1000 + 1)
    await board.advance()
    assert (await board.states())[3:] == [JobState.CANCELLED] * 2
    film = await board.film()
    assert film is not None
    assert film.parts == tuple(board.jobs[:2])
    assert (await harness.audit()).ledger["held"] == 0


@BOTH_ENGINES
async def test_cancelling_releases_what_waits(harness: WorkflowHarness) -> None:
    """The shot that is being made comes; there is no film."""
    board = await order_board(harness, "a fox", "it jumps", "it sleeps")
    await harness.run_once()
    with pytest.raises(JobNotFound):
        await cancel_storyboard(harness.context, board.id, BEN)
    assert await cancel_storyboard(harness.context, board.id, ADA)
    assert not await cancel_storyboard(harness.context, board.id, ADA)
    assert (await board.states())[1:] == [JobState.CANCELLED] * 2
    await board.make(1)
    assert await board.film() is None
    assert {m.job_id for m in harness.publisher.messages} == {board.jobs[0]}
    assert (await harness.audit()).ledger["held"] == 0


async def test_a_shot_that_is_cancelled_in_the_list_ends_the_rest(
    harness: WorkflowHarness,
) -> None:
    board = await order_board(harness, "a fox", "it jumps", "it sleeps")
    await cancel(harness.context, board.jobs[1], ADA)
    await board.advance()
    assert (await board.states())[2] is JobState.CANCELLED
    assert await harness.database.read(storyboards.list_open) == []


async def test_an_erasure_ends_a_storyboard(harness: WorkflowHarness) -> None:
    """What was made goes, what waits is cancelled, and there is no film."""
    board = await order_board(harness, "a fox", "it jumps")
    await board.make(1)
    await request_erasure(harness.context, ADA)
    await erase_pending(harness.context)
    await board.advance()
    assert await board.film() is None
    assert await harness.database.read(storyboards.list_open) == []


async def test_in_a_restored_copy_its_film_is_searched_for(harness: WorkflowHarness) -> None:
    """It has the same id again, and may have been posted since the copy."""
    board = await order_board(harness, "a fox", "it jumps")
    await board.make(1)
    await harness.run_until(
        JobState.STORED, JobState.POSTING, JobState.DELIVERED, job=board.jobs[1]
    )
    await declare_restored(harness.database, harness.context.now_ms())
    harness.context.high_water.is_checked = True
    await board.advance()
    found = await board.film()
    assert found is None or found.id == board.id


@BOTH_ENGINES
async def test_an_extension_is_joined_to_its_video(harness: WorkflowHarness) -> None:
    """One that fails makes no film, and asks nobody."""
    first = (await harness.accept_job("a fox", seconds=4, sound=False)).job.id
    await harness.run_until(JobState.DELIVERED, job=first)
    harness.context.high_water.is_checked = True
    worker, made = StoryboardWorker(harness.context), dict[str, str]()
    for prompt, end in (("it jumps", JobState.DELIVERED), ("it falls [[fail:X]]", JobState.FAILED)):
        order = plan_joining(harness.context, harness.make_order(prompt, seconds=4), first)
        made[prompt] = (await accept(harness.context, order)).job.id
        await accept(harness.context, order)
        await harness.run_until(end, job=made[prompt])
        await worker.run_once()
    recent = await harness.database.read(lambda tx: films.list_recent(tx, 10, ADA, 0, 9))
    assert [film.parts for film in recent] == [(first, made["it jumps"])]
    assert await harness.database.read(storyboards.list_open) == []
