"""Errors of the rules.

DailiesError            anything this service raises on purpose
├── RulesViolated       a request or a setting breaks rules; each is named
├── InvalidInput        what a person typed cannot be read; also a ValueError
└── Outage              a dependency of the service is temporarily unavailable
"""

from collections.abc import Iterable
from typing import ClassVar

from domain.violations import Violation


class DailiesError(Exception):
    """Anything this service raises on purpose.

    Its text is written to logs, so it has codes and ids, but no words of members, of Discord or of
    APIXO, unless it `is_loggable` no more.
    """

    is_loggable: ClassVar[bool] = True

    @property
    def full_text(self) -> str:
        """Return the text together with the words of others, for members and the operator."""
        return str(self)


class RulesViolated(DailiesError):
    """A request or settings that break rules; `violations` names every broken one."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations: tuple[Violation, ...] = tuple(violations)
        super().__init__(", ".join(violation.code for violation in self.violations))


class InvalidInput(DailiesError, ValueError):
    """A text that cannot be parsed; `violation` holds the reason."""

    def __init__(self, violation: Violation) -> None:
        self.violation = violation
        super().__init__(violation.code.value)


class Outage(DailiesError):
    """A dependency of the service is unavailable; the message names it.

    `ends_by_itself` is False for what only a person can repair, such as the owner of a file.
    """

    ends_by_itself: bool = True
