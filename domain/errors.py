"""Errors of the rules.

DailiesError            anything this service raises on purpose
├── RulesViolated         a request or a setting breaks rules; each is named
├── InvalidInput          what a person typed can not be read; also a ValueError
└── Outage              something that the service stands on does not do its work just now
"""

from collections.abc import Iterable

from domain.violations import Violation


class DailiesError(Exception):
    """Anything this service raises on purpose."""


class RulesViolated(DailiesError):
    """A request that may not be made; `violations` names everything that is wrong, at once."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations: tuple[Violation, ...] = tuple(violations)
        super().__init__(", ".join(violation.code for violation in self.violations))


class InvalidInput(DailiesError, ValueError):
    """A text that can not be read as what it should be; `violation` says why."""

    def __init__(self, violation: Violation) -> None:
        self.violation = violation
        super().__init__(violation.code.value)


class Outage(DailiesError):
    """Something that the service stands on does not do its work just now; says what, in words."""
