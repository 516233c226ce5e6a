"""A task's life as its status shows it, on a clock moved by hand."""

import json
import re

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from tests.sandbox.apixo.conftest import ApiClient

MODEL = "seedance-2-0"


async def test_a_task_waits_is_worked_on_and_succeeds(
    client: ApiClient, clock: ManualClock
) -> None:
    """Eight seconds of 1.5 Pro take 60 to 90 seconds; each state shows its documented fields."""
    created = round(clock.now() * 1000)
    task_id = await client.submit_task("1.5 text", duration=8)
    common = {"taskId": task_id, "createTime": created}
    assert (await client.status(task_id)).data == {**common, "state": "pending"}
    clock.advance(59.9)
    assert (await client.status(task_id)).data == {**common, "state": "processing"}
    clock.advance(30.1)
    data = (await client.status(task_id)).data
    assert data["state"] == "success"
    assert 60_000 <= data["completeTime"] - created <= 90_000
    (url,) = json.loads(data["resultJson"])["resultUrls"]
    assert url.endswith(".mp4")


@pytest.mark.parametrize(
    ("order", "seconds", "earliest", "latest"),
    [
        ("1.5 text", 4, 40, 60),
        ("1.5 text", 6, 50, 75),
        ("1.5 text", 8, 60, 90),
        ("1.5 text", 12, 90, 120),
        ("2.0 text", 4, 240, 480),
        ("2.0 text", 15, 240, 480),
    ],
)
async def test_generation_takes_as_long_as_documented(
    order: str,
    seconds: int,
    earliest: float,
    latest: float,
    client: ApiClient,
    apixo: FakeApixo,
    clock: ManualClock,
) -> None:
    """Every task ends within the documented span, and not all at the same moment."""
    apixo.balance.micro = 100_000_000
    for _ in range(10):
        await client.submit_task(order, duration=seconds)
    clock.advance(latest)
    took = [task.ends_at - task.started_at for task in apixo.tasks if task.ends_at is not None]
    assert len(took) == 10
    assert earliest <= min(took) < max(took) <= latest


async def test_processing_time_is_told_exactly_or_not_at_all(
    client: ApiClient, clock: ManualClock
) -> None:
    """The costTime is the difference of the other two times; some successes lack it."""
    ids = [await client.submit_task("1.5 text", duration=4) for _ in range(40)]
    clock.advance(60)
    told = [(await client.status(task_id)).data for task_id in ids]
    with_it = [data for data in told if "costTime" in data]
    assert 0 < len(with_it) < len(told)
    assert all(d["costTime"] == d["completeTime"] - d["createTime"] for d in with_it)


@pytest.mark.parametrize(("order", "has_cost_time"), [("1.5 text", True), ("2.0 text", False)])
async def test_a_failed_task_says_why(
    order: str, has_cost_time: bool, client: ApiClient, clock: ManualClock
) -> None:
    """A failure is HTTP 200 with code 200; as in the examples, only 1.5 Pro has costTime."""
    model = MODEL if order.startswith("2") else "seedance-1-5-pro"
    task_id = await client.submit_task(order, prompt="a fox [[fail:SensitiveContent]]")
    clock.advance(9.203)
    reply = await client.status(task_id, model)
    assert (reply.status, reply.body["code"]) == (200, 200)
    assert reply.data["state"] == "failed"
    assert reply.data["failCode"] == "SensitiveContent"
    assert reply.data["failMsg"].startswith("Content violates")
    assert ("costTime" in reply.data) is has_cost_time
    assert "resultJson" not in reply.data


@pytest.mark.parametrize("options", [ApixoConfig(clips="tiny", time_scale=60)])
async def test_a_time_scale_divides_generation(client: ApiClient, clock: ManualClock) -> None:
    """At 60 times the speed a task of at most 90 seconds is over after one and a half."""
    task_id = await client.submit_task("1.5 text", duration=8)
    clock.advance(0.99)
    assert (await client.status(task_id)).data["state"] == "processing"
    clock.advance(0.51)
    assert (await client.status(task_id)).data["state"] == "success"


async def test_skipping_generation_time_leaves_the_wall_clock(
    client: ApiClient, apixo: FakeApixo, clock: ManualClock
) -> None:
    """A skipped task is complete now, not in the future."""
    task_id = await client.submit_task("1.5 text")
    apixo.scaled_clock.adjust(skip=90)
    data = (await client.status(task_id)).data
    assert data["state"] == "success"
    assert data["completeTime"] == round(clock.now() * 1000)


async def test_a_result_link_serves_an_mp4_until_it_expires(
    client: ApiClient, clock: ManualClock
) -> None:
    """Twenty-four hours, without a key; then it is gone, while the status stays."""
    task_id = await client.submit_task("1.5 text")
    clock.advance(90)
    fresh = await client.download(task_id)
    assert fresh.status == 200
    assert fresh.headers["Content-Type"] == "video/mp4"
    assert fresh.body[4:8] == b"ftyp"
    clock.advance(24 * 3600)
    assert (await client.download(task_id)).status == 404
    assert (await client.status(task_id)).data["state"] == "success"


async def test_a_result_does_not_exist_before_its_task_has_succeeded(
    client: ApiClient, apixo: FakeApixo
) -> None:
    """Guessing the name early gives nothing."""
    await client.submit_task("1.5 text")
    (task,) = apixo.tasks
    root = apixo.base_url.removesuffix("/api/v1")
    assert (await client.get(f"{root}/files/{task.file_name}")).status == 404


async def test_a_status_needs_the_right_task_and_model(client: ApiClient) -> None:
    """An unknown task, another model's, an unknown model: 404; no task named: 400."""
    task_id = await client.submit_task("1.5 text")
    assert (await client.status("task_12345678")).status == 404
    assert (await client.status(task_id, MODEL)).status == 404
    assert (await client.status(task_id, "sora-2")).status == 404
    assert (await client.status("")).status == 400
    assert (await client.post("sora-2", {})).status == 404


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (ApixoConfig(clips="tiny"), "[0-9a-f]{32}"),
        (ApixoConfig(clips="tiny", task_ids="prefixed"), "task_[0-9a-f]{32}"),
    ],
)
async def test_task_ids_come_in_both_known_forms(pattern: str, client: ApiClient) -> None:
    """As seen in the wild, or as documented."""
    assert re.fullmatch(pattern, await client.submit_task("1.5 text"))
