"""Knows what an answer of APIXO amounts to: what was asked for, or an error.

HTTP status and envelope can disagree; then the worse of the two counts, for whoever takes a lost
task for a refusal pays twice.
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
"""No answer may ask for more: a Retry-After of a day would stop the service."""

T = TypeVar("T")

_NOT_DOCUMENTED = "the answer is not one that APIXO documents"

_MIN_HIDDEN_CHARS = 8
"""Shorter prompts are words that stand in any sentence."""

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
    """An answer as it came over the wire."""

    http_status: int
    body: bytes = field(repr=False)
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What an answer is to: the task asked for, if any, and the prompt that no error may repeat."""

    task_id: str | None = None
    prompt: str = field(default="", repr=False)


def parse_response(answer: RawResponse, question: RequestContext, read: Callable[[object], T]) -> T:
    """Give what `read` makes of the `data` of an answer that is a success on both sides.

    Raises:
        Refused: HTTP status or code is a 4xx, and neither says worse.
        ServerError: either is a 5xx.
        InvalidResponse: anything else, or `read` raised ValueError.
    """
    try:
        envelope = parse_envelope(answer.body)
    except ValueError:
        envelope = None
    kind = _kind_of(answer, envelope, question)
    if kind is not None or envelope is None:
        raise _error(kind or InvalidResponse, answer, envelope or Envelope(), question)
    try:
        return read(envelope.data)
    except ValueError as error:
        detail = str(error)
    raise InvalidResponse(detail, http_status=answer.http_status, task_id=question.task_id)


def _kind_of(
    answer: RawResponse, envelope: Envelope | None, question: RequestContext
) -> type[ApixoError] | None:
    code = _decisive(answer.http_status, envelope)
    if 500 <= code <= 599:
        return ServerError
    if not 400 <= code <= 499:
        return InvalidResponse if envelope is None or code != 200 else None
    return _refusal(code, envelope, question)


def _decisive(http_status: int, envelope: Envelope | None) -> int:
    """Choose the number that counts: a 5xx of either side, then a 4xx, the envelope's first."""
    code = envelope.code if envelope else None
    sides = [http_status] if code is None else [code, http_status]
    for family in (500, 400):
        for side in sides:
            if family <= side <= family + 99:
                return side
    return 200 if all(200 <= side <= 299 for side in sides) else 0


def _refusal(code: int, envelope: Envelope | None, question: RequestContext) -> type[ApixoError]:
    """Find the class of a refusal; one that is no plain "no" is none."""
    if envelope is None:
        # A bare 402 is a proxy's. Believing it would send the request again.
        return InvalidResponse if code == 402 else _REFUSALS.get(code, InvalidResponse)
    refusal = ErrorData.from_data(envelope.data)
    if refusal.task_id not in (None, question.task_id):
        return InvalidResponse
    if code in (400, 403) and _lacks_funds(envelope, refusal):
        return OutOfCredit
    return _REFUSALS.get(code, InvalidResponse)


def _lacks_funds(envelope: Envelope, refusal: ErrorData) -> bool:
    """Tell whether the operator is out of money; only the beginning counts.

    Further on, a message may repeat the prompt, and a member could stop the service with one.
    """
    codes = (refusal.fail_code, refusal.error)
    if any(classify_fail_code(code) is FailReason.OUT_OF_CREDIT for code in codes):
        return True
    texts = (refusal.error, refusal.fail_message, envelope.message)
    return any(_NO_FUNDS.match(text) for text in texts if text)


def _error(
    kind: type[ApixoError], answer: RawResponse, envelope: Envelope, question: RequestContext
) -> ApixoError:
    refusal = ErrorData.from_data(envelope.data)
    said = refusal.error or refusal.fail_message or envelope.message or "no reason given"
    return kind(
        _NOT_DOCUMENTED if kind is InvalidResponse else _clean(said, MAX_DETAIL_CHARS, question),
        http_status=answer.http_status,
        code=envelope.code,
        fail_code=_clean(refusal.fail_code, MAX_CODE_CHARS, question),
        task_id=_clean(question.task_id or refusal.task_id, MAX_ID_CHARS, question),
        retry_after_s=_patience_s(answer.retry_after, datetime.now(UTC)),
    )


@overload
def _clean(text: str, most: int, question: RequestContext) -> str: ...
@overload
def _clean(text: str | None, most: int, question: RequestContext) -> str | None: ...
def _clean(text: str | None, most: int, question: RequestContext) -> str | None:
    if text and len(question.prompt) >= _MIN_HIDDEN_CHARS:
        text = text.replace(question.prompt, "[prompt]")
        # With its odd spaces made plain, what was not the prompt may have become it.
        text = plain_text(text, most * 8).replace(question.prompt, "[prompt]")
    return plain_text(text, most)


def _patience_s(retry_after: str | None, now: datetime) -> float | None:
    """Read a Retry-After, a number of seconds or a date; None if it is neither."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"\d+", text, re.ASCII):
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait_s = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, wait_s), MAX_RETRY_AFTER_S)
