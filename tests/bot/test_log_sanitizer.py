"""No words of others are logged: each call and each error's text is read, the rest is cut."""

import ast
import importlib
import logging
import pkgutil
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Final

import discord
import pytest
from sqlalchemy.exc import IntegrityError

import apixo
import bot
import cogs
import domain
import storage
import workflow
from apixo.errors import BadRequest, DownloadNotAllowed
from bot import log_sanitizer
from bot.log_sanitizer import describe_error, format_traceback, sanitize_record
from cogs.ui.interactions import UserError
from domain.errors import DailiesError

ROOT = Path(bot.__file__).parents[1]
ROOMS = (apixo, bot, cogs, domain, storage, workflow)
MARK = "Bluebird"

LOGGERS: Final = {"_log", "log", "level"}
METHODS: Final = {"debug", "info", "warning", "error", "exception", "critical", "bind"}

FIELDS: Final[dict[str, str]] = {
    "admitted": "server.is_admitted",
    "asked_s": "job.request.seconds",
    "attempts": "failures",
    "balance_micro_usd": "last.balance",
    "balance_usd": "format_usd_en(balance)",
    "by": "manager.user_id operator.user_id request.operator.user_id user_id",
    "bytes": "job.file_size size stored.size",
    "channel": "candidate.destination_channel_id",
    "code": "loggable_fail_code(code) loggable_fail_code(fail_code)",
    "count": "count count-_SAME_LINES_PER_MINUTE len(own) len(self._at_s)",
    "decision": "request.decision",
    "drift": "drift.loggable",
    "error": "error failure describe_failure(error) type(error).__name__",
    "exc_info": "error cause args.exc_value unraisable.exc_value context.get('exception')",
    "failures": "failures job.failures+1",
    "film": "film.id",
    "floor": "space.min_free_bytes",
    "free": "space.free_bytes",
    "inputs": "removed swept.inputs",
    "interaction": "interaction_id",
    "job": "take.id before.id job.id job_id shot.job.id submission.job_id view.job.id",
    "language": "code",
    "limit": "limit.target",
    "max_bytes": "max_bytes",
    "message": "message_id placed.message_id posted.message_id",
    "micro_usd": "amount exposure.amount revoked.amount",
    "number": "number",
    "open": "restored.open",
    "operator": "user_id",
    "outcome": "outcome",
    "own": "self._version",
    "parked": "restored.parked",
    "parts": "len(film.parts) len(new.parts)",
    "played_s": "played_ms/1000",
    "previous_count": "self._count",
    "price_micro_usd": "job.price",
    "reason": "cause error frame kind",
    "registered_by": "record.version",
    "released": "released",
    "retry_in_s": "round(pause_s) round(pause_s,1)",
    "server": "guild.id guild_id job.guild_id limit.guild_id seen.guild_id summary.guild_id",
    "shard": "self.shard_id shard_id",
    "source": "'destructor' 'main' 'thread' _source_name(interaction)",
    "state": "film.state job.state",
    "storyboard": "storyboard.id",
    "submission": "submission.number",
    "task": "loggable_id(job.task_id) loggable_id(task_id)",
    "user": "first.user_id user_id",
    "version": "VERSION",
    "videos": "swept.videos",
    "wanted": "wanted",
    "was_stopped": "was_stopped",
    "week": "week",
}
"""What a field may hold: ids, numbers, codes of a list, and errors, which are described.

A prompt, a name, a message, a reason that a person typed: none of these is ever added here.
"""

VALUES_OF: Final[dict[tuple[str, str], str]] = {
    ("bot/app.py", "a_day"): "the limits in force: amounts",
    ("cogs/help/member_data.py", "user"): "an id",
    ("storage/s3_media.py", "files"): "a number",
    ("workflow/members/erasure.py", "jobs"): "a number",
    ("workflow/members/erasure.py", "server"): "an id",
    ("workflow/members/erasure.py", "user"): "an id",
    ("workflow/restore.py", "erasures"): "a number",
    ("workflow/signals.py", "reason"): "a class of error",
    ("bot/app.py", "reason"): "an outage's own text",
    ("bot/command_registration.py", "error"): "an outage's own text, or codes",
    ("bot/sharding/connection.py", "error"): "a close code, an HTTP status or a class",
    ("bot/logs.py", "source"): "a library's name, or a plain message of asyncio's",
    ("cogs/background.py", "task"): "a periodic task's name",
    ("cogs/ui/interactions.py", "source"): "what `_source_name` returned",
    ("workflow/guilds/settings.py", "fields"): "names of fields of our own settings",
    ("workflow/operator/alerts.py", "name"): "a constant",
    ("workflow/reliability.py", "name"): "an action's name, with a server's id",
    ("workflow/results/payload.py", "video"): "a job's id with a suffix",
    ("workflow/stages/poll.py", "reason"): "one of three literals",
    ("workflow/stages/submit.py", "reason"): "why submissions pause: one of three literals",
}
"""Fields that hold what a name cannot tell, file by file, and what it is."""

