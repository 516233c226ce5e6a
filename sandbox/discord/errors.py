"""Knows what Discord answers when it refuses: a status, a code, and the fields that are wrong.

Refused            an HTTP refusal, as the bot sees it
ClientRefused      a member's own client would not have sent this
NotSeen            what was waited for did not come (a TimeoutError)
"""

from typing import Any

from sandbox.discord.json_values import Json


class Refused(Exception):
    """A refusal: HTTP status, Discord's JSON error code, its message, the fields' errors."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(status, code, message, errors)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """Write the refusal as Discord's error object."""
        body: Json = {"message": self.message, "code": self.code}
        return body if self.errors is None else {**body, "errors": self.errors}


class ClientRefused(Exception):
    """What a member tried is not possible in Discord's own client; the text says why."""


class NotSeen(TimeoutError):
    """What was waited for did not come; the text says what, and what was there instead."""


class Form:
    """Collects what is wrong with a request's fields, then refuses all of it at once."""

    def __init__(self) -> None:
        self._errors: Json = {}

    def wrong(self, path: str, code: str, message: str) -> None:
        """Note a field's fault; `path` is dotted: `components.0.custom_id`."""
        place: Any = self._errors
        for step in path.split("."):
            place = place.setdefault(step, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: str, value: object, least: int, most: int) -> None:
        """Demand a text of `least` to `most` characters."""
        if not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret as string.")
        elif len(value) > most:
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif len(value) < least:
            said = f"Must be between {least} and {most} in length."
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", said)

    def count(self, path: str, number: int, least: int, most: int) -> None:
        """Demand a list of `least` to `most` entries."""
        if not least <= number <= most:
            said = f"Must be between {least} and {most} in length."
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", said)

    def number(self, path: str, value: object, least: int, most: int) -> None:
        """Demand a whole number of `least` to `most`, or null."""
        within = isinstance(value, int) and least <= value <= most
        if value is not None and (not within or isinstance(value, bool)):
            self.wrong(path, "NUMBER_TYPE_MAX", f"Must be between {least} and {most}.")

    def choice(self, path: str, value: object, allowed: tuple[object, ...]) -> None:
        """Demand one of a few values."""
        if value not in allowed or isinstance(value, bool):
            said = f"Value must be one of {{{', '.join(map(str, allowed))}}}."
            self.wrong(path, "BASE_TYPE_CHOICES", said)

    def under(self, name: str) -> "Form":
        """Give the same faults, one step further in."""
        form = Form()
        if self._errors:
            form._errors = {name: self._errors}
        return form

    def close(self) -> None:
        """Refuse the request if anything was wrong with it."""
        if self._errors:
            raise Refused(400, 50035, "Invalid Form Body", self._errors)


def invalid(path: str, code: str, message: str) -> Refused:
    """Make the refusal of one field."""
    form = Form()
    form.wrong(path, code, message)
    try:
        form.close()
    except Refused as refusal:
        return refusal
    raise AssertionError


def unknown(what: str, code: int) -> Refused:
    """Make the 404 for a thing that is not there."""
    return Refused(404, code, f"Unknown {what}")


def missing_access() -> Refused:
    """Make the 403 for a place that can not be seen."""
    return Refused(403, 50001, "Missing Access")


def missing_permissions() -> Refused:
    """Make the 403 for something that is not allowed in a place."""
    return Refused(403, 50013, "Missing Permissions")


def unauthorized() -> Refused:
    """Make the 401 for a wrong bot token."""
    return Refused(401, 0, "401: Unauthorized")


def too_large() -> Refused:
    """Make the 413 for a file, or a body, above the limit."""
    return Refused(413, 40005, "Request entity too large")
