"""Recorded requests against an OpenAPI document of Discord's form."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.discord_requests.description import ApiDescription
from sandbox.discord.recording import RecordedCall

ROOT = Path(__file__).parents[3]


def _string(**more: object) -> dict[str, object]:
    return {"type": "string", **more}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(name: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, **more}


_FILES = {"type": "object", "properties": {"files[0]": _string(), "files[1]": _string()}}
_CHANNEL = {"name": "channel_id", "in": "path", "schema": _ref("SnowflakeType"), "required": True}
_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": _ref("Message")},
        "multipart/form-data": {"schema": {"allOf": [_ref("Message"), _FILES]}},
    },
}
DOCUMENT = {
    "paths": {
        "/channels/{channel_id}": {
            "parameters": [_CHANNEL],
            "get": _operation(
                "get_channel",
                parameters=[
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "with_counts", "in": "query", "schema": {"type": "boolean"}},
                ],
            ),
            "post": _operation("create_message", requestBody=_BODY),
        },
        "/channels/@me": {"get": _operation("get_my_channels")},
    },
    "components": {
        "schemas": {
            "SnowflakeType": _string(pattern="^(0|[1-9][0-9]*)$"),
            "ApplicationCommandUpdateRequest": {"type": "object", "properties": {}},
            "MessageEditRequestPartial": {"type": "object", "properties": {}},
            "Base": {"type": "object", "properties": {"kind": {"type": "integer"}}},
            "Button": {
                "allOf": [
                    _ref("Base"),
                    {"type": "object", "properties": {"label": _string(maxLength=5)}},
                ]
            },
            "Message": {
                "type": "object",
                "properties": {
                    "content": _string(maxLength=10),
                    "channel_id": _ref("SnowflakeType"),
                    "buttons": {"type": "array", "items": _ref("Button")},
                },
                "required": ["content"],
            },
        }
    },
}

CALL = RecordedCall(
    method="POST",
    path="/channels/7",
    query=(),
    user_agent="DiscordBot (https://example.org, 1)",
    content_type="application/json",
    json=json.dumps({"content": "a lake"}),
    files=(),
    status=200,
)
GET = replace(CALL, method="GET", json=None)


def _with(**body: object) -> RecordedCall:
    return replace(CALL, json=json.dumps({"content": "a lake", **body}))


RIGHT = {
    "a body": CALL,
    "an id as text": _with(channel_id="7"),
    "an id as a number": _with(channel_id=7),
    "files": replace(CALL, content_type="multipart/form-data", files=(0, 1)),
    "a part of two schemas": _with(buttons=[{"kind": 2, "label": "Go"}]),
    "an integer in the query": replace(GET, query=(("limit", "3"),)),
    "a boolean in the query": replace(GET, query=(("with_counts", "0"),)),
    "a path without variables": replace(GET, path="/channels/@me"),
    "no body was read": replace(CALL, json=None, content_type="text/plain"),
}

WRONG = {
    "an operation that there is not": (replace(CALL, method="PUT"), "no such operation"),
    "a path that there is not": (replace(CALL, path="/channels/7/x"), "no such operation"),
    "an id that is none": (replace(CALL, path="/channels/x7"), "'x7' is no value of it"),
    "an unknown property": (_with(colour=3), "'colour' was unexpected"),
    "an unknown property of a part": (_with(buttons=[{"size": 1}]), "'size' was unexpected"),
    "a missing property": (replace(CALL, json="{}"), '"content" is a required property'),
    "no body": (replace(CALL, json=""), "null is not of type"),
    "too long a text": (_with(content="x" * 11), "longer than 10 characters"),
    "too long a text deep inside": (_with(buttons=[{"label": "longer"}]), "longer than 5"),
    "a file too many": (
        replace(CALL, content_type="multipart/form-data", files=(2,)),
        "files[2] is not in the document",
    ),
    "files in plain JSON": (replace(CALL, files=(0,)), "files[0] is not in the document"),
    "another content type": (replace(CALL, content_type="text/plain"), "text/plain is none of"),
    "an unknown query": (replace(GET, query=(("size", "3"),)), "not in the document"),
    "too large a number": (replace(GET, query=(("limit", "101"),)), "'101' is no value of it"),
    "a boolean that is none": (replace(GET, query=(("with_counts", "2"),)), "'2' is no value"),
}


@pytest.fixture(scope="module")
def description() -> ApiDescription:
    """Read the small document."""
    return ApiDescription(DOCUMENT)


@pytest.mark.parametrize("call", RIGHT.values(), ids=RIGHT)
def test_what_the_document_allows_is_no_difference(description: ApiDescription, call: RecordedCall):
    """And what Discord's prose allows besides."""
    assert [*description.find_differences(call)] == []


@pytest.mark.parametrize(("call", "problem"), WRONG.values(), ids=WRONG)
def test_each_difference_is_named(description: ApiDescription, call: RecordedCall, problem: str):
    """In words that lead to it."""
    found = [str(difference) for difference in description.find_differences(call)]
    assert any(problem in difference for difference in found), found


@pytest.mark.parametrize(
    ("calls", "code", "shown"),
    [
        ((CALL, CALL, GET), 0, "3 requests, 0 differences"),
        ((_with(colour=3), _with(colour=3)), 1, "      2 create_message: body: "),
        ((replace(_with(colour=3), user_agent="Python/3.11 aiohttp/3.14"), CALL), 0, "1 requests"),
        ((), 1, "0 requests"),
    ],
    ids=["right", "wrong twice", "wrong, but of the tests themselves", "nothing recorded"],
)
def test_the_program_counts_each_difference(
    tmp_path: Path, calls: tuple[RecordedCall, ...], code: int, shown: str
):
    """It looks at requests of a bot's library alone, and fails if there is none."""
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    folder = tmp_path / "recording"
    folder.mkdir()
    (folder / "1.jsonl").write_text("".join(f"{call.to_json()}\n" for call in calls))
    program = [sys.executable, "-m", "qa.discord_requests"]
    done = subprocess.run(
        [*program, tmp_path / "openapi.json", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, shown in done.stdout) == (code, True), done.stdout + done.stderr
