"""Logs as the library writes them by default, but with Python's own tracebacks.

Those with pictures of the source and of every variable take a twentieth of a second each.
"""

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback


def log_plainly() -> None:
    """Let every logger of this process write so, of now or later."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            ConsoleRenderer(colors=False, exception_formatter=plain_traceback),
        ]
    )
