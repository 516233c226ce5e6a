"""The envelope `{code, message, data}` that every answer of APIXO comes in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

HTTP_MESSAGES: Final[Mapping[int, str]] = {
    400: "Invalid request",
    401: "Invalid or missing API key",
    402: "Insufficient balance or quota",
    403: "Key or route cannot access the model",
    404: "Not found",
    429: "Rate limit or concurrency limit reached",
    500: "Server error",
    502: "Upstream error",
    503: "Service unavailable",
    504: "Upstream timeout",
}


class JsonNumber(str):
    """A JSON number as it is to be written: exact where a float would not be."""

    __slots__ = ()


class _Absent:
    """Marks an envelope without `data`, as APIXO's 401 is."""


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """One answer before it is written; `code` differs from `status` only if a fault wants it."""

    status: int
    message: str
    data: Any = ABSENT
    code: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def encode(self) -> bytes:
        """Write the envelope as JSON."""
        code = self.status if self.code is None else self.code
        body: dict[str, Any] = {"code": code, "message": self.message}
        if isinstance(self.data, JsonNumber):
            return f'{json.dumps(body)[:-1]}, "data": {self.data}}}'.encode()
        if self.data is not ABSENT:
            body["data"] = self.data
        return json.dumps(body).encode()

    def replace_data(self, changes: Mapping[str, Any], without: tuple[str, ...]) -> "ApiResponse":
        """Lay `changes` over the data's fields and take the fields `without` away."""
        fields: dict[str, Any] = {}
        if isinstance(self.data, Mapping):
            fields |= cast("Mapping[str, Any]", self.data)
        fields |= changes
        return replace(self, data={k: v for k, v in fields.items() if k not in without})


def success_response(data: Any) -> ApiResponse:
    """Answer as APIXO does when all went well."""
    return ApiResponse(200, "success", data)


def error_response(
    status: int, error: str | None = None, headers: Mapping[str, str] | None = None
) -> ApiResponse:
    """Answer with an HTTP error: its documented meaning, and what is wrong in `data.error`."""
    message = HTTP_MESSAGES.get(status, "Error")
    if status == 401:
        return ApiResponse(status, message)
    if error is None:
        return ApiResponse(status, message, None, headers=headers or {})
    return ApiResponse(status, f"{message}: {error}", {"error": error})


def encode_result_json(*urls: object) -> str:
    """Write `resultJson`: JSON text inside the JSON of a success."""
    return json.dumps({"resultUrls": urls}, separators=(",", ":"))
