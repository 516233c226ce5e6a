"""Errors of APIXO: what went wrong, and whether a task may exist all the same.

DailiesError
├── ApixoError            anything that keeps APIXO's answer from being had
│   ├── NotSent           no connection (refused, DNS, TLS): no task can exist
│   ├── Refused           an answer that says no: no task exists
│   │   ├── BadRequest    400, or a request that has no form to be sent in
│   │   ├── Unauthorized  401
│   │   ├── OutOfFunds    402, or "insufficient credits" under another number
│   │   ├── Forbidden     403
│   │   ├── NotFound      404: no such task, or no such model
│   │   └── RateLimited   429
│   └── OutcomeUnknown           the request went out: a task may exist
│       ├── NoResponse      timeout, or a connection that broke
│       ├── ServerError   5xx
│       └── InvalidResponse    an answer that is not what APIXO documents
└── DownloadError           a result that cannot be had
    ├── DownloadExpired        403, 404 or 410: the address has expired
    ├── DownloadNotAllowed   an address that may not be asked
    └── DownloadFailed      too large, cut off, or a server that fails

No error holds a key, a request's headers or a whole prompt, nor has one as its cause or context.
"""

from typing import ClassVar

from domain.errors import DailiesError


class ApixoError(DailiesError):
    """Anything that keeps APIXO's answer from being had.

    Attributes:
        task_may_exist: whether a submission that ended so may have made a task.
        detail: what was wrong, in one short line of plain text.
        http_status: of the answer, if there was one.
        code: of the answer's envelope; it may differ from the HTTP status.
        fail_code: APIXO's name for the failure, if it gave one.
        task_id: the task that was asked for, or that the answer named.
        retry_after_s: seconds, if the answer asked for patience.
    """

    task_may_exist: ClassVar[bool] = True

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
            "failCode": self.fail_code,
            "task": self.task_id,
        }
        known = ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact is not None)
        return f"{self.detail} ({known})" if known else self.detail


class NotSent(ApixoError):
    """No connection could be made, so nothing was sent."""

    task_may_exist = False


class RequestRejected(ApixoError):
    """APIXO said no; as it is, a plain refusal with a 4xx that has no class of its own."""

    task_may_exist = False


class BadRequest(RequestRejected):
    """The request breaks a rule, or its prompt or picture was rejected."""


class Unauthorized(RequestRejected):
    """The key is missing or wrong."""


class OutOfCredit(RequestRejected):
    """The operator's balance or quota does not suffice."""


class Forbidden(RequestRejected):
    """The key, its route or this address may not use the model."""


class NotFound(RequestRejected):
    """APIXO does not know the task, or the model."""


class RateLimited(RequestRejected):
    """Too many requests, or too many tasks at once."""


class OutcomeUnknown(ApixoError):
    """The request went out, and what came of it is not known."""


class NoResponse(OutcomeUnknown):
    """The answer did not come in time, or the connection broke."""


class ServerError(OutcomeUnknown):
    """APIXO, or something in front of it, failed."""


class InvalidResponse(OutcomeUnknown):
    """The answer is not one that APIXO documents."""


class DownloadError(DailiesError):
    """A result that cannot be had."""


class DownloadExpired(DownloadError):
    """The address has expired; a status request may tell a new one."""


class DownloadNotAllowed(DownloadError):
    """The address may not be asked: its host is not allowed or lies in a private network."""


class DownloadFailed(DownloadError):
    """The file is too large or was cut off, or its server fails."""
