"""What a member gave reaches APIXO under an address that is good at that moment, or not at all."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from domain.polling import MAX_FAILURES
from domain.requests import Clip, Draft, GenerationCommand, Picture, VideoRequest, build_request
from tests.harness.inputs import keep_input
from tests.harness.workflow import ADA, WorkflowHarness
from workflow.errors import ChannelUnavailable, TemporaryPublishError
from workflow.results.rerun import are_inputs_available, draft_from_job
from workflow.stages.accept import accept
from workflow.urls.input_urls import INPUT_EXPIRED, INPUT_UNREACHABLE, input_media, is_fresh

S = JobState
HOUR_MS = 3_600_000
LAKE = Path("sandbox/demo/pictures/lake.jpg")
NOW_MS = 1_800_000_000_000
WITHIN_THE_HOUR = f"https://cdn.discordapp.com/a.png?ex={NOW_MS // 1000 + 3599:x}&is=1&hm=2"
AFTER_THE_HOUR = f"https://cdn.discordapp.com/a.png?ex={NOW_MS // 1000 + 3601:x}&is=1&hm=2"


@pytest.fixture
async def kept(harness: WorkflowHarness) -> str:
    """Keep a picture."""
    return await keep_input(harness.context.media, LAKE.read_bytes(), "jpg")


def a_picture(kept: str | None, url: str = "") -> Picture:
    return Picture(
        url=url, name="lake.jpg", format="JPEG", width=640, height=480, size=9_000, kept=kept
    )


def animated(*pictures: Picture) -> VideoRequest:
    return build_request(
        Draft(command=GenerationCommand.ANIMATE, prompt="it drifts", pictures=pictures)
    )


async def order(world: WorkflowHarness, request: VideoRequest) -> str:
    world.clock.advance(0.001)
    made = replace(world.make_order("a lake"), request=request)
    return (await accept(world.context, made)).job.id


def sent(world: WorkflowHarness) -> list[list[str]]:
    entries = world.apixo.journal.requests_to("/generateTask/")
    return [entry.body["input"]["image_urls"] for entry in entries]


@pytest.mark.parametrize(
    ("url", "age_ms", "good"),
    [
        (AFTER_THE_HOUR, 1000 * HOUR_MS, True),
        (WITHIN_THE_HOUR, 0, False),
        ("https://cdn.example/a.png", 11 * HOUR_MS, True),
        ("https://cdn.example/a.png", 11 * HOUR_MS + 1, False),
        ("https://cdn.example/a.png?ex=soon", 0, True),
        ("https://cdn.example/a.png?ex=soon", 12 * HOUR_MS, False),
        ("", 0, False),
    ],
)
def test_a_link_is_good_while_it_has_an_hour_left(url: str, age_ms: int, good: bool) -> None:
    """Discord's links say when they end; of any other twelve hours are believed."""
    assert is_fresh(url, given_ms=NOW_MS - age_ms, now_ms=NOW_MS) is good


async def test_a_good_link_is_sent_as_it_is(harness: WorkflowHarness, kept: str):
    """Nothing hangs on the status message, and Discord is not asked."""
    link = "https://cdn.example/lake.jpg"
    await order(harness, animated(a_picture(kept, link)))
    await harness.run_once()
    assert sent(harness) == [[link]]
    assert harness.publisher.offered_files == []


async def test_without_a_link_the_submission_waits_for_the_status_message(
    harness: WorkflowHarness, kept: str
):
    """Discord is down for a while: nothing is sent, nothing is used up, and then it goes out."""
    harness.publisher.errors["post_status"] = [TemporaryPublishError("503")] * 3
    job = await order(harness, animated(a_picture(kept), a_picture(kept)))
    await harness.run_once()
    waiting = await harness.job(job)
    assert (waiting.state, waiting.attempt, waiting.failures) == (S.QUEUED, 1, 0)
    assert waiting.due_at_ms > waiting.created_at_ms
    await harness.run_until(S.GENERATING, job=job)
    address = f"https://cdn.example/{kept}"
    assert sent(harness) == [[address, address]]
    assert harness.publisher.offered_files == [kept]


async def test_waiting_for_the_status_message_is_no_busy_loop(harness: WorkflowHarness, kept: str):
    """A claim a second at first, and ever fewer; when the message is out, the job goes on."""
    harness.publisher.errors["post_status"] = [TemporaryPublishError("503")] * 1000
    job = await order(harness, animated(a_picture(kept)))
    await harness.run_for(60, step_s=0.5)
    assert 10 < (await harness.job(job)).submissions < 40
    await harness.run_for(1200, step_s=20)
    assert (await harness.job(job)).submissions < 120
    assert harness.submission_count() == 0
    harness.publisher.errors.clear()
    await harness.run_until(S.GENERATING, job=job)


async def test_a_discord_that_answers_later_delays_the_submission(
    harness: WorkflowHarness, kept: str
):
    """The job goes back into the line until the addresses can be had."""
    harness.publisher.errors["attach_files"] = [TemporaryPublishError("503"), OSError("odd")]
    job = await order(harness, animated(a_picture(kept)))
    await harness.run_until(S.GENERATING, job=job)
    assert harness.submission_count() == 1
    await harness.audit()


