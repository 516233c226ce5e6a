"""Archives, as an operator writes them and puts them back."""

import asyncio
import io
import json
import shutil
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from domain.money import MicroUSD
from storage import jobs
from storage.database import Database
from storage.engines import LockFile
from storage.jobs import NewJob
from storage.migrate import known_revisions
from tests.conftest import SqliteTemplate
from tests.harness.schema import migrate_to
from tests.harness.workflow import make_request

VIDEO = b"\x00\x00\x00\x18ftypisom" + b"v" * 3_000_000


QUEUED = NewJob(
    id="job00000000000000001",
    interaction_id=1,
    guild_id=10,
    channel_id=7,
    user_id=3,
    request=make_request(),
    price=MicroUSD(80_000),
    price_version="v",
    created_at_ms=1_795_287_600_000,
)


class Place:
    """A folder with a database and media of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "data" / "dailies.db"
        self.media = folder / "data" / "media"

    def run(self, *arguments: str, **settings: str) -> Result:
        """Run a command there."""
        environment = {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "MEDIA_STORE": str(self.media),
            **settings,
        }
        return CliRunner().invoke(main, arguments, env=environment)

    def rows(self, table: str) -> int:
        """Count the rows of a table."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608


@pytest.fixture
async def place(sqlite_template: SqliteTemplate, tmp_path: Path) -> Place:
    """Make a place with a migrated database, a video, an input, and a file that is not whole."""
    made = Place(tmp_path / "one%20")
    made.media.mkdir(parents=True)
    url = await sqlite_template.make(tmp_path, empty=False)
    shutil.move(url.removeprefix("sqlite:///"), made.database)
    (made.media / "inputs").mkdir()
    (made.media / "high-water").mkdir()
    (made.media / "job1.mp4").write_bytes(VIDEO)
    (made.media / "inputs" / f"{'a' * 64}.png").write_bytes(b"picture")
    (made.media / "job2.mp4.part").write_bytes(b"half")
    (made.media / "high-water" / "7").touch()
    return made


@pytest.fixture
def other(tmp_path: Path) -> Place:
    """Name another place, where nothing is yet."""
    return Place(tmp_path / "two")


def quoted(place: Place) -> dict[str, str]:
    """Give the address of a database whose folder has a percent sign."""
    return {"DATABASE_URL": f"sqlite:///{str(place.database).replace('%', '%25')}"}


def back_up(place: Place, archive: Path) -> Result:
    """Write an archive of a place."""
    return place.run("backup", str(archive), **quoted(place))


def test_an_archive_is_put_back_elsewhere(place: Place, other: Place, tmp_path: Path):
    """Every whole file, byte for byte; for its owner alone; nothing half-made is left."""
    archive = tmp_path / "dailies.tar"
    written = back_up(place, archive)
    assert written.exit_code == 0, written.output
    assert "the database and 2 media files" in written.output
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    found = other.run("restore", str(archive))
    assert found.exit_code == 0, found.output
    assert "Open jobs: 0." in found.output
    files = {path.relative_to(other.media): path for path in other.media.rglob("*.*")}
    assert sorted(map(str, files)) == [f"inputs/{'a' * 64}.png", "job1.mp4"]
    assert files[Path("job1.mp4")].read_bytes() == VIDEO
    assert other.rows("jobs") == 0
    assert {path.name for path in other.database.parent.iterdir()} <= {
        "dailies.db",
        "dailies.db.lock",
        "media",
    }
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_was_there_is_kept(place: Place, tmp_path: Path):
    """Restored over itself: the database moves aside, a file that is there stays one."""
    archive = tmp_path / "dailies.tar"
    assert back_up(place, archive).exit_code == 0
    found = place.run("restore", str(archive), **quoted(place))
    assert found.exit_code == 0, found.output
    (aside,) = place.database.parent.glob("dailies.db.replaced-????????T??????")
    assert str(aside) in found.output
    assert (place.media / "high-water" / "7").exists()


def test_a_copy_of_the_database_alone_is_put_back(place: Place, other: Place, tmp_path: Path):
    """As `backup copy.db` writes it."""
    copy = tmp_path / "copy.db"
    assert back_up(place, copy).exit_code == 0
    assert copy.read_bytes().startswith(b"SQLite format 3")
    found = other.run("restore", str(copy))
    assert found.exit_code == 0, found.output
    assert other.rows("jobs") == 0


async def _enqueue(url: str) -> None:
    async with await Database.open(url) as database:
        await database.transact(lambda tx: jobs.enqueue(tx, QUEUED))


def test_open_jobs_are_suspect_before_the_copy_is_in_its_place(
    place: Place, other: Place, tmp_path: Path
):
    """What was queued may have been submitted since: it is parked, and nobody submits it."""
    asyncio.run(_enqueue(quoted(place)["DATABASE_URL"]))
    assert back_up(place, tmp_path / "copy.db").exit_code == 0
    found = other.run("restore", str(tmp_path / "copy.db"))
    assert "Open jobs: 1. Of these 1 were queued" in found.output
    with closing(sqlite3.connect(other.database)) as connection:
        assert connection.execute("SELECT state FROM jobs").fetchall() == [("submit_unknown",)]


