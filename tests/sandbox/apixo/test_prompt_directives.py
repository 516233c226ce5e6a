"""The words in a prompt that make things go wrong, each spelled as its table spells it."""

import asyncio
import json
import re
from typing import Any

import aiohttp
import pytest

from sandbox.apixo import FakeApixo, ManualClock
from sandbox.apixo import prompt_directives as module
from sandbox.apixo.clips import minimal_clip
from sandbox.apixo.prompt_directives import strip_directives
from tests.sandbox.apixo.conftest import ApiClient, ApiReply, wait_until

CHOICES = ("refuse", "effect", "garbage", "fail-msg", "status", "times", "result", "callback")


async def ended(customer: ApiClient, clock: ManualClock, *directives: str) -> Any:
    """Submit a task with directives, let it end, and give its status."""
    prompt = " ".join(("a fox", *(f"[[{directive}]]" for directive in directives)))
    task_id = await customer.submit_task("1.5 text", prompt=prompt)
    clock.advance(90)
    return await customer.status(task_id)


@pytest.mark.parametrize("name", CHOICES)
async def test_an_unknown_value_is_refused_and_every_known_one_is_in_the_table(
    name: str, client: ApiClient
) -> None:
    """A misspelled directive must not pass as an ordinary prompt."""
    reply = await client.submit("1.5 text", prompt=f"a fox [[{name}:nonsense]]")
    assert reply.status == 400
    known = reply.error.partition(" knows ")[2].split(", ")
    assert len(known) > 2
    words = set(re.findall(r"[\w-]+", module.__doc__ or ""))
    assert set(known) - {"502"} <= words


@pytest.mark.parametrize("bad", ["slow:soon", "slow:", "size:-1", "status:502xmany"])
async def test_a_number_must_be_one(bad: str, client: ApiClient) -> None:
    """Anything else is a 400."""
    reply = await client.submit("1.5 text", prompt=f"a fox [[{bad}]]")
    assert reply.status == 400
    assert "takes a number" in reply.error


async def test_unknown_names_are_ordinary_text(client: ApiClient) -> None:
    """Members may write square brackets."""
    assert (await client.submit("1.5 text", prompt="[[hello]] [[a:b]] [fail]")).status == 200


def test_a_viewer_does_not_see_directives() -> None:
    """What is drawn is the prompt without them."""
    assert strip_directives("a [[never]] red  fox [[fail:Timeout]]") == "a red fox"


@pytest.mark.parametrize(
    ("value", "status", "code", "message"),
    [
        *[(str(n), n, n, "") for n in (400, 401, 402, 403, 404, 429, 500, 502, 503, 504)],
        ("credits", 400, 400, "Insufficient credits"),
        ("content", 400, 400, "rejected"),
        ("code-402", 200, 402, "Insufficient balance"),
        ("code-500", 200, 500, "Server error"),
        ("http-400", 400, 200, "success"),
    ],
)
async def test_refuse(
    value: str, status: int, code: int, message: str, client: ApiClient, apixo: FakeApixo
) -> None:
    """The submission fails and there is no task."""
    reply = await client.submit("1.5 text", prompt=f"a fox [[refuse:{value}]]")
    assert (reply.status, reply.body["code"]) == (status, code)
    assert message in reply.body["message"]
    assert len(apixo.tasks) == 0


@pytest.mark.parametrize("value", ["500", "502", "503", "504"])
async def test_effect_with_an_error(value: str, client: ApiClient, apixo: FakeApixo) -> None:
    """There is a task, and the answer does not know it."""
    reply = await client.submit("1.5 text", prompt=f"a fox [[effect:{value}]]")
    assert (reply.status, reply.data) == (int(value), None)
    assert len(apixo.tasks) == 1


@pytest.mark.parametrize("value", ["reset", "cut"])
async def test_effect_with_a_broken_connection(
    value: str, client: ApiClient, apixo: FakeApixo
) -> None:
    """There is a task, and no whole answer."""
    with pytest.raises(aiohttp.ClientError):
        await client.submit("1.5 text", prompt=f"a fox [[effect:{value}]]")
    assert len(apixo.tasks) == 1


async def test_effect_without_an_answer(client: ApiClient, apixo: FakeApixo) -> None:
    """There is a task, and the answer never comes."""
    asking = asyncio.ensure_future(client.submit("1.5 text", prompt="a fox [[effect:timeout]]"))
    await wait_until(lambda: len(apixo.tasks) == 1)
    assert not asking.done()
    asking.cancel()


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("html", b"<!doctype html><title>Just a moment...</title><h1>Checking your browser</h1>"),
        ("empty", b""),
        ("null", None),
        ("array", []),
        ("bom", {}),
        ("no-data", {"code": 200, "message": "success"}),
        ("null-data", {"code": 200, "message": "success", "data": None}),
        ("empty-data", {"code": 200, "message": "success", "data": {}}),
        ("empty-id", {"code": 200, "message": "success", "data": {"taskId": ""}}),
        ("number-id", {"code": 200, "message": "success", "data": {"taskId": 12345678}}),
    ],
)
async def test_garbage(value: str, body: object, client: ApiClient, apixo: FakeApixo) -> None:
    """HTTP 200, a task, and an answer that does not name it."""
    reply = await client.submit("1.5 text", prompt=f"a fox [[garbage:{value}]]")
    assert (reply.status, reply.body) == (200, body)
    assert len(apixo.tasks) == 1


