"""Command line: runs the service, tries it on local fakes, and maintains its data."""

import asyncio
import gc
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from bot.errors import SettingsError
from bot.settings import DatabaseSettings, Settings
from bot.version import VERSION
from domain.errors import DailiesError

if TYPE_CHECKING:
    from bot.snapshot_reader import SnapshotReader

_BAD_SETTINGS = 2
SNOWFLAKE = click.IntRange(1, (1 << 63) - 1)

S = TypeVar("S", bound=DatabaseSettings)
T = TypeVar("T")


@click.group(invoke_without_command=True)
@click.version_option(VERSION, prog_name="Dailies", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Dailies makes short videos in Discord and accounts for every cent.

    Settings come from the environment or a file .env; see .env.example.
    """
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
def run() -> None:
    """Run the service (the default)."""
    settings = _read_settings(Settings)
    # What is read now stays until the end: no collection has to look through it, now or later.
    gc.disable()
    from bot import app, logs

    gc.freeze()
    gc.enable()
    logs.set_up(settings)
    _run_async(app.run(settings))


@main.command(short_help="Ask for what the service needs, and write .env.")
@click.option("--no-questions", is_flag=True, help="Take options, .env and defaults; ask nothing.")
@click.option("--token-file", help="A file with the bot's token; - is a line of standard input.")
@click.option("--key-file", help="The same with APIXO's key.")
@click.option("--database-url-file", help="The same with DATABASE_URL, which holds a password.")
@click.option("--user-daily-limit-usd", metavar="USD", help="What a member may spend a day.")
@click.option("--server-daily-limit-usd", metavar="USD", help="What a server may spend a day.")
@click.option("--global-daily-limit-usd", metavar="USD", help="What everything may spend a day.")
@click.option("--public-url", metavar="URL", help="The public HTTPS address that leads here.")
def setup(no_questions: bool, **options: str | None) -> None:
    """Ask for what the service needs, look at each answer, write .env, and run the doctor.

    What an option gives is not asked for. Without questions, a missing token or key is an error.
    """
    from bot.cli import setup as steps

    try:
        code = steps.run_setup(steps.read_options(options), may_ask=not no_questions)
    except SettingsError as error:
        _name_problems(error)
    except steps.SetupAborted as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    sys.exit(code)


@main.command(short_help="Try it all on local stand-ins.")
@click.option("--once", is_flag=True, help="Make one /animate and one /video, then exit.")
@click.option(
    "--host",
    type=click.Choice(["127.0.0.1", "0.0.0.0"]),  # noqa: S104 - with a warning
    default="127.0.0.1",
    show_default=True,
    help="Where the page listens: this machine alone, or every address that it has.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="The page's port; 0 takes any.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, 1000, min_open=True),
    default=10.0,
    show_default=True,
    help="How much faster than APIXO.",
)
def sandbox(once: bool, host: str, port: int, speed: float) -> None:
    """Run the whole service against local stand-ins: no account, no network."""
    try:
        from sandbox.demo import run
    except ImportError:
        sys.exit("There is no demo in this image: build one with `docker build --target demo .`")

    command = [sys.executable, "-m", "bot"]
    demo = run.run_demo(
        command, once=once, host=host, port=port, speed=speed, open_books=_open_snapshot_reader
    )
    sys.exit(asyncio.run(demo))


@main.command(short_help="Prove the ledger and the jobs.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def audit(as_json: bool) -> None:
    """Prove the ledger's and the jobs' invariants from their rows; exit 1 if one is broken."""
    settings = _read_settings(DatabaseSettings)
    from bot.cli import database

    sys.exit(_run_async(database.print_audit(settings.database_url, as_json=as_json)))


@main.command(short_help="Check what the service needs.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Check settings, token, key, balance, database, disk and more; exit 1 if any check fails.

    A failure is what ends the service at its start, or lets it make no video; a warning is not.
    """
    settings = _read_settings(Settings)
    from bot.cli import doctor as checks

    sys.exit(_run_async(checks.run_checks(settings, as_json=as_json)))


@main.command()
def migrate() -> None:
    """Bring the database's schema to the newest version."""
    from bot.cli import database

    _run_async(database.migrate(_read_settings(DatabaseSettings).database_url))


@main.command(short_help="Set another number of shards.")
@click.argument("count", metavar="N", type=click.IntRange(1, 10_000))
def reshard(count: int) -> None:
    """Divide the servers into N shards, each with a connection to Discord of its own.

    Every process must be stopped. Discord wants at most 2,500 servers in a shard.
    """
    from bot.cli import shards

    _run_async(shards.reshard(_read_settings(DatabaseSettings).database_url, count))


@main.command(short_help="Copy database and media to ARCHIVE.")
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
def backup(archive: Path) -> None:
    """Copy database and media to a new file, also while the service runs.

    A name that ends in .db gets a copy of the SQLite database alone.
    """
    settings = _read_settings(DatabaseSettings)
    from bot.cli import archives, database

    if archive.suffix == ".db":
        _run_async(database.backup(settings.database_url, archive))
    else:
        media = _media_folder(settings)
        _run_async(archives.write_archive(settings.database_url, media, archive))


@main.command(short_help="Put ARCHIVE back.")
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
def restore(archive: Path) -> None:
    """Put an archive, or a copy of the database alone, in the place of what is there.

    The service must be stopped. A database that is there is kept under another name. Every open
    job of the copy is treated as one that may have gone on since it was taken.
    """
    settings = _read_settings(DatabaseSettings)
    from bot.cli import archives

    media = _media_folder(settings)
    _run_async(archives.restore_archive(settings.database_url, media, archive))


@main.command(short_help="Say that database and media were put back.")
def restored() -> None:
    """Treat every open job as one that may have gone on since the database was copied.

    The service recognizes a database that was put back by the media folder or bucket. Say it
    where both were put back, while the service is stopped.
    """
    from bot.cli import database

    settings = _read_settings(DatabaseSettings)
    _run_async(database.declare_restored(settings.database_url, settings.media_store))


@main.group()
def rotate() -> None:
    """Make a new secret in the place of one."""


@rotate.command(short_help="Make a new signing secret.")
@click.option(
    "--keep-days",
    type=click.IntRange(0, 7),
    default=7,
    show_default=True,
    help="How long links made before stay valid; 0 ends them at once.",
)
def secret(keep_days: int) -> None:
    """Make a new secret for signing links and callbacks, while the service is stopped.

    If the old one may be known to others, end what it has signed at once: --keep-days 0. Videos
    under way are found all the same, and members post theirs again in /jobs.
    """
    settings = _read_settings(DatabaseSettings)
    from bot.cli import database

    _run_async(database.rotate_secret(settings.database_url, keep_days))


@main.command(short_help="Move everything to another database.")
@click.argument("to_url")
def move(to_url: str) -> None:
    """Copy everything to an empty database, such as PostgreSQL, and check it; then say what next.

    The service must be stopped. The database that is used now stays as it is. What is interrupted
    leaves the other one empty.
    """
    settings = _read_settings(DatabaseSettings)
    from bot.cli import move as mover

    _run_async(mover.move(settings, to_url))


@main.group(short_help="Export or delete what is kept of a member.")
def member() -> None:
    """Export or delete what is kept of a member, over all servers."""


@member.command("export", short_help="Write all that is kept of a member to a ZIP.")
@click.argument("user_id", metavar="ID", type=SNOWFLAKE)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def export_member(user_id: int, path: Path) -> None:
    """Write all that is kept of a member to a new ZIP, also while the service runs.

    ID is their Discord id (Copy User ID, in Discord's developer mode).
    """
    settings = _read_settings(DatabaseSettings)
    from bot.cli import members

    _run_async(members.export_member(settings, user_id, path))


@member.command("delete", short_help="Delete what is kept of a member.")
@click.argument("user_id", metavar="ID", type=SNOWFLAKE)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_member(user_id: int, yes: bool) -> None:
    """Delete prompts, files, videos and choices of a member, and their messages on Discord.

    What waits is cancelled. Rows about money stay. ID is their Discord id. There is no way back.
    """
    settings = _read_settings(DatabaseSettings)
    from bot.cli import members

    if not yes:
        click.confirm(f"Delete all that is kept of the member {user_id}?", abort=True)
    _run_async(members.delete_member(settings, user_id))


@main.command(short_help="Print what was spent, as CSV.")
@click.option(
    "--period",
    default="month",
    show_default=True,
    help="today, 7d, 30d, month, all, or a month such as 2026-11; in UTC.",
)
@click.option(
    "--group-by",
    type=click.Choice(["user", "model", "day", "channel"]),
    default="day",
    show_default=True,
    help="What each line sums.",
)
@click.option(
    "--acknowledge-gap",
    is_flag=True,
    help="Take the gap between APIXO's balance and the ledger as known, and print nothing else.",
)
def report(period: str, group_by: str, acknowledge_gap: bool) -> None:
    """Print what was spent on all servers as CSV; a line for each server and group.

    --acknowledge-gap is for a gap that you can explain, such as that of a restored copy. On SQLite
    the service must be stopped for it.
    """
    from bot.cli import database
    from domain.reports import Grouping, parse_days

    if acknowledge_gap:
        _run_async(database.acknowledge_gap(_read_settings(DatabaseSettings).database_url))
        return

    try:
        days = parse_days(period, time.time_ns() // 1_000_000)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--period") from None
    settings = _read_settings(DatabaseSettings)
    _run_async(database.print_spending(settings.database_url, days, Grouping(group_by)))


def _media_folder(settings: DatabaseSettings) -> Path | None:
    """Return the folder of the media, None for a bucket."""
    return None if settings.media_store.startswith("s3://") else Path(settings.media_store)


def _open_snapshot_reader() -> "SnapshotReader":
    from bot.snapshot_reader import SnapshotReader

    return SnapshotReader()


def _read_settings(kind: type[S]) -> S:
    try:
        return kind.read()
    except SettingsError as error:
        _name_problems(error)


def _name_problems(error: SettingsError) -> NoReturn:
    click.echo("Some settings are missing or wrong (docs/settings.md has them all):", err=True)
    for problem in error.problems:
        click.echo(f"  {problem}", err=True)
    sys.exit(_BAD_SETTINGS)


def _run_async(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(coroutine)
    except DailiesError as error:
        click.echo(f"Dailies cannot go on: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
