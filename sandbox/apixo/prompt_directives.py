"""Directives in a prompt that make things go wrong.

A directive is in double square brackets anywhere in the prompt. Unknown names are ordinary
text; an unknown value of a known name is a 400 that lists the values.

====================== ==========================================================================
`[[refuse:429]]`       HTTP error, no task: 400 401 402 403 404 429 500 502 503 504, and
                       `credits` (400 "Insufficient credits"), `content` (400, prompt rejected),
                       `code-402` `code-500` (HTTP 200 around that code), `http-400` (code 200)
`[[effect:504]]`       the task is created and charged, then the answer is lost: 500 502 503 504,
                       `timeout` (hangs for ever), `reset` (connection broken), `cut` (half a body)
`[[garbage:html]]`     the task is created and charged, then the answer is unreadable: html empty
                       null array bom utf-16 gzip-bomb huge deep no-data null-data empty-data
                       empty-id number-id
`[[fail:CODE]]`        the task fails with that failCode, a known one or any other
`[[fail-msg:long]]`    what failMsg holds then: long null markup
`[[slow:600]]`         generation takes that many seconds
`[[never]]`            generation never ends
`[[status:502x5]]`     the next five status answers are 502 (also: 401 403 404 429 500 503 504,
                       `timeout` `reset` `html` `huge` `deep` `drip`)
`[[state:queued]]`     every status answer has that state (`null`: none)
`[[times:seconds]]`    odd time fields: seconds negative future backwards text zero
`[[result:404]]`       success, but the result link answers 403 404 410 500 `html` `empty` `cut`
                       `half` (announced as the whole) `elsewhere` (redirect to another host)
                       `reset` `timeout`; or its file is a `picture`, or `sound` alone; or
                       resultJson is none null blank text array object no-urls null-urls
                       string-urls parsed objects doubly padded; or its links are two twice number
                       plain file private metadata foreign userinfo empty-label long-label
                       long-name no-dns, or of several only the last can be had: `last`, `down`
                       (the first is no server), `second` (the first serves half of the file)
`[[length:2]]`         the result file lasts that many seconds, whatever was ordered
`[[size:30]]`          the result file is padded to that many megabytes (and still plays)
`[[callback:twice]]`   callbacks: `twice`, `never`, or `early` (claims the end before the submission
                       is answered and while status still says otherwise)
====================== ==========================================================================
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from gzip import compress
from typing import Final, Literal, TypeVar

from sandbox.apixo.faults import Fault
from sandbox.apixo.responses import encode_result_json
from sandbox.apixo.rules import InvalidSubmission

_HTML: Final = b"<!doctype html><title>Just a moment...</title><h1>Checking your browser</h1>"
_HTML_PAGE: Final = Fault(raw=_HTML, headers={"Content-Type": "text/html; charset=utf-8"})
_HUGE: Final = Fault(raw=b" " * 1_000_000, repeat=200)
_DEEP: Final = Fault(raw=b"[" * 100_000 + b"]" * 100_000)

RESULT_LINK: Final = "{link}"
"""Stands for the link of the task's own file."""

FileKind = Literal["video", "picture", "sound"]

_T = TypeVar("_T")


@dataclass(slots=True)
class Directives:
    """What the directives of one prompt want.

    Attributes:
        refusal: answers the submission; there is no task.
        answer: spoils the submission's answer; the task exists.
        fail_code: how the task fails.
        fail_message: replaces the usual failMsg (the key is there only if one is wanted).
        seconds: generation seconds.
        never: whether the task never ends.
        statuses: spoil the next status answers, one each.
        every_status: spoils every status answer.
        outcome: spoils the status answers and callbacks of a success.
        file: spoils every download.
        file_kind: what the result file is.
        clip_seconds: how long it lasts; None for as long as was ordered.
        megabytes: the least size of the result file.
        callback: `once`, `twice`, `never` or `early`.
    """

    submit_refusal: Fault | None = None
    submit_fault: Fault | None = None
    fail_code: str | None = None
    fail_message: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    generation_s: float | None = None
    never_ends: bool = False
    status_faults: list[Fault] = field(default_factory=list[Fault])
    persistent_status_fault: Fault | None = None
    success_fault: Fault | None = None
    download_fault: Fault | None = None
    file_kind: FileKind = "video"
    clip_seconds: int | None = None
    min_result_megabytes: int = 0
    callback_mode: str = "once"


def parse_directives(prompt: str) -> Directives:
    """Find the directives of a prompt.

    Raises:
        Refused: a known directive has a value it does not know.
    """
    script = Directives()
    apply_directives(script, prompt)
    return script