TEXTS: Final[dict[str, str]] = {
    "sums, sizes and waits": "MAX_BYTES_PER_DAY period_end_ms(Period.DAY,now_ms) shortfalls "
    "_TIMEOUT_S attempt context.policy.max_queued_per_member "
    "context.policy.max_queued_per_server cooldown_s effective_limits.cooldown_s "
    "effective_limits.in_flight error.retry_after error.shortfalls len(shortfalls) limit max_bytes "
    "program.wall_seconds until_ms wall_seconds",
    "ids": "take.id film.id grant_id job.id job_id new.id new['job_id'] request.job_id",
    "codes, states and classes": "INPUT_EXPIRED INPUT_TOO_LARGE INPUT_UNREACHABLE POST_UNCONFIRMED "
    "REFUSALS[error.code] _UNREADABLE answer.status code error.code error.status found.state "
    "answer.fault code.decode()or'itstemplate' film.state target JobState.POSTING found[0].state "
    "job.state limits process.returncode request.mode request.model response.status row['kind'] "
    "scope state task type(error).__name__ violation.code.value",
    "violations, of which only the codes are told": "','.join((violation.codeforviolationin"
    "self.violations)) [Violation.of(ViolationCode.OPTION_NOT_OFFERED,Source.SETTINGS)] "
    "[Violation.of(ViolationCode.PRESET_DELETED,Source.SETTINGS)] "
    "[Violation.of(code,Source.ATTACHMENT)] [Violation.of(code,Source.CHANNEL)] [broken] "
    "[gone] [invalid] [error.to_violation(clip.name)] "
    "Violation.of(ViolationCode.AMOUNT_TOO_LARGE,Source.SETTINGS,most=MAX_AMOUNT) "
    "Violation.of(ViolationCode.DAYS_NOT_WHOLE,Source.SETTINGS) "
    "Violation.of(ViolationCode.NOT_A_LIMIT,Source.SETTINGS,fault=error.violation) "
    "Violation.of(ViolationCode.NOT_A_MEMBER_LIMIT,Source.SETTINGS,most=maximum) "
    "Violation.of(ViolationCode.NOT_PLAIN_DOLLARS,Source.SETTINGS) broken violations "
    "[_budget_violation(error)] lacking refusal.violations",
    "the operator's own database, folder, bucket": "_ENCODE "
    "','.join(sorted(_SSL_MODES)) name archive current database error.strerror newest "
    "address.path each.name _difference(read,written) folder place user where "
    "parts.drivername path reason revision self._url.host self.outage_reason sentence verdict",
    "another error of ours, which was read here": "error str(error)",
    "not in the error's text": "_format_size(total) medium.name oversized "
    "_sanitize(quoted,MAX_DETAIL_CHARS,request)ifis_quotedelseown url.hostor'' url.raw_authority "
    "url.scheme task_id str(values.get('task_id')) "
    "_shortfalls(exceeded,subject,amount,totals)",
    "what a schema of ours or a parser of ours says, without values": "_problems(error) detail",
    "what the system says of a connection to APIXO": "plain_text(str(error),MAX_DETAIL_CHARS)",
    "the first line of what the database says": "first",
}
"""What the texts of our errors may hold, beside literals."""


def test_every_field_of_a_log_call_is_an_id_a_number_a_code_or_an_error() -> None:
    """And every event a literal."""
    seen, strangers = set[tuple[str, str]](), list[str]()
    for path, call in _calls(_is_log_call):
        is_bound = isinstance(call.func, ast.Attribute) and call.func.attr == "bind"
        if [type(arg) for arg in call.args] != ([] if is_bound else [ast.Constant]):
            strangers.append(f"{path}:{call.lineno} {ast.unparse(call)}")
        for field in call.keywords:
            name, value = str(field.arg), _squeezed(field.value)
            if (path, name) in VALUES_OF:
                seen.add((path, name))
            elif value not in FIELDS.get(name, "").split():
                strangers.append(f"{path}:{call.lineno} {name}={value}")
    assert strangers == []
    assert seen == VALUES_OF.keys()


def test_no_error_of_ours_has_words_of_others_in_its_text() -> None:
    """Its text is logged; theirs are in fields of the error, for those who may read them."""
    _import_all()
    names = {kind.__name__ for kind in _kinds(DailiesError) if kind.is_loggable}
    known = {value for values in TEXTS.values() for value in values.split()}
    values = {
        _squeezed(value): f"{path}:{call.lineno}"
        for path, call in [*_calls(lambda call: _name(call) in names), *_texts_of_classes(names)]
        for arg in call.args
        for value in _values(arg)
    }
    assert {value: where for value, where in values.items() if value not in known} == {}


class TheirError(Exception):
    """An error of a library, with its words and a code."""

    code = 50035


