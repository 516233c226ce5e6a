"""Asking how a task does, and what is left on the key."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apixo.client import ApixoClient
from apixo.errors import (
    ApixoError,
    Forbidden,
    InvalidResponse,
    NoResponse,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
)
from apixo.responses import RawResponse, RequestContext, parse_response
from apixo.schemas import TaskFailure, TaskState, TaskStatus, parse_balance, parse_status
from domain.failures import FailReason
from domain.money import MicroUSD
from sandbox.apixo import FakeApixo, Fault, ManualClock
from tests.harness.video_requests import PRO, TWO, pro_text_to_video, v2_text_to_video

FILE = "https://file.apixo.ai/xxx.mp4"


def read(data: object, task_id: str = "t1") -> TaskStatus:
    """Read the status in an answer with this data."""
    body = json.dumps({"code": 200, "message": "success", "data": data}).encode()
    question = RequestContext(task_id=task_id)
    return parse_response(
        RawResponse(200, body), question, lambda found: parse_status(found, task_id)
    )


async def test_a_task_is_followed_to_its_result(
    apixo: FakeApixo, client: ApixoClient, clock: ManualClock
) -> None:
    """Pending, processing, success with an address and both times."""
    task_id = await client.submit(v2_text_to_video())
    states = [(await client.fetch_status(TWO, task_id)).state]
    for wait_s in (3, 600):
        clock.advance(wait_s)
        status = await client.fetch_status(TWO, task_id)
        states.append(status.state)
    assert states == [TaskState.PENDING, TaskState.PROCESSING, TaskState.SUCCESS]
    assert status.task_id == task_id
    assert status.result_urls[0].startswith(apixo.base_url.removesuffix("/api/v1"))
    assert status.failure is None
    assert status.created_ms is not None
    assert status.completed_ms is not None
    assert status.completed_ms > status.created_ms


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("SensitiveContent", FailReason.CONTENT),
        ("UPSTREAM_ERROR", FailReason.UPSTREAM),
        ("Unknown error", FailReason.UNKNOWN),
        ("Never heard of", FailReason.UNKNOWN),
    ],
)
async def test_a_failure_says_why(
    client: ApixoClient, clock: ManualClock, code: str, reason: FailReason
) -> None:
    """The code as it came, and its class; the set of codes is open."""
    task_id = await client.submit(pro_text_to_video(f"a lake [[fail:{code}]]"))
    clock.advance(10)
    status = await client.fetch_status(PRO, task_id)
    assert status.state is TaskState.FAILED
    assert status.failure is not None
    assert (status.failure.code, status.failure.reason) == (code, reason)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (429, RateLimited),
        (500, ServerError),
        (503, ServerError),
    ],
)
async def test_an_error_names_the_task(
    apixo: FakeApixo, client: ApixoClient, status: int, kind: type[ApixoError]
) -> None:
    """The log leads to the job by it."""
    apixo.faults.add_status(Fault(status=status))
    with pytest.raises(kind) as caught:
        await client.fetch_status(PRO, "t1")
    assert (caught.value.http_status, caught.value.task_id) == (status, "t1")
    assert "t1" in str(caught.value)


async def test_an_unknown_task_is_not_found(client: ApixoClient) -> None:
    """Also if it is known under the other model."""
    task_id = await client.submit(pro_text_to_video())
    with pytest.raises(NotFound):
        await client.fetch_status(TWO, task_id)


async def test_a_task_id_is_opaque(apixo: FakeApixo, client: ApixoClient) -> None:
    """Whatever is in it arrives as it is."""
    with pytest.raises(NotFound):
        await client.fetch_status(PRO, "a b+c&d=ä/?#")
    assert apixo.journal.requests_to("statusTask")[-1].query == {"taskId": "a b+c&d=ä/?#"}


async def test_a_broken_connection_is_no_answer(apixo: FakeApixo, client: ApixoClient) -> None:
    """Asking is harmless, so a fresh connection that breaks is all that can be seen."""
    apixo.faults.add_status(Fault(ending="reset"), times=2)
    with pytest.raises(NoResponse):
        await client.fetch_status(PRO, "t1")


@pytest.mark.parametrize(
    ("result", "urls"),
    [
        (f'{{"resultUrls": ["{FILE}"]}}', (FILE,)),
        ({"resultUrls": [FILE]}, (FILE,)),
        ({"resultUrls": FILE}, (FILE,)),
        ({"resultUrls": [FILE, FILE, "https://r2.apixo.ai/2.mp4"]}, (FILE, "https://r2.apixo.ai/2.mp4")),
        ({"resultUrls": [7, None, "", "a\nb", "\ud800", "x" * 5000, FILE]}, (FILE,)),
        ({"resultUrls": [{"url": FILE}, {"url": 7}, {"link": FILE}, [FILE]]}, (FILE,)),
        ({"resultUrls": {"url": FILE}}, (FILE,)),
        ({"resultUrls": [f" {FILE}\n", "\t"]}, (FILE,)),
        (json.dumps(f'{{"resultUrls": ["{FILE}"]}}'), (FILE,)),
        (json.dumps(json.dumps(json.dumps(FILE))), ()),
        (
            {"resultUrls": [f"{FILE}?{n}" for n in range(10_000)]},
            tuple(f"{FILE}?{n}" for n in range(10)),
        ),
        *(
            (nothing, ())
            for nothing in (
                None, "", "not json", "[]", "{}", '{"resultUrls": []}', '{"resultUrls": null}',
                "[" * 100_000, 7, [FILE],
            )
        ),
    ],
)  # fmt: skip
def test_result_addresses_are_found_in_any_wrapping(result: object, urls: tuple[str, ...]) -> None:
    """JSON in JSON as documented, or already unwrapped; what is no address is left out."""
    assert read({"state": "success", "resultJson": result}).result_urls == urls


@pytest.mark.parametrize(
    ("state", "read_as"),
    [
        ("SUCCESS", TaskState.SUCCESS),
        (" Failed ", TaskState.FAILED),
        ("queued", TaskState.UNKNOWN),
        (None, TaskState.UNKNOWN),
        (7, TaskState.UNKNOWN),
        ({"a": 1}, TaskState.UNKNOWN),
    ],
)
def test_a_state_is_known_in_any_case_or_unknown(state: object, read_as: TaskState) -> None:
    """An undocumented state ends nothing."""
    assert read({"state": state}).state is read_as


def test_only_an_end_has_an_outcome() -> None:
    """A failed task has no result and a working one no failure, whatever else is told."""
    outcome = {"resultJson": {"resultUrls": [FILE]}, "failCode": "Timeout"}
    assert read({"state": "failed", **outcome}).result_urls == ()
    assert read({"state": "success", **outcome}).failure is None
    assert read({"state": "processing", **outcome}) == TaskStatus(
        task_id="t1", state=TaskState.PROCESSING
    )


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        ({}, TaskFailure(None, FailReason.UNKNOWN, None)),
        ({"failCode": None, "failMsg": None}, TaskFailure(None, FailReason.UNKNOWN, None)),
        ({"failCode": 500, "failMsg": {}}, TaskFailure("500", FailReason.UNKNOWN, None)),
        (
            {"failCode": "nsfw", "failMsg": "red\x1b[31m\nalert\u202e!"},
            TaskFailure("nsfw", FailReason.CONTENT, "red [31m alert !"),
        ),
    ],
)
def test_a_failure_needs_no_reason(fields: dict[str, Any], failure: TaskFailure) -> None:
    """Missing, null and odd fields leave a failure a failure; its words are one plain line."""
    assert read({"state": "failed", **fields}).failure == failure


def test_a_long_story_is_cut() -> None:
    """100 kB of failMsg do not reach the database."""
    fail = read({"state": "failed", "failMsg": "Upstream said no. " * 6000}).failure
    assert fail is not None
    assert fail.message is not None
    assert len(fail.message) == 300
    assert fail.message.endswith("…")


@pytest.mark.parametrize("moment", [1767965610, -1, "1767965610929", 1e12, None, True, 10**30])
def test_a_moment_that_is_no_milliseconds_is_left_out(moment: object) -> None:
    """Seconds, text and nonsense."""
    assert read({"createTime": moment, "completeTime": moment}).created_ms is None


def test_the_answer_must_be_of_the_task() -> None:
    """Another task's end would charge the wrong member; a number is the same id unwrapped."""
    assert read({"taskId": 77, "state": "pending"}, task_id="77").state is TaskState.PENDING
    with pytest.raises(InvalidResponse):
        read({"taskId": "t2", "state": "success"})