@pytest.mark.parametrize(
    ("value", "size"), [("huge", 200_000_000), ("gzip-bomb", 16_000_000), ("deep", 200_000)]
)
async def test_garbage_without_end(
    value: str, size: int, client: ApiClient, apixo: FakeApixo
) -> None:
    """More than any answer should have; nobody has to read all of it."""
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {apixo.key}"}) as session,
        session.post(
            f"{apixo.base_url}/generateTask/seedance-2-0",
            json={"input": {"mode": "text-to-video", "prompt": f"a fox [[garbage:{value}]]"}},
        ) as response,
    ):
        wanted = min(size, 1_000_000)
        assert len(await response.content.readexactly(wanted)) == wanted
    assert await client.balance() < 100


async def test_garbage_in_a_wrong_charset(client: ApiClient) -> None:
    """The header says UTF-16, the bytes are UTF-8."""
    reply = await client.submit("1.5 text", prompt="a fox [[garbage:utf-16]]")
    assert reply.headers["Content-Type"] == "application/json; charset=utf-16"


@pytest.mark.parametrize("code", ["SensitiveContent", "Unknown error", "UPSTREAM_ERROR", "NewOne"])
async def test_fail(code: str, client: ApiClient, clock: ManualClock) -> None:
    """With a known code or any other."""
    data = (await ended(client, clock, f"fail:{code}")).data
    assert (data["state"], data["failCode"]) == ("failed", code)
    assert data["failMsg"]


@pytest.mark.parametrize(("value", "holds"), [("long", "no. "), ("markup", "@everyone")])
async def test_fail_message(value: str, holds: str, client: ApiClient, clock: ManualClock) -> None:
    """What upstream says can be hostile."""
    data = (await ended(client, clock, "fail:Timeout", f"fail-msg:{value}")).data
    assert holds in data["failMsg"]


async def test_fail_message_of_nothing(client: ApiClient, clock: ManualClock) -> None:
    """It can be null."""
    data = (await ended(client, clock, "fail:Timeout", "fail-msg:null")).data
    assert data["failMsg"] is None


async def test_slow(client: ApiClient, clock: ManualClock) -> None:
    """Exactly as many seconds as asked for."""
    task_id = await client.submit_task("1.5 text", prompt="a fox [[slow:600]]")
    clock.advance(599)
    assert (await client.status(task_id)).data["state"] == "processing"
    clock.advance(1)
    assert (await client.status(task_id)).data["state"] == "success"


async def test_never(client: ApiClient, clock: ManualClock) -> None:
    """Not after a week either."""
    task_id = await client.submit_task("1.5 text", prompt="a fox [[never]]")
    clock.advance(7 * 86_400)
    assert (await client.status(task_id)).data["state"] == "processing"


async def test_status(client: ApiClient) -> None:
    """The next answers, one kind after the other, then the truth."""
    task_id = await client.submit_task("1.5 text", prompt="a fox [[status:502x2]] [[status:404]]")
    answers = [await client.status(task_id) for _ in range(4)]
    assert [answer.status for answer in answers] == [502, 502, 404, 200]


async def test_status_reset(client: ApiClient, apixo: FakeApixo) -> None:
    """Status answers can break off too; aiohttp asks once more when a kept connection does."""
    task_id = await client.submit_task("1.5 text", prompt="a fox [[status:resetx2]]")
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.status(task_id)
    assert (await client.status(task_id)).status == 200
    assert len(apixo.journal.requests_to("/statusTask/")) == 3


