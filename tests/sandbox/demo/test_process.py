"""The supervised process: restarted on demand, left down when it ends by itself, never lost."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.demo.process import ServiceProcess, Supervisor, terminate

PATIENCE_S = 120
SAYS_AND_WAITS = "import sys, time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SAYS_AND_WAITS}"
FAILS = "import sys; print('the last words'); sys.exit(3)"


def service(folder: Path, program: str) -> ServiceProcess:
    return ServiceProcess(command=[sys.executable, "-c", program], folder=folder, environment={})


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.02)


async def until_it_is_up(supervisor: Supervisor, times: int = 1) -> None:
    await until(lambda: supervisor.service.log_tail().count("up") == times)


def is_running(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def pid_of(supervisor: Supervisor) -> int:
    assert supervisor.pid is not None
    return supervisor.pid


async def test_a_restart_ends_the_old_process_before_the_new_one_starts(tmp_path: Path):
    """What is to be done between them finds none; the new one may be another service."""
    deaths: list[int] = []
    async with Supervisor(service(tmp_path / "one", SAYS_AND_WAITS), deaths.append) as supervisor:
        await until_it_is_up(supervisor)
        old = pid_of(supervisor)

        async def between() -> ServiceProcess:
            assert not is_running(old)
            return service(tmp_path / "two", SAYS_AND_WAITS)

        await supervisor.restart(between)
        await until_it_is_up(supervisor)
        assert supervisor.service.folder == tmp_path / "two"
        await supervisor.restart(kill=True)
        await until_it_is_up(supervisor, times=2)
        last = pid_of(supervisor)
    assert not is_running(last)
    assert not supervisor.is_alive
    assert deaths == []


async def test_a_process_that_ends_by_itself_is_told_once_and_stays_down(tmp_path: Path):
    """With its exit code; its last words can be read, and it can be started again."""
    deaths: list[int] = []
    async with Supervisor(service(tmp_path, FAILS), deaths.append) as supervisor:
        await until(lambda: deaths == [3])
        assert not supervisor.is_alive
        assert supervisor.service.log_tail() == "the last words"
        await supervisor.restart()
        await until(lambda: deaths == [3, 3])


@pytest.mark.parametrize("program", [SAYS_AND_WAITS, STUBBORN])
async def test_the_end_may_come_while_a_restart_ends_the_old_process(tmp_path: Path, program: str):
    """However long that takes, no new one is started."""
    async with Supervisor(service(tmp_path, program), print) as supervisor:
        await until_it_is_up(supervisor)
        first = pid_of(supervisor)
        restarting = asyncio.create_task(supervisor.restart())
        await asyncio.sleep(0)
    await restarting
    assert not is_running(first)
    assert pid_of(supervisor) == first


async def test_the_end_may_come_while_a_restart_starts_the_new_process(tmp_path: Path):
    """The new one is ended, too."""
    starting = asyncio.Event()

    async def between() -> ServiceProcess:
        starting.set()
        return service(tmp_path, SAYS_AND_WAITS)

    async with Supervisor(service(tmp_path, SAYS_AND_WAITS), print) as supervisor:
        first = pid_of(supervisor)
        restarting = asyncio.create_task(supervisor.restart(between))
        await starting.wait()
    await restarting
    assert pid_of(supervisor) != first
    assert not is_running(pid_of(supervisor))


async def test_what_does_not_end_is_killed_in_time_or_at_once_when_cancelled(tmp_path: Path):
    """A process that does not heed SIGTERM is gone either way."""
    for patience_s in (0.2, PATIENCE_S):
        stubborn = service(tmp_path / str(patience_s), STUBBORN)
        process = await stubborn.start()
        await until(lambda log=stubborn: log.log_tail() == "up")
        ending = asyncio.create_task(terminate(process, patience_s))
        if patience_s == PATIENCE_S:
            await asyncio.sleep(0)
            ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        assert await process.wait() == -signal.SIGKILL


async def test_a_folder_that_can_not_be_made_is_an_error_that_names_it(tmp_path: Path):
    """A file is where the folder should be."""
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        await service(tmp_path / "file" / "data", SAYS_AND_WAITS).start()
