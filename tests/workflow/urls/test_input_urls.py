"""What a member gave reaches APIXO under an address that is good at that moment, or not at all."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from domain.requests import Clip, Command, Draft, Picture, VideoRequest, check
from tests.harness.workflow import ADA, World
from workflow.errors import PlaceGone, TryLater
from workflow.results.rerun import draft_of, inputs_remain
from workflow.stages.accept import accept
from workflow.urls.input_urls import NO_PLACE, SWEPT, is_good, media_of

S = JobState
HOUR_MS = 3_600_000
LAKE = Path("sandbox/demo/pictures/lake.jpg")
NOW_MS = 1_800_000_000_000
WITHIN_THE_HOUR = f"https://cdn.discordapp.com/a.png?ex={NOW_MS // 1000 + 3599:x}&is=1&hm=2"
AFTER_THE_HOUR = f"https://cdn.discordapp.com/a.png?ex={NOW_MS // 1000 + 3601:x}&is=1&hm=2"


@pytest.fixture
async def kept(world: World) -> str:
    """Keep a picture."""
    return await world.context.media.keep_input(LAKE.read_bytes(), "jpg")


def a_picture(kept: str | None, url: str = "") -> Picture:
    return Picture(
        url=url, name="lake.jpg", format="JPEG", width=640, height=480, size=9_000, kept=kept
    )


def animated(*pictures: Picture) -> VideoRequest:
    return check(Draft(command=Command.ANIMATE, prompt="it drifts", pictures=pictures))


async def order(world: World, request: VideoRequest) -> str:
    world.clock.advance(0.001)
    made = replace(world.an_order("a lake"), request=request)
    return (await accept(world.context, made)).job.id


def sent(world: World) -> list[list[str]]:
    entries = world.apixo.journal.to("/generateTask/")
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
    assert is_good(url, given_ms=NOW_MS - age_ms, now_ms=NOW_MS) is good


async def test_a_good_link_is_sent_as_it_is(world: World, kept: str):
    """Nothing hangs on the status message, and Discord is not asked."""
    link = "https://cdn.example/lake.jpg"
    await order(world, animated(a_picture(kept, link)))
    await world.turn()
    assert sent(world) == [[link]]
    assert world.channel.offered == []


async def test_without_a_link_the_submission_waits_for_the_status_message(world: World, kept: str):
    """Discord is down for a while: nothing is sent, nothing is used up, and then it goes out."""
    world.channel.trouble["post_status"] = [TryLater("503")] * 3
    job = await order(world, animated(a_picture(kept), a_picture(kept)))
    await world.turn()
    waiting = await world.job(job)
    assert (waiting.state, waiting.attempt, waiting.failures) == (S.QUEUED, 1, 0)
    assert waiting.due_at_ms > waiting.created_at_ms
    await world.until(S.GENERATING, job=job)
    address = f"https://cdn.example/{kept}"
    assert sent(world) == [[address, address]]
    assert world.channel.offered == [kept]


async def test_waiting_for_the_status_message_is_no_busy_loop(world: World, kept: str):
    """A claim a second at first, and ever fewer; when the message is out, the job goes on."""
    world.channel.trouble["post_status"] = [TryLater("503")] * 1000
    job = await order(world, animated(a_picture(kept)))
    await world.pass_time(60, step_s=0.5)
    assert 10 < (await world.job(job)).submissions < 40
    await world.pass_time(1200, step_s=5)
    assert (await world.job(job)).submissions < 120
    assert world.submissions() == 0
    world.channel.trouble.clear()
    await world.until(S.GENERATING, job=job)


async def test_a_discord_that_answers_later_delays_the_submission(world: World, kept: str):
    """The job goes back into the line until the addresses can be had."""
    world.channel.trouble["offer_files"] = [TryLater("503"), OSError("odd")]
    job = await order(world, animated(a_picture(kept)))
    await world.until(S.GENERATING, job=job)
    assert world.submissions() == 1
    await world.audit()


@pytest.mark.parametrize("method", ["post_status", "offer_files"])
async def test_a_place_that_takes_no_files_ends_the_job_without_cost(
    world: World, kept: str, method: str
):
    """The channel is gone, or the message: rejected, its hold released, nothing sent."""
    world.channel.trouble[method] = [PlaceGone("Unknown")]
    job = await order(world, animated(a_picture(kept)))
    rejected = await world.until(S.REJECTED, job=job)
    assert rejected.fail_code == NO_PLACE
    assert await world.ledger(job) == [("hold", rejected.price), ("release", rejected.price)]
    assert world.submissions() == 0
    await world.audit()


@pytest.mark.parametrize("was_kept", [True, False])
async def test_a_file_that_is_not_kept_ends_the_job_without_cost(
    world: World, kept: str, was_kept: bool
):
    """Swept while the job waited, or never kept by an older version."""
    link = "" if was_kept else "https://cdn.example/lake.jpg?ex=1"
    job = await order(world, animated(a_picture(kept if was_kept else None, link)))
    world.context.media.sweep_inputs(-60)
    rejected = await world.until(S.REJECTED, job=job)
    assert rejected.fail_code == SWEPT
    assert world.submissions() == 0
    await world.audit()


async def test_a_link_that_runs_out_in_the_line_is_renewed(world: World, kept: str):
    """It was good when the message was posted, so nothing hung there; now it does."""
    link = "https://cdn.example/lake.jpg"
    world.change(max_tasks=0)
    job = await order(world, animated(a_picture(kept, link)))
    await world.turn()
    world.clock.advance(13 * 3600)
    world.change(max_tasks=5)
    await world.until(S.GENERATING, job=job)
    assert sent(world) == [[f"https://cdn.example/{kept}"]]


class OurLinks:
    """A service that others can reach."""

    def address_of_input(self, name: str, until_ms: int) -> str:
        return f"https://dailies.example/{name}?until={until_ms}"


async def test_a_service_that_can_be_reached_gives_links_of_its_own(world: World, kept: str):
    """Neither a message nor Discord is needed for it."""
    world.context = replace(world.context, links=OurLinks())
    world.change()
    world.channel.trouble["post_status"] = [PlaceGone("Unknown")]
    await order(world, animated(a_picture(kept)))
    await world.turn()
    ((address,),) = sent(world)
    assert address.startswith(f"https://dailies.example/{kept}?until=")
    assert int(address.partition("=")[2]) > world.context.now_ms() + 23 * HOUR_MS


async def test_a_draft_of_a_job_is_what_was_asked_for(world: World, kept: str):
    """Every mode comes back as it was, but for links that are not known to be good."""
    signed = a_picture(kept, f"https://cdn.discordapp.com/a.png?ex={1 << 40:x}")
    clip = Clip(url="https://cdn.example/a.mp4", name="a.mp4", duration_ms=3_000, kept=kept)
    references = Draft(
        command=Command.REFERENCE, prompt="x", pictures=(signed,), videos=(clip,), audios=(clip,)
    )
    film = {"model": ModelId.SEEDANCE_2_0, "web_search": True, "seconds": 15}
    requests = [
        check(Draft(command=Command.VIDEO, prompt="a lake", fixed_lens=True)),
        check(Draft(command=Command.VIDEO, prompt="a lake", **film)),
        animated(signed, a_picture(kept, "https://cdn.example/old.png")),
        check(references),
    ]
    for request in requests:
        job = await world.job(await order(world, request))
        again = check(draft_of(job, world.context.now_ms()))
        assert type(again) is type(request)
        without = {"pictures", "videos", "audios"}
        assert again.model_dump(exclude=without) == request.model_dump(exclude=without)
        assert [medium.kept for medium in media_of(again)] == [
            medium.kept for medium in media_of(request)
        ]
        assert {medium.url for medium in media_of(again)} <= {signed.url, ""}


async def test_inputs_that_are_asked_for_are_young_again(world: World, kept: str):
    """A sweep that comes after leaves them."""
    job = await world.job(await order(world, animated(a_picture(kept))))
    path = world.context.media.input_path(kept)
    assert path is not None
    os.utime(path, (0, 0))
    assert await inputs_remain(world.context, job)
    assert world.context.media.sweep_inputs(3600) == 0
    assert job.user_id == ADA
