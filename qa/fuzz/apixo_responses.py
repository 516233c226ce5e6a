"""Answers of APIXO that it never gave: changed somewhere, cut off, or no JSON at all."""

from collections.abc import Callable
from random import Random
from typing import Any

from apixo.errors import ApixoError
from apixo.responses import MAX_RETRY_AFTER_S, RawResponse, RequestContext, parse_response
from apixo.schemas import MAX_ID_CHARS, TaskStatus, parse_balance, parse_status, parse_task_id
from domain.money import MicroUSD
from qa.fuzz.mutators import encode_json, mutate_json, random_text
from qa.fuzz.target import FuzzTarget

_PROMPT = "a very private idea for a film"
_TASK = "task_0123456789"
_RESULT = '{"resultUrls": ["https://file.apixo.ai/a.mp4"]}'
_SUBMITTED = {"code": 200, "message": "success", "data": {"taskId": _TASK}}
_REFUSED = {
    "code": 400,
    "message": "Bad Request",
    "data": {"error": f"Rejected: {_PROMPT}", "failCode": "InputRejected", "failMsg": _PROMPT},
}
_STATUS = {
    "code": 200,
    "data": {
        "taskId": _TASK,
        "state": "success",
        "resultJson": _RESULT,
        "createTime": 1_767_965_610_000,
        "completeTime": 1_767_965_670_000,
    },
}
_FAILED = {
    "code": 200,
    "data": {"taskId": _TASK, "state": "failed", "failCode": "Timeout", "failMsg": "too slow"},
}
_BALANCE = {"code": 200, "data": 12.345678}
_HTTP = (200, 200, 200, 201, 302, 400, 401, 402, 403, 404, 429, 500, 502, 504, 524)
_PATIENCE = (None, "5", "0", "-1", "99999999999999999999", "Fri, 21 Nov 2026 15:00:00 GMT", "NaN")


def _submission(dice: Random) -> str:
    read = _heard(
        dice, dice.choice((_SUBMITTED, _REFUSED)), RequestContext(prompt=_PROMPT), parse_task_id
    )
    if read is None:
        return "refused"
    assert 0 < len(read) <= MAX_ID_CHARS
    assert read.isprintable()
    return "taken"


def _status(dice: Random) -> str:
    read = _heard(
        dice,
        dice.choice((_STATUS, _FAILED)),
        RequestContext(task_id=_TASK),
        lambda data: parse_status(data, _TASK),
    )
    if read is None:
        return "refused"
    assert isinstance(read, TaskStatus)
    assert read.task_id == _TASK
    assert all(url.isprintable() for url in read.result_urls)
    if read.failure is not None:
        str(read.failure.message).encode()
    return "taken"


def _balance(dice: Random) -> str:
    read: MicroUSD | None = _heard(dice, _BALANCE, RequestContext(), parse_balance)
    return "refused" if read is None else "taken"


APIXO_RESPONSE_TARGETS = (
    FuzzTarget("submission answers", 12_000, _submission),
    FuzzTarget("status answers", 12_000, _status),
    FuzzTarget("balance answers", 5_000, _balance),
)


def _heard(
    dice: Random, base: Any, question: RequestContext, read: Callable[[object], Any]
) -> Any | None:
    """Read a changed answer; None for one of APIXO's errors, which says nothing of the prompt."""
    value = base
    for _ in range(dice.randrange(3)):
        value = mutate_json(value, dice)
    patience = random_text(dice, 40) if dice.random() < 0.2 else dice.choice(_PATIENCE)
    answer = RawResponse(
        200 if dice.random() < 0.6 else dice.choice(_HTTP), encode_json(value, dice), patience
    )
    try:
        return parse_response(answer, question, read)
    except ApixoError as error:
        failure = error
    told = f"{failure} {failure!r} {vars(failure)}"
    assert not question.prompt or question.prompt not in told
    assert 0 <= (failure.retry_after_s or 0) <= MAX_RETRY_AFTER_S
    told.encode()
    return None
