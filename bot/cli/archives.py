"""Archives of database and media: `backup` writes one, `restore` puts it back.

An archive is a plain tar: `manifest.json`, then `database.db`, a consistent copy of a SQLite
database, then the files of the media folder below `media/`. The copy comes first: a file that is
newer than the copy does no harm, one that is missing would.
"""

import json
import os
import sqlite3
import tarfile
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Final
from urllib.parse import quote

import click

from bot.cli.offline import OfflineContext
from bot.cli.progress import show_progress
from bot.errors import ArchiveError
from bot.version import VERSION
from storage.database import Database
from storage.database_url import SqliteAddress, parse_database_url
from storage.engines import LockFile
from storage.media import MediaFolder
from workflow import restore
from workflow.restore import RestoredJobs

_MANIFEST: Final = "manifest.json"
_DATABASE: Final = "database.db"
_MEDIA: Final = "media"
_SQLITE_MAGIC: Final = b"SQLite format 3\0"
_LEFT_OUT: Final = ("high-water",)
"""Folders of the media store that belong to its present, not to a copy of its past."""

_BLOCK_BYTES: Final = 1024 * 1024
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive has; times are in UTC."""

    version: str
    created_at: str
    has_database: bool
    media_files: int
    media_bytes: int


async def write_archive(database_url: str, media: Path | None, path: Path) -> None:
    """Copy database and media to a new archive, while the service may run.

    `media` is None where a bucket keeps the files.

    Raises:
        ArchiveError: the archive exists or cannot be written.
        StorageError: the database cannot be read.
    """
    with _work_folder(path) as folder:
        copy = await _copy_database(database_url, folder)
        files = [] if media is None else [*_list_files(media)]
        if copy is None and media is None:
            raise ArchiveError(
                "PostgreSQL and a bucket have tools of their own: pg_dump, versions."
            )
        part = folder / "archive"
        try:
            skipped = _write_tar(part, copy, files)
            part.rename(path)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be written: {error.strerror}.") from error
    click.echo(f"Copied to {path}: {_describe(copy is not None, len(files) - skipped)}.")
    if skipped:
        click.echo(f"{skipped} files went while they were copied: their time was over.")
    for left in _left_out(database_url, media):
        click.echo(left)


@contextmanager
def _work_folder(path: Path) -> Generator[Path]:
    """Make a folder beside a new file, for what is not whole yet."""
    if path.exists():
        raise ArchiveError(f"{path} exists already.")
    try:
        folder = TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise ArchiveError(f"{path} cannot be written: {error.strerror}.") from error
    with folder as name:
        yield Path(name)


async def _copy_database(database_url: str, folder: Path) -> Path | None:
    if not isinstance(parse_database_url(database_url), SqliteAddress):
        return None
    async with await Database.open(database_url, read_only=True) as database:
        await database.backup(folder / _DATABASE)
    return folder / _DATABASE


def _list_files(media: Path) -> Iterator[tuple[Path, PurePosixPath, int]]:
    """Yield each finished file with its name in the archive and its size in bytes."""
    for path in sorted(media.rglob("*")):
        name = PurePosixPath(path.relative_to(media).as_posix())
        if name.parts[0] in _LEFT_OUT or path.suffix == ".part" or path.is_symlink():
            continue
        with suppress(FileNotFoundError):
            if path.is_file():
                yield path, _MEDIA / name, path.stat().st_size


def _write_tar(
    part: Path, database: Path | None, files: list[tuple[Path, PurePosixPath, int]]
) -> int:
    """Write the archive, and return how many files had gone meanwhile."""
    total = sum(size for _, _, size in files)
    manifest = Manifest(
        VERSION, datetime.now(UTC).isoformat(), database is not None, len(files), total
    )
    text = json.dumps(asdict(manifest), indent=2).encode()
    skipped = 0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w") as archive:
        head = tarfile.TarInfo(_MANIFEST)
        head.size = len(text)
        archive.addfile(head, BytesIO(text))
        if database is not None:
            archive.add(database, _DATABASE)
        with show_progress(total, "Copying media") as advance:
            for path, name, size in files:
                try:
                    archive.add(path, str(name))
                except FileNotFoundError:
                    skipped += 1
                advance(size)
        out.flush()
        os.fsync(descriptor)
    return skipped


def _left_out(database_url: str, media: Path | None) -> Iterator[str]:
    if not isinstance(parse_database_url(database_url), SqliteAddress):
        yield "The database is PostgreSQL: copy it with pg_dump as well."
    if media is None:
        yield "The media store is a bucket: its own versions or copies keep the files."


async def restore_archive(database_url: str, media: Path | None, archive: Path) -> None:
    """Put an archive, or a copy of a SQLite database, in the place of what is there.

    A database that is there is moved aside. Every open job of the copy is treated as one that may
    have gone on since.

    Raises:
        ArchiveError: it is no archive, or the database's place is not a SQLite file.
        DatabaseInUse: the service runs.
        StorageError: the copy cannot be read by this version.
    """
    address = parse_database_url(database_url)
    if not isinstance(address, SqliteAddress):
        raise ArchiveError(
            "DATABASE_URL is PostgreSQL: put its own copy back with pg_restore, then say so with "
            "`python -m bot restored`."
        )
    address.path.parent.mkdir(parents=True, exist_ok=True)
    lock = LockFile(address.path)
    try:
        with TemporaryDirectory(dir=address.path.parent, prefix=".restore-") as folder:
            copy = Path(folder) / _DATABASE
            count = _unpack(archive, copy, media)
            restored = await _declare(copy, media)
            aside = _move_aside(address.path)
            copy.rename(address.path)
    finally:
        lock.release()
    click.echo(f"Restored from {archive}: {_describe(has_database=True, media_files=count)}.")
    if aside is not None:
        click.echo(f"The database that was there is kept as {aside}.")
    click.echo(describe_restored(restored))


def describe_restored(restored: RestoredJobs) -> str:
    """Return what a restored database means for its open jobs, in words."""
    return (
        f"Open jobs: {restored.open}. Of these {restored.parked} were queued or being submitted: "
        "they wait for your decision in /operator parked.\n"
        "What was ordered since the copy is lost with its ledger rows. `doctor` tells how far that "
        "has APIXO's balance off, once the service has read it; `report --acknowledge-gap` takes "
        "it as known."
    )


def _unpack(archive: Path, database: Path, media: Path | None) -> int:
    """Write the database to its place and the media files to theirs; return how many these are."""
    try:
        with archive.open("rb") as file:
            if file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC:
                file.seek(0)
                _write_file(file, database)
                return 0
        with tarfile.open(archive, "r:") as tar:
            return _unpack_tar(tar, database, media)
    except tarfile.TarError:
        raise ArchiveError(f"{archive} is no archive of `python -m bot backup`.") from None
    except OSError as error:
        raise ArchiveError(f"{archive} cannot be put back: {error.strerror}.") from error


def _unpack_tar(tar: tarfile.TarFile, database: Path, media: Path | None) -> int:
    manifest = _read_manifest(tar)
    if not manifest.has_database:
        raise ArchiveError("There is no database in it: its PostgreSQL has a copy of its own.")
    count = 0
    with show_progress(manifest.media_bytes, "Restoring media") as advance:
        for member in tar:
            target = _target_of(member, database, media)
            content = None if target is None else tar.extractfile(member)
            if target is None or content is None:
                continue
            _write_file(content, target)
            count += target != database
            advance(member.size if target != database else 0)
    if not database.exists():
        raise ArchiveError("It is cut off: the database is missing.")
    if media is not None and count < manifest.media_files:
        click.echo(f"{manifest.media_files - count} files of its list are not in it.", err=True)
    return count


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first is not None and first.name == _MANIFEST else None
    if content is None:
        raise tarfile.ReadError
    try:
        return Manifest(**json.loads(content.read()))
    except (ValueError, TypeError):
        raise tarfile.ReadError from None


def _target_of(member: tarfile.TarInfo, database: Path, media: Path | None) -> Path | None:
    """Return where a file of the archive belongs, None for nowhere."""
    name = PurePosixPath(member.name)
    if not member.isfile() or name.is_absolute() or ".." in name.parts:
        return None
    if member.name == _DATABASE:
        return database
    if media is None or name.parts[0] != _MEDIA or len(name.parts) < 2:
        return None
    return media.joinpath(*name.parts[1:])


def _write_file(content: IO[bytes], target: Path) -> None:
    """Write a file under its name once it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as out:
        while block := content.read(_BLOCK_BYTES):
            out.write(block)
        out.flush()
        os.fsync(descriptor)
    part.rename(target)


async def _declare(copy: Path, media: Path | None) -> RestoredJobs:
    """Migrate the copy, suspect its open jobs, and erase again what was erased since.

    Before it is in anybody's place; where a bucket keeps the marks, the next start erases.
    """
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            verdict = str(error)
    if verdict != "ok":
        raise ArchiveError(f"The copy of the database is damaged: {verdict}.")
    async with await Database.open(f"sqlite:///{quote(str(copy))}") as database:
        await database.migrate()
        restored = await restore.declare_restored(database, time.time_ns() // 1_000_000)
        if media is not None:
            await restore.erase_again(OfflineContext(database, MediaFolder(media)))
        return restored


def _move_aside(path: Path) -> Path | None:
    """Keep a database that is there, with its log, under another name."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _describe(has_database: bool, media_files: int) -> str:
    files = "1 media file" if media_files == 1 else f"{media_files} media files"
    return f"the database and {files}" if has_database else files
