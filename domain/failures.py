"""Failure reasons of tasks: classes of APIXO's open set of failure codes.

Source: the failure tables of APIXO's two model pages, and older names of the same failures.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class FailReason(StrEnum):
    """Why there is no video; within a class the remedy is the same."""

    PROMPT = "prompt"
    CONTENT = "content"
    IMAGE = "image"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    UPSTREAM = "upstream"
    OUT_OF_CREDIT = "funds"
    UNKNOWN = "unknown"


_HTTP_CODE = re.compile(r"(?:HTTP )?[0-9]{3,6}", re.ASCII)
ENDED_BY_OPERATOR = "ended by the operator"
"""The code of a job that the operator ended without a video."""

RETRYABLE = frozenset({FailReason.RATE_LIMITED, FailReason.TIMEOUT, FailReason.UPSTREAM})
"""Failures after which the same request may well succeed."""

FIXABLE_BY_MEMBER = frozenset({FailReason.PROMPT, FailReason.CONTENT, FailReason.IMAGE})
"""Failures that another prompt or picture avoids."""

_NAMES: Mapping[FailReason, str] = MappingProxyType(
    {
        FailReason.PROMPT: "PromptInvalid PromptLengthExceeded INVALID_PROMPT PROMPT_TOO_LONG",
        FailReason.CONTENT: "SensitiveContent SensitiveContentDetected NSFW NSFW_DETECTED "
        "InputImageSensitiveContentDetected InputOutputSensitiveContentDetected "
        "ProhibitedContentDetected CONTENT_VIOLATION",
        FailReason.IMAGE: "ImageFormatIncorrect INVALID_IMAGE_URL IMAGE_TOO_LARGE "
        "UNSUPPORTED_FORMAT IMAGE_DOWNLOAD_FAILED",
        FailReason.RATE_LIMITED: "RateLimited",
        FailReason.TIMEOUT: "Timeout PROCESSING_TIMEOUT",
        FailReason.UPSTREAM: "StreamError UPSTREAM_ERROR MODEL_UNAVAILABLE GENERATION_FAILED",
        FailReason.OUT_OF_CREDIT: "InsufficientBalance INSUFFICIENT_CREDITS",
    }
)


def classify_fail_code(code: str | None) -> FailReason:
    """Return the class of a failure code, whatever its spelling; `UNKNOWN` for an unknown one."""
    return _BY_CODE.get(_normalize(code or ""), FailReason.UNKNOWN)


def loggable_fail_code(code: str | None) -> str | None:
    """Return a failure code for a log: a known one as it is, since another may quote the prompt."""
    is_known = (
        code is None or _normalize(code) in _BY_CODE or _HTTP_CODE.fullmatch(code) is not None
    )
    return code if is_known else "not documented"


def _normalize(code: str) -> str:
    return "".join(char for char in code.lower() if char not in "_- \t\r\n")


_BY_CODE = {_normalize(name): reason for reason, names in _NAMES.items() for name in names.split()}
