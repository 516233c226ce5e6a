"""Classification of APIXO's answers: the requested data, or an error.

HTTP status and envelope code can disagree; the worse of the two counts, because taking a lost task
for a refusal means paying twice.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final, TypeVar, overload

from apixo.errors import (
    ApixoError,
    BadRequest,
    Forbidden,
    InvalidResponse,
    NotFound,
    OutOfCredit,
    RateLimited,
    RequestRejected,
    ServerError,
    Unauthorized,
)
from apixo.parsing import plain_text
from apixo.schemas import (
    MAX_CODE_CHARS,
    MAX_DETAIL_CHARS,
    MAX_ID_CHARS,
    Envelope,
    ErrorData,
    parse_envelope,
)
from domain.failures import FailReason, classify_fail_code

MAX_RETRY_AFTER_S: Final = 300.0
"""Cap on what an answer may ask for: a Retry-After of a day would stop the service."""

T = TypeVar("T")

_UNDOCUMENTED = "the answer is not one that APIXO documents"

_MIN_HIDDEN_CHARS = 8
"""Shorter prompts are words that occur in any sentence."""

_NO_FUNDS = re.compile(r"(insufficient|not enough) (credit|balance|fund|quota)", re.IGNORECASE)

_REFUSALS: Mapping[int, type[RequestRejected]] = MappingProxyType(
    {
        400: BadRequest,
        401: Unauthorized,
        402: OutOfCredit,
        403: Forbidden,
        404: NotFound,
        429: RateLimited,
    }
)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An HTTP response before it is parsed."""

    http_status: int
    body: bytes = field(repr=False)
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The request of an answer: its task, if any, and the prompt that no error may repeat."""

    task_id: str | None = None
    prompt: str = field(default="", repr=False)


def parse_response(
    response: RawResponse, request: RequestContext, parse: Callable[[object], T]
) -> T:
    """Return what `parse` makes of the answer's `data`, if both codes say success.

    Raises:
        RequestRejected: HTTP status or code is a 4xx, and neither is worse.
        ServerError: either is a 5xx.
        InvalidResponse: anything else, or `parse` raised ValueError.
    """
    try:
        envelope = parse_envelope(response.body)
    except ValueError:
        envelope = None
    error_class = _error_class(response, envelope, request)
    if error_class is not None or envelope is None:
        raise _build_error(
            error_class or InvalidResponse, response, envelope or Envelope(), request
        )
    try:
        return parse(envelope.data)
    except ValueError as error:
        detail = str(error)
    raise InvalidResponse(detail, http_status=response.http_status, task_id=request.task_id)


def _error_class(
    response: RawResponse, envelope: Envelope | None, request: RequestContext
) -> type[ApixoError] | None:
    code = _decisive_code(response.http_status, envelope)
    if 500 <= code <= 599:
        return ServerError
    if not 400 <= code <= 499:
        return InvalidResponse if envelope is None or code != 200 else None
    return _rejection_class(code, envelope, request)


def _decisive_code(http_status: int, envelope: Envelope | None) -> int:
    """Return the deciding code: a 5xx of either, then a 4xx, the envelope's first; 0 if neither."""
    code = envelope.code if envelope else None
    sides = [http_status] if code is None else [code, http_status]
    for family in (500, 400):
        for side in sides:
            if family <= side <= family + 99:
                return side
    return 200 if all(200 <= side <= 299 for side in sides) else 0


def _rejection_class(
    code: int, envelope: Envelope | None, request: RequestContext
) -> type[ApixoError]:
    """Return the class of a 4xx; InvalidResponse where a task may exist all the same."""
    if envelope is None:
        # A 402 without an envelope is a proxy's; trusting it would resubmit the request.
        return InvalidResponse if code == 402 else _REFUSALS.get(code, InvalidResponse)
    refusal = ErrorData.from_data(envelope.data)
    if refusal.task_id not in (None, request.task_id):
        return InvalidResponse
    if code in (400, 403) and _lacks_funds(envelope, refusal):
        return OutOfCredit
    return _REFUSALS.get(code, InvalidResponse)


def _lacks_funds(envelope: Envelope, refusal: ErrorData) -> bool:
    """Return whether the operator is out of credit; only the beginning of a message counts.

    Further on it may repeat the prompt, and a member could stop the service with one.
    """
    codes = (refusal.fail_code, refusal.error)
    if any(classify_fail_code(code) is FailReason.OUT_OF_CREDIT for code in codes):
        return True
    texts = (refusal.error, refusal.fail_message, envelope.message)
    return any(_NO_FUNDS.match(text) for text in texts if text)


def _build_error(
    error_class: type[ApixoError],
    response: RawResponse,
    envelope: Envelope,
    request: RequestContext,
) -> ApixoError:
    refusal = ErrorData.from_data(envelope.data)
    quoted = refusal.error or refusal.fail_message or envelope.message or ""
    is_quoted = quoted != "" and error_class is not InvalidResponse
    own = _UNDOCUMENTED if error_class is InvalidResponse else "no reason given"
    error = error_class(
        _sanitize(quoted, MAX_DETAIL_CHARS, request) if is_quoted else own,
        http_status=response.http_status,
        code=envelope.code,
        fail_code=_sanitize(refusal.fail_code, MAX_CODE_CHARS, request),
        task_id=_sanitize(request.task_id or refusal.task_id, MAX_ID_CHARS, request),
        retry_after_s=_parse_retry_after_s(response.retry_after, datetime.now(UTC)),
    )
    error.is_quoted = is_quoted
    return error


@overload
def _sanitize(text: str, max_chars: int, request: RequestContext) -> str: ...
@overload
def _sanitize(text: str | None, max_chars: int, request: RequestContext) -> str | None: ...
def _sanitize(text: str | None, max_chars: int, request: RequestContext) -> str | None:
    if text and len(request.prompt) >= _MIN_HIDDEN_CHARS:
        text = text.replace(request.prompt, "[prompt]")
        # Normalizing white space may have produced the prompt again.
        text = plain_text(text, max_chars * 8).replace(request.prompt, "[prompt]")
    return plain_text(text, max_chars)


def _parse_retry_after_s(retry_after: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After (a number or an HTTP date), or None if it is neither."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"\d+", text, re.ASCII):
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait_s = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, wait_s), MAX_RETRY_AFTER_S)
