"""Logs: no secret is in them, whichever library wrote the line."""

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import structlog
from pydantic import SecretStr

from bot import logs
from bot.settings import Settings
from tests.harness.plain_logs import log_plainly

CANARIES = {
    "token": "canary-token-1",
    "key": "canary-key-2",
    "password": "canary p@ss/3",
    "s3": "canary-s3-4",
    "callback": "1.0123456789abcdefghjk.1.canarymark5_-x",
    "link": "canarymark6.r.1800000000000.0123456789abcdefghjk.mp4",
}


@pytest.fixture(params=["json", "text"])
def settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARIES["s3"])
    return Settings(
        discord_token=SecretStr(CANARIES["token"]),
        apixo_api_key=SecretStr(CANARIES["key"]),
        database_url="postgresql://dailies:canary%20p%40ss%2F3@db/dailies",
        log_format=request.param,
        log_level="DEBUG",
    )


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Other tests log as they did."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    log_plainly()


def test_no_secret_reaches_a_line(settings: Settings, capsys: pytest.CaptureFixture[str]):
    """In a message, a field, an argument or a traceback; ours, or a library's."""
    logs.set_up(settings)
    ours, theirs = structlog.get_logger("dailies.test"), logging.getLogger("a library")
    said = (
        f"token {CANARIES['token']}, key {CANARIES['key']}, {settings.database_url}, "
        f"{CANARIES['password']}, {CANARIES['s3']}, "
        f"POST https://bot.example/callbacks/apixo/{CANARIES['callback']}?x=1, "
        f"GET /media/{CANARIES['link']} HTTP/1.1"
    )
    ours.warning(said, field=said)
    theirs.debug("%s", said)
    try:
        raise ValueError(said)
    except ValueError:
        theirs.exception("failed")
        ours.exception("failed")
    sys.stderr.flush()
    written = capsys.readouterr().err
    assert written.count("[secret]") >= 14
    for name, canary in CANARIES.items():
        assert canary not in written, name
    assert "canary%20p" not in written


def test_a_library_that_repeats_itself_is_cut_short(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    """Ten lines of a kind a minute, then how many were dropped; ours all come."""
    logs.set_up(settings)
    (handler,) = logging.getLogger().handlers
    now = [0.0]
    handler.filters[:] = [logs.LibraryFloodFilter(lambda: now[0])]
    ours, theirs = structlog.get_logger("dailies.test"), logging.getLogger("aiohttp.server")
    for number in range(1000):
        theirs.error("Error handling request from %s", number)
        ours.warning("a line of ours")
    now[0] = 61
    theirs.error("something else")
    written = capsys.readouterr().err
    assert written.count("Error handling request") == 10
    assert written.count("a line of ours") == 1000
    assert "log lines dropped" in written
    assert "990" in written


async def test_an_error_that_nobody_caught_is_logged_without_its_words(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    """At the end of the process, in a thread, in a destructor, in a task, in a callback."""
    logs.set_up(settings)
    error = ValueError("a secret lake")
    kind = type(error)
    sys.excepthook(kind, error, None)
    threading.excepthook(threading.ExceptHookArgs((kind, error, None, None)))
    unraisable = {"exc_value": error, "err_msg": "a secret lake", "object": "a secret lake"}
    sys.unraisablehook(SimpleNamespace(**unraisable))  # pyright: ignore[reportArgumentType]
    loop = asyncio.get_running_loop()
    for message in (
        "Task exception was never retrieved",
        "Exception in callback f('a secret lake')",
    ):
        logs.log_loop_error(loop, {"message": message, "exception": error})
    written = capsys.readouterr().err
    assert written.count("uncaught error") == 5
    assert written.count("ValueError") == 5
    assert "Task exception was never retrieved" in written
    assert "secret lake" not in written


def test_ctrl_c_is_no_error(settings: Settings, capsys: pytest.CaptureFixture[str]):
    """It ends the process as everywhere."""
    logs.set_up(settings)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert "uncaught error" not in capsys.readouterr().err


async def test_a_task_of_the_service_that_fails_unseen_is_logged_by_the_loop(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    """As soon as nobody can look at it any longer."""
    logs.set_up(settings)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.log_loop_error)

    words = "a secret lake"

    async def fail() -> None:
        raise ValueError(words)

    task = loop.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
    loop.set_exception_handler(None)
    written = capsys.readouterr().err
    assert "Task exception was never retrieved" in written
    assert "in fail" in written
    assert words not in written