@pytest.mark.parametrize("revision", known_revisions()[1:])
def test_an_older_schema_is_copied_and_migrated_when_put_back(
    place: Place, other: Place, tmp_path: Path, revision: str
):
    """`backup` is the step before an upgrade, so it takes whatever is there."""
    place.database.unlink()
    asyncio.run(migrate_to(quoted(place)["DATABASE_URL"], revision))
    assert back_up(place, tmp_path / "dailies.tar").exit_code == 0
    found = other.run("restore", str(tmp_path / "dailies.tar"))
    assert found.exit_code == 0, found.output
    assert other.run("audit").exit_code == 0


def test_nothing_is_put_back_under_a_running_service(place: Place, tmp_path: Path):
    """The lock of the database is the service's."""
    archive = tmp_path / "dailies.tar"
    assert back_up(place, archive).exit_code == 0
    lock = LockFile(place.database)
    before = place.database.read_bytes()
    found = place.run("restore", str(archive), **quoted(place))
    lock.release()
    assert (found.exit_code, "is in use by another process" in found.output) == (1, True)
    assert place.database.read_bytes() == before


def _tar(path: Path, *members: tuple[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


MANIFEST = json.dumps(
    {"version": "0", "created_at": "", "has_database": True, "media_files": 1, "media_bytes": 1}
).encode()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([], "is no archive"),
        ([("x", b"")], "is no archive"),
        ([("manifest.json", b"[]")], "is no archive"),
        ([("manifest.json", MANIFEST)], "the database is missing"),
        ([("manifest.json", MANIFEST.replace(b"true", b"false"))], "There is no database in it"),
        ([("manifest.json", MANIFEST), ("database.db", b"rubbish")], "is damaged"),
        ([("manifest.json", MANIFEST), ("database.db", b"SQLite format 3\0" * 99)], "is damaged"),
    ],
)
def test_what_is_no_whole_archive_changes_nothing(
    place: Place, tmp_path: Path, members: list[tuple[str, bytes]], words: str
):
    """It is said in words, and the database stays."""
    archive = _tar(tmp_path / "odd.tar", *members)
    before = place.database.read_bytes()
    found = place.run("restore", str(archive), **quoted(place))
    assert (found.exit_code, words in found.output) == (1, True), found.output
    assert "Traceback" not in found.output
    assert place.database.read_bytes() == before


def test_a_cut_archive_changes_no_database(place: Place, other: Place, tmp_path: Path):
    """At any length."""
    archive = tmp_path / "dailies.tar"
    assert back_up(place, archive).exit_code == 0
    whole = archive.read_bytes()
    for length in (0, 100, 2_000, len(whole) // 2):
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        found = other.run("restore", str(tmp_path / "cut.tar"))
        assert found.exit_code == 1, (length, found.output)
        assert "Dailies cannot go on: " in found.output
        assert not other.database.exists()


def test_no_member_leads_out_of_the_media_folder(place: Place, other: Place, tmp_path: Path):
    """Neither by a path nor by a link; odd members are left out."""
    with closing(sqlite3.connect(place.database)) as connection:
        connection.execute("VACUUM")
    archive = _tar(
        tmp_path / "evil.tar",
        ("manifest.json", MANIFEST),
        ("database.db", place.database.read_bytes()),
        ("media/../../escaped", b"x"),
        ("/media/absolute", b"x"),
        ("elsewhere/file", b"x"),
    )
    with tarfile.open(archive, "a") as more:
        link = tarfile.TarInfo("media/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        more.addfile(link)
    found = other.run("restore", str(archive))
    assert found.exit_code == 0, found.output
    assert "1 files of its list are not in it." in found.output
    assert [*other.media.rglob("*")] == []
    assert not (tmp_path / "escaped").exists()


def test_what_has_tools_of_its_own_is_named(place: Place, tmp_path: Path):
    """PostgreSQL and buckets; with both there is nothing to copy."""
    bucket = {"MEDIA_STORE": "s3://videos"}
    server = {"DATABASE_URL": "postgresql://u@h/x"}
    found = place.run("backup", str(tmp_path / "one.tar"), **quoted(place), **bucket)
    assert "The media store is a bucket" in found.output
    found = place.run("backup", str(tmp_path / "two.tar"), **server)
    assert "copy it with pg_dump" in found.output
    found = place.run("backup", str(tmp_path / "three.tar"), **server, **bucket)
    assert found.exit_code == 1
    assert not (tmp_path / "three.tar").exists()
    found = place.run("restore", str(tmp_path / "one.tar"), **server)
    assert (found.exit_code, "pg_restore" in found.output) == (1, True)


def test_an_archive_that_exists_is_kept(place: Place, tmp_path: Path):
    """As is a folder that cannot be written to."""
    archive = tmp_path / "dailies.tar"
    archive.write_bytes(b"precious")
    found = back_up(place, archive)
    assert (found.exit_code, "exists already" in found.output) == (1, True)
    assert archive.read_bytes() == b"precious"
    found = back_up(place, tmp_path / "nowhere" / "dailies.tar")
    assert (found.exit_code, "cannot be written" in found.output) == (1, True)