def test_of_an_error_of_others_the_class_and_the_codes_are_told() -> None:
    """And of ours its own text, without APIXO's words and hosts."""
    refused = BadRequest(f"no {MARK}", http_status=400, fail_code=MARK, task_id=f"{MARK} 1")
    refused.is_quoted = True
    driver = IntegrityError("INSERT", {"note": MARK}, Exception(MARK))
    missing = FileNotFoundError(2, MARK, f"/{MARK}")
    told = {
        describe_error(error)
        for error in (
            *(TheirError(MARK), UserError(MARK), refused, driver, missing, KeyError(MARK)),
            DownloadNotAllowed("the address may not be asked for a result", f"{MARK}.example"),
        )
    }
    assert told == {
        "TheirError (code 50035)",
        "UserError",
        "BadRequest (HTTP 400, failCode not documented, task no plain id)",
        "IntegrityError (code gkpj)",
        "FileNotFoundError (errno 2, No such file or directory)",
        "KeyError",
        "the address may not be asked for a result",
    }


def test_a_traceback_has_frames_and_classes_and_no_values() -> None:
    """Of the error, its causes, its group and its notes."""
    try:
        try:
            _ = {}[MARK]
        except KeyError as first:
            second = ValueError(f"{MARK} is no number")
            second.add_note(MARK)
            raise ExceptionGroup(MARK, [second, OSError(MARK)]) from first
    except ExceptionGroup as group:
        exc_info = type(group), group, group.__traceback__
        written, terminal = format_traceback(exc_info), StringIO()
        log_sanitizer.print_traceback(terminal, exc_info)
    values = [line for line in written.splitlines() if MARK in line and "MARK" not in line]
    assert values == []
    assert terminal.getvalue() == written
    for kind in ("KeyError", "ExceptionGroup", "ValueError", "OSError"):
        assert kind in written
    assert "Part 2 of 2:" in written
    assert __file__ in written


def test_a_chain_without_end_is_cut() -> None:
    """As long as an error may be caused by itself."""
    error = ValueError(MARK)
    for _ in range(50):
        error = ValueError(error)
        error.__cause__ = ValueError(MARK)
        error.__cause__.__context__ = error
    assert len(traceback.format_exception(error)) > 1
    assert format_traceback((ValueError, error, None)).count("ValueError") < 20


def test_a_librarys_line_has_its_literal_and_numbers(caplog: pytest.LogCaptureFixture) -> None:
    """Words that are filled in are told by their kind; a line that was put together is withheld."""
    theirs = logging.getLogger("a library")
    theirs.warning("%s %s took %d s: %r, %s", "POST", f"/{MARK}", 3, KeyError(MARK), [MARK])
    theirs.warning(f"{MARK} is put together")
    theirs.error("of a mapping %(what)s", {"what": MARK})
    lines = [sanitize_record(record).getMessage() for record in caplog.records]
    assert lines[0] == "POST <str> took 3 s: 'KeyError', <list>"
    assert lines[1].startswith("line of a library withheld (test_log_sanitizer.py, test_a_lib")
    assert lines[2] == "of a mapping <str>"
    odd = logging.LogRecord("a library", 20, __file__, 1, "no number: %d", (MARK,), None)
    assert sanitize_record(odd).getMessage().startswith("line of a library withheld")


def test_lines_of_discords_library_are_still_read(caplog: pytest.LogCaptureFixture) -> None:
    """Its sentences are literals of its source, and found there."""
    caplog.set_level(logging.INFO)
    source = discord.client.__file__
    record = logging.LogRecord(
        "discord.client", 20, source, 1, "logging in using static token", (), None
    )
    assert sanitize_record(record).getMessage() == "logging in using static token"
    record.pathname = "/no/such/file.py"
    assert "withheld" in sanitize_record(record).getMessage()


def _calls(wanted: Callable[[ast.Call], bool]) -> Iterator[tuple[str, ast.Call]]:
    """Find calls in the service's own code, by the path of their file."""
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and wanted(node):
                yield path, node


def _is_log_call(call: ast.Call) -> bool:
    func = call.func
    if isinstance(func, ast.Name):
        return func.id == "level"
    is_method = isinstance(func, ast.Attribute) and func.attr in METHODS
    return is_method and ast.unparse(func.value) in LOGGERS


def _texts_of_classes(names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Find the texts that classes of errors make themselves."""
    for path, tree in _trees():
        for kind in ast.walk(tree):
            if isinstance(kind, ast.ClassDef) and kind.name in names:
                for node in ast.walk(kind):
                    if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__":
                        yield path, node


@cache
def _trees() -> tuple[tuple[str, ast.Module], ...]:
    files = [file for room in ROOMS for file in sorted(Path(room.__path__[0]).rglob("*.py"))]
    return tuple(
        (file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8")))
        for file in files
    )


def _values(arg: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an argument that are no literals."""
    parts = arg.values if isinstance(arg, ast.JoinedStr) else [arg]
    for part in parts:
        if not isinstance(part, ast.Constant):
            yield part.value if isinstance(part, ast.FormattedValue) else part


def _squeezed(node: ast.expr) -> str:
    return "".join(ast.unparse(node).split())


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _kinds(kind: type[DailiesError]) -> Iterator[type[DailiesError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)


def _import_all() -> None:
    programs = {"__main__", "worker", "rasterize", "env"}
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if module.name.rpartition(".")[2] not in programs and "versions" not in module.name:
                importlib.import_module(module.name)
