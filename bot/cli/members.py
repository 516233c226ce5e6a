"""Members' data, for the operator: `member export` writes it, `member delete` deletes it."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from bot.cli.offline import OfflineContext, open_media_store
from bot.cli.progress import show_progress
from bot.errors import MemberDataError
from bot.settings import DatabaseSettings
from storage import erasures
from storage.database import Database
from storage.errors import DatabaseInUse
from storage.media import MediaFolder
from workflow.members import erasure
from workflow.members.export import ExportFile, collect_export, write_zip
from workflow.stages.recover import drop_stale_leases

_OWNER_ONLY: Final = 0o600
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 180
"""How long a running service is waited for: it looks for marks every minute."""


async def export_member(settings: DatabaseSettings, user_id: int, path: Path) -> None:
    """Write all that is kept of a member to a new ZIP, while the service may run.

    Raises:
        MemberDataError: the file exists or cannot be written.
        StorageError: the database or the media store cannot be read.
    """
    _refuse_existing(path)
    media = await open_media_store(settings.media_store)
    async with await Database.open(settings.database_url, read_only=True) as database:
        await database.ping()
        files = await collect_export(OfflineContext(database, media), user_id)
    try:
        gone = await _write(files, path)
    except OSError as error:
        raise MemberDataError(f"{path} cannot be written: {error.strerror}.") from error
    click.echo(f"Written to {path}: {len(files) - len(gone)} files about the member {user_id}.")
    if len(files) == 1:
        click.echo("Nothing is kept of them; is the id right?")
    if gone:
        click.echo(f"{len(gone)} files went while they were copied: their time was over.")


async def delete_member(settings: DatabaseSettings, user_id: int) -> None:
    """Delete what is kept of a member; a running service on SQLite does it itself.

    Raises:
        StorageError: the database or the media store cannot be written.
        MemberDataError: the media store does not take the mark, or the service did not do it.
    """
    media = await open_media_store(settings.media_store)
    try:
        database = await Database.open(settings.database_url)
    except DatabaseInUse:
        await _delegate(settings, media, user_id)
        return
    async with database:
        await database.migrate()
        context = OfflineContext(database, media)
        await drop_stale_leases(database)
        request = await _request(context, user_id)
        erased = await erasure.erase(context, request)
    click.echo(f"Deleted: prompts, files and videos of {erased.done} requests, and all choices.")
    if erased.left:
        click.echo(f"{erased.left} are being sent: the service deletes them when it runs.")
    click.echo("Their messages on Discord go when the service runs. The rows about money stay.")


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise MemberDataError(f"{path} exists already.")


async def _request(context: OfflineContext, user_id: int) -> erasure.Erasure:
    try:
        return await erasure.request_erasure(context, user_id)
    except OSError as error:
        raise MemberDataError(f"The media store does not take the mark: {error}.") from error


async def _write(files: list[ExportFile], path: Path) -> list[str]:
    """Write a ZIP for its owner alone, under its name once it is whole."""
    with (
        TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder,
        show_progress(sum(file.size for file in files), "Exporting") as advance,
    ):
        part = Path(folder) / "export.zip"
        gone = await write_zip(files, part, advance)
        part.chmod(_OWNER_ONLY)
        part.rename(path)
    return gone


async def _delegate(settings: DatabaseSettings, media: MediaFolder, user_id: int) -> None:
    """Leave a mark for the service that has the database, and wait until it is done."""
    wanted = erasure.Erasure(user_id, 0, time.time_ns() // 1_000_000)
    try:
        await media.mark_erasure(wanted)
    except OSError as error:
        raise MemberDataError(f"The media store does not take the mark: {error}.") from error
    click.echo("The service is running, and deletes it within a minute.", err=True)
    async with await Database.open(settings.database_url, read_only=True) as database:
        with show_progress(_PATIENCE_S, "Waiting") as advance:
            for _ in range(_PATIENCE_S):
                if await database.read(lambda tx: erasures.is_finished(tx, wanted)):
                    break
                await asyncio.sleep(_LOOK_EVERY_S)
                advance(1)
            else:
                raise MemberDataError(
                    "The service has not done it yet. It will; look again with `member export`."
                )
    click.echo("Deleted: prompts, files, videos and choices. The rows about money stay.")
