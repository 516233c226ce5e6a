"""Logging: readable on a terminal, JSON otherwise, without words of others or secrets."""

import asyncio
import logging
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog

from bot.log_sanitizer import (
    describe_values,
    format_traceback,
    print_traceback,
    sanitize_record,
)
from bot.settings import Settings

_log = structlog.get_logger(__name__)

_SAME_LINES_PER_MINUTE = 10

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)

_MIN_SECRET_CHARS = 6
"""Shorter ones protect nothing, and redacting them would garble every line."""

_SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Environment variables from which the S3 library reads its credentials."""

_SIGNED_PATH = re.compile(
    r"(/(?:callbacks/apixo|media)/|X-Amz-(?:Signature|Security-Token)=)[\w.%~-]+"
)
"""Knowing such a URL is enough to use it."""

_PLAIN_MESSAGE = re.compile(r"[A-Za-z !.]{1,60}", re.ASCII)

_MIN_LEVELS = {"alembic": logging.WARNING, "discord": logging.INFO}
"""Below these levels libraries log whole statements and messages, including prompts."""


def set_up(settings: Settings) -> None:
    """Send all logging to standard error in the configured format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(_renderers(settings), _secrets(settings)))
    handler.addFilter(LibraryFloodFilter())
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    # The service uses no voice, so warnings about missing voice libraries are noise.
    logging.getLogger("discord.client").addFilter(lambda record: "voice" not in record.msg)
    for name, min_level in _MIN_LEVELS.items():
        logging.getLogger(name).setLevel(max(min_level, logging.getLogger().level))
    # The library would print the values of a line that cannot be formatted.
    logging.raiseExceptions = False
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def log_loop_error(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Log an error that asyncio could hand to nobody.

    Some of its messages quote the values of a call; those are left out.
    """
    message = str(context.get("message"))
    source = message if _PLAIN_MESSAGE.fullmatch(message) else "asyncio"
    _log.error("uncaught error", source=source, exc_info=context.get("exception"))


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("uncaught error", source="main", exc_info=error)


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    _log.error("uncaught error", source="thread", exc_info=args.exc_value)


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    _log.error("uncaught error", source="destructor", exc_info=unraisable.exc_value)


def _secrets(settings: Settings) -> list[str]:
    database = urlsplit(settings.database_url)
    return [
        settings.discord_token.get_secret_value(),
        settings.apixo_api_key.get_secret_value(),
        database.password or "",
        unquote(database.password or ""),
        *(os.environ.get(name, "") for name in _SECRET_VARIABLES),
    ]


def _renderers(settings: Settings) -> list[structlog.typing.Processor]:
    readable = settings.log_format == "text"
    if settings.log_format == "auto":
        readable = sys.stderr.isatty()
    if readable:
        return [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=print_traceback
            )
        ]
    return [
        structlog.processors.ExceptionRenderer(format_traceback),
        structlog.processors.JSONRenderer(),
    ]


class LibraryFloodFilter(logging.Filter):
    """Drops lines that a library repeats too often, and says how many.

    What strangers send to the HTTP port decides how often some of these lines come. Lines of the
    service itself are not counted.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._counts = Counter[tuple[str, str]]()
        self._ends_at_s = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is one of the first of its kind in this minute."""
        if not isinstance(record.msg, str):
            return True  # ours: structlog's events are mappings
        now_s = self._now_s()
        if now_s >= self._ends_at_s:
            self._report()
            self._ends_at_s = now_s + 60
        key = (record.name, record.msg)
        self._counts[key] += 1
        return self._counts[key] <= _SAME_LINES_PER_MINUTE

    def _report(self) -> None:
        counts, self._counts = self._counts, Counter[tuple[str, str]]()
        for (name, _), count in counts.items():
            if count > _SAME_LINES_PER_MINUTE:
                _log.warning("log lines dropped", source=name, count=count - _SAME_LINES_PER_MINUTE)


class _Redacting(structlog.stdlib.ProcessorFormatter):
    """Formats a record without words of others, and redacts every secret in the line."""

    def __init__(self, renderers: list[structlog.typing.Processor], secrets: Iterable[str]) -> None:
        super().__init__(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                describe_values,
                *renderers,
            ],
        )
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _MIN_SECRET_CHARS)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(sanitize_record(record))
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return _SIGNED_PATH.sub(r"\1[secret]", line)
