"""More files than one message takes: each reaches APIXO, and no message is left behind."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from domain.jobs import JobState
from domain.requests import Draft, GenerationCommand, Picture, VideoRequest, build_request
from storage import key_value
from tests.harness.inputs import keep_input
from tests.harness.workflow import WorkflowHarness
from workflow.errors import (
    ChannelUnavailable,
    HistoryDenied,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.stages.accept import accept
from workflow.urls.carriers import split_files
from workflow.urls.input_urls import INPUT_TOO_LARGE

S = JobState
MIB = 1024 * 1024


def make_files(folder: Path, sizes: Sequence[int]) -> list[Path]:
    """Make files that take no room."""
    files = [folder / f"{number}.bin" for number in range(len(sizes))]
    for file, size in zip(files, sizes, strict=True):
        with file.open("wb") as opened:
            opened.truncate(size)
    return files


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [
        ([], [0]),
        ([10], [1]),
        ([10] * 10, [10]),
        ([10] * 15, [10, 5]),
        ([10] * 21, [10, 10, 1]),
        ([10 * MIB] * 3, [2, 1]),
        ([24 * MIB, MIB], [1, 1]),
        ([40 * MIB, 10, 40 * MIB], [1, 1, 1]),
        ([25 * MIB - 1], [1]),
    ],
)
def test_a_message_has_ten_files_and_25_mib(
    tmp_path: Path, sizes: list[int], counts: list[int]
) -> None:
    """In their order; one that is larger than that is alone."""
    files = make_files(tmp_path, sizes)
    parts = split_files(files)
    assert [len(part) for part in parts] == counts
    assert [file for part in parts for file in part] == files


@pytest.fixture
async def heavy_request(harness: WorkflowHarness) -> VideoRequest:
    """Make a request with nine pictures of 3 MiB, of which none has a link."""
    media = harness.context.media
    kept = [await keep_input(media, b"picture %d" % number, "png") for number in range(9)]
    for name in kept:
        os.truncate(media.input_path(name) or "", 3 * MIB)
    pictures = tuple(
        Picture(url="", name="p", format="PNG", width=640, height=480, size=9, kept=name)
        for name in kept
    )
    prompt = "a dance"
    return build_request(
        Draft(command=GenerationCommand.REFERENCE, prompt=prompt, pictures=pictures)
    )


async def order(harness: WorkflowHarness, request: VideoRequest) -> str:
    harness.clock.advance(0.001)
    made = replace(harness.make_order("a dance"), request=request)
    return (await accept(harness.context, made)).job.id


def sent_urls(harness: WorkflowHarness) -> list[str]:
    """List every address of the one submission."""
    (entry,) = harness.apixo.journal.requests_to("/generateTask/")
    return entry.body["input"]["image_urls"]


def carriers(harness: WorkflowHarness, job: str) -> int:
    return len(harness.publisher.messages_of(job, "carrier 1"))


async def is_noted(harness: WorkflowHarness, job: str) -> bool:
    note = await harness.database.read(lambda tx: key_value.get(tx, f"carriers {job}"))
    return note is not None


@pytest.mark.parametrize(
    ("method", "errors"),
    [
        ("attach_to_carrier", [TemporaryPublishError("503"), TimeoutError()]),
        ("find_carriers", [HistoryDenied("no history")] * 3),
        ("delete_carrier", [TemporaryPublishError("503")]),
    ],
)
async def test_heavy_files_go_by_two_messages(
    harness: WorkflowHarness, heavy_request: VideoRequest, method: str, errors: list[Exception]
) -> None:
    """Eight by the status message; the other message goes when the job has ended."""
    harness.publisher.errors[method] = errors
    job = await order(harness, heavy_request)
    await harness.run_until(S.GENERATING, job=job)
    urls = sent_urls(harness)
    assert len(urls) == len({*urls}) == 9
    assert sum("/1/" in url for url in urls) == 1
    assert carriers(harness, job) == 1
    await harness.run_until(S.DELIVERED, S.FAILED, job=job)
    await harness.run_for(30, step_s=10)
    assert carriers(harness, job) == 0
    assert not await is_noted(harness, job)


async def test_a_carrier_whose_post_was_not_recorded_is_found(
    harness: WorkflowHarness, heavy_request: VideoRequest
) -> None:
    """Discord has forgotten its nonce: it is there once, and goes in the end."""
    harness.publisher.forgets_nonces = True
    harness.publisher.errors_after_effect["attach_to_carrier"] = [TemporaryPublishError("lost")]
    job = await order(harness, heavy_request)
    await harness.run_until(S.GENERATING, job=job)
    assert carriers(harness, job) == 1
    await harness.run_until(S.DELIVERED, S.FAILED, job=job)
    assert carriers(harness, job) == 0


async def test_a_carrier_that_can_not_be_deleted_stops_nothing(
    harness: WorkflowHarness, heavy_request: VideoRequest
) -> None:
    """The channel is closed, say: that is logged, and not tried for ever."""
    harness.publisher.errors["delete_carrier"] = [ChannelUnavailable("closed")] * 9
    job = await order(harness, heavy_request)
    await harness.run_until(S.DELIVERED, S.FAILED, job=job)
    await harness.run_for(30, step_s=10)
    assert len(harness.publisher.errors["delete_carrier"]) == 8
    assert not await is_noted(harness, job)


@pytest.mark.parametrize("error", [TooLargeToPost("40005"), PublishError("50035")])
async def test_what_discord_does_not_take_ends_the_job_with_its_reason(
    harness: WorkflowHarness, heavy_request: VideoRequest, error: PublishError
) -> None:
    """Too large is not the same as forbidden; nothing is charged, nothing is left."""
    harness.publisher.errors["attach_to_carrier"] = [error]
    job = await order(harness, heavy_request)
    rejected = await harness.run_until(S.REJECTED, job=job)
    assert (rejected.fail_code == INPUT_TOO_LARGE) is isinstance(error, TooLargeToPost)
    assert [kind for kind, _ in await harness.ledger(job)] == ["hold", "release"]
    await harness.run_for(30, step_s=10)
    assert not await is_noted(harness, job)


async def test_a_file_above_the_limit_of_the_place_is_named(
    harness: WorkflowHarness, heavy_request: VideoRequest
) -> None:
    """By its option and its size, and nothing is sent."""
    harness.publisher.file_limit = 2 * MIB
    job = await order(harness, heavy_request)
    rejected = await harness.run_until(S.REJECTED, job=job)
    assert rejected.fail_code == INPUT_TOO_LARGE
    named = [f"image{number} (3.0 MB > 2.0 MB)" for number in range(1, 10)]
    assert rejected.reason == ", ".join(named)
    assert harness.submission_count() == 0
