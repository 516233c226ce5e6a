"""Two makes of S3 on free ports of this machine, and what lies in their buckets."""

import io
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from yarl import URL

from tests.harness.ports import free_port

_START_S = 30

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "canary-id",
    "AWS_SECRET_ACCESS_KEY": "canary-secret",
    "AWS_REGION": "us-east-1",
}


@dataclass(frozen=True, slots=True)
class S3Server:
    """An S3 server; `environment` is what reaches it."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint}

    def bucket(self, name: str) -> Any:
        """Return a bucket as boto3 has it, whether it exists or not."""
        import boto3  # noqa: PLC0415 - reading it takes seconds, and every worker collects its users

        resource = boto3.resource(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=CREDENTIALS["AWS_REGION"],
        )
        return resource.Bucket(name)

    def keys(self, name: str) -> list[str]:
        """List the keys of a bucket."""
        return sorted(found.key for found in self.bucket(name).objects.all())

    def read(self, name: str, key: str) -> bytes:
        """Return an object's content."""
        content = io.BytesIO()
        self.bucket(name).download_fileobj(key, content)
        return content.getvalue()


@contextmanager
def moto_server() -> Generator[S3Server]:
    """Run moto's server in a thread: it believes any credentials."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its libraries have to say to each other
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - as above

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    host, port = server.get_host_and_port()
    try:
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


@contextmanager
def nanio_server(folder: Path) -> Generator[S3Server]:
    """Run nanio in a process: it checks every signature, and keeps its objects in files."""
    port = free_port()
    command = [sys.executable, "-m", "nanio", "serve", "--host", "127.0.0.1", "--port", str(port)]
    secrets = {
        "NANIO_ACCESS_KEY": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "NANIO_SECRET_KEY": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")], env=secrets, stdout=log, stderr=log
        )
    try:
        _wait_until_up(f"http://127.0.0.1:{port}")
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


class Gate:
    """A way to a server that can be shut: then nothing answers at its address."""

    def __init__(self, endpoint: str, host: str = "127.0.0.1") -> None:
        self._behind = URL(endpoint)
        self._host = host
        self._open = set[socket.socket]()
        self._port = free_port()
        self.open()

    @property
    def server(self) -> S3Server:
        """Return the server as it is reached through the gate."""
        return S3Server(f"http://{self._host}:{self._port}")

    @contextmanager
    def shut(self) -> Generator[None]:
        """Close it while the context is open."""
        self.close()
        try:
            yield
        finally:
            self.open()

    def open(self) -> None:
        """Let connections through."""
        self._listener = socket.create_server((self._host, self._port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Refuse every connection, and end those that there are."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in [*self._open]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it was closed
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        behind = self._behind.host or "", self._behind.port or 0
        with near, suppress(OSError), socket.create_connection(behind) as far:
            self._open |= {near, far}
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()
            self._open -= {near, far}


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _wait_until_up(address: str) -> None:
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s:
        try:
            urlopen(address).close()  # noqa: S310 - an address of ours
        except HTTPError as refusal:
            refusal.close()
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(address)