@pytest.mark.parametrize("data", [None, [], "success", 7])
def test_an_answer_without_a_status_is_unreadable(data: object) -> None:
    """There is nothing in it to act on."""
    with pytest.raises(InvalidResponse):
        read(data)


async def test_the_balance_is_exact(apixo: FakeApixo, client: ApixoClient) -> None:
    """Micro-dollars, through no float."""
    apixo.balance.micro = 74_870_001
    assert await client.fetch_balance() == MicroUSD(74_870_001)


@pytest.mark.parametrize(
    "data",
    ["null", '"74.87"', "true", "{}", "NaN", "Infinity", "1e999999", "1e99999999999999999999"],
)
async def test_a_balance_that_is_no_amount_is_unreadable(
    apixo: FakeApixo, client: ApixoClient, data: str
) -> None:
    """Nothing is guessed, and no number is too large to be refused at once."""
    apixo.faults.add_balance(Fault(raw=f'{{"code": 200, "data": {data}}}'.encode()))
    with pytest.raises(InvalidResponse):
        await client.fetch_balance()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["success", "failed", FILE, "t1", '{"resultUrls": ["x"]}']),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([
        "taskId", "state", "resultJson", "resultUrls", "failCode", "failMsg", "createTime",
        "completeTime", "error",
    ]), inner),
    max_leaves=20,
)  # fmt: skip


@given(
    status=st.integers(100, 599),
    envelope=st.fixed_dictionaries({}, optional={"code": JSON, "message": JSON, "data": JSON}),
)
def test_whatever_json_comes_is_a_status_or_one_of_the_errors(
    status: int, envelope: dict[str, Any]
) -> None:
    """No shape of an answer gets past the border; every text that does is one plain line."""
    answer = RawResponse(status, json.dumps(envelope).encode(), retry_after="1")
    try:
        told = parse_response(
            answer, RequestContext(task_id="t1"), lambda data: parse_status(data, "t1")
        )
    except ApixoError as error:
        told = error
    if isinstance(told, ApixoError):
        assert str(told).isprintable()
    else:
        assert (told.failure is not None) == (told.state is TaskState.FAILED)
        assert all(url.isprintable() for url in told.result_urls)


@given(body=st.binary() | st.text().map(str.encode), status=st.integers(100, 599))
def test_whatever_bytes_come_are_one_of_the_errors(body: bytes, status: int) -> None:
    """Bytes that are no envelope never raise anything else."""
    with pytest.raises(ApixoError):
        parse_response(
            RawResponse(status, body), RequestContext(), lambda data: parse_status(data, "t1")
        )


@given(st.decimals(-(10**8), 10**8, places=6))
def test_any_balance_keeps_its_micro_dollars(dollars: Decimal) -> None:
    """Six decimals survive."""
    assert parse_balance(dollars) == dollars * 10**6
