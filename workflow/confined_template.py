"""The template of confined processes: it has read their modules, and forks for each request.

It has no environment and no secret, and never reads a file that a process is given. A request is
a socket with limits, module and arguments in it, and the files that are to be standard input and
output. When the process ends, its exit code is written there; when the other end says no more, the
process is killed. The template ends, and kills what still runs, when its owner ends.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from types import FrameType
from typing import Final, NoReturn

from workflow import confined_child

_MAX_REQUEST_BYTES: Final = 1 << 16
NOT_STARTED: Final = b"not started"
"""The answer if the system allows no further process."""

_READS_AHEAD: Final = sys.platform == "linux"
"""Elsewhere system libraries may not be used in a fork of a process that has loaded them."""


def main() -> None:
    """Serve the requests that come in on the socket at file descriptor 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides what ends
    _Template(socket.socket(fileno=0)).serve()


class _Template:
    """Keeps the sockets of the processes that run."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._running = dict[int, socket.socket]()
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Start, kill and reap processes until the other end of the socket is closed."""
        ended, wake = socket.socketpair()
        wake.settimeout(0)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGCHLD, _wake)
        for each in (self._control, ended):
            self._selector.register(each, selectors.EVENT_READ)
        try:
            while self._handle(ended):
                pass
        finally:
            for pid in self._running:
                os.kill(pid, signal.SIGKILL)

    def _handle(self, ended: socket.socket) -> bool:
        """Handle what has happened; return whether to go on."""
        for key, _ in self._selector.select():
            if key.fileobj is self._control:
                # One byte and one socket for each request.
                files = socket.recv_fds(self._control, 1, 1)[1]
                if not files:
                    return False
                self._start(socket.socket(fileno=files[0]))
            elif key.fileobj is ended:
                ended.recv(_MAX_REQUEST_BYTES)
                self._reap()
            else:
                self._selector.unregister(key.fileobj)
                os.kill(key.data, signal.SIGKILL)
        return True

    def _start(self, request: socket.socket) -> None:
        text, files, _, _ = socket.recv_fds(request, _MAX_REQUEST_BYTES, 2)
        limits, module, *args = json.loads(text)
        _read_ahead(module)
        try:
            pid = os.fork()
        except OSError:
            request.sendall(NOT_STARTED)
            request.close()
        else:
            if pid == 0:
                _be(files, limits, module, *args)
            self._running[pid] = request
            self._selector.register(request, selectors.EVENT_READ, pid)
        for file in files:
            os.close(file)

    def _reap(self) -> None:
        for pid in [*self._running]:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                with self._running.pop(pid) as request, contextlib.suppress(OSError, KeyError):
                    self._selector.unregister(request)
                    request.send(b"%d" % os.waitstatus_to_exitcode(status))


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: a signal that is handled is written to the descriptor that wakes."""


def _read_ahead(module: str) -> None:
    if _READS_AHEAD and module not in sys.modules:
        # A module that cannot be read fails in the process that was to run it.
        with contextlib.suppress(Exception):
            importlib.import_module(module)
            gc.collect()
            gc.freeze()  # no collection in a process copies what it shares with this one


def _be(files: list[int], limits: str, module: str, *args: str) -> NoReturn:
    """Be the process, with no file but these and standard error."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.closerange(len(files) + 1, os.sysconf("SC_OPEN_MAX"))
        # Those of the template know that its standard input is a socket.
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        confined_child.main(limits, module, *args)
        sys.stdout.flush()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        os._exit(code)
