"""The key and the prompt stay where they belong, whatever goes wrong."""

import asyncio
import logging
import traceback
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.errors import ApixoError
from tests.harness.raw_http_server import (
    Reply,
    reply_body,
    reply_endless,
    reply_nothing,
    reply_raw,
    reply_reset,
    reply_slowly,
    serve_replies,
)
from tests.harness.video_requests import PRO, pro_text_to_video

KEY = "sk-a-very-secret-key"
PROMPT = "a secret idea for a film"

TROUBLES: list[Reply] = [
    reply_reset,
    reply_nothing,
    reply_slowly,
    reply_endless,
    reply_raw(b""),
    reply_raw(b"not http\r\n\r\n"),
    reply_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    reply_body("", "302 Found", "Location: https://evil.example/"),
    reply_body({"code": 500, "message": f"crashed on {KEY}: {PROMPT}"}, "500 Oops"),
    reply_body({"code": 401, "message": f"Invalid key {KEY}", "data": {"failCode": KEY}}, "401 No"),
    reply_body({"code": 400, "data": {"error": f"{'x' * 290}{KEY}", "taskId": KEY}}, "400 No"),
    reply_body({"code": 400, "data": {"error": f"Rejected: {PROMPT}"}}, "400 No"),
    reply_body(
        {"code": 400, "data": {"error": "Rejected: " + PROMPT.replace(" ", "\n\u200b ")}}, "400 No"
    ),
    reply_body({"code": 200, "message": f"{KEY} {PROMPT}", "data": [KEY, PROMPT]}),
    reply_body(f"<html>{KEY} {PROMPT}</html>"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_error_or_log_tells_the_key_or_the_prompt(
    trouble: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in text, repr, arguments, traceback, causes or contexts; logging at its loudest."""
    asyncio.get_running_loop().set_debug(True)
    caplog.set_level(logging.DEBUG)
    async with (
        serve_replies(trouble) as wire,
        _client(wire.origin, trouble) as client,
    ):
        for sending in (client.submit(pro_text_to_video(PROMPT)), client.fetch_status(PRO, "t1")):
            with pytest.raises(ApixoError) as caught:
                await sending
            told = "\n".join([*_told(caught.value), repr(client)])
            assert KEY not in told
        assert all(f"Bearer {KEY}".encode() in request for request in wire.requests)
    assert KEY not in caplog.text
    assert PROMPT not in caplog.text


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_submission_error_tells_the_prompt(trouble: Reply) -> None:
    """Not even where the answer repeats it."""
    async with (
        serve_replies(trouble) as wire,
        _client(wire.origin, trouble) as client,
    ):
        with pytest.raises(ApixoError) as caught:
            await client.submit(pro_text_to_video(PROMPT))
    assert PROMPT not in "\n".join(_told(caught.value))


def _client(origin: str, trouble: Reply) -> ApixoClient:
    patience_s = 0.3 if trouble in (reply_nothing, reply_slowly) else 30
    return ApixoClient(origin, SecretStr(KEY), submit_s=patience_s, ask_s=patience_s)


def _told(error: BaseException | None) -> Iterator[str]:
    """Give all that may be printed of an error, and of those behind it."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        yield "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
