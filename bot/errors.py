"""Errors of starting and running the service.

DailiesError
├── SettingsError       settings are missing or wrong; each one is named
├── CannotWrite         a file of the operator's cannot be written
├── MemberDataError     what is kept of a member cannot be written or deleted
├── ArchiveError        an archive of database and media cannot be written or put back
├── StillRunning        processes of the service have to be stopped first
├── CannotStart         the service could not start; the message is for the operator
└── GatewayRefused      Discord's gateway refuses the bot; the message is for the operator
"""

from domain.errors import DailiesError


class SettingsError(DailiesError):
    """Settings are missing or wrong; `problems` names each."""

    is_loggable = False

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class CannotWrite(DailiesError):
    """A file of the operator's cannot be written."""

    is_loggable = False


class ArchiveError(DailiesError):
    """An archive of database and media cannot be written or put back."""


class MemberDataError(DailiesError):
    """What is kept of a member cannot be written to a file, or not be deleted."""


class StillRunning(DailiesError):
    """Processes of the service have to be stopped first; they are named."""

    is_loggable = False

    def __init__(self, hosts: list[str]) -> None:
        super().__init__(
            f"{', '.join(hosts)} still runs, or did until 25 seconds ago. Stop every process, wait "
            "for 25 seconds, and try again."
        )


class CannotStart(DailiesError):
    """The service could not start: a wrong token, a database in use, a port taken."""

    is_loggable = False


class GatewayRefused(DailiesError):
    """Discord closed the connection for a reason that only a person can repair."""