@pytest.mark.parametrize("method", ["post_status", "attach_files"])
async def test_a_place_that_takes_no_files_ends_the_job_without_cost(
    harness: WorkflowHarness, kept: str, method: str
):
    """The channel is gone, or the message: rejected, its hold released, nothing sent."""
    harness.publisher.errors[method] = [ChannelUnavailable("Unknown")]
    job = await order(harness, animated(a_picture(kept)))
    rejected = await harness.run_until(S.REJECTED, job=job)
    assert rejected.fail_code == INPUT_UNREACHABLE
    assert await harness.ledger(job) == [("hold", rejected.price), ("release", rejected.price)]
    assert harness.submission_count() == 0
    await harness.audit()


async def test_files_that_nobody_takes_for_a_day_end_the_job_without_cost(
    harness: WorkflowHarness, kept: str
):
    """Rejected with the reason of a place that takes no files; the hold is released."""
    harness.publisher.errors["attach_files"] = [TemporaryPublishError("503")] * 9
    job = await order(harness, animated(a_picture(kept)))
    while not (await harness.job(job)).failures:
        await harness.run_once()
        harness.clock.advance(1)
    await harness.set_failures(job, MAX_FAILURES)
    rejected = await harness.run_until(S.REJECTED, job=job)
    assert rejected.fail_code == INPUT_UNREACHABLE
    assert await harness.ledger(job) == [("hold", rejected.price), ("release", rejected.price)]


@pytest.mark.parametrize("was_kept", [True, False])
async def test_a_file_that_is_not_kept_ends_the_job_without_cost(
    harness: WorkflowHarness, kept: str, was_kept: bool
):
    """Swept while the job waited, or never kept by an older version."""
    link = "" if was_kept else "https://cdn.example/lake.jpg?ex=1"
    job = await order(harness, animated(a_picture(kept if was_kept else None, link)))
    harness.context.media.remove_old_inputs(-60)
    rejected = await harness.run_until(S.REJECTED, job=job)
    assert rejected.fail_code == INPUT_EXPIRED
    assert harness.submission_count() == 0
    await harness.audit()


async def test_a_link_that_runs_out_in_the_line_is_renewed(harness: WorkflowHarness, kept: str):
    """It was good when the message was posted, so nothing hung there; now it does."""
    link = "https://cdn.example/lake.jpg"
    harness.change_policy(max_tasks=0)
    job = await order(harness, animated(a_picture(kept, link)))
    await harness.run_once()
    harness.clock.advance(13 * 3600)
    harness.change_policy(max_tasks=5)
    await harness.run_until(S.GENERATING, job=job)
    assert sent(harness) == [[f"https://cdn.example/{kept}"]]


class OurLinks:
    """A service that others can reach."""

    def url_for_input(self, name: str, until_ms: int) -> str:
        return f"https://dailies.example/{name}?until={until_ms}"


async def test_a_service_that_can_be_reached_gives_links_of_its_own(
    harness: WorkflowHarness, kept: str
):
    """Neither a message nor Discord is needed for it."""
    harness.context = replace(harness.context, media_urls=OurLinks())
    harness.change_policy()
    harness.publisher.errors["post_status"] = [ChannelUnavailable("Unknown")]
    await order(harness, animated(a_picture(kept)))
    await harness.run_once()
    ((address,),) = sent(harness)
    assert address.startswith(f"https://dailies.example/{kept}?until=")
    assert int(address.partition("=")[2]) > harness.context.now_ms() + 23 * HOUR_MS


async def test_a_draft_of_a_job_is_what_was_asked_for(harness: WorkflowHarness, kept: str):
    """Every mode comes back as it was, but for links that are not known to be good."""
    signed = a_picture(kept, f"https://cdn.discordapp.com/a.png?ex={1 << 40:x}")
    clip = Clip(url="https://cdn.example/a.mp4", name="a.mp4", duration_ms=3_000, kept=kept)
    references = Draft(
        command=GenerationCommand.REFERENCE,
        prompt="x",
        pictures=(signed,),
        videos=(clip,),
        audios=(clip,),
    )
    film = {"model": ModelId.SEEDANCE_2_0, "web_search": True, "seconds": 15}
    requests = [
        build_request(Draft(command=GenerationCommand.VIDEO, prompt="a lake", fixed_lens=True)),
        build_request(Draft(command=GenerationCommand.VIDEO, prompt="a lake", **film)),
        animated(signed, a_picture(kept, "https://cdn.example/old.png")),
        build_request(references),
    ]
    for request in requests:
        job = await harness.job(await order(harness, request))
        again = build_request(draft_from_job(job, harness.context.now_ms()))
        assert type(again) is type(request)
        without = {"pictures", "videos", "audios"}
        assert again.model_dump(exclude=without) == request.model_dump(exclude=without)
        assert [medium.kept for medium in input_media(again)] == [
            medium.kept for medium in input_media(request)
        ]
        assert {medium.url for medium in input_media(again)} <= {signed.url, ""}


async def test_inputs_that_are_asked_for_are_young_again(harness: WorkflowHarness, kept: str):
    """A sweep that comes after leaves them."""
    job = await harness.job(await order(harness, animated(a_picture(kept))))
    path = harness.context.media.input_path(kept)
    assert path is not None
    os.utime(path, (0, 0))
    assert await are_inputs_available(harness.context, job)
    assert harness.context.media.remove_old_inputs(3600) == 0
    assert job.user_id == ADA