def apply_directives(script: Directives, text: str) -> None:
    """Add what the directives of a text want to a script.

    Raises:
        Refused: a known directive has a value it does not know.
    """
    for name, value in _DIRECTIVE.findall(text):
        if (obey := _DIRECTIVES.get(name)) is not None:
            obey(script, value)


def strip_directives(prompt: str) -> str:
    """Give the prompt as a viewer should read it."""
    return " ".join(_DIRECTIVE.sub(" ", prompt).split())


def _urls(*urls: object) -> Fault:
    return _result(encode_result_json(*urls))


def _result(value: object) -> Fault:
    return Fault(fields={"resultJson": value})


_REFUSALS: Final[Mapping[str, Fault]] = {
    **{str(n): Fault(status=n) for n in (400, 401, 402, 403, 404, 429, 500, 502, 503, 504)},
    "credits": Fault(status=400, message="Insufficient credits"),
    "content": Fault(status=400, message="The prompt was rejected by safety checks"),
    "code-402": Fault(status=200, code=402, message="Insufficient balance or quota"),
    "code-500": Fault(status=200, code=500, message="Server error"),
    "http-400": Fault(status=400, code=200, message="success"),
}

_LOSSES: Final[Mapping[str, Fault]] = {
    **{str(n): Fault(status=n) for n in (500, 502, 503, 504)},
    "timeout": Fault(ending="hang"),
    "reset": Fault(ending="reset"),
    "cut": Fault(ending="cut"),
}

_GARBAGE: Final[Mapping[str, Fault]] = {
    "html": _HTML_PAGE,
    "empty": Fault(raw=b""),
    "null": Fault(raw=b"null"),
    "array": Fault(raw=b"[]"),
    "bom": Fault(raw=b"\xef\xbb\xbf{}"),
    "utf-16": Fault(headers={"Content-Type": "application/json; charset=utf-16"}),
    "gzip-bomb": Fault(raw=compress(b" " * 16_000_000, 1), headers={"Content-Encoding": "gzip"}),
    "huge": _HUGE,
    "deep": _DEEP,
    "no-data": Fault(raw=b'{"code": 200, "message": "success"}'),
    "null-data": Fault(raw=b'{"code": 200, "message": "success", "data": null}'),
    "empty-data": Fault(without=("taskId",)),
    "empty-id": Fault(fields={"taskId": ""}),
    "number-id": Fault(fields={"taskId": 12345678}),
}

_STATUSES: Final[Mapping[str, Fault]] = {
    **{str(n): Fault(status=n) for n in (401, 403, 404, 429, 500, 502, 503, 504)},
    "timeout": Fault(ending="hang"),
    "reset": Fault(ending="reset"),
    "html": _HTML_PAGE,
    "huge": _HUGE,
    "deep": _DEEP,
    "drip": Fault(drip=1.0),
}

_TIMES: Final[Mapping[str, Fault]] = {
    "seconds": Fault(fields={"createTime": 1767965610, "completeTime": 1767965695}),
    "negative": Fault(fields={"createTime": -1, "completeTime": -1}),
    "future": Fault(fields={"createTime": 4102444800000}),
    "backwards": Fault(fields={"createTime": 1767965695412, "completeTime": 1767965610929}),
    "text": Fault(fields={"costTime": "84483"}),
    "zero": Fault(fields={"costTime": 0}),
}

_MALFORMED_URLS: Final = {
    "empty-label": "https://.apixo.ai/xxx.mp4",
    "long-label": f"https://{'x' * 64}.apixo.ai/xxx.mp4",
    "long-name": f"https://{'x.' * 130}apixo.ai/xxx.mp4",
    "no-dns": "https://xn--a.apixo.ai/xxx.mp4",
}

_OUTCOMES: Final[Mapping[str, Fault]] = {
    "none": Fault(without=("resultJson",)),
    "null": _result(None),
    "blank": _result(""),
    "text": _result("not json"),
    "array": _result("[]"),
    "object": _result("{}"),
    "no-urls": _urls(),
    "null-urls": _result('{"resultUrls": null}'),
    "string-urls": _result('{"resultUrls": "https://file.apixo.ai/xxx.mp4"}'),
    "parsed": _result({"resultUrls": ["https://file.apixo.ai/xxx.mp4"]}),
    "two": _urls("https://file.apixo.ai/one.mp4", "https://file.apixo.ai/two.mp4"),
    "twice": _urls("https://file.apixo.ai/one.mp4", "https://file.apixo.ai/one.mp4"),
    "number": _urls(12345678),
    "plain": _urls("http://file.apixo.ai/xxx.mp4"),
    "file": _urls("file:///etc/passwd"),
    "private": _urls("https://10.0.0.1/xxx.mp4"),
    "metadata": _urls("https://169.254.169.254/latest/meta-data/"),
    "foreign": _urls("https://evil.example/xxx.mp4"),
    "userinfo": _urls("https://file.apixo.ai@evil.example/xxx.mp4"),
    **{name: _urls(url) for name, url in _MALFORMED_URLS.items()},
    "last": _urls("https://evil.example/xxx.mp4", *_MALFORMED_URLS.values(), RESULT_LINK),
    "down": _urls("https://127.0.0.1:9/xxx.mp4", RESULT_LINK),
    "objects": _urls({"url": RESULT_LINK, "type": "video"}),
    "doubly": _result(json.dumps(encode_result_json(RESULT_LINK))),
    "second": _urls(f"{RESULT_LINK}?result=half", RESULT_LINK),
    "padded": _urls(f"  {RESULT_LINK} "),
}

