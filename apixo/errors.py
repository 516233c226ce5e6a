"""Errors of APIXO: what went wrong, and whether a task may exist all the same.

DailiesError
├── ApixoError                  a request without a usable answer
│   ├── NotSent                 no connection (refused, DNS, TLS): no task can exist
│   ├── RequestRejected         an explicit refusal: no task exists
│   │   ├── BadRequest          400, or a request that no schema of the model accepts
│   │   ├── Unauthorized        401
│   │   ├── OutOfCredit         402, or "insufficient credits" under another number
│   │   ├── Forbidden           403
│   │   ├── NotFound            404: no such task, or no such model
│   │   └── RateLimited         429
│   └── OutcomeUnknown          the request was sent: a task may exist
│       ├── NoResponse          a timeout, or a connection that broke
│       ├── ServerError         5xx
│       └── InvalidResponse     an answer that APIXO does not document
└── DownloadError               a result that cannot be downloaded
    ├── DownloadExpired         403, 404 or 410: the URL has expired
    ├── DownloadNotAllowed      a URL that is not allowed
    └── DownloadFailed          too large, cut off, or a failing server

No error holds a key, request headers or a whole prompt, nor has one as its cause or context.
"""

from typing import ClassVar

from domain.errors import DailiesError
from domain.failures import loggable_fail_code
from domain.jobs import loggable_id


class ApixoError(DailiesError):
    """A request to APIXO without a usable answer.

    Attributes:
        task_may_exist: whether a submission that failed this way may have created a task.
        detail: what was wrong, in one short line of plain text; APIXO's own words, which may quote
            the prompt, if `is_quoted`. They are for the member; the error's own text, which is for
            logs, is without them.
        http_status: of the answer, if there was one.
        code: of the answer's envelope; it may differ from the HTTP status.
        fail_code: APIXO's code of the failure, if any.
        task_id: the task of the request, or the one that the answer named.
        retry_after_s: seconds to wait, if the answer asked for it.
    """

    task_may_exist: ClassVar[bool] = True
    is_quoted: bool = False

    def __init__(
        self,
        detail: str,
        *,
        http_status: int | None = None,
        code: int | None = None,
        fail_code: str | None = None,
        task_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.detail = detail
        self.http_status = http_status
        self.code = code
        self.fail_code = fail_code
        self.task_id = task_id
        self.retry_after_s = retry_after_s
        super().__init__(detail)

    def __str__(self) -> str:
        facts = {
            "HTTP": self.http_status,
            "code": None if self.code == self.http_status else self.code,
            "failCode": loggable_fail_code(self.fail_code),
            "task": loggable_id(self.task_id),
        }
        known = ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact is not None)
        what = type(self).__name__ if self.is_quoted else self.detail
        return f"{what} ({known})" if known else what

    @property
    def full_text(self) -> str:
        """Return the text with APIXO's own words, for the operator."""
        return f"{self}: {self.detail}" if self.is_quoted else str(self)


class NotSent(ApixoError):
    """No connection was made, so nothing was sent."""

    task_may_exist = False


class RequestRejected(ApixoError):
    """APIXO refused; raised itself for a 4xx without a class of its own."""

    task_may_exist = False


class BadRequest(RequestRejected):
    """The request breaks a rule, or its prompt or picture was rejected."""


class Unauthorized(RequestRejected):
    """The key is missing or wrong; `is_apixos` if APIXO says so, and not a proxy before it."""

    @property
    def is_apixos(self) -> bool:
        """Return whether the answer is APIXO's own."""
        return self.code is not None


class OutOfCredit(RequestRejected):
    """The operator's balance or quota is too low."""


class Forbidden(RequestRejected):
    """The key, its route or this IP address may not use the model."""


class NotFound(RequestRejected):
    """APIXO does not know the task, or the model."""


class RateLimited(RequestRejected):
    """Too many requests, or too many tasks at once."""


class OutcomeUnknown(ApixoError):
    """The request was sent, and its outcome is unknown."""


class NoResponse(OutcomeUnknown):
    """The answer did not come in time, or the connection broke."""


class ServerError(OutcomeUnknown):
    """APIXO, or something in front of it, failed."""


class InvalidResponse(OutcomeUnknown):
    """The answer is not one that APIXO documents."""


class DownloadError(DailiesError):
    """A result that cannot be downloaded; `host` is where it was to come from, if that is known.

    APIXO may write anything into a host, so it is not part of the error's text.
    """

    def __init__(self, detail: str, host: str = "") -> None:
        self.host = host
        super().__init__(detail)

    @property
    def full_text(self) -> str:
        """Return the text with the host, for the operator."""
        return f"{self.host}: {self}" if self.host else str(self)


class DownloadExpired(DownloadError):
    """The URL has expired; the task status may name a new one."""


class DownloadNotAllowed(DownloadError):
    """The URL is not allowed: its host is not listed, or lies in a private network."""


class DownloadFailed(DownloadError):
    """The file is too large or was cut off, or its server failed."""
