"""Errors of the rules.

DailiesError            anything this service raises on purpose
├── RulesViolated         a member's request breaks rules; each is named, in words for the member
└── Outage              something that the service stands on does not do its work just now
"""

from collections.abc import Iterable


class DailiesError(Exception):
    """Anything this service raises on purpose."""


class RulesViolated(DailiesError):
    """A request that may not be made; `rules` names everything that is wrong with it, at once."""

    def __init__(self, rules: Iterable[str]) -> None:
        self.violations: tuple[str, ...] = tuple(rules)
        super().__init__(" ".join(self.violations))


class Outage(DailiesError):
    """Something that the service stands on does not do its work just now; says what, in words."""
