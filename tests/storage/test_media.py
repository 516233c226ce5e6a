import asyncio
import errno
import hashlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.errors import NotAVideo, TooLarge
from storage.media import MediaFolder, StoredFile

ROOT = Path(__file__).parents[2]
MARK = b"\x00\x00\x00\x18ftypisom"
NAME = "job1.mp4"


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    """Name a folder that does not exist yet."""
    return MediaFolder(tmp_path / "media")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "media").glob("*"))


async def test_a_video_is_kept_as_it_came(folder: MediaFolder, tmp_path: Path) -> None:
    """Chunks of any size become one file; its size and its hash are told, and nobody else reads."""
    parts = [MARK[:3], MARK[3:], b"", b"x" * 300_000, b"y" * 300_000, b"z"]
    whole = b"".join(parts)
    kept = await folder.keep(NAME, chunks(*parts), max_bytes=len(whole))
    assert kept == StoredFile(NAME, len(whole), hashlib.sha256(whole).hexdigest())
    assert folder.path(NAME).read_bytes() == whole
    assert folder.exists(NAME)
    assert files(tmp_path) == [NAME]
    assert folder.path(NAME).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "media").stat().st_mode & 0o777 == 0o700


async def test_a_video_has_its_name_only_when_it_is_whole(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """Till the last chunk the old file stands under the name, then the new one does, whole."""
    await folder.keep(NAME, chunks(MARK), max_bytes=99)
    seen: list[bytes] = []

    async def slowly() -> AsyncIterator[bytes]:
        yield MARK + b"x" * 300_000
        seen.append(folder.path(NAME).read_bytes())
        yield b"y"

    await folder.keep(NAME, slowly(), max_bytes=999_999)
    assert seen == [MARK]
    assert folder.path(NAME).read_bytes() == MARK + b"x" * 300_000 + b"y"
    assert files(tmp_path) == [NAME]


async def test_a_video_above_its_cap_is_not_kept(folder: MediaFolder, tmp_path: Path) -> None:
    """One byte more is too many, at once or after much was written; nothing is left."""
    with pytest.raises(TooLarge, match="more than 12 bytes"):
        await folder.keep(NAME, chunks(MARK + b"x"), max_bytes=len(MARK))
    with pytest.raises(TooLarge):
        await folder.keep(NAME, chunks(MARK, b"x" * 300_000, b"y"), max_bytes=300_012)
    assert files(tmp_path) == []
    await folder.keep(NAME, chunks(MARK), max_bytes=len(MARK))


@pytest.mark.parametrize(
    "parts",
    [(), (b"",), (b"<html>not found</html>",), (b"\x1aE\xdf\xa3webm",), (b"ftyp",), (b"\0\0",)],
)
async def test_what_is_no_mp4_is_not_kept(
    folder: MediaFolder, tmp_path: Path, parts: tuple[bytes, ...]
) -> None:
    """Without the mark of an MP4 at its place there is no file, not even a part of one."""
    with pytest.raises(NotAVideo):
        await folder.keep(NAME, chunks(*parts), max_bytes=99)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "../job.mp4",
        "/etc/job.mp4",
        "job",
        ".mp4",
        "JOB.mp4",
        "job.mp4\n",
        "job.mp4.part",
        "jöb.mp4",
    ],
)
async def test_only_names_of_ours_are_taken(folder: MediaFolder, tmp_path: Path, name: str) -> None:
    """No name leads out of the folder or to a file of another kind."""
    with pytest.raises(ValueError, match="no name for a video"):
        await folder.keep(name, chunks(MARK), max_bytes=99)
    with pytest.raises(ValueError, match="no name for a video"):
        folder.exists(name)
    assert list(tmp_path.iterdir()) == []


async def test_a_download_that_breaks_off_leaves_nothing(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """The error comes through and what was written is gone."""

    async def broken() -> AsyncIterator[bytes]:
        yield MARK + b"x" * 300_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await folder.keep(NAME, broken(), max_bytes=999_999)
    assert files(tmp_path) == []
    assert not folder.exists(NAME)


async def test_a_cancelled_download_leaves_nothing(folder: MediaFolder, tmp_path: Path) -> None:
    """Also when a thread is still writing for it."""
    under_way = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield MARK
        while True:
            yield b"x" * 300_000
            under_way.set()

    task = asyncio.create_task(folder.keep(NAME, endless(), max_bytes=1 << 40))
    await under_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path) == []


WRITER = """
import asyncio, resource, sys
from pathlib import Path
from storage.media import MediaFolder

async def chunks(count):
    yield b"\\x00\\x00\\x00\\x18ftypisom"
    for _ in range(count):
        yield b"x" * 300_000
    print("written", flush=True)
    await asyncio.Event().wait()

async def main():
    folder = MediaFolder(Path(sys.argv[1]))
    if sys.argv[2] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    try:
        await folder.keep("job1.mp4", chunks(10 if sys.argv[2] == "full" else 2), max_bytes=1 << 30)
    except OSError as error:
        print(error.errno, flush=True)

asyncio.run(main())
"""


async def start_writer(tmp_path: Path, how: str) -> tuple[asyncio.subprocess.Process, bytes]:
    """Start a process that writes a video, and wait for the first line that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(tmp_path / "media"), how),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, await asyncio.wait_for(process.stdout.readline(), 30)


async def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    """Where the system takes no more bytes, `keep` raises its error and cleans up."""
    process, line = await start_writer(tmp_path, "full")
    assert int(line) == errno.EFBIG
    assert await process.wait() == 0
    assert files(tmp_path) == []


async def test_a_crash_leaves_no_half_file_under_the_name(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """What SIGKILL leaves is a part; the sweep removes it, but not one in the making."""
    process, line = await start_writer(tmp_path, "crash")
    assert line == b"written\n"
    (part,) = files(tmp_path)
    assert part.startswith(NAME)
    assert part.endswith(".part")
    assert not folder.exists(NAME)
    assert folder.sweep() == 0
    assert files(tmp_path) == [part]
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    assert not folder.exists(NAME)
    await folder.keep("other.mp4", chunks(MARK), max_bytes=99)
    assert folder.sweep() == 1
    assert files(tmp_path) == ["other.mp4"]
    assert folder.sweep() == 0


async def test_a_sweep_of_no_folder_finds_nothing(folder: MediaFolder) -> None:
    """Before the first video there is nothing to sweep."""
    assert folder.sweep() == 0


def test_the_room_on_the_disk_is_known(folder: MediaFolder) -> None:
    """Also before the first video."""
    assert folder.free_bytes() > 0
