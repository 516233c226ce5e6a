"""What an answer amounts to when HTTP and envelope, or two of its parts, disagree."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from apixo.errors import (
    ApixoError,
    BadRequest,
    Forbidden,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    OutOfCredit,
    RateLimited,
    ServerError,
    Unauthorized,
)
from apixo.responses import RawResponse, RequestContext, parse_response
from apixo.schemas import parse_task_id

PROMPT = "a secret idea for a film"


def error_of(
    status: int, body: object, *, task_id: str | None = None, retry_after: str | None = None
) -> ApixoError:
    """Give the error that an answer amounts to; `body` is bytes, or JSON to be written."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = RawResponse(status, data, retry_after)
    with pytest.raises(ApixoError) as caught:
        parse_response(answer, RequestContext(task_id=task_id, prompt=PROMPT), parse_task_id)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (200, 402, OutOfCredit),
        (200, 429, RateLimited),
        (200, 500, ServerError),
        (400, 200, BadRequest),
        (400, 402, OutOfCredit),
        (400, 1001, BadRequest),
        (400, 500, ServerError),
        (502, 200, ServerError),
        (502, 400, ServerError),
        (418, 418, InvalidResponse),
        (200, 0, InvalidResponse),
        (200, 1001, InvalidResponse),
        (302, 302, InvalidResponse),
        (200, "402", InvalidResponse),
        (200, True, InvalidResponse),
        (200, None, InvalidResponse),
        (401, "NO_KEY", Unauthorized),
    ],
)
def test_the_worse_of_status_and_code_counts(
    status: int, code: object, kind: type[ApixoError]
) -> None:
    """A task is denied only where nothing speaks for one."""
    error = error_of(status, {"code": code, "message": "so it is", "data": None})
    assert type(error) is kind
    assert error.http_status == status


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"[]", b"\xff", b'{"code": 400, "code": 2}']
)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (402, InvalidResponse),
        (403, Forbidden),
        (404, NotFound),
        (429, RateLimited),
        (502, ServerError),
        (200, InvalidResponse),
        (204, InvalidResponse),
        (301, InvalidResponse),
    ],
)
def test_without_an_envelope_the_status_counts(
    status: int, kind: type[ApixoError], body: bytes
) -> None:
    """But a bare 402 is a proxy's, and to believe it would send the request a second time."""
    error = error_of(status, body)
    assert type(error) is kind
    assert error.code is None


def test_a_missing_code_is_no_objection() -> None:
    """Older examples of APIXO show the data alone."""
    answer = RawResponse(200, b'{"data": {"taskId": "t1"}}')
    assert parse_response(answer, RequestContext(), parse_task_id) == "t1"


@pytest.mark.parametrize("status", [200, 400, 402, 429])
def test_a_refusal_that_names_a_task_is_none(status: int) -> None:
    """An answer that names a task has made one; the operator gets its id."""
    error = error_of(status, {"code": 402, "message": "no", "data": {"taskId": "t9"}})
    assert isinstance(error, OutcomeUnknown)
    assert error.task_id == "t9"


def test_a_refusal_may_repeat_the_task_asked_for() -> None:
    """It is not a new one."""
    error = error_of(404, {"code": 404, "data": {"taskId": "t1"}}, task_id="t1")
    assert type(error) is NotFound


@pytest.mark.parametrize(
    "body",
    [
        {"code": 400, "message": "Insufficient credits", "data": None},
        {"code": 400, "message": "no", "data": {"error": "insufficient balance on this key"}},
        {"code": 400, "message": "no", "data": {"failCode": "InsufficientBalance"}},
        {"code": 400, "message": "no", "data": {"error": "INSUFFICIENT_CREDITS"}},
        {"code": 403, "message": "Not enough credits left"},
    ],
)
def test_a_lack_of_money_is_known_under_any_number(body: dict[str, object]) -> None:
    """It is the operator's matter, not the member's."""
    assert type(error_of(400, body)) is OutOfCredit


def test_a_prompt_can_not_feign_a_lack_of_money() -> None:
    """A message that repeats a member's words must not stop the service for everyone."""
    error = error_of(400, {"code": 400, "message": "Rejected prompt: insufficient credits"})
    assert type(error) is BadRequest


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"code": 400, "message": "m", "data": {"error": "e", "failMsg": "f"}}, "e"),
        ({"code": 400, "message": "m", "data": {"failMsg": "f"}}, "f"),
        ({"code": 400, "message": "m", "data": None}, "m"),
        ({"code": 400, "message": "two\nlines\x1b[2J", "data": 7}, "two lines [2J"),
        ({"code": 400, "message": {"odd": 1}}, "no reason given"),
        ({"code": 400, "message": f"Rejected: {PROMPT}!"}, "Rejected: [prompt]!"),
    ],
)
def test_the_reason_is_the_most_exact_one_in_one_plain_line(
    body: dict[str, object], detail: str
) -> None:
    """It is shown to members and logged, so it never repeats the prompt."""
    assert error_of(400, body).detail == detail


def test_a_long_reason_is_cut_after_the_prompt_was_taken_out() -> None:
    """No piece of the prompt is left at the edge."""
    detail = error_of(400, {"code": 400, "message": "x" * 290 + PROMPT + "y" * 1000}).detail
    assert len(detail) == 300
    assert PROMPT[:6] not in detail


def test_a_refusal_keeps_its_fail_code() -> None:
    """Identifiers of task failures come in refusals too."""
    body = {"code": 400, "message": "no", "data": {"failCode": "SensitiveContent"}}
    error = error_of(400, body)
    assert error.fail_code == "SensitiveContent"
    assert str(error) == "BadRequest (HTTP 400, failCode SensitiveContent)"
    assert error.full_text == "BadRequest (HTTP 400, failCode SensitiveContent): no"


def test_patience_may_be_asked_for_by_date() -> None:
    """A past date asks for none, a far one for five minutes at most."""
    now = datetime.now(UTC)
    for ahead_s, least_s, most_s in ((-60, 0, 0), (100, 80, 100), (10**6, 300, 300)):
        date = format_datetime(now + timedelta(seconds=ahead_s), usegmt=True)
        patience_s = error_of(429, {"code": 429}, retry_after=date).retry_after_s
        assert patience_s is not None
        assert least_s <= patience_s <= most_s


@pytest.mark.parametrize(
    "header", ["", "soon", "-5", "1.5", "\u0661", "Mon, 99 Foo 0000", "9" * 5000]
)
def test_patience_in_no_known_form_is_ignored_or_capped(header: str) -> None:
    """Garbage neither raises nor waits for ever."""
    patience_s = error_of(429, {"code": 429}, retry_after=header).retry_after_s
    assert patience_s in (None, 300.0)
