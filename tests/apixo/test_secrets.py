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
    drips,
    hangs,
    never_ends,
    resets,
    says,
    sends,
    serve,
)
from tests.harness.video_requests import PRO, pro_text

KEY = "sk-a-very-secret-key"
PROMPT = "a secret idea for a film"

TROUBLES: list[Reply] = [
    resets,
    hangs,
    drips,
    never_ends,
    sends(b""),
    sends(b"not http\r\n\r\n"),
    sends(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    says("", "302 Found", "Location: https://evil.example/"),
    says({"code": 500, "message": f"crashed on {KEY}: {PROMPT}"}, "500 Oops"),
    says({"code": 401, "message": f"Invalid key {KEY}", "data": {"failCode": KEY}}, "401 No"),
    says({"code": 400, "data": {"error": f"{'x' * 290}{KEY}", "taskId": KEY}}, "400 No"),
    says({"code": 400, "data": {"error": f"Rejected: {PROMPT}"}}, "400 No"),
    says(
        {"code": 400, "data": {"error": "Rejected: " + PROMPT.replace(" ", "\n\u200b ")}}, "400 No"
    ),
    says({"code": 200, "message": f"{KEY} {PROMPT}", "data": [KEY, PROMPT]}),
    says(f"<html>{KEY} {PROMPT}</html>"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_error_or_log_tells_the_key_or_the_prompt(
    trouble: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in text, repr, arguments, traceback, causes or contexts; logging at its loudest."""
    asyncio.get_running_loop().set_debug(True)
    caplog.set_level(logging.DEBUG)
    async with (
        serve(trouble) as wire,
        _client(wire.origin, trouble) as client,
    ):
        for sending in (client.submit(pro_text(PROMPT)), client.status(PRO, "t1")):
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
        serve(trouble) as wire,
        _client(wire.origin, trouble) as client,
    ):
        with pytest.raises(ApixoError) as caught:
            await client.submit(pro_text(PROMPT))
    assert PROMPT not in "\n".join(_told(caught.value))


def _client(origin: str, trouble: Reply) -> ApixoClient:
    patience_s = 0.3 if trouble in (hangs, drips) else 30
    return ApixoClient(origin, SecretStr(KEY), submit_s=patience_s, ask_s=patience_s)


def _told(error: BaseException | None) -> Iterator[str]:
    """Give all that may be printed of an error, and of those behind it."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        yield "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
