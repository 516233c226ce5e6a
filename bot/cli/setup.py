"""The setup: asks for what the service needs, looks at each answer, and writes `.env`."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.errors import ApixoError
from bot.cli import doctor
from bot.cli.budgets import describe_budget
from bot.cli.discord_api import BotIdentity, DiscordApi
from bot.cli.env_file import write_env_file
from bot.cli.findings import CheckFailed, Unreachable
from bot.cli.money_checks import explain
from bot.cli.questions import ask, ask_yes_no, read_secret_line
from bot.errors import CannotWrite, SettingsError
from bot.settings import Settings, describe, find_problem
from bot.settings_sources import find_given, read_value
from domain.errors import DailiesError
from domain.money import format_usd_en, parse_usd
from storage.database import Database

_ENV_FILE: Final = Path(".env")
_LIMITS: Final = {
    "USER_DAILY_LIMIT_USD": "What may a member spend a day, on each server?",
    "SERVER_DAILY_LIMIT_USD": "And a whole server?",
    "GLOBAL_DAILY_LIMIT_USD": "And everything together? This is your fuse.",
}
_ASKED: Final = ("DISCORD_TOKEN", "APIXO_API_KEY", *_LIMITS, "DATABASE_URL", "PUBLIC_URL")
_SECRETS: Final = {
    "token_file": "DISCORD_TOKEN",
    "key_file": "APIXO_API_KEY",
    "database_url_file": "DATABASE_URL",
}
"""What each option's file holds."""

_READY: Final = """
Ready. Start it with `.venv/bin/python -m bot`, or with `docker compose up --build -d`."""
_NOT_READY: Final = """
Not yet: look at the lines with FAIL. `.venv/bin/python -m bot doctor` checks again."""
_NONE: Final = "none"


class SetupAborted(DailiesError):
    """The setup ended before it wrote anything; the message says why."""


@dataclass(slots=True)
class _Draft:
    """What is known so far, by name of setting.

    `fixed` is of the environment or a file of its own, which go before `.env`; `kept` is of `.env`;
    `offered` was given on the command line; `answers` are to be written. `servers` is how many the
    bot is in, once that was asked.
    """

    fixed: Mapping[str, str]
    kept: Mapping[str, str]
    offered: Mapping[str, str]
    may_ask: bool
    servers: int | None = None
    answers: dict[str, str] = field(default_factory=dict[str, str])

    def value(self, name: str) -> str:
        """Return what a setting is to be; empty if it has its default."""
        return self.fixed.get(name) or self.answers.get(name, self.kept.get(name, ""))

    def answer(self, name: str, text: str) -> None:
        """Take an answer; it is written if it says something new."""
        if not self.fixed.get(name) and text != self.kept.get(name, _default_of(name)):
            self.answers[name] = text


def read_options(options: Mapping[str, str | None]) -> dict[str, str]:
    """Return the values that options give, by name of setting; secrets come from files.

    Raises:
        SettingsError: a file cannot be read.
        SetupAborted: standard input has no line for one.
    """
    given = {name: text for name, text in options.items() if text is not None}
    secrets = {name: given.pop(option) for option, name in _SECRETS.items() if option in given}
    try:
        values = {
            name: read_secret_line() if path == "-" else read_value(Path(path))
            for name, path in secrets.items()
        }
    except EOFError:
        raise SetupAborted("Standard input has no line for each secret.") from None
    return values | {name.upper(): text for name, text in given.items()}


def run_setup(offered: Mapping[str, str], *, may_ask: bool) -> int:
    """Ask, check, write `.env`, and return the doctor's exit code.

    `offered` are values by name of setting, about which nothing is asked; with `may_ask` False
    nothing is asked at all, and what is not given stays as it is.

    Raises:
        SettingsError: what `.env` has or was given is wrong.
        SetupAborted: it was interrupted, or an answer is missing. Nothing was changed.
    """
    try:
        draft = _collect(offered, may_ask=may_ask)
        if draft.answers:
            write_env_file(_ENV_FILE, draft.answers)
    except (KeyboardInterrupt, EOFError):
        click.echo()
        raise SetupAborted("Setup was not finished. Nothing was changed.") from None
    except CannotWrite as error:
        raise SetupAborted(f"{error}. Nothing was changed.") from None
    _say_what_was_written(draft)
    settings = Settings.read()
    _headline("Checking everything")
    code = asyncio.run(doctor.run_checks(settings, as_json=False))
    click.echo(_READY if code == 0 else _NOT_READY)
    return code