FILE_FAULTS: Final[Mapping[str, Fault]] = {
    **{str(n): Fault(status=n, raw=b"") for n in (403, 404, 410, 500)},
    "html": _HTML_PAGE,
    "empty": Fault(raw=b""),
    "cut": Fault(ending="cut"),
    "half": Fault(is_half=True),
    "elsewhere": Fault(status=302, raw=b"", headers={"Location": "http://169.254.169.254/x.mp4"}),
    "reset": Fault(ending="reset"),
    "timeout": Fault(ending="hang"),
}

_FILE_KINDS: Final[Mapping[str, FileKind]] = {"picture": "picture", "sound": "sound"}

_FAIL_MESSAGES: Final[Mapping[str, str | None]] = {
    "long": "Upstream said no. " * 6000,
    "null": None,
    "markup": "**@everyone** <@1> [click](https://evil.example) \x1b[31mred\x1b[0m `code`",
}


def _named(values: Mapping[str, _T], name: str, value: str) -> _T:
    if value not in values:
        raise InvalidSubmission(f"[[{name}:...]] knows {', '.join(values)}")
    return values[value]


def _number(name: str, value: str) -> float:
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", value):
        raise InvalidSubmission(f"[[{name}:...]] takes a number")
    return float(value)


def _refuse(script: Directives, value: str) -> None:
    script.submit_refusal = _named(_REFUSALS, "refuse", value)


def _effect(script: Directives, value: str) -> None:
    script.submit_fault = _named(_LOSSES, "effect", value)


def _garbage(script: Directives, value: str) -> None:
    script.submit_fault = _named(_GARBAGE, "garbage", value)


def _fail(script: Directives, value: str) -> None:
    script.fail_code = value or "Unknown error"


def _fail_message(script: Directives, value: str) -> None:
    script.fail_message = {"failMsg": _named(_FAIL_MESSAGES, "fail-msg", value)}


def _slow(script: Directives, value: str) -> None:
    script.generation_s = _number("slow", value)


def _never(script: Directives, _: str) -> None:
    script.never_ends = True


def _status(script: Directives, value: str) -> None:
    name, _, times = value.rpartition("x") if "x" in value else (value, "", "1")
    script.status_faults += [_named(_STATUSES, "status", name)] * int(_number("status", times))


def _state(script: Directives, value: str) -> None:
    script.persistent_status_fault = Fault(fields={"state": None if value == "null" else value})


def _times(script: Directives, value: str) -> None:
    script.persistent_status_fault = _named(_TIMES, "times", value)


def _result_of(script: Directives, value: str) -> None:
    if value in FILE_FAULTS:
        script.download_fault = FILE_FAULTS[value]
    elif value in _FILE_KINDS:
        script.file_kind = _FILE_KINDS[value]
    else:
        known = {**_OUTCOMES, **FILE_FAULTS, **dict.fromkeys(_FILE_KINDS, Fault())}
        script.success_fault = _named(known, "result", value)


def _length(script: Directives, value: str) -> None:
    script.clip_seconds = max(1, int(_number("length", value)))


def _size(script: Directives, value: str) -> None:
    script.min_result_megabytes = min(200, int(_number("size", value)))


def _callback(script: Directives, value: str) -> None:
    script.callback_mode = _named(
        {name: name for name in ("twice", "never", "early")}, "callback", value
    )


_DIRECTIVE: Final = re.compile(r"\[\[([a-z-]+)(?::([^\[\]]{0,100}))?\]\]")

_DIRECTIVES: Final[Mapping[str, Callable[[Directives, str], None]]] = {
    "refuse": _refuse,
    "effect": _effect,
    "garbage": _garbage,
    "fail": _fail,
    "fail-msg": _fail_message,
    "slow": _slow,
    "never": _never,
    "status": _status,
    "state": _state,
    "times": _times,
    "result": _result_of,
    "length": _length,
    "size": _size,
    "callback": _callback,
}
