"""Schemas of APIXO's answers: the envelope, an error, a task's id and status, a balance.

Optional fields are parsed leniently; required ones raise ValueError.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from apixo.parsing import parse_json, plain_text
from domain.failures import FailReason, classify_fail_code
from domain.money import MicroUSD, to_micro_usd

MAX_DETAIL_CHARS: Final = 300
MAX_CODE_CHARS: Final = 100
MAX_ID_CHARS: Final = 255

_MAX_URL_CHARS = 4096
_MAX_URLS = 10
_MAX_ENCODINGS = 3
_MAX_DOLLARS = 10**9


class TaskState(StrEnum):
    """State of a task; only SUCCESS and FAILED are final."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """A state that APIXO does not document."""


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why a task failed: APIXO's code, its class, and APIXO's message in one line."""

    code: str | None
    reason: FailReason
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """Status of a task.

    `result_urls` may be empty in spite of a success, and has ten entries at most; `failure` is set
    if, and only if, the task failed; times are Unix milliseconds.
    """

    task_id: str
    state: TaskState
    result_urls: tuple[str, ...] = ()
    failure: TaskFailure | None = None
    created_ms: int | None = None
    completed_ms: int | None = None


def parse_envelope(body: bytes) -> "Envelope":
    """Parse the envelope of an answer.

    Raises:
        ValueError: it is not a JSON object, or its code is not an integer.
    """
    return Envelope.model_validate(parse_json(body))


def parse_task_id(data: object) -> str:
    """Return the task id from the `data` of an accepted submission.

    Raises:
        ValueError: there is none. A number does not count: it may have lost digits on its way.
    """
    task_id = _field(data, "taskId")
    if not isinstance(task_id, str) or not 0 < len(task_id) <= MAX_ID_CHARS:
        raise ValueError("the answer names no task")
    if not task_id.isprintable():
        raise ValueError("the answer's task id is no plain text")
    return task_id


def parse_callback(body: bytes) -> str:
    """Return the task id of a callback; nothing else in it is trusted.

    Raises:
        ValueError: it is not a JSON object, or names no task.
    """
    return parse_task_id(_field(parse_json(body), "data"))


def parse_status(data: object, task_id: str) -> TaskStatus:
    """Parse the `data` of a task's status.

    Raises:
        ValueError: it is not an object, or is about another task.
    """
    if not isinstance(data, dict):
        raise ValueError("the answer does not speak of a task")  # noqa: TRY004 - what it came as
    fields = _StatusData.model_validate(data)
    if fields.task_id is not None and fields.task_id != task_id:
        raise ValueError("the answer speaks of another task")
    failure = TaskFailure(
        fields.fail_code, classify_fail_code(fields.fail_code), fields.fail_message
    )
    return TaskStatus(
        task_id=task_id,
        state=fields.state,
        result_urls=fields.result_urls if fields.state is TaskState.SUCCESS else (),
        failure=failure if fields.state is TaskState.FAILED else None,
        created_ms=fields.created_ms,
        completed_ms=fields.completed_ms,
    )


def parse_balance(data: object) -> MicroUSD:
    """Return the `data` of a balance answer: a number of dollars, exact to the micro-dollar.

    Raises:
        ValueError: it is not a number, or out of range.
    """
    if isinstance(data, bool) or not isinstance(data, (int, Decimal)):
        raise ValueError("the balance is no number")  # noqa: TRY004 - what it came as
    # copy_abs: abs() of a Decimal with a huge exponent overflows.
    if not Decimal(data).copy_abs() < _MAX_DOLLARS:
        raise ValueError("the balance is absurd")
    return to_micro_usd(Decimal(data))


def _field(data: object, name: str) -> object:
    return cast("dict[str, object]", data).get(name) if isinstance(data, dict) else None


def _state(value: object) -> TaskState:
    try:
        return TaskState(value.strip().lower()) if isinstance(value, str) else TaskState.UNKNOWN
    except ValueError:
        return TaskState.UNKNOWN


def _result_urls(value: object) -> tuple[str, ...]:
    """Parse `resultJson`, JSON inside JSON: `{"resultUrls": [...]}`, perhaps encoded twice."""
    result = value
    for _ in range(_MAX_ENCODINGS):
        if isinstance(result, str):
            try:
                result = parse_json(result)
            except ValueError:
                return ()
    urls = _field(result, "resultUrls")
    items = cast("list[object]", urls) if isinstance(urls, list) else [urls]
    found = (_url_or_none(item) for item in items)
    return tuple(dict.fromkeys(url for url in found if url is not None))[:_MAX_URLS]


def _url_or_none(item: object) -> str | None:
    """Return the URL that an entry is, or has in `url`; None if it is no printable line."""
    text = item if isinstance(item, str) else _field(item, "url")
    url = text.strip() if isinstance(text, str) else ""
    return url if 0 < len(url) <= _MAX_URL_CHARS and url.isprintable() else None


def _str_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _id_or_none(value: object) -> str | None:
    is_id = isinstance(value, (str, int)) and not isinstance(value, bool)
    return str(value) if is_id and value != "" else None


def _code_or_none(value: object) -> str | None:
    return plain_text(_id_or_none(value), MAX_CODE_CHARS)


def _plain_line(value: object) -> str | None:
    return plain_text(_str_or_none(value), MAX_DETAIL_CHARS)


def _unix_ms(value: object) -> int | None:
    """Return a plausible Unix millisecond timestamp; some answers carry seconds, or nonsense."""
    return value if isinstance(value, int) and 10**12 <= value < 10**13 else None


class _IncomingModel(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class Envelope(_IncomingModel):
    """Envelope of every answer; `message` and `data` are often missing, `code` now and then."""

    code: int | None = None
    message: Annotated[str | None, BeforeValidator(_str_or_none)] = None
    data: Any = None


class ErrorData(_IncomingModel):
    """The `data` of an error answer, unmodified."""

    error: Annotated[str | None, BeforeValidator(_str_or_none)] = None
    fail_code: Annotated[str | None, BeforeValidator(_id_or_none)] = Field(None, alias="failCode")
    fail_message: Annotated[str | None, BeforeValidator(_str_or_none)] = Field(
        None, alias="failMsg"
    )
    task_id: Annotated[str | None, BeforeValidator(_id_or_none)] = Field(None, alias="taskId")

    @classmethod
    def from_data(cls, data: object) -> "ErrorData":
        """Parse `data` of any shape; anything but an object yields empty fields."""
        return cls.model_validate(data if isinstance(data, dict) else {})


class _StatusData(_IncomingModel):
    task_id: Annotated[str | None, BeforeValidator(_id_or_none)] = Field(None, alias="taskId")
    state: Annotated[TaskState, BeforeValidator(_state)] = TaskState.UNKNOWN
    result_urls: Annotated[tuple[str, ...], BeforeValidator(_result_urls)] = Field(
        (), alias="resultJson"
    )
    fail_code: Annotated[str | None, BeforeValidator(_code_or_none)] = Field(None, alias="failCode")
    fail_message: Annotated[str | None, BeforeValidator(_plain_line)] = Field(None, alias="failMsg")
    created_ms: Annotated[int | None, BeforeValidator(_unix_ms)] = Field(None, alias="createTime")
    completed_ms: Annotated[int | None, BeforeValidator(_unix_ms)] = Field(
        None, alias="completeTime"
    )
