"""The connection itself: what breaks before, while and after a request goes out."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from gzip import compress

import pytest
from pydantic import SecretStr

from apixo.client import MAX_BODY_BYTES, ApixoClient
from apixo.errors import ApixoError, InvalidResponse, NoResponse, NotSent, ServerError
from tests.harness.raw_http_server import (
    RawServer,
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

ACCEPTED = {"code": 200, "message": "success", "data": {"taskId": "t1"}}
WORKING = {"code": 200, "message": "success", "data": {"taskId": "t1", "state": "processing"}}


@asynccontextmanager
async def talk(
    *replies: Reply, patience_s: float = 30
) -> AsyncGenerator[tuple[ApixoClient, RawServer]]:
    """Open a client of a server that gives these replies."""
    async with (
        serve_replies(*replies) as wire,
        ApixoClient(f"{wire.origin}/v1", SecretStr("sk-1"), submit_s=patience_s) as client,
    ):
        yield client, wire


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (reply_reset, NoResponse),
        (reply_raw(b""), NoResponse),
        (reply_raw(b"HTTP/1.1 200 OK\r\nContent-Le"), NoResponse),
        (reply_raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"code"'), InvalidResponse),
        (reply_raw(b"220 mail.example ESMTP\r\n\r\n"), InvalidResponse),
        (reply_raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"), InvalidResponse),
        (reply_endless, InvalidResponse),
        (
            reply_body(compress(json.dumps(ACCEPTED).encode()), "200 OK", "Content-Encoding: gzip"),
            InvalidResponse,
        ),
        (reply_body(b" " * (MAX_BODY_BYTES + 1)), InvalidResponse),
        (reply_body(b"<html>Bad gateway</html>", "502 Bad Gateway"), ServerError),
        (reply_body("", "307 Temporary Redirect", "Location: /elsewhere"), InvalidResponse),
        (reply_body('{"code": 200, "code": 200, "data": {"taskId": "t1"}}'), InvalidResponse),
        (reply_body('{"code": 200, "data": {"taskId": "t1", "odd": NaN}}'), InvalidResponse),
        (
            reply_body(f'{{"code": 200, "data": {{"taskId": "t1", "odd": {"9" * 5000}}}}}'),
            InvalidResponse,
        ),
        (reply_body({**ACCEPTED, "code": 500}), ServerError),
    ],
)
async def test_once_sent_a_task_may_exist_and_nothing_is_sent_again(
    reply: Reply, kind: type[ApixoError]
) -> None:
    """Whatever comes back, the server saw exactly one request."""
    async with talk(reply) as (client, wire):
        with pytest.raises(kind) as caught:
            await client.submit(pro_text_to_video())
    assert type(caught.value) is kind
    assert caught.value.task_may_exist
    assert len(wire.requests) == 1


@pytest.mark.parametrize("reply", [reply_nothing, reply_slowly])
async def test_patience_is_for_the_whole_answer(reply: Reply) -> None:
    """Neither silence nor a byte now and then keeps a job waiting for ever."""
    async with talk(reply, patience_s=0.3) as (client, wire):
        with pytest.raises(NoResponse, match="in time") as caught:
            await client.submit(pro_text_to_video())
    assert caught.value.task_may_exist
    assert len(wire.requests) == 1


async def test_the_request_is_what_apixo_documents() -> None:
    """Method, path, key, type and body, as they go over the wire."""
    async with talk(reply_body(ACCEPTED)) as (client, wire):
        assert await client.submit(pro_text_to_video()) == "t1"
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/generateTask/seedance-1-5-pro HTTP/1.1"
    assert "Authorization: Bearer sk-1" in lines
    assert "Content-Type: application/json" in lines
    assert json.loads(body)["input"]["duration"] == 8


@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=latin-1", "image/png"])
async def test_the_type_of_an_answer_does_not_matter(kind: str) -> None:
    """What reads as an envelope is one."""
    async with talk(reply_body(ACCEPTED, "200 OK", f"Content-Type: {kind}")) as (client, _):
        assert await client.submit(pro_text_to_video()) == "t1"


async def test_a_submission_never_rides_on_an_idle_connection() -> None:
    """The other side may be closing it at that moment, and the task would be in doubt."""
    async with talk(reply_body(ACCEPTED)) as (client, wire):
        for _ in range(3):
            await client.submit(pro_text_to_video())
    assert (len(wire.requests), wire.connections) == (3, 3)


async def test_asking_keeps_its_connection() -> None:
    """Many tasks are asked for over few connections."""
    async with talk(reply_body(WORKING)) as (client, wire):
        for _ in range(3):
            await client.fetch_status(PRO, "t1")
    assert (len(wire.requests), wire.connections) == (3, 1)


async def test_asking_again_over_a_new_connection_is_harmless() -> None:
    """An idle connection that breaks costs nothing: a status may be asked for twice."""
    async with talk(reply_body(WORKING), reply_reset, reply_body(WORKING)) as (client, wire):
        for _ in range(2):
            await client.fetch_status(PRO, "t1")
    assert wire.connections == 2


async def test_a_key_follows_no_redirect() -> None:
    """Neither a submission nor a question is sent on, to whatever host."""
    async with serve_replies(reply_body(ACCEPTED)) as elsewhere:
        redirect = reply_body("", "302 Found", f"Location: {elsewhere.origin}/v1")
        async with talk(redirect) as (client, _):
            for sending in (
                client.submit(pro_text_to_video()),
                client.fetch_status(PRO, "t1"),
                client.fetch_balance(),
            ):
                with pytest.raises(InvalidResponse):
                    await sending
    assert elsewhere.requests == []


async def test_a_refused_connection_sends_nothing() -> None:
    """Nobody listens: no task can exist."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    await _cannot_be_sent_to(f"http://127.0.0.1:{port}")


async def test_an_unknown_host_sends_nothing() -> None:
    """`.invalid` never resolves."""
    await _cannot_be_sent_to("https://apixo.invalid/api/v1")


async def test_failed_tls_sends_nothing() -> None:
    """The request goes out only after the handshake."""
    seen = bytearray()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        seen.extend(await reader.read(65_536))
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await _cannot_be_sent_to(f"https://127.0.0.1:{port}")
    assert b"generateTask" not in seen


async def test_a_silent_handshake_sends_nothing() -> None:
    """A connection that is not ready in time carried no request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        await _cannot_be_sent_to(url, connect_s=0.2)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_key_is_one_word(key: str) -> None:
    """Anything else cannot be in a header, and is not shown."""
    with pytest.raises(ValueError, match="must be one word") as caught:
        ApixoClient("https://api.apixo.ai/api/v1", SecretStr(key))
    assert not key or key not in str(caught.value)


async def _cannot_be_sent_to(url: str, connect_s: float = 5) -> None:
    async with ApixoClient(url, SecretStr("sk-1"), connect_s=connect_s) as client:
        with pytest.raises(NotSent) as caught:
            await client.submit(pro_text_to_video())
    assert not caught.value.task_may_exist