def _collect(offered: Mapping[str, str], *, may_ask: bool) -> _Draft:
    fixed, kept = find_given([name for name, _, _ in describe()], _ENV_FILE)
    _refuse_what_is_not_asked(fixed | kept)
    draft = _Draft(fixed=fixed, kept=kept, offered=offered, may_ask=may_ask)
    click.echo("This writes .env. Ctrl-C ends it, and nothing is changed then.")
    _headline("Discord")
    click.echo("The token: discord.com/developers/applications, your application, Bot, Reset Token")
    _settle(draft, "DISCORD_TOKEN", "Bot token (it stays hidden)", _check_token)
    if may_ask and draft.servers == 0:
        ask("Open that link, add the bot to your server, then press Enter", _take_anything)
    _headline("APIXO")
    click.echo("The key: apixo.ai, your dashboard, API Keys. Put money on the account there, too.")
    _settle(draft, "APIXO_API_KEY", "APIXO key (it stays hidden)", _check_key)
    _headline("Limits, in dollars a day (UTC); none lifts one")
    for name, question in _LIMITS.items():
        _settle(draft, name, question, _check_limit)
    _headline("Data and address")
    _settle_database(draft)
    public = "Public HTTPS address that leads here, for callbacks and large videos"
    _settle(draft, "PUBLIC_URL", public, _check_nothing)
    return draft


def _take_anything(_answer: str) -> None:
    """Look no further: the doctor says at the end in how many servers the bot is."""


def _refuse_what_is_not_asked(given: Mapping[str, str]) -> None:
    """Raise SettingsError if a setting that nobody is asked for has a wrong value."""
    problems = [
        f"{name}: {problem}"
        for name, text in given.items()
        if name not in _ASKED and (problem := find_problem(name, text)) is not None
    ]
    if problems:
        raise SettingsError(problems)


Check = Callable[[_Draft, str], Coroutine[Any, Any, str]]
"""Looks at a value where it is used, and returns what to say; CheckFailed if it is no good."""


def _settle(draft: _Draft, name: str, question: str, check: Check) -> None:
    """Find a setting's value: fixed, given, kept, or asked for."""
    if draft.fixed.get(name):
        click.echo(f"{name} is given by the environment or a file, which go before .env.")
        _take(draft, name, draft.fixed[name], check)
    elif name in draft.offered:
        _take(draft, name, draft.offered[name], check)
    elif not draft.may_ask:
        _take(draft, name, draft.kept.get(name) or _default_of(name), check)
    else:
        _ask(draft, name, question, check)


def _take(draft: _Draft, name: str, text: str, check: Check) -> None:
    """Take a value that nobody can be asked about.

    Raises:
        SettingsError: it is no good.
    """
    try:
        _accept(draft, name, text, check)
    except Unreachable as error:
        click.secho(f"  {error}: not checked.", fg="yellow")
    except CheckFailed as error:
        raise SettingsError([str(error)]) from None
    draft.answer(name, text)


def _ask(draft: _Draft, name: str, question: str, check: Check) -> None:
    secret = name in ("DISCORD_TOKEN", "APIXO_API_KEY", "DATABASE_URL")
    kept = draft.kept.get(name)
    current = kept or _default_of(name)
    shown = ("the one in .env" if kept else "") if secret else current or _NONE

    def accept(answer: str) -> None:
        try:
            _accept(draft, name, _meant(name, answer, current), check)
        except Unreachable as error:
            click.secho(f"  {error}.", fg="yellow")
            if ask_yes_no("Try again?", default=True):
                accept(answer)

    answer = ask(question, accept, shown=shown, secret=secret)
    draft.answer(name, _meant(name, answer, current))