@pytest.mark.parametrize(("value", "state"), [("queued", "queued"), ("null", None)])
async def test_state(value: str, state: str | None, client: ApiClient, clock: ManualClock) -> None:
    """A state that no page documents."""
    assert (await ended(client, clock, f"state:{value}")).data["state"] == state


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ("seconds", {"createTime": 1767965610, "completeTime": 1767965695}),
        ("negative", {"createTime": -1, "completeTime": -1}),
        ("future", {"createTime": 4102444800000}),
        ("backwards", {"createTime": 1767965695412, "completeTime": 1767965610929}),
        ("text", {"costTime": "84483"}),
        ("zero", {"costTime": 0}),
    ],
)
async def test_times(
    value: str, fields: dict[str, object], client: ApiClient, clock: ManualClock
) -> None:
    """Times that no clock shows."""
    data = (await ended(client, clock, f"times:{value}")).data
    assert data["state"] == "success"
    assert data.items() >= fields.items()


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("null", None),
        ("blank", ""),
        ("text", "not json"),
        ("array", "[]"),
        ("object", "{}"),
        ("no-urls", '{"resultUrls":[]}'),
        ("null-urls", '{"resultUrls": null}'),
        ("string-urls", '{"resultUrls": "https://file.apixo.ai/xxx.mp4"}'),
        ("parsed", {"resultUrls": ["https://file.apixo.ai/xxx.mp4"]}),
    ],
)
async def test_result_that_is_none(
    value: str, result: object, client: ApiClient, clock: ManualClock
) -> None:
    """Success, but nothing to download."""
    data = (await ended(client, clock, f"result:{value}")).data
    assert (data["state"], data["resultJson"]) == ("success", result)


async def test_result_that_is_missing(client: ApiClient, clock: ManualClock) -> None:
    """Success without the field."""
    data = (await ended(client, clock, "result:none")).data
    assert data["state"] == "success"
    assert "resultJson" not in data


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("two", ["https://file.apixo.ai/one.mp4", "https://file.apixo.ai/two.mp4"]),
        ("twice", ["https://file.apixo.ai/one.mp4"] * 2),
        ("number", [12345678]),
        ("plain", ["http://file.apixo.ai/xxx.mp4"]),
        ("file", ["file:///etc/passwd"]),
        ("private", ["https://10.0.0.1/xxx.mp4"]),
        ("metadata", ["https://169.254.169.254/latest/meta-data/"]),
        ("foreign", ["https://evil.example/xxx.mp4"]),
        ("userinfo", ["https://file.apixo.ai@evil.example/xxx.mp4"]),
    ],
)
async def test_result_that_leads_astray(
    value: str, urls: list[object], client: ApiClient, clock: ManualClock
) -> None:
    """Links that nobody should follow."""
    data = (await ended(client, clock, f"result:{value}")).data
    assert json.loads(data["resultJson"]) == {"resultUrls": urls}


async def test_half_a_file_comes_as_a_whole_answer(client: ApiClient, clock: ManualClock) -> None:
    """Only who reads it can notice; of two links the second is whole."""
    status = await ended(client, clock, "result:second")
    first, second = json.loads(status.data["resultJson"])["resultUrls"]
    assert first == f"{second}?result=half"
    whole = (await client.get(second)).body
    for half in (await client.get(first), await fetched(client, clock, "result:half")):
        assert (half.status, half.body) == (200, whole[: len(whole) // 2])


@pytest.mark.parametrize("kind", ["picture", "sound"])
async def test_a_result_of_another_kind_begins_as_a_video_does(
    kind: str, client: ApiClient, clock: ManualClock
) -> None:
    """A check of its first bytes notices nothing."""
    file = await fetched(client, clock, f"result:{kind}")
    assert (file.status, file.body[4:8]) == (200, b"ftyp")


async def test_a_result_may_be_of_another_length(client: ApiClient, clock: ManualClock) -> None:
    """Than was ordered."""
    file = await fetched(client, clock, "length:2")
    assert file.body == minimal_clip(2)


async def fetched(customer: ApiClient, clock: ManualClock, directive: str) -> ApiReply:
    status = await ended(customer, clock, directive)
    return await customer.download(status.data["taskId"])


@pytest.mark.parametrize(
    ("value", "status", "start"),
    [
        ("403", 403, b""),
        ("404", 404, b""),
        ("410", 410, b""),
        ("500", 500, b""),
        ("html", 200, b"<!doctype html>"),
        ("empty", 200, b""),
        ("elsewhere", 302, b""),
    ],
)
async def test_result_with_a_bad_file(
    value: str, status: int, start: bytes, client: ApiClient, clock: ManualClock
) -> None:
    """The link is right, and what it gives is not."""
    reply = await fetched(client, clock, f"result:{value}")
    assert reply.status == status
    assert reply.body[: len(start) or None] == start


@pytest.mark.parametrize("value", ["cut", "reset"])
async def test_result_with_a_broken_download(
    value: str, client: ApiClient, clock: ManualClock
) -> None:
    """The file does not arrive whole."""
    with pytest.raises(aiohttp.ClientError):
        await fetched(client, clock, f"result:{value}")


async def test_size(client: ApiClient, clock: ManualClock) -> None:
    """The file has at least that many megabytes, and is still an MP4."""
    reply = await fetched(client, clock, "size:3")
    assert len(reply.body) == 3_000_000
    assert reply.body[4:8] == b"ftyp"


async def test_a_large_file_is_one_tasks_own(client: ApiClient, clock: ManualClock) -> None:
    """The next task's file is small again."""
    await ended(client, clock, "size:3")
    assert len((await fetched(client, clock, "hello")).body) < 10_000
