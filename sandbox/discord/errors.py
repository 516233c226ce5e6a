"""Discord's error answers: a status, a code, and the fields that are wrong.

Refused            an HTTP refusal, as the bot sees it
ClientActionRefused      a member's own client would not have sent this
WaitTimeoutError            what was waited for did not come (a TimeoutError)
"""

from typing import Any

from sandbox.discord.json_values import Json


class ApiError(Exception):
    """A refusal: HTTP status, Discord's JSON error code, its message, the fields' errors."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(status, code, message, errors)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def to_json(self) -> Json:
        """Write the refusal as Discord's error object."""
        body: Json = {"message": self.message, "code": self.code}
        return body if self.errors is None else {**body, "errors": self.errors}


class ClientActionRefused(Exception):
    """What a member tried is not possible in Discord's own client; the text says why."""


class WaitTimeoutError(TimeoutError):
    """What was waited for did not come; the text says what, and what was there instead."""


class FieldErrors:
    """Collects what is wrong with a request's fields, then refuses all of it at once."""

    def __init__(self) -> None:
        self._errors: Json = {}

    def add(self, path: str, code: str, message: str) -> None:
        """Note a field's fault; `path` is dotted: `components.0.custom_id`."""
        place: Any = self._errors
        for step in path.split("."):
            place = place.setdefault(step, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def check_length(self, path: str, value: object, least: int, most: int) -> None:
        """Demand a text of `least` to `most` characters."""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", "Could not interpret as string.")
        elif len(value) > most:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif len(value) < least:
            said = f"Must be between {least} and {most} in length."
            self.add(path, "BASE_TYPE_BAD_LENGTH", said)

    def check_count(self, path: str, number: int, least: int, most: int) -> None:
        """Demand a list of `least` to `most` entries."""
        if not least <= number <= most:
            said = f"Must be between {least} and {most} in length."
            self.add(path, "BASE_TYPE_BAD_LENGTH", said)

    def check_number(self, path: str, value: object, least: int, most: int) -> None:
        """Demand a whole number of `least` to `most`, or null."""
        within = isinstance(value, int) and least <= value <= most
        if value is not None and (not within or isinstance(value, bool)):
            self.add(path, "NUMBER_TYPE_MAX", f"Must be between {least} and {most}.")

    def check_choice(self, path: str, value: object, allowed: tuple[object, ...]) -> None:
        """Demand one of a few values."""
        if value not in allowed or isinstance(value, bool):
            said = f"Value must be one of {{{', '.join(map(str, allowed))}}}."
            self.add(path, "BASE_TYPE_CHOICES", said)

    def nested(self, name: str) -> "FieldErrors":
        """Give the same faults, one step further in."""
        form = FieldErrors()
        if self._errors:
            form._errors = {name: self._errors}
        return form

    def raise_if_any(self) -> None:
        """Refuse the request if anything was wrong with it."""
        if self._errors:
            raise ApiError(400, 50035, "Invalid Form Body", self._errors)


def invalid_field(path: str, code: str, message: str) -> ApiError:
    """Make the refusal of one field."""
    form = FieldErrors()
    form.add(path, code, message)
    try:
        form.raise_if_any()
    except ApiError as refusal:
        return refusal
    raise AssertionError


def unknown_resource(what: str, code: int) -> ApiError:
    """Make the 404 for a thing that is not there."""
    return ApiError(404, code, f"Unknown {what}")


def missing_access() -> ApiError:
    """Make the 403 for a place that cannot be seen."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """Make the 403 for something that is not allowed in a place."""
    return ApiError(403, 50013, "Missing Permissions")


def thread_archived() -> ApiError:
    """Make the 400 for what takes a thread that is not archived."""
    return ApiError(400, 50083, "Thread is archived")


def thread_locked() -> ApiError:
    """Make the 403 for a thread that only those who manage threads may write in."""
    return ApiError(403, 160005, "Thread is locked")


def unauthorized() -> ApiError:
    """Make the 401 for a wrong bot token."""
    return ApiError(401, 0, "401: Unauthorized")


def payload_too_large() -> ApiError:
    """Make the 413 for a file, or a body, above the limit."""
    return ApiError(413, 40005, "Request entity too large")