def _meant(name: str, answer: str, current: str) -> str:
    """Return the value that an answer means."""
    if not answer:
        return current
    return "" if name == "PUBLIC_URL" and answer.lower() == _NONE else answer


def _accept(draft: _Draft, name: str, text: str, check: Check) -> None:
    """Look at a value as the settings do, then where it is used, and say what was found.

    Raises:
        CheckFailed: it is no good.
        Unreachable: nobody answers, who would know.
    """
    if not text and _default_of(name) == "" and name not in ("DISCORD_TOKEN", "APIXO_API_KEY"):
        return
    problem = find_problem(name, text) if text else "is required"
    if problem is not None:
        raise CheckFailed(f"{name}: {problem}")
    said = asyncio.run(check(draft, text))
    if said:
        click.echo(f"  {said}")


async def _check_token(draft: _Draft, text: str) -> str:
    api = DiscordApi(SecretStr(text.strip()), draft.value("DISCORD_API_URL") or None)
    identity = await api.fetch_identity()
    guilds = await api.list_guilds()
    draft.servers = len(guilds)
    return "\n  ".join(_describe_bot(identity, len(guilds)))


def _describe_bot(identity: BotIdentity, servers: int) -> list[str]:
    where = f"in {servers} server(s)" if servers else "in no server yet"
    lines = [f"This is {identity.name} (application {identity.application_id}), {where}."]
    if identity.is_public:
        lines.append(
            "It's a Public Bot: anybody can invite it. Unless others are to, set Install Link to "
            "None in the portal (Installation), then switch off Public Bot (Bot)."
        )
    else:
        lines.append("Only you can invite it.")
    if identity.requires_code_grant:
        lines.append("Switch off Requires OAuth2 Code Grant there, or the link doesn't work.")
    return [*lines, f"Invite it: {identity.invitation}"]


async def _check_key(draft: _Draft, text: str) -> str:
    base = draft.value("APIXO_BASE_URL") or _default_of("APIXO_BASE_URL")
    async with ApixoClient(base, SecretStr(text.strip())) as apixo:
        try:
            left = await apixo.fetch_balance()
        except ApixoError as error:
            raise explain(error) from None
    return f"{format_usd_en(left)} is left on it. That buys {describe_budget(left)}."


async def _check_limit(_draft: _Draft, text: str) -> str:
    await asyncio.sleep(0)
    if text.lower() == _NONE:
        return "No limit here."
    amount = parse_usd(text)
    return f"{format_usd_en(amount)} buys {describe_budget(amount)}."


async def _check_nothing(_draft: _Draft, _text: str) -> str:
    """Look no further: the doctor asks the address itself, once everything is written."""
    await asyncio.sleep(0)
    return ""


def _settle_database(draft: _Draft) -> None:
    name = "DATABASE_URL"
    is_open = name not in draft.offered and not draft.fixed.get(name) and draft.may_ask
    kept = draft.kept.get(name) or _default_of(name)
    if is_open and kept.startswith("sqlite:"):
        click.echo(f"Data go into a file here ({kept}), unless several processes are to run.")
        if not ask_yes_no("Use PostgreSQL instead?", default=False):
            return
    _settle(draft, name, "PostgreSQL's address (it stays hidden)", _check_database)


async def _check_database(_draft: _Draft, text: str) -> str:
    if text.startswith("sqlite:"):
        return ""
    try:
        async with await Database.open(text, read_only=True) as database:
            await database.read_schema()
    except DailiesError as error:
        raise CheckFailed(f"DATABASE_URL: {error}") from None
    return "It answers."


def _default_of(name: str) -> str:
    default = next(default for known, default, _ in describe() if known == name)
    return "" if default == "required" else default


def _headline(text: str) -> None:
    click.echo()
    click.secho(text, bold=True)


def _say_what_was_written(draft: _Draft) -> None:
    click.echo()
    if not draft.answers:
        click.echo(".env is as it was: nothing is new.")
        return
    names = ", ".join(draft.answers)
    click.echo(f"Written to .env, which only you may read: {names}. All else in it is as it was.")
