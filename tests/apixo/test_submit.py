"""Submitting: what is accepted, what is refused, and when a task may exist all the same."""

import pytest
from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.errors import (
    ApixoError,
    BadRequest,
    Forbidden,
    InvalidResponse,
    NoResponse,
    NotFound,
    OutOfCredit,
    RateLimited,
    RequestRejected,
    ServerError,
    Unauthorized,
)
from domain.requests import VideoRequest
from sandbox.apixo import FakeApixo, Fault
from tests.harness.video_requests import pro_text_to_video, v2_text_to_video


async def test_every_mode_of_both_models_is_accepted(
    apixo: FakeApixo, client: ApixoClient, requests: list[VideoRequest]
) -> None:
    """The strict stand-in takes each request, reads the mode meant, and returns its task's id."""
    for request in requests:
        task_id = await client.submit(request)
        task = apixo.tasks.get(task_id, request.model)
        assert task is not None
        assert (task.submission.mode, task.submission.duration) == (request.mode, request.seconds)
        assert len(task.submission.image_urls) == len(request.pictures)


async def test_a_callback_is_ordered(apixo: FakeApixo, client: ApixoClient) -> None:
    """The address arrives."""
    url = "https://bot.example/callbacks/apixo/token"
    task = apixo.tasks.get(await client.submit(v2_text_to_video(), url), "seedance-2-0")
    assert task is not None
    assert task.submission.callback_url == url


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        ("400", BadRequest),
        ("401", Unauthorized),
        ("402", OutOfCredit),
        ("403", Forbidden),
        ("404", NotFound),
        ("429", RateLimited),
        ("credits", OutOfCredit),
        ("content", BadRequest),
        ("code-402", OutOfCredit),
        ("http-400", BadRequest),
    ],
)
async def test_a_refusal_means_that_no_task_exists(
    apixo: FakeApixo, client: ApixoClient, refusal: str, kind: type[RequestRejected]
) -> None:
    """Each has its class; HTTP status and envelope may each be the one that says no."""
    with pytest.raises(kind) as caught:
        await client.submit(pro_text_to_video(f"a lake [[refuse:{refusal}]]"))
    assert type(caught.value) is kind
    assert not caught.value.task_may_exist
    assert len(apixo.tasks) == 0


@pytest.mark.parametrize(
    ("directive", "kind"),
    [
        *((f"effect:{status}", ServerError) for status in (500, 502, 503, 504)),
        ("effect:reset", NoResponse),
        ("effect:cut", InvalidResponse),
        ("garbage:html", InvalidResponse),
        ("garbage:empty", InvalidResponse),
        ("garbage:null", InvalidResponse),
        ("garbage:array", InvalidResponse),
        ("garbage:bom", InvalidResponse),
        ("garbage:gzip-bomb", InvalidResponse),
        ("garbage:huge", InvalidResponse),
        ("garbage:deep", InvalidResponse),
        ("garbage:no-data", InvalidResponse),
        ("garbage:null-data", InvalidResponse),
        ("garbage:empty-data", InvalidResponse),
        ("garbage:empty-id", InvalidResponse),
        ("garbage:number-id", InvalidResponse),
    ],
)
async def test_a_lost_or_unreadable_answer_leaves_a_task_possible(
    apixo: FakeApixo, client: ApixoClient, directive: str, kind: type[ApixoError]
) -> None:
    """The task was made and paid for, which the client cannot see: it sends nothing again."""
    with pytest.raises(kind) as caught:
        await client.submit(pro_text_to_video(f"a lake [[{directive}]]"))
    assert type(caught.value) is kind
    assert caught.value.task_may_exist
    assert len(apixo.tasks) == 1
    assert len(apixo.journal.requests_to("generateTask")) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_fault_without_a_task_looks_the_same(client: ApixoClient, status: int) -> None:
    """Nothing in a 5xx says whether a task was made."""
    with pytest.raises(ServerError) as caught:
        await client.submit(pro_text_to_video(f"a lake [[refuse:{status}]]"))
    assert (caught.value.http_status, caught.value.task_may_exist) == (status, True)


async def test_a_200_around_a_500_is_a_fault(client: ApixoClient) -> None:
    """The envelope's word counts."""
    with pytest.raises(ServerError) as caught:
        await client.submit(pro_text_to_video("a lake [[refuse:code-500]]"))
    assert (caught.value.http_status, caught.value.code) == (200, 500)


async def test_an_answer_that_does_not_come_leaves_a_task_possible(apixo: FakeApixo) -> None:
    """The client waits as long as it was told to, then says that it does not know."""
    async with ApixoClient(apixo.base_url, SecretStr(apixo.key), submit_s=0.3) as client:
        with pytest.raises(NoResponse, match="in time"):
            await client.submit(pro_text_to_video("a lake [[effect:timeout]]"))
    assert len(apixo.tasks) == 1


async def test_the_charset_of_a_header_does_not_matter(
    apixo: FakeApixo, client: ApixoClient
) -> None:
    """JSON is UTF-8, whatever a header says: the task is not lost."""
    task_id = await client.submit(pro_text_to_video("a lake [[garbage:utf-16]]"))
    assert apixo.tasks.get(task_id, "seedance-1-5-pro") is not None


@pytest.mark.parametrize(
    ("header", "patience_s"),
    [(None, None), ("3", 3.0), ("0", 0.0), ("86400", 300.0), ("soon", None), ("-5", None)],
)
async def test_a_request_for_patience_is_told(
    apixo: FakeApixo, client: ApixoClient, header: str | None, patience_s: float | None
) -> None:
    """A number of seconds, of which five minutes at most are believed."""
    headers = {} if header is None else {"Retry-After": header}
    apixo.faults.add_submit(Fault(status=429, headers=headers))
    with pytest.raises(RateLimited) as caught:
        await client.submit(pro_text_to_video())
    assert caught.value.retry_after_s == patience_s


async def test_a_reset_before_the_answer_is_unclear(apixo: FakeApixo, client: ApixoClient) -> None:
    """The client cannot see how much had been read."""
    apixo.faults.add_submit(Fault(ending="reset"))
    with pytest.raises(NoResponse) as caught:
        await client.submit(pro_text_to_video())
    assert caught.value.task_may_exist
    assert len(apixo.journal.requests_to("generateTask")) == 1
