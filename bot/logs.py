"""Sets up logging: readable on a terminal, JSON otherwise, and never with a secret in it."""

import logging
import sys
from collections.abc import Iterable

import structlog

from bot.settings import Settings

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)

_SHORTEST_SECRET = 6
"""Shorter ones guard nothing, and blotting them out would spoil every line."""

_LEAST = {"aiosqlite": logging.INFO, "alembic": logging.WARNING, "discord": logging.INFO}
"""Below these levels libraries write whole statements and messages, and prompts with them."""


def set_up(settings: Settings) -> None:
    """Send all logging to standard error in the chosen format."""
    secrets = (settings.discord_token, settings.apixo_api_key)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(_renderers(settings), [s.get_secret_value() for s in secrets]))
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    # The voice libraries are not wanted: the service makes no calls.
    logging.getLogger("discord.client").addFilter(lambda record: "voice" not in record.msg)
    for name, least in _LEAST.items():
        logging.getLogger(name).setLevel(max(least, logging.getLogger().level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _renderers(settings: Settings) -> list[structlog.typing.Processor]:
    readable = settings.log_format == "text"
    if settings.log_format == "auto":
        readable = sys.stderr.isatty()
    if readable:
        # Other formatters print local variables, where prompts and secrets are.
        plain = structlog.dev.plain_traceback
        return [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class _Redacting(structlog.stdlib.ProcessorFormatter):
    """Formats a record and blots every secret out of the line, wherever it came from."""

    def __init__(self, renderers: list[structlog.typing.Processor], secrets: Iterable[str]) -> None:
        super().__init__(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return line
