"""What is kept of a member, as the operator exports and deletes it."""

import asyncio
import json
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from domain.money import MicroUSD
from storage import billing, jobs
from storage.database import Database
from storage.jobs import NewJob
from tests.harness.workflow import NO_LIMITS, make_request

MEMBER = 987_654_321_098_765_432
VIDEO = b"\x00\x00\x00\x18ftypisom zanzibarium"

NEW = NewJob(
    id="job00000000000000001",
    interaction_id=1,
    guild_id=10,
    channel_id=7,
    user_id=MEMBER,
    request=make_request("zanzibarium at dusk"),
    price=MicroUSD(80_000),
    price_version="v",
    created_at_ms=1_795_287_600_000,
)


class Place:
    """A database with a queued job of a member, and one that is someone else's."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.media = folder / "media"

    def run(self, *arguments: str, said: str = "") -> Result:
        """Run a command there."""
        environment = {"DATABASE_URL": self.url, "MEDIA_STORE": str(self.media)}
        return CliRunner().invoke(main, arguments, env=environment, input=said)

    async def prompts(self) -> list[str]:
        """Read the prompts of both jobs."""
        async with await Database.open(self.url, read_only=True) as database:
            ids = ("job00000000000000001", "job00000000000000002")
            found = [await database.read(lambda tx, id_=id_: jobs.get(tx, id_)) for id_ in ids]
        return [job.request.prompt for job in found if job is not None]

    async def fill(self) -> None:
        """Queue the jobs."""
        async with await Database.open(self.url) as database:
            for new in (NEW, replace(NEW, id="job00000000000000002", interaction_id=2, user_id=3)):
                await database.transact(lambda tx, new=new: jobs.enqueue(tx, new))
                await database.transact(
                    lambda tx, new=new: billing.hold(
                        tx,
                        job_id=new.id,
                        attempt=1,
                        guild_id=new.guild_id,
                        user_id=new.user_id,
                        amount=new.price,
                        price_version=new.price_version,
                        limits=NO_LIMITS,
                        now_ms=new.created_at_ms,
                    )
                )


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Place:
    made = Place(database_url, tmp_path)
    made.media.mkdir()
    for job in ("job00000000000000001", "job00000000000000002"):
        (made.media / f"{job}.mp4").write_bytes(VIDEO)
    asyncio.run(made.fill())
    return made


def test_export_and_delete(place: Place, tmp_path: Path) -> None:
    """The export has it all; after the deletion there is nothing of it, and the audit holds."""
    path = tmp_path / "member.zip"
    found = place.run("member", "export", str(MEMBER), str(path))
    assert found.exit_code == 0, found.output
    assert f"files about the member {MEMBER}." in found.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        (request,) = json.loads(archive.read("requests.json"))
        assert request["what was asked for"]["prompt"] == "zanzibarium at dusk"
        assert archive.read("videos/job00000000000000001.mp4") == VIDEO
    deleted = place.run("member", "delete", str(MEMBER), "--yes")
    assert deleted.exit_code == 0, deleted.output
    assert "prompts, files and videos of 1 requests" in deleted.output
    assert "The rows about money stay." in deleted.output
    assert [found.name for found in place.media.glob("*.mp4")] == ["job00000000000000002.mp4"]
    again = tmp_path / "again.zip"
    assert place.run("member", "export", str(MEMBER), str(again)).exit_code == 0
    assert b"zanzibarium" not in again.read_bytes()
    audit = json.loads(place.run("audit", "--json").output)
    assert (audit["ok"], audit["jobs"]) == (True, {"cancelled": 1, "queued": 1})


def test_a_deletion_is_asked_about(place: Place) -> None:
    """No is no."""
    found = place.run("member", "delete", str(MEMBER), said="n\n")
    assert found.exit_code == 1
    assert f"Delete all that is kept of the member {MEMBER}?" in found.output
    assert (place.media / "job00000000000000001.mp4").exists()
    assert not (place.media / "erased").exists()


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
def test_a_deleted_prompt_is_not_left_in_the_file(place: Place) -> None:
    """Not even in pages that are free again."""
    assert place.run("member", "delete", str(MEMBER), "--yes").exit_code == 0
    path = Path(place.url.removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        assert file.read_bytes().count(b"zanzibarium") <= 1, "somebody else's alone"


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "0", "x.zip"), "is not in the range"),
        (("export", "ada", "x.zip"), "is not a valid integer"),
        (("export", "5", "."), "is a directory"),
        (("export", "5", "nowhere/x.zip"), "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    place: Place, arguments: tuple[str, ...], words: str
) -> None:
    """No traceback."""
    found = place.run("member", *arguments)
    assert found.exit_code != 0
    assert words in found.output, found.output
    assert "Traceback" not in found.output


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
def test_an_export_replaces_nothing_and_knows_strangers(place: Place, tmp_path: Path) -> None:
    """Nor does a stranger's look like somebody's."""
    path = tmp_path / "member.zip"
    path.write_bytes(b"precious")
    found = place.run("member", "export", "5", str(path))
    assert (found.exit_code, "exists already" in found.output) == (1, True)
    assert path.read_bytes() == b"precious"
    found = place.run("member", "export", "5", str(tmp_path / "other.zip"))
    assert "Nothing is kept of them; is the id right?" in found.output


def test_a_restored_database_is_erased_again_and_suspect(place: Place) -> None:
    """As after `pg_restore`: the media store remembers what was deleted, the copy does not."""
    marks = place.media / "erased"
    marks.mkdir()
    (marks / f"{MEMBER}-0-{NEW.created_at_ms + 1}").touch()
    (marks / "no mark").touch()
    found = place.run("restored")
    assert found.exit_code == 0, found.output
    assert "Open jobs: 2. Of these 2 were queued" in found.output
    assert "--acknowledge-gap" in found.output
    assert [each.name for each in place.media.glob("*.mp4")] == ["job00000000000000002.mp4"]
    audit = json.loads(place.run("audit", "--json").output)
    assert (audit["ok"], audit["jobs"]) == (True, {"submit_unknown": 2})
    assert asyncio.run(place.prompts()) == ["", "zanzibarium at dusk"]
