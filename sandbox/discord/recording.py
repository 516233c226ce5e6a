"""A recording of requests on disk: one JSON object a line, without any token.

`qa.discord_requests` holds such lines against Discord's own description of its API.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.discord.paths import without_token

RECORD_FOLDER: str = "SANDBOX_DISCORD_RECORD"
"""The environment variable with the folder for recordings; each process has its own file."""


@dataclass(slots=True)
class RequestPayload:
    """What was read of a request: the text of its JSON, and the numbers of its files."""

    text: bytes | None = None
    files: Sequence[int] = ()


PAYLOAD: web.RequestKey[RequestPayload] = web.RequestKey("payload", RequestPayload)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One request: `path` is without prefix and token, `json` None where no body was read."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    user_agent: str
    content_type: str
    json: str | None
    files: tuple[int, ...]
    status: int

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "RecordedCall":
        """Read such a line."""
        raw: dict[str, Any] = json.loads(line)
        raw["query"] = tuple((name, value) for name, value in raw["query"])
        raw["files"] = tuple(raw["files"])
        return cls(**raw)


def record_folder() -> Path | None:
    """Return the folder for recordings, if one is wanted."""
    named = os.environ.get(RECORD_FOLDER)
    return Path(named) if named else None


def record_call(folder: Path, request: web.Request, status: int) -> None:
    """Append a request to the recording of this process."""
    payload = request.get(PAYLOAD) or RequestPayload()
    call = RecordedCall(
        method=request.method,
        path=without_token(request.path),
        query=tuple(request.query.items()),
        user_agent=request.headers.get("User-Agent", ""),
        content_type=request.content_type,
        json=None if payload.text is None else payload.text.decode(errors="replace"),
        files=tuple(payload.files),
        status=status,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.write(call.to_json() + "\n")
